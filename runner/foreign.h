/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign.h - interface of a map of another project, in any language with a C
 * ABI, for `readmostly check ./their_map.so`.
 *
 * This header is self-contained: copy it. A shared library defines one object,
 *
 *	const struct rm_foreign_map rm_foreign_map = { RM_FOREIGN_VERSION,
 *	        sizeof(struct rm_foreign_map), "my map", ... };
 *
 * (in C++ inside extern "C"; in Rust a #[no_mangle] static of a #[repr(C)]
 * struct). examples/ has one in C++ and one in Rust.
 *
 * Rules: up to `threads` threads may call any function concurrently, except
 * create and destroy. This includes scan, length and clear. No C++ exception
 * and no Rust panic may leave a function. Pointers to keys and values are valid
 * during the call only; copy what they point to. "Was present" means that the
 * key had a value at the moment when the operation took effect.
 */
#ifndef RM_FOREIGN_H
#define RM_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes if an old library would be misread. New members are appended without
   a new version; `size` shows which members a library has. */
#define RM_FOREIGN_VERSION 1u

/* Bits of rm_foreign_map.keys: the kinds of keys that create() accepts. */
#define RM_FOREIGN_U64 1u /* 64-bit integers: any value, including 0 */
#define RM_FOREIGN_STR 2u /* byte strings: any bytes, any length including 0 */

/* Bits of rm_foreign_map.flags: requirements of the map. Checks then skip
   operations that the map does not support, and run fewer slow ones. */
#define RM_FOREIGN_ONE_WRITER  1u /* at most one thread may write */
#define RM_FOREIGN_SLOW_WRITES 2u /* a write costs O(size of the map) */

/* A key. 64-bit maps use `word` only, string maps `bytes` and `length` only.
   `bytes` is not NUL-terminated, and may be null if length is 0. */
struct rm_foreign_key {
	uint64_t word;
	const char *bytes;
	size_t length;
};

/* Called by scan for each entry; return 0 to stop. */
typedef int rm_foreign_visit(
        void *context, const struct rm_foreign_key *key, uint64_t value);

struct rm_foreign_map {
	uint32_t version; /* RM_FOREIGN_VERSION */
	uint32_t size;    /* sizeof(struct rm_foreign_map) */
	const char *name; /* displayed name, ASCII, 1 to 24 characters */
	uint32_t keys;    /* RM_FOREIGN_U64 | RM_FOREIGN_STR */
	uint32_t flags;   /* RM_FOREIGN_ONE_WRITER | RM_FOREIGN_SLOW_WRITES */
	/* Guarantee of scan, length and clear during concurrent writes.
	   "point-in-time": the entries of one moment; "once-if-present": each
	   key that is present throughout, exactly once; "none". Progress,
	   that is whether a stalled thread can block others: "blocking",
	   "starvation-free" (blocking, but no operation waits forever while
	   others complete), "lock-free" or "wait-free". */
	const char *guarantees;
	const char *progress;

	/* Mandatory. */

	/* Returns an empty map for one kind of key (RM_FOREIGN_U64 or _STR);
	   null: no memory. expected_keys: a hint, 0: unknown. seed: for the
	   hash function. */
	void *(*create)(uint32_t key_kind, size_t expected_keys, size_t threads,
	        uint64_t seed);
	void (*destroy)(void *map); /* no other thread uses the map */
	/* Returns whether the key was present; sets *value only if it was. */
	int (*lookup)(void *handle, const struct rm_foreign_key *key,
	        uint64_t *value);
	/* Inserts or replaces. Returns whether the key was present; if it was,
	   sets *old unless old is null. */
	int (*upsert)(void *handle, const struct rm_foreign_key *key,
	        uint64_t value, uint64_t *old);
	/* Removes the key. Returns whether the key was present; if it was, sets
	   *old unless old is null. */
	int (*remove)(
	        void *handle, const struct rm_foreign_key *key, uint64_t *old);

	/* The rest is optional: null if the map lacks it. */

	/* Returns the handle of thread `slot`, 0 to threads - 1; called on that
	   thread. null: no memory. If join is null, the map itself is the
	   handle. */
	void *(*join)(void *map, size_t slot);
	void (*leave)(void *handle);
	/* Called from time to time: the thread holds no reference. */
	void (*quiesce)(void *handle);
	/* If the key was present, sets *present and changes nothing; otherwise
	   inserts. Returns whether the key was present. */
	int (*insert_if_absent)(void *handle, const struct rm_foreign_key *key,
	        uint64_t value, uint64_t *present);
	/* Replaces the value with `value` if it is `expected`; returns whether
	   it did. */
	int (*compare_swap)(void *handle, const struct rm_foreign_key *key,
	        uint64_t expected, uint64_t value);
	/* Removes the key if its value is `expected`; returns whether it
	   did. */
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
