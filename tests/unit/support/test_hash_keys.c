/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash of all maps with hostile keys: multiples of powers of two, and keys
 * that were crafted without the seed.
 *
 * The number of compares per hit is computed from the hash and each map's rule
 * for placing keys, not counted in the maps; there are 4,096 keys, presized.
 * plain: sanitizers make its 50 seeds ten times as slow.
 */
#include "impls/support/hash.h"
#include "tests/unit/tap.h"

enum { KEYS = 4096, TOP_SHIFT = 40, SEEDS = 50 };

/* shard_seg has 64 segments, selected by the top bits, with 128 bins each,
   selected by the low bits. */
static double compares_shard_seg(const uint64_t *hash)
{
	static unsigned chain[64][128];
	double compares = 0;

	memset(chain, 0, sizeof(chain));
	for (unsigned i = 0; i < KEYS; i++)
		compares += ++chain[hash[i] >> 58][hash[i] & 127];
	return compares / KEYS;
}

/* gomap has 1,024 chains of buckets of 8, selected by the low bits. A hit
   compares the keys that have the same tophash (top byte). Each further bucket
   counts as one compare. */
static double compares_gomap(const uint64_t *hash)
{
	static unsigned chain[1024], same_top[1024][256];
	double compares = 0;

	memset(chain, 0, sizeof(chain));
	memset(same_top, 0, sizeof(same_top));
	for (unsigned i = 0; i < KEYS; i++) {
		const uint64_t at = hash[i] & 1023;

		compares += ++same_top[at][hash[i] >> 56];
		compares += chain[at]++ / 8;
	}
	return compares / KEYS;
}

/* ck_ht has 8,192 slots of 32 bytes. It compares both slots of a line and then
   continues by a step that is computed from higher bits
   (ck_ht_map_probe_next()). */
static double compares_ck_ht(const uint64_t *hash)
{
	enum { SLOTS = 8192, LOG2_SLOTS = 13 };
	static bool used[SLOTS];
	double compares = 0;

	memset(used, 0, sizeof(used));
	for (unsigned i = 0; i < KEYS; i++) {
		uint64_t at = hash[i] & (SLOTS - 1), level = 0;

		while (used[at] && used[at ^ 1]) {
			const uint64_t bits = hash[i] >> LOG2_SLOTS >> ++level;

			at += level + ((bits & ~1ULL) << 1 | (bits & 1) | 2);
			at &= SLOTS - 1;
		}
		compares += (double)(2 * level + 1 + used[at]);
		used[used[at] ? at ^ 1 : at] = true;
	}
	return compares / KEYS;
}

/* unsync_bucket has 2,048 buckets of four keys, selected by the low bits. A
   full bucket continues in the next one. It compares the four keys of a bucket
   at once. */
static double compares_unsync_bucket(const uint64_t *hash)
{
	enum { BUCKETS = 2048 };
	static unsigned held[BUCKETS];
	double compares = 0;

	memset(held, 0, sizeof(held));
	for (unsigned i = 0; i < KEYS; i++) {
		uint64_t at = hash[i] & (BUCKETS - 1);

		for (compares++; held[at] == 4; compares++)
			at = (at + 1) & (BUCKETS - 1);
		held[at]++;
	}
	return compares / KEYS;
}

/* readmap has 4,096 lines of three keys, selected by the top bits. A full line
   continues in a chain. Tags select one key of a line. */
static double compares_readmap(const uint64_t *hash)
{
	static unsigned held[KEYS];
	double compares = 0;

	memset(held, 0, sizeof(held));
	for (unsigned i = 0; i < KEYS; i++)
		compares += 1 + held[hash[i] >> 52]++ / 3;
	return compares / KEYS;
}

static const struct {
	const char *map;
	double (*compares)(const uint64_t *hash);
} rules[] = {
	{ "shard_seg", compares_shard_seg },
	{ "gomap", compares_gomap },
	{ "ck_ht", compares_ck_ht },
	{ "unsync_bucket", compares_unsync_bucket },
	{ "readmap", compares_readmap },
};
enum { RULES = sizeof(rules) / sizeof(*rules) };

/* Returns seeds as in a trial, except that the first ones are small numbers. */
static uint64_t seed_of(unsigned n)
{
	return n < 4 ? n : rm_seed(n, 1) >> n % 2 * 32;
}

/* Returns the maximum number of compares per hit for all multiples of a power
   of two. The seed is part of the hash or, if a library's callback gets no
   seed, of the key. */
static double worst_stride(unsigned rule, uint64_t factor, bool in_key)
{
	static uint64_t hash[KEYS];
	double worst = 0;

	for (unsigned shift = 0; shift <= TOP_SHIFT; shift++)
		for (unsigned n = 0; n < SEEDS; n++) {
			const uint64_t seed = seed_of(n);

			for (uint64_t i = 0; i < KEYS; i++)
				hash[i] = rm_hash(RM_U64X8,
				        (struct rm_key){
				                .word = i * factor << shift ^
				                        (in_key ? seed : 0) },
				        in_key ? 0 : seed);

			const double compares = rules[rule].compares(hash);

			worst = compares > worst ? compares : worst;
		}
	return worst;
}

static void strides_are_like_chance(void)
{
	for (unsigned rule = 0; rule < RULES; rule++) {
		const double ones = worst_stride(rule, 1, false);
		const double threes = worst_stride(rule, 3, false);
		const double in_key = worst_stride(rule, 1, true);
		char fact[100];

		printf("# %s: worst compares a hit %.2f, of 3 * 2^s %.2f, with "
		       "the seed in the key %.2f\n",
		        rules[rule].map, ones, threes, in_key);
		snprintf(fact, sizeof(fact),
		        "%s: keys of any stride take at most 2 compares per "
		        "hit",
		        rules[rule].map);
		CHECK(ones <= 2 && threes <= 2 && in_key <= 2, fact);
	}
}

/* Words that make a factor 0 or poor if the seed is 0, 1 or unused. */
static uint64_t craft(unsigned n)
{
	const uint64_t words[] = { RM_HASH_A, RM_HASH_B, RM_HASH_C, RM_HASH_D,
		~RM_HASH_A, ~RM_HASH_B, RM_HASH_A ^ RM_HASH_B,
		rm_hash_secret(1), RM_HASH_B - 1, 0 };

	return n < sizeof(words) / sizeof(*words) ? words[n] : UINT64_MAX;
}
enum {
	CRAFTS = 11,
	STRINGS_SEEDS = 6,
	LONGEST = 8 /* length of the longest string, in words */
};

/* Returns the compares for a set of keys relative to those for random keys, by
   the worst rule. */
static double worse_than_random(const uint64_t *hash, const uint64_t *random)
{
	double worst = 0;

	for (unsigned rule = 0; rule < RULES; rule++) {
		const double ratio = rules[rule].compares(hash) /
		                     rules[rule].compares(random);

		worst = ratio > worst ? ratio : worst;
	}
	return worst;
}

/* Tests strings that differ in one word. All other words, or one of them, are
   crafted. */
static double crafted_strings(
        size_t words, size_t place, size_t counter, unsigned n, uint64_t seed)
{
	static uint64_t hash[KEYS], random[KEYS];
	uint64_t text[LONGEST] = { 0 }, rng = seed;
	const struct rm_key key = { .bytes = (const char *)text,
		.length = words * 8 };

	for (unsigned i = 0; i < KEYS; i++) {
		for (size_t word = 0; word < words; word++)
			text[word] = rm_next(&rng);
		random[i] = rm_hash(RM_STR16X8, key, seed);
	}
	for (size_t word = 0; word < words; word++)
		text[word] = place == word || place == words ? craft(n) : 7;
	for (unsigned i = 0; i < KEYS; i++) {
		text[counter] = i;
		hash[i] = rm_hash(RM_STR16X8, key, seed);
	}
	return worse_than_random(hash, random);
}

static double worst_string(size_t words)
{
	double worst = 0;

	for (unsigned n = 0; n < CRAFTS; n++)
		for (unsigned s = 0; s < STRINGS_SEEDS; s++)
			for (size_t place = 0; place <= words; place++)
				for (size_t at = 0; at < words; at++) {
					const double ratio = crafted_strings(
					        words, place, at, n,
					        rm_seed(s, 1) >> s % 2 * 32);

					worst = ratio > worst ? ratio : worst;
				}
	return worst;
}

static void crafted_strings_are_like_random_ones(void)
{
	static const size_t words[] = { 2, 3, 4, 8 };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const double worst = worst_string(words[i]);
		char fact[100];

		printf("# %zu bytes: %.2f times the compares of random keys\n",
		        words[i] * 8, worst);
		snprintf(fact, sizeof(fact),
		        "crafted keys of %zu bytes take at most twice the "
		        "compares",
		        words[i] * 8);
		CHECK(worst <= 2, fact);
	}
}

/* All words are in one chain with one seed. Looks them up with a different
   seed. */
static void another_seed_parts_a_chain(void)
{
	static uint64_t word[KEYS], hash[KEYS], random[KEYS];
	uint64_t rng = 1;
	double worst = 0;

	for (uint64_t i = 0, n = 0; i < KEYS; n++)
		if (!(rm_hash(RM_U64X8, (struct rm_key){ .word = n }, 0) &
		            (KEYS - 1)))
			word[i++] = n;
	for (unsigned n = 1; n < SEEDS; n++) {
		for (unsigned i = 0; i < KEYS; i++) {
			const struct rm_key key = { .word = word[i] };
			const struct rm_key other = { .word = rm_next(&rng) };

			hash[i] = rm_hash(RM_U64X8, key, seed_of(n));
			random[i] = rm_hash(RM_U64X8, other, seed_of(n));
		}

		const double ratio = worse_than_random(hash, random);

		worst = ratio > worst ? ratio : worst;
	}
	printf("# another seed: %.2f times the compares of random keys\n",
	        worst);
	CHECK(worst <= 2, "another seed distributes the words of one chain");
}

int main(void)
{
	strides_are_like_chance();
	crafted_strings_are_like_random_ones();
	another_seed_parts_a_chain();
	return DONE();
}
