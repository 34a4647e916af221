/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - what threads did to one map, and when: events in memory.
 *
 * Recorders and importers build a history, judge.h decides whether a right
 * map could have answered like that, and text.h writes and reads it as JSON
 * lines (docs/history-format.md).
 */
#ifndef RM_HISTORY_H
#define RM_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Adds all events and pairs of `part` (its header, initial entries and names
   are not read; `part` is unchanged). */
int rm_history_join(struct rm_history *history, const struct rm_history *part);

/* An entry that is in the map before the first event; a key at most once. */
int rm_history_add_initial(
        struct rm_history *history, uint64_t key, uint64_t value);

/* Names a key or a value, each once; what has a name is shown by it. */
int rm_history_name_key(
        struct rm_history *history, uint64_t key, const char *text);
int rm_history_name_value(
        struct rm_history *history, uint64_t value, const char *text);

/* Removes all events, pairs, initial entries and names; keeps the memory and
   the header, for the next round. */
void rm_history_reset(struct rm_history *history);

/* Frees all; the history is zero afterwards. */
void rm_history_clear(struct rm_history *history);

/* "lookup", ..., "clear"; and back: RM_HISTORY_KINDS for no such word. */
const char *rm_history_kind_name(enum rm_history_kind kind);
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

#endif /* RM_HISTORY_H */
