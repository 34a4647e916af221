/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign.h - a map of another project, in any language with a C ABI, for
 * `readmostly check ./their_map.so`.
 *
 * This header stands alone: copy it. A shared library defines one object,
 *
 *	const struct rm_foreign_map rm_foreign_map = { RM_FOREIGN_VERSION,
 *	        sizeof(struct rm_foreign_map), "my map", ... };
 *
 * (in C++ inside extern "C"; in Rust a #[no_mangle] static of a #[repr(C)]
 * struct). examples/ has one in C++ and one in Rust.
 *
 * Rules for every function: it may be called by `threads` threads at once,
 * but for create and destroy; scan, length and clear, too, are called beside
 * all others. No C++ exception and no Rust panic may leave it. Keys and values
 * are copied: a pointer is valid during the call only. "Was there" is the answer
 * to one question: did the key have a value when the operation took effect?
 */
#ifndef RM_FOREIGN_H
#define RM_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes when an old library would be misread. New members are added at the
   end and need no new version: `size` says which a library knows. */
#define RM_FOREIGN_VERSION 1u

/* Bits of rm_foreign_map.keys: what create() is asked for. */
#define RM_FOREIGN_U64 1u /* 64-bit integers: any value, 0 included */
#define RM_FOREIGN_STR 2u /* byte strings: any bytes, any length, 0 too */

/* Bits of rm_foreign_map.flags: what a map asks of those who use it. Checks then
   do not do what it never promised, or less of what it does slowly. */
#define RM_FOREIGN_ONE_WRITER 1u /* one thread writes, any number looks up */
#define RM_FOREIGN_SLOW_WRITES \
	2u /* a write costs as much as the map is large */

/* A key: of 64-bit maps `word` only, of string maps `bytes` and `length`
   only. `bytes` is not terminated by 0, and may be null where length is 0. */
struct rm_foreign_key {
	uint64_t word;
	const char *bytes;
	size_t length;
};

/* Called by scan per entry; 0: stop. */
typedef int rm_foreign_visit(
        void *context, const struct rm_foreign_key *key, uint64_t value);

struct rm_foreign_map {
	uint32_t version; /* RM_FOREIGN_VERSION */
	uint32_t size;    /* sizeof(struct rm_foreign_map) */
	const char *name; /* for people, ASCII, 1 .. 24 characters */
	uint32_t keys;    /* RM_FOREIGN_U64 | RM_FOREIGN_STR */
	uint32_t flags;   /* RM_FOREIGN_ONE_WRITER | RM_FOREIGN_SLOW_WRITES */
	/* What scan, length and clear promise beside writers: "point-in-time":
	   the entries of one moment; "once-if-present": each key that is there all
	   the time exactly once; "none". And "blocking", "lock-free",
	   "wait-free": what a thread that stands still does to the others. */
	const char *guarantees;
	const char *progress;

	/* Mandatory. */

	/* An empty map for keys of one kind (RM_FOREIGN_U64 or _STR), or null:
	   no memory. expected_keys: a hint, 0: none. seed: of the hash. */
	void *(*create)(uint32_t key_kind, size_t expected_keys, size_t threads,
	        uint64_t seed);
	void (*destroy)(void *map); /* nobody else uses the map */
	/* Was there? Then *value is set, else left alone. */
	int (*lookup)(void *handle, const struct rm_foreign_key *key,
	        uint64_t *value);
	/* Inserts or replaces. Was there? Then *old is set, if not null. */
	int (*upsert)(void *handle, const struct rm_foreign_key *key,
	        uint64_t value, uint64_t *old);
	/* Takes the key out. Was there? Then *old is set, if not null. */
	int (*remove)(
	        void *handle, const struct rm_foreign_key *key, uint64_t *old);

	/* Optional from here on: null where the map has no such thing. */

	/* A handle of thread `slot`, 0 .. threads - 1, called on that thread;
	   null: no memory. Without join the map itself is the handle. */
	void *(*join)(void *map, size_t slot);
	void (*leave)(void *handle);
	/* The thread holds no reference: called now and then. */
	void (*quiesce)(void *handle);
	/* Was there? Then *present is set and nothing changes; else inserts. */
	int (*insert_if_absent)(void *handle, const struct rm_foreign_key *key,
	        uint64_t value, uint64_t *present);
	/* Replaces `expected` by `value`; did it? */
	int (*compare_swap)(void *handle, const struct rm_foreign_key *key,
	        uint64_t expected, uint64_t value);
	/* Takes the key out if it has this value; did it? */
	int (*compare_remove)(void *handle, const struct rm_foreign_key *key,
	        uint64_t expected);
	void (*scan)(void *handle, rm_foreign_visit *visit, void *context);
	size_t (*length)(void *handle);
	void (*clear)(void *handle);
};

#ifdef __cplusplus
}
#endif

#endif /* RM_FOREIGN_H */
