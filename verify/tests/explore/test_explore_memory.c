/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_memory.c - tests memory models beyond the litmus tests: sizes,
 * ends of places, bounds, and freed memory. Also tests that a list of turns
 * replays which stores were read and when stores left their buffers.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "runner/base/rng.h"
#include "runner/sim/guest/guest.h"
#include "tests/unit/sim/tsan_calls.h"
#include "tests/unit/tap.h"
#include "verify/explore/heap.h"
#include "verify/explore/memory.h"
#include "verify/tests/explore/explore_litmus.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = 16, STEPS_MOST = 10000, MANY = 20, AGAIN = 300 };

enum { RELAXED = __ATOMIC_RELAXED };

/* There is one world per process. */
static struct {
	void (*lane[3])(uint64_t *word);
	uint64_t *word, seen[4];
	unsigned lanes;
} world;

static void lane_main(struct rm_explore_lane *lane)
{
	world.lane[lane->id - 1](world.word);
}

static void main_thread(struct rm_explore_lane *lane)
{
	(void)lane;
	world.word = rm_sim_calloc(WORDS, sizeof(*world.word));
	for (unsigned i = 1; i <= world.lanes; i++)
		rm_explore_clocks_fork(i);
	rm_explore_run_threads(world.lanes, lane_main);
}

static enum rm_explore_fault play(void (*one)(uint64_t *),
        void (*two)(uint64_t *), enum rm_explore_memory memory,
        struct rm_explore_schedule *schedule)
{
	world.lanes = 2;
	world.lane[0] = one;
	world.lane[1] = two;
	memset(world.seen, 0, sizeof(world.seen));
	rm_explore_heap_reset();
	rm_explore_clocks_reset();
	rm_explore.model = rm_explore_model_of(memory);
	rm_explore_places_reset();
	rm_explore_begin(schedule, STEPS_MOST, main_thread);
	return rm_explore.finding.fault;
}

static enum rm_explore_fault play_listed(void (*one)(uint64_t *),
        void (*two)(uint64_t *), enum rm_explore_memory memory,
        struct rm_explore_turn *turn, size_t count)
{
	const struct rm_explore_turns turns = { turn, count, count };
	struct rm_explore_schedule listed = { .scheduler = &rm_explore_listed,
		.list = &turns };

	return play(one, two, memory, &listed);
}

static void nothing(uint64_t *word)
{
	(void)word;
}

static void by_eight(uint64_t *word)
{
	__tsan_atomic64_store(word, 1, RELAXED);
}

static void by_four(uint64_t *word)
{
	__tsan_atomic32_load((uint32_t *)word + 1, RELAXED);
}

static void by_four_anew(uint64_t *word)
{
	__tsan_atomic64_store(word, 1, RELAXED);
	__tsan_write8(word);
	*word = 0;
	__tsan_atomic32_load((uint32_t *)word, RELAXED);
}

static void sizes(void)
{
	static const enum rm_explore_memory models[] = { RM_EXPLORE_TSO,
		RM_EXPLORE_C11 };

	CHECK(!play_listed(by_eight, by_four, RM_EXPLORE_SC, NULL, 0),
	        "without a model, sizes may differ");
	for (int i = 0; i < 2; i++) {
		enum rm_explore_fault fault =
		        play_listed(by_eight, by_four, models[i], NULL, 0);

		CHECK(fault == RM_EXPLORE_MISUSE &&
		                strstr(rm_explore.finding.what, "mixed sizes"),
		        "overlapping atomics of two sizes are a misuse");
		CHECK(rm_explore.finding.site[0] && rm_explore.finding.site[1],
		        "both sites are reported");
		CHECK(!play_listed(by_four_anew, nothing, models[i], NULL, 0),
		        "after a plain write a word is another object, of any "
		        "size");
	}
}

static void counts_up(uint64_t *word)
{
	for (uint64_t i = 1; i <= MANY; i++)
		__tsan_atomic64_store(word, i, RELAXED);
}

static void looks_once(uint64_t *word)
{
	world.seen[0] = __tsan_atomic64_load(word, RELAXED);
}

static void looks_plainly(uint64_t *word)
{
	__tsan_atomic64_store(word, 1, RELAXED);
	__tsan_atomic64_store(word + 8, 1, RELAXED);
	__tsan_read8(word + 8);
	world.seen[0] = word[8];
	world.seen[1] = *word;
}

static void stores_twice(uint64_t *word)
{
	__tsan_atomic64_store(word, 1, RELAXED);
	__tsan_atomic64_store(word, 2, RELAXED);
	looks_once(word);
}

static void bounds(void)
{
	/* a lane's beginning is a step */
	struct rm_explore_turn far[] = { { 1, 1 + MANY, 0 }, { 2, 2, 100 } };
	struct rm_explore_turn near[] = { { 1, 1 + MANY, 0 }, { 2, 2, 2 } };

	play_listed(counts_up, looks_once, RM_EXPLORE_C11, far, 2);
	CHECK(world.seen[0] == MANY - 7, "the last eight stores are kept");
	play_listed(counts_up, looks_once, RM_EXPLORE_C11, near, 2);
	CHECK(world.seen[0] == MANY - 2, "a turn decides which store is read");
	play_listed(counts_up, looks_once, RM_EXPLORE_TSO, far, 2);
	CHECK(world.seen[0] == MANY - 16, "a buffer has sixteen stores");
	play_listed(stores_twice, nothing, RM_EXPLORE_TSO, NULL, 0);
	CHECK(world.seen[0] == 2, "a lane reads its own last store");
	play_listed(looks_plainly, nothing, RM_EXPLORE_TSO, NULL, 0);
	CHECK(world.seen[0] == 1 && world.seen[1] == 1,
	        "a plain read of a lane's own store drains its buffer");
}

static void writes_beside(uint64_t *word)
{
	uint32_t *half = (uint32_t *)word;

	__tsan_atomic32_store(half + 1, 1, RELAXED);
	__tsan_atomic32_store(half + 1, 2, RELAXED);
	__tsan_write4(half);
	*half = 7;
}

static void looks_at_upper(uint64_t *word)
{
	world.seen[0] = __tsan_atomic32_load((uint32_t *)word + 1, RELAXED);
}

static void looks_at_lower(uint64_t *word)
{
	world.seen[0] = __tsan_atomic32_load((uint32_t *)word, RELAXED);
}

static void stores_beside(uint64_t *word)
{
	uint32_t *half = (uint32_t *)word;

	__tsan_atomic32_store(half, 1, RELAXED);
	__tsan_atomic32_store(half, 2, RELAXED);
	__tsan_write4(half + 1);
	half[1] = 7;
}

/* A plain write ends only the places that it overlaps. */
static void neighbours(void)
{
	struct rm_explore_turn back[] = { { 1, 4, 0 }, { 2, 2, 1 } };

	CHECK(!play_listed(
	              writes_beside, looks_at_upper, RM_EXPLORE_C11, back, 2) &&
	                world.seen[0] == 1,
	        "a plain write of the lower half keeps the upper one's stores");
	CHECK(!play_listed(
	              stores_beside, looks_at_lower, RM_EXPLORE_C11, back, 2) &&
	                world.seen[0] == 1,
	        "a plain write of the upper half keeps the lower one's stores");
}

static void stores_once(uint64_t *word)
{
	__tsan_atomic64_store(word, 1, RELAXED);
	__tsan_atomic64_load(word + 8, RELAXED);
}

static void frees(uint64_t *word)
{
	rm_sim_free(word);
}

/* Orders accesses by a clock only, which does not drain the store buffer. */
static void stores_and_gives(uint64_t *word)
{
	__tsan_atomic64_store(word, 1, RELAXED);
	rm_explore_release(word + 8);
	__tsan_atomic64_load(word + 8, RELAXED);
}

static void takes_and_frees(uint64_t *word)
{
	__tsan_atomic64_load(word + 8, RELAXED);
	rm_explore_acquire(word + 8);
	rm_sim_free(word);
}

static void stores_and_frees(uint64_t *word)
{
	uint64_t *block = rm_sim_malloc(8);

	__tsan_atomic64_store(word, 1, RELAXED);
	__tsan_atomic64_store(block, 1, RELAXED);
	rm_sim_free(block);
}

static void freed_memory(void)
{
	struct rm_explore_turn late[] = { { 1, 2, 0 }, { 2, 9, 0 },
		{ 1 + RM_EXPLORE_BUFFERS_AT, 1, 0 }, { 1, 9, 0 } };

	CHECK(play_listed(stores_once, frees, RM_EXPLORE_TSO, late, 4) ==
	                        RM_EXPLORE_FREED &&
	                strstr(rm_explore.finding.what, "nothing orders"),
	        "a free that is not ordered after a store is reported");
	CHECK(play_listed(stores_and_gives, takes_and_frees, RM_EXPLORE_TSO,
	              late, 4) == RM_EXPLORE_FREED &&
	                strstr(rm_explore.finding.what, "leaves its buffer"),
	        "a store that drains into freed memory is reported");
	CHECK(!play_listed(stores_and_frees, nothing, RM_EXPLORE_TSO, NULL, 0),
	        "a free drains the lane's own stores to the block");
}

static void writes_all(uint64_t *word)
{
	for (unsigned i = 0; i < WORDS; i++)
		__tsan_atomic64_store(word + i, i + 1, RELAXED);
	world.seen[2] = __tsan_atomic64_fetch_add(word, 1, RELAXED);
}

static void reads_all(uint64_t *word)
{
	for (unsigned i = WORDS; i-- > 0;)
		world.seen[0] = world.seen[0] * 31 +
		                __tsan_atomic64_load(word + i, RELAXED);
	__tsan_atomic64_store(word, 9, RELAXED);
	for (unsigned i = 0; i < WORDS; i++)
		world.seen[1] = world.seen[1] * 31 +
		                __tsan_atomic64_load(word + i, RELAXED);
}

static bool equal(
        const struct rm_explore_turns *a, const struct rm_explore_turns *b)
{
	return a->count == b->count &&
	       !memcmp(a->turn, b->turn, a->count * sizeof(*a->turn));
}

/* Plays a drawn schedule, then the list of its turns; true if both have equal
   results. Adds to `weak` the number of turns that affect memory. */
static bool plays_again(const struct rm_explore_scheduler *scheduler,
        enum rm_explore_memory memory, uint64_t seed, unsigned *weak)
{
	struct rm_explore_turns taken = { NULL, 0, 0 }, replay = { NULL, 0, 0 };
	struct rm_explore_schedule drawn = { .scheduler = scheduler,
		.rng = rm_seed(1, seed),
		.horizon = 60,
		.depth = 3,
		.taken = &taken };
	struct rm_explore_schedule listed = { .scheduler = &rm_explore_listed,
		.list = &taken,
		.taken = &replay };
	uint64_t seen[4];
	bool same;

	play(writes_all, reads_all, memory, &drawn);
	memcpy(seen, world.seen, sizeof(seen));
	play(writes_all, reads_all, memory, &listed);
	same = equal(&taken, &replay) &&
	       !memcmp(seen, world.seen, sizeof(seen));
	for (size_t i = 0; i < taken.count; i++)
		*weak += taken.turn[i].back ||
		         taken.turn[i].lane >= RM_EXPLORE_BUFFERS_AT;
	free(taken.turn);
	free(replay.turn);
	return same;
}

static void lists(enum rm_explore_memory memory)
{
	unsigned weak = 0;
	bool same = true;

	for (uint64_t seed = 0; seed < AGAIN; seed++)
		same &= plays_again(
		        seed % 2 ? &rm_explore_pct : &rm_explore_random, memory,
		        seed, &weak);
	printf("# %s: %u turns decide about memory\n",
	        rm_explore_memory_name[memory], weak);
	CHECK(same, "a list of turns replays the same schedule");
	CHECK((weak > AGAIN) == (memory != RM_EXPLORE_SC),
	        "turns decide about memory only under a model");
}

/* The main thread accesses words alone after all lanes have ended; the events
   of those lanes must keep their values. */
static void values(void)
{
	struct rm_explore_event trace[4];
	struct rm_explore_lane lane = { .id = 1 };

	rm_explore.trace = trace;
	rm_explore.trace_room = 4;
	rm_explore.trace_count = 0;
	rm_explore.running = &lane;
	rm_explore.alone = false;
	rm_explore_note(RM_EXPLORE_STORES, trace);
	rm_explore_note_value(5, 8);
	rm_explore.alone = true;
	rm_explore_note_value(9, 8);
	CHECK(rm_explore.trace_count == 1 && trace[0].value == 5 &&
	                trace[0].bytes == 8,
	        "an event keeps its value while the main thread is alone");
	rm_explore.trace = NULL;
	rm_explore.alone = false;
	rm_explore.running = NULL;
}

/* True if lane 1's events, after its beginning, are of these kinds. */
static bool kinds_are(
        enum rm_explore_memory memory, enum rm_explore_kind first, size_t count)
{
	struct rm_explore_event trace[4];
	bool same;

	rm_explore.trace = trace;
	rm_explore.trace_room = 4;
	same = !play_listed(by_eight, nothing, memory, NULL, 0) &&
	       rm_explore.trace_count == count && trace[0].lane == 1 &&
	       trace[0].kind == first && trace[0].value == 1 &&
	       (count == 1 || (trace[1].kind == RM_EXPLORE_LEAVES &&
	                              trace[1].lane == 1 &&
	                              trace[1].site == trace[0].site));
	rm_explore.trace = NULL;
	return same;
}

static void traced(void)
{
	CHECK(kinds_are(RM_EXPLORE_SC, RM_EXPLORE_STORES, 1),
	        "a store is one event");
	CHECK(kinds_are(RM_EXPLORE_TSO, RM_EXPLORE_WAITS, 2),
	        "a buffered store is two events");
	CHECK(kinds_are(RM_EXPLORE_C11, RM_EXPLORE_STORES, 1),
	        "without buffers a store is one event");
}

int main(void)
{
	struct rm_error error = { "" };

	if (rm_explore_open(&error)) {
		CHECK(false, error.text);
		return DONE();
	}
	sizes();
	bounds();
	neighbours();
	freed_memory();
	lists(RM_EXPLORE_SC);
	lists(RM_EXPLORE_TSO);
	lists(RM_EXPLORE_C11);
	values();
	traced();
	return DONE();
}
