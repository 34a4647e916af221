/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_rwlock.c - tests POSIX guarantees of reader-writer locks: which
 * lanes wait, which accesses are ordered, and which calls are a misuse.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "verify/tests/explore/explore_lanes.h"

#include <errno.h>

static void reads(struct shared *shared)
{
	fine(rm_sim_rwlock_rdlock(&shared->rwlock));
	record('r');
	read_word(shared, 0);
	stays(shared);
	fine(rm_sim_rwlock_unlock(&shared->rwlock));
	record('.');
}

static void writes(struct shared *shared)
{
	fine(rm_sim_rwlock_wrlock(&shared->rwlock));
	record('w');
	write_word(shared, 0);
	stays(shared);
	fine(rm_sim_rwlock_unlock(&shared->rwlock));
	record('.');
}

static void writes_as_reader(struct shared *shared)
{
	fine(rm_sim_rwlock_rdlock(&shared->rwlock));
	write_word(shared, 1);
	fine(rm_sim_rwlock_unlock(&shared->rwlock));
}

static void excludes(void)
{
	unsigned both = 0;

	lanes(writes, writes, writes);
	CHECK(faults(RM_EXPLORE_NOTHING, &both) == SEEDS && !both,
	        "writers exclude each other, and are ordered");
	lanes(writes, reads, NULL);
	CHECK(faults(RM_EXPLORE_NOTHING, &both) == SEEDS && !both,
	        "a writer excludes readers, and is ordered with them");
	lanes(reads, reads, NULL);
	CHECK(faults(RM_EXPLORE_NOTHING, &both) == SEEDS && both,
	        "readers hold the lock together, in some schedules");
	lanes(writes_as_reader, writes_as_reader, NULL);
	CHECK(faults(RM_EXPLORE_RACE, NULL) == SEEDS,
	        "two readers are not ordered, in any schedule");
}

/* A lane reads, `writer` waits to write, and then lane 3 locks for reading. */
static bool prefers(int kind, unsigned writer, const char *order)
{
	struct rm_explore_turn turn[] = { { 3 - writer, 3, 0 },
		{ writer, 2, 0 }, { 3, 3, 0 }, { 3 - writer, ON, 0 },
		{ writer, ON, 0 }, { 3, ON, 0 } };
	pthread_rwlockattr_t attr;
	bool same;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, kind);
	world.rwlock_kind = &attr;
	lanes(writer == 1 ? writes : reads, writer == 2 ? writes : reads,
	        reads);
	same = in_turn(turn, 6, RM_EXPLORE_NOTHING, order);
	world.rwlock_kind = NULL;
	pthread_rwlockattr_destroy(&attr);
	return same;
}

static void preference(void)
{
	CHECK(prefers(PTHREAD_RWLOCK_PREFER_READER_NP, 1, "rr..w.") &&
	                prefers(PTHREAD_RWLOCK_PREFER_READER_NP, 2, "rr..w."),
	        "a reader enters next to another one while a writer waits");
	CHECK(prefers(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, 1,
	              "r.w.r.") &&
	                prefers(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, 2,
	                        "r.w.r."),
	        "a reader waits for a waiting writer if the lock prefers "
	        "writers");
}

/* Locks twice as a reader, and unlocks in two steps. */
static void reads_twice(struct shared *shared)
{
	fine(rm_sim_rwlock_rdlock(&shared->rwlock));
	fine(rm_sim_rwlock_rdlock(&shared->rwlock));
	record('r');
	fine(rm_sim_rwlock_unlock(&shared->rwlock));
	stays(shared);
	record('1');
	fine(rm_sim_rwlock_unlock(&shared->rwlock));
	record('2');
}

/* The depth counter has 15 as its maximum; the next lock fails. */
static void reads_often(struct shared *shared)
{
	for (int i = 0; i < 15; i++)
		fine(rm_sim_rwlock_rdlock(&shared->rwlock));
	record(rm_sim_rwlock_rdlock(&shared->rwlock) == EAGAIN ? 'E' : '!');
	for (int i = 0; i < 15; i++)
		fine(rm_sim_rwlock_unlock(&shared->rwlock));
	record('0');
}

static void depth(void)
{
	/* lane 2 locks while lane 1 still holds the lock once */
	struct rm_explore_turn asks[] = { { 1, 4, 0 }, { 2, 2, 0 },
		{ 1, ON, 0 }, { 2, ON, 0 } };
	/* lane 3 locks and unlocks while lane 2 holds the lock twice */
	struct rm_explore_turn beside[] = { { 2, 3, 0 }, { 3, ON, 0 },
		{ 2, ON, 0 }, { 1, ON, 0 } };

	lanes(reads_twice, writes, NULL);
	CHECK(in_turn(asks, 4, RM_EXPLORE_NOTHING, "r12w."),
	        "a lane that reads twice holds the lock until both unlocks");
	lanes(writes, reads_twice, reads);
	CHECK(in_turn(beside, 4, RM_EXPLORE_NOTHING, "rr.12w."),
	        "the depth of one reader does not affect another");
	lanes(reads_often, writes, NULL);
	CHECK(in_turn((struct rm_explore_turn[]){ { 1, ON, 0 }, { 2, ON, 0 } },
	              2, RM_EXPLORE_NOTHING, "E0w."),
	        "a reader beyond the maximum depth gets EAGAIN");
}

static void reads_and_keeps(struct shared *shared)
{
	fine(rm_sim_rwlock_rdlock(&shared->rwlock));
}

static void writes_and_keeps(struct shared *shared)
{
	fine(rm_sim_rwlock_wrlock(&shared->rwlock));
}

static void gives_back(struct shared *shared)
{
	rm_sim_rwlock_unlock(&shared->rwlock);
}

static void gives_back_twice(struct shared *shared)
{
	reads(shared);
	rm_sim_rwlock_unlock(&shared->rwlock);
}

static void misuse(void)
{
	lanes(reads_and_keeps, NULL, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE,
	              "main thread destroys a lock that is held"),
	        "a lock held by a reader must not be destroyed");
	lanes(writes_and_keeps, NULL, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE, "destroys a lock that is held"),
	        "a lock held by a writer must not be destroyed");
	lanes(gives_back, NULL, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE,
	              "thread 1 unlocks a lock that it does not hold"),
	        "a lane must not unlock a lock that it did not take");
	lanes(gives_back_twice, NULL, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE, "a lock that it does not hold"),
	        "a lane must not unlock a lock twice");
	lanes(writes_and_keeps, gives_back, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE,
	              "thread 2 unlocks a lock that it does not hold"),
	        "a lane must not unlock another lane's lock");
	lanes(writes_and_keeps, reads, NULL);
	CHECK(stops(RM_EXPLORE_DEADLOCK,
	              "thread 2 waits for a lock to read that thread 1 holds"),
	        "a lane that waits forever is reported");
}

static void freed_init(struct shared *shared)
{
	rm_sim_free(shared);
	rm_sim_rwlock_init(&shared->rwlock, NULL);
}

static void freed_destroy(struct shared *shared)
{
	rm_sim_free(shared);
	rm_sim_rwlock_destroy(&shared->rwlock);
}

static void freed_read(struct shared *shared)
{
	rm_sim_free(shared);
	rm_sim_rwlock_rdlock(&shared->rwlock);
}

static void freed_write(struct shared *shared)
{
	rm_sim_free(shared);
	rm_sim_rwlock_wrlock(&shared->rwlock);
}

static void freed_unlock(struct shared *shared)
{
	fine(rm_sim_rwlock_rdlock(&shared->rwlock));
	rm_sim_free(shared);
	rm_sim_rwlock_unlock(&shared->rwlock);
}

/* locks.h: memory must be allocated for every call. */
static void memory(void)
{
	static void (*const calls[])(struct shared *) = { freed_init,
		freed_destroy, freed_read, freed_write, freed_unlock };

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		CHECK(alone_stops(calls[i], RM_EXPLORE_FREED, ""),
		        "a call on a freed lock is a use after free");
	}
}

static void all(void)
{
	excludes();
	preference();
	depth();
	misuse();
	memory();
}

int main(void)
{
	return test_lanes(all);
}
