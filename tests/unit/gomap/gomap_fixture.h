/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_fixture.h - shared by the tests of Go's map: an allocator that counts
   and can fail, keys of every kind, names of the shapes. Include it before any
   header of the map, since it replaces malloc in the code after it. */
#ifndef RM_GOMAP_FIXTURE_H
#define RM_GOMAP_FIXTURE_H

#include "tests/unit/tap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static long blocks_live;        /* blocks that are allocated and not freed */
static unsigned allocs_to_fail; /* this many allocations in 1000 fail */
static long allocs_left = -1;   /* allocations that succeed before all fail, or
                                   -1 for no limit */
static uint64_t allocs_state = 1;

static inline bool alloc_fails(void)
{
	if (allocs_left >= 0 && allocs_left-- == 0) {
		allocs_left = 0;
		return true;
	}
	allocs_state =
	        allocs_state * 6364136223846793005U + 1442695040888963407U;
	return (allocs_state >> 33) % 1000 < allocs_to_fail;
}

static inline void *counted(void *block)
{
	blocks_live += block != NULL;
	return block;
}

static inline void *test_malloc(size_t bytes)
{
	return alloc_fails() ? NULL : counted(malloc(bytes));
}

static inline void *test_calloc(size_t count, size_t bytes)
{
	return alloc_fails() ? NULL : counted(calloc(count, bytes));
}

static inline void *test_aligned_alloc(size_t align, size_t bytes)
{
	return alloc_fails() ? NULL : counted(aligned_alloc(align, bytes));
}

static void (*at_free)(void); /* called in each free, unless NULL */

static inline void test_free(void *block)
{
	if (at_free)
		at_free();
	blocks_live -= block != NULL;
	free(block);
}

#define malloc(bytes)               test_malloc(bytes)
#define calloc(count, bytes)        test_calloc(count, bytes)
#define aligned_alloc(align, bytes) test_aligned_alloc(align, bytes)
#define free(block)                 test_free(block)

#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_ops.h"

static const struct rm_shape shapes[RM_SHAPES] = { { false, 8 }, { false, 24 },
	{ true, 8 }, { true, 24 } };
static const char *const shape_names[RM_SHAPES] = { "u64x8", "u64x24",
	"str16x8", "str16x24" };

struct key_text {
	char bytes[160];
};

/* Returns the key of rank n: a word, or a string of 0 or 5 .. 129 bytes that
   begins with the rank. Distinct ranks, at most 2^32, have distinct keys. */
static inline struct rm_key key_of(
        struct rm_shape shape, uint64_t n, struct key_text *text)
{
	struct rm_key key = { .word = n * 0x10001 + 7 };

	if (!shape.str)
		return key;
	key.bytes = text->bytes;
	key.length = n % 130;
	memset(text->bytes, 'k', sizeof(text->bytes));
	if (n == 0)
		return key;
	if (key.length < 5)
		key.length = 5;
	for (unsigned i = 0; i < 4; i++)
		text->bytes[i] = (char)(n >> 8 * i);
	return key;
}

static inline struct rm_value value_of(uint64_t n)
{
	return (struct rm_value){ { n, ~n, n * 3 } };
}

static inline bool value_is(
        struct rm_shape shape, const struct rm_value *value, uint64_t n)
{
	struct rm_value wanted = value_of(n);

	return !memcmp(value, &wanted, shape.value_bytes);
}

/* These write, find and remove the entry of rank n. */
static inline bool put(struct gomap *map, struct rm_shape shape, uint64_t n)
{
	struct key_text text;
	struct rm_value value = value_of(n);

	return gomap_exchange(
	        map, shape, key_of(shape, n, &text), &value, NULL);
}

static inline bool has(struct gomap *map, struct rm_shape shape, uint64_t n)
{
	struct key_text text;
	struct rm_value value;

	return gomap_lookup(map, shape, key_of(shape, n, &text), &value) &&
	       value_is(shape, &value, n);
}

static inline bool drop(struct gomap *map, struct rm_shape shape, uint64_t n)
{
	struct key_text text;

	return gomap_remove(map, shape, key_of(shape, n, &text), NULL);
}

/* Like CHECK(), with the name of the shape before the fact. */
#define CHECK_SHAPE(condition, name, index)                                  \
	do {                                                                 \
		char fact_[200];                                             \
		snprintf(fact_, sizeof(fact_), "%s: %s", shape_names[index], \
		        name);                                               \
		tap_check((condition), fact_, __FILE__, __LINE__);           \
	} while (0)

/* True if all invariants hold. If one is violated, prints which. */
static inline bool sound(const struct gomap *map)
{
	const char *why = gomap_check(map);

	if (why)
		printf("# broken: %s\n", why);
	return !why;
}

#endif /* RM_GOMAP_FIXTURE_H */
