/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_layout.h - Go's map: header, buckets, arrays, and access to a slot.
 *
 * This is an inner part of gomap.h, which documents how to use the map.
 */
#ifndef RM_SUPPORT_GOMAP_LAYOUT_H
#define RM_SUPPORT_GOMAP_LAYOUT_H

#include "impls/support/hash.h"
#include "runner/map.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* GOMAP_CALL: out of line, but optimised. RM_COLD is for rare code. */
#define GOMAP_CALL  static __attribute__((noinline, unused))
#define GOMAP_RARE  static __attribute__((unused)) RM_COLD
#define GOMAP_PLAIN static inline

/* relaxed: no thread writes while others read. The fields are atomic only so
   that breaking this rule is not undefined behaviour. All accesses to fields
   use these macros. */
#define gomap_get(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define gomap_set(field, value) \
	atomic_store_explicit(&(field), (value), memory_order_relaxed)

enum { GOMAP_SLOTS = 8 };

/* Number of keys in a chain at which article S3, section 4.3, counts a
   conflict. */
enum { GOMAP_THIRD = 3 };

/* A slot's tophash: a state below GOMAP_LIVE, else 8 bits of the hash. */
enum {
	GOMAP_EMPTY_REST,  /* empty, like all later slots of the chain */
	GOMAP_EMPTY_ONE,   /* empty */
	GOMAP_MOVED_LOW,   /* moved to the same index of the new array */
	GOMAP_MOVED_HIGH,  /* moved to index + old size */
	GOMAP_MOVED_EMPTY, /* was empty when its bucket was moved */
	GOMAP_LIVE,        /* this value and all higher ones: an entry */
};

/* Bits of gomap.flags. */
enum {
	GOMAP_ITERATOR = 1,     /* an iterator may use `buckets` */
	GOMAP_OLD_ITERATOR = 2, /* an iterator may use `oldbuckets` */
	GOMAP_WRITING = 4,      /* a write is in progress */
	GOMAP_SAME_SIZE = 8,    /* the current growth keeps the size */
};

/* word[]: 8 keys, 8 values, then the next bucket of the chain. A string key is
   two words, {pointer, length}; the map owns a copy of the bytes. */
struct gomap_bucket {
	_Atomic uint8_t tophash[GOMAP_SLOTS];
	_Atomic uint64_t word[];
};

/* Precedes each array of buckets. */
struct gomap_array {
	struct gomap_array *next_retired; /* kept for an iterator */
	uint32_t log2_buckets;
	bool chains_kept; /* moved chains are still linked to it */
};

/* Rarely used fields. Counts start at creation. */
struct gomap_extra {
	struct rm_shape shape;
	bool borrows_keys, tolerates_conflicts;
	struct gomap_bucket *next_overflow; /* first unused preallocated
	                                       bucket */
	struct gomap_bucket *spare;         /* overflow buckets to reuse */
	size_t spare_count;
	/* writers add to these lists; the last iterator takes and frees them */
	struct gomap_array *_Atomic retired_arrays;
	struct gomap_bucket *_Atomic retired_buckets;
	_Atomic uint64_t random;    /* state of gomap_random() */
	_Atomic uint64_t iterators; /* open iterators */
	_Atomic uint64_t conflicts;
	_Atomic uint64_t growths, same_size_growths, failed_growths;
	_Atomic uint64_t evacuations; /* old buckets moved */
	_Atomic uint64_t overflow_buckets;
	_Atomic uint64_t third_conflicts; /* only in the stats build */
};

/* The header: 48 bytes, as in Go on a 64-bit machine. */
struct gomap {
	_Atomic uint64_t count; /* entries */
	_Atomic uint8_t flags;
	_Atomic uint8_t log2_buckets; /* called B in Go */
	_Atomic uint16_t
	        noverflow;      /* approximate, see gomap_count_overflow() */
	_Atomic uint32_t hash0; /* seed of the hash */
	struct gomap_bucket *_Atomic buckets;    /* NULL: not allocated yet */
	struct gomap_bucket *_Atomic oldbuckets; /* not NULL: growing */
	_Atomic uint64_t nevacuate; /* all old buckets with a smaller index have
	                               moved */
	struct gomap_extra *extra;
};
static_assert(sizeof(struct gomap) == 48, "size of Go's hmap");
static_assert(sizeof(struct gomap_array) == 16, "buckets stay 16-aligned");

RM_HOT size_t gomap_key_words(struct rm_shape shape)
{
	return shape.str ? 2 : 1;
}

/* Go's limit. In programs without long values, the comparison of constants on
   the left removes the test. */
enum { GOMAP_IN_LINE_BYTES = 128 };

/* True if a slot holds the address of the value instead of the value. */
RM_HOT bool gomap_boxes(struct rm_shape shape)
{
	return RM_VALUE_WORDS > GOMAP_IN_LINE_BYTES / 8 &&
	       shape.value_bytes > GOMAP_IN_LINE_BYTES;
}

RM_HOT size_t gomap_value_words(struct rm_shape shape)
{
	return gomap_boxes(shape) ? 1 : shape.value_bytes / 8;
}

/* Returns the bytes of a bucket: 8 + 8K + 8V + 8, which is 144, 272, 208 and
   336 for the four shapes. */
RM_HOT size_t gomap_stride(struct rm_shape shape)
{
	return 16 + 64 * (gomap_key_words(shape) + gomap_value_words(shape));
}

/* The same as constant expressions, for compile-time checks. */
#define GOMAP_STRIDE(key_words, value_words) \
	(sizeof(struct gomap_bucket) +       \
	        GOMAP_SLOTS * 8 * ((key_words) + (value_words)) + 8)
static_assert(sizeof(struct gomap_bucket) == 8, "tophash, then words");
static_assert(GOMAP_STRIDE(1, 1) == 144, "a bucket of 8-byte keys and values");
static_assert(GOMAP_STRIDE(2, 1) == 208, "of strings and 8-byte values");
static_assert(GOMAP_STRIDE(1, 3) == 272, "of 8-byte keys, 24-byte values");
static_assert(GOMAP_STRIDE(2, 3) == 336, "of strings and 24-byte values");
static_assert(offsetof(struct gomap, flags) == 8 &&
                      offsetof(struct gomap, log2_buckets) == 9 &&
                      offsetof(struct gomap, noverflow) == 10 &&
                      offsetof(struct gomap, hash0) == 12 &&
                      offsetof(struct gomap, buckets) == 16 &&
                      offsetof(struct gomap, oldbuckets) == 24 &&
                      offsetof(struct gomap, nevacuate) == 32 &&
                      offsetof(struct gomap, extra) == 40,
        "members have the offsets of Go's hmap");

RM_HOT struct gomap_bucket *gomap_at(
        struct gomap_bucket *buckets, struct rm_shape shape, size_t index)
{
	return (struct gomap_bucket *)((char *)buckets +
	                               index * gomap_stride(shape));
}

RM_HOT _Atomic uint64_t *gomap_slot_key(
        struct gomap_bucket *bucket, struct rm_shape shape, size_t slot)
{
	return &bucket->word[slot * gomap_key_words(shape)];
}

RM_HOT _Atomic uint64_t *gomap_slot_value(
        struct gomap_bucket *bucket, struct rm_shape shape, size_t slot)
{
	return &bucket->word[GOMAP_SLOTS * gomap_key_words(shape) +
	                     slot * gomap_value_words(shape)];
}

RM_HOT _Atomic uint64_t *gomap_link(
        struct gomap_bucket *bucket, struct rm_shape shape)
{
	return &bucket->word[GOMAP_SLOTS * (gomap_key_words(shape) +
	                                           gomap_value_words(shape))];
}

/* Returns the next bucket of the chain, or NULL. */
RM_HOT struct gomap_bucket *gomap_next(
        struct gomap_bucket *bucket, struct rm_shape shape)
{
	return (struct gomap_bucket *)gomap_get(*gomap_link(bucket, shape));
}

RM_HOT uint64_t gomap_mask(unsigned log2_buckets)
{
	return ((uint64_t)1 << log2_buckets) - 1;
}

/* Returns the number of entries; 0 for a nil map. */
RM_HOT size_t gomap_count(const struct gomap *map)
{
	return map ? gomap_get(map->count) : 0;
}

/* Returns the next of the map's random numbers. Iterators may call it
   concurrently. */
GOMAP_PLAIN uint64_t gomap_random(const struct gomap *map)
{
	/* relaxed: only uniqueness matters */
	uint64_t state = atomic_fetch_add_explicit(
	        &map->extra->random, 0xa0761d6478bd642fU, memory_order_relaxed);

	return rm_next(&state);
}

/* Increments a statistic. Only the writer uses it, and never on a hot path. */
#define gomap_increment(field) gomap_set(field, gomap_get(field) + 1)

/* Prints one line: everything in the header except the seed. */
GOMAP_RARE void gomap_print_header(const struct gomap *map, int fd)
{
	unsigned flags = gomap_get(map->flags);

	dprintf(fd,
	        "count %llu, B %u, flags %u%s%s%s%s, noverflow %u, buckets %p, "
	        "oldbuckets %p (%s), nevacuate %llu\n",
	        (unsigned long long)gomap_get(map->count),
	        gomap_get(map->log2_buckets), flags,
	        flags & GOMAP_ITERATOR ? " iterator" : "",
	        flags & GOMAP_OLD_ITERATOR ? " old-iterator" : "",
	        flags & GOMAP_WRITING ? " writing" : "",
	        flags & GOMAP_SAME_SIZE ? " same-size" : "",
	        gomap_get(map->noverflow), (void *)gomap_get(map->buckets),
	        (void *)gomap_get(map->oldbuckets),
	        gomap_get(map->oldbuckets) ? "growing" : "not growing",
	        (unsigned long long)gomap_get(map->nevacuate));
}

/* Reports a write concurrent with another access. Like Go, the map prints its
   header and aborts. After gomap_tolerate_conflicts() it only counts the
   conflict. There is no callback, since operations must not contain calls
   through pointers. */
GOMAP_RARE void gomap_fatal(const struct gomap *map, const char *what)
{
	/* relaxed: a statistic that several threads may increment */
	atomic_fetch_add_explicit(
	        &map->extra->conflicts, 1, memory_order_relaxed);
	if (map->extra->tolerates_conflicts)
		return;
	dprintf(STDERR_FILENO, "fatal: %s\n", what);
	gomap_print_header(map, STDERR_FILENO);
	abort();
}

/* Ends the program after an insert into a nil map, for which Go panics. There
   is no header to print. */
GOMAP_RARE _Noreturn void gomap_panic_nil(void)
{
	dprintf(STDERR_FILENO, "panic: assignment to entry in nil map\n");
	abort();
}

/* True if `count` entries are too many for 2^log2_buckets buckets: more than
   6.5 entries per bucket and more than eight entries in all. (Only Go 1.21 has
   6, by mistake: golang/go#63438.) */
RM_HOT bool gomap_over(uint64_t count, unsigned log2_buckets)
{
	return count > GOMAP_SLOTS &&
	       count > 13 * (((uint64_t)1 << log2_buckets) / 2);
}

/* Returns the number of buckets in an array, including preallocated overflow
   buckets. (Go also fills up its allocator's size class; C allocators do not
   expose theirs.) */
GOMAP_PLAIN uint64_t gomap_array_buckets(unsigned log2_buckets)
{
	uint64_t buckets = (uint64_t)1 << log2_buckets;

	return log2_buckets < 4 ? buckets : buckets + buckets / 16;
}

GOMAP_PLAIN struct gomap_array *gomap_array_of(struct gomap_bucket *buckets)
{
	return (struct gomap_array *)buckets - 1;
}

GOMAP_PLAIN struct gomap_bucket *gomap_array_first(struct gomap_array *array)
{
	return (struct gomap_bucket *)(array + 1);
}

/* Returns the first preallocated overflow bucket, or NULL. The link of the last
   preallocated bucket is not NULL, which marks the end. */
GOMAP_PLAIN struct gomap_bucket *gomap_preallocate(
        struct gomap_bucket *buckets, struct rm_shape shape)
{
	unsigned log2_buckets = gomap_array_of(buckets)->log2_buckets;
	uint64_t all = gomap_array_buckets(log2_buckets);

	if (log2_buckets < 4)
		return NULL;
	gomap_set(*gomap_link(gomap_at(buckets, shape, all - 1), shape),
	        (uintptr_t)buckets);
	return gomap_at(buckets, shape, gomap_mask(log2_buckets) + 1);
}

/* Allocates an array of empty buckets. Returns NULL if memory runs out. */
GOMAP_PLAIN struct gomap_bucket *gomap_array_create(
        unsigned log2_buckets, struct rm_shape shape)
{
	size_t bytes = sizeof(struct gomap_array) +
	               gomap_array_buckets(log2_buckets) * gomap_stride(shape);
	struct gomap_array *array = calloc(1, bytes);

	if (!array)
		return NULL;
	array->log2_buckets = log2_buckets;
	return gomap_array_first(array);
}

#endif /* RM_SUPPORT_GOMAP_LAYOUT_H */
