/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - private to the counters: which events a CPU offers, what they are
 * called there, and which of them fit into one pass.
 *
 * The names and codes are data (events.tsv): another CPU is more lines, not
 * more code.
 */
#ifndef RM_EVENTS_H
#define RM_EVENTS_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* arch.c: which lines of the event map belong to a CPU. */

enum { RM_ARCH_STEPS = 6, RM_ARCH_NAME_BYTES = 16 };

/* The lines for a CPU that cpus.tsv does not know: the kernel's own events. */
#define RM_ARCH_GENERIC "generic"

struct rm_arch {
	char name[RM_ARCH_NAME_BYTES]; /* e.g. "zen3", "adl_p"; "unknown" */
	/* Where a metric is looked up, in this order; ends with "*". */
	char chain[RM_ARCH_STEPS][RM_ARCH_NAME_BYTES];
	unsigned steps;
	char what[96];  /* as the kernel says it: "AuthenticAMD 25/17" */
	char title[64]; /* as people say it: "Zen 4"; "" = unknown */
	bool known;     /* has a line in cpus.tsv */
	char pmu[20];   /* of its kind of core on a hybrid processor, or "" */
	char without[240]; /* metrics of the chain that it lacks: "a,b" */
	char likwid[8];    /* first release of liblikwid that knows it, or "" */
};

/*
 * Recognises kernel CPU number `cpu` from /proc/cpuinfo (and, for hybrid
 * processors, the PMU it belongs to). A CPU that is not in the table gets
 * name "unknown" and the lines "generic" and "*": a wrong event is worse than
 * none. Returns 0, or -errno where /proc/cpuinfo cannot be read or lacks the
 * CPU.
 */
int rm_arch_detect(unsigned cpu, struct rm_arch *arch, struct rm_error *error);

/* cpu_table.c: cpus.tsv. */

/* One line; its head says what the columns are. Text belongs to the table;
   NULL where it has "-". */
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

/*
 * Reads tab-separated text. `name` is what messages call the file. Errors are
 * "name:line: what, and what was expected": -EINVAL; -ENOMEM.
 * Free with rm_cpu_table_free().
 */
int rm_cpu_table_parse(const char *text, const char *name,
        struct rm_cpu_table **table, struct rm_error *error);

/* The table that was compiled in. Errors as above. */
int rm_cpu_table_builtin(struct rm_cpu_table **table, struct rm_error *error);

/* NULL is allowed. */
void rm_cpu_table_free(struct rm_cpu_table *table);

/* How many lines the table has, and each of them (index < size). */
size_t rm_cpu_table_size(const struct rm_cpu_table *table);
const struct rm_cpu_row *rm_cpu_table_at(
        const struct rm_cpu_table *table, size_t index);

/* The line of a CPU: of a hybrid processor that of the kind of kernel CPU
   number `cpu`. NULL = unknown. */
const struct rm_cpu_row *rm_cpu_table_find(const struct rm_cpu_table *table,
        const char *vendor, unsigned family, unsigned model, unsigned cpu);

/* May a line of the event map begin with `name`: do some CPU's lines? */
bool rm_cpu_table_has(const struct rm_cpu_table *table, const char *name);

/* event_map.c: metric and CPU to event names and codes. */

/* One line. Text belongs to the map; NULL where the table has "-". */
struct rm_counter_event {
	const char *arch;
	const char *metric;
	const char *likwid_event;
	const char *likwid_counter; /* "PMC": any; "PMC2", "FIXC0": that one */
	const char *perf_pmu;       /* hw, sw, cache, raw, or a sysfs name */
	uint64_t perf_config;
	const char *perf_event; /* what the kernel's lists call the code */
	bool unverified;        /* no list has it: neither kernel nor likwid */
	const char *note;       /* meaning or trap; "" = none */
};

struct rm_event_map;

/*
 * Reads tab-separated text. `name` is what messages call the file. Errors are
 * "name:line: what, and what was expected": -EINVAL; -ENOMEM.
 * Free with rm_event_map_free().
 */
int rm_event_map_parse(const char *text, const char *name,
        struct rm_event_map **map, struct rm_error *error);

/* The table that was compiled in. Errors as above. */
int rm_event_map_builtin(struct rm_event_map **map, struct rm_error *error);

/* NULL is allowed. */
void rm_event_map_free(struct rm_event_map *map);

/* How many events the table holds, and each of them (index < size). */
size_t rm_event_map_size(const struct rm_event_map *map);
const struct rm_counter_event *rm_event_map_at(
        const struct rm_event_map *map, size_t index);

/*
 * Looks `metric` up along arch->chain (exact, family, "*"). NULL = not offered
 * on this arch; then `error` says so in words. Any thread.
 */
const struct rm_counter_event *rm_event_map_find(const struct rm_event_map *map,
        const struct rm_arch *arch, const char *metric, struct rm_error *error);

/* event_set.c: from metrics to the events of a pass. */

/*
 * Looks the metrics up for a back end ("perf" or "likwid").
 *
 * metrics  "cycles,l1d_fill", or NULL for the usual ones
 * events   out: new array of a trial request's "events"; a likwid counter may
 *          still be "PMC", any
 * missing  out: new array of {"metric", "reason"}
 *
 * Returns 0, also where nothing is left; -EINVAL for a metric that the map has
 * for no CPU at all.
 */
int rm_event_set_choose(const struct rm_event_map *map,
        const struct rm_arch *arch, const char *backend, const char *metrics,
        json_t **events, json_t **missing, struct rm_error *error);

/*
 * Cuts `events` into passes, in order, of at most `limit` core events; software
 * events do not count. No two of a pass share a likwid counter, and each
 * "PMC" gets its number. New array of arrays.
 */
json_t *rm_event_set_split(const json_t *events, unsigned limit);

/* pmu.c: which PMU a perf event belongs to, and why it cannot be opened. */

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
 * On a hybrid processor "hw", "cache" and "raw" go to the PMU of that CPU's kind
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

#endif /* RM_EVENTS_H */
