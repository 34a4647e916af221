/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap.h - Go's map (before 1.24), unsynchronised: a building block.
 *
 * Written from a description of the algorithm, no code: chained buckets of eight
 * slots, eight bits of each hash beside each other at the head of a bucket,
 * growth that moves at most two old buckets per write.
 *
 * Threads: nothing here synchronises. Any number of threads may look up and
 * iterate while nobody writes; a write excludes everything else. Fields and
 * slots are relaxed atomics, which compile to plain moves: a run that breaks
 * the rule on purpose gets wrong answers and "concurrent map writes", but no
 * undefined data race (freed memory is still freed memory).
 *
 * `shape` is a constant in operations, and the same in all calls on one map.
 * Value words are what gomap_find() and gomap_assign() point to: one word for
 * 8-byte shapes, three for 24-byte shapes. Such a pointer is valid until the
 * next write to the map. As in Go, values of more than 128 bytes lie in blocks
 * of their own: then the word is the block's address, and only
 * gomap_value_load() and gomap_value_store() know of it.
 *
 * NULL is Go's map that is nil: it has no entries, lookups find nothing, a
 * remove, a clear and an iteration do nothing. gomap_assign() of it ends the
 * process with the words of Go's panic; maps without checks in their lookups
 * (GOMAP_NEEDS_BUCKET) have no such map.
 *
 * Where Go would die for lack of memory: gomap_assign() returns NULL and has
 * changed nothing; growth that finds no memory is put off; removing works.
 */
#ifndef RM_SUPPORT_GOMAP_H
#define RM_SUPPORT_GOMAP_H

#include "impls/gomap/gomap_layout.h"

/*
 * An empty map for about `hint` entries (0: start with one bucket, made by
 * the first insert); NULL when memory ran out. Equal seed, equal layout.
 */
GOMAP_CALL struct gomap *gomap_create(
        size_t hint, struct rm_shape shape, uint64_t seed);

/* Frees the map and its copies of string keys. NULL does nothing. Nobody
   iterates. */
GOMAP_CALL void gomap_destroy(struct gomap *map);

/* For an empty map: from now on string keys are not copied, the slots point
   to the caller's bytes, which must outlive the entry. */
GOMAP_PLAIN void gomap_borrow_keys(struct gomap *map);

/* Conflicting accesses are counted (statistic "conflicts") instead of fatal. */
GOMAP_PLAIN void gomap_tolerate_conflicts(struct gomap *map);

/* Number of entries. */
RM_HOT size_t gomap_count(const struct gomap *map);

/* The value's words in place, or NULL: not there. Writes nothing. */
RM_HOT _Atomic uint64_t *gomap_find(
        const struct gomap *map, struct rm_shape shape, struct rm_key key);

/* Returns whether the key is there, and stores its value only then. */
RM_HOT bool gomap_lookup(const struct gomap *map, struct rm_shape shape,
        struct rm_key key, struct rm_value *value);

/* Copies a value out of and into its place. */
RM_HOT void gomap_value_load(struct rm_shape shape,
        const _Atomic uint64_t *words, struct rm_value *value);
RM_HOT void gomap_value_store(struct rm_shape shape, _Atomic uint64_t *words,
        const struct rm_value *value);

/*
 * The words to write the key's value to, inserting the key if it is not there
 * (their content is then undefined until written); NULL: no memory, nothing
 * changed. Replacing a value allocates nothing.
 */
RM_HOT _Atomic uint64_t *gomap_assign(struct gomap *map, struct rm_shape shape,
        struct rm_key key, bool *was_there);

/* Takes the key out; returns whether it was there, and then stores its value
   in `old`, which may be NULL. Never fails; memory of buckets is kept. */
RM_HOT bool gomap_remove(struct gomap *map, struct rm_shape shape,
        struct rm_key key, struct rm_value *old);

/* Takes everything out; ends growth, keeps the array, draws a new seed. */
GOMAP_CALL void gomap_clear(struct gomap *map, struct rm_shape shape);

struct gomap_iterator;

/*
 * Visits entries from a random bucket and slot on. An entry present from begin
 * to end is visited once, whatever is written meanwhile (by this thread); one
 * removed before its turn is not visited; one inserted may or may not be.
 * Each begin needs one end: until then memory that the iterator may still read
 * is kept. The key's bytes are valid until the key is removed.
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

/* The definitions. */
#include "impls/gomap/gomap_clear.h"
#include "impls/gomap/gomap_create.h"
#include "impls/gomap/gomap_grow.h"
#include "impls/gomap/gomap_iterate.h"
#include "impls/gomap/gomap_lookup.h"
#include "impls/gomap/gomap_overflow.h"
#include "impls/gomap/gomap_write.h"

#endif /* RM_SUPPORT_GOMAP_H */
