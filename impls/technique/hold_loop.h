/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold_loop.h - a lock as a subject: threads sleep while they hold it (article
 * S2, 2.3; workload W22). `hold:READ:WRITE:WRITERS`: the first WRITERS
 * threads lock to write, sleep WRITE, unlock and yield; the others lock to
 * read, sleep READ and unlock. An iteration is one such cycle.
 *
 * Before it is included: a guard of gomap_guarded.h. What is shown: how long
 * writers wait (a lock that prefers readers starves them) and that readers
 * overlap. Sleeps end late by what the kernel's timer is late.
 */
#include "impls/technique/technique.h"
#include "runner/base/clock.h"

#include <sched.h>

enum { HOLD_READ, HOLD_WRITE, HOLD_WRITERS };

/* What one thread saw in the window. */
struct hold_seat {
	_Alignas(RM_CACHE_LINE) uint64_t cycles;
	uint64_t waited_ns, longest_ns;
};

struct hold {
	struct guard guard;
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t readers, writers; /* inside */
	_Atomic uint64_t broken; /* a writer was not alone */
	uint64_t args[3];
	size_t threads;
	struct hold_seat seats[];
};

static void *hold_create(const struct rm_sizing *sizing)
{
	static const uint64_t preset[] = { 1000000, 100000, 1 };
	const uint64_t *args = sizing->loop_args ? sizing->loop_args : preset;
	size_t size = sizeof(struct hold) +
	              sizing->threads * sizeof(struct hold_seat);
	struct hold *hold = aligned_alloc(RM_CACHE_LINE, size);

	if (!hold)
		return NULL;
	memset(hold, 0, size);
	memcpy(hold->args, args, sizeof(hold->args));
	hold->threads = sizing->threads;
	if (guard_create(&hold->guard, sizing->threads))
		return hold;
	free(hold);
	return NULL;
}

static void hold_destroy(void *map)
{
	struct hold *hold = map;

	guard_destroy(&hold->guard);
	free(hold);
}

/* One cycle; returns how long the lock let it wait, in ns. */
static uint64_t hold_read_once(struct hold *hold, void *thread)
{
	const uint64_t start_ns = rm_now_ns();

	guard_read(&hold->guard, thread);
	const uint64_t got_ns = rm_now_ns();

	/* relaxed, all here: the lock orders them, which is what is checked */
	atomic_fetch_add_explicit(&hold->readers, 1, memory_order_relaxed);
	if (atomic_load_explicit(&hold->writers, memory_order_relaxed))
		atomic_fetch_add_explicit(
		        &hold->broken, 1, memory_order_relaxed);
	rm_sleep_until(got_ns + hold->args[HOLD_READ]);
	atomic_fetch_sub_explicit(&hold->readers, 1, memory_order_relaxed);
	guard_read_end(&hold->guard, thread);
	return got_ns - start_ns;
}

static uint64_t hold_write_once(struct hold *hold)
{
	const uint64_t start_ns = rm_now_ns();

	guard_write(&hold->guard);
	const uint64_t got_ns = rm_now_ns();

	/* relaxed, all here: the lock orders them, which is what is checked */
	if (atomic_fetch_add_explicit(
	            &hold->writers, 1, memory_order_relaxed) ||
	        atomic_load_explicit(&hold->readers, memory_order_relaxed))
		atomic_fetch_add_explicit(
		        &hold->broken, 1, memory_order_relaxed);
	rm_sleep_until(got_ns + hold->args[HOLD_WRITE]);
	atomic_fetch_sub_explicit(&hold->writers, 1, memory_order_relaxed);
	guard_write_end(&hold->guard);
	sched_yield();
	return got_ns - start_ns;
}

static void hold_run(struct rm_worker *worker)
{
	struct hold *hold = worker->thread;
	const bool writes = worker->slot < hold->args[HOLD_WRITERS];
	struct hold_seat seat = { 0 };

	while (technique_turn(worker)) {
		const uint64_t waited_ns =
		        writes ? hold_write_once(hold)
		               : hold_read_once(hold, worker->thread);

		seat.cycles++;
		seat.waited_ns += waited_ns;
		if (waited_ns > seat.longest_ns)
			seat.longest_ns = waited_ns;
	}
	if (worker->measured)
		hold->seats[worker->slot] = seat;
}

static void hold_emit(
        const struct hold *hold, bool writers, rm_stat_fn *emit, void *context)
{
	const size_t split = hold->args[HOLD_WRITERS] < hold->threads
	                             ? hold->args[HOLD_WRITERS]
	                             : hold->threads;
	double cycles = 0, waited = 0, longest = 0;

	for (size_t i = writers ? 0 : split;
	        i < (writers ? split : hold->threads); i++) {
		cycles += (double)hold->seats[i].cycles;
		waited += (double)hold->seats[i].waited_ns;
		if ((double)hold->seats[i].longest_ns > longest)
			longest = (double)hold->seats[i].longest_ns;
	}
	emit(context, writers ? "write_cycles" : "read_cycles", "1", cycles);
	emit(context, writers ? "write_wait_mean" : "read_wait_mean", "ns",
	        cycles > 0 ? waited / cycles : 0);
	emit(context, writers ? "write_wait_max" : "read_wait_max", "ns",
	        longest);
}

static void hold_stats(void *map, rm_stat_fn *emit, void *context)
{
	hold_emit(map, true, emit, context);
	hold_emit(map, false, emit, context);
}

static bool hold_check(void *map, char *why, size_t size)
{
	struct hold *hold = map;
	/* relaxed: the threads have ended */
	const uint64_t broken =
	        atomic_load_explicit(&hold->broken, memory_order_relaxed);

	snprintf(why, size, "%llu times a writer was not alone",
	        (unsigned long long)broken);
	return !broken;
}

static const struct rm_map_ops hold_ops = { .create = hold_create,
	.destroy = hold_destroy,
	.join = technique_join,
	.leave = technique_leave,
	.quiesce = technique_quiesce,
	.stats = hold_stats,
	.check = hold_check };

static const struct rm_own_loop hold_loops[] = { { "hold", hold_run },
	{ NULL, NULL } };
