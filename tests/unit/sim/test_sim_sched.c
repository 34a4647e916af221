/* SPDX-License-Identifier: Apache-2.0 */
/* test_sim_sched.c - tests the order of cores, sleeping and waking, and
   determinism. */
#include "runner/sim/model/internal.h"
#include "tests/unit/sim/sim_fixture.h"
#include "tests/unit/tap.h"

static struct rm_sim *small(unsigned cores)
{
	struct rm_sim_mach mach = sim_mach(
	        "1Ki 2-way lru", "4Ki 4-way lru victim", "8Ki 4-way lru fill");

	return sim_make(&mach, cores, 1 << 16);
}

static struct rm_sim *small_ready(unsigned cores)
{
	struct rm_sim *sim = small(cores);

	for (unsigned id = 0; id < cores; id++)
		rm_sim_spawn(sim, id, 1);
	return sim;
}

struct naive {
	uint64_t now[RM_SIM_CORES_MAX];
	bool ready[RM_SIM_CORES_MAX];
};

/* Returns the earliest ready core other than `skip`, or RM_SIM_CORES_MAX. */
static unsigned earliest(const struct naive *naive, unsigned skip)
{
	unsigned found = RM_SIM_CORES_MAX;

	for (unsigned id = 0; id < RM_SIM_CORES_MAX; id++)
		if (naive->ready[id] && id != skip &&
		        (found == RM_SIM_CORES_MAX ||
		                naive->now[id] < naive->now[found]))
			found = id;
	return found;
}

static bool agrees(struct rm_sim_core *core, const struct naive *naive)
{
	unsigned first = earliest(naive, RM_SIM_CORES_MAX);
	unsigned second = earliest(naive, first);

	if (first == RM_SIM_CORES_MAX)
		return core == NULL;
	return core && core->id == first && core->now == naive->now[first] &&
	       core->due == (second == RM_SIM_CORES_MAX ? UINT64_MAX
	                                                : naive->now[second]);
}

/* Runs random programs, in which cores spend time, wait, wake all and
   finish. */
static bool order_is_naive(unsigned cores)
{
	static struct naive naive;
	struct rm_sim *sim = small_ready(cores);
	uint64_t rng = rm_seed(5, cores);
	bool same = true;

	memset(&naive, 0, sizeof(naive));
	for (unsigned id = 0; id < cores; id++) {
		naive.now[id] = 1;
		naive.ready[id] = true;
	}
	struct rm_sim_core *core = rm_sim_turn(sim);

	for (int step = 0; step < 30000 && same && core; step++) {
		uint64_t random = rm_next(&rng);

		same = agrees(core, &naive);
		rm_sim_spend(core, random >> 8 & 255);
		naive.now[core->id] = core->now;
		if ((random & 15) == 0 && sim->waiting + 1 < cores) {
			naive.ready[core->id] = false;
			core = rm_sim_wait(sim, 64, RM_SIM_FOREVER);
			continue;
		}
		if ((random & 15) == 1)
			rm_sim_wake(sim, 64, UINT32_MAX);
		for (unsigned id = 0; id < cores && (random & 15) == 1; id++)
			if (!naive.ready[id]) {
				uint64_t at = core->now + 3000;

				naive.ready[id] = true;
				naive.now[id] =
				        naive.now[id] > at ? naive.now[id] : at;
			}
		core = rm_sim_turn(sim);
	}
	rm_sim_destroy(sim);
	return same;
}

static void order_is_by_time(void)
{
	static const unsigned counts[] = { 1, 2, 3, 7, 8, 33, 64, 65, 128 };
	bool same = true;

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		same &= order_is_naive(counts[i]);
	CHECK(same, "the earliest core runs until the second's time: 1 to 128 "
	            "cores");
}

static void hits_may_run_ahead(void)
{
	struct rm_sim *sim = small_ready(2);
	struct rm_sim_core *core = rm_sim_turn(sim);
	uint64_t due;

	while (!sim_access(core, 64, 8, RM_SIM_STORE))
		core = rm_sim_turn(sim);
	core = sim_run_at(sim, core->id, core->now);
	due = core->due;
	rm_sim_spend(core, due + 20 - core->now);
	CHECK(rm_sim_is_late(core) && sim_access(core, 64, 8, RM_SIM_STORE),
	        "a private hit may be up to a quantum late");
	CHECK(core->now == due + 23 && !sim_access(core, 64, 8, RM_SIM_LOAD) &&
	                core->now == due + 23,
	        "a private hit is not later than a quantum; a rejected access "
	        "costs nothing");
	core->now = due + 1;
	CHECK(!sim_access(core, 64, 8, RM_SIM_RMW) &&
	                !sim_access(core, 64, 8, RM_SIM_ATOMIC_LOAD) &&
	                !sim_access(core, 64, 8, RM_SIM_ATOMIC_STORE),
	        "atomics are executed in time order");
	CHECK(!sim_access(core, 640, 8, RM_SIM_LOAD),
	        "misses are executed in time order, too");
	core->now = due;
	CHECK(sim_access(core, 640, 8, RM_SIM_LOAD),
	        "at the deadline itself a core may still run");
	rm_sim_destroy(sim);
}

static void upgrades_are_in_order(void)
{
	struct rm_sim *sim = small_ready(2);
	struct rm_sim_core *core;

	sim_do(sim, 0, 0, 8, RM_SIM_LOAD);
	sim_do(sim, 1, 0, 8, RM_SIM_LOAD);
	core = sim_run_at(sim, 0, rm_sim_core(sim, 1)->now + 10);
	core->now = core->due + 1;
	CHECK(sim_access(core, 0, 8, RM_SIM_LOAD) &&
	                !sim_access(core, 0, 8, RM_SIM_STORE),
	        "a shared line may be read ahead of time, but not written");
	rm_sim_destroy(sim);
}

static void one_core_never_yields(void)
{
	struct rm_sim *sim = small_ready(1);
	struct rm_sim_core *core = rm_sim_turn(sim);
	bool done = true;

	for (int i = 0; i < 1000; i++)
		done &= sim_access(core, (uint64_t)i * 64 % 65536, 8,
		        (enum rm_sim_kind)(i % 5));
	CHECK(done, "a single core never yields");
	CHECK(rm_sim_turn(sim) == core && core->count[RM_SIM_TURNS] == 1,
	        "the next turn of a single core is not counted as a switch");
	CHECK(rm_sim_finish(sim) == NULL && sim->waiting == 0,
	        "when the single core has finished, no core is left");
	rm_sim_spawn(sim, 0, 5);
	CHECK(rm_sim_turn(sim) == core && core->now > 1000,
	        "after a respawn the core continues at its own time");
	rm_sim_destroy(sim);
}

static void a_bound_is_a_deadline(void)
{
	struct rm_sim *sim = small_ready(2);
	struct rm_sim_core *core = rm_sim_turn(sim);

	rm_sim_set_bound(sim, 500);
	CHECK(core->due == 1, "a bound does not delay an earlier deadline");
	core = rm_sim_finish(sim);
	CHECK(core->due == 500, "the bound is the deadline of a single core");
	rm_sim_spend(core, 600);
	CHECK(!sim_access(core, 640, 8, RM_SIM_LOAD) &&
	                rm_sim_turn(sim) == core && core->now == 601 &&
	                core->count[RM_SIM_TURNS] == 1,
	        "at the bound the core takes a turn and continues");
	rm_sim_spawn(sim, 0, 800);
	CHECK(core->due == 500,
	        "the core continues even if the other core is spawned later "
	        "than the bound");
	rm_sim_destroy(sim);
}

static void a_spawn_is_a_deadline(void)
{
	struct rm_sim *sim = small(2);
	struct rm_sim_core *core;

	rm_sim_spawn(sim, 0, 1);
	core = rm_sim_turn(sim);
	rm_sim_spawn(sim, 1, 500);
	CHECK(core->due == 500,
	        "a core that is spawned before the bound sets the deadline");
	rm_sim_spend(core, 1000);
	core = rm_sim_turn(sim);
	CHECK(core->id == 1 && core->now == 500,
	        "the spawned core runs when its time comes");
	rm_sim_destroy(sim);
	sim = small(3);
	rm_sim_spawn(sim, 0, 1);
	rm_sim_spawn(sim, 1, 500);
	core = rm_sim_turn(sim);
	rm_sim_spawn(sim, 2, 900);
	CHECK(core->due == 500, "a later core does not change the deadline");
	rm_sim_destroy(sim);
}

static void sleepers_wake_in_order(void)
{
	struct rm_sim *sim = small_ready(4);
	struct rm_sim_core *core = NULL;
	unsigned order[3], woken;

	for (unsigned i = 0; i < 3; i++) {
		/* cores 3, 2 and 1 go to sleep in this order */
		core = sim_run_at(sim, 3 - i, 1000 * (i + 1));
		core = rm_sim_wait(sim, 4096, RM_SIM_FOREVER);
	}
	CHECK(core->id == 0 && sim->waiting == 3 && core->due == UINT64_MAX,
	        "sleepers do not run and set no deadline");
	CHECK(rm_sim_wake(sim, 8192, 9) == 0, "another futex wakes no core");
	rm_sim_spend(core, 10000);
	for (woken = 0; rm_sim_wake(sim, 4096, 1); woken++) {
		order[woken] = 0;
		for (unsigned id = 1; id < 4; id++)
			if (rm_sim_core(sim, id)->state == RM_SIM_READY &&
			        (woken == 0 ||
			                (order[0] != id &&
			                        (woken == 1 ||
			                                order[1] != id))))
				order[woken] = id;
	}
	CHECK(woken == 3 && order[0] == 3 && order[1] == 2 && order[2] == 1,
	        "the longest sleeper wakes first");
	CHECK(rm_sim_core(sim, 3)->now == core->now + 3000 &&
	                core->due == core->now + 3000,
	        "the woken core runs after the wake latency, which is now the "
	        "waker's deadline");
	CHECK(core->count[RM_SIM_FUTEX_WAKES] == 5 &&
	                rm_sim_count(sim, RM_SIM_FUTEX_WAITS) == 3,
	        "waits and wakes are counted");
	rm_sim_destroy(sim);
}

static void a_wait_may_end_by_itself(void)
{
	struct rm_sim *sim = small_ready(2);
	struct rm_sim_core *core = rm_sim_turn(sim), *sleeper = core;

	core = rm_sim_wait(sim, 64, 5000);
	CHECK(core->id == 1 && core->due == 5000,
	        "a wait with a timeout sets a deadline for other cores");
	rm_sim_spend(core, 5000);
	CHECK(rm_sim_turn(sim) == sleeper && sleeper->timed_out &&
	                sleeper->now == 5000 && sim->waiting == 0,
	        "a wait ends at its timeout as timed out");
	core = rm_sim_wait(sim, 64, 1000000);
	rm_sim_wake(sim, 64, 1);
	rm_sim_spend(core, 100000);
	CHECK(rm_sim_turn(sim) == sleeper && !sleeper->timed_out,
	        "a wait that a wake ends earlier has not timed out");
	rm_sim_destroy(sim);
}

static void a_deadlock_is_seen(void)
{
	struct rm_sim *sim = small_ready(3);

	rm_sim_turn(sim);
	rm_sim_finish(sim);
	rm_sim_wait(sim, 64, RM_SIM_FOREVER);
	CHECK(rm_sim_wait(sim, 128, RM_SIM_FOREVER) == NULL &&
	                sim->waiting == 2,
	        "if all wait or have finished, no core runs, and two are "
	        "waiting");
	rm_sim_destroy(sim);
}

/* Returns the hash of a random program on 9 cores. */
static uint64_t hash_of(uint64_t seed)
{
	enum { CORES = 9 };
	struct rm_sim *sim = small_ready(CORES);
	struct rm_sim_core *core = rm_sim_turn(sim);
	uint64_t rng[CORES], hash;

	for (unsigned id = 0; id < CORES; id++)
		rng[id] = rm_seed(seed, id);
	for (int step = 0; step < 40000; step++) {
		uint64_t was = rng[core->id], random = rm_next(&rng[core->id]);
		uint64_t line = rm_below(random, random & 1 ? 20 : 1000);

		if (sim_access(core, line * 64 + 8 * (random >> 4 & 7), 8,
		            (enum rm_sim_kind)((random >> 8 & 0xff) % 5)))
			continue;
		rng[core->id] = was;
		core = rm_sim_turn(sim);
	}
	hash = rm_sim_hash(sim);
	rm_sim_destroy(sim);
	return hash;
}

static void same_calls_same_counts(void)
{
	uint64_t first = hash_of(1);
	char *hole = malloc(12345); /* changes the addresses on the heap */
	bool same = true;

	for (int i = 0; i < 10; i++)
		same &= hash_of(1) == first;
	free(hole);
	CHECK(same, "the same calls give the same hash, whatever the heap's "
	            "addresses");
	CHECK(hash_of(2) != first, "other calls give another hash");
}

static void resets_are_of_counts_only(void)
{
	struct rm_sim *sim = small_ready(2);
	uint64_t cycles;

	rm_sim_region(sim, "table", 0, 128);
	sim_do(sim, 0, 0, 8, RM_SIM_STORE);
	sim_do(sim, 1, 4, 4, RM_SIM_STORE);
	cycles = rm_sim_cycles(sim);
	rm_sim_counts_reset(sim);
	CHECK(cycles > 0 && rm_sim_cycles(sim) == 0 &&
	                rm_sim_count(sim, RM_SIM_STORES) == 0 &&
	                rm_sim_region_at(sim, 1)->misses == 0,
	        "a reset clears counts, regions and the window's time");
	sim_do(sim, 1, 0, 8, RM_SIM_STORE);
	CHECK(rm_sim_count(sim, RM_SIM_STORE_MISSES) == 0, "a reset keeps the "
	                                                   "caches warm");
	sim_do(sim, 0, 0, 8, RM_SIM_LOAD);
	CHECK(rm_sim_count(sim, RM_SIM_COHERENCE_MISSES) == 1 &&
	                rm_sim_region_at(sim, 1)->coherence_misses == 1 &&
	                !strcmp(rm_sim_region_at(sim, 1)->name, "table"),
	        "after a reset the model still knows which lines were lost");
	rm_sim_destroy(sim);
}

static void regions_overlay(void)
{
	struct rm_sim *sim = small_ready(1);

	CHECK(rm_sim_region(sim, "heap", 0, 4096) == 1 &&
	                rm_sim_region(sim, "lock", 128, 1) == 2 &&
	                rm_sim_region(sim, "heap", 8192, 64) == 1 &&
	                rm_sim_region_at(sim, 1)->bytes == 4160 &&
	                rm_sim_region_at(sim, 3) == NULL,
	        "regions have names and may have several parts");
	CHECK(rm_sim_region(sim, "x", 65536, 1) < 0 &&
	                rm_sim_region(sim, "x", 65535, 2) < 0 &&
	                rm_sim_region(sim, "x", 5, 0) < 0,
	        "a region outside the space is rejected");
	sim_do(sim, 0, 128, 8, RM_SIM_LOAD);
	sim_do(sim, 0, 192, 8, RM_SIM_LOAD);
	sim_do(sim, 0, 5000, 8, RM_SIM_LOAD);
	CHECK(rm_sim_region_at(sim, 2)->misses == 1 &&
	                rm_sim_region_at(sim, 1)->misses == 1 &&
	                rm_sim_region_at(sim, 0)->misses == 1,
	        "where two regions overlap, the later one counts");
	rm_sim_destroy(sim);
}

int main(void)
{
	order_is_by_time();
	hits_may_run_ahead();
	upgrades_are_in_order();
	one_core_never_yields();
	a_bound_is_a_deadline();
	a_spawn_is_a_deadline();
	sleepers_wake_in_order();
	a_wait_may_end_by_itself();
	a_deadlock_is_seen();
	same_calls_same_counts();
	resets_are_of_counts_only();
	regions_overlay();
	return DONE();
}
