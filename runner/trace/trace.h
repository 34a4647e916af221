/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h - operations that somebody recorded: a file of them in memory.
 *
 * Text: one operation a line, `get KEY`, `set KEY`, `del KEY`, or a set with
 * its value, `put K V KEY VALUE` of so many bytes each; before the first one,
 * `has KEY` for keys that are there already; `# ...` a comment; last, if at
 * all, `end N`, the number of operations. A key is all bytes between the blank
 * and the newline, which no key has. Binary: docs/reference/traces.md. Errors
 * are `file:line: ...`, or `file: byte N: ...`.
 *
 * Keys become ranks: first those that are there at the beginning, each group
 * in the order of its first line. Without a `has` line a key is there at the
 * beginning if its first operation is a get or a del.
 */
#ifndef RM_TRACE_H
#define RM_TRACE_H

#include "runner/base/error.h"
#include "runner/map.h"
#include "runner/worker.h"

#include <stdio.h>

enum {
	RM_TRACE_KEY_MAX = 1024,          /* bytes of a key */
	RM_TRACE_KEYS_MAX = 1 << 30,      /* distinct ones */
	RM_TRACE_VALUE_MAX = 1 << 20,     /* bytes of a value */
	RM_TRACE_RECORD_BYTES = 7,        /* binary, before key and value */
	RM_TRACE_HEADER_BYTES = 32,       /* binary */
	RM_TRACE_ORDINAL = (1 << 20) - 1, /* bits of a value's sequence */
};

/* One key's place in rm_dictionary.bytes. */
struct rm_dictionary_key {
	uint64_t hash;
	size_t at;
	size_t length;
};

/* Byte strings, numbered 0, 1, 2, ... Zero is an empty one. */
struct rm_dictionary {
	struct rm_dictionary_key *keys; /* by number; owned */
	size_t count, room;
	char *bytes; /* of all keys; owned */
	size_t used, bytes_room;
	uint32_t *table;   /* open addressing: number + 1, or 0; owned */
	size_t table_size; /* a power of two, or 0 */
};

struct rm_trace {
	/* rm_replay_entry() in the file's order; owned */
	uint32_t *entries;
	uint64_t count;            /* operations */
	uint64_t gets, sets, dels; /* of them */
	uint64_t keys;             /* distinct; ranks are below */
	uint64_t present;          /* ranks below: there at the beginning */
	uint64_t peak;             /* most keys held at one time */
	bool in_place;     /* no operation inserts a key or takes one out */
	uint32_t checksum; /* of operations and keys: equal in both forms */
	struct rm_dictionary dictionary; /* keys by rank */
	/* of each set, by ordinal - 1: its value's number, or
	   RM_TRACE_NO_VALUE; owned */
	uint32_t *written;
	struct rm_dictionary values;
};

/* A set that came without a value. */
#define RM_TRACE_NO_VALUE UINT32_MAX

/*
 * Reads a file of either form. 0; -EINVAL with `error` where it is damaged,
 * -ENOMEM, or the errno of reading. Free with rm_trace_clear(), also after
 * an error.
 */
int rm_trace_load(
        const char *file, struct rm_trace *trace, struct rm_error *error);

void rm_trace_clear(struct rm_trace *trace);

/* Writes it as text, with `has` and `end` lines. 0, or -errno. */
int rm_trace_write_text(FILE *out, const struct rm_trace *trace);
/* Binary. 0, or -errno. */
int rm_trace_write_binary(FILE *out, const struct rm_trace *trace);
/* Either form, into a file. 0, or -errno with `error`. */
int rm_trace_save(const char *file, const struct rm_trace *trace, bool binary,
        struct rm_error *error);

/* What became of an imported file. */
struct rm_trace_imported {
	uint64_t lines;
	uint64_t expired;     /* dels at the end of a TTL */
	uint64_t renamed;     /* keys whose text is longer than their size */
	uint64_t conditional; /* writes that could not be done: gets */
};

/*
 * Reads a file in the format of Twitter's public cache traces
 * (docs/reference/traces.md) as a trace: keys and values have their lengths,
 * and a del removes an expired value. As rm_trace_load(); errors are
 * `file:line: ...`.
 */
int rm_trace_import_twitter(const char *file, struct rm_trace *trace,
        struct rm_trace_imported *imported, struct rm_error *error);

/* What a correct map answers and holds after a number of passes. */
struct rm_trace_expected {
	uint64_t hits; /* in the file's order: one thread */
	uint64_t inserts, removes, idle_removes; /* in any per-key order */
	uint64_t held;                           /* keys */
	uint64_t digest; /* sum of rm_trace_mix() over them */
};

/* 0 or -ENOMEM. passes >= 1. */
int rm_trace_expect(const struct rm_trace *trace, uint64_t passes,
        struct rm_trace_expected *expected);

/*
 * What one held entry adds to the digest of a map's state: its key's hash,
 * and the ordinal among all sets of the one that wrote its value (0: there
 * from the beginning), modulo 2^20 as in the value's sequence.
 */
static inline uint64_t rm_trace_mix(uint64_t key_hash, uint64_t ordinal)
{
	return rm_seed(key_hash, ordinal & RM_TRACE_ORDINAL);
}

/*
 * The share of thread `slot` of `threads`, as rm_drive_replay() reads it:
 * gets in turn by position, sets and dels by key, so that each key's are in
 * the trace's order on one thread. A set is followed by its ordinal, the
 * share by RM_OPERATIONS.
 *
 * operations  out: in the share
 * Returns the caller's to free, or NULL without memory.
 */
uint32_t *rm_trace_share(const struct rm_trace *trace, unsigned slot,
        unsigned threads, uint64_t *operations);

/*
 * --- play.c: a trace on a map, with its own keys and values ---
 *
 * The map is called through its table of operations with the recorded bytes
 * of each key. What it holds for a key is the place of the recorded value,
 * as a map of strings holds pointers to them. Not for measuring.
 */
struct rm_trace_play {
	const struct rm_impl *impl;
	struct rm_shape shape; /* of strings */
	unsigned threads;
	uint64_t passes;
	uint64_t seed; /* of the map's hash */
	FILE *state;   /* what is held in the end, as a trace; or NULL */
};

struct rm_trace_played {
	uint64_t elapsed_ns;
	uint64_t held;   /* keys */
	uint64_t digest; /* as rm_trace_expected.digest */
};

/*
 * 0; with `error`: -EIO where an answer is not the trace's, -ENOMEM, -ENOTSUP
 * where the map does not offer the shape or the threads. Every set and del is
 * judged by its answer, with one thread every get, and in the end each key and
 * value. Whether `state` was written is for the caller to ask: ferror(), and
 * what closes it.
 */
int rm_trace_play(const struct rm_trace *trace,
        const struct rm_trace_play *play, struct rm_trace_played *played,
        struct rm_error *error);

/* The value of a set that came without one: its ordinal in decimal, "0" from
   the beginning. At most 20 bytes; their number. */
size_t rm_trace_default_value(uint64_t ordinal, char *text);

/*
 * --- record.c: writes down the operations of one window, while they happen ---
 *
 * Any map is recorded through its table of operations: with the loop it would
 * have, but one operation at a time, so that the record has the order in
 * which they took effect. Not for measuring.
 */
struct rm_recorder;

/* At most `limit` operations are kept, then the record is incomplete. NULL
   without memory. */
struct rm_recorder *rm_recorder_create(uint64_t limit);
void rm_recorder_destroy(struct rm_recorder *recorder);

/*
 * Runs impl's loop of this shape on worker, as impl->drive[] would, and
 * records. Values get the ordinal of their write as sequence. All threads of
 * a team at the same time.
 */
void rm_recorder_drive(struct rm_recorder *recorder, const struct rm_impl *impl,
        struct rm_shape shape, struct rm_worker *worker);

/* Hash of the key that stands for a rank in the record: its decimal text. */
uint64_t rm_recorder_key_hash(uint64_t rank);

/* Operations so far. */
uint64_t rm_recorder_count(const struct rm_recorder *recorder);

/*
 * Writes the trace; ranks below `resident` were there before it, at least one:
 * of a trace that says nothing of them a reader takes each key that is first
 * got or deleted as one of them. -EOVERFLOW where operations went beyond the
 * limit, -ENOMEM, or -EIO, with `error`.
 */
int rm_recorder_write(const struct rm_recorder *recorder, uint64_t resident,
        bool binary, FILE *out, struct rm_error *error);

#endif /* RM_TRACE_H */
