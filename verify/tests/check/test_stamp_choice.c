/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which stamps are chosen, with counters and CPUs that are played: that of the
 * second thread is behind, and both threads may be kept on one CPU, as on a
 * busy machine, where they never run at the same time.
 */
#include "verify/check/stamp.h"

#include <sched.h>

static int64_t behind;          /* of the second CPU's counter, in its ticks */
static bool kept_apart;         /* all threads on the first CPU */
static cpu_set_t allowed;       /* where this process may run */
static atomic_bool beyond;      /* a thread wanted to be elsewhere */
static _Thread_local int place; /* 1: this thread is on another CPU */

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

static int played_setaffinity(pid_t pid, size_t size, const cpu_set_t *wanted)
{
	cpu_set_t set = *wanted;
	const int cpu = first_cpu();
	cpu_set_t own;

	CPU_AND(&own, &set, &allowed);
	if (!CPU_EQUAL(&own, &set))
		atomic_store(&beyond, true);
	place = !CPU_ISSET(cpu, &set);
	if (kept_apart) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
	}
	return sched_setaffinity(pid, size, &set);
}

static uint64_t played_tsc(void)
{
	return rm_tsc() - (uint64_t)(place ? behind : 0);
}

/* The code itself, with these: the library's object is then not linked. */
#define rm_tsc            played_tsc
#define sched_setaffinity played_setaffinity
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
	bool taken = false, said = true;

	for (size_t i = 0; i < sizeof(ticks) / sizeof(*ticks); i++) {
		struct rm_stamps stamps = chosen(ticks[i], false);

		taken |= stamps.tsc;
		said &= stamps.why != NULL;
	}
	CHECK(!taken && said, "counters that are apart are not taken");
}

/* The second thread's counter is behind by less than it takes until it runs. */
static void nothing_is_taken_unseen(void)
{
	struct rm_stamps stamps = chosen(20, true);

	CHECK(!stamps.tsc, "nor such as could not be compared");
	CHECK(stamps.why && strstr(stamps.why, "too busy"), "it says so");
}

/* A busy machine may keep them from being compared. */
static void equal_ones_do_not_differ(void)
{
	struct rm_stamps stamps = chosen(0, false);

	CHECK(stamps.tsc || !strstr(stamps.why, "differ"),
	        "equal counters do not differ");
	CHECK(!atomic_load(&beyond),
	        "no CPU is asked for where this process may not run");
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
