/* SPDX-License-Identifier: Apache-2.0 */
/* pmu.h - which PMU a perf event belongs to, and why it cannot be opened. */
#ifndef RM_PMU_H
#define RM_PMU_H

#include "runner/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What perf_event_open wants for one event on one CPU. */
struct rm_pmu_event {
	uint32_t type;
	uint64_t config;
};

/*
 * Resolves an event of the map for a thread on `cpu` (-1 = unbound).
 *
 * pmu      "hw", "sw", "cache", "raw", or a name below
 *          /sys/bus/event_source/devices
 * On a hybrid processor "hw" and "raw" go to the PMU of that CPU's kind
 * (PERF_TYPE_HARDWARE alone would count on P-cores only); on Arm "raw" goes to
 * the armv8 PMU that holds the CPU. A named PMU that has other CPUs than this
 * is -EXDEV: the kernel would open the event and never count. -ENODEV: no such
 * PMU. The reason is in `error`.
 */
int rm_pmu_resolve(const char *pmu, uint64_t config, int cpu,
        struct rm_pmu_event *event, struct rm_error *error);

/* Does the event take one of the few counters of the core? */
bool rm_pmu_is_core(const char *pmu);

/*
 * Can a thread count it? Else (amd_l3, msr, ...: it counts a CPU or a cache)
 * perf_event_open refuses to open it for a task.
 */
bool rm_pmu_is_per_thread(const char *pmu);

/* Does the kernel show a core PMU (cpu, cpu_core, armv8*)? */
bool rm_pmu_core_present(void);

/* Core events that fit into one pass: 4, or 3 with the NMI watchdog on. */
unsigned rm_pmu_limit(void);

/* Why perf_event_open gave this errno, in words, and what would help. */
void rm_pmu_reason(int number, char *reason, size_t size);
const char *rm_pmu_remedy(int number);

#endif /* RM_PMU_H */
