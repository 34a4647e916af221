/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stamp.c - chooses what stamps are made of, and says why not the time stamp
 * counter where it is not.
 */
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
/* The generic timer is one system counter (Arm ARM, D12.1). */
bool rm_tsc_invariant(void)
{
	return true;
}
#endif

/* How often each thread must have been answered at once, how many looks at
   most that is, and how long the two may try. */
enum { ANSWERS = 1000, LOOKS = 200, PATIENCE_NS = 200000000 };

/*
 * Two threads, each on its CPU, tell each other the time in turn; it must never
 * go back. Counters that are apart by less than it takes to be told cannot be
 * seen so, nor can they harm. But on a busy machine one thread may not run while
 * the other does, and then it takes milliseconds: only what is answered at once
 * is evidence.
 */
struct duel {
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t told; /* how many times */
	uint64_t latest; /* belongs to whose turn it is */
	_Alignas(RM_CACHE_LINE) _Atomic unsigned ready;
	atomic_bool backwards, unpinned, enough, over;
};

struct side {
	struct duel *duel;
	unsigned number; /* 0 or 1: who begins */
	int cpu;
};

static void raise_flag(atomic_bool *flag)
{
	/* relaxed, as each look at a flag: it is read after the join, or only
	   says when to stop */
	atomic_store_explicit(flag, true, memory_order_relaxed);
}

static bool is_raised(const atomic_bool *flag)
{
	return atomic_load_explicit(flag, memory_order_relaxed);
}

/* Returns after how many looks it is this side's turn; 0: it is over. */
static unsigned await_turn(const struct side *side, uint64_t end_ns)
{
	struct duel *duel = side->duel;

	for (unsigned looks = 1; !is_raised(&duel->over); looks++) {
		/* acquire: pairs with the release in take_turns() */
		if (atomic_load_explicit(&duel->told, memory_order_acquire) %
		                2 ==
		        side->number)
			return looks;
		rm_cpu_relax();
		if (looks % LOOKS == 0 && rm_now_ns() > end_ns)
			raise_flag(&duel->over);
	}
	return 0;
}

static void pin(const struct side *side)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(side->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		raise_flag(&side->duel->unpinned);
}

static void *take_turns(void *opaque)
{
	const struct side *side = opaque;
	struct duel *duel = side->duel;
	unsigned answers = 0, looks;

	pin(side);
	/* relaxed: a count */
	atomic_fetch_add_explicit(&duel->ready, 1, memory_order_relaxed);
	while (atomic_load_explicit(&duel->ready, memory_order_relaxed) < 2)
		sched_yield();
	const uint64_t end_ns = rm_now_ns() + PATIENCE_NS;

	while (answers < ANSWERS && (looks = await_turn(side, end_ns))) {
		const uint64_t now = rm_tsc();

		if (now < duel->latest)
			raise_flag(&duel->backwards);
		duel->latest = now;
		/* release: the other reads its counter after seeing this */
		atomic_fetch_add_explicit(&duel->told, 1, memory_order_release);
		answers += looks < LOOKS;
	}
	if (answers == ANSWERS)
		raise_flag(&duel->enough);
	raise_flag(&duel->over);
	return NULL;
}

/* NULL if the counters of the two CPUs agree, else why they cannot be used.
   Two new threads: this one is not to stay pinned. */
static const char *disagreement(int first, int second)
{
	struct duel duel = { .told = 0 };
	struct side sides[2] = { { &duel, 0, first }, { &duel, 1, second } };
	pthread_t ids[2];
	int started = 0;

	while (started < 2 && !pthread_create(ids + started, NULL, take_turns,
	                              sides + started))
		started++;
	if (started < 2)
		raise_flag(&duel.over);
	/* relaxed: one that is alone shall not wait for the other */
	if (started < 2)
		atomic_fetch_add_explicit(&duel.ready, 1, memory_order_relaxed);
	for (int i = 0; i < started; i++)
		pthread_join(ids[i], NULL);
	if (started < 2)
		return "no threads to compare the CPUs' counters";
	if (is_raised(&duel.unpinned))
		return "threads cannot be bound to CPUs to compare counters";
	if (is_raised(&duel.backwards))
		return "the counters of two CPUs differ";
	return is_raised(&duel.enough)
	               ? NULL
	               : "this machine is too busy to compare its counters";
}

/* The kernel compares each CPU with the first one, too. */
static const char *unusable(void)
{
	cpu_set_t set;
	int first = -1;

	if (!rm_tsc_invariant())
		return "the CPU does not call its counter invariant";
	if (sched_getaffinity(0, sizeof(set), &set))
		return "the CPUs of this process are not known";
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		const char *why = NULL;

		if (!CPU_ISSET(cpu, &set))
			continue;
		if (first < 0)
			first = cpu;
		else
			why = disagreement(first, cpu);
		if (why)
			return why;
	}
	return NULL;
}

void rm_stamps_choose(struct rm_stamps *stamps)
{
	const char *why = unusable();

	*stamps = (struct rm_stamps){ .tsc = !why, .why = why };
}
