/* SPDX-License-Identifier: Apache-2.0 */
/* plan_limits.c - compares the needs of a trial with the remaining memory and
   threads. */
#include "runner/plan/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RM_BEYOND_LIMIT "beyond a limit: "

bool rm_plan_is_beyond_limit(const char *reason)
{
	return reason &&
	       !strncmp(reason, RM_BEYOND_LIMIT, strlen(RM_BEYOND_LIMIT));
}

/* Returns the address space that the threads reserve. glibc maps 128 MiB for
   the heap of each thread, keeps 64 MiB, and maps 8 MiB for a stack. If the
   limit is too small for this, each malloc() of a thread calls mmap() three
   times, which would be timed. */
static uint64_t reserved_bytes(
        const struct rm_cell *cell, const struct rm_limits *limits)
{
	const uint64_t mib = 1 << 20;

	if (!limits->memory.is_address_space ||
	        cell->measure == RM_MEASURE_SIMULATED)
		return 0;
	return (64 + 72 * (uint64_t)cell->threads) * mib;
}

int rm_plan_check_limits(const struct rm_plan_cell *planned,
        unsigned more_tasks, const struct rm_limits *limits,
        char reason[RM_REASON_BYTES])
{
	const struct rm_cell *cell = &planned->cell;
	/* a simulated machine uses one real thread */
	const uint64_t tasks =
	        1 + more_tasks +
	        (cell->measure == RM_MEASURE_SIMULATED ? 0 : cell->threads);
	const uint64_t mib = 1 << 20, most = rm_limits_trial_bytes(limits);
	const uint64_t reserved = reserved_bytes(cell, limits);

	if (reserved > limits->memory.left ||
	        planned->memory_bytes > most - reserved / 2) {
		snprintf(reason, RM_REASON_BYTES,
		        "a trial needs about %" PRIu64
		        " MiB of memory and may take %" PRIu64
		        ", half of what is left (%.400s): raise this limit, or "
		        "set fewer keys%s",
		        (planned->memory_bytes + reserved / 2 + mib - 1) / mib,
		        most / mib, limits->memory.source,
		        reserved ? " or threads" : "");
		return -ENOMEM;
	}
	if (tasks > limits->tasks.left) {
		snprintf(reason, RM_REASON_BYTES,
		        "a trial needs %" PRIu64
		        " processes and threads, %" PRIu64
		        " are left (%.400s): raise this limit, or set fewer "
		        "threads",
		        tasks, limits->tasks.left, limits->tasks.source);
		return -EAGAIN;
	}
	return 0;
}

/* Compares with all limits. Go and Java start additional threads for garbage
   collection, compilation and blocked system calls. */
void rm_plan_judge_limits(struct rm_plan_cell *planned,
        const struct rm_map_info *map, const struct rm_limits *limits,
        bool can_wait)
{
	const unsigned runtime = 20;
	const bool has_runtime =
	        map && map->language && strcmp(map->language, "rust");
	char reason[RM_REASON_BYTES];

	if (planned->cell.skip[0] ||
	        !rm_plan_check_limits(
	                planned, has_runtime ? runtime : 0, limits, reason))
		return;
	planned->waits = can_wait;
	snprintf(planned->cell.skip, RM_REASON_BYTES,
	        RM_BEYOND_LIMIT "%.560s%s", reason,
	        can_wait ? "; without this limit, --resume runs the cell" : "");
}

void rm_plan_run_waiting(
        struct rm_plan *plan, const struct rm_catalog *catalog, bool has_begun)
{
	struct rm_limits limits;
	bool beyond = false;

	rm_limits_read(&limits);
	for (size_t i = 0; i < plan->cell_count && !has_begun; i++) {
		struct rm_plan_cell probe = plan->cells[i];

		probe.cell.skip[0] = '\0';
		if (!probe.waits)
			continue;
		rm_plan_judge_limits(&probe,
		        rm_catalog_find(catalog, probe.cell.map), &limits,
		        true);
		if (probe.cell.skip[0])
			strcpy(plan->cells[i].cell.skip, probe.cell.skip);
		beyond |= probe.cell.skip[0];
	}
	for (size_t i = 0; i < plan->cell_count && !beyond; i++)
		if (plan->cells[i].waits) {
			plan->cells[i].waits = false;
			plan->cells[i].cell.skip[0] = '\0';
		}
	rm_plan_total(plan);
}
