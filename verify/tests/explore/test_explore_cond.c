/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_cond.c - what POSIX promises of conditions and barriers: who is
 * woken, what is ordered by it, and who is told to wait for ever.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "verify/tests/explore/explore_lanes.h"

static void waits(struct shared *shared, char letter)
{
	fine(rm_sim_mutex_lock(&shared->mutex));
	fine(rm_sim_cond_wait(&shared->cond, &shared->mutex));
	says(letter);
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
	says('s');
	fine(rm_sim_mutex_unlock(&shared->mutex));
}

static void broadcasts(struct shared *shared)
{
	fine(rm_sim_mutex_lock(&shared->mutex));
	write_word(shared, 0);
	fine(rm_sim_cond_broadcast(&shared->cond));
	says('s');
	fine(rm_sim_mutex_unlock(&shared->mutex));
}

static void waits_unlocked(struct shared *shared)
{
	rm_sim_cond_wait(&shared->cond, &shared->mutex);
}

static void conditions(void)
{
	/* both wait before the third begins */
	struct rm_explore_turn late[] = { { 2, ON, 0 }, { 1, ON, 0 },
		{ 3, ON, 0 }, { 3, ON, 0 }, { 1, ON, 0 }, { 2, ON, 0 } };
	struct rm_explore_turn early[] = { { 2, ON, 0 }, { 1, ON, 0 } };

	lanes(waits_a, waits_b, broadcasts);
	CHECK(in_turn(late, 6, RM_EXPLORE_NOTHING, "sab"),
	        "a broadcast wakes all that wait, one after the other");
	lanes(waits_a, waits_b, signals);
	CHECK(in_turn(late, 6, RM_EXPLORE_DEADLOCK, "sa") &&
	                !strcmp(rm_explore.finding.what,
	                        "all wait: thread 2 waits for a signal"),
	        "a signal wakes one, and the other is said to wait");
	lanes(waits_a, signals, NULL);
	CHECK(in_turn(early, 2, RM_EXPLORE_DEADLOCK, "s"),
	        "a signal for which nobody waits is lost");
}

static void condition_and_mutex(void)
{
	unsigned both = 0;

	lanes(waits_a, waits_b, broadcasts);
	CHECK(!faults(RM_EXPLORE_RACE, &both) && !both,
	        "who comes back from a wait holds the mutex, and is ordered");
	lanes(waits_unlocked, NULL, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE, "gives back a mutex that is free"),
	        "who waits must hold the mutex");
}

/* Twice: a lane writes its own word, and reads all behind the barrier. */
static void meets(struct shared *shared, unsigned self)
{
	for (unsigned round = 0; round < 2; round++) {
		write_word(shared, self);
		says('-');
		if (rm_sim_barrier_wait(&shared->barrier) ==
		        PTHREAD_BARRIER_SERIAL_THREAD)
			says('!');
		for (unsigned i = 0; i < world.lanes; i++) {
			read_word(shared, i);
			if (shared->word[i] < round + 1)
				says('?');
		}
		if (rm_sim_barrier_wait(&shared->barrier))
			says('!');
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

/* All come, then one is told that it is the last; at the barrier behind that
   one again, and those may already come again whom it lets go. */
static bool in_step(unsigned seed)
{
	struct rm_explore_schedule drawn = { .scheduler = &rm_explore_random,
		.rng = seed };
	unsigned come = 0, told = 0;

	if (play(&drawn) != RM_EXPLORE_NOTHING)
		return false;
	for (const char *at = world.order; *at; at++) {
		come += *at == '-';
		told += *at == '!';
		if (*at == '?' || (told > 0 && come < world.lanes) ||
		        (told > 2 && come < 2 * world.lanes))
			return false;
	}
	return come == 2 * world.lanes && told == 4;
}

static void barriers(void)
{
	bool three = true, two = true;

	lanes(meets_one, meets_two, meets_three);
	for (unsigned seed = 0; seed < SEEDS; seed++)
		three &= in_step(seed);
	CHECK(three, "nobody is past a barrier before all have come, in each "
	             "round, one is told so, and what came before is ordered");
	lanes(meets_one, meets_two, NULL);
	for (unsigned seed = 0; seed < SEEDS; seed++)
		two &= in_step(seed);
	CHECK(two, "a barrier is for as many as it was made for");
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
	        "who waits for somebody who never comes is said to wait");
}

/* One of the calls, by its number, on memory that was freed. */
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

/* The mutex is another object, and is there. */
static void waits_freed(struct shared *shared)
{
	pthread_cond_t *cond = rm_sim_malloc(sizeof(*cond));

	fine(rm_sim_cond_init(cond, NULL));
	fine(rm_sim_mutex_lock(&shared->mutex));
	rm_sim_free(cond);
	rm_sim_cond_wait(cond, &shared->mutex);
}

/* locks.h: the memory must be there, whatever is done with it. */
static void memory(void)
{
	for (call_now = 0; call_now < 7; call_now++) {
		CHECK(alone_stops(calls_freed, RM_EXPLORE_FREED, ""),
		        "what is waited for in freed memory is a use after "
		        "free");
	}
	lanes(waits_freed, NULL, NULL);
	CHECK(stops(RM_EXPLORE_FREED, ""), "so is a wait for it");
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
