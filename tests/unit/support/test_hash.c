/* SPDX-License-Identifier: Apache-2.0 */
/* Tests how evenly the hash of all maps, and the hash that selects shards, fill
   the bits that maps use as an index, for realistic keys. */
#include "impls/support/fnv.h"
#include "impls/support/hash.h"
#include "tests/unit/tap.h"

#include <stdlib.h>

/* There are six keys per bucket, as in a Go map in use. */
enum { BUCKETS = 1 << 13, KEYS = 6 * BUCKETS, SEEDS = 8, PATTERNS = 10 };

/* P(more than 8) of a Poisson distribution with mean 6, the expected value. */
#define CHANCE_OVERFLOW 0.15276

struct key_text {
	char bytes[64];
};

static struct rm_key text_key(
        struct key_text *text, const char *format, unsigned n)
{
	int length = snprintf(text->bytes, sizeof(text->bytes), format, n);

	return (struct rm_key){ .bytes = text->bytes,
		.length = (size_t)length };
}

enum pattern {
	COUNTING,
	SCATTERED,
	HIGH_BITS,
	PAGES,
	LINES,
	HIGH_HALF,
	LOOP_BYTES,
	SESSIONS,
	DIGITS,
	PATHS
};

static const char *const pattern_names[PATTERNS] = { "1, 2, 3",
	"words of the loop", "high 16 bits", "page addresses",
	"multiples of 64", "high half", "16 bytes, as in the measured loop",
	"session-00000001", "decimal digits", "paths" };

static uint64_t pattern_word(unsigned pattern, uint64_t n)
{
	switch (pattern) {
	case SCATTERED:
	case LOOP_BYTES:
		return rm_scatter(n);
	case HIGH_BITS:
		return n << 48;
	case PAGES:
		return n * 4096 + 0x7f0000000000;
	case LINES:
		return n * 64;
	case HIGH_HALF:
		return n << 32 | 1;
	default:
		return n;
	}
}

/* Returns the n-th key of a pattern; stores whether it is a string. */
static struct rm_key pattern_key(
        unsigned pattern, unsigned n, bool *str, struct key_text *text)
{
	struct rm_key key = { .word = pattern_word(pattern, n) };
	uint64_t rank = n;

	*str = pattern >= LOOP_BYTES;
	switch (pattern) {
	case LOOP_BYTES:
		memcpy(text->bytes, &key.word, 8);
		memcpy(text->bytes + 8, &rank, 8);
		key.bytes = text->bytes;
		key.length = 16;
		return key;
	case SESSIONS: /* these keys have 16 bytes, too */
		return text_key(text, "session-%08u", n);
	case DIGITS:
		return text_key(text, "%u", n);
	case PATHS:
		return text_key(
		        text, "/api/v1/tenants/acme/users/%u/orders", n);
	default:
		return key;
	}
}

/* Properties of a hash, each divided by its expected value, so that 1 is
   ideal. */
struct spread {
	double overflow; /* buckets with more than eight keys */
	double same_top; /* pairs of keys with the same tophash */
	double shards;   /* number of keys in the fullest of 32 shards */
	double inner;    /* like overflow, within one shard */
};

static double overflow_of(const unsigned *bucket, size_t buckets)
{
	double over = 0;

	for (size_t i = 0; i < buckets; i++)
		over += bucket[i] > 8;
	return over / (double)buckets / CHANCE_OVERFLOW;
}

static void spread_add(unsigned pattern, uint64_t seed, struct spread *sum)
{
	static unsigned bucket[BUCKETS], inner[BUCKETS / 32];
	unsigned top[256] = { 0 }, shard[32] = { 0 }, fullest = 0;
	double pairs = 0;
	struct key_text text;
	bool str;

	memset(bucket, 0, sizeof(bucket));
	memset(inner, 0, sizeof(inner));
	for (unsigned n = 0; n < KEYS; n++) {
		struct rm_key key = pattern_key(pattern, n, &str, &text);
		struct rm_shape shape = { str, 8 };
		uint64_t hash = rm_hash(shape, key, seed);
		size_t in = rm_fnv1a_shard(shape, key, 32);

		bucket[hash % BUCKETS]++;
		top[hash >> 56]++;
		shard[in]++;
		if (in == seed % 32)
			inner[hash % (BUCKETS / 32)]++;
	}
	for (unsigned i = 0; i < 256; i++)
		pairs += (double)top[i] * top[i];
	for (unsigned i = 0; i < 32; i++)
		if (shard[i] > fullest)
			fullest = shard[i];
	sum->overflow += overflow_of(bucket, BUCKETS) / SEEDS;
	sum->inner += overflow_of(inner, BUCKETS / 32) / SEEDS;
	sum->same_top += pairs * 256 / KEYS / KEYS / SEEDS;
	sum->shards += fullest * 32.0 / KEYS / SEEDS;
}

static struct spread spread_of(unsigned pattern)
{
	struct spread spread = { 0 };

	for (uint64_t seed = 0; seed < SEEDS; seed++)
		spread_add(pattern, rm_seed(seed, 1) >> 32, &spread);
	printf("# %s: overflow %.3f, same top %.3f, fullest shard %.3f, "
	       "overflow in a shard %.3f\n",
	        pattern_names[pattern], spread.overflow, spread.same_top,
	        spread.shards, spread.inner);
	return spread;
}

static void no_pattern_is_worse_than_expected(void)
{
	for (unsigned pattern = 0; pattern < PATTERNS; pattern++) {
		struct spread spread = spread_of(pattern);
		char fact[160];

		snprintf(fact, sizeof(fact),
		        "%s: chains, tophashes and shards are not worse than "
		        "expected",
		        pattern_names[pattern]);
		CHECK(spread.overflow < 1.1 && spread.same_top < 1.1 &&
		                spread.shards < 1.2 && spread.inner < 1.3,
		        fact);
	}
}

/* Otherwise some maps would be faster with these keys by luck. */
static void the_measured_keys_are_like_chance(void)
{
	struct spread words = spread_of(SCATTERED);
	struct spread bytes = spread_of(LOOP_BYTES);

	CHECK(words.overflow > 0.9 && words.overflow < 1.1,
	        "chains of the loop's words are as long as expected");
	CHECK(bytes.overflow > 0.9 && bytes.overflow < 1.1,
	        "chains of the loop's strings are as long as expected");
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void hashes_are_distinct(void)
{
	static uint64_t hashes[KEYS];
	unsigned equal = 0;

	for (unsigned pattern = 0; pattern < PATTERNS; pattern++) {
		struct key_text text;
		bool str;

		for (unsigned n = 0; n < KEYS; n++) {
			struct rm_key key =
			        pattern_key(pattern, n, &str, &text);

			hashes[n] =
			        rm_hash((struct rm_shape){ str, 8 }, key, 42);
		}
		qsort(hashes, KEYS, sizeof(*hashes), by_value);
		for (unsigned n = 1; n < KEYS; n++)
			equal += hashes[n] == hashes[n - 1];
	}
	CHECK(equal == 0, "no two of 49,152 keys of a pattern share 64 bits");
}

/* Tests that each byte of a string of any length affects the hash, as does the
   length. */
static void every_byte_counts(void)
{
	char bytes[140] = { 0 };
	bool differs = true, seeded = true;
	uint64_t before = 0;

	for (size_t length = 0; length < 130; length++) {
		struct rm_key key = { .bytes = bytes, .length = length };
		uint64_t hash = rm_hash(RM_STR16X8, key, 1);

		differs &= length == 0 || hash != before;
		before = hash;
		seeded &= hash != rm_hash(RM_STR16X8, key, 2);
		for (size_t i = 0; i < length; i++) {
			bytes[i] = 1;
			differs &= rm_hash(RM_STR16X8, key, 1) != hash;
			bytes[i] = 0;
		}
	}
	CHECK(differs, "each byte of 0 .. 129 and the length change the hash");
	CHECK(seeded, "the seed changes the hash");
}

/* The expected values were computed independently of this code, with unbounded
   integers, for bytes that count up from 0x81. They cover each length that has
   a code path of its own, and its neighbours. */
static void values_are_the_known_ones(void)
{
	static const struct {
		size_t length;
		uint64_t hash;
	} known[] = {
		{ 0, 0x43d60b17d49a36b8 },
		{ 1, 0xb975216df2516168 },
		{ 2, 0xb5fbb0e6f097b0a4 },
		{ 3, 0xc04247bb99a25b5a },
		{ 4, 0x3b86b9d089149ac0 },
		{ 7, 0x3b1f23fa36e31ca2 },
		{ 8, 0x04543bef1aaedbed },
		{ 9, 0x30d20080a7f85395 },
		{ 15, 0x7e0b862880490e7a },
		{ 16, 0x62738b60790f283c },
		{ 17, 0x0baa32611a61c534 },
		{ 31, 0xb3c98f4919218b3a },
		{ 32, 0x479fb7a1086d9f62 },
		{ 33, 0x1dcbd9a449a2b07e },
		{ 48, 0xfc522f450e729d62 },
		{ 64, 0x632ff1461a31e813 },
		{ 70, 0x3db9f1340f2ba6b7 },
	};
	char bytes[70];
	bool right = true;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(0x81 + i);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		right &= rm_hash(RM_STR16X8,
		                 (struct rm_key){ .bytes = bytes,
		                         .length = known[i].length },
		                 0x0123456789abcdef) == known[i].hash;
	CHECK(right, "strings of any length have the known values");
	CHECK(rm_hash(RM_U64X8, (struct rm_key){ .word = 42 }, 7) ==
	                        0x46757f1635616c8f &&
	                rm_hash(RM_U64X24,
	                        (struct rm_key){ .word = 0xfedcba9876543210 },
	                        UINT64_MAX) == 0x413579d7b5f797e1,
	        "words have the known values");
}

static void shards_fold_both_halves(void)
{
	/* FNV-1a of "foobar" is 0x85944171f73967e8 */
	const struct rm_key key = { .bytes = "foobar", .length = 6 };

	CHECK(rm_fnv1a_shard(RM_STR16X8, key, 1) == 0 &&
	                rm_fnv1a_shard(RM_STR16X8, key, 32) == 0x19 &&
	                rm_fnv1a_shard(RM_STR16X8, key, 65536) ==
	                        (0x67e8 ^ 0x4171),
	        "a shard is chosen by both halves, combined");
}

static void fnv_is_the_published_one(void)
{
	CHECK(rm_fnv1a("", 0) == 0xcbf29ce484222325 &&
	                rm_fnv1a("a", 1) == 0xaf63dc4c8601ec8c &&
	                rm_fnv1a("foobar", 6) == 0x85944171f73967e8,
	        "FNV-1a gives the published values");

	struct rm_key word = { .word = 0x7261626f6f66 };
	struct rm_key bytes = { .bytes = "foobar\0", .length = 8 };

	CHECK(rm_fnv1a_key(RM_U64X8, word) == rm_fnv1a_key(RM_STR16X8, bytes),
	        "a word hashes as its bytes, lowest first");
}

int main(void)
{
	no_pattern_is_worse_than_expected();
	the_measured_keys_are_like_chance();
	hashes_are_distinct();
	every_byte_counts();
	values_are_the_known_ones();
	fnv_is_the_published_one();
	shards_fold_both_halves();
	return DONE();
}
