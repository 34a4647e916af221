/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap.h - Go's map (before 1.24), unsynchronised: a building block.
 *
 * Written from a description of the algorithm, not from code. Buckets of eight
 * slots form chains. Eight bits of each hash are stored together at the head of
 * a bucket. While the map grows, each write moves at most two old buckets.
 *
 * Threads: this map does not synchronise. Any number of threads may look up and
 * iterate while no thread writes; a write excludes all other accesses. Fields
 * and slots are relaxed atomics, which compile to plain moves. So a deliberate
 * violation of this rule yields wrong results and "concurrent map writes", but
 * is not a data race in the sense of C11. It may still access freed memory.
 *
 * `shape` is a constant in operations, and the same in all calls on one map.
 * gomap_find() and gomap_assign() return a pointer to the value's words: one
 * for 8-byte values, three for 24-byte values. The pointer is valid until the
 * next write to the map. As in Go, a value of more than 128 bytes has its own
 * block, and its word is the block's address. gomap_value_load() and
 * gomap_value_store() hide the difference.
 *
 * NULL is Go's nil map: it is empty, and remove, clear and iteration do
 * nothing. gomap_assign() on it aborts with the message of Go's panic. Maps
 * whose lookups skip the checks (GOMAP_NEEDS_BUCKET) do not support NULL.
 *
 * If memory runs out, a Go program would end. Here gomap_assign() returns NULL
 * and changes nothing, growth is postponed, and removing still works.
 */
#ifndef RM_SUPPORT_GOMAP_H
#define RM_SUPPORT_GOMAP_H

#include "impls/gomap/gomap_layout.h"

/* Creates an empty map for about `hint` entries. If `hint` is 0, the first
   insert allocates one bucket. Returns NULL if memory runs out. Equal seeds
   give equal layouts. */
GOMAP_CALL struct gomap *gomap_create(
        size_t hint, struct rm_shape shape, uint64_t seed);

/* Frees the map and its copies of string keys. Does nothing if the map is NULL.
   No iterator may be open. */
GOMAP_CALL void gomap_destroy(struct gomap *map);

/* Makes an empty map store pointers to the caller's string keys instead of
   copies. The bytes must outlive the entry. */
GOMAP_PLAIN void gomap_borrow_keys(struct gomap *map);

/* Lets conflicting accesses increment the statistic "conflicts" instead of
   aborting. */
GOMAP_PLAIN void gomap_tolerate_conflicts(struct gomap *map);

RM_HOT size_t gomap_count(const struct gomap *map);

/* Returns the value's words in place, or NULL if the key is absent. Writes
   nothing. */
RM_HOT _Atomic uint64_t *gomap_find(
        const struct gomap *map, struct rm_shape shape, struct rm_key key);

/* Returns true and stores the value if the key is present. */
RM_HOT bool gomap_lookup(const struct gomap *map, struct rm_shape shape,
        struct rm_key key, struct rm_value *value);

/* Copy a value from its words, and to them. */
RM_HOT void gomap_value_load(struct rm_shape shape,
        const _Atomic uint64_t *words, struct rm_value *value);
RM_HOT void gomap_value_store(struct rm_shape shape, _Atomic uint64_t *words,
        const struct rm_value *value);

/* Returns the words for the key's value, inserting the key if it is absent. The
   words of a new key are undefined until written. If memory runs out, returns
   NULL and changes nothing. Replacing a value allocates nothing. */
RM_HOT _Atomic uint64_t *gomap_assign(struct gomap *map, struct rm_shape shape,
        struct rm_key key, bool *was_there);

/* Removes the key. Returns whether the key was present; if it was, stores its
   value in `old`, which may be NULL. Never fails. Keeps the memory of the
   buckets. */
RM_HOT bool gomap_remove(struct gomap *map, struct rm_shape shape,
        struct rm_key key, struct rm_value *old);

/* Removes all entries and ends growth. Keeps the array and draws a new
   seed. */
GOMAP_CALL void gomap_clear(struct gomap *map, struct rm_shape shape);

struct gomap_iterator;

/*
 * Visits all entries, starting at a random bucket and slot. An entry that is
 * present from begin to end is visited once, even if this thread writes during
 * the iteration. An entry that is removed before its turn is not visited; a new
 * entry may be. Each call of gomap_iterate_begin() needs one of
 * gomap_iterate_end(), which frees the memory kept for the iterator. A key's
 * bytes are valid until the key is removed.
 *
 *	struct gomap_iterator it;
 *	for (gomap_iterate_begin(map, &it);
 *		gomap_iterate_next(&it, shape, &key, &value);)
 *		...
 *	gomap_iterate_end(&it);
 */
GOMAP_PLAIN void gomap_iterate_begin(
        struct gomap *map, struct gomap_iterator *it);
GOMAP_PLAIN bool gomap_iterate_next(struct gomap_iterator *it,
        struct rm_shape shape, struct rm_key *key, struct rm_value *value);
GOMAP_PLAIN void gomap_iterate_end(struct gomap_iterator *it);

#include "impls/gomap/gomap_clear.h"
#include "impls/gomap/gomap_create.h"
#include "impls/gomap/gomap_grow.h"
#include "impls/gomap/gomap_iterate.h"
#include "impls/gomap/gomap_lookup.h"
#include "impls/gomap/gomap_overflow.h"
#include "impls/gomap/gomap_write.h"

#endif /* RM_SUPPORT_GOMAP_H */
