/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_map.h - metric and CPU to event names and codes (events.tsv).
 *
 * The names and codes are data: another CPU is more lines, not more code.
 */
#ifndef RM_EVENT_MAP_H
#define RM_EVENT_MAP_H

#include "runner/base/error.h"
#include "runner/counters/arch.h"

#include <stddef.h>
#include <stdint.h>

/* One line. Text belongs to the map; NULL where the table has "-". */
struct rm_event {
	const char *arch;
	const char *metric;
	const char *likwid_event;
	const char *likwid_counter; /* "PMC": any; "PMC2", "FIXC0": that one */
	const char *perf_pmu;       /* hw, sw, cache, raw, or a sysfs name */
	uint64_t perf_config;
	const char *note; /* meaning or trap; "" = none */
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
const struct rm_event *rm_event_map_at(
        const struct rm_event_map *map, size_t index);

/*
 * Looks `metric` up along arch->chain (exact, family, "*"). NULL = not offered
 * on this arch; then `error` says so in words. Any thread.
 */
const struct rm_event *rm_event_map_find(const struct rm_event_map *map,
        const struct rm_arch *arch, const char *metric, struct rm_error *error);

#endif /* RM_EVENT_MAP_H */
