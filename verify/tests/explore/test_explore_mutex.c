/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_mutex.c - tests POSIX guarantees of spinlocks and of each kind
 * of mutex: which lanes wait, which accesses are ordered, and which calls are a
 * misuse.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "verify/tests/explore/explore_lanes.h"

#include <errno.h>

static void inside(struct shared *shared)
{
	record('m');
	write_word(shared, 0);
	stays(shared);
}

static void locks(struct shared *shared)
{
	fine(rm_sim_mutex_lock(&shared->mutex));
	inside(shared);
	fine(rm_sim_mutex_unlock(&shared->mutex));
	record('.');
}

static void spins(struct shared *shared)
{
	fine(rm_sim_spin_lock(&shared->spin));
	inside(shared);
	fine(rm_sim_spin_unlock(&shared->spin));
	record('.');
}

/* If the lock is busy, records that and returns. */
static void tries(struct shared *shared)
{
	int status = rm_sim_mutex_trylock(&shared->mutex);

	if (status) {
		record(status == EBUSY ? 'b' : '?');
		return;
	}
	inside(shared);
	fine(rm_sim_mutex_unlock(&shared->mutex));
	record('.');
}

static void tries_spin(struct shared *shared)
{
	int status = rm_sim_spin_trylock(&shared->spin);

	if (status) {
		record(status == EBUSY ? 'b' : '?');
		return;
	}
	inside(shared);
	fine(rm_sim_spin_unlock(&shared->spin));
	record('.');
}

static void excludes(void)
{
	static void (*const lane[4])(
	        struct shared *) = { locks, tries, spins, tries_spin };
	bool ordered = true, alone = true;

	for (int i = 0; i < 4; i++) {
		unsigned both = 0;

		lanes(lane[i], lane[i & ~1], lane[i]);
		ordered &= faults(RM_EXPLORE_NOTHING, &both) == SEEDS;
		alone &= !both;
	}
	CHECK(alone, "a mutex or spinlock excludes other lanes");
	CHECK(ordered, "a mutex or spinlock orders the lanes that hold it");
}

static void waits_and_tries(void)
{
	struct rm_explore_turn turn[] = { { 1, 3, 0 }, { 2, ON, 0 },
		{ 1, ON, 0 }, { 2, ON, 0 } };

	lanes(locks, locks, NULL);
	CHECK(in_turn(turn, 4, RM_EXPLORE_NOTHING, "m.m."),
	        "a lane waits for a mutex that is held");
	lanes(locks, tries, NULL);
	CHECK(in_turn(turn, 4, RM_EXPLORE_NOTHING, "mb."),
	        "trylock() of a held mutex returns EBUSY");
	lanes(spins, spins, NULL);
	CHECK(in_turn(turn, 4, RM_EXPLORE_NOTHING, "m.m."),
	        "a lane waits for a spinlock that is held");
	lanes(spins, tries_spin, NULL);
	CHECK(in_turn(turn, 4, RM_EXPLORE_NOTHING, "mb."),
	        "trylock() of a held spinlock returns EBUSY");
}

/* Locks a mutex that the lane already holds, by trylock() and by lock(), and
   records the results. Unlocks it equally often. */
static void relocks(struct shared *shared)
{
	int status[2];

	fine(rm_sim_mutex_lock(&shared->mutex));
	status[0] = rm_sim_mutex_trylock(&shared->mutex);
	status[1] = rm_sim_mutex_lock(&shared->mutex);
	for (int i = 0; i < 2; i++) {
		record(!status[i]              ? '0'
		        : status[i] == EBUSY   ? 'b'
		        : status[i] == EDEADLK ? 'd'
		                               : '?');
		if (!status[i])
			fine(rm_sim_mutex_unlock(&shared->mutex));
	}
	write_word(shared, 0);
	stays(shared);
	fine(rm_sim_mutex_unlock(&shared->mutex));
	record('.');
}

static bool answers(int kind, enum rm_explore_fault fault, const char *order)
{
	/* lane 2 locks after lane 1 has undone its second lock */
	struct rm_explore_turn turn[] = { { 1, 5 + (order[0] == '0') * 2, 0 },
		{ 2, ON, 0 }, { 1, ON, 0 }, { 2, ON, 0 } };
	pthread_mutexattr_t attr;
	bool same;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, kind);
	world.mutex_kind = &attr;
	lanes(relocks, locks, NULL);
	same = in_turn(turn, 4, fault, order);
	world.mutex_kind = NULL;
	pthread_mutexattr_destroy(&attr);
	return same;
}

static void kinds(void)
{
	CHECK(answers(PTHREAD_MUTEX_ERRORCHECK, RM_EXPLORE_NOTHING, "bd.m."),
	        "an error-checking mutex returns EDEADLK to its owner");
	CHECK(answers(PTHREAD_MUTEX_RECURSIVE, RM_EXPLORE_NOTHING, "00.m."),
	        "a recursive mutex is held until it is unlocked as often");
	CHECK(answers(PTHREAD_MUTEX_NORMAL, RM_EXPLORE_DEADLOCK, "") &&
	                strstr(rm_explore.finding.what,
	                        "thread 1 waits for a mutex that thread 1 "
	                        "holds"),
	        "the owner of a normal mutex waits for itself");
}

static void keeps(struct shared *shared)
{
	fine(rm_sim_mutex_lock(&shared->mutex));
}

static void gives_back(struct shared *shared)
{
	rm_sim_mutex_unlock(&shared->mutex);
}

static void keeps_spin(struct shared *shared)
{
	fine(rm_sim_spin_lock(&shared->spin));
}

static void keeps_tried(struct shared *shared)
{
	fine(rm_sim_spin_trylock(&shared->spin));
}

static void gives_back_spin(struct shared *shared)
{
	rm_sim_spin_unlock(&shared->spin);
}

static void kept_for_ever(void)
{
	const char *const expected =
	        "thread 2 waits for a mutex that thread 1 holds";

	lanes(keeps, locks, NULL);
	CHECK(stops(RM_EXPLORE_DEADLOCK, expected),
	        "a deadlock names the waiting lane and the owner of a mutex");
	lanes(keeps_spin, spins, NULL);
	CHECK(stops(RM_EXPLORE_DEADLOCK, expected),
	        "a deadlock names the waiting lane and the owner of a "
	        "spinlock");
	lanes(keeps_tried, spins, NULL);
	CHECK(stops(RM_EXPLORE_DEADLOCK, expected),
	        "a deadlock names the owner of a spinlock taken by trylock()");
}

static void misuse(void)
{
	lanes(keeps, NULL, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE,
	              "main thread destroys a mutex that is held"),
	        "a mutex that is held must not be destroyed");
	lanes(gives_back, NULL, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE, "thread 1 unlocks a mutex that is free"),
	        "a mutex that is free must not be unlocked");
	lanes(keeps, gives_back, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE,
	              "thread 2 unlocks a mutex that another thread holds"),
	        "only the owner may unlock a mutex");
	lanes(keeps_spin, NULL, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE,
	              "main thread destroys a spinlock that is held"),
	        "a spinlock that is held must not be destroyed");
	lanes(gives_back_spin, NULL, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE,
	              "thread 1 unlocks a spinlock that is free"),
	        "a spinlock that is free must not be unlocked");
	lanes(keeps_spin, gives_back_spin, spins);
	CHECK(stops(RM_EXPLORE_MISUSE,
	              "thread 2 unlocks a spinlock that another thread holds"),
	        "only the owner may unlock a spinlock");
}

static void call_on(struct shared *shared, unsigned call)
{
	switch (call) {
	case 0:
		rm_sim_mutex_init(&shared->mutex, NULL);
		break;
	case 1:
		rm_sim_mutex_destroy(&shared->mutex);
		break;
	case 2:
		rm_sim_mutex_lock(&shared->mutex);
		break;
	case 3:
		rm_sim_mutex_trylock(&shared->mutex);
		break;
	case 4:
		rm_sim_mutex_unlock(&shared->mutex);
		break;
	case 5:
		rm_sim_spin_init(&shared->spin, 0);
		break;
	case 6:
		rm_sim_spin_destroy(&shared->spin);
		break;
	case 7:
		rm_sim_spin_lock(&shared->spin);
		break;
	case 8:
		rm_sim_spin_trylock(&shared->spin);
		break;
	default:
		rm_sim_spin_unlock(&shared->spin);
	}
}

static unsigned call_now;

static void calls_freed(struct shared *shared)
{
	if (call_now == 4)
		fine(rm_sim_mutex_lock(&shared->mutex));
	rm_sim_free(shared);
	call_on(shared, call_now);
}

/* locks.h: memory must be allocated for every call. */
static void memory(void)
{
	for (call_now = 0; call_now < 10; call_now++) {
		CHECK(alone_stops(calls_freed, RM_EXPLORE_FREED, ""),
		        "a call on a freed lock is a use after free");
	}
}

static void all(void)
{
	excludes();
	waits_and_tries();
	kinds();
	kept_for_ever();
	misuse();
	memory();
}

int main(void)
{
	return test_lanes(all);
}
