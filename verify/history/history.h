/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - represents the operations of threads on one map, with their
 * times, as events in memory.
 *
 * Recorders and importers build a history. rm_history_judge() decides whether a
 * correct map could have returned these results. rm_history_load() and
 * rm_history_write() store it as JSON lines (docs/reference/history-format.md).
 */
#ifndef RM_HISTORY_H
#define RM_HISTORY_H

#include "runner/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Value of `returned` for an operation that never returned. It may have taken
   effect at any time after `invoked`, or not at all. */
#define RM_HISTORY_NEVER UINT64_MAX

/*
 * The operation that a thread called. `there` and `result` are its results,
 * with the meaning of the map's operations (runner/map.h).
 */
enum rm_history_kind {
	RM_HISTORY_LOOKUP,   /* returns there, result = the value */
	RM_HISTORY_UPSERT,   /* takes value; returns there */
	RM_HISTORY_EXCHANGE, /* takes value; returns there, result = the old
	                      * value */
	RM_HISTORY_REMOVE,   /* returns there */
	RM_HISTORY_TAKE,     /* returns there, result = the old value */
	/* takes value; returns there, result = the present value */
	RM_HISTORY_INSERT_IF_ABSENT,
	RM_HISTORY_COMPARE_SWAP, /* takes expected, value; there = it swapped */
	RM_HISTORY_COMPARE_REMOVE, /* takes expected; there = it removed */
	RM_HISTORY_APPEND,         /* imports only: see struct member value */
	RM_HISTORY_LENGTH,         /* returns result = number of entries */
	RM_HISTORY_SCAN,           /* returns the pairs that it visited */
	RM_HISTORY_CLEAR,          /* returns nothing */
	RM_HISTORY_KINDS
};

/* Bits of rm_history_event.unknown, which mark results that the recorder did
   not see, for example because another project's map does not return them. */
enum {
	RM_HISTORY_UNKNOWN_THERE = 1, /* `there` and `result` are unset */
	RM_HISTORY_UNKNOWN_RESULT = 2 /* `result` is unset */
};

/* Guarantees of length and scan (rm_impl.guarantees) as numbers. */
enum rm_history_guarantee {
	RM_HISTORY_NONE,            /* "none" */
	RM_HISTORY_ONCE_IF_PRESENT, /* "once-if-present" */
	RM_HISTORY_POINT_IN_TIME    /* "point-in-time" */
};

/* One entry of the map: visited by a scan, or initial. */
struct rm_history_pair {
	uint64_t key, value;
};

/*
 * One operation. Keys and values are 64-bit numbers: word[0] of a longer value,
 * the number of a string key. In a history, each value should be written only
 * once per key. A repeated value is valid, but makes the check weaker and
 * slower.
 *
 * An operation that returned at stamp t precedes one that was invoked after t;
 * equal stamps overlap. Operations of one thread follow each other in the order
 * of `invoked`, and at equal stamps in the order in which they were added.
 */
struct rm_history_event {
	uint64_t invoked;  /* stamp before the call */
	uint64_t returned; /* stamp after it, >= invoked, or RM_HISTORY_NEVER */
	uint64_t key;      /* unused in length, scan and clear */
	/* The value that the operation writes. An append changes the number s
	   of the state to s * expected + value modulo 2^61 - 1, a hash of
	   joined texts. */
	uint64_t value;
	uint64_t expected; /* compare_swap, compare_remove: the old value */
	uint64_t result;   /* defined in enum rm_history_kind */
	/* any number; each thread has one operation at a time */
	uint32_t thread;
	uint8_t kind;    /* enum rm_history_kind */
	uint8_t unknown; /* bits RM_HISTORY_UNKNOWN_... */
	bool there;      /* result: the key was present, or it swapped */
	/* Scans: its pairs are history.pairs[first_pair ... + pairs). */
	size_t first_pair, pairs;
};

/* A text that a number represents; importers give such names to keys and
   values. */
struct rm_history_name {
	uint64_t number;
	char *text; /* owned by the history */
};

/*
 * A history. Zero-initialise, set the first members and use the functions;
 * rm_history_clear() frees it. Only one thread at a time may use it: recorders
 * keep one part per thread and join the parts at the end.
 */
struct rm_history {
	enum rm_history_guarantee guarantee; /* guarantee of length and scan */
	uint64_t seed;     /* together with `map` repeats the run; 0: unknown */
	char map[64];      /* the map's id, or "" */
	char stamps[32];   /* "tsc" | "sequence" | "index" | "" */
	char command[256]; /* repeats the run, or "" */

	struct rm_history_event *events; /* events in any order */
	size_t count, room;
	struct rm_history_pair *pairs; /* pairs of all scans */
	size_t pair_count, pair_room;
	struct rm_history_pair *initial; /* entries before the first event */
	size_t initial_count, initial_room;
	/* if empty, keys and values are printed as numbers */
	struct rm_history_name *keys, *values;
	size_t key_count, key_room, value_count, value_room;
};

/* The int functions below return 0 or -ENOMEM; after -ENOMEM the history is
   unchanged. */

/* Reserves memory for this many more events and yielded pairs, so that adding
   them does not allocate and disturb the run. */
int rm_history_reserve(struct rm_history *history, size_t events, size_t pairs);

/*
 * Adds one event. For a scan, `yielded` has event->pairs entries in the order
 * of the scan; otherwise it is NULL. event->first_pair is ignored.
 */
int rm_history_add(struct rm_history *history,
        const struct rm_history_event *event,
        const struct rm_history_pair *yielded);

/* Adds an entry that exists before the first event; each key at most once. */
int rm_history_add_initial(
        struct rm_history *history, uint64_t key, uint64_t value);

/* Removes all events, pairs, initial entries and names. Keeps the memory and
   the header, for reuse. */
void rm_history_reset(struct rm_history *history);

/* Frees everything; the history is zero afterwards. */
void rm_history_clear(struct rm_history *history);

/* Returns the name of a kind: "lookup", ..., "clear". */
const char *rm_history_kind_name(enum rm_history_kind kind);
/* Returns the kind with this name, or RM_HISTORY_KINDS for an unknown word. */
enum rm_history_kind rm_history_kind_parse(const char *word);

/* Returns the name of a guarantee, such as "none". The inverse function returns
 * 0, or -EINVAL with *guarantee unchanged. */
const char *rm_history_guarantee_name(enum rm_history_guarantee guarantee);
int rm_history_guarantee_parse(
        const char *word, enum rm_history_guarantee *guarantee);

/* True if the operation covers the whole map: length, scan, clear. */
static inline bool rm_history_is_whole_map(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_LENGTH || kind == RM_HISTORY_SCAN ||
	       kind == RM_HISTORY_CLEAR;
}

/* True if the operation returns the key's value if the key is present. */
static inline bool rm_history_returns_value(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_LOOKUP || kind == RM_HISTORY_EXCHANGE ||
	       kind == RM_HISTORY_TAKE || kind == RM_HISTORY_INSERT_IF_ABSENT;
}

/*
 * Judging decides whether a correct map could have returned these results.
 *
 * Each key is judged separately: linearizability is local (Herlihy and Wing,
 * TOPLAS 12(3), 1990, theorem 1). The search is by Wing and Gong (JPDC 17,
 * 1993) with Lowe's memory of visited states (Concurrency and Computation
 * 29(4), 2017). A state is each thread's position and the key's contents.
 * history.guarantee decides how length, scan and clear are judged:
 *
 * point-in-time    they take effect at one moment, like other operations
 * once-if-present  a scan visits each key at most once, with a value that the
 *                  key had at some moment of the scan. It leaves out a key only
 *                  if the key was absent at some moment of the scan
 * none             a scan visits no value that the key cannot have had
 *
 * With the two weaker ones, a length is judged only if no write overlaps it, or
 * if it exceeds the number of all entries and writes. It is at least the number
 * of keys certainly present during the whole call, and at most the number of
 * keys possibly present at some moment of the call. A clear removes each key at
 * some moment of the call.
 */

/* If the search reaches one of these limits, the history is undecided. */
struct rm_history_limits {
	uint64_t states; /* states visited for one key or the whole map; > 0 */
	size_t memory_bytes;   /* allocated by the check; > 0 */
	bool skip_explanation; /* do not minimise a failing history */
};

/* 10 million states (about 10 s on one key with 64 threads) and 1.5 GiB. */
#define RM_HISTORY_LIMITS \
	((struct rm_history_limits){ 10000000, (size_t)3 << 29, false })

enum rm_history_verdict {
	/* a valid order exists, and all guarantees are satisfied */
	RM_HISTORY_LINEARIZABLE,
	RM_HISTORY_BROKEN, /* no correct map could return these results */
	/* a limit was reached after `states` states; never reported as a
	   pass */
	RM_HISTORY_UNDECIDED
};

/* Zero-initialise; rm_history_judgement_clear() frees. */
struct rm_history_judgement {
	enum rm_history_verdict verdict;
	uint64_t states; /* states visited in total */
	size_t keys;     /* number of keys that were judged */
	size_t undecided_keys;
	/* If BROKEN or UNDECIDED: one line, such as "key 7: lookup of thread 2
	   returned 5, which ...". */
	char why[480];
	/* If BROKEN: the fewest events found that still fail, with the header
	   of the whole history. `offending` is the event without which the rest
	   is possible; SIZE_MAX if no single event is. */
	struct rm_history smallest;
	size_t offending;
	/* Results that were possible instead, such as "3, 4, absent"; "" if
	   unknown. */
	char instead[200];
	/* Writes that are not in `smallest`, because it fails even if they take
	   effect any number of times in their intervals. */
	size_t left_out;
};

/*
 * Judges a history without changing it; any thread may call this function.
 * Returns 0 and fills the judgement. -EINVAL with `error`, which names the
 * event by its index from 0, if it is not a history: an operation that returned
 * before it was invoked, two at a time on one thread, or a key twice in the
 * initial state. -ENOMEM.
 */
int rm_history_judge(const struct rm_history *history,
        const struct rm_history_limits *limits,
        struct rm_history_judgement *judgement, struct rm_error *error);

/* Returns "linearizable", "not linearizable" or "undecided". */
const char *rm_history_verdict_name(enum rm_history_verdict verdict);

/* Frees a judgement; it is zero afterwards. */
void rm_history_judgement_clear(struct rm_history_judgement *judgement);

/* Histories as text. */

/* Version of the JSON lines; the reader rejects others. */
enum { RM_HISTORY_VERSION = 1 };

enum rm_history_format {
	RM_HISTORY_DETECT,    /* detected from the first line with contents */
	RM_HISTORY_JSONL,     /* docs/reference/history-format.md */
	RM_HISTORY_JEPSEN,    /* Jepsen's EDN maps, one operation each */
	RM_HISTORY_PORCUPINE, /* logs of Porcupine's key-value tests */
	RM_HISTORY_ETCD, /* logs of etcd in Porcupine's tests: one register */
	RM_HISTORY_FORMATS
};

/* Returns the format for "detect", "jsonl", "jepsen", "porcupine" or "etcd",
 * and RM_HISTORY_FORMATS for an unknown word. */
enum rm_history_format rm_history_format_parse(const char *word);

/*
 * Reads a history from a file, or from standard input if `file` is "-".
 * `history` must be zero or reset; it receives what was read. Returns 0;
 * -EINVAL with `error` "file:line: found, expected X"; -errno if the file
 * cannot be read; -ENOMEM.
 */
int rm_history_load(const char *file, enum rm_history_format format,
        struct rm_history *history, struct rm_error *error);

/* Writes the history as JSON lines, events in the order of `invoked`.
   Returns 0, -EIO after an error of `out`, or -ENOMEM. */
int rm_history_write(FILE *out, const struct rm_history *history);

/*
 * Prints a failure: one column per thread, time running downward, a mark at the
 * offending operation, and the possible results. Only for a judgement that is
 * BROKEN. Returns 0, -EIO or -ENOMEM.
 */
int rm_history_explain(FILE *out, const struct rm_history_judgement *judgement);

#endif /* RM_HISTORY_H */
