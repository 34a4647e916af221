/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage.c - replaces runner/trial/kernel.c for simulated threads.
 *
 * The kernel's numbers about this process (faults, memory, CPU speed) describe
 * the simulator, not the trial, so they are reported as unknown.
 */
#include "runner/sim/program/internal.h"

#include <errno.h>
#include <string.h>

void rm_usage_read_thread(struct rm_thread_usage *usage)
{
	*usage = (struct rm_thread_usage){ .cpu_ns = rm_sim_world_now_ns(),
		.voluntary_switches = -1,
		.involuntary_switches = -1,
		.minor_faults = -1,
		.major_faults = -1,
		.migrations = -1,
		.runqueue_wait_ns = -1 };
}

void rm_usage_read_thread_slow(struct rm_thread_usage *usage)
{
	usage->migrations = usage->runqueue_wait_ns = -1;
}

int64_t rm_usage_other_threads_ns(void)
{
	return -1;
}

/* One addition takes one cycle. */
double rm_usage_measure_adds_per_ns(_Atomic unsigned *ready, unsigned all)
{
	(void)ready, (void)all;
	return (double)rm_sim_machine(rm_sim_world_model())->mhz / 1000;
}

/* Reading virtual time costs nothing. */
void rm_usage_measure_clock(double *cost_ns, uint64_t *step_ns)
{
	*cost_ns = 0;
	*step_ns = 0;
}

/* Virtual time has no tick counter. */
uint64_t rm_ticks(void)
{
	return 0;
}

double rm_ticks_per_ns(void)
{
	return 0;
}

uint64_t rm_usage_rss_bytes(void)
{
	return 0;
}

uint64_t rm_usage_peak_rss_bytes(void)
{
	return 0;
}

void rm_usage_read_pages(json_t *memory)
{
	json_object_set_new(memory, "page_nodes", json_null());
	json_object_set_new(memory, "page_nodes_reason",
	        json_string("the simulated machine has one node"));
	json_object_set_new(memory, "huge_bytes", json_null());
}

/* trial.h fixes the type. NOLINTNEXTLINE(readability-non-const-parameter) */
int rm_usage_count_pages(int64_t pages[RM_NODES_MAX])
{
	(void)pages;
	return -ENOSYS;
}

unsigned rm_memory_nodes(void)
{
	return 1;
}

int rm_memory_policy_apply(const char *policy, struct rm_error *error)
{
	if (!strcmp(policy, "first-touch"))
		return 0;
	return rm_error_set(error, -ENOTSUP,
	        "the simulated machine has one node: memory must be "
	        "first-touch, not %s",
	        policy);
}
