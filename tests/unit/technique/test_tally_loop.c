/* SPDX-License-Identifier: Apache-2.0 */
/* test_tally_loop.c - tests statistics of the loop tally: growth and chains of
   the native map, colliding lookups, adjacent buckets, writes during a Range,
   and segments. */
#include "tests/unit/technique/techniques.h"

#include <math.h>

static struct technique_run play_subject(const char *id, uint64_t a, uint64_t b,
        unsigned threads, uint64_t iterations)
{
	struct technique_run run = {
		.threads = threads,
		.iterations = iterations,
		.args = { a, b },
		.seed = 3,
	};

	technique_play(&run, id);
	if (run.why[0])
		printf("# %s: %s\n", id, run.why);
	return run;
}

/* A map grows after 8 entries, and then after 6.5 entries per bucket. The
   numbers were computed by hand from count + 1 > 13 * 2^B / 2. */
static void growth_follows_the_rule(void)
{
	static const struct {
		const char *name;
		double keys;
	} known[] = { { "keys_when_1_buckets_grow", 8 },
		{ "keys_when_2_buckets_grow", 13 },
		{ "keys_when_64_buckets_grow", 416 },
		{ "keys_when_8192_buckets_grow", 53248 },
		{ "smallest_log2_that_grew", 0 },
		{ "largest_log2_that_grew", 13 },
		{ "buckets_moved_by_one_insert", 2 }, { "chains", 16384 } };
	struct technique_run run =
	        play_subject("growth_log", 100000, 1, 1, 100000);

	CHECK(run.adds_up, "growth_log: all keys are present");
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		CHECK(technique_stat(&run, known[i].name) == known[i].keys,
		        known[i].name);
	technique_end(&run);
	run = play_subject("growth_log", 1000, 1, 4, 500);
	CHECK(run.adds_up && technique_stat(&run, "chains") == 256,
	        "four threads exclude each other");
	technique_end(&run);
}

/* Tests chi-square divided by its expected value, with about 17 classes. If
   chains are filled at random, its mean over 10 seeds is 1 within three
   standard errors. */
static void chain_lengths_are_reported(void)
{
	double chi2 = 0, longest = 0, third = 0;

	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct technique_run run = {
			.threads = 1,
			.iterations = 100000,
			.args = { 100000, 1 },
			.seed = seed * 0x9e3779b97f4a7c15U,
		};

		technique_play(&run, "growth_log");
		printf("# chi2 %.3f\n", technique_stat(&run, "occupancy_chi2"));
		chi2 += technique_stat(&run, "occupancy_chi2") / 10;
		longest += technique_stat(&run, "longest_chain_entries") / 10;
		third += technique_stat(&run, "chains_with_three_or_more") /
		         16384 / 10;
		technique_end(&run);
	}
	printf("# chi-square over its mean %.3f, longest %.1f, three %.4f\n",
	        chi2, longest, third);
	CHECK(fabs(chi2 - 1) < 0.34,
	        "chains of a good hash follow a Poisson distribution");
	CHECK(longest > 16.5 && longest < 19,
	        "the longest of 16,384 chains with mean 6.1 has 17 or 18 "
	        "entries");
	CHECK(fabs(third - 0.9416) < 0.003,
	        "94.2 % of chains have three or more entries");
}

static void keys_collide_on_request(void)
{
	struct technique_run run =
	        play_subject("chain_lookups", 1000, 1000, 2, 500);

	CHECK(run.adds_up &&
	                technique_stat(&run, "longest_chain_entries") == 32,
	        "with CHAIN 1000 all keys are in one chain");
	technique_end(&run);
	run = play_subject("chain_lookups", 1000, 10, 2, 500);
	CHECK(run.adds_up &&
	                technique_stat(&run, "longest_chain_entries") >= 10,
	        "with CHAIN 10 ten keys share a chain");
	technique_end(&run);
	run = play_subject("chain_lookups", 1000, 1, 2, 500);
	CHECK(run.adds_up && technique_stat(&run, "chains") == 256 &&
	                technique_stat(&run, "longest_chain_entries") < 16,
	        "with CHAIN 1 chains have random lengths");
	technique_end(&run);
}

static void buckets_share_lines_as_go_lays_them_out(void)
{
	struct technique_run run =
	        play_subject("bucket_neighbours", 144, 1, 4, 10007);

	CHECK(run.adds_up &&
	                technique_stat(&run, "neighbours_on_one_line") == 3,
	        "at 144 bytes each bucket shares a line with the next one");
	technique_end(&run);
	run = play_subject("bucket_neighbours", 192, 1, 4, 3);
	CHECK(run.adds_up &&
	                technique_stat(&run, "neighbours_on_one_line") == 0,
	        "at 192 bytes no bucket shares a line");
	technique_end(&run);
	run = play_subject("bucket_neighbours", 1, 1, 2, 100);
	CHECK(run.adds_up && technique_stat(&run, "stride") == 144,
	        "a smaller stride is raised to 144");
	technique_end(&run);
}

/* Eight of 64 keys are removed and eight inserted. Each key that stays shows
   its new value, except that of the first entry. The first entry may be one
   that is removed. */
static void a_range_shows_late_writes(void)
{
	struct technique_run run =
	        play_subject("range_late", 64, 1, 2, 64 * 50);
	const double ranges = technique_stat(&run, "ranges");
	const double seen = technique_stat(&run, "late_updates_seen");

	CHECK(run.adds_up && ranges == 100, "two threads, 50 Ranges each");
	CHECK(seen >= ranges * 55 && seen <= ranges * 56,
	        "each Range shows the values that were written during it");
	CHECK(technique_stat(&run, "removed_keys_seen") == 0,
	        "no Range shows a key that was removed during it");
	technique_end(&run);
}

static void segments_are_in_range(void)
{
	static const char *const ids[] = { "index_mask", "index_modulo" };

	for (size_t i = 0; i < 2; i++) {
		struct technique_run run = play_subject(ids[i], 64, 1, 2, 6400);

		CHECK(run.adds_up && technique_stat(&run, "segments") == 64 &&
		                technique_stat(&run,
		                        "absolute_values_out_of_range") == 1,
		        ids[i]);
		technique_end(&run);
		run = play_subject(ids[i], 100, 1, 1, 64);
		CHECK(technique_stat(&run, "segments") == 128,
		        "segments are rounded up to a power of two");
		technique_end(&run);
	}
}

int main(void)
{
	growth_follows_the_rule();
	chain_lengths_are_reported();
	keys_collide_on_request();
	buckets_share_lines_as_go_lays_them_out();
	a_range_shows_late_writes();
	segments_are_in_range();
	return DONE();
}
