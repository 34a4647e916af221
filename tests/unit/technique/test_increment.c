/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_increment.c - adding to values of one map, on one thread that plays two:
 * where one gives way the other adds to the same value. What is lost, what the
 * map saw of it, and after how many increments, is known then.
 */
#include "tests/unit/support/counted_heap.h"
/* after it, so that it is counted */
#include "impls/gomap/gomap_ops.h"
#include "tests/unit/technique/counting_guard.h"

static int tells;
#define INCREMENT_GIVES_WAY 1
#define INCREMENT_TELLS     tells
#include "impls/technique/increment.h"
#include "tests/unit/tap.h"
#include "tests/unit/technique/subject_says.h"

static atomic_bool stop;
static unsigned pauses, pauses_inside; /* inside: under the lock, in a write */
static struct increment_thread *comes_between;
static struct increment *watched;

/* In place of the system's: the moment in which others come. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time, (void)left;
	pauses++;
	pauses_inside += watched->guard.inside == 1 &&
	                 (gomap_get(watched->map->flags) & GOMAP_WRITING);
	if (comes_between) {
		increment_once(comes_between, false);
		rm_stat_own(&comes_between->done, 1);
	}
	return 0;
}

static struct increment *increments(const uint64_t *args)
{
	const struct rm_sizing sizing = {
		.threads = 14, .seed = 5, .loop_args = args
	};

	tells = 0;
	pauses = pauses_inside = 0;
	comes_between = NULL;
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

static double said(struct increment *increment, const char *name)
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
	        "unasked ten keys are there from the beginning");
	CHECK(increment->guard.threads == 14 &&
	                said(increment, "increments") == 0 &&
	                check_says(&increment_ops, increment, ""),
	        "and nothing was added to them");
	run(increment, 3, 5);
	run(increment, 13, 20);
	run(increment, 9, 1);
	CHECK(guard_took(&increment->guard, 0, 26),
	        "each increment takes the lock to write");
	CHECK(value_of(increment, 3) == 25 && value_of(increment, 9) == 1 &&
	                value_of(increment, 0) == 0,
	        "thread i adds to key i modulo the number of keys");
	CHECK(said(increment, "increments") == 26 &&
	                said(increment, "increments_lost") == 0 &&
	                said(increment, "conflicts") == 0 &&
	                said(increment, "flag_fired") == 0 &&
	                isnan(said(increment, "first_conflict_after")) &&
	                gomap_get(increment->map->extra->growths) == growths,
	        "no increment is lost, nothing is seen, and nothing grows");
	CHECK(check_says(&increment_ops, increment, ""), "all adds up");
	increment_ops.destroy(increment);
}

static void one_in_a_thousand_gives_way(void)
{
	static const uint64_t args[] = { 4 };
	struct increment *increment = increments(args);

	run(increment, 0, 999);
	CHECK(pauses == 0, "999 increments give way to nobody");
	run(increment, 1, 3000);
	CHECK(pauses == 3 && pauses_inside == 3,
	        "one in a thousand does, in the middle of its write");
	CHECK(gomap_count(increment->map) == 4 &&
	                value_of(increment, 1) == 3000 &&
	                check_says(&increment_ops, increment, ""),
	        "which changes nothing where none comes");
	increment_ops.destroy(increment);
}

/* Threads 0 and 10 have key 0. The second comes when the first has read 999. */
static void what_is_lost_is_told(void)
{
	struct increment *increment = increments(NULL);
	double conflicts;
	char why[100];

	comes_between = increment_ops.join(increment, 10);
	run(increment, 0, 1000);
	conflicts = said(increment, "conflicts");
	CHECK(value_of(increment, 0) == 1000 &&
	                said(increment, "increments") == 1001 &&
	                said(increment, "increments_lost") == 1,
	        "an increment in the middle of another is lost");
	CHECK(conflicts >= 1 && said(increment, "flag_fired") == 1 &&
	                said(increment, "first_conflict_after") == 1001,
	        "the map sees that, after so many of all threads");
	snprintf(why, sizeof(why),
	        "concurrent map writes: %.0f seen, 1 of 1001 increments lost",
	        conflicts);
	CHECK(check_says(&increment_ops, increment, why), "it is found");
	tells = 1;
	CHECK(check_says(&increment_ops, increment, ""),
	        "or only told, where that is asked for");
	comes_between = NULL;
	run(increment, 0, 50);
	CHECK(said(increment, "first_conflict_after") == 1001,
	        "the first conflict is told, whatever comes later");
	rm_stat_own(&increment->thread[13].done, -3);
	CHECK(!increment_ops.check(increment, why, sizeof(why)) &&
	                said(increment, "increments_lost") == -2,
	        "more than was added is a fault in either case");
	increment_ops.destroy(increment);
}

/* What the map sees without a loss, and a loss that it does not see. */
static void each_alone_is_enough(void)
{
	struct increment *increment = increments(NULL);

	run(increment, 0, 10);
	rm_stat_own(&increment->thread[13].done, 2);
	CHECK(check_says(&increment_ops, increment,
	              "concurrent map writes: 0 seen, 2 of 12 increments lost"),
	        "a loss that the map did not see is found");
	rm_stat_own(&increment->thread[13].done, -2);
	tells = 1;
	CHECK(check_says(&increment_ops, increment, ""),
	        "what adds up does also where it is only told");
	tells = 0;
	gomap_set(increment->map->extra->conflicts, 1);
	CHECK(said(increment, "flag_fired") == 1, "one conflict is enough");
	gomap_set(increment->map->extra->conflicts, 4);
	CHECK(check_says(&increment_ops, increment,
	              "concurrent map writes: 4 seen, 0 of 10 increments lost"),
	        "so are conflicts that lost nothing");
	increment_ops.destroy(increment);
}

int main(void)
{
	threads_have_their_keys();
	one_in_a_thousand_gives_way();
	what_is_lost_is_told();
	each_alone_is_enough();
	guards_are_given_back(
	        &increment_ops, &(struct rm_sizing){ .threads = 2 }, 4);
	return DONE();
}
