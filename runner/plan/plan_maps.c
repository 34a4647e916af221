/* SPDX-License-Identifier: Apache-2.0 */
/* plan_maps.c - the maps that a workload's `maps` and --maps name. */
#include "runner/base/nearest.h"
#include "runner/plan/internal.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static bool fits(const char *pattern, const char *id)
{
	return !strcmp(pattern, "all") || fnmatch(pattern, id, 0) == 0;
}

/* Chosen by its full id only, never by "all" or a pattern: a map with an injected
   bug, or in another language. */
static bool by_name_only(const struct rm_map_name *map)
{
	return map->misuse || map->other_language;
}

static bool means(const char *pattern, const struct rm_map_name *map)
{
	return by_name_only(map) ? !strcmp(pattern, map->id)
	                         : fits(pattern, map->id);
}

static bool names_anything(
        const struct rm_planning *planning, const char *pattern)
{
	const struct rm_catalog *catalog = planning->catalog;

	for (size_t i = 0; i < catalog->count; i++)
		if (fits(pattern, catalog->maps[i].id))
			return true;
	for (size_t i = 0; i < catalog->name_count; i++)
		if (fits(pattern, catalog->names[i].id))
			return true;
	return false;
}

/* Appends an id while there is room: a message, not a list to be read back. */
static void add_id(char *ids, size_t size, const char *id)
{
	size_t used = strlen(ids);

	if (used + strlen(id) + 2 <= size)
		snprintf(ids + used, size - used, " %s", id);
}

static int unknown(const struct rm_planning *planning, const char *where,
        const char *pattern)
{
	char ids[256] = "";
	struct rm_nearest nearest = { .word = pattern };

	for (size_t i = 0; i < planning->catalog->name_count; i++) {
		add_id(ids, sizeof(ids), planning->catalog->names[i].id);
		rm_nearest_offer(&nearest, planning->catalog->names[i].id);
	}
	for (size_t i = 0; !ids[0] && i < planning->catalog->count; i++)
		add_id(ids, sizeof(ids), planning->catalog->maps[i].id);
	return rm_error_set(planning->error, -EINVAL,
	        "%s: no map is called \"%s\"%s, expected some of%s", where,
	        pattern,
	        strncmp(pattern, "go_other_", 9)
	                ? rm_nearest_hint(&nearest)
	                : " without GO=/path/to/go of make",
	        ids);
}

static int check_names(const struct rm_planning *planning, const char *where,
        const struct rm_workload *list)
{
	for (unsigned i = 0; i < list->count[RM_KEY_MAPS]; i++) {
		const char *pattern = list->values[i].map;
		const char *name = pattern + (pattern[0] == '~');

		if (!names_anything(planning, name))
			return unknown(planning, where, name);
	}
	return 0;
}

/* The last pattern that fits decides. A list that begins with a removal removes
   from all maps but those that run by their name only. */
static bool chosen_by(
        const struct rm_workload *list, const struct rm_map_name *map)
{
	bool chosen = list->values[0].map[0] == '~' && !by_name_only(map);

	for (unsigned i = 0; i < list->count[RM_KEY_MAPS]; i++) {
		bool remove = list->values[i].map[0] == '~';

		if (means(list->values[i].map + remove, map))
			chosen = !remove;
	}
	return chosen;
}

/* Makes a list of --maps as a workload has it, so that chosen_by() serves both.
   -EINVAL where it names no map at all or one that nobody knows. */
static int read_filter(
        const struct rm_planning *planning, struct rm_workload *filter)
{
	unsigned *count = &filter->count[RM_KEY_MAPS];
	const char *rest = planning->options->maps;

	while (rest && *rest) {
		size_t length = strcspn(rest, " ,\t\n");

		if (length >= RM_NAME_BYTES || *count == RM_LIST_MAX)
			return rm_error_set(planning->error, -EINVAL,
			        "--maps: too long, expected at most %d ids of "
			        "at most %d characters",
			        RM_LIST_MAX, RM_NAME_BYTES - 1);
		if (length > 0) {
			memcpy(filter->values[*count].map, rest, length);
			filter->values[(*count)++].map[length] = '\0';
		}
		rest += length + (rest[length] != '\0');
	}
	if (*count == 0)
		return rm_error_set(planning->error, -EINVAL,
		        "--maps: names nothing, expected ids of maps");
	return check_names(planning, "--maps", filter);
}

static int check_choice(const struct rm_planning *planning,
        const struct rm_workload *workload, struct rm_workload *filter)
{
	if (!names_anything(planning, workload->values[0].base))
		return rm_error_set(planning->error, -EINVAL,
		        "%s: base: no map is called \"%s\", expected the id "
		        "of a map (readmostly dev list)",
		        workload->where[RM_KEY_BASE], workload->values[0].base);
	if (rm_plan_has_control(workload) &&
	        !names_anything(planning, workload->values[0].control))
		return rm_error_set(planning->error, -EINVAL,
		        "%s: control: no map is called \"%s\", expected the "
		        "id of a map (readmostly dev list) or none",
		        workload->where[RM_KEY_CONTROL],
		        workload->values[0].control);
	if (check_names(planning, workload->where[RM_KEY_MAPS], workload))
		return -EINVAL;
	return planning->options->maps ? read_filter(planning, filter) : 0;
}

/* --maps only narrows: what the workload left out it cannot bring back. A map in
   another language that --maps has named need not be named again. */
static bool chooses(const struct rm_planning *planning,
        const struct rm_workload *workload, const struct rm_workload *filter,
        const struct rm_map_name *map)
{
	struct rm_map_name chosen = *map;

	if (!planning->options->maps)
		return chosen_by(workload, map);
	chosen.other_language = false;
	return chosen_by(filter, map) && chosen_by(workload, &chosen);
}

static struct rm_map_name name_of(const struct rm_map_info *map)
{
	return (struct rm_map_name){ .id = map->id,
		.misuse = map->misuse != NULL,
		.other_language = map->language != NULL };
}

int rm_plan_choose_maps(const struct rm_planning *planning,
        const struct rm_workload *workload, bool *chosen)
{
	const struct rm_catalog *catalog = planning->catalog;
	struct rm_workload filter = { 0 };

	if (check_choice(planning, workload, &filter))
		return -EINVAL;
	for (size_t i = 0; i < catalog->name_count; i++) {
		const struct rm_map_name *map = &catalog->names[i];

		if (!map->missing && !rm_catalog_find(catalog, map->id) &&
		        chooses(planning, workload, &filter, map))
			return rm_error_set(planning->error, -EINVAL,
			        "%s: %s is not built: `make` builds all maps",
			        workload->where[RM_KEY_MAPS], map->id);
	}
	for (size_t i = 0; i < catalog->count; i++) {
		struct rm_map_name map = name_of(&catalog->maps[i]);

		chosen[i] = chooses(planning, workload, &filter, &map);
	}
	return 0;
}

/* At least one: of a key that was not given the first value is "as it is". */
static unsigned choices(
        const struct rm_workload *workload, enum rm_workload_key key)
{
	return workload->count[key] ? workload->count[key] : 1;
}

static void take_measures(const struct rm_workload *w, const char *map,
        struct rm_cell *cell, rm_plan_take *take)
{
	for (unsigned i = 0; i < w->count[RM_KEY_MEASURE]; i++)
		for (unsigned j = 0; j < choices(w, RM_KEY_KEY_DIFFERS); j++) {
			rm_factor_copy(RM_KEY_KEY_DIFFERS, &w->values[j], cell);
			cell->measure = w->values[i].measure;
			take(map, cell->measure, rm_cell_flavour(cell));
		}
}

static void take_sizes(
        const struct rm_workload *w, const char *map, rm_plan_take *take)
{
	const unsigned keys = choices(w, RM_KEY_KEY_BYTES);
	const unsigned values = choices(w, RM_KEY_VALUE_BYTES);

	for (unsigned i = 0; i < w->count[RM_KEY_SHAPE] * keys * values; i++) {
		struct rm_cell sizes = { .str_bytes = 0 };

		rm_factor_copy(
		        RM_KEY_SHAPE, &w->values[i / keys / values], &sizes);
		rm_factor_copy(RM_KEY_KEY_BYTES, &w->values[i / values % keys],
		        &sizes);
		rm_factor_copy(
		        RM_KEY_VALUE_BYTES, &w->values[i % values], &sizes);
		rm_cell_resize(&sizes);
		take_measures(w, map, &sizes, take);
	}
}

static int workload_needs(const struct rm_planning *planning,
        const struct rm_workload *workload, rm_plan_take *take)
{
	struct rm_workload filter = { 0 };

	if (check_choice(planning, workload, &filter))
		return -EINVAL;
	for (size_t i = 0; i < planning->catalog->name_count; i++) {
		const struct rm_map_name *map = &planning->catalog->names[i];

		if (map->missing || !chooses(planning, workload, &filter, map))
			continue;
		take_sizes(workload, map->id, take);
		if (rm_plan_has_control(workload) &&
		        !strcmp(workload->values[0].control, map->id))
			take(map->id, RM_MEASURE_THROUGHPUT,
			        RM_FLAVOUR_CONTROL);
	}
	return 0;
}

int rm_plan_needs(const struct rm_workload *workloads, size_t workload_count,
        const struct rm_catalog *catalog, const char *maps, rm_plan_take *take,
        struct rm_error *error)
{
	const struct rm_plan_options options = { .maps = maps };
	const struct rm_planning planning = {
		.options = &options,
		.catalog = catalog,
		.error = error,
	};
	int failed = 0;

	for (size_t i = 0; i < workload_count && !failed; i++)
		failed = workload_needs(&planning, &workloads[i], take);
	return failed;
}
