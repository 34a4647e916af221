/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - what threads did to one map, and when: events in memory.
 *
 * Recorders and importers build a history, rm_history_judge() decides whether
 * a right map could have answered like that, and rm_history_load() and
 * rm_history_write() keep it as JSON lines (docs/reference/history-format.md).
 */
#ifndef RM_HISTORY_H
#define RM_HISTORY_H

#include "runner/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* `returned` of an operation that never returned: it may have taken effect at
   any time after `invoked`, or not at all. */
#define RM_HISTORY_NEVER UINT64_MAX

/*
 * What a thread asked for. `there` and `result` are what it was answered,
 * with the meaning of the map's operations (runner/map.h).
 */
enum rm_history_kind {
	RM_HISTORY_LOOKUP,           /* there, result = the value */
	RM_HISTORY_UPSERT,           /* value; there */
	RM_HISTORY_EXCHANGE,         /* value; there, result = the old value */
	RM_HISTORY_REMOVE,           /* there */
	RM_HISTORY_TAKE,             /* there, result = the old value */
	RM_HISTORY_INSERT_IF_ABSENT, /* value; there, result = the present one */
	RM_HISTORY_COMPARE_SWAP,     /* expected, value; there = it swapped */
	RM_HISTORY_COMPARE_REMOVE,   /* expected; there = it removed */
	RM_HISTORY_APPEND,           /* imports only: see struct member value */
	RM_HISTORY_LENGTH,           /* result = number of entries */
	RM_HISTORY_SCAN,             /* the pairs that it yielded */
	RM_HISTORY_CLEAR,            /* nothing */
	RM_HISTORY_KINDS
};

/* Bits of rm_history_event.unknown: answers that the recorder did not see,
   such as what an upsert of another project's map replaced. */
enum {
	RM_HISTORY_UNKNOWN_THERE = 1, /* `there` says nothing, nor `result` */
	RM_HISTORY_UNKNOWN_RESULT = 2 /* `result` says nothing */
};

/* What length and scan promise; rm_impl.guarantees in numbers. */
enum rm_history_guarantee {
	RM_HISTORY_NONE,            /* "none" */
	RM_HISTORY_ONCE_IF_PRESENT, /* "once-if-present" */
	RM_HISTORY_POINT_IN_TIME    /* "point-in-time" */
};

/* One entry of the map: a yielded one, or one that was there at the start. */
struct rm_history_pair {
	uint64_t key, value;
};

/*
 * One operation. Keys and values are whole: of a longer value record word[0],
 * of a string key its number. A value should be written once per key in a
 * history: a repeated one is allowed, but makes the check weaker and slower.
 *
 * An operation that returned at stamp t comes before one that was invoked at
 * a stamp above t; equal stamps overlap. On one thread operations come one
 * after the other in the order of `invoked`, equal stamps in the order in
 * which they were added.
 */
struct rm_history_event {
	uint64_t invoked;  /* stamp before the call */
	uint64_t returned; /* stamp after it, >= invoked, or RM_HISTORY_NEVER */
	uint64_t key;      /* not of length, scan and clear */
	/* What it writes. Of append: the number of the state s becomes
	   s * expected + value modulo 2^61 - 1, a hash of joined texts. */
	uint64_t value;
	uint64_t expected; /* compare_swap, compare_remove: the old value */
	uint64_t result;   /* see enum rm_history_kind */
	uint32_t thread;   /* any number; one operation at a time */
	uint8_t kind;      /* enum rm_history_kind */
	uint8_t unknown;   /* bits RM_HISTORY_UNKNOWN_... */
	bool there;        /* answered: the key was there, it swapped */
	/* Scans: its pairs are history.pairs[first_pair ... + pairs). */
	size_t first_pair, pairs;
};

/* A text that a number stands for: importers name keys and values. */
struct rm_history_name {
	uint64_t number;
	char *text; /* the history's own */
};

/*
 * A history. Zero-initialise, fill in the first members and use the
 * functions; rm_history_clear() frees. Not for several threads at once:
 * recorders keep a part of their own per thread and join them at the end.
 */
struct rm_history {
	enum rm_history_guarantee guarantee; /* of length, scan */
	uint64_t seed;     /* makes the run again, with `map`; 0: unknown */
	char map[64];      /* the map's id, or "" */
	char stamps[32];   /* "tsc" | "sequence" | "index" | "" */
	char command[256]; /* what makes the run again, or "" */

	struct rm_history_event *events; /* in any order */
	size_t count, room;
	struct rm_history_pair *pairs; /* of all scans */
	size_t pair_count, pair_room;
	struct rm_history_pair *initial; /* entries before the first event */
	size_t initial_count, initial_room;
	struct rm_history_name *keys, *values; /* empty: numbers are names */
	size_t key_count, key_room, value_count, value_room;
};

/* All functions below that return int return 0 or -ENOMEM; after -ENOMEM the
   history is as it was before. */

/* Makes room for this many more events and yielded pairs, so that adding
   them allocates nothing (a recorder that must not disturb). */
int rm_history_reserve(struct rm_history *history, size_t events, size_t pairs);

/*
 * Adds one event. Of a scan `yielded` has event->pairs entries, in the order
 * in which they came; else it is NULL. event->first_pair is not read.
 */
int rm_history_add(struct rm_history *history,
        const struct rm_history_event *event,
        const struct rm_history_pair *yielded);

/* An entry that is in the map before the first event; a key at most once. */
int rm_history_add_initial(
        struct rm_history *history, uint64_t key, uint64_t value);

/* Removes all events, pairs, initial entries and names; keeps the memory and
   the header, for the next round. */
void rm_history_reset(struct rm_history *history);

/* Frees all; the history is zero afterwards. */
void rm_history_clear(struct rm_history *history);

/* "lookup", ..., "clear". */
const char *rm_history_kind_name(enum rm_history_kind kind);
/* Back from it: RM_HISTORY_KINDS for no such word. */
enum rm_history_kind rm_history_kind_parse(const char *word);

/* "none" ...; and back: 0, or -EINVAL and *guarantee unchanged. */
const char *rm_history_guarantee_name(enum rm_history_guarantee guarantee);
int rm_history_guarantee_parse(
        const char *word, enum rm_history_guarantee *guarantee);

/* Whether the operation is about the whole map: length, scan, clear. */
static inline bool rm_history_is_whole(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_LENGTH || kind == RM_HISTORY_SCAN ||
	       kind == RM_HISTORY_CLEAR;
}

/* Whether its answer names a value of the key, where the key was there. */
static inline bool rm_history_shows_value(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_LOOKUP || kind == RM_HISTORY_EXCHANGE ||
	       kind == RM_HISTORY_TAKE || kind == RM_HISTORY_INSERT_IF_ABSENT;
}

/*
 * Judging: could a right map have answered like this history?
 *
 * Operations on one key are judged key by key (linearizability is local:
 * Herlihy and Wing, TOPLAS 12(3), 1990, theorem 1) by Wing and Gong's search
 * (JPDC 17, 1993) with Lowe's memory of visited states (Concurrency and
 * Computation 29(4), 2017), a state being how far each thread is and what the
 * key holds. length, scan and clear are judged by history.guarantee:
 *
 * point-in-time    they take effect at one moment, with all other operations
 * once-if-present  a scan yields each key at most once, with a value that it
 *                  held at some moment of the scan, and leaves a key out only
 *                  if it was absent at some moment of the scan
 * none             of a scan: no value that the key cannot have held; a length
 *                  is judged where no write overlaps it, or where it is above
 *                  all entries and writes that there ever were
 *
 * With the two weaker ones a length that is judged is at least the number of
 * keys surely present during the whole call and at most that of keys perhaps
 * present at some moment of it, and clear removes each key at some moment of
 * the call.
 */

/* Where to give up. */
struct rm_history_limits {
	uint64_t states;       /* visited for one key or the whole map; > 0 */
	size_t memory_bytes;   /* of all that the check allocates; > 0 */
	bool skip_explanation; /* no minimising of what fails */
};

/* 10 million states (about 10 s on one key with 64 threads) and 1.5 GiB. */
#define RM_HISTORY_LIMITS \
	((struct rm_history_limits){ 10000000, (size_t)3 << 29, false })

enum rm_history_verdict {
	RM_HISTORY_LINEARIZABLE, /* and all guarantees are kept */
	RM_HISTORY_BROKEN,       /* no right map answers like this */
	RM_HISTORY_UNDECIDED     /* after `states` states; never a pass */
};

/* Zero-initialise; rm_history_judgement_clear() frees. */
struct rm_history_judgement {
	enum rm_history_verdict verdict;
	uint64_t states; /* visited in all */
	size_t keys;     /* judged */
	size_t undecided_keys;
	/* Of BROKEN and UNDECIDED: one line for a person, e.g. "key 7: lookup
	   of thread 2 answered 5, which ...". */
	char why[480];
	/* Of BROKEN: the fewest events found that still cannot be, with the
	   header of the whole; `offending` is the event of `smallest` without
	   which the rest is possible, SIZE_MAX if there is no single one. */
	struct rm_history smallest;
	size_t offending;
	/* What it could have been answered instead, e.g. "3, 4 or absent";
	   "" where that was not found out. */
	char instead[200];
	/* Other writes that are not in `smallest`: it fails even if they take
	   effect any number of times where they could. */
	size_t left_out;
};

/*
 * Judges a history. Any thread; the history is only read. Returns 0 and fills
 * the judgement; -EINVAL with `error` naming the event (by its place, from 0)
 * where it is no history (an operation that returned before it was invoked,
 * two at a time on one thread, a key twice in the initial state); -ENOMEM.
 */
int rm_history_judge(const struct rm_history *history,
        const struct rm_history_limits *limits,
        struct rm_history_judgement *judgement, struct rm_error *error);

/* "linearizable", "not linearizable", "undecided". */
const char *rm_history_verdict_name(enum rm_history_verdict verdict);

/* Frees what a judgement holds; it is zero afterwards. */
void rm_history_judgement_clear(struct rm_history_judgement *judgement);

/* As text: JSON lines both ways, and a picture for a person. */

/* Version of the JSON lines; a reader refuses others. */
enum { RM_HISTORY_VERSION = 1 };

enum rm_history_format {
	RM_HISTORY_DETECT,    /* by the first line that says something */
	RM_HISTORY_JSONL,     /* docs/reference/history-format.md */
	RM_HISTORY_JEPSEN,    /* EDN maps, one operation each */
	RM_HISTORY_PORCUPINE, /* its key-value test logs */
	RM_HISTORY_ETCD,      /* its logs of etcd: one register */
	RM_HISTORY_FORMATS
};

/* By "detect", "jsonl", "jepsen", "porcupine" or "etcd"; RM_HISTORY_FORMATS
   for no such word. */
enum rm_history_format rm_history_format_parse(const char *word);

/*
 * Reads a history from a file, or from standard input where `file` is "-".
 * `history` is zero or reset, and holds what was read. Returns 0; -EINVAL with
 * `error` "file:line: what, and what was expected"; -errno where it cannot be
 * read; -ENOMEM.
 */
int rm_history_load(const char *file, enum rm_history_format format,
        struct rm_history *history, struct rm_error *error);

/* Writes the history as JSON lines, events in the order of `invoked`.
   Returns 0, -EIO after an error of `out`, or -ENOMEM. */
int rm_history_write(FILE *out, const struct rm_history *history);

/*
 * Writes what is wrong for a person: one lane per thread, time downward, the
 * offending operation marked, and what was possible instead. Only for a
 * judgement that is BROKEN. Returns 0, -EIO or -ENOMEM.
 */
int rm_history_explain(FILE *out, const struct rm_history_judgement *judgement);

#endif /* RM_HISTORY_H */
