/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h - recorded operations: reads, writes and replays trace files.
 *
 * Text form: one operation per line, `get KEY`, `set KEY`, `del KEY`, or a set
 * with its value, `put K V KEY VALUE`, where K and V are lengths in bytes.
 * Before the first operation, `has KEY` lists keys that are present initially.
 * `# ...` is a comment. An optional last line `end N` states the number of
 * operations. A key is all bytes between the blank and the newline. The binary
 * form is described in docs/reference/traces.md. Errors are `file:line: ...`,
 * or `file: byte N: ...`.
 *
 * Keys become ranks: first the keys that are present initially, then all
 * others, both in order of first occurrence. Without `has` lines a key is
 * present initially if its first operation is a get or a del.
 */
#ifndef RM_TRACE_H
#define RM_TRACE_H

#include "runner/base/error.h"
#include "runner/map.h"
#include "runner/worker.h"

#include <stdio.h>

enum {
	RM_TRACE_KEY_MAX = 1024,      /* maximum size of a key in bytes */
	RM_TRACE_KEYS_MAX = 1 << 30,  /* maximum number of distinct keys */
	RM_TRACE_VALUE_MAX = 1 << 20, /* maximum size of a value in bytes */
	RM_TRACE_RECORD_BYTES = 7,    /* binary, without key and value */
	RM_TRACE_HEADER_BYTES = 32,   /* size of the binary header */
	RM_TRACE_ORDINAL_MASK = (1 << 20) - 1, /* sequence in a value */
};

/* Position of a key in rm_dictionary.bytes. */
struct rm_dictionary_key {
	uint64_t hash;
	size_t at;
	size_t length;
};

/* Byte strings with the numbers 0, 1, 2, ... A zeroed dictionary is empty. */
struct rm_dictionary {
	struct rm_dictionary_key *keys; /* indexed by number; owned */
	size_t count, room;
	char *bytes; /* bytes of all keys; owned */
	size_t used, bytes_room;
	uint32_t *table;   /* open addressing: number + 1, or 0; owned */
	size_t table_size; /* length of `table`, a power of two, or 0 */
};

struct rm_trace {
	/* entries from rm_replay_entry(), in file order; owned */
	uint32_t *entries;
	uint64_t count;            /* number of operations */
	uint64_t gets, sets, dels; /* number of operations of each kind */
	uint64_t keys;     /* number of distinct keys; all ranks are lower */
	uint64_t present;  /* keys present initially; lowest ranks */
	uint64_t peak;     /* maximum number of keys at the same time */
	bool in_place;     /* no operation inserts or removes a key */
	uint32_t checksum; /* same for both forms */
	struct rm_dictionary dictionary; /* the keys, by rank */
	/* for each set, in order, the number of its value, or
	   RM_TRACE_NO_VALUE; owned */
	uint32_t *written;
	struct rm_dictionary values;
};

/* Number of the value of a set without a value. */
#define RM_TRACE_NO_VALUE UINT32_MAX

/*
 * Reads a file of either form. Returns 0; or with `error` -EINVAL if the file
 * is damaged, -ENOMEM, or the -errno of read(). Release with rm_trace_clear(),
 * even after an error.
 */
int rm_trace_load(
        const char *file, struct rm_trace *trace, struct rm_error *error);

void rm_trace_clear(struct rm_trace *trace);

/* Writes the text form, with `has` and `end` lines. Returns 0 or -errno. */
int rm_trace_write_text(FILE *out, const struct rm_trace *trace);
/* Writes the binary form. Returns 0 or -errno. */
int rm_trace_write_binary(FILE *out, const struct rm_trace *trace);
/* Writes either form to a file. Returns 0, or -errno with `error`. */
int rm_trace_save(const char *file, const struct rm_trace *trace, bool binary,
        struct rm_error *error);

/* Counts of an import. */
struct rm_trace_import_stats {
	uint64_t lines;
	uint64_t expired;     /* dels of expired values */
	uint64_t renamed;     /* keys whose text is longer than their size */
	uint64_t conditional; /* failed conditional writes, which became gets */
};

/*
 * Reads a file in the format of Twitter's public cache traces
 * (docs/reference/traces.md) as a trace. Keys and values get their recorded
 * lengths, and a del removes an expired value. Returns the same as
 * rm_trace_load(); errors are `file:line: ...`.
 */
int rm_trace_import_twitter(const char *file, struct rm_trace *trace,
        struct rm_trace_import_stats *imported, struct rm_error *error);

/* Results and final state that a correct map has after a given number of
   passes. */
struct rm_trace_expected {
	uint64_t hits; /* for one thread in file order */
	uint64_t inserts, removes, idle_removes; /* for any interleaving */
	uint64_t held;                           /* number of keys at the end */
	uint64_t digest;                         /* digest of the keys at the
	                                            end */
};

/* Computes the expected results. `passes` >= 1. Returns 0 or -ENOMEM. */
int rm_trace_compute_expected(const struct rm_trace *trace, uint64_t passes,
        struct rm_trace_expected *expected);

/*
 * Returns the term of an entry in the digest of a map's state. `ordinal` is the
 * number, among all sets, of the set that wrote the entry's value (0: present
 * initially), modulo 2^20 as in the value's sequence.
 */
static inline uint64_t rm_trace_entry_digest(
        uint64_t key_hash, uint64_t ordinal)
{
	return rm_seed(key_hash, ordinal & RM_TRACE_ORDINAL_MASK);
}

/*
 * Returns the share of thread `slot` of `threads`, in the form that
 * rm_drive_replay() reads. Gets are assigned to threads in turn. Sets and dels
 * are assigned by key, so that one thread executes all those of a key in the
 * trace's order. A set is followed by its ordinal. RM_OPERATIONS follows the
 * last entry.
 *
 * operations  out: number of operations in the share
 * The caller frees the share. NULL: out of memory.
 */
uint32_t *rm_trace_copy_share(const struct rm_trace *trace, unsigned slot,
        unsigned threads, uint64_t *operations);

/*
 * --- play.c: replays a trace on a map, with the trace's keys and values ---
 *
 * Calls the map's table of operations with the recorded bytes of each key. The
 * map stores a pointer to the recorded value, as a map of strings does. Do not
 * use it for measurements.
 */
struct rm_trace_play {
	const struct rm_impl *impl;
	struct rm_shape shape; /* a string shape */
	unsigned threads;
	uint64_t passes;
	uint64_t seed; /* seed of the map's hash */
	FILE *state;   /* receives the final state as a trace; or NULL */
};

struct rm_trace_play_result {
	uint64_t elapsed_ns;
	uint64_t held;   /* number of keys */
	uint64_t digest; /* as in rm_trace_expected */
};

/*
 * Returns 0; or with `error` -EIO if a result contradicts the trace, -ENOMEM,
 * or -ENOTSUP if the map does not support the shape or the number of threads.
 * Checks the result of every set and del, and every key and value at the end.
 * With one thread, also checks the result of every get. The caller checks
 * whether `state` was written: ferror() and fclose().
 */
int rm_trace_play(const struct rm_trace *trace,
        const struct rm_trace_play *play, struct rm_trace_play_result *played,
        struct rm_error *error);

/* Writes the value of a set that has no value in the trace: its ordinal in
   decimal, or "0" if the key is present initially. Returns the length, at most
   20 bytes. */
size_t rm_trace_default_value(uint64_t ordinal, char *text);

/*
 * --- record.c: records the operations of one window ---
 *
 * Works for any map, through its table of operations. It runs the cell's loop,
 * but one operation at a time, so that the record contains the order in which
 * operations took effect. Do not use it for measurements.
 */
struct rm_recorder;

/* Creates a recorder for at most `limit` operations. Further operations make
   the record incomplete. NULL: out of memory. */
struct rm_recorder *rm_recorder_create(uint64_t limit);
void rm_recorder_destroy(struct rm_recorder *recorder);

/*
 * Runs impl's loop of this shape on `worker`, like impl->drive[], and records
 * its operations. The sequence of a value is the ordinal of its write. All
 * threads of a team may call it at the same time.
 */
void rm_recorder_drive(struct rm_recorder *recorder, const struct rm_impl *impl,
        struct rm_shape shape, struct rm_worker *worker);

/* Returns the hash of a rank's key in the record, which is the rank's decimal
   text. */
uint64_t rm_recorder_key_hash(uint64_t rank);

/* Returns the number of operations so far. */
uint64_t rm_recorder_count(const struct rm_recorder *recorder);

/*
 * Writes the record as a trace. Ranks below `resident` (at least 1) were
 * present before the window. They must be listed: without a list, a key counts
 * as present if its first operation is a get or del. Returns 0; or with `error`
 * -EOVERFLOW if operations exceeded the limit, -ENOMEM, or -EIO.
 */
int rm_recorder_write(const struct rm_recorder *recorder, uint64_t resident,
        bool binary, FILE *out, struct rm_error *error);

#endif /* RM_TRACE_H */
