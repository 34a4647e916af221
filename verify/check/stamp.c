/* SPDX-License-Identifier: Apache-2.0 */
/* stamp.c - chooses the source of stamps. If it is not the time stamp counter,
 * stores the reason. */
#include "verify/check/stamp.h"

#include "runner/base/clock.h"

#include <pthread.h>
#include <sched.h>

#if defined(__x86_64__)
#include <cpuid.h>

bool rm_tsc_invariant(void)
{
	unsigned a, b, c, d;

	/* AMD APM vol. 3, E.4.7; Intel SDM vol. 3B, 18.17.1 */
	return __get_cpuid(0x80000007, &a, &b, &c, &d) && d & 1U << 8;
}
#else
/* All CPUs read the generic timer from one system counter (Arm ARM, D12.1). */
bool rm_tsc_invariant(void)
{
	return true;
}
#endif

/* Number of quick turns that each thread must make, maximum number of reads in
 * a quick turn, and time limit. */
enum { QUICK_TURNS = 1000, QUICK_READS = 200, TIME_LIMIT_NS = 200000000 };

/* Two threads on different CPUs pass counter values back and forth, which must
 * never decrease. Counters that differ by less than the time of a turn are not
 * detected, but are harmless. On a busy machine one thread may not run while
 * the other does, so a turn takes milliseconds. Therefore only quick turns are
 * evidence. */
struct comparison {
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t
	        turns;   /* number of turns so far */
	uint64_t latest; /* owned by the thread whose turn it is */
	_Alignas(RM_CACHE_LINE) _Atomic unsigned ready;
	atomic_bool backwards, unpinned, has_evidence, finished;
};

struct side {
	struct comparison *comparison;
	unsigned number; /* 0 or 1; thread 0 begins */
	int cpu;
};

static void raise_flag(atomic_bool *flag)
{
	/* relaxed, as all reads of flags: read after the join, or only a hint
	 * to stop */
	atomic_store_explicit(flag, true, memory_order_relaxed);
}

static bool is_raised(const atomic_bool *flag)
{
	return atomic_load_explicit(flag, memory_order_relaxed);
}

/* Returns the number of reads until it is this side's turn; 0 if the comparison
 * is over. */
static unsigned wait_for_turn(const struct side *side, uint64_t end_ns)
{
	struct comparison *comparison = side->comparison;

	for (unsigned reads = 1; !is_raised(&comparison->finished); reads++) {
		/* acquire: pairs with the release in take_turns() */
		if (atomic_load_explicit(
		            &comparison->turns, memory_order_acquire) %
		                2 ==
		        side->number)
			return reads;
		rm_cpu_relax();
		if (reads % QUICK_READS == 0 && rm_now_ns() > end_ns)
			raise_flag(&comparison->finished);
	}
	return 0;
}

static void pin(const struct side *side)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(side->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		raise_flag(&side->comparison->unpinned);
}

static void *take_turns(void *opaque)
{
	const struct side *side = opaque;
	struct comparison *comparison = side->comparison;
	unsigned quick_turns = 0, reads;

	pin(side);
	/* relaxed: a count */
	atomic_fetch_add_explicit(&comparison->ready, 1, memory_order_relaxed);
	while (atomic_load_explicit(&comparison->ready, memory_order_relaxed) <
	        2)
		sched_yield();
	const uint64_t end_ns = rm_now_ns() + TIME_LIMIT_NS;

	while (quick_turns < QUICK_TURNS &&
	        (reads = wait_for_turn(side, end_ns))) {
		const uint64_t now = rm_tsc();

		if (now < comparison->latest)
			raise_flag(&comparison->backwards);
		comparison->latest = now;
		/* release: the other thread reads its counter after it sees
		 * this */
		atomic_fetch_add_explicit(
		        &comparison->turns, 1, memory_order_release);
		quick_turns += reads < QUICK_READS;
	}
	if (quick_turns == QUICK_TURNS)
		raise_flag(&comparison->has_evidence);
	raise_flag(&comparison->finished);
	return NULL;
}

/* Returns NULL if the counters of the two CPUs agree, else the reason why they
 * cannot be used. It uses two new threads, so that this one stays unpinned. */
static const char *compare_counters(int first, int second)
{
	struct comparison comparison = { .turns = 0 };
	struct side sides[2] = { { &comparison, 0, first },
		{ &comparison, 1, second } };
	pthread_t ids[2];
	int started = 0;

	while (started < 2 && !pthread_create(ids + started, NULL, take_turns,
	                              sides + started))
		started++;
	if (started < 2)
		raise_flag(&comparison.finished);
	/* relaxed: if only one thread was started, it must not wait for the
	 * other */
	if (started < 2)
		atomic_fetch_add_explicit(
		        &comparison.ready, 1, memory_order_relaxed);
	for (int i = 0; i < started; i++)
		pthread_join(ids[i], NULL);
	if (started < 2)
		return "no threads to compare the counters of the CPUs";
	if (is_raised(&comparison.unpinned))
		return "threads cannot be bound to CPUs to compare counters";
	if (is_raised(&comparison.backwards))
		return "the counters of two CPUs differ";
	return is_raised(&comparison.has_evidence)
	               ? NULL
	               : "the machine is too busy to compare its counters";
}

/* Returns why the counter cannot be used, or NULL. Like the kernel, compares
 * each CPU with the first one. */
static const char *find_obstacle(void)
{
	cpu_set_t set;
	int first = -1;

	if (!rm_tsc_invariant())
		return "the CPU does not declare its counter invariant";
	if (sched_getaffinity(0, sizeof(set), &set))
		return "the CPUs of this process are unknown";
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		const char *why = NULL;

		if (!CPU_ISSET(cpu, &set))
			continue;
		if (first < 0)
			first = cpu;
		else
			why = compare_counters(first, cpu);
		if (why)
			return why;
	}
	return NULL;
}

void rm_stamps_choose(struct rm_stamps *stamps)
{
	const char *why = find_obstacle();

	*stamps = (struct rm_stamps){ .tsc = !why, .why = why };
}
