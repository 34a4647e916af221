/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_starved.c - tests that a schedule that runs out of host memory,
 * at any of its allocations, ends without a finding, and runs to its end when
 * memory suffices. The test sets the available memory.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "verify/explore/tree.h"
#include "verify/tests/explore/explore_lanes.h"

#include <limits.h>
#include <stdlib.h>

enum { MANY = 1500, FENCES = 200, ALLOWED = 1 };

void *__libc_malloc(size_t bytes);
void *__libc_realloc(void *old, size_t bytes);

static long blocks_left = LONG_MAX; /* allocations that still succeed */

void *malloc(size_t bytes)
{
	return blocks_left-- > 0 ? __libc_malloc(bytes) : NULL;
}

void *realloc(void *old, size_t bytes)
{
	return blocks_left-- > 0 ? __libc_realloc(old, bytes) : NULL;
}

/* Returns how often a schedule runs out of memory if each attempt gets ALLOWED
   more blocks. -1: it ended with a fault. */
static int starves(struct rm_explore_schedule schedule)
{
	int times = 0;

	for (bool again = true; again; times += again) {
		struct rm_explore_schedule one = schedule;
		enum rm_explore_fault fault;

		if (one.taken)
			one.taken->count = 0;
		blocks_left = times ? ALLOWED : 0;
		fault = play(&one);
		rm_explore_clocks_undo();
		blocks_left = LONG_MAX;
		again = rm_explore.starved;
		if (fault) {
			printf("# %s\n", rm_explore.finding.what);
			return -1;
		}
	}
	return times;
}

static int alone_starves(void (*lane)(struct shared *shared))
{
	const struct rm_explore_turns none = { NULL, 0, 0 };

	lanes(lane, NULL, NULL);
	return starves((struct rm_explore_schedule){
	        .scheduler = &rm_explore_listed, .list = &none });
}

static void has_blocks(struct shared *shared)
{
	(void)shared;
	for (unsigned i = 0; i < MANY; i++)
		rm_sim_free(rm_sim_malloc(8));
}

static void stores_words(struct shared *shared)
{
	uint64_t *word = rm_sim_malloc(MANY * sizeof(*word));

	(void)shared;
	for (unsigned i = 0; i < MANY; i++)
		__tsan_atomic64_store(&word[i], i, __ATOMIC_RELEASE);
	rm_sim_free(word);
}

static void writes_globals(struct shared *shared)
{
	static uint64_t global[MANY];

	(void)shared;
	for (unsigned i = 0; i < MANY; i++)
		__tsan_write8(&global[i]);
}

static void fences(struct shared *shared)
{
	(void)shared;
	for (unsigned i = 0; i < FENCES; i++)
		__tsan_atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void steps(struct shared *shared)
{
	for (unsigned i = 0; i < MANY; i++)
		__tsan_atomic64_load(&shared->word[0], __ATOMIC_RELAXED);
}

/* The expected number: how often each array doubles from its first size up to
 * MANY. */
static void sequential(void)
{
	CHECK(alone_starves(has_blocks) == 1, "heap blocks need host memory");
	CHECK(alone_starves(stores_words) == 3,
	        "synchronisation objects need host memory");
	CHECK(alone_starves(writes_globals) == 3,
	        "globals that are restored need host memory");
}

static void modelled(void)
{
	world.memory = RM_EXPLORE_C11;
	rm_explore.model = rm_explore_model_of(world.memory);
	blocks_left = 0;
	CHECK(!rm_explore_places_reset(),
	        "a model that cannot begin returns false");
	blocks_left = LONG_MAX;
	CHECK(rm_explore_places_reset(), "a model begins when there is memory");
	CHECK(alone_starves(stores_words) == 8,
	        "places and their stores need host memory");
	CHECK(alone_starves(fences) == 2, "fences need host memory");
	world.memory = RM_EXPLORE_SC;
}

/* Under the exhaustive scheduler each step of the two lanes is a decision;
 * under the random one few steps are. */
static void decided(void)
{
	struct rm_explore_turns taken = { NULL, 0, 0 };
	struct rm_explore_tree tree = { .most = 0 };

	lanes(steps, steps, NULL);
	CHECK(starves((struct rm_explore_schedule){
	              .scheduler = &rm_explore_random,
	              .rng = 5,
	              .taken = &taken }) > 0,
	        "recorded turns need host memory");
	CHECK(starves((struct rm_explore_schedule){
	              .scheduler = &rm_explore_exhaustive, .tree = &tree }) ==
	                5,
	        "decisions of the exhaustive scheduler need host memory");
	free(taken.turn);
	rm_explore_tree_clear(&tree);
}

static void all(void)
{
	sequential();
	modelled();
	decided();
}

int main(void)
{
	return test_lanes(all);
}
