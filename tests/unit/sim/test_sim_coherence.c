/* SPDX-License-Identifier: Apache-2.0 */
/* test_sim_coherence.c - tests which cores hold lines, the costs of transfers,
   and the kinds of misses. */
#include "runner/sim/model/internal.h"
#include "tests/unit/sim/sim_fixture.h"
#include "tests/unit/tap.h"

enum { LINES = 40, CORES_MAX = 70 };

static uint64_t misses(const struct rm_sim_core *core)
{
	return core->count[RM_SIM_LOAD_MISSES] +
	       core->count[RM_SIM_STORE_MISSES];
}

/* Returns the tag bits of the line in all caches of a core, or RM_SIM_EMPTY. */
static uint32_t state_of(struct rm_sim *sim, unsigned id, uint32_t line)
{
	struct rm_sim_core *core = rm_sim_core(sim, id);
	uint32_t *above = rm_sim_l1d_peek(core, line), *below = NULL;

	if (sim->mach.l2.sets)
		below = rm_sim_l2_peek(core, line);
	if (!above && !below)
		return RM_SIM_EMPTY;
	return above ? *above : *below;
}

static bool line_is_sound(struct rm_sim *sim, uint32_t line)
{
	const struct rm_sim_entry *entry = &sim->dir[line];
	unsigned owners = 0, holders = 0;
	bool sound = true;

	for (unsigned id = 0; id < sim->cores; id++) {
		uint32_t tag = state_of(sim, id, line);
		bool held = tag != RM_SIM_EMPTY;
		bool owned = held && (tag & RM_SIM_OWNED);

		holders += held;
		owners += owned;
		sound &= held == rm_sim_bit(entry->holds, id);
		sound &= owned == (entry->owner == id + 1);
		sound &= !held || owned || !(tag & RM_SIM_DIRTY);
	}
	/* an exclusive LLC has no copy of a line that a core may modify */
	if (sim->llc && sim->mach.llc.inclusion == RM_SIM_VICTIM && owners)
		sound &= !rm_sim_find(
		        sim->llc + (line & sim->llc_mask) * sim->llc_stride,
		        rm_sim_padded(sim->mach.llc.ways), line);
	return sound && owners <= 1 && (owners == 0 || holders == 1);
}

static bool counts_add_up(const struct rm_sim *sim)
{
	bool right = true;

	for (unsigned id = 0; id < sim->cores; id++) {
		const struct rm_sim_core *core = rm_sim_core_at(sim, id);
		const uint64_t *n = core->count;

		right &= misses(core) == n[RM_SIM_COLD_MISSES] +
		                                 n[RM_SIM_CAPACITY_MISSES] +
		                                 n[RM_SIM_COHERENCE_MISSES];
		right &= n[RM_SIM_INVALIDATIONS] ==
		         n[RM_SIM_TRUE_INVALIDATIONS] +
		                 n[RM_SIM_FALSE_INVALIDATIONS];
		right &= n[RM_SIM_L2_MISSES] <= misses(core);
		right &= n[RM_SIM_COHERENCE_MISSES] <= n[RM_SIM_INVALIDATIONS];
	}
	return right;
}

static void random_stream(const char *l1d, const char *l2, const char *llc,
        unsigned cores, int steps)
{
	struct rm_sim_mach mach = sim_mach(l1d, l2, llc);
	struct rm_sim *sim = sim_start(&mach, cores, LINES * 64);
	uint64_t rng = rm_seed(11, cores);
	bool sound = true;
	char name[160];

	for (int step = 0; step < steps && sound; step++) {
		uint64_t random = rm_next(&rng);
		uint32_t line = (uint32_t)rm_below(random, LINES);
		unsigned kind = random >> 8 & 7;

		sim_do(sim, (random >> 16 & 0xffff) % cores,
		        line * 64 + 8 * (random & 7), 8,
		        kind < 4 ? RM_SIM_LOAD : (enum rm_sim_kind)(kind - 3));
		/* checks all lines, since the access may evict other lines */
		for (uint32_t i = 0; i < LINES; i++)
			sound &= line_is_sound(sim, i);
	}
	snprintf(name, sizeof(name),
	        "one owner or many sharers, and the directory agrees: %u "
	        "cores, l1d %s, l2 %s, llc %s",
	        cores, l1d, l2, llc);
	CHECK(sound, name);
	CHECK(counts_add_up(sim), "the counts add up");
	rm_sim_destroy(sim);
}

/* The state of a line in a core, in a simpler model. */
struct plain {
	bool held, had, taken, untouched;
	uint64_t used;
};

/* Returns the kind of the miss, or RM_SIM_COUNTS for a hit. */
static enum rm_sim_count plain_access(struct plain *all, unsigned cores,
        unsigned id, uint64_t bytes, bool writes)
{
	struct plain *mine = &all[id];
	enum rm_sim_count kind = RM_SIM_COUNTS;

	if (!mine->held) {
		kind = !mine->had        ? RM_SIM_COLD_MISSES
		       : !mine->taken    ? RM_SIM_CAPACITY_MISSES
		       : mine->untouched ? RM_SIM_FALSE_MISSES
		                         : RM_SIM_COHERENCE_MISSES;
		*mine = (struct plain){ .held = true, .had = true };
	}
	mine->used |= bytes;
	for (unsigned other = 0; writes && other < cores; other++)
		if (other != id && all[other].held) {
			all[other].held = false;
			all[other].taken = true;
			all[other].untouched = !(all[other].used & bytes);
		}
	return kind;
}

/* Lines leave a small L1d and return, while an L2 holds everything. These are
   capacity misses, and the record of used bytes must be kept. */
static void kinds_are_plain(const char *l1d, const char *l2)
{
	enum { CORES = 5 };
	static struct plain plain[LINES][CORES];
	struct rm_sim_mach mach = sim_mach(l1d, l2, "64Ki 8-way lru victim");
	struct rm_sim *sim = sim_start(&mach, CORES, LINES * 64);
	uint64_t rng = rm_seed(12, 0);
	bool same = true;
	char name[128];

	memset(plain, 0, sizeof(plain));
	for (int step = 0; step < 60000 && same; step++) {
		uint64_t random = rm_next(&rng), before[RM_SIM_COUNTS];
		uint32_t line = (uint32_t)rm_below(random, LINES);
		unsigned id = (random >> 16 & 0xffff) % CORES;
		unsigned at = random >> 40 & 31, size = 1 + (random >> 50 & 15);
		bool writes = (random & 7) == 0;
		struct rm_sim_core *core = rm_sim_core(sim, id);
		enum rm_sim_count kind = plain_access(
		        plain[line], CORES, id, rm_sim_bytes(at, size), writes);

		memcpy(before, core->count, sizeof(before));
		sim_do(sim, id, line * 64 + at, size,
		        writes ? RM_SIM_STORE : RM_SIM_LOAD);
		for (int i = 0; i < RM_SIM_COUNTS; i++)
			before[i] = core->count[i] - before[i];
		same = before[RM_SIM_COLD_MISSES] ==
		               (kind == RM_SIM_COLD_MISSES) &&
		       before[RM_SIM_FALSE_MISSES] ==
		               (kind == RM_SIM_FALSE_MISSES) &&
		       before[RM_SIM_COHERENCE_MISSES] ==
		               (kind == RM_SIM_FALSE_MISSES ||
		                       kind == RM_SIM_COHERENCE_MISSES) &&
		       (before[RM_SIM_CAPACITY_MISSES] == 0 || mach.l2.sets);
	}
	snprintf(name, sizeof(name),
	        "each miss has the kind of the plain model: l1d %s, l2 %s", l1d,
	        l2);
	CHECK(same, name);
	rm_sim_destroy(sim);
}

static void a_replaced_line_is_no_coherence_miss(void)
{
	struct rm_sim_mach mach = sim_mach("128 2-way lru", "none", "none");
	struct rm_sim *sim = sim_start(&mach, 2, LINES * 64);
	const uint64_t *n = rm_sim_core(sim, 0)->count;

	for (uint32_t line = 0; line < 3; line++)
		sim_do(sim, 0, line * 64, 8, RM_SIM_LOAD);
	CHECK(n[RM_SIM_COLD_MISSES] == 3 && n[RM_SIM_REPLACEMENTS] == 1,
	        "three lines in two ways: three cold misses, one replacement");
	sim_do(sim, 1, 0, 8, RM_SIM_STORE);
	CHECK(n[RM_SIM_INVALIDATIONS] == 0,
	        "a write to an evicted line invalidates nothing");
	sim_do(sim, 0, 0, 8, RM_SIM_LOAD);
	CHECK(n[RM_SIM_CAPACITY_MISSES] == 1 && n[RM_SIM_COHERENCE_MISSES] == 0,
	        "the miss is a capacity miss, although another core wrote the "
	        "line");
	CHECK(n[RM_SIM_TRANSFERS_MODIFIED] == 1,
	        "the line then comes from the core that wrote it");
	rm_sim_destroy(sim);
}

/* Returns the false misses of core 0, which has used byte 0, after core 1 has
   written at `first` and then at `then`. */
static uint64_t false_misses(uint64_t first, uint64_t then)
{
	struct rm_sim_mach mach = sim_mach("128 2-way lru", "none", "none");
	struct rm_sim *sim = sim_start(&mach, 2, LINES * 64);
	uint64_t misses;

	sim_do(sim, 0, 0, 8, RM_SIM_LOAD);
	sim_do(sim, 1, first, 8, RM_SIM_STORE);
	sim_do(sim, 1, then, 8, RM_SIM_STORE);
	sim_do(sim, 0, 0, 8, RM_SIM_LOAD);
	misses = rm_sim_count(sim, RM_SIM_FALSE_MISSES);
	rm_sim_destroy(sim);
	return misses;
}

/* The rule is in docs/method/simulator.md. */
static void the_first_write_decides(void)
{
	CHECK(false_misses(8, 0) == 1 && false_misses(0, 8) == 0,
	        "the first write that takes a line decides on false sharing");
}

static void an_inclusive_l2_takes_the_line_above_along(void)
{
	struct rm_sim_mach mach =
	        sim_mach("256 4-way lru", "128 2-way lru inclusive", "none");
	struct rm_sim *sim = sim_start(&mach, 1, LINES * 64);
	const uint64_t *n = rm_sim_core(sim, 0)->count;

	sim_do(sim, 0, 0, 8, RM_SIM_LOAD);
	sim_do(sim, 0, 0, 8, RM_SIM_STORE);
	sim_do(sim, 0, 64, 8, RM_SIM_LOAD);
	sim_do(sim, 0, 128, 8, RM_SIM_LOAD);
	CHECK(n[RM_SIM_WRITEBACKS] == 1 && n[RM_SIM_REPLACEMENTS] == 0,
	        "an eviction from an inclusive L2 also evicts from L1d");
	rm_sim_destroy(sim);
}

/* Returns the time of one access of core `id` without contention. */
static uint64_t cost_of(
        struct rm_sim *sim, unsigned id, uint64_t offset, enum rm_sim_kind kind)
{
	struct rm_sim_core *core = rm_sim_core(sim, id);
	uint64_t before = core->now + 100000; /* no line is busy any more */

	sim_run_at(sim, id, before);
	return sim_access(core, offset, 8, kind) ? core->now - before : 0;
}

static void costs_are_the_descriptions(void)
{
	struct rm_sim_mach mach = sim_mach("128 2-way lru",
	        "256 4-way lru victim", "512 8-way lru victim");
	struct rm_sim *sim = sim_start(&mach, 3, LINES * 64);

	CHECK(cost_of(sim, 0, 0, RM_SIM_LOAD) == 1003,
	        "a line from memory costs base + l1d-hit + memory");
	CHECK(cost_of(sim, 0, 8, RM_SIM_STORE) == 3,
	        "writing an exclusively held line causes no traffic");
	CHECK(cost_of(sim, 0, 8, RM_SIM_RMW) == 19,
	        "a read-modify-write adds its own cost");
	CHECK(cost_of(sim, 1, 0, RM_SIM_LOAD) == 203,
	        "a line from the core that wrote it costs a transfer");
	CHECK(cost_of(sim, 2, 0, RM_SIM_LOAD) == 103,
	        "shared lines are in the LLC");
	CHECK(cost_of(sim, 0, 0, RM_SIM_STORE) == 53,
	        "making a shared line writable costs an upgrade");
	CHECK(rm_sim_core(sim, 0)->count[RM_SIM_UPGRADES] == 1 &&
	                rm_sim_count(sim, RM_SIM_INVALIDATIONS) == 2,
	        "the upgrade invalidates the line in both other cores");
	for (uint64_t line = 1; line <= 2; line++)
		cost_of(sim, 0, line * 64, RM_SIM_LOAD);
	CHECK(cost_of(sim, 0, 0, RM_SIM_STORE) == 13,
	        "a line evicted from L1d but still owned costs an l2-hit");
	for (uint64_t line = 1; line <= 7; line++)
		cost_of(sim, 0, line * 64, RM_SIM_LOAD);
	CHECK(cost_of(sim, 0, 0, RM_SIM_LOAD) == 103,
	        "a line evicted from L2 costs an llc-hit");
	CHECK(rm_sim_core(sim, 0)->count[RM_SIM_WRITEBACKS] == 1,
	        "a modified line is written back on eviction");
	rm_sim_destroy(sim);
}

static void ping_pong_costs_what_is_described(void)
{
	enum { ROUNDS = 1000 };
	struct rm_sim_mach mach = sim_mach("4Ki 4-way lru", "none", "none");
	struct rm_sim *sim = sim_start(&mach, 2, 4096);
	uint64_t time, began;
	bool done = true;

	sim_do(sim, 0, 0, 8, RM_SIM_STORE);
	sim_do(sim, 1, 0, 8, RM_SIM_STORE);
	rm_sim_counts_reset(sim);
	/* the cores write in turn, when the line is not busy */
	time = began = rm_sim_core(sim, 1)->now + 1000;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct rm_sim_core *core = sim_run_at(sim, i % 2, time);

		done &= sim_access(core, 0, 8, RM_SIM_STORE);
		time = core->now;
	}
	CHECK(rm_sim_count(sim, RM_SIM_TRANSFERS_MODIFIED) == ROUNDS &&
	                rm_sim_count(sim, RM_SIM_COHERENCE_MISSES) == ROUNDS,
	        "ping-pong: each write is one coherence miss and one transfer");
	CHECK(done && time - began == ROUNDS * (200 + 3),
	        "each ping-pong write costs exactly transfer + base + l1d-hit");
	rm_sim_destroy(sim);
}

static void transfers_of_a_line_queue(void)
{
	enum { CORES = 8 };
	struct rm_sim_mach mach = sim_mach("4Ki 4-way lru", "none", "none");
	struct rm_sim *sim = sim_make(&mach, CORES, 4096);
	struct rm_sim_core *core;
	bool queued;

	rm_sim_spawn(sim, 0, 1);
	core = rm_sim_turn(sim);
	queued = sim_access(core, 0, 8, RM_SIM_STORE);
	for (unsigned id = 1; id < CORES; id++)
		rm_sim_spawn(sim, id, 1000000);
	core = rm_sim_finish(sim);
	/* all cores write at the same time; each makes the line busy for 30
	   cycles */
	for (unsigned i = 1; i < CORES; i++) {
		queued &= core->now == 1000000 && core->id == i &&
		          sim_access(core, 0, 8, RM_SIM_STORE) &&
		          core->now == 1000000 + 30 * (i - 1) + 203;
		core = rm_sim_turn(sim);
	}
	CHECK(queued, "cores that access one line at the same time queue");
	CHECK(rm_sim_count(sim, RM_SIM_WAIT_CYCLES) ==
	                30 * (CORES - 2) * (CORES - 1) / 2,
	        "the wait is counted");
	rm_sim_destroy(sim);
}

/* Returns the invalidations per operation if each core increments a counter. */
static double invalidations(unsigned cores, unsigned stride, bool *all_false)
{
	enum { ROUNDS = 2000 };
	struct rm_sim_mach mach = sim_mach("32Ki 8-way lru",
	        "256Ki 8-way lru victim", "1Mi 16-way lru victim");
	struct rm_sim *sim = sim_start(&mach, cores, 1 << 16);
	struct rm_sim_core *core = rm_sim_turn(sim);
	unsigned left[CORES_MAX], ready = cores;
	double per_op;

	for (unsigned id = 0; id < cores; id++)
		left[id] = ROUNDS;
	while (ready > 0) {
		if (sim_access(
		            core, (uint64_t)core->id * stride, 8, RM_SIM_RMW) &&
		        --left[core->id] == 0) {
			ready--;
			core = rm_sim_finish(sim);
			continue;
		}
		core = rm_sim_turn(sim);
	}
	*all_false = rm_sim_count(sim, RM_SIM_TRUE_INVALIDATIONS) == 0;
	per_op = (double)rm_sim_count(sim, RM_SIM_FALSE_INVALIDATIONS) /
	         ((double)cores * ROUNDS);
	rm_sim_destroy(sim);
	return per_op;
}

static void padding_ends_false_sharing(void)
{
	bool all_false;
	double near = invalidations(8, 8, &all_false);

	printf("# 8 counters 8 bytes apart: %.4f a write\n", near);
	CHECK(near > 0.99 && near <= 1 && all_false,
	        "counters in one line cause one false invalidation per "
	        "addition");
	CHECK(invalidations(8, 64, &all_false) == 0 && all_false,
	        "counters in separate lines cause none");
	near = invalidations(CORES_MAX, 0, &all_false);
	CHECK(near == 0 && !all_false, "one counter for all is true sharing");
}

/* Regression test: lines of globals overflowed their tags, always missed and
   corrupted a set. */
static void the_last_line_is_a_line(void)
{
	struct rm_sim_mach mach = sim_mach("1Ki 2-way lru",
	        "4Ki 4-way lru victim", "8Ki 4-way lru victim");
	struct rm_error error = { "" };
	struct rm_sim *sim = NULL;
	uint64_t last = RM_SIM_SPACE_BYTES - 64;

	CHECK(rm_sim_create(&mach, 1, RM_SIM_SPACE_BYTES + 1, &sim, &error) <
	                        0 &&
	                strstr(error.text, "expected 1 to"),
	        "a space whose lines would overflow a tag is rejected");
	error.text[0] = '\0';
	if (rm_sim_create(&mach, 1, RM_SIM_SPACE_BYTES, &sim, &error)) {
		SKIP("the last line of the space works like other lines",
		        error.text);
		return;
	}
	rm_sim_spawn(sim, 0, 1);
	for (int i = 0; i < 10; i++) {
		sim_do(sim, 0, last, 8, RM_SIM_STORE);
		sim_do(sim, 0, 0, 8, RM_SIM_LOAD);
	}
	CHECK(rm_sim_count(sim, RM_SIM_COLD_MISSES) == 2 &&
	                misses(rm_sim_core(sim, 0)) == 2,
	        "the last line of the space works like other lines");
	rm_sim_destroy(sim);
}

int main(void)
{
	random_stream("512 2-way lru", "none", "none", 3, 20000);
	random_stream("512 2-way plru", "1Ki 4-way lru victim",
	        "2Ki 4-way lru victim", 4, 20000);
	random_stream("512 4-way lru", "1Ki 4-way lru inclusive",
	        "2Ki 4-way lru fill", 4, 20000);
	random_stream("256 4-way lru", "512 8-way lru victim", "none",
	        CORES_MAX, 1500);
	kinds_are_plain("32Ki 8-way lru", "none");
	kinds_are_plain("256 2-way lru", "32Ki 8-way lru victim");
	kinds_are_plain("256 2-way lru", "32Ki 8-way lru inclusive");
	a_replaced_line_is_no_coherence_miss();
	the_first_write_decides();
	an_inclusive_l2_takes_the_line_above_along();
	costs_are_the_descriptions();
	ping_pong_costs_what_is_described();
	transfers_of_a_line_queue();
	padding_ends_false_sharing();
	the_last_line_is_a_line();
	return DONE();
}
