/* SPDX-License-Identifier: Apache-2.0 */
/* test_epoch_life.c - steps of the epochs on one thread: when a bag is closed,
   what each step announces, when a thread waits, what is counted and freed. It
   is linked with the stats objects. */
#include "tests/unit/support/counted_heap.h"
/* included after it, so that its allocations are counted */
#include "impls/support/epoch.h"
#include "tests/unit/support/played_events.h"
#include "tests/unit/tap.h"
#include "tests/unit/trial/played_clock.h"
#include "tests/unit/wanted_stat.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OBJECTS = 1000, BAG = 125, BAG_BYTES = 64 << 10, POLL = 16 };

static char objects[OBJECTS];
static size_t freed, freed_twice;
static bool is_freed[OBJECTS];
static unsigned last_kind;
static void *last_owner;
static int the_map;          /* only its address is used, as an owner */
static struct epoch *locked; /* while objects are freed, its lock is checked */
static bool was_locked;

/* While a thread waits, this reader announces at every third yield. */
static struct epoch_record *slow_reader;
static unsigned yields;

static void epoch_free(void *owner, unsigned kind, void *pointer)
{
	size_t i = (size_t)((char *)pointer - objects);

	freed++;
	freed_twice += is_freed[i];
	is_freed[i] = true;
	last_kind = kind;
	last_owner = owner;
	if (locked && !(was_locked = pthread_mutex_trylock(&locked->lock)))
		pthread_mutex_unlock(&locked->lock);
}

int sched_yield(void)
{
	if (slow_reader && ++yields % 3 == 0)
		epoch_quiesce(slow_reader);
	return 0;
}

static struct epoch *opened(
        struct epoch_record *r[], size_t threads, uint64_t limit, bool keep)
{
	struct epoch *epoch = epoch_create(threads, limit, keep);

	for (size_t i = 0; i < threads; i++)
		r[i] = epoch_join(epoch, i, &the_map);
	memset(is_freed, 0, sizeof(is_freed));
	freed = freed_twice = 0;
	return epoch;
}

static void closed(
        struct epoch *epoch, struct epoch_record *r[], size_t threads)
{
	for (size_t i = 0; i < threads; i++)
		epoch_leave(r[i]);
	epoch_destroy(epoch, &the_map);
}

static void retire_many(struct epoch_record *record, size_t count)
{
	for (size_t i = 0; i < count; i++)
		epoch_retire(record, 1, &objects[i], 8);
}

static double stat_of(struct epoch *epoch, const char *name)
{
	struct wanted_stat wanted = { name, -1 };

	epoch_stats(epoch, take_wanted, &wanted);
	return wanted.value;
}

static void bags_have_bounds(void)
{
	struct epoch_record *r[1];
	struct epoch *epoch = opened(r, 1, 0, false);

	retire_many(r[0], BAG - 1);
	CHECK(!r[0]->due && !r[0]->oldest && r[0]->limbo,
	        "124 objects leave a bag open");
	retire_many(r[0], 1);
	CHECK(r[0]->due && r[0]->oldest && r[0]->oldest->count == BAG &&
	                r[0]->oldest->bytes == 8 * BAG,
	        "the 125th object closes the bag");
	CHECK(sizeof(struct epoch_bag) == 2048 - 16,
	        "with the head of the heap's block a bag has 2 KiB");
	epoch_retire(r[0], 1, &objects[200], BAG_BYTES - 1);
	CHECK(r[0]->oldest == r[0]->newest,
	        "one byte less than 64 KiB does not close a bag");
	epoch_retire(r[0], 1, &objects[201], 1);
	CHECK(r[0]->oldest->next == r[0]->newest &&
	                r[0]->newest->bytes == BAG_BYTES,
	        "64 KiB close a bag");
	closed(epoch, r, 1);
}

static void limits_are_shared_out(void)
{
	struct epoch_record *r[4];
	struct epoch *epoch = opened(r, 4, 16000, false);

	CHECK(stat_of(epoch, "retired_limit_bytes") == 16000 &&
	                epoch->bag_bytes == 1000,
	        "open bags stay below a quarter of the limit together");
	closed(epoch, r, 4);
	epoch = opened(r, 1, 0, false);
	CHECK(stat_of(epoch, "retired_limit_bytes") == 256 * 1024 * 1024 &&
	                epoch->bag_bytes == BAG_BYTES,
	        "limit 0 means 256 MiB, and a bag has at most 64 KiB");
	closed(epoch, r, 1);
	epoch = opened(r, 1, 4 * (BAG_BYTES + 1), false);
	CHECK(epoch->bag_bytes == BAG_BYTES,
	        "a larger limit does not enlarge bags");
	closed(epoch, r, 1);
	epoch_destroy(NULL, &the_map);
}

static void kinds_come_back(void)
{
	struct epoch_record *r[1];
	struct epoch *epoch = opened(r, 1, 0, false);
	bool right = true;

	for (unsigned kind = 0; kind < 256; kind++) {
		struct epoch_bag *bag;

		epoch_retire(r[0], kind, &objects[kind], 0xffffffff);
		bag = r[0]->oldest; /* the bag is too large, so it is closed at
		                       once */
		r[0]->oldest = r[0]->newest = NULL;
		epoch_free_bags(r[0], &the_map, bag);
		right &= last_kind == kind && is_freed[kind] &&
		         freed == kind + 1 && last_owner == &the_map;
	}
	CHECK(right, "each of 256 kinds is freed with its object and owner");
	CHECK(stat_of(epoch, "freed_bytes") == 256 * (double)0xffffffff &&
	                stat_of(epoch, "retired_bytes") ==
	                        stat_of(epoch, "freed_bytes") &&
	                stat_of(epoch, "freed") == 256,
	        "each kind is freed with all its bytes");
	closed(epoch, r, 1);
}

/* Announces until something is freed, at most `most` times. Returns the number
   of announcements, or 0 if nothing was freed. */
static unsigned announced_until_freed(
        struct epoch_record *record, unsigned most)
{
	size_t before = freed;

	for (unsigned i = 1; i <= most; i++) {
		epoch_quiesce(record);
		if (freed != before)
			return i;
	}
	return 0;
}

static void sweeps_are_rare(void)
{
	struct epoch_record *r[1];
	struct epoch *epoch = opened(r, 1, 0, false);
	uint64_t now;

	for (int i = 0; i < 100; i++)
		epoch_quiesce(r[0]);
	CHECK(epoch->now == 1, "without retired objects no thread sweeps");
	retire_many(r[0], 1);
	/* the bag is closed at the first sweep, in epoch 1, so its target is 3;
	   the sweeps reach epochs 2, 3 and 4 */
	CHECK(announced_until_freed(r[0], 100) == 3 * POLL,
	        "with retired objects, every 16th announcement sweeps; three "
	        "suffice");
	CHECK(!r[0]->limbo, "after that there are no retired objects");
	retire_many(r[0], BAG);
	now = epoch->now;
	epoch_quiesce(r[0]);
	CHECK(epoch->now == now + 1 && !r[0]->due,
	        "the next announcement sweeps a closed bag");
	for (int i = 1; i < POLL; i++)
		epoch_quiesce(r[0]);
	CHECK(epoch->now == now + 1,
	        "after the closed bag only the 16th announcement sweeps");
	epoch_quiesce(r[0]);
	CHECK(epoch->now == now + 2, "the 16th announcement sweeps");
	closed(epoch, r, 1);
}

static void steps_announce_themselves(void)
{
	struct epoch_record *r[2];
	struct epoch *epoch = opened(r, 2, 0, false);
	uint64_t ticket = epoch->ticket;

	CHECK(epoch->now == 1 && r[0]->seen == 1 && ticket > 0,
	        "a joining thread has seen the epoch and moved the ticket");
	epoch_advance(epoch);
	CHECK(epoch->now == 2 && epoch->ticket != ticket,
	        "when all have seen it the epoch and the ticket move");
	epoch_advance(epoch);
	CHECK(epoch->now == 2, "epoch and ticket do not move again until all "
	                       "have seen the new epoch");
	epoch_quiesce(r[0]);
	CHECK(r[0]->seen == 2 && r[1]->seen == 1,
	        "an announcement concerns only its thread");
	epoch_advance(epoch);
	CHECK(epoch->now == 2,
	        "one thread that has not seen the epoch suffices to stop it");
	epoch_park(r[1]);
	CHECK(r[1]->seen == 0, "a parked thread has seen nothing");
	epoch_advance(epoch);
	CHECK(epoch->now == 3, "a parked thread does not stop the epoch");
	ticket = epoch->ticket;
	epoch_unpark(r[1]);
	CHECK(r[1]->seen == 3 && epoch->ticket != ticket,
	        "a thread that unparks stops the epoch and moves the ticket");
	ticket = epoch->ticket;
	retire_many(r[0], 1);
	epoch_close(r[0]);
	CHECK(epoch->ticket != ticket && r[0]->oldest->target == 5,
	        "closing a bag moves the ticket; the target is two epochs "
	        "later");
	CHECK(stat_of(epoch, "epochs") == 3, "epochs are counted");
	closed(epoch, r, 2);
}

static void bytes_are_held(void)
{
	struct epoch_record *r[2];
	struct epoch *epoch = opened(r, 2, 0, false);

	retire_many(r[0], 10);
	CHECK(stat_of(epoch, "retired_peak_bytes") == 0,
	        "bytes in an open bag are not held yet");
	epoch_close(r[0]);
	retire_many(r[1], 5);
	epoch_close(r[1]);
	CHECK(epoch->held_bytes == 120 &&
	                stat_of(epoch, "retired_peak_bytes") == 120,
	        "bytes in closed bags of all threads are held");
	CHECK(stat_of(epoch, "retired_bytes") == 120 &&
	                stat_of(epoch, "freed_bytes") == 0 &&
	                stat_of(epoch, "freed") == 0,
	        "no byte in a closed bag counts as freed");
	epoch_park(r[1]);
	epoch_park(r[0]);
	epoch_unpark(r[0]);
	for (int i = 0; i < 4; i++) {
		epoch_quiesce(r[0]);
		epoch_sweep(r[0]);
	}
	CHECK(epoch->held_bytes == 0 && freed == 15 &&
	                stat_of(epoch, "retired_peak_bytes") == 120,
	        "closed bags are freed some epochs later, and the peak stays");
	epoch_unpark(r[1]);
	rm_stat_own(&r[0]->retries, 3);
	rm_stat_own(&r[1]->retries, 4);
	rm_stat_own(&r[1]->waits, 5);
	rm_stat_own(&r[1]->wait_ns, 6);
	CHECK(stat_of(epoch, "retired") == 15 &&
	                stat_of(epoch, "retired_bytes") == 120 &&
	                stat_of(epoch, "retries") == 7 &&
	                stat_of(epoch, "grace_waits") == 5 &&
	                stat_of(epoch, "grace_wait_ns") == 6 &&
	                stat_of(epoch, "grace_waiting") == 0,
	        "each statistic is the sum over threads");
	closed(epoch, r, 2);
}

static void waits_without_objects_end(void)
{
	struct epoch_record *r[1];
	struct epoch *epoch = opened(r, 1, 4000, false);

	epoch_wait(r[0]);
	CHECK(stat_of(epoch, "grace_waits") == 1 && epoch->now == 2,
	        "a wait without retired objects ends at once");
	closed(epoch, r, 1);
}

/* No other thread is joined, so the wait ends without other threads. */
static void threads_above_the_limit_wait(void)
{
	struct epoch_record *r[1];
	struct epoch *epoch = opened(r, 1, 4000, false);

	CHECK(epoch->bag_bytes == 1000, "four bags fill the limit");
	for (size_t i = 0; i < 4; i++) {
		epoch_retire(r[0], 1, &objects[i], 1000);
		r[0]->due = false;
	}
	r[0]->due = true;
	epoch->now = 1; /* as if no thread had swept */
	epoch_settle(r[0]);
	CHECK(stat_of(epoch, "grace_waits") == 0 && !r[0]->due,
	        "at the limit no thread waits yet");
	epoch_retire(r[0], 1, &objects[4], 1001);
	r[0]->pinned = 1;
	epoch_settle(r[0]);
	CHECK(stat_of(epoch, "grace_waits") == 0 && freed == 0,
	        "above the limit no thread waits while references outlive an "
	        "operation");
	r[0]->pinned = 0;
	epoch_settle(r[0]);
	CHECK(stat_of(epoch, "grace_waits") == 0,
	        "above the limit no thread waits if no bag was closed since "
	        "then");
	epoch_retire(r[0], 1, &objects[5], 10);
	r[0]->due = true;
	epoch_settle(r[0]);
	CHECK(stat_of(epoch, "grace_waits") == 1 && freed == 6 && !r[0]->due &&
	                stat_of(epoch, "grace_waiting") == 0,
	        "above the limit a thread waits until all its objects are "
	        "free");
	CHECK(r[0]->seen != 0 && r[0]->seen >= epoch->now - 1,
	        "after the wait the thread has seen the epoch");
	CHECK(stat_of(epoch, "grace_wait_ns") > 0 &&
	                stat_of(epoch, "grace_wait_ns") < 100000 &&
	                !r[0]->limbo && epoch->held_bytes == 0,
	        "the time of the wait is counted, and nothing is held");
	CHECK(events[RM_EVENT_GRACE_WAIT].count == 2 &&
	                events[RM_EVENT_GRACE_WAIT].argument == 0 &&
	                events[RM_EVENT_GRACE_WAIT].start_ns >= 1000000000 &&
	                events[RM_EVENT_GRACE_WAIT].start_ns < rm_now_ns(),
	        "the wait is an event that starts when it begins");
	closed(epoch, r, 1);
}

static void readers_are_waited_for(void)
{
	struct epoch_record *r[2];
	struct epoch *epoch = opened(r, 2, 4000, false);

	slow_reader = r[1];
	yields = 0;
	retire_many(r[0], 1);
	epoch_wait(r[0]);
	CHECK(freed == 1 && yields >= 6 && !r[0]->limbo,
	        "a wait ends once no reader can hold the objects");
	slow_reader = NULL;
	closed(epoch, r, 2);
}

static void orphans_wait_for_their_epoch(void)
{
	struct epoch_record *r[3];
	struct epoch *epoch = opened(r, 3, 0, false);

	retire_many(r[0], 1);
	epoch_park(r[0]);
	CHECK(epoch->orphans && !r[0]->oldest && !r[0]->newest && !r[0]->limbo,
	        "a parking thread hands over its retired objects");
	CHECK(!r[0]->due, "a parking thread has nothing to settle");
	epoch_quiesce(r[1]);
	epoch_quiesce(r[2]);
	epoch_sweep(r[2]);
	epoch_retire(r[1], 1, &objects[1], 8);
	epoch_park(r[1]);
	CHECK(epoch->orphans->next && !epoch->orphans->next->next,
	        "retired objects of another thread are added");
	for (int i = 0; i < 10 && freed == 0; i++) {
		epoch_quiesce(r[2]);
		epoch_sweep(r[2]);
	}
	CHECK(freed == 1 && is_freed[0] && epoch->orphans,
	        "a sweep frees unreachable objects only");
	epoch_quiesce(r[2]);
	epoch_sweep(r[2]);
	epoch_quiesce(r[2]);
	epoch_sweep(r[2]);
	CHECK(freed == 2 && !epoch->orphans, "a later sweep frees the other "
	                                     "object");
	closed(epoch, r, 3);
	CHECK(freed_twice == 0, "each object is freed once");
}

/* Two threads hand over objects in the same epoch. Between these, another
   thread sweeps. */
static void late_orphans_are_seen(void)
{
	struct epoch_record *r[3];
	struct epoch *epoch = opened(r, 3, 0, false);

	retire_many(r[0], 1);
	epoch_close(r[0]);
	epoch_retire(r[1], 1, &objects[1], 8);
	epoch_close(r[1]);
	epoch->now = 10; /* both objects are unreachable */
	r[0]->seen = r[2]->seen = 0;
	r[1]->seen = 9; /* keeps the epoch from advancing */
	pthread_mutex_lock(&epoch->lock);
	epoch_sweep(r[2]);
	pthread_mutex_unlock(&epoch->lock);
	CHECK(freed == 0,
	        "no other thread frees objects that were not handed over");
	epoch->orphans = r[0]->oldest;
	r[0]->oldest = r[0]->newest = NULL;
	pthread_mutex_lock(&epoch->lock);
	epoch_sweep(r[2]);
	pthread_mutex_unlock(&epoch->lock);
	CHECK(freed == 0, "a sweep skips orphans while they are locked");
	epoch_sweep(r[2]);
	CHECK(freed == 1 && !epoch->orphans, "the next sweep frees the "
	                                     "orphans");
	CHECK(pthread_mutex_trylock(&epoch->lock) == 0,
	        "a sweep releases the lock");
	epoch->orphans = r[1]->oldest;
	r[1]->oldest = r[1]->newest = NULL;
	pthread_mutex_unlock(&epoch->lock);
	epoch_sweep(r[2]);
	CHECK(freed == 1, "orphans are swept once per epoch");
	epoch_retire(r[2], 1, &objects[2], 8);
	epoch_park(r[2]);
	epoch_sweep(r[0]);
	CHECK(freed == 2 && is_freed[1], "orphans are swept again when more "
	                                 "are added");
	closed(epoch, r, 3);
	CHECK(freed == 3 && freed_twice == 0, "each orphan is freed once");
}

static void the_end_frees_all(void)
{
	struct epoch_record *r[2];
	struct epoch *epoch = opened(r, 2, 0, false);
	int other;

	retire_many(r[0], 1);
	epoch_park(r[0]); /* makes the object an orphan */
	epoch_retire(r[1], 1, &objects[1], 8);
	epoch_close(r[1]);
	epoch_retire(r[1], 1, &objects[2], 8);
	epoch_destroy(epoch, &other);
	CHECK(freed == 3 && freed_twice == 0 && last_owner == &other,
	        "destruction frees orphans, closed and open bags, with "
	        "the owner that it is given");
	epoch = opened(r, 1, 4, true);
	retire_many(r[0], 3);
	CHECK(r[0]->oldest->target == UINT64_MAX,
	        "a map that frees nothing never frees objects");
	epoch_settle(r[0]);
	for (int i = 0; i < 100; i++)
		epoch_quiesce(r[0]);
	epoch_park(r[0]);
	CHECK(epoch->now == 1 && stat_of(epoch, "grace_waits") == 0 &&
	                freed == 0 && !r[0]->oldest && !r[0]->limbo,
	        "a map that frees nothing neither sweeps nor waits, but hands "
	        "objects over");
	closed(epoch, r, 1);
	CHECK(freed == 3, "the destruction of such a map frees all of its "
	                  "objects");
	epoch = opened(r, 1, 0, false);
	retire_many(r[0], 1);
	locked = epoch;
	epoch_leave(r[0]);
	CHECK(freed == 1 && was_locked,
	        "the last thread to leave frees orphans under the lock");
	locked = NULL;
	epoch_destroy(epoch, &the_map);
}

static void bags_are_used_again(void)
{
	struct epoch_record *r[1];
	struct epoch *epoch = opened(r, 1, 0, false);
	long held = heap_held;
	uint64_t reclaims = events[RM_EVENT_RECLAIM].count;

	CHECK(held == 2, "there are one common block and an open bag");
	retire_many(r[0], 3 * BAG);
	CHECK(heap_held == held + 3, "there are three more bags when three "
	                             "are full");
	for (int i = 0; i < 4; i++) {
		epoch_quiesce(r[0]);
		epoch_sweep(r[0]);
	}
	CHECK(freed == 3 * BAG && heap_held == held + 1,
	        "one bag stays when three are freed");
	CHECK(events[RM_EVENT_RECLAIM].count == reclaims + 3 &&
	                events[RM_EVENT_RECLAIM].argument == BAG &&
	                events[RM_EVENT_RECLAIM].start_ns == event_clock - 1,
	        "each reclaim is an event, from its first object on");
	retire_many(r[0], BAG);
	CHECK(heap_held == held + 1 && r[0]->open->count == 0 &&
	                r[0]->open->bytes == 0 && !r[0]->open->next,
	        "the spare bag is reused, empty");
	epoch_leave(r[0]);
	held = heap_held;
	CHECK(epoch_join(epoch, 0, &the_map) == r[0] && heap_held == held,
	        "a thread that joins again still has its open bag");
	closed(epoch, r, 1);
}

static void without_memory(void)
{
	struct epoch_record *r[1];
	struct epoch *epoch = opened(r, 1, 0, false);
	int status;

	fflush(stdout);
	if (fork() == 0) {
		signal(SIGABRT, SIG_DFL);
		heap_is_full = true;
		retire_many(r[0], BAG);
		_exit(0);
	}
	wait(&status);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
	        "the process ends if memory for a bag runs out");
	closed(epoch, r, 1);
	epoch = epoch_create(1, 0, false);
	heap_is_full = true;
	CHECK(!epoch_create(1, 0, false) && !epoch_join(epoch, 0, &the_map),
	        "if memory runs out, creating epochs and joining fail");
	heap_is_full = false;
	r[0] = epoch_join(epoch, 0, &the_map);
	CHECK(r[0] == &epoch->records[0], "a later join succeeds");
	closed(epoch, r, 1);
}

int main(void)
{
	static void (*const scenes[])(void) = { bags_have_bounds,
		limits_are_shared_out, kinds_come_back, sweeps_are_rare,
		steps_announce_themselves, bytes_are_held,
		waits_without_objects_end, threads_above_the_limit_wait,
		readers_are_waited_for, orphans_wait_for_their_epoch,
		late_orphans_are_seen, the_end_frees_all, bags_are_used_again,
		without_memory };

	for (size_t i = 0; i < sizeof(scenes) / sizeof(*scenes); i++) {
		scenes[i]();
		CHECK(heap_held == 0, "every block is freed at the end");
	}
	return DONE();
}
