/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - private header: the events of a CPU, their names, and the passes
 * that count them.
 *
 * Names and codes are data (events.tsv), so a new CPU needs new lines, not new
 * code.
 */
#ifndef RM_EVENTS_H
#define RM_EVENTS_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* arch.c: finds the lines of the event map for a CPU. */

enum { RM_ARCH_STEPS = 6, RM_ARCH_NAME_BYTES = 16 };

/* Name of the lines with the kernel's generic events. They are used for a CPU
   that is not in cpus.tsv. */
#define RM_ARCH_GENERIC "generic"

struct rm_arch {
	char name[RM_ARCH_NAME_BYTES]; /* e.g. "zen3", "adl_p"; "unknown" */
	/* names in the event map, searched in this order; ends with "*" */
	char chain[RM_ARCH_STEPS][RM_ARCH_NAME_BYTES];
	unsigned steps;
	char what[96];     /* the kernel's name, such as "AuthenticAMD 25/17" */
	char title[64];    /* common name, such as "Zen 4"; "": unknown */
	bool known;        /* true: the CPU is in cpus.tsv */
	char pmu[20];      /* PMU of a hybrid CPU's kind; or "" */
	char without[240]; /* metrics that the chain lacks: "a,b" */
	char likwid[8];    /* first supporting release of liblikwid, or "" */
};

/*
 * Identifies kernel CPU number `cpu` from /proc/cpuinfo and, on hybrid
 * processors, from its PMU. A CPU that is not in the table gets the name
 * "unknown" and the lines "generic" and "*", because a wrong event is worse
 * than no event. Returns 0, or -errno if /proc/cpuinfo cannot be read or lacks
 * the CPU.
 */
int rm_arch_detect(unsigned cpu, struct rm_arch *arch, struct rm_error *error);

/* cpu_table.c: the table of CPUs, cpus.tsv. */

/* One line of the table. The comment in cpus.tsv describes the columns. The
   table owns the strings; NULL if the table has "-". */
struct rm_cpu_row {
	const char *vendor;
	unsigned family;
	const char *models;
	const char *pmu;
	const char *arch;
	const char *lines;
	const char *without;
	const char *likwid;
	const char *perf;
	const char *what;
};

struct rm_cpu_table;

/* Parses tab-separated text. `name` is the file's name for messages. Returns 0;
   -EINVAL with `error`, "name:line: found, expected"; -ENOMEM. Free with
   rm_cpu_table_free(). */
int rm_cpu_table_parse(const char *text, const char *name,
        struct rm_cpu_table **table, struct rm_error *error);

/* Returns the built-in table, or the same errors as rm_cpu_table_parse(). */
int rm_cpu_table_builtin(struct rm_cpu_table **table, struct rm_error *error);

/* `table` may be NULL. */
void rm_cpu_table_free(struct rm_cpu_table *table);

/* Return the number of lines, and the line with an index below this number. */
size_t rm_cpu_table_size(const struct rm_cpu_table *table);
const struct rm_cpu_row *rm_cpu_table_at(
        const struct rm_cpu_table *table, size_t index);

/* Returns the line of a CPU; on a hybrid processor, the line for the kind of
   core of kernel CPU number `cpu`. NULL: unknown CPU. */
const struct rm_cpu_row *rm_cpu_table_find(const struct rm_cpu_table *table,
        const char *vendor, unsigned family, unsigned model, unsigned cpu);

/* True if `name` is valid in the first column of the event map, since a CPU
   uses it. */
bool rm_cpu_table_has(const struct rm_cpu_table *table, const char *name);

/* event_map.c: finds event names and codes of a metric on a CPU. */

/* One line of the table. The map owns the strings; NULL if the table has
   "-". */
struct rm_counter_event {
	const char *arch;
	const char *metric;
	const char *likwid_event;
	const char *likwid_counter; /* "PMC": any PMC; "PMC2", "FIXC0": only
	                             * this counter */
	const char *perf_pmu;       /* hw, sw, cache, raw, or a sysfs name */
	uint64_t perf_config;
	const char *perf_event; /* name of the code in the kernel's lists */
	bool unverified;        /* neither the kernel nor likwid lists it */
	const char *note;       /* meaning or pitfall; "": no note */
};

struct rm_event_map;

/* Parses tab-separated text. `name` is the file's name for messages. Returns 0;
   -EINVAL with `error`, "name:line: found, expected"; -ENOMEM. Free with
   rm_event_map_free(). */
int rm_event_map_parse(const char *text, const char *name,
        struct rm_event_map **map, struct rm_error *error);

/* Returns the built-in table, or the same errors as rm_event_map_parse(). */
int rm_event_map_builtin(struct rm_event_map **map, struct rm_error *error);

/* `map` may be NULL. */
void rm_event_map_free(struct rm_event_map *map);

/* Return the number of events, and the event with an index below this
   number. */
size_t rm_event_map_size(const struct rm_event_map *map);
const struct rm_counter_event *rm_event_map_at(
        const struct rm_event_map *map, size_t index);

/* Finds `metric` along arch->chain (exact, family, "*"). Returns NULL with
   `error` if this arch does not offer it. Any thread. */
const struct rm_counter_event *rm_event_map_find(const struct rm_event_map *map,
        const struct rm_arch *arch, const char *metric, struct rm_error *error);

/* event_set.c: chooses the events that count the metrics, and splits them into
   passes. */

/*
 * Finds the events of metrics for a back end ("perf" or "likwid").
 *
 * metrics  "cycles,l1d_fill", or NULL for the default metrics
 * events   out: new array of a trial request's "events"; a likwid counter "PMC"
 *          means any PMC
 * missing  out: new array of {"metric", "reason"}
 *
 * Returns 0, even if no event was found; -EINVAL for a metric that the map does
 * not have for any CPU.
 */
int rm_event_set_choose(const struct rm_event_map *map,
        const struct rm_arch *arch, const char *backend, const char *metrics,
        json_t **events, json_t **missing, struct rm_error *error);

/* Splits `events`, in order, into passes of at most `limit` core events;
   software events do not count. The events of a pass use different likwid
   counters, and each "PMC" gets a number. Returns a new array of arrays. */
json_t *rm_event_set_split(const json_t *events, unsigned limit);

/* pmu.c: finds the PMU of a perf event, and explains why it cannot be
   opened. */

/* Arguments of perf_event_open for one event on one CPU. */
struct rm_pmu_event {
	uint32_t type;
	uint64_t config;
};

/*
 * Resolves an event of the map for a thread on `cpu` (-1 = unbound).
 *
 * pmu      "hw", "sw", "cache", "raw", or a name in
 *          /sys/bus/event_source/devices
 * On a hybrid processor "hw", "cache" and "raw" use the PMU of that CPU's kind
 * (PERF_TYPE_HARDWARE alone would count on P-cores only); on Arm "raw" uses the
 * CPU's armv8 PMU. Returns 0. -EXDEV: the named PMU does not have this CPU, so
 * the kernel would open the event but never count it. -ENODEV: no such PMU.
 * `error` has the reason.
 */
int rm_pmu_resolve(const char *pmu, uint64_t config, int cpu,
        struct rm_pmu_event *event, struct rm_error *error);

/* True if the event uses one of the few counters of the core. */
bool rm_pmu_is_core(const char *pmu);

/* True if the event can be counted for a single thread. For other events
   (amd_l3, msr, ...: per CPU or cache) perf_event_open rejects a task. */
bool rm_pmu_is_per_thread(const char *pmu);

/* True if the kernel exposes a core PMU (cpu, cpu_core, armv8*). */
bool rm_pmu_core_present(void);

/* Number of core events in a pass: 4, or 3 if the NMI watchdog is on. */
unsigned rm_pmu_limit(void);

/* Explains an errno from perf_event_open: reason and remedy. */
void rm_pmu_reason(int number, char *reason, size_t size);
const char *rm_pmu_remedy(int number);

#endif /* RM_EVENTS_H */
