/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stamp.c - chooses what stamps are made of, and says why not the time stamp
 * counter where it is not.
 */
#include "runner/check/stamp.h"

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

/* Reads per thread and pair of CPUs. */
enum { READS = 4000 };

/* Two threads hand a time to and fro; each must read a later one. */
struct duel {
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t latest;
	_Alignas(RM_CACHE_LINE) atomic_bool backwards;
	atomic_bool unpinned;
	_Atomic unsigned ready;
};

struct side {
	struct duel *duel;
	int cpu;
};

static void *read_times(void *opaque)
{
	const struct side *side = opaque;
	struct duel *duel = side->duel;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(side->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		/* relaxed, here and below: flags are read after the join */
		atomic_store_explicit(
		        &duel->unpinned, true, memory_order_relaxed);
	atomic_fetch_add_explicit(&duel->ready, 1, memory_order_relaxed);
	while (atomic_load_explicit(&duel->ready, memory_order_relaxed) < 2)
		sched_yield();
	for (int i = 0; i < READS; i++) {
		/* acquire: pairs with the release of the other's time */
		uint64_t before = atomic_load_explicit(
		        &duel->latest, memory_order_acquire);
		uint64_t now = rm_tsc();

		if (now < before)
			atomic_store_explicit(
			        &duel->backwards, true, memory_order_relaxed);
		/* release: the other reads the counter after seeing this */
		while (before < now &&
		        !atomic_compare_exchange_weak_explicit(&duel->latest,
		                &before, now, memory_order_release,
		                memory_order_acquire))
			;
	}
	return NULL;
}

/* NULL if the counters of the two CPUs agree, else why they cannot be used.
   Two new threads: this one is not to stay pinned. */
static const char *disagreement(int first, int second)
{
	struct duel duel = { .latest = 0 };
	struct side sides[2] = { { &duel, first }, { &duel, second } };
	pthread_t ids[2];
	int started = 0;

	while (started < 2 && !pthread_create(ids + started, NULL, read_times,
	                              sides + started))
		started++;
	/* relaxed: one that is alone shall not wait for the other */
	if (started < 2)
		atomic_fetch_add_explicit(&duel.ready, 1, memory_order_relaxed);
	for (int i = 0; i < started; i++)
		pthread_join(ids[i], NULL);
	if (started < 2)
		return "no threads to compare the CPUs' counters";
	/* relaxed: both threads have been joined */
	if (atomic_load_explicit(&duel.unpinned, memory_order_relaxed))
		return "threads cannot be bound to CPUs to compare counters";
	if (atomic_load_explicit(&duel.backwards, memory_order_relaxed))
		return "the counters of two CPUs differ";
	return NULL;
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
