/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explore_lanes.h - for tests of locks: runs up to three lanes that share
 * locks, on the runtime of explored maps. In a list of turns, a lane has one
 * step for its beginning and one for each call.
 */
#ifndef RM_TESTS_EXPLORE_LANES_H
#define RM_TESTS_EXPLORE_LANES_H

#include "runner/sim/guest/guest.h"
#include "tests/unit/sim/tsan_calls.h"
#include "tests/unit/tap.h"
#include "verify/explore/heap.h"
#include "verify/explore/locks.h"
#include "verify/explore/memory.h"

#include <string.h>

enum { LANES = 3, STEPS_MOST = 10000, SEEDS = 200, ON = 9 /* until it ends */ };

/* Shared by all lanes; in the explored heap. */
struct shared {
	pthread_rwlock_t rwlock;
	pthread_mutex_t mutex;
	pthread_spinlock_t spin;
	pthread_cond_t cond;
	pthread_barrier_t barrier;
	uint64_t word[4];
};

/* There is one world per process. */
static struct {
	void (*lane[LANES])(struct shared *shared);
	unsigned lanes;
	const pthread_rwlockattr_t *rwlock_kind;
	const pthread_mutexattr_t *mutex_kind;
	enum rm_explore_memory memory;
	struct shared *shared;
	char order[32]; /* letters recorded by the lanes, in order */
	unsigned inside, both;
	unsigned failed; /* calls that did not return 0, in all plays */
} world;

static inline void record(char letter)
{
	world.order[strlen(world.order)] = letter;
}

static inline void fine(int status)
{
	world.failed += status != 0;
}

static void lane_main(struct rm_explore_lane *lane)
{
	world.lane[lane->id - 1](world.shared);
}

static void main_thread(struct rm_explore_lane *lane)
{
	struct shared *shared = rm_sim_malloc(sizeof(*shared));

	(void)lane;
	/* the result must not depend on the previous contents of the lock */
	memset(shared, 0xff, sizeof(*shared));
	fine(rm_sim_rwlock_init(&shared->rwlock, world.rwlock_kind));
	fine(rm_sim_mutex_init(&shared->mutex, world.mutex_kind));
	fine(rm_sim_spin_init(&shared->spin, 0));
	fine(rm_sim_cond_init(&shared->cond, NULL));
	fine(rm_sim_barrier_init(&shared->barrier, NULL, world.lanes));
	memset(shared->word, 0, sizeof(shared->word));
	world.shared = shared;
	for (unsigned i = 1; i <= world.lanes; i++)
		rm_explore_clocks_fork(i);
	rm_explore_run_threads(world.lanes, lane_main);
	fine(rm_sim_rwlock_destroy(&shared->rwlock));
	fine(rm_sim_mutex_destroy(&shared->mutex));
	fine(rm_sim_spin_destroy(&shared->spin));
	fine(rm_sim_cond_destroy(&shared->cond));
	fine(rm_sim_barrier_destroy(&shared->barrier));
	rm_sim_free(shared);
	rm_explore_heap_leaks();
}

static inline enum rm_explore_fault play(struct rm_explore_schedule *schedule)
{
	memset(world.order, 0, sizeof(world.order));
	world.inside = world.both = 0;
	rm_explore_heap_reset();
	rm_explore_clocks_reset();
	rm_explore.model = rm_explore_model_of(world.memory);
	rm_explore_places_reset();
	rm_explore_begin(schedule, STEPS_MOST, main_thread);
	return rm_explore.finding.fault;
}

static inline void lanes(void (*one)(struct shared *),
        void (*two)(struct shared *), void (*three)(struct shared *))
{
	world.lane[0] = one;
	world.lane[1] = two;
	world.lane[2] = three;
	world.lanes = three ? 3 : two ? 2 : 1;
}

/* True if a list of turns ends with this fault, and the lanes recorded these
   letters. After the list, lanes run in sequence. */
static inline bool in_turn(struct rm_explore_turn *turn, size_t count,
        enum rm_explore_fault fault, const char *order)
{
	const struct rm_explore_turns turns = { turn, count, count };
	struct rm_explore_schedule listed = { .scheduler = &rm_explore_listed,
		.list = &turns };
	enum rm_explore_fault found = play(&listed);

	if (found == fault && !strcmp(world.order, order))
		return true;
	printf("# %s, not %s; fault %d: %s\n", world.order, order, (int)found,
	        rm_explore.finding.what);
	return false;
}

/* True if a schedule in which each lane runs as long as it can stops with this
 * fault. */
static inline bool stops(enum rm_explore_fault fault, const char *what)
{
	struct rm_explore_schedule listed = { .scheduler = &rm_explore_listed,
		.list = &(struct rm_explore_turns){ NULL, 0, 0 } };
	enum rm_explore_fault found = play(&listed);

	if (found == fault && strstr(rm_explore.finding.what, what))
		return true;
	printf("# fault %d: %s\n", (int)found, rm_explore.finding.what);
	return false;
}

/* True if this lane, run alone, stops with this fault and is reported. */
static inline bool alone_stops(void (*lane)(struct shared *),
        enum rm_explore_fault fault, const char *what)
{
	lanes(lane, NULL, NULL);
	return stops(fault, what) && rm_explore.finding.lane == 1;
}

/* The number of SEEDS schedules that end with this fault. Adds to `both` the
   number of times that two lanes held a lock together. */
static inline unsigned faults(enum rm_explore_fault fault, unsigned *both)
{
	unsigned found = 0;

	for (unsigned seed = 0; seed < SEEDS; seed++) {
		struct rm_explore_schedule drawn = {
			.scheduler = &rm_explore_random, .rng = 77 + seed
		};

		found += play(&drawn) == fault;
		if (both)
			*both += world.both;
	}
	return found;
}

/* Plain accesses, as instrumented by the compiler. */
static inline void read_word(struct shared *shared, unsigned i)
{
	__tsan_read8(&shared->word[i]);
}

static inline void write_word(struct shared *shared, unsigned i)
{
	__tsan_write8(&shared->word[i]);
	shared->word[i]++;
}

/* A step while the lock is held, before which another lane may run. */
static inline void stays(struct shared *shared)
{
	world.inside++;
	if (world.inside > 1)
		world.both++;
	__tsan_atomic64_load(&shared->word[3], __ATOMIC_RELAXED);
	world.inside--;
}

/* Runs `subject` in a world; returns the exit status of the test. */
static inline int test_lanes(void (*subject)(void))
{
	struct rm_error error = { "" };

	if (rm_explore_open(&error)) {
		CHECK(false, error.text);
		return DONE();
	}
	subject();
	CHECK(!world.failed, "calls that must succeed return 0");
	return DONE();
}

#endif /* RM_TESTS_EXPLORE_LANES_H */
