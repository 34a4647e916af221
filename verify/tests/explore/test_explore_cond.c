/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_cond.c - tests POSIX guarantees of conditions and barriers:
 * wake-ups, the order that they create, and deadlocks.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "verify/tests/explore/explore_lanes.h"

static void waits(struct shared *shared, char letter)
{
	fine(rm_sim_mutex_lock(&shared->mutex));
	fine(rm_sim_cond_wait(&shared->cond, &shared->mutex));
	record(letter);
	write_word(shared, 0);
	stays(shared);
	fine(rm_sim_mutex_unlock(&shared->mutex));
}

static void waits_a(struct shared *shared)
{
	waits(shared, 'a');
}

static void waits_b(struct shared *shared)
{
	waits(shared, 'b');
}

static void signals(struct shared *shared)
{
	fine(rm_sim_mutex_lock(&shared->mutex));
	write_word(shared, 0);
	fine(rm_sim_cond_signal(&shared->cond));
	record('s');
	fine(rm_sim_mutex_unlock(&shared->mutex));
}

static void broadcasts(struct shared *shared)
{
	fine(rm_sim_mutex_lock(&shared->mutex));
	write_word(shared, 0);
	fine(rm_sim_cond_broadcast(&shared->cond));
	record('s');
	fine(rm_sim_mutex_unlock(&shared->mutex));
}

static void waits_unlocked(struct shared *shared)
{
	rm_sim_cond_wait(&shared->cond, &shared->mutex);
}

static void conditions(void)
{
	/* both lanes wait before the third begins */
	struct rm_explore_turn late[] = { { 2, ON, 0 }, { 1, ON, 0 },
		{ 3, ON, 0 }, { 3, ON, 0 }, { 1, ON, 0 }, { 2, ON, 0 } };
	struct rm_explore_turn early[] = { { 2, ON, 0 }, { 1, ON, 0 } };

	lanes(waits_a, waits_b, broadcasts);
	CHECK(in_turn(late, 6, RM_EXPLORE_NOTHING, "sab"),
	        "a broadcast wakes all waiting lanes, one after the other");
	lanes(waits_a, waits_b, signals);
	CHECK(in_turn(late, 6, RM_EXPLORE_DEADLOCK, "sa") &&
	                !strcmp(rm_explore.finding.what,
	                        "all threads wait: thread 2 waits for a "
	                        "signal"),
	        "a signal wakes one lane; the other is reported as waiting");
	lanes(waits_a, signals, NULL);
	CHECK(in_turn(early, 2, RM_EXPLORE_DEADLOCK, "s"),
	        "a signal without a waiting lane is lost");
}

static void condition_and_mutex(void)
{
	unsigned both = 0;

	lanes(waits_a, waits_b, broadcasts);
	CHECK(!faults(RM_EXPLORE_RACE, &both) && !both,
	        "a lane returns from a wait with the mutex, and is ordered");
	lanes(waits_unlocked, NULL, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE, "unlocks a mutex that is free"),
	        "a lane that waits must hold the mutex");
}

/* Twice, a lane writes its own word, and reads all words after the barrier. */
static void meets(struct shared *shared, unsigned self)
{
	for (unsigned round = 0; round < 2; round++) {
		write_word(shared, self);
		record('-');
		if (rm_sim_barrier_wait(&shared->barrier) ==
		        PTHREAD_BARRIER_SERIAL_THREAD)
			record('!');
		for (unsigned i = 0; i < world.lanes; i++) {
			read_word(shared, i);
			if (shared->word[i] < round + 1)
				record('?');
		}
		if (rm_sim_barrier_wait(&shared->barrier))
			record('!');
	}
}

static void meets_one(struct shared *shared)
{
	meets(shared, 0);
}

static void meets_two(struct shared *shared)
{
	meets(shared, 1);
}

static void meets_three(struct shared *shared)
{
	meets(shared, 2);
}

/* All lanes arrive, then one of them is the serial thread. The barrier can be
   used again; lanes that have passed may already arrive for the next round. */
static bool in_step(unsigned seed)
{
	struct rm_explore_schedule drawn = { .scheduler = &rm_explore_random,
		.rng = seed };
	unsigned come = 0, serial = 0;

	if (play(&drawn) != RM_EXPLORE_NOTHING)
		return false;
	for (const char *at = world.order; *at; at++) {
		come += *at == '-';
		serial += *at == '!';
		if (*at == '?' || (serial > 0 && come < world.lanes) ||
		        (serial > 2 && come < 2 * world.lanes))
			return false;
	}
	return come == 2 * world.lanes && serial == 4;
}

static void barriers(void)
{
	bool three = true, two = true;

	lanes(meets_one, meets_two, meets_three);
	for (unsigned seed = 0; seed < SEEDS; seed++)
		three &= in_step(seed);
	CHECK(three, "no lane passes a barrier before all arrive, in each "
	             "round, and one is the serial thread");
	lanes(meets_one, meets_two, NULL);
	for (unsigned seed = 0; seed < SEEDS; seed++)
		two &= in_step(seed);
	CHECK(two, "a barrier waits for as many lanes as it was made for");
}

static void alone_at_barrier(struct shared *shared)
{
	fine(rm_sim_barrier_init(&shared->barrier, NULL, 2));
	rm_sim_barrier_wait(&shared->barrier);
}

static void nobody_comes(void)
{
	lanes(alone_at_barrier, NULL, NULL);
	CHECK(stops(RM_EXPLORE_DEADLOCK, "thread 1 waits for a barrier"),
	        "a lane that waits at a barrier forever is reported");
}

/* Makes one of the calls, by number, on freed memory. */
static void call_on(struct shared *shared, unsigned call)
{
	switch (call) {
	case 0:
		rm_sim_cond_init(&shared->cond, NULL);
		break;
	case 1:
		rm_sim_cond_destroy(&shared->cond);
		break;
	case 2:
		rm_sim_cond_signal(&shared->cond);
		break;
	case 3:
		rm_sim_cond_broadcast(&shared->cond);
		break;
	case 4:
		rm_sim_barrier_init(&shared->barrier, NULL, 2);
		break;
	case 5:
		rm_sim_barrier_destroy(&shared->barrier);
		break;
	default:
		rm_sim_barrier_wait(&shared->barrier);
	}
}

static unsigned call_now;

static void calls_freed(struct shared *shared)
{
	rm_sim_free(shared);
	call_on(shared, call_now);
}

/* Waits for a freed condition with a valid mutex. */
static void waits_freed(struct shared *shared)
{
	pthread_cond_t *cond = rm_sim_malloc(sizeof(*cond));

	fine(rm_sim_cond_init(cond, NULL));
	fine(rm_sim_mutex_lock(&shared->mutex));
	rm_sim_free(cond);
	rm_sim_cond_wait(cond, &shared->mutex);
}

/* locks.h: memory must be allocated for every call. */
static void memory(void)
{
	for (call_now = 0; call_now < 7; call_now++) {
		CHECK(alone_stops(calls_freed, RM_EXPLORE_FREED, ""),
		        "a call on a freed object is a use after free");
	}
	lanes(waits_freed, NULL, NULL);
	CHECK(stops(RM_EXPLORE_FREED, ""),
	        "a wait for a freed condition is a use after free");
}

static void all(void)
{
	conditions();
	condition_and_mutex();
	barriers();
	nobody_comes();
	memory();
}

int main(void)
{
	return test_lanes(all);
}
