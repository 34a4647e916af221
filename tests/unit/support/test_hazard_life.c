/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hazard_life.c - resources of hazard pointers: heap blocks, the lock for
 * objects of threads that left, the owner, and every statistic.
 * It is linked with the stats objects.
 */
#include "tests/unit/support/counted_heap.h"
/* included after it, so that its allocations are counted */
#include "impls/support/hazard.h"
#include "runner/base/rng.h"
#include "tests/unit/support/played_events.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 3, OBJECTS = 4096, LIST = 2 * 3 * 3 + 64, ROUNDS = 2000 };

static char objects[OBJECTS][16]; /* addresses that look like those of a heap */
static size_t freed_count;
static void *last_owner;
static int the_map;           /* only its address is used, as an owner */
static struct hazard *locked; /* while objects are freed, its lock is checked */
static bool was_locked;

static void hazard_free(void *owner, void *pointer)
{
	(void)pointer;
	last_owner = owner;
	freed_count++;
	if (locked && !(was_locked = pthread_mutex_trylock(&locked->lock)))
		pthread_mutex_unlock(&locked->lock);
}

static struct hazard *opened(struct hazard_record *records[], size_t threads)
{
	struct hazard *hazard = hazard_create(threads);

	for (size_t i = 0; i < threads; i++)
		records[i] = hazard_join(hazard, i, &the_map);
	freed_count = 0;
	last_owner = NULL;
	return hazard;
}

static void closed(
        struct hazard *hazard, struct hazard_record *records[], size_t threads)
{
	for (size_t i = 0; i < threads; i++)
		hazard_leave(records[i]);
	hazard_destroy(hazard, &the_map);
}

static uintptr_t name_of(size_t i)
{
	return (uintptr_t)objects[i];
}

static double stat_of(struct hazard *hazard, const char *name)
{
	struct wanted_stat wanted = { name, -1 };

	hazard_stats(hazard, take_wanted, &wanted);
	return wanted.value;
}

/* All numbers differ, so that the test detects if two are mixed up. */
static void statistics_are_sums(void)
{
	struct hazard_record *r[THREADS];
	struct hazard *hazard = opened(r, THREADS);

	CHECK(stat_of(hazard, "hazard_list") == LIST,
	        "a list holds twice the three slots of each thread, and 64");
	hazard_name(r[1], 2, name_of(0));
	for (size_t i = 0; i < LIST; i++)
		hazard_retire(r[0], objects[i], i == 0 ? 1000 : 16);
	hazard_retire(r[1], objects[LIST], 5);
	rm_stat_own(&r[0]->retries, 3);
	rm_stat_own(&r[1]->retries, 4);
	CHECK(stat_of(hazard, "retired") == LIST + 1 &&
	                stat_of(hazard, "retired_bytes") ==
	                        1000 + 16 * (LIST - 1) + 5,
	        "retired objects and bytes are summed over threads");
	CHECK(stat_of(hazard, "freed") == LIST - 1 &&
	                stat_of(hazard, "freed_bytes") == 16 * (LIST - 1),
	        "named objects are not counted as freed");
	CHECK(stat_of(hazard, "retries") == 7, "the map's retries are summed "
	                                       "over threads");
	CHECK(events[RM_EVENT_RECLAIM].count == 1 &&
	                events[RM_EVENT_RECLAIM].start_ns == 1 &&
	                events[RM_EVENT_RECLAIM].argument == 1,
	        "a scan is an event, with the number of kept objects");
	hazard_scan(r[1]);
	CHECK(stat_of(hazard, "hazard_scans") == 2, "each scan is counted");
	closed(hazard, r, THREADS);
}

/* A thread that holds the lock of the orphans does not block other lists. */
static void a_scan_never_waits(void)
{
	struct hazard_record *r[THREADS];
	struct hazard *hazard = opened(r, THREADS);

	hazard_name(r[1], 0, name_of(1));
	hazard_retire(r[0], objects[1], 16);
	hazard_leave(r[0]);
	r[0] = hazard_join(hazard, 0, &the_map);
	hazard_name(r[1], 0, 0);
	hazard_retire(r[0], objects[2], 16);
	pthread_mutex_lock(&hazard->lock);
	hazard_scan(r[0]);
	pthread_mutex_unlock(&hazard->lock);
	CHECK(freed_count == 1 && hazard->orphan_count == 1,
	        "a scan skips orphans while they are locked");
	hazard_scan(r[0]);
	CHECK(freed_count == 2 && hazard->orphan_count == 0,
	        "the next scan frees the orphans");
	CHECK(pthread_mutex_trylock(&hazard->lock) == 0,
	        "a scan releases the lock");
	pthread_mutex_unlock(&hazard->lock);
	closed(hazard, r, THREADS);
}

/* If two threads did this at the same time, an object would be freed twice. */
static void orphans_are_freed_under_the_lock(void)
{
	struct hazard_record *r[THREADS];
	struct hazard *hazard = opened(r, THREADS);

	locked = hazard;
	hazard_retire(r[0], objects[1], 16);
	hazard_leave(r[0]);
	CHECK(freed_count == 1 && was_locked,
	        "a leaving thread frees orphans under the lock");
	hazard_name(r[1], 0, name_of(2));
	hazard_retire(r[2], objects[2], 16);
	hazard_leave(r[2]);
	hazard_name(r[1], 0, 0);
	hazard_scan(r[1]);
	CHECK(freed_count == 2 && was_locked, "a scan frees orphans under the "
	                                      "lock");
	locked = NULL;
	closed(hazard, r, THREADS);
}

static void the_owner_is_passed(void)
{
	struct hazard_record *r[THREADS];
	struct hazard *hazard = opened(r, THREADS);
	int other;

	hazard_retire(r[0], objects[0], 16);
	hazard_scan(r[0]);
	CHECK(freed_count == 1 && last_owner == &the_map,
	        "objects are freed with the owner of the join");
	hazard_name(r[1], 1, name_of(3));
	hazard_retire(r[0], objects[3], 16);
	hazard_retire(r[0], objects[4], 16);
	hazard_leave(r[0]);
	freed_count = 0;
	/* the reader of the object never leaves */
	hazard_destroy(hazard, &other);
	CHECK(freed_count == 1 && last_owner == &other,
	        "destruction frees the rest, with the owner it is given");
}

static void quiescence_is_of_the_first_slots(void)
{
	struct hazard_record *r[THREADS];
	struct hazard *hazard = opened(r, THREADS);

	for (int s = 0; s < HAZARD_SLOTS; s++)
		hazard_name(r[0], s, name_of((size_t)s));
	CHECK(hazard_current_name(r[0], 0) == name_of(0) &&
	                hazard_current_name(r[0], 2) == name_of(2) &&
	                hazard_current_name(r[1], 0) == 0,
	        "a thread can read the names in its slots");
	hazard_quiesce(r[0], 2);
	CHECK(hazard_current_name(r[0], 0) == 0 &&
	                hazard_current_name(r[0], 1) == 0 &&
	                hazard_current_name(r[0], 2) == name_of(2),
	        "two slots are cleared on request");
	hazard_name(r[0], 1, name_of(9));
	hazard_quiesce(r[0], HAZARD_SLOTS);
	CHECK(hazard_current_name(r[0], 1) == 0 &&
	                hazard_current_name(r[0], 2) == 0,
	        "slots after an empty one are cleared, too");
	closed(hazard, r, THREADS);
}

/* True if a snapshot of these names has each name once and no others. */
static bool snapshot_is_right(
        struct hazard *hazard, const bool named[], size_t *places)
{
	size_t found = 0, wanted = 0;
	struct hazard_names names = hazard_snapshot(hazard);
	bool right = (names.mask & (names.mask + 1)) == 0 &&
	             names.mask + 1 >= 2 * hazard->threads * HAZARD_SLOTS;

	for (size_t i = 0; i < OBJECTS; i++) {
		right &= hazard_is_named(&names, objects[i]) == named[i];
		wanted += named[i];
	}
	for (size_t i = 0; i <= names.mask; i++)
		found += names.table[i] != 0;
	right &= found == wanted;
	*places = names.mask + 1;
	free(names.table);
	return right;
}

static void any_names_are_found(void)
{
	struct hazard_record *r[THREADS];
	struct hazard *hazard = opened(r, THREADS);
	uint64_t rng = rm_seed(1, 0);
	bool right = true;
	size_t places = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		bool named[OBJECTS] = { false };

		for (int i = 0; i < THREADS * HAZARD_SLOTS; i++) {
			size_t at = rm_next(&rng) % OBJECTS;

			hazard_name(r[i / HAZARD_SLOTS], i % HAZARD_SLOTS,
			        name_of(at));
			named[at] = true;
		}
		right &= snapshot_is_right(hazard, named, &places);
	}
	CHECK(right, "each of 2000 snapshots has all names and no other, in a "
	             "table that is at most half full");
	CHECK(places == 32, "nine slots take only 32 places");
	closed(hazard, r, THREADS);
}

/* Returns how many of `count` adjacent heap addresses have a table place of
   their own. */
static size_t apart(uintptr_t first, size_t step, size_t count)
{
	static bool taken[256];
	uintptr_t table[256] = { 0 };
	const struct hazard_names names = { table, 255 };
	size_t distinct = 0;

	memset(taken, 0, sizeof(taken));
	for (size_t i = 0; i < count; i++) {
		size_t at = hazard_index(&names, first + i * step);

		distinct += !taken[at];
		taken[at] = true;
	}
	return distinct;
}

static void neighbours_lie_apart(void)
{
	bool right = true;

	for (size_t step = 16; step <= 4096; step *= 2)
		right &= apart(0x7f0012340010, step, 120) > 70;
	CHECK(right, "of 120 names at distances of 16 .. 4096 bytes, more than "
	             "expected have places of their own");
}

/* Runs `scene`, which may print, and checks that as many blocks are held as
   before. */
static void nothing_is_kept(void (*scene)(void))
{
	long before = heap_held;

	scene();
	CHECK(heap_held == before, "every block is freed at the end");
}

static void scans_keep_nothing(void)
{
	struct hazard_record *r[THREADS];
	struct hazard *hazard = opened(r, THREADS);
	long held = heap_held;

	CHECK(held == 1 + THREADS,
	        "there is one common block, and one per thread");
	hazard_scan(r[0]);
	CHECK(heap_held == held, "a scan frees its table");
	hazard_leave(r[0]);
	CHECK(hazard_join(hazard, 0, &the_map) == r[0] && heap_held == held,
	        "a thread that joins again still has its list");
	closed(hazard, r, THREADS);
}

static bool aborts(void (*act)(struct hazard_record *record))
{
	struct hazard_record *r[THREADS];
	struct hazard *hazard = opened(r, THREADS);
	int status;

	hazard_name(r[1], 0, name_of(1));
	hazard_retire(r[0], objects[1], 16);
	fflush(stdout);
	if (fork() == 0) {
		signal(SIGABRT, SIG_DFL);
		heap_is_full = true;
		act(r[0]);
		_exit(0);
	}
	wait(&status);
	closed(hazard, r, THREADS);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void without_memory(void)
{
	struct hazard *hazard = hazard_create(THREADS);

	heap_is_full = true;
	CHECK(!hazard_create(THREADS), "without memory creation fails");
	CHECK(!hazard_join(hazard, 0, &the_map), "without memory joins fail");
	heap_is_full = false;
	CHECK(hazard_join(hazard, 0, &the_map) == &hazard->records[0],
	        "a later join succeeds");
	hazard_destroy(hazard, &the_map);
	CHECK(aborts(hazard_scan),
	        "the process ends if memory for a scan runs out");
	CHECK(aborts(hazard_hand_over), "the process ends if memory for a "
	                                "hand-over runs out");
}

int main(void)
{
	nothing_is_kept(statistics_are_sums);
	nothing_is_kept(a_scan_never_waits);
	nothing_is_kept(orphans_are_freed_under_the_lock);
	nothing_is_kept(the_owner_is_passed);
	nothing_is_kept(quiescence_is_of_the_first_slots);
	nothing_is_kept(any_names_are_found);
	neighbours_lie_apart();
	nothing_is_kept(scans_keep_nothing);
	nothing_is_kept(without_memory);
	return DONE();
}
