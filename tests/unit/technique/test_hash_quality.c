/* SPDX-License-Identifier: Apache-2.0 */
/* test_hash_quality.c - tests statistics of hashes, that is, collisions at each
   width and evenness over shards, and that the test strings differ. */
#include "impls/technique/hash_quality.h"
#include "runner/impl.h"
#include "tests/unit/technique/techniques.h"

#include <math.h>

static void equal_hashes_are_counted_at_each_width(void)
{
	const uint64_t high = (uint64_t)1 << 40;
	/* 5 occurs twice; 9 occurs alone, with a higher bit than bit 31, and
	   with bit 31 */
	uint64_t hashes[] = { 5, 9, 7, 5, high | 9, (uint64_t)1 << 31 | 9 };
	struct hash_collisions found = hash_collisions_of(hashes, 6);

	CHECK(found.count[0] == 1, "64 bits: only equal hashes collide");
	CHECK(found.count[1] == 2,
	        "32 bits: hashes that differ above collide, too");
	CHECK(found.count[2] == 3,
	        "31 bits: hashes that differ in bit 31 collide, too");
	CHECK(found.expected[1] == 15 / 0x1p32 &&
	                found.expected[2] == 15 / 0x1p31 &&
	                found.expected[0] == 15 / 0x1p64,
	        "each of 15 pairs is expected to collide once in 2^bits");
}

/* Draws a million random values of 31 bits, for which 233 collisions are
   expected. Accepts five standard deviations of a Poisson distribution. */
static void random_hashes_match_expectation(void)
{
	enum { MANY = 1000000 };
	uint64_t *hashes = malloc(MANY * sizeof(*hashes)), rng = 3;
	struct hash_collisions found;
	struct hash_spread spread;

	for (size_t i = 0; i < MANY; i++)
		hashes[i] = rm_next(&rng);
	spread = hash_spread_of(hashes, MANY);
	found = hash_collisions_of(hashes, MANY);
	CHECK(fabs(found.expected[2] - 232.83) < 0.01 &&
	                fabs((double)found.count[2] - 232.83) <
	                        5 * sqrt(232.83),
	        "random hashes collide as often as expected");
	for (int s = 0; s < HASH_SHARD_COUNTS; s++)
		CHECK(spread.of[s].chi2 > 0.2 && spread.of[s].chi2 < 2.5 &&
		                spread.of[s].most_over > 1 &&
		                spread.of[s].most_over < 1.1,
		        "random hashes select shards evenly");
	free(hashes);
}

static void uneven_shards_are_measured(void)
{
	uint64_t even[512], odd[512];
	struct hash_spread spread;

	for (size_t i = 0; i < 512; i++) {
		even[i] = i;
		odd[i] = i | 1;
	}
	spread = hash_spread_of(even, 512);
	CHECK(spread.of[0].chi2 == 0 && spread.of[3].most_over == 1,
	        "with equal numbers in each shard, chi-square is 0");
	spread = hash_spread_of(odd, 512);
	/* half of 16 shards have 64 keys instead of 32, which gives 16 * 32^2 /
	   32 / 15 */
	CHECK(fabs(spread.of[0].chi2 - 512.0 / 15) < 1e-9 &&
	                spread.of[0].most_over == 2,
	        "with half of the shards empty, chi-square is as computed by "
	        "hand");
}

static double stat_of_hash(const struct rm_impl *impl, uint64_t bytes,
        uint64_t strings, const char *name)
{
	struct technique_run run = { .impl = impl, .args = { bytes, strings } };
	const struct rm_sizing sizing = {
		.threads = 1, .seed = 5, .loop_args = run.args
	};
	double value;

	run.map = impl->ops->create(&sizing);
	value = technique_stat(&run, name);
	technique_end(&run);
	return value;
}

static void strings_are_different(void)
{
	const struct rm_impl *impl = rm_impl_find("hash_fnv1a");

	CHECK(stat_of_hash(impl, 16, 100000, "strings") == 100000 &&
	                stat_of_hash(impl, 16, 100000, "collisions_64_bits") ==
	                        0,
	        "100,000 strings of 16 bytes: no two hashes are equal");
	CHECK(stat_of_hash(impl, 2, 100000, "strings") == 65536 &&
	                stat_of_hash(impl, 2, 100000, "collisions_64_bits") ==
	                        0,
	        "two bytes have 65,536 values, each once");
	CHECK(stat_of_hash(rm_impl_find("hash_shift_xor32"), 16, 300000,
	              "collisions_64_bits") > 20,
	        "shift-xor of 31 bits collides");
}

int main(void)
{
	equal_hashes_are_counted_at_each_width();
	random_hashes_match_expectation();
	uneven_shards_are_measured();
	strings_are_different();
	return DONE();
}
