/* SPDX-License-Identifier: Apache-2.0 */
/* test_sim_cache.c - compares L1d with independent LRU and tree-PLRU caches. */
#include "runner/sim/model/internal.h"
#include "tests/unit/sim/sim_fixture.h"
#include "tests/unit/tap.h"

enum { SETS = 4, WAYS_MAX = 16, LINES = 120, STEPS = 60000 };

/* A textbook cache, whose ways have fixed places and ages or tree bits. */
struct reference {
	unsigned ways;
	bool plru;
	uint32_t tag[SETS][WAYS_MAX]; /* line + 1, or 0 if empty */
	uint64_t age[SETS][WAYS_MAX];
	bool right[SETS][WAYS_MAX]; /* node n points to its right half */
	uint64_t clock;
};

static void touch(struct reference *cache, unsigned set, unsigned way)
{
	cache->age[set][way] = ++cache->clock;
	/* makes each parent, from the leaf up, point to the other side */
	for (unsigned node = cache->ways + way; node > 1; node /= 2)
		cache->right[set][node / 2] = node % 2 == 0;
}

static unsigned victim(const struct reference *cache, unsigned set)
{
	unsigned node = 1, oldest = 0;

	for (unsigned way = 0; way < cache->ways; way++)
		if (!cache->tag[set][way])
			return way;
	if (cache->plru) {
		while (node < cache->ways)
			node = 2 * node + cache->right[set][node];
		return node - cache->ways;
	}
	for (unsigned way = 1; way < cache->ways; way++)
		if (cache->age[set][way] < cache->age[set][oldest])
			oldest = way;
	return oldest;
}

static int find(const struct reference *cache, uint32_t line)
{
	for (unsigned way = 0; way < cache->ways; way++)
		if (cache->tag[line % SETS][way] == line + 1)
			return (int)way;
	return -1;
}

/* Makes an access. Returns true if it hits. */
static bool use(struct reference *cache, uint32_t line)
{
	int way = find(cache, line);
	bool hit = way >= 0;

	if (!hit) {
		way = (int)victim(cache, line % SETS);
		cache->tag[line % SETS][way] = line + 1;
	}
	touch(cache, line % SETS, (unsigned)way);
	return hit;
}

/* Accesses random lines, some of which are hot. Sometimes another core
   invalidates a line. */
static bool agrees(
        unsigned ways, const char *policy, uint64_t seed, uint32_t first_tick)
{
	struct reference cache = { .ways = ways,
		.plru = !strcmp(policy, "plru") };
	char l1d[64];
	uint64_t rng = rm_seed(seed, ways);
	bool same = true;

	snprintf(l1d, sizeof(l1d), "%u %u-way %s", SETS * ways * 64, ways,
	        policy);
	struct rm_sim_mach mach = sim_mach(l1d, "none", "none");
	struct rm_sim *sim = sim_start(&mach, 2, LINES * 64);
	struct rm_sim_core *core = rm_sim_core(sim, 0);

	core->tick = first_tick;
	for (int step = 0; step < STEPS && same; step++) {
		uint64_t random = rm_next(&rng);
		uint32_t line = (uint32_t)rm_below(
		        random, random & 1 ? LINES : SETS * ways * 9 / 8);
		uint64_t before = core->count[RM_SIM_LOAD_MISSES];

		if ((random >> 8 & 31) == 0) {
			int way = find(&cache, line);

			sim_do(sim, 1, line * 64, 8, RM_SIM_STORE);
			if (way >= 0)
				cache.tag[line % SETS][way] = 0;
			continue;
		}
		sim_do(sim, 0, line * 64, 8, RM_SIM_LOAD);
		same = use(&cache, line) ==
		       (core->count[RM_SIM_LOAD_MISSES] == before);
	}
	rm_sim_destroy(sim);
	return same;
}

static void l1d_is_the_reference(const char *policy, unsigned step)
{
	bool same = true;
	char name[96];

	for (unsigned ways = 1; ways <= WAYS_MAX; ways += step ? step : ways)
		same &= agrees(ways, policy, ways, 0);
	snprintf(name, sizeof(name),
	        "%s: hits and misses equal a textbook cache's, 1 to 16 ways",
	        policy);
	CHECK(same, name);
}

static void stamps_may_run_out(void)
{
	bool same = true;

	for (unsigned ways = 2; ways <= WAYS_MAX; ways += 5)
		same &= agrees(ways, "lru", 7 + ways, UINT32_MAX - 900);
	CHECK(same, "the order survives an overflow of its 32-bit stamps");
}

/* Tests that a victim L2 holds no line of L1d, and an inclusive L2 all of
   them. */
static void levels_include(const char *inclusion, bool inclusive)
{
	char l2[64];
	struct rm_sim_mach mach;
	uint64_t rng = rm_seed(3, 3);
	bool right = true;

	snprintf(l2, sizeof(l2), "4Ki 4-way lru %s", inclusion);
	mach = sim_mach("1Ki 4-way lru", l2, "none");
	struct rm_sim *sim = sim_start(&mach, 1, LINES * 64);
	struct rm_sim_core *core = rm_sim_core(sim, 0);

	for (int step = 0; step < STEPS; step++) {
		uint32_t line = (uint32_t)rm_below(rm_next(&rng), LINES);

		sim_do(sim, 0, line * 64, 8,
		        rm_next(&rng) & 3 ? RM_SIM_LOAD : RM_SIM_STORE);
		for (uint32_t i = 0; i < LINES; i++) {
			bool above = rm_sim_l1d_peek(core, i) != NULL;
			bool below = rm_sim_l2_peek(core, i) != NULL;

			right &=
			        inclusive ? !above || below : !(above && below);
			right &= (above || below) ==
			         rm_sim_bit(sim->dir[i].holds, 0);
		}
	}
	CHECK(right, inclusive ? "an inclusive L2 holds all lines of L1d"
	                       : "a victim L2 holds no line of L1d");
	CHECK(core->count[RM_SIM_L2_MISSES] <
	                        core->count[RM_SIM_LOAD_MISSES] +
	                                core->count[RM_SIM_STORE_MISSES] &&
	                core->count[RM_SIM_L2_MISSES] > 0,
	        "some misses of L1d hit L2, some miss it");
	rm_sim_destroy(sim);
}

/* Returns the number of loads that are counted for read-modify-writes that hit
   the front of their set, hit elsewhere, or miss. */
static uint64_t loads_of(bool rmw_loads)
{
	struct rm_sim_mach mach = sim_mach("1Ki 4-way lru", "none", "none");
	struct rm_sim *sim = sim_start(&mach, 1, LINES * 64);
	struct rm_sim_core *core = rm_sim_core(sim, 0);
	uint64_t loads;

	core->rmw_loads = rmw_loads;
	for (uint64_t line = 0; line < LINES; line++) {
		sim_do(sim, 0, line * 64, 8, RM_SIM_RMW);
		sim_do(sim, 0, line * 64, 8, RM_SIM_RMW);
		if (line >= 4)
			sim_do(sim, 0, (line - 4) * 64, 8, RM_SIM_RMW);
	}
	loads = core->count[RM_SIM_LOADS];
	if (core->count[RM_SIM_STORES] != 3 * LINES - 4 ||
	        core->count[RM_SIM_RMWS] != 3 * LINES - 4)
		loads = UINT64_MAX;
	rm_sim_destroy(sim);
	return loads;
}

static void counts_do_not_depend_on_where_it_hit(void)
{
	CHECK(loads_of(false) == 0,
	        "a read-modify-write is a store, not a load, wherever it hits");
	CHECK(loads_of(true) == 3 * LINES - 4,
	        "with rmw-loads = yes a read-modify-write is also a load");
}

int main(void)
{
	l1d_is_the_reference("lru", 1);
	l1d_is_the_reference("plru", 0);
	stamps_may_run_out();
	levels_include("victim", false);
	levels_include("inclusive", true);
	counts_do_not_depend_on_where_it_hit();
	return DONE();
}
