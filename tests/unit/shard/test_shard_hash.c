/* SPDX-License-Identifier: Apache-2.0 */
/* test_shard_hash.c - tests the hashes that select a shard: published values,
   evenness, and independence from the position within the shard. */
#include "impls/support/fnv.h"
#include "impls/support/hash.h"
#include "impls/support/shift_xor.h"
#include "runner/keys.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

#if __has_include(<xxhash.h>)
#include "impls/support/xxh3.h"
enum { HAVE_XXH3 = 1 };
#else
enum { HAVE_XXH3 = 0 };
/* This is never called, since its callers are skipped. */
RM_HOT uint64_t rm_xxh3_key(struct rm_shape shape, struct rm_key key)
{
	(void)shape, (void)key;
	abort();
}
#endif

enum { SHARDS = 32, KEYS = 1 << 16, BUCKETS = 8 };

static uint64_t fnv1a(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_shard(shape, key, SHARDS);
}

static uint64_t xxh3(struct rm_shape shape, struct rm_key key)
{
	return rm_xxh3_key(shape, key) & (SHARDS - 1);
}

static uint64_t sx32(struct rm_shape shape, struct rm_key key)
{
	return rm_shift_xor32_key(shape, key) & (SHARDS - 1);
}

static uint64_t sx64(struct rm_shape shape, struct rm_key key)
{
	return rm_shift_xor64_key(shape, key) & (SHARDS - 1);
}

typedef uint64_t choose(struct rm_shape shape, struct rm_key key);

static struct rm_key text(const char *bytes)
{
	return (struct rm_key){ .bytes = bytes, .length = strlen(bytes) };
}

/* The expected values of shift-xor were computed independently of this code,
   with unbounded integers cut to 32 and 64 bits. Those of XXH3 are the test
   values that the library publishes. */
static void values_are_the_known_ones(void)
{
	static const char *const words[] = { "", "a", "foobar",
		"0123456789abcdef" };
	static const uint64_t of32[] = { 0x5eadbeef, 0x0d634163, 0x766b733e,
		0x65b28408 };
	static const uint64_t of64[] = { 0x5eadbeef, 0x0d634163, 0x566b733e,
		0x2e57de08 };
	const struct rm_key number = { .word = 0x0123456789abcdef };
	bool right32 = true, right64 = true;

	for (size_t i = 0; i < 4; i++) {
		right32 &= rm_shift_xor32_key(RM_STR16X8, text(words[i])) ==
		           of32[i];
		right64 &= rm_shift_xor64_key(RM_STR16X8, text(words[i])) ==
		           of64[i];
	}
	right32 &= rm_shift_xor32_key(RM_U64X8, number) == 0x76f29ad7;
	right64 &= rm_shift_xor64_key(RM_U64X8, number) == 0x28f29ad7;
	CHECK(right32, "shift-xor with 32 bits gives the article's values");
	CHECK(right64, "shift-xor with 64 bits gives the article's values");
	if (!HAVE_XXH3) {
		SKIP("XXH3 gives the published values", "libxxhash is missing");
		return;
	}
	CHECK(rm_xxh3_key(RM_STR16X8, text("")) == 0x2d06800538d394c2 &&
	                rm_xxh3_key(RM_STR16X8, text("a")) ==
	                        0xe6c632b61e964e1f,
	        "XXH3 gives the published values");
	CHECK(rm_xxh3_key(RM_U64X8, number) == 0xb78df414284277a6,
	        "XXH3 hashes the bytes of a word, lowest first");
}

/* Returns chi-square of KEYS keys, divided by its expected value. */
static double unevenness(const unsigned *count, unsigned cells)
{
	const double mean = (double)KEYS / cells;
	double sum = 0;

	for (unsigned i = 0; i < cells; i++)
		sum += (count[i] - mean) * (count[i] - mean) / mean;
	return sum / (cells - 1);
}

/* Uses the keys of the measured loop, which are the same on each machine. */
static double shards_of(choose *hash, struct rm_shape shape)
{
	unsigned count[SHARDS] = { 0 };
	struct rm_key_bytes line;

	for (uint64_t i = 0; i < KEYS; i++)
		count[hash(shape, rm_key_of(shape, i, &line))]++;
	return unevenness(count, SHARDS);
}

/* Counts the keys of each shard in inner maps of eight buckets. */
static double inside_of(choose *hash, struct rm_shape shape)
{
	unsigned count[SHARDS * BUCKETS] = { 0 };
	struct rm_key_bytes line;

	for (uint64_t i = 0; i < KEYS; i++) {
		struct rm_key key = rm_key_of(shape, i, &line);

		count[hash(shape, key) * BUCKETS +
		        rm_hash(shape, key, 42) % BUCKETS]++;
	}
	return unevenness(count, SHARDS * BUCKETS);
}

static void choices_are_even(const char *name, choose *hash, double most)
{
	const struct rm_shape shapes[] = { RM_U64X8, RM_STR16X8 };
	char fact[120];

	for (int s = 0; s < 2; s++) {
		double shards = shards_of(hash, shapes[s]);
		double inside = inside_of(hash, shapes[s]);

		snprintf(fact, sizeof(fact),
		        "%s, %s: chi-square %.2f times its expected value, at "
		        "most %.1f",
		        name, s ? "strings" : "words", shards, most);
		CHECK(shards <= most, fact);
		snprintf(fact, sizeof(fact),
		        "%s, %s: inner buckets %.2f times the expected value",
		        name, s ? "strings" : "words", inside);
		CHECK(inside <= most, fact);
	}
}

/* Returns the unevenness for keys of decimal digits, which are common in
   programs and not evenly spread. */
static double digits_of(choose *hash)
{
	unsigned count[SHARDS] = { 0 };
	char bytes[16];

	for (unsigned i = 0; i < KEYS; i++) {
		snprintf(bytes, sizeof(bytes), "%u", i);
		count[hash(RM_STR16X8, text(bytes))]++;
	}
	return unevenness(count, SHARDS);
}

/* Verifies claims in the head comments of the maps. */
static void shift_xor_is_poor(void)
{
	bool same = true;
	char bytes[17];

	CHECK(digits_of(fnv1a) < 2, "keys of digits: FNV-1a is even");
	if (HAVE_XXH3)
		CHECK(digits_of(xxh3) < 2, "keys of digits: XXH3 is even");
	else
		SKIP("keys of digits: XXH3 is even", "libxxhash is missing");
	CHECK(digits_of(sx32) > 5 && digits_of(sx64) > 5,
	        "keys of digits: shift-xor exceeds 5 times the expected value");
	for (unsigned i = 0; i < KEYS; i++) {
		struct rm_key key = {
			.word = rm_scatter(i), .bytes = bytes, .length = 16
		};

		snprintf(bytes, sizeof(bytes), "%016llx",
		        (unsigned long long)key.word);
		same &= sx32(RM_U64X8, key) == sx64(RM_U64X8, key) &&
		        sx32(RM_STR16X8, key) == sx64(RM_STR16X8, key);
	}
	CHECK(same, "up to 16 bytes both widths select the same of 32 shards");
}

int main(void)
{
	values_are_the_known_ones();
	choices_are_even("FNV-1a", fnv1a, 2);
	if (HAVE_XXH3)
		choices_are_even("XXH3", xxh3, 2);
	else
		SKIP("XXH3: chi-square", "libxxhash is missing");
	choices_are_even("shift-xor 32", sx32, 2);
	choices_are_even("shift-xor 64", sx64, 2);
	shift_xor_is_poor();
	return DONE();
}
