/* SPDX-License-Identifier: Apache-2.0 */
/* test_stamp_choice.c - tests which stamps are chosen, with simulated counters
 * and CPUs. The counter of the second thread may be too low. Both threads may
 * be bound to one CPU, where they never run at the same time, as on a busy
 * machine. */
#include "verify/check/stamp.h"

#include <sched.h>

/* number of ticks by which the second CPU's counter is behind */
static int64_t behind;
static bool kept_apart;   /* true: all threads run on the first CPU */
static cpu_set_t allowed; /* CPUs of this process */
/* true if a thread requested a CPU that is not allowed */
static atomic_bool beyond;
static _Thread_local int place; /* 1: this thread runs on the second CPU */

static int first_cpu(void)
{
	cpu_set_t set;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 0;
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	return cpu;
}

static int mock_setaffinity(pid_t pid, size_t size, const cpu_set_t *requested)
{
	cpu_set_t set = *requested;
	const int cpu = first_cpu();
	cpu_set_t permitted;

	CPU_AND(&permitted, &set, &allowed);
	if (!CPU_EQUAL(&permitted, &set))
		atomic_store(&beyond, true);
	place = !CPU_ISSET(cpu, &set);
	if (kept_apart) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
	}
	return sched_setaffinity(pid, size, &set);
}

static uint64_t mock_tsc(void)
{
	return rm_tsc() - (uint64_t)(place ? behind : 0);
}

/* Includes the code under test with these replacements, so its object is not
 * linked. */
#define rm_tsc            mock_tsc
#define sched_setaffinity mock_setaffinity
#include "verify/check/stamp.c"
#undef rm_tsc
#undef sched_setaffinity

#include "tests/unit/tap.h"

#include <string.h>

static struct rm_stamps chosen(int64_t second_behind, bool apart)
{
	struct rm_stamps stamps;

	behind = second_behind;
	kept_apart = apart;
	rm_stamps_choose(&stamps);
	printf("# %s\n", stamps.tsc ? "tsc" : stamps.why);
	return stamps;
}

static void counters_apart_are_not_taken(void)
{
	static const int64_t ticks[] = { 1000000000, -1000000000, 20000,
		-20000 };
	bool taken = false, has_reason = true;

	for (size_t i = 0; i < sizeof(ticks) / sizeof(*ticks); i++) {
		struct rm_stamps stamps = chosen(ticks[i], false);

		taken |= stamps.tsc;
		has_reason &= stamps.why != NULL;
	}
	CHECK(!taken && has_reason, "counters that differ are rejected");
}

/* The counters differ by less than the time until the second thread runs. */
static void nothing_is_taken_unseen(void)
{
	struct rm_stamps stamps = chosen(20, true);

	CHECK(!stamps.tsc, "counters that could not be compared are rejected");
	CHECK(stamps.why && strstr(stamps.why, "too busy"),
	        "if counters could not be compared, the reason is a busy "
	        "machine");
}

/* On a busy machine the counters may not be compared. */
static void equal_ones_do_not_differ(void)
{
	struct rm_stamps stamps = chosen(0, false);

	CHECK(stamps.tsc || !strstr(stamps.why, "differ"),
	        "equal counters are never reported as different");
	CHECK(!atomic_load(&beyond),
	        "no thread is bound to a CPU that is not allowed");
}

int main(void)
{
	if (!rm_tsc_invariant() ||
	        sched_getaffinity(0, sizeof(allowed), &allowed) ||
	        CPU_COUNT(&allowed) < 2) {
		SKIP("which stamps are chosen", "needs an invariant counter "
		                                "and two CPUs");
		return DONE();
	}
	counters_apart_are_not_taken();
	nothing_is_taken_unseen();
	equal_ones_do_not_differ();
	return DONE();
}
