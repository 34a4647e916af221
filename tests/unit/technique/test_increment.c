/* SPDX-License-Identifier: Apache-2.0 */
/* test_increment.c - increments values of one map on one thread that acts as
   two: while one sleeps, the other one increments the same value. So losses,
   conflicts and the count before the first conflict are known. */
#include "tests/unit/support/counted_heap.h"
/* included after counted_heap.h, so that its allocations are counted */
#include "impls/gomap/gomap_ops.h"
#include "tests/unit/technique/counting_guard.h"

static int reports_only;
#define INCREMENT_SLEEPS       1
#define INCREMENT_REPORTS_ONLY reports_only
#include "impls/technique/increment.h"
#include "tests/unit/tap.h"
#include "tests/unit/technique/subject_reports.h"

static atomic_bool stop;
static unsigned pauses, pauses_inside; /* number of sleeps, and of those under
                                          the lock during a write */
static struct increment_thread *interloper;
static struct increment *watched;

/* Replaces the system's function; other threads run at this moment. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time, (void)left;
	pauses++;
	pauses_inside += watched->guard.inside == 1 &&
	                 (gomap_get(watched->map->flags) & GOMAP_WRITING);
	if (interloper) {
		increment_once(interloper, false);
		rm_stat_own(&interloper->done, 1);
	}
	return 0;
}

static struct increment *increments(const uint64_t *args)
{
	const struct rm_sizing sizing = {
		.threads = 14, .seed = 5, .loop_args = args
	};

	reports_only = 0;
	pauses = pauses_inside = 0;
	interloper = NULL;
	watched = increment_ops.create(&sizing);
	return watched;
}

static void run(struct increment *increment, unsigned slot, uint64_t count)
{
	struct rm_worker worker = { .thread =
		                            increment_ops.join(increment, slot),
		.slot = slot,
		.stop = &stop,
		.iterations_limit = count };

	increment_loops[0].run(&worker);
}

static uint64_t value_of(struct increment *increment, uint64_t key)
{
	return gomap_get(*gomap_find(
	        increment->map, RM_U64X8, (struct rm_key){ .word = key }));
}

static double stat_now(struct increment *increment, const char *name)
{
	return stat_of(&increment_ops, increment, name);
}

static void threads_have_their_keys(void)
{
	struct increment *increment = increments(NULL);
	const uint64_t growths = gomap_get(increment->map->extra->growths);
	bool zero = true;

	for (uint64_t key = 0; key < 10; key++)
		zero &= value_of(increment, key) == 0;
	CHECK(gomap_count(increment->map) == 10 && zero,
	        "by default ten keys are inserted at the start");
	CHECK(increment->guard.threads == 14 &&
	                stat_now(increment, "increments") == 0 &&
	                check_reports(&increment_ops, increment, ""),
	        "no increment is counted at the start");
	run(increment, 3, 5);
	run(increment, 13, 20);
	run(increment, 9, 1);
	CHECK(guard_counts_are(&increment->guard, 0, 26),
	        "each increment takes the write lock");
	CHECK(value_of(increment, 3) == 25 && value_of(increment, 9) == 1 &&
	                value_of(increment, 0) == 0,
	        "thread i adds to key i modulo the number of keys");
	CHECK(stat_now(increment, "increments") == 26 &&
	                stat_now(increment, "increments_lost") == 0 &&
	                stat_now(increment, "conflicts") == 0 &&
	                stat_now(increment, "flag_fired") == 0 &&
	                isnan(stat_now(increment, "first_conflict_after")) &&
	                gomap_get(increment->map->extra->growths) == growths,
	        "without races there is no loss, no conflict and no growth");
	CHECK(check_reports(&increment_ops, increment, ""), "the check passes");
	increment_ops.destroy(increment);
}

static void one_in_a_thousand_sleeps(void)
{
	static const uint64_t args[] = { 4 };
	struct increment *increment = increments(args);

	run(increment, 0, 999);
	CHECK(pauses == 0, "999 increments do not sleep");
	run(increment, 1, 3000);
	CHECK(pauses == 3 && pauses_inside == 3,
	        "one in a thousand sleeps in the middle of its write");
	CHECK(gomap_count(increment->map) == 4 &&
	                value_of(increment, 1) == 3000 &&
	                check_reports(&increment_ops, increment, ""),
	        "without another thread the sleep changes nothing");
	increment_ops.destroy(increment);
}

/* Threads 0 and 10 have key 0. Thread 10 runs when thread 0 has read 999. */
static void losses_are_reported(void)
{
	struct increment *increment = increments(NULL);
	double conflicts;
	char why[100];

	interloper = increment_ops.join(increment, 10);
	run(increment, 0, 1000);
	conflicts = stat_now(increment, "conflicts");
	CHECK(value_of(increment, 0) == 1000 &&
	                stat_now(increment, "increments") == 1001 &&
	                stat_now(increment, "increments_lost") == 1,
	        "an increment during another is lost");
	CHECK(conflicts >= 1 && stat_now(increment, "flag_fired") == 1 &&
	                stat_now(increment, "first_conflict_after") == 1001,
	        "the map detects the conflict after 1001 increments of all "
	        "threads");
	snprintf(why, sizeof(why),
	        "concurrent map writes: %.0f seen, 1 of 1001 increments lost",
	        conflicts);
	CHECK(check_reports(&increment_ops, increment, why),
	        "the check detects the loss");
	reports_only = 1;
	CHECK(check_reports(&increment_ops, increment, ""),
	        "with INCREMENT_REPORTS_ONLY the check accepts the loss");
	interloper = NULL;
	run(increment, 0, 50);
	CHECK(stat_now(increment, "first_conflict_after") == 1001,
	        "later increments do not change the first conflict");
	rm_stat_own(&increment->thread[13].done, -3);
	CHECK(!increment_ops.check(increment, why, sizeof(why)) &&
	                stat_now(increment, "increments_lost") == -2,
	        "a sum above the number of increments always fails");
	increment_ops.destroy(increment);
}

/* Tests conflicts without a loss, and a loss without a conflict. */
static void loss_or_conflict_fails(void)
{
	struct increment *increment = increments(NULL);

	run(increment, 0, 10);
	rm_stat_own(&increment->thread[13].done, 2);
	CHECK(check_reports(&increment_ops, increment,
	              "concurrent map writes: 0 seen, 2 of 12 increments lost"),
	        "the check detects a loss without a conflict");
	rm_stat_own(&increment->thread[13].done, -2);
	reports_only = 1;
	CHECK(check_reports(&increment_ops, increment, ""),
	        "with INCREMENT_REPORTS_ONLY a correct sum passes");
	reports_only = 0;
	gomap_set(increment->map->extra->conflicts, 1);
	CHECK(stat_now(increment, "flag_fired") == 1,
	        "one conflict sets flag_fired");
	gomap_set(increment->map->extra->conflicts, 4);
	CHECK(check_reports(&increment_ops, increment,
	              "concurrent map writes: 4 seen, 0 of 10 increments lost"),
	        "the check detects conflicts without a loss");
	increment_ops.destroy(increment);
}

int main(void)
{
	threads_have_their_keys();
	one_in_a_thousand_sleeps();
	losses_are_reported();
	loss_or_conflict_fails();
	guards_are_freed(
	        &increment_ops, &(struct rm_sizing){ .threads = 2 }, 4);
	return DONE();
}
