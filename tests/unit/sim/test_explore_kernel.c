/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_kernel.c - system calls of a map that is explored: who sleeps on
   a futex and is woken, who gives the turn away, and time, which is steps. */
#include "tests/unit/sim/explore_lanes.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>

static const void *word_of(struct shared *shared)
{
	return &shared->word[0];
}

static void sleeps(struct shared *shared, uint32_t value, char letter)
{
	says(letter);
	says(rm_sim_futex_wait(word_of(shared), value) == 0 ? '0' : 'e');
}

static void sleeps_a(struct shared *shared)
{
	sleeps(shared, 0, 'a');
}

static void sleeps_b(struct shared *shared)
{
	sleeps(shared, 0, 'b');
}

static void sleeps_for_one(struct shared *shared)
{
	sleeps(shared, 1, 'c');
}

static void wakes_one(struct shared *shared)
{
	rm_sim_futex_wake(word_of(shared), 1);
	says('w');
}

static void wakes_all(struct shared *shared)
{
	rm_sim_futex_wake(word_of(shared), 7);
	says('w');
}

static void wakes_other(struct shared *shared)
{
	rm_sim_futex_wake(&shared->word[1], 7);
	says('w');
}

static void futexes(void)
{
	/* both sleep before the third begins */
	struct rm_explore_turn late[] = { { 2, ON, 0 }, { 1, ON, 0 },
		{ 3, ON, 0 }, { 3, ON, 0 }, { 1, ON, 0 }, { 2, ON, 0 } };

	lanes(sleeps_a, sleeps_b, wakes_all);
	CHECK(in_turn(late, 6, RM_EXPLORE_NOTHING, "baw00"),
	        "who sleeps on a word goes on when it is woken");
	lanes(sleeps_a, sleeps_b, wakes_one);
	CHECK(in_turn(late, 6, RM_EXPLORE_DEADLOCK, "baw0") &&
	                !strcmp(rm_explore.finding.what,
	                        "all wait: thread 2 waits for a futex"),
	        "as many are woken as was said");
	lanes(sleeps_a, sleeps_b, wakes_other);
	CHECK(in_turn(late, 6, RM_EXPLORE_DEADLOCK, "baw"),
	        "nobody by another word");
	lanes(sleeps_for_one, NULL, NULL);
	CHECK(in_turn(late, 0, RM_EXPLORE_NOTHING, "ce"),
	        "who finds another value does not sleep");
}

/* The same by the system call, as maps make it. */
static void calls_a(struct shared *shared)
{
	says('a');
	says(rm_sim_syscall(SYS_futex, word_of(shared), FUTEX_WAIT_PRIVATE, 0,
	             NULL, NULL, 0) == 0
	                ? '0'
	                : 'e');
}

static void calls_for_one(struct shared *shared)
{
	errno = 0;
	says(rm_sim_syscall(SYS_futex, word_of(shared), FUTEX_WAIT_PRIVATE, 1,
	             NULL, NULL, 0) == -1 &&
	                        errno == EAGAIN
	                ? 'e'
	                : '?');
}

static void calls_wake(struct shared *shared)
{
	long woken = rm_sim_syscall(SYS_futex, word_of(shared),
	        FUTEX_WAKE_PRIVATE, 7, NULL, NULL, 0);

	says((char)('0' + woken));
}

static void calls_other(struct shared *shared)
{
	(void)shared;
	rm_sim_syscall(SYS_gettid);
}

static void system_calls(void)
{
	struct rm_explore_turn late[] = { { 2, ON, 0 }, { 1, ON, 0 },
		{ 3, ON, 0 }, { 3, ON, 0 }, { 1, ON, 0 }, { 2, ON, 0 } };

	lanes(calls_a, calls_a, calls_wake);
	CHECK(in_turn(late, 6, RM_EXPLORE_NOTHING, "aa200"),
	        "the system call says how many it has woken");
	lanes(calls_wake, NULL, NULL);
	CHECK(in_turn(late, 0, RM_EXPLORE_NOTHING, "0"),
	        "none where nobody sleeps");
	lanes(calls_for_one, NULL, NULL);
	CHECK(in_turn(late, 0, RM_EXPLORE_NOTHING, "e"),
	        "and that the value was another one");
	lanes(calls_other, NULL, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE, "not explored: "),
	        "other system calls are refused");
}

/* ---- the turn ---- */

static void pauses(struct shared *shared)
{
	(void)shared;
	says('p');
	rm_sim_relax();
	says('q');
}

static void yields(struct shared *shared)
{
	(void)shared;
	says('p');
	fine(rm_sim_sched_yield());
	says('q');
}

static void naps(struct shared *shared)
{
	const struct timespec long_time = { .tv_sec = 100000 };

	(void)shared;
	says('p');
	fine(rm_sim_nanosleep(&long_time, NULL));
	says('q');
}

static void naps_by_clock(struct shared *shared)
{
	const struct timespec long_time = { .tv_sec = 100000 };

	(void)shared;
	says('p');
	fine(rm_sim_clock_nanosleep(CLOCK_MONOTONIC, 0, &long_time, NULL));
	says('q');
}

static void other(struct shared *shared)
{
	(void)shared;
	says('o');
}

static void gives_turn_away(void)
{
	static void (*const lane[])(
	        struct shared *) = { pauses, yields, naps, naps_by_clock };
	static const char *const names[] = {
		"who pauses gives its turn to another one",
		"so does who yields", "who sleeps, whatever the time",
		"and by whichever clock"
	};
	/* as long as it likes, but for the pause */
	struct rm_explore_turn turn[] = { { 1, ON, 0 } };

	for (int i = 0; i < 4; i++) {
		lanes(lane[i], other, NULL);
		CHECK(in_turn(turn, 1, RM_EXPLORE_NOTHING, "poq"), names[i]);
	}
}

static void waits_for_ever(struct shared *shared)
{
	(void)shared;
	for (;;)
		rm_sim_relax();
}

static void never_ends(void)
{
	lanes(waits_for_ever, NULL, NULL);
	CHECK(stops(RM_EXPLORE_LIVELOCK, "not done after 10000 steps"),
	        "pauses without an end are a livelock");
}

/* ---- time ---- */

static int64_t clock_ns(void)
{
	struct timespec now = { .tv_sec = -1 };

	fine(rm_sim_clock_gettime(CLOCK_MONOTONIC, &now));
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void looks_at_clock(struct shared *shared)
{
	int64_t began = clock_ns(), again = clock_ns(), one, many;

	__tsan_atomic64_load(&shared->word[0], __ATOMIC_RELAXED);
	one = clock_ns() - again;
	again = clock_ns();
	for (int i = 0; i < 100; i++)
		__tsan_atomic64_load(&shared->word[0], __ATOMIC_RELAXED);
	many = clock_ns() - again;
	says(again >= began && one > 0 ? 't' : '?');
	says(many == 100 * one ? 'u' : '?');
}

static void self_of(struct shared *shared)
{
	cpu_set_t set;

	(void)shared;
	fine(rm_sim_sched_getaffinity(0, sizeof(set), &set));
	says((char)('0' + rm_sim_self()));
	says((char)('0' + rm_sim_sched_getcpu()));
	says((char)('0' + (char)rm_sim_thread_self()));
	says((char)('0' + CPU_COUNT(&set)));
}

static void time_and_self(void)
{
	struct rm_explore_turn first[] = { { 1, 9999, 0 } };
	struct rm_explore_turn turn[] = { { 2, ON, 0 }, { 1, ON, 0 } };

	lanes(looks_at_clock, other, NULL);
	CHECK(in_turn(first, 1, RM_EXPLORE_NOTHING, "tuo"),
	        "time is steps, and does not go back");
	lanes(self_of, self_of, NULL);
	CHECK(in_turn(turn, 2, RM_EXPLORE_NOTHING, "22381128"),
	        "each lane has a processor of its own, of eight, and an id "
	        "that is not 0");
}

static void all(void)
{
	futexes();
	system_calls();
	gives_turn_away();
	never_ends();
	time_and_self();
}

int main(void)
{
	return test_lanes(all);
}
