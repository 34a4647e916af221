/* SPDX-License-Identifier: Apache-2.0 */
/* technique.h - helpers that techniques share: loop condition, loop arguments,
   memory, a short sleep, and durations of operations. */
#ifndef RM_TECHNIQUE_TECHNIQUE_H
#define RM_TECHNIQUE_TECHNIQUE_H

#include "impls/support/no_handle.h"
#include "runner/base/clock.h"
#include "runner/base/histogram.h"
#include "runner/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Members of struct rm_impl that techniques share. */
#define TECHNIQUE(weakest, table, own_loops)                              \
	.family = "technique", .guarantees = "none", .progress = weakest, \
	.ops = &(table), .loops = own_loops

/* Defines NAME_ops and NAME_loops, with NAME_create(), NAME_stats() and
   NAME_check(). `word` is the name of the loop `run`. */
#define TECHNIQUE_TABLES(name, destroy_map, join_map, word, run)          \
	static const struct rm_map_ops name##_ops = {                     \
		.create = name##_create,                                  \
		.destroy = destroy_map,                                   \
		.join = join_map,                                         \
		.leave = nothing,                                         \
		.quiesce = nothing,                                       \
		.stats = name##_stats,                                    \
		.check = name##_check,                                    \
	};                                                                \
	static const struct rm_own_loop name##_loops[] = { { word, run }, \
		{ NULL, NULL } };

/* Returns whether the loop continues. If so, counts the iteration. */
RM_HOT bool technique_turn(struct rm_worker *worker)
{
	bool more = !rm_stopped(worker) &&
	            worker->counts.iterations < worker->iterations_limit;

	worker->counts.iterations += more;
	return more;
}

/* Returns the loop's argument `i`, or `preset` if there is none. */
static inline uint64_t technique_arg(
        const struct rm_sizing *sizing, unsigned i, uint64_t preset)
{
	return sizing->loop_args ? sizing->loop_args[i] : preset;
}

/* Allocates zeroed memory in whole pairs of cache lines. */
static inline void *technique_new(size_t bytes)
{
	const size_t unit = 2 * RM_CACHE_LINE;
	const size_t room = (bytes + unit - 1) / unit * unit;
	void *memory = aligned_alloc(unit, room);

	if (memory)
		memset(memory, 0, room);
	return memory;
}

/* Sleeps within the critical window of a misuse, so that other threads run in
   between in every trial. A yield returns at once if no other thread waits for
   this CPU. */
static inline void technique_sleep(void)
{
	const struct timespec moment = { .tv_nsec = 100000 };

	nanosleep(&moment, NULL);
}

/* Returns the start time if operations are timed, otherwise 0. */
RM_HOT uint64_t technique_begin(const struct rm_worker *worker)
{
	return worker->timed ? rm_now_ns() : 0;
}

/* Records one duration of one thread. Creates the histogram on first use. If
   memory runs out, records nothing. */
static inline void technique_record(struct rm_histogram **times, uint64_t ns)
{
	if (!*times)
		*times = rm_histogram_create();
	if (*times)
		rm_histogram_record(*times, ns);
}

static inline void technique_emit(const char *name, const char *what,
        const char *unit, double value, rm_stat_fn *emit, void *context)
{
	char full[64];

	snprintf(full, sizeof(full), "%s_%s", name, what);
	emit(context, full, unit, value);
}

/* Reports NAME_p50, _p99 and _max of the merged durations, if there are any.
   Each includes two clock readings. */
static inline void technique_emit_times(const char *name,
        const struct rm_histogram *sum, rm_stat_fn *emit, void *context)
{
	if (!sum || !sum->count)
		return;
	technique_emit(name, "p50", "ns",
	        (double)rm_histogram_quantile(sum, 0.5), emit, context);
	technique_emit(name, "p99", "ns",
	        (double)rm_histogram_quantile(sum, 0.99), emit, context);
	technique_emit(name, "max", "ns", (double)sum->max_ns, emit, context);
}

#endif /* RM_TECHNIQUE_TECHNIQUE_H */
