/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_kernel.c - tests system calls of explored maps: futexes, yields,
 * and clocks, whose unit is a step.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "verify/tests/explore/explore_lanes.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>

static const void *word_of(struct shared *shared)
{
	return &shared->word[0];
}

static void sleeps(struct shared *shared, uint32_t value, char letter)
{
	record(letter);
	record(rm_sim_futex_wait(word_of(shared), value) == 0 ? '0' : 'e');
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
	record('w');
}

static void wakes_all(struct shared *shared)
{
	rm_sim_futex_wake(word_of(shared), 7);
	record('w');
}

static void wakes_other(struct shared *shared)
{
	rm_sim_futex_wake(&shared->word[1], 7);
	record('w');
}

static void futexes(void)
{
	/* both sleep before the third begins */
	struct rm_explore_turn late[] = { { 2, ON, 0 }, { 1, ON, 0 },
		{ 3, ON, 0 }, { 3, ON, 0 }, { 1, ON, 0 }, { 2, ON, 0 } };

	lanes(sleeps_a, sleeps_b, wakes_all);
	CHECK(in_turn(late, 6, RM_EXPLORE_NOTHING, "baw00"),
	        "a lane that sleeps on a word continues when it is woken");
	lanes(sleeps_a, sleeps_b, wakes_one);
	CHECK(in_turn(late, 6, RM_EXPLORE_DEADLOCK, "baw0") &&
	                !strcmp(rm_explore.finding.what,
	                        "all threads wait: thread 2 waits for a futex"),
	        "only the requested number of lanes is woken");
	lanes(sleeps_a, sleeps_b, wakes_other);
	CHECK(in_turn(late, 6, RM_EXPLORE_DEADLOCK, "baw"),
	        "a wake of another word wakes no lane");
	lanes(sleeps_for_one, NULL, NULL);
	CHECK(in_turn(late, 0, RM_EXPLORE_NOTHING, "ce"),
	        "a lane that finds another value does not sleep");
}

/* Like sleeps_a(), but by a system call, as maps do. */
static void calls_a(struct shared *shared)
{
	record('a');
	record(rm_sim_syscall(SYS_futex, word_of(shared), FUTEX_WAIT_PRIVATE, 0,
	               NULL, NULL, 0) == 0
	                ? '0'
	                : 'e');
}

static void calls_for_one(struct shared *shared)
{
	errno = 0;
	record(rm_sim_syscall(SYS_futex, word_of(shared), FUTEX_WAIT_PRIVATE, 1,
	               NULL, NULL, 0) == -1 &&
	                        errno == EAGAIN
	                ? 'e'
	                : '?');
}

static void calls_wake(struct shared *shared)
{
	long woken = rm_sim_syscall(SYS_futex, word_of(shared),
	        FUTEX_WAKE_PRIVATE, 7, NULL, NULL, 0);

	record((char)('0' + woken));
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
	        "the system call returns how many lanes it has woken");
	lanes(calls_wake, NULL, NULL);
	CHECK(in_turn(late, 0, RM_EXPLORE_NOTHING, "0"),
	        "the system call returns 0 if no lane sleeps");
	lanes(calls_for_one, NULL, NULL);
	CHECK(in_turn(late, 0, RM_EXPLORE_NOTHING, "e"),
	        "a wait returns EAGAIN if the value differs");
	lanes(calls_other, NULL, NULL);
	CHECK(stops(RM_EXPLORE_MISUSE, "not explored: "),
	        "other system calls are rejected");
}

/* ---- yields ---- */

static void pauses(struct shared *shared)
{
	(void)shared;
	record('p');
	rm_sim_relax();
	record('q');
}

static void yields(struct shared *shared)
{
	(void)shared;
	record('p');
	fine(rm_sim_sched_yield());
	record('q');
}

static void naps(struct shared *shared)
{
	const struct timespec long_time = { .tv_sec = 100000 };

	(void)shared;
	record('p');
	fine(rm_sim_nanosleep(&long_time, NULL));
	record('q');
}

static void naps_by_clock(struct shared *shared)
{
	const struct timespec long_time = { .tv_sec = 100000 };

	(void)shared;
	record('p');
	fine(rm_sim_clock_nanosleep(CLOCK_MONOTONIC, 0, &long_time, NULL));
	record('q');
}

static void other(struct shared *shared)
{
	(void)shared;
	record('o');
}

static void gives_turn_away(void)
{
	static void (*const lane[])(
	        struct shared *) = { pauses, yields, naps, naps_by_clock };
	static const char *const names[] = { "a lane that pauses yields",
		"sched_yield() yields", "a sleep of any length yields",
		"a sleep by any clock yields" };
	/* without the yield, lane 1 could run to its end */
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
	        "endless pauses are a livelock");
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
	int64_t began = clock_ns(), step = clock_ns() - began, one, many;

	began = clock_ns();
	__tsan_atomic64_load(&shared->word[0], __ATOMIC_RELAXED);
	one = clock_ns() - began;
	began = clock_ns();
	for (int i = 0; i < 100; i++)
		__tsan_atomic64_load(&shared->word[0], __ATOMIC_RELAXED);
	many = clock_ns() - began;
	record(step > 0 && one == step ? 't' : '?');
	record(many == 100 * step ? 'u' : '?');
}

/* A back-off loop that only reads the clock. */
static void waits_a_while(struct shared *shared)
{
	int64_t began = clock_ns();

	(void)shared;
	while (clock_ns() - began < 1000)
		;
	record('w');
}

static void looks_for_ever(struct shared *shared)
{
	(void)shared;
	for (;;)
		clock_ns();
}

static void self_of(struct shared *shared)
{
	cpu_set_t set;

	(void)shared;
	fine(rm_sim_sched_getaffinity(0, sizeof(set), &set));
	record((char)('0' + rm_sim_self()));
	record((char)('0' + rm_sim_sched_getcpu()));
	record((char)('0' + (char)rm_sim_thread_self()));
	record((char)('0' + CPU_COUNT(&set)));
}

static void time_and_self(void)
{
	struct rm_explore_turn first[] = { { 1, 9999, 0 } };
	struct rm_explore_turn turn[] = { { 2, ON, 0 }, { 1, ON, 0 } };

	lanes(looks_at_clock, other, NULL);
	CHECK(in_turn(first, 1, RM_EXPLORE_NOTHING, "tuo"),
	        "time is steps; a second read without a step is a step");
	lanes(waits_a_while, other, NULL);
	CHECK(in_turn(first, 1, RM_EXPLORE_NOTHING, "wo"),
	        "a wait by the clock alone ends");
	lanes(looks_for_ever, NULL, NULL);
	CHECK(stops(RM_EXPLORE_LIVELOCK, "not done after 10000 steps"),
	        "an endless wait by the clock is a livelock");
	lanes(self_of, self_of, NULL);
	CHECK(in_turn(turn, 2, RM_EXPLORE_NOTHING, "22381128"),
	        "each lane has one of eight CPUs, and a thread id other than "
	        "0");
}

/* ---- the main thread, alone ---- */

static void until_later(int (*waits)(void))
{
	int64_t began = clock_ns();

	do
		fine(waits());
	while (clock_ns() - began < 100000);
	record('w');
}

static int waits_for_nothing(void)
{
	return 0;
}

static int sleeps_a_second(void)
{
	const struct timespec second = { .tv_sec = 1 };

	return rm_sim_nanosleep(&second, NULL);
}

static int sleeps_by_clock(void)
{
	const struct timespec second = { .tv_sec = 1 };

	return rm_sim_clock_nanosleep(CLOCK_MONOTONIC, 0, &second, NULL);
}

static int pauses_once(void)
{
	rm_sim_relax();
	return 0;
}

static int (*const waits_alone[])(void) = { waits_for_nothing,
	rm_sim_sched_yield, sleeps_a_second, sleeps_by_clock, pauses_once };

enum { WAITS = sizeof(waits_alone) / sizeof(*waits_alone) };

static void alone_until_later(struct rm_explore_lane *lane)
{
	(void)lane;
	for (int i = 0; i < WAITS; i++)
		until_later(waits_alone[i]);
}

static int (*waits_now)(void);
static pthread_mutex_t held;

static int tries_mutex(void)
{
	return rm_sim_mutex_trylock(&held) != EBUSY;
}

static void alone_for_ever(struct rm_explore_lane *lane)
{
	(void)lane;
	for (;;)
		fine(waits_now());
}

static int looks_once(void)
{
	return clock_ns() < 0;
}

static int64_t before;

static void looks_in_order(struct rm_explore_lane *lane)
{
	int64_t now = clock_ns();

	(void)lane;
	record(now >= before ? '<' : '?');
	before = now;
}

/* Reads the clock before the threads start, in one thread, and after they
 * end. */
static void alone_and_not(struct rm_explore_lane *lane)
{
	before = 0;
	for (int i = 0; i < 100; i++) {
		rm_sim_relax();
		fine(rm_sim_sched_yield());
	}
	looks_in_order(lane);
	rm_explore_clocks_fork(1);
	rm_explore_run_threads(1, looks_in_order);
	looks_in_order(lane);
}

/* Like play(), with another main thread. */
static bool alone_ends(void (*main)(struct rm_explore_lane *lane),
        enum rm_explore_fault fault, const char *expected)
{
	struct rm_explore_schedule listed = { .scheduler = &rm_explore_listed,
		.list = &(struct rm_explore_turns){ NULL, 0, 0 } };

	memset(world.order, 0, sizeof(world.order));
	rm_explore_heap_reset();
	rm_explore_clocks_reset();
	rm_explore_begin(&listed, STEPS_MOST, main);
	if (fault)
		return rm_explore.finding.fault == fault &&
		       strstr(rm_explore.finding.what, expected);
	return !rm_explore.finding.fault && !strcmp(world.order, expected);
}

static void main_alone(void)
{
	static int (*const endless[])(void) = { looks_once, rm_sim_sched_yield,
		sleeps_a_second, sleeps_by_clock, tries_mutex };
	bool ends = true;

	CHECK(alone_ends(alone_until_later, RM_EXPLORE_NOTHING, "wwwww"),
	        "time passes for the main thread alone, in each kind of wait");
	/* held by lane 2, which has ended */
	((struct rm_explore_mutex *)(void *)&held)->owner = 3;
	for (size_t i = 0; i < sizeof(endless) / sizeof(*endless); i++) {
		waits_now = endless[i];
		ends &= alone_ends(alone_for_ever, RM_EXPLORE_LIVELOCK,
		        "the main thread, alone, runs without end");
	}
	CHECK(ends, "an endless wait of the main thread is a livelock");
	CHECK(alone_ends(alone_and_not, RM_EXPLORE_NOTHING, "<<<"),
	        "time does not decrease when the main thread is alone again");
}

static void all(void)
{
	futexes();
	system_calls();
	gives_turn_away();
	never_ends();
	time_and_self();
	main_alone();
}

int main(void)
{
	return test_lanes(all);
}
