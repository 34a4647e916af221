/* SPDX-License-Identifier: Apache-2.0 */
/* plan_maps.c - the maps that a workload's `maps` and --maps name. */
#include "runner/plan/internal.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static bool fits(const char *pattern, const char *id)
{
	return !strcmp(pattern, "all") || fnmatch(pattern, id, 0) == 0;
}

/* What is measured where somebody asks for it by its name: a planted misuse, and
   a map in another language, which is not what workloads mean by "all". */
static bool by_name_only(const struct rm_unbuilt *map)
{
	return map->misuse || map->elsewhere;
}

static bool means(const char *pattern, const struct rm_unbuilt *map)
{
	return by_name_only(map) ? !strcmp(pattern, map->id)
	                         : fits(pattern, map->id);
}

static bool names_anything(
        const struct rm_planning *planning, const char *pattern)
{
	for (size_t i = 0; i < planning->impl_count; i++)
		if (fits(pattern, planning->impls[i]->id))
			return true;
	for (const struct rm_skipped *map = planning->skipped; map->id; map++)
		if (fits(pattern, map->id))
			return true;
	for (const struct rm_unbuilt *map = planning->unbuilt; map->id; map++)
		if (fits(pattern, map->id))
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

	for (size_t i = 0; i < planning->impl_count; i++)
		add_id(ids, sizeof(ids), planning->impls[i]->id);
	for (const struct rm_unbuilt *map = planning->unbuilt; map->id; map++)
		add_id(ids, sizeof(ids), map->id);
	return rm_error_set(planning->error, -EINVAL,
	        "%s: no map is called \"%s\", expected some of%s", where,
	        pattern, ids);
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
        const struct rm_workload *list, const struct rm_unbuilt *map)
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
		        "of a map (readmostly list)",
		        workload->where[RM_KEY_BASE], workload->values[0].base);
	if (check_names(planning, workload->where[RM_KEY_MAPS], workload))
		return -EINVAL;
	return planning->options->maps ? read_filter(planning, filter) : 0;
}

/* --maps only narrows: what the workload left out it cannot bring back. A map in
   another language that --maps has named need not be named again. */
static bool chooses(const struct rm_planning *planning,
        const struct rm_workload *workload, const struct rm_workload *filter,
        const struct rm_unbuilt *map)
{
	struct rm_unbuilt chosen = *map;

	if (!planning->options->maps)
		return chosen_by(workload, map);
	chosen.elsewhere = false;
	return chosen_by(filter, map) && chosen_by(workload, &chosen);
}

static struct rm_unbuilt name_of(const struct rm_impl *impl)
{
	return (struct rm_unbuilt){ impl->id, impl->misuse != NULL,
		impl->program != NULL };
}

int rm_plan_choose_maps(const struct rm_planning *planning,
        const struct rm_workload *workload, bool *chosen)
{
	struct rm_workload filter = { 0 };

	if (check_choice(planning, workload, &filter))
		return -EINVAL;
	for (const struct rm_unbuilt *map = planning->unbuilt; map->id; map++)
		if (chooses(planning, workload, &filter, map))
			return rm_error_set(planning->error, -EINVAL,
			        "%s: %s was not built into this program, "
			        "expected one of `make`, which has all maps",
			        workload->where[RM_KEY_MAPS], map->id);
	for (size_t i = 0; i < planning->impl_count; i++) {
		struct rm_unbuilt map = name_of(planning->impls[i]);

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

static void take_measures(const struct rm_workload *workload, const char *map,
        const struct rm_cell *sizes, rm_plan_take *take)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_MEASURE]; i++)
		take(map, workload->values[i].measure, rm_cell_sized(sizes));
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
	for (size_t i = 0; i < planning->impl_count; i++) {
		struct rm_unbuilt map = name_of(planning->impls[i]);

		if (chooses(planning, workload, &filter, &map))
			take_sizes(workload, map.id, take);
	}
	for (const struct rm_unbuilt *map = planning->unbuilt; map->id; map++)
		if (chooses(planning, workload, &filter, map))
			take_sizes(workload, map->id, take);
	return 0;
}

int rm_plan_needs(const struct rm_workload *workloads, size_t workload_count,
        const char *maps, rm_plan_take *take, struct rm_error *error)
{
	const struct rm_plan_options options = { .maps = maps };
	const struct rm_planning planning = {
		.options = &options,
		.impls = rm_impl_table,
		.impl_count = rm_impl_all_count,
		.skipped = rm_skipped_table,
		.unbuilt = rm_unbuilt_table,
		.error = error,
	};
	int failed = 0;

	for (size_t i = 0; i < workload_count && !failed; i++)
		failed = workload_needs(&planning, &workloads[i], take);
	return failed;
}
