/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_fast64_test.h - Go's map, 64-bit keys: when the fast path hashes, what
   it finds and what it checks. The includer defines GOMAP_KEYS and CHECKED. */
#include "impls/support/hash.h"

static unsigned hashes;

static inline uint64_t counted_hash(
        struct rm_shape shape, struct rm_key key, uint64_t seed)
{
	hashes++;
	return rm_hash(shape, key, seed);
}

#define rm_hash counted_hash
#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_ops.h"
#include "tests/unit/tap.h"

enum { MOST = 900 };

static const struct rm_shape shape = { false, 8 };

static void put(struct gomap *map, uint64_t key, uint64_t word)
{
	struct rm_value value = { { word } };

	gomap_exchange(
	        map, shape, (struct rm_key){ .word = key }, &value, NULL);
}

/* Returns the value, or 0; `*cost` is the number of hashes computed. */
static uint64_t get(struct gomap *map, uint64_t key, unsigned *cost)
{
	struct rm_value value = { { 0 } };

	hashes = 0;
	if (!gomap_lookup(map, shape, (struct rm_key){ .word = key }, &value))
		value.word[0] = 0;
	*cost = hashes;
	return value.word[0];
}

static void one_bucket(void)
{
	struct gomap *map = gomap_create(0, shape, 1);
	bool found = true;
	unsigned cost, sum = 0;

	CHECK(get(map, 0, &cost) == 0 && cost == 0,
	        "an empty map has no key, not even 0");
	for (uint64_t i = 1; i <= 8; i++)
		put(map, i, i);
	for (uint64_t i = 1; i <= 9; i++) {
		found &= get(map, i, &cost) == (i <= 8 ? i : 0);
		sum += cost;
	}
	CHECK(found && sum == 0, "one bucket is searched without hashing");
	gomap_remove(map, shape, (struct rm_key){ .word = 5 }, NULL);
	CHECK(get(map, 5, &cost) == 0 && get(map, 0, &cost) == 0 &&
	                get(map, 6, &cost) == 6,
	        "a freed slot holds no key, neither the old one nor 0");
	put(map, 0, 50);
	put(map, 5, 5);
	CHECK(get(map, 0, &cost) == 50 && cost == 1,
	        "with the ninth key a lookup hashes once");
	gomap_destroy(map);
}

static void growing(void)
{
	struct gomap *map = gomap_create(0, shape, 1);
	bool found = true;
	unsigned cost, growing_puts = 0;

	for (uint64_t n = 0; n < MOST; n++) {
		put(map, n, n + 1);
		growing_puts += gomap_get(map->oldbuckets) != NULL;
		for (uint64_t i = 0; i <= n; i++)
			found &= get(map, i, &cost) == i + 1;
		found &= get(map, n + 1, &cost) == 0;
	}
	CHECK(found && growing_puts > 0, "during growth every key is found");
	for (uint64_t i = 0; i < MOST; i += 2)
		gomap_remove(map, shape, (struct rm_key){ .word = i }, NULL);
	for (uint64_t i = 0; i < MOST; i++)
		found &= get(map, i, &cost) == (i % 2 ? i + 1 : 0);
	CHECK(found, "removed keys are not found, all others are");
	CHECK(!gomap_check(map), "the map is sound");
	gomap_clear(map, shape);
	CHECK(get(map, 1, &cost) == 0, "a cleared map holds nothing");
	gomap_destroy(map);
}

static void checks_for_writers(void)
{
	struct gomap *map = gomap_create(0, shape, 1);
	unsigned cost;

	put(map, 1, 1);
	gomap_tolerate_conflicts(map);
	gomap_set(map->flags, GOMAP_WRITING);
	CHECK(get(map, 1, &cost) == 1 &&
	                gomap_get(map->extra->conflicts) == CHECKED,
	        CHECKED ? "a lookup during a write is detected"
	                : "an unchecked lookup does not check for writers");
	gomap_set(map->flags, 0);
	gomap_destroy(map);
}

int main(void)
{
	one_bucket();
	growing();
	checks_for_writers();
	return DONE();
}
