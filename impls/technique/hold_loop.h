/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold_loop.h - measures a lock whose holders sleep (article S2, section 2.3;
 * workload W22). `hold:READ:WRITE:WRITERS`: the first WRITERS threads lock for
 * writing, sleep WRITE ns, unlock and yield. The others lock for reading, sleep
 * READ ns and unlock. An iteration is one such cycle.
 *
 * Each wait is timed. `read_blocked_share` and `write_blocked_share` are the
 * shares of the threads' time spent waiting for the lock; `blocked_share` is
 * the same for all threads, that is, the mean share of blocked threads (S2-10).
 * If the measure is latency, P50 and P99 of the waits are reported, too.
 *
 * The includer first selects a guard of gomap_guarded.h. The loop shows how
 * long writers wait (a lock that prefers readers starves them) and that readers
 * overlap. Sleeps end late by the latency of the kernel's timer.
 */
#include "impls/technique/technique.h"

#include <sched.h>

enum { HOLD_READ, HOLD_WRITE, HOLD_WRITERS };

/* Measurements of one thread in the window. */
struct hold_result {
	_Alignas(RM_CACHE_LINE) uint64_t cycles;
	uint64_t waited_ns, longest_ns, elapsed_ns;
	struct rm_histogram *waits; /* NULL if waits are not timed */
};

struct hold {
	struct guard guard;
	/* threads that hold the lock */
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t readers, writers;
	_Atomic uint64_t broken; /* times that a writer was not alone */
	uint64_t args[3];
	size_t threads;
	struct hold_result seats[];
};

static void *hold_create(const struct rm_sizing *sizing)
{
	static const uint64_t preset[] = { 1000000, 100000, 1 };
	const uint64_t *args = sizing->loop_args ? sizing->loop_args : preset;
	size_t size = sizeof(struct hold) +
	              sizing->threads * sizeof(struct hold_result);
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

	for (size_t i = 0; i < hold->threads; i++)
		free(hold->seats[i].waits);
	guard_destroy(&hold->guard);
	free(hold);
}

/* Runs one cycle. Returns the wait for the lock in ns. */
static uint64_t hold_read_once(struct hold *hold, void *thread)
{
	const uint64_t start_ns = rm_now_ns();

	guard_read(&hold->guard, thread);
	const uint64_t got_ns = rm_now_ns();

	/* all relaxed here: the check is that the lock orders them */
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

	/* all relaxed here: the check is that the lock orders them */
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
	struct hold_result seat = { 0 };
	const uint64_t start_ns = rm_now_ns();

	while (technique_turn(worker)) {
		const uint64_t waited_ns =
		        writes ? hold_write_once(hold)
		               : hold_read_once(hold, worker->thread);

		seat.cycles++;
		seat.waited_ns += waited_ns;
		if (waited_ns > seat.longest_ns)
			seat.longest_ns = waited_ns;
		if (worker->timed && worker->measured)
			technique_record(&seat.waits, waited_ns);
	}
	seat.elapsed_ns = rm_now_ns() - start_ns;
	if (worker->measured)
		hold->seats[worker->slot] = seat;
}

/* Adds up the measurements of several threads. */
static struct hold_result hold_add_up(
        const struct hold *hold, size_t first, size_t end)
{
	struct hold_result sum = { .waits = rm_histogram_create() };

	for (size_t i = first; i < end; i++) {
		const struct hold_result *seat = &hold->seats[i];

		sum.cycles += seat->cycles;
		sum.waited_ns += seat->waited_ns;
		sum.elapsed_ns += seat->elapsed_ns;
		if (seat->longest_ns > sum.longest_ns)
			sum.longest_ns = seat->longest_ns;
		if (sum.waits && seat->waits)
			rm_histogram_merge(sum.waits, seat->waits);
	}
	return sum;
}

static double hold_blocked(const struct hold_result *sum)
{
	return sum->elapsed_ns
	               ? (double)sum->waited_ns / (double)sum->elapsed_ns
	               : 0;
}

static void hold_emit(const struct hold *hold, const char *name, size_t first,
        size_t end, rm_stat_fn *emit, void *context)
{
	struct hold_result sum = hold_add_up(hold, first, end);
	char wait[16];

	snprintf(wait, sizeof(wait), "%s_wait", name);
	technique_emit(name, "cycles", "1", (double)sum.cycles, emit, context);
	technique_emit(wait, "mean", "ns",
	        sum.cycles ? (double)sum.waited_ns / (double)sum.cycles : 0,
	        emit, context);
	if (sum.waits && sum.waits->count)
		technique_emit_times(wait, sum.waits, emit, context);
	else
		technique_emit(wait, "max", "ns", (double)sum.longest_ns, emit,
		        context);
	technique_emit(
	        name, "blocked_share", "1", hold_blocked(&sum), emit, context);
	free(sum.waits);
}

static void hold_stats(void *map, rm_stat_fn *emit, void *context)
{
	const struct hold *hold = map;
	const size_t split = hold->args[HOLD_WRITERS] < hold->threads
	                             ? hold->args[HOLD_WRITERS]
	                             : hold->threads;
	struct hold_result all = hold_add_up(hold, 0, hold->threads);

	hold_emit(hold, "write", 0, split, emit, context);
	hold_emit(hold, "read", split, hold->threads, emit, context);
	emit(context, "blocked_share", "1", hold_blocked(&all));
	free(all.waits);
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

TECHNIQUE_TABLES(hold, hold_destroy, map_itself, "hold", hold_run)
