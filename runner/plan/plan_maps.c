/* SPDX-License-Identifier: Apache-2.0 */
/* plan_maps.c - selects maps with a workload's key `maps` and with --maps. */
#include "runner/plan/internal.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static bool matches(const char *pattern, const char *id)
{
	return !strcmp(pattern, "all") || fnmatch(pattern, id, 0) == 0;
}

/* True for maps that must be selected by their full id, not by "all" or a
   pattern: maps with an injected bug, and maps in other languages. */
static bool is_id_only(const struct rm_map_name *map)
{
	return map->misuse || map->other_language;
}

static bool selects(const char *pattern, const struct rm_map_name *map)
{
	return is_id_only(map) ? !strcmp(pattern, map->id)
	                       : matches(pattern, map->id);
}

static bool matches_any_map(
        const struct rm_planning *planning, const char *pattern)
{
	const struct rm_catalog *catalog = planning->catalog;

	for (size_t i = 0; i < catalog->count; i++)
		if (matches(pattern, catalog->maps[i].id))
			return true;
	for (size_t i = 0; i < catalog->name_count; i++)
		if (matches(pattern, catalog->names[i].id))
			return true;
	return false;
}

/* Reports why an id cannot be planned, and the next step. */
static int report_map(
        const struct rm_planning *planning, const char *where, const char *id)
{
	struct rm_error why = { "" };

	rm_catalog_explain(planning->catalog, id, &why);
	return rm_error_set(
	        planning->error, -EINVAL, "%s: %s", where, why.text);
}

static int check_names(const struct rm_planning *planning, const char *where,
        const struct rm_workload *list)
{
	for (unsigned i = 0; i < list->count[RM_KEY_MAPS]; i++) {
		const char *pattern = list->values[i].map;
		const char *name = pattern + (pattern[0] == '~');

		if (!matches_any_map(planning, name))
			return report_map(planning, where, name);
	}
	return 0;
}

/* True if the list selects the map. The last matching pattern decides. If a
   list starts with an exclusion, it starts with all maps, except those that
   must be selected by their full id. */
static bool is_selected(
        const struct rm_workload *list, const struct rm_map_name *map)
{
	bool chosen = list->values[0].map[0] == '~' && !is_id_only(map);

	for (unsigned i = 0; i < list->count[RM_KEY_MAPS]; i++) {
		bool remove = list->values[i].map[0] == '~';

		if (selects(list->values[i].map + remove, map))
			chosen = !remove;
	}
	return chosen;
}

/* Parses --maps into the form of a workload's list, so that is_selected() can
   read both. Returns -EINVAL if it is empty or contains an unknown name. */
static int read_filter(
        const struct rm_planning *planning, struct rm_workload *filter)
{
	unsigned *count = &filter->count[RM_KEY_MAPS];
	const char *rest = planning->options->maps;

	while (rest && *rest) {
		size_t length = strcspn(rest, " ,\t\n");

		if (length >= RM_NAME_BYTES || *count == RM_LIST_MAX)
			return rm_error_set(planning->error, -EINVAL,
			        "--maps: too long: expected at most %d ids of "
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
		        "--maps: empty, expected ids of maps");
	return check_names(planning, "--maps", filter);
}

static int check_choice(const struct rm_planning *planning,
        const struct rm_workload *workload, struct rm_workload *filter)
{
	if (!matches_any_map(planning, workload->values[0].base))
		return rm_error_set(planning->error, -EINVAL,
		        "%s: base: no map is called \"%s\", expected the id "
		        "of a map (readmostly dev list)",
		        workload->where[RM_KEY_BASE], workload->values[0].base);
	if (rm_plan_has_control(workload) &&
	        !matches_any_map(planning, workload->values[0].control))
		return rm_error_set(planning->error, -EINVAL,
		        "%s: control: no map is called \"%s\", expected the "
		        "id of a map (readmostly dev list) or none",
		        workload->where[RM_KEY_CONTROL],
		        workload->values[0].control);
	if (check_names(planning, workload->where[RM_KEY_MAPS], workload))
		return -EINVAL;
	return planning->options->maps ? read_filter(planning, filter) : 0;
}

/* True if the workload and --maps both select the map. If --maps names a map in
   another language, a pattern of the workload also selects it. */
static bool selects_map(const struct rm_planning *planning,
        const struct rm_workload *workload, const struct rm_workload *filter,
        const struct rm_map_name *map)
{
	struct rm_map_name chosen = *map;

	if (!planning->options->maps)
		return is_selected(workload, map);
	chosen.other_language = false;
	return is_selected(filter, map) && is_selected(workload, &chosen);
}

static struct rm_map_name map_name(const struct rm_map_info *map)
{
	return (struct rm_map_name){ .id = map->id,
		.misuse = map->misuse != NULL,
		.other_language = map->language != NULL };
}

int rm_plan_check_filter(const struct rm_planning *planning, const char *where)
{
	const struct rm_catalog *catalog = planning->catalog;
	const struct rm_plan *plan = planning->plan;
	struct rm_workload filter = { 0 };

	if (planning->options->maps && read_filter(planning, &filter))
		return -EINVAL;
	for (unsigned i = 0; i < filter.count[RM_KEY_MAPS]; i++) {
		const char *name = filter.values[i].map;
		bool found = name[0] == '~';

		for (size_t j = 0; j < catalog->name_count && !found; j++)
			found = catalog->names[j].missing &&
			        matches(name, catalog->names[j].id);
		for (size_t j = 0; j < plan->cell_count && !found; j++)
			found = matches(name, plan->cells[j].cell.map);
		if (!found)
			return rm_error_set(planning->error, -EINVAL,
			        "%s: `maps` has no map of --maps %.160s, "
			        "expected a map of the workload; to measure "
			        "others, replace --maps by --set "
			        "\"maps=ID ID...\"",
			        where, name);
	}
	return 0;
}

int rm_plan_explain_empty(const struct rm_planning *planning,
        const struct rm_workload *workloads, size_t workload_count)
{
	const struct rm_catalog *catalog = planning->catalog;
	struct rm_workload filter = { 0 };

	if (planning->options->maps && read_filter(planning, &filter))
		return -EINVAL;
	for (size_t i = 0; i < workload_count * catalog->name_count; i++) {
		const struct rm_workload *workload =
		        &workloads[i / catalog->name_count];
		const struct rm_map_name *map =
		        &catalog->names[i % catalog->name_count];

		if (map->missing &&
		        selects_map(planning, workload, &filter, map))
			return report_map(planning,
			        planning->options->maps
			                ? "--maps"
			                : workload->where[RM_KEY_MAPS],
			        map->id);
	}
	return rm_error_set(planning->error, -EINVAL,
	        "%s: `maps` has no map of --maps %.160s, expected at least "
	        "one; --set maps=IDS selects any map",
	        workloads->where[RM_KEY_MAPS],
	        planning->options->maps ? planning->options->maps
	                                : "all (the default)");
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
		        selects_map(planning, workload, &filter, map))
			return report_map(planning,
			        workload->where[RM_KEY_MAPS], map->id);
	}
	for (size_t i = 0; i < catalog->count; i++) {
		struct rm_map_name map = map_name(&catalog->maps[i]);

		chosen[i] = selects_map(planning, workload, &filter, &map);
	}
	return 0;
}

/* Returns the number of values of a key; 1 for a key that is not set. */
static unsigned value_count(
        const struct rm_workload *workload, enum rm_workload_key key)
{
	return workload->count[key] ? workload->count[key] : 1;
}

/* Returns the flavour of the cell's program; "plain" if the built map does not
   support the size. */
static const char *flavour_of(
        const struct rm_map_info *info, const struct rm_cell *cell)
{
	return info && rm_cell_size_class(cell) &&
	                       !rm_plan_offers_shape(info, cell)
	               ? "plain"
	               : rm_cell_flavour(cell);
}

static void visit_measures(const struct rm_workload *w, const char *map,
        const struct rm_map_info *info, struct rm_cell *cell,
        rm_plan_visit *visit, void *context)
{
	for (unsigned i = 0; i < w->count[RM_KEY_MEASURE]; i++)
		for (unsigned j = 0; j < value_count(w, RM_KEY_KEY_DIFFERS);
		        j++) {
			rm_factor_copy(RM_KEY_KEY_DIFFERS, &w->values[j], cell);
			cell->measure = w->values[i].measure;
			visit(context, map, cell->measure,
			        flavour_of(info, cell));
		}
}

static void visit_sizes(const struct rm_planning *planning,
        const struct rm_workload *w, const char *map, rm_plan_visit *visit,
        void *context)
{
	const struct rm_map_info *info =
	        rm_catalog_find(planning->catalog, map);
	const unsigned keys = value_count(w, RM_KEY_KEY_BYTES);
	const unsigned values = value_count(w, RM_KEY_VALUE_BYTES);

	for (unsigned i = 0; i < w->count[RM_KEY_SHAPE] * keys * values; i++) {
		struct rm_cell sizes = { .str_bytes = 0 };

		rm_factor_copy(
		        RM_KEY_SHAPE, &w->values[i / keys / values], &sizes);
		rm_factor_copy(RM_KEY_KEY_BYTES, &w->values[i / values % keys],
		        &sizes);
		rm_factor_copy(
		        RM_KEY_VALUE_BYTES, &w->values[i % values], &sizes);
		rm_cell_apply_lengths(&sizes);
		visit_measures(w, map, info, &sizes, visit, context);
	}
}

static int workload_needs(const struct rm_planning *planning,
        const struct rm_workload *workload, rm_plan_visit *visit, void *context)
{
	struct rm_workload filter = { 0 };

	if (check_choice(planning, workload, &filter))
		return -EINVAL;
	for (size_t i = 0; i < planning->catalog->name_count; i++) {
		const struct rm_map_name *map = &planning->catalog->names[i];

		if (map->missing ||
		        !selects_map(planning, workload, &filter, map))
			continue;
		visit_sizes(planning, workload, map->id, visit, context);
		if (rm_plan_has_control(workload) &&
		        !strcmp(workload->values[0].control, map->id))
			visit(context, map->id, RM_MEASURE_THROUGHPUT,
			        RM_FLAVOUR_CONTROL);
	}
	/* Maps of an earlier `make IMPL=` are selected only by their full id.
	   If one is missing, the error of make shows that IMPL must be set. */
	for (size_t i = 0; i < planning->catalog->count; i++) {
		struct rm_map_name map = map_name(&planning->catalog->maps[i]);

		map.misuse = true;
		if (!rm_catalog_name(planning->catalog, map.id) &&
		        selects_map(planning, workload, &filter, &map))
			visit_sizes(planning, workload, map.id, visit, context);
	}
	return 0;
}

int rm_plan_needs(const struct rm_workload *workloads, size_t workload_count,
        const struct rm_catalog *catalog, const char *maps,
        rm_plan_visit *visit, void *context, struct rm_error *error)
{
	const struct rm_plan_options options = { .maps = maps };
	const struct rm_planning planning = {
		.options = &options,
		.catalog = catalog,
		.error = error,
	};
	int failed = 0;

	for (size_t i = 0; i < workload_count && !failed; i++)
		failed = workload_needs(
		        &planning, &workloads[i], visit, context);
	return failed;
}
