/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_faststr_test.h - Go's map, string keys: when the fast path hashes, what
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

enum { LONG = 40, MOST = 200 };

static const struct rm_shape shape = { true, 8 };

static struct rm_key text(const char *bytes, size_t length)
{
	return (struct rm_key){ .bytes = bytes, .length = length };
}

static void put(struct gomap *map, struct rm_key key, uint64_t word)
{
	struct rm_value value = { { word } };

	gomap_exchange(map, shape, key, &value, NULL);
}

/* Returns the value, or 0; `*cost` is the number of hashes computed. */
static uint64_t get(struct gomap *map, struct rm_key key, unsigned *cost)
{
	struct rm_value value = { { 0 } };

	hashes = 0;
	if (!gomap_lookup(map, shape, key, &value))
		value.word[0] = 0;
	*cost = hashes;
	return value.word[0];
}

static void short_keys(void)
{
	struct gomap *map = gomap_create(0, shape, 1);
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefgh";
	bool found = true;
	unsigned cost, sum = 0;

	CHECK(get(map, text("a", 1), &cost) == 0 && cost == 0,
	        "an empty map does not hash");
	for (unsigned i = 0; i < 8; i++) /* keys of lengths 0, 4 .. 28 */
		put(map, text(letters, i * 4), i + 1);
	for (unsigned i = 0; i < 8; i++) {
		found &= get(map, text(letters, i * 4), &cost) == i + 1;
		sum += cost;
		found &= get(map, text(letters + 1, i * 4), &cost) ==
		         (i ? 0 : 1);
		sum += cost;
	}
	CHECK(found && sum == 0,
	        "eight short keys are distinguished without hashing");
	gomap_remove(map, shape, text(letters, 8), NULL);
	CHECK(get(map, text(letters, 8), &cost) == 0 &&
	                get(map, text(letters, 12), &cost) == 4,
	        "a removed key is not found, the next one is");
	put(map, text(letters, 8), 3);
	put(map, text(letters, 31), 9);
	CHECK(get(map, text(letters, 31), &cost) == 9 && cost == 1,
	        "with the ninth key there are two buckets, and a lookup hashes "
	        "once");
	CHECK(!gomap_check(map), "the map is sound");
	gomap_destroy(map);
}

static void long_keys(void)
{
	struct gomap *map = gomap_create(0, shape, 1);
	char a[LONG], b[LONG], c[LONG], absent[LONG];
	unsigned cost;

	memset(a, 'x', LONG);
	memset(b, 'x', LONG);
	memset(c, 'x', LONG);
	memset(absent, 'x', LONG);
	a[0] = 'a'; /* the other keys have equal ends */
	b[20] = 'b';
	c[20] = 'c';
	put(map, text(a, LONG), 1);
	put(map, text(b, LONG), 2);
	CHECK(get(map, text(a, LONG), &cost) == 1 && cost == 0 &&
	                get(map, text(b, LONG), &cost) == 2 && cost == 0,
	        "long keys with different ends need no hash");
	CHECK(get(map, text(c, LONG), &cost) == 0 && cost == 0,
	        "a single candidate is compared as a whole");
	put(map, text(c, LONG), 3);
	CHECK(get(map, text(b, LONG), &cost) == 2 && cost == 1 &&
	                get(map, text(c, LONG), &cost) == 3 && cost == 1,
	        "keys with equal ends are distinguished by hash");
	CHECK(get(map, text(absent, LONG), &cost) == 0 &&
	                get(map, text(b, LONG - 1), &cost) == 0,
	        "an absent and a shorter key are not found");
	put(map, text(b, 31), 4);
	put(map, text(c, 31), 5);
	put(map, text(b, 32), 6);
	put(map, text(c, 32), 7);
	CHECK(get(map, text(b, 31), &cost) == 4 && cost == 0 &&
	                get(map, text(c, 31), &cost) == 5 && cost == 0,
	        "keys of 31 bytes are short and compared as a whole");
	CHECK(get(map, text(b, 32), &cost) == 6 && cost == 1 &&
	                get(map, text(c, 32), &cost) == 7 && cost == 1,
	        "keys of 32 bytes are long and hashed if both ends are equal");
	gomap_destroy(map);
}

static void growing(void)
{
	struct gomap *map = gomap_create(0, shape, 1);
	char bytes[MOST];
	bool found = true;
	unsigned cost;

	memset(bytes, 'k', MOST);
	for (size_t n = 0; n < MOST; n++) {
		put(map, text(bytes, n), n + 1);
		for (size_t i = 0; i <= n; i++)
			found &= get(map, text(bytes, i), &cost) == i + 1;
		found &= get(map, text(bytes, n + 1), &cost) == 0;
	}
	CHECK(found, "during growth, keys that are prefixes are found");
	CHECK(!gomap_check(map), "the map is sound");
	gomap_destroy(map);
}

static void checks_for_writers(void)
{
	struct gomap *map = gomap_create(0, shape, 1);
	unsigned cost;

	put(map, text("a", 1), 1);
	gomap_tolerate_conflicts(map);
	gomap_set(map->flags, GOMAP_WRITING);
	CHECK(get(map, text("a", 1), &cost) == 1 &&
	                gomap_get(map->extra->conflicts) == CHECKED,
	        CHECKED ? "a lookup during a write is detected"
	                : "an unchecked lookup does not check for writers");
	gomap_set(map->flags, 0);
	gomap_destroy(map);
}

int main(void)
{
	short_keys();
	long_keys();
	growing();
	checks_for_writers();
	return DONE();
}
