/* SPDX-License-Identifier: Apache-2.0 */
/* test_hold.c - tests locks that are held for a while, with a simulated clock
   and lock: how each thread locks, how long it waits and sleeps, and the share
   of time spent waiting. */
#include "tests/unit/support/counted_heap.h"
/* included after counted_heap.h, so that their allocations are counted */
#include "runner/base/histogram.c"
#include "runner/map.h"
#include "tests/unit/trial/played_clock.h"

/* A guard for gomap_guarded.h. */
struct guard {
	unsigned reads, writes;
	int inside;
	size_t threads;
	void *reader;
};

static struct {
	bool fails;
	uint64_t wait_ns; /* time that each lock call takes */
	uint64_t last_got_ns, last_held_ns;
	unsigned destroyed;
} lock;

static inline bool guard_create(struct guard *guard, size_t threads)
{
	*guard = (struct guard){ .threads = threads };
	return !lock.fails;
}

static inline void guard_destroy(struct guard *guard)
{
	lock.destroyed += guard->inside == 0;
}

static inline void guard_get(struct guard *guard)
{
	guard->inside++;
	played_ns += lock.wait_ns;
	lock.last_got_ns = played_ns;
}

static inline void guard_put(struct guard *guard)
{
	guard->inside--;
	lock.last_held_ns = played_ns - lock.last_got_ns;
}

static inline void guard_read(struct guard *guard, void *thread)
{
	guard->reader = thread;
	guard->reads++;
	guard_get(guard);
}

static inline void guard_read_end(struct guard *guard, void *thread)
{
	if (guard->reader == thread)
		guard_put(guard);
}

static inline void guard_write(struct guard *guard)
{
	guard->writes++;
	guard_get(guard);
}

static inline void guard_write_end(struct guard *guard)
{
	guard_put(guard);
}

#include "impls/technique/hold_loop.h"
#include "tests/unit/tap.h"
#include "tests/unit/technique/subject_reports.h"

static atomic_bool stop;
static unsigned yields;

/* Replaces the system's function. */
int sched_yield(void)
{
	yields += lock.last_held_ns > 0;
	return 0;
}

static struct hold *hold_of(const uint64_t *args)
{
	const struct rm_sizing sizing = { .threads = 4, .loop_args = args };

	return hold_ops.create(&sizing);
}

/* Runs cycles of one thread. Each cycle's lock takes `wait_ns`. */
static void run(struct hold *hold, unsigned slot, uint64_t cycles,
        uint64_t wait_ns, bool timed)
{
	struct rm_worker worker = { .thread = hold_ops.join(hold, slot),
		.slot = slot,
		.threads = 4,
		.stop = &stop,
		.measured = true,
		.timed = timed,
		.iterations_limit = cycles };

	lock.wait_ns = wait_ns;
	hold_loops[0].run(&worker);
}

static void first_threads_write(void)
{
	static const uint64_t args[] = { 5000, 9000, 2 };
	struct hold *hold = hold_of(args);
	uint64_t read_ns, write_ns;

	CHECK(hold->guard.threads == 4, "the lock is created for all threads");
	run(hold, 1, 1, 0, false);
	write_ns = lock.last_held_ns;
	run(hold, 0, 2, 0, false);
	CHECK(hold->guard.writes == 3 && hold->guard.reads == 0,
	        "the first two threads lock for writing");
	CHECK(yields == 3, "writers yield after the unlock");
	run(hold, 2, 1, 0, false);
	run(hold, 3, 4, 0, false);
	read_ns = lock.last_held_ns;
	CHECK(hold->guard.writes == 3 && hold->guard.reads == 5 &&
	                hold->guard.reader == hold,
	        "the other threads lock for reading");
	CHECK(yields == 3, "readers do not yield");
	/* the clock is read after the lock, and the sleep starts at that
	   time */
	CHECK(write_ns >= 9000 && write_ns <= 9000 + 3 * PLAYED_READING_NS &&
	                read_ns >= 5000 &&
	                read_ns <= 5000 + 3 * PLAYED_READING_NS,
	        "each thread sleeps its time while it holds the lock");
	CHECK(hold->guard.inside == 0 && hold->readers == 0 &&
	                hold->writers == 0,
	        "each thread releases the lock");
	CHECK(stat_of(&hold_ops, hold, "write_cycles") == 3 &&
	                stat_of(&hold_ops, hold, "read_cycles") == 5,
	        "read and write cycles are counted separately");
	hold_ops.destroy(hold);
}

static void check_defaults(void)
{
	struct hold *hold = hold_of(NULL);

	run(hold, 0, 1, 0, false);
	CHECK(hold->guard.writes == 1 && lock.last_held_ns >= 100000 &&
	                lock.last_held_ns < 101000,
	        "by default one thread writes, for 100 us");
	run(hold, 1, 1, 0, false);
	CHECK(hold->guard.reads == 1 && lock.last_held_ns >= 1000000 &&
	                lock.last_held_ns < 1001000,
	        "by default the other threads read, for 1 ms");
	hold_ops.destroy(hold);
}

/* Each wait is 900 ns, as the readings before and after the lock are 100 ns
   apart and the lock takes 800 ns. */
static void waits_are_reported(void)
{
	static const uint64_t args[] = { 5000, 9000, 2 };
	struct hold *hold = hold_of(args);
	double share, both;

	CHECK(stat_of(&hold_ops, hold, "write_wait_mean") == 0 &&
	                stat_of(&hold_ops, hold, "blocked_share") == 0,
	        "without a run no wait is reported");
	run(hold, 0, 3, 800, false);
	run(hold, 1, 1, 2800, false);
	CHECK(stat_of(&hold_ops, hold, "write_wait_mean") ==
	                        (3 * 900 + 2900) / 4.0 &&
	                stat_of(&hold_ops, hold, "write_wait_max") == 2900 &&
	                stat_of(&hold_ops, hold, "write_wait_p50") == -1,
	        "without timing only mean and maximum of waits are reported");
	share = stat_of(&hold_ops, hold, "write_blocked_share");
	/* the waits take 5600 ns and the four sleeps 9000 ns each, with
	   readings in between */
	CHECK(share > 5600.0 / (5600 + 4 * 9000 + 3000) &&
	                share < 5600.0 / (5600 + 4 * 9000),
	        "the writers' share of time spent waiting is reported");
	CHECK(stat_of(&hold_ops, hold, "read_blocked_share") == 0 &&
	                stat_of(&hold_ops, hold, "blocked_share") == share,
	        "with writers only, the share of all threads is the same");
	run(hold, 3, 8, 0, false);
	both = stat_of(&hold_ops, hold, "blocked_share");
	CHECK(both < share &&
	                both > stat_of(&hold_ops, hold, "read_blocked_share") &&
	                stat_of(&hold_ops, hold, "read_wait_mean") == 100 &&
	                stat_of(&hold_ops, hold, "read_wait_max") == 100,
	        "readers that do not wait reduce the share of all threads");
	run(hold, 0, 1, 1800, false);
	CHECK(stat_of(&hold_ops, hold, "write_cycles") == 2 &&
	                stat_of(&hold_ops, hold, "write_wait_mean") == 2400,
	        "a window's statistics exclude earlier windows");
	hold_ops.destroy(hold);
}

static void waits_are_timed(void)
{
	static const uint64_t args[] = { 5000, 9000, 9 };
	struct hold *hold = hold_of(args);
	struct rm_worker worker = { .thread = hold,
		.slot = 3,
		.stop = &stop,
		.timed = true,
		.iterations_limit = 5 };

	lock.wait_ns = 99900;
	hold_loops[0].run(&worker);
	CHECK(!hold->seats[3].cycles && !hold->seats[3].waits,
	        "a warm-up leaves no statistics");
	for (unsigned slot = 0; slot < 4; slot++)
		run(hold, slot, 25, slot == 3 ? 999900 : 99900, true);
	CHECK(hold->guard.writes == 105 && hold->guard.reads == 0 &&
	                stat_of(&hold_ops, hold, "write_cycles") == 100 &&
	                stat_of(&hold_ops, hold, "read_cycles") == 0,
	        "with more writers than threads all threads write");
	CHECK(stat_of(&hold_ops, hold, "write_wait_p50") > 95000 &&
	                stat_of(&hold_ops, hold, "write_wait_p50") < 105000 &&
	                stat_of(&hold_ops, hold, "write_wait_p99") > 950000 &&
	                stat_of(&hold_ops, hold, "write_wait_max") == 1000000,
	        "timed waits of all threads are reported as a distribution");
	hold_ops.destroy(hold);
}

static void broken_locks_are_detected(void)
{
	static const uint64_t args[] = { 5000, 9000, 2 };
	struct hold *hold = hold_of(args);
	char why[100];

	run(hold, 0, 2, 0, false);
	run(hold, 2, 2, 0, false);
	CHECK(hold_ops.check(hold, why, sizeof(why)),
	        "the check accepts a correct lock");
	hold->readers = 2;
	run(hold, 2, 3, 0, false);
	CHECK(hold->broken == 0, "overlapping readers are accepted");
	run(hold, 0, 1, 0, false);
	CHECK(hold->broken == 1,
	        "a writer concurrent with a reader is counted");
	hold->readers = 0;
	hold->writers = 1;
	run(hold, 0, 1, 0, false);
	CHECK(hold->broken == 2,
	        "a writer concurrent with a writer is counted");
	run(hold, 2, 1, 0, false);
	CHECK(hold->broken == 3 && check_reports(&hold_ops, hold,
	                                   "3 times a writer was not alone"),
	        "a reader concurrent with a writer is counted");
	hold->writers = 0;
	hold_ops.destroy(hold);
}

static void memory_is_freed(void)
{
	const struct rm_sizing sizing = { .threads = 4 };

	CHECK(heap_held == 0 && lock.destroyed == 5,
	        "all memory and locks are freed");
	heap_is_full = true;
	CHECK(!hold_ops.create(&sizing),
	        "if memory runs out, create returns NULL");
	heap_is_full = false;
	lock.fails = true;
	CHECK(!hold_ops.create(&sizing) && heap_held == 0,
	        "without a lock, create returns NULL");
}

int main(void)
{
	first_threads_write();
	check_defaults();
	waits_are_reported();
	waits_are_timed();
	broken_locks_are_detected();
	memory_is_freed();
	return DONE();
}
