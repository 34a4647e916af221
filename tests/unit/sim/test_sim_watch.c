/* SPDX-License-Identifier: Apache-2.0 */
/* test_sim_watch.c - tests that watching reports sites and lines, and changes
   no count. */
#include "runner/sim/model/internal.h"
#include "tests/unit/sim/sim_fixture.h"
#include "tests/unit/tap.h"

enum { CORES = 6, STEPS = 30000, SITES = 7 };

static const char places[SITES]; /* addresses used as sites */

static struct rm_sim *make(void)
{
	struct rm_sim_mach mach = sim_mach(
	        "512 2-way lru", "2Ki 4-way lru victim", "4Ki 4-way lru fill");
	struct rm_sim *sim = sim_start(&mach, CORES, 1 << 16);

	rm_sim_region(sim, "hot", 0, 640);
	return sim;
}

/* Runs the same random program on a machine that is watched or not. */
static void run(struct rm_sim *sim)
{
	struct rm_sim_core *core = rm_sim_turn(sim);
	uint64_t rng[CORES];

	for (unsigned id = 0; id < CORES; id++)
		rng[id] = rm_seed(21, id);
	for (int step = 0; step < STEPS; step++) {
		uint64_t was = rng[core->id], random = rm_next(&rng[core->id]);
		uint32_t line =
		        (uint32_t)rm_below(random, random & 1 ? 10 : 200);
		const void *site = &places[(random >> 4 & 0xff) % SITES];
		uint64_t bytes = rm_sim_bytes(8 * (random >> 16 & 7), 8);
		bool done = random >> 32 & 3 ? rm_sim_access(core, line, bytes,
		                                       RM_SIM_LOAD, site)
		                             : rm_sim_access(core, line, bytes,
		                                       RM_SIM_RMW, site);

		if (!done)
			rng[core->id] = was;
		else if ((random >> 40 & 7) == 0)
			rm_sim_operation(core);
		if (!done)
			core = rm_sim_turn(sim);
	}
}

static void watching_changes_no_count(void)
{
	struct rm_sim *plain = make(), *watched = make();
	bool same = true;

	CHECK(rm_sim_watch(watched, true) == 0, "a machine can be watched");
	run(plain);
	run(watched);
	for (unsigned id = 0; id < CORES; id++) {
		const struct rm_sim_core *a = rm_sim_core(plain, id);
		const struct rm_sim_core *b = rm_sim_core(watched, id);

		for (int i = 0; i < RM_SIM_COUNTS; i++)
			same &= i == RM_SIM_OPERATION_LINES ||
			        a->count[i] == b->count[i];
		same &= a->now == b->now;
	}
	CHECK(same, "watching changes neither counts nor clocks");
	rm_sim_destroy(plain);
	rm_sim_destroy(watched);
}

static void sites_and_lines_add_up(void)
{
	struct rm_sim *sim = make();
	struct rm_sim_site *sites, site = { .site = NULL };
	struct rm_sim_hot_line *lines, line = { .line = 0 };
	uint64_t misses, region = 0;
	bool sorted = true;
	long n;

	rm_sim_watch(sim, true);
	run(sim);
	misses = rm_sim_count(sim, RM_SIM_LOAD_MISSES) +
	         rm_sim_count(sim, RM_SIM_STORE_MISSES);
	n = rm_sim_sites(sim, &sites);
	for (long i = 0; i < n; i++) {
		site.misses += sites[i].misses;
		site.coherence_misses += sites[i].coherence_misses;
		site.false_misses += sites[i].false_misses;
		site.upgrades += sites[i].upgrades;
		site.invalidations += sites[i].invalidations;
		sorted &= i == 0 || sites[i - 1].misses >= sites[i].misses;
	}
	CHECK(n == SITES && sorted, "every site has a row, most misses first");
	CHECK(site.misses == misses &&
	                site.coherence_misses ==
	                        rm_sim_count(sim, RM_SIM_COHERENCE_MISSES) &&
	                site.false_misses ==
	                        rm_sim_count(sim, RM_SIM_FALSE_MISSES) &&
	                site.upgrades == rm_sim_count(sim, RM_SIM_UPGRADES) &&
	                site.invalidations ==
	                        rm_sim_count(sim, RM_SIM_INVALIDATIONS),
	        "the sites' counts add up to the cores' counts");
	n = rm_sim_hot_lines(sim, &lines);
	sorted = true;
	for (long i = 0; i < n; i++) {
		line.misses += lines[i].misses;
		line.invalidations += lines[i].invalidations;
		line.false_invalidations += lines[i].false_invalidations;
		sorted &= lines[i].region == (lines[i].line < 10 ? 1U : 0U);
		sorted &= i == 0 ||
		          lines[i - 1].invalidations >= lines[i].invalidations;
		region += lines[i].region ? lines[i].misses : 0;
	}
	CHECK(n == 200 && sorted && line.misses == misses &&
	                line.invalidations ==
	                        rm_sim_count(sim, RM_SIM_INVALIDATIONS) &&
	                line.false_invalidations ==
	                        rm_sim_count(sim, RM_SIM_FALSE_INVALIDATIONS),
	        "the counts of lines also add up, most invalidated first");
	CHECK(region == rm_sim_region_at(sim, 1)->misses,
	        "the counts of lines add up to the region's misses");
	CHECK(lines[0].readers[0] == (1U << CORES) - 1 &&
	                lines[0].writers[0] == (1U << CORES) - 1 &&
	                lines[0].written_bytes == UINT64_MAX &&
	                lines[0].site[3],
	        "a hot line has its readers, writers, bytes and sites");
	free(sites);
	free(lines);
	rm_sim_counts_reset(sim);
	CHECK(rm_sim_sites(sim, &sites) == 0 && !sites &&
	                rm_sim_hot_lines(sim, &lines) == 0 && !lines,
	        "a reset removes the rows");
	rm_sim_destroy(sim);
}

static void lines_of_an_operation(void)
{
	struct rm_sim *sim = make();
	struct rm_sim_core *core;

	rm_sim_watch(sim, true);
	for (unsigned id = 1; id < CORES; id++) {
		sim_run_at(sim, id, 1);
		rm_sim_finish(sim);
	}
	core = rm_sim_turn(sim);
	for (int operation = 0; operation < 10; operation++) {
		rm_sim_operation(core);
		for (int i = 0; i < 30; i++)
			sim_access(core, (uint64_t)(i % 5) * 64, 8,
			        i & 1 ? RM_SIM_LOAD : RM_SIM_STORE);
	}
	CHECK(core->count[RM_SIM_OPERATION_LINES] == 50,
	        "ten operations touch five lines each, however often");
	rm_sim_watch(sim, false);
	sim_access(core, 6400, 8, RM_SIM_LOAD);
	CHECK(core->count[RM_SIM_OPERATION_LINES] == 50 && core->soft != 0,
	        "after watching ends, hits take the fast path again");
	rm_sim_destroy(sim);
}

int main(void)
{
	watching_changes_no_count();
	sites_and_lines_add_up();
	lines_of_an_operation();
	return DONE();
}
