/* SPDX-License-Identifier: Apache-2.0 */
/* plan_maps.c - the maps that a workload's `maps` and --maps name. */
#include "runner/plan/plan_parts.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* Where a list of patterns was said, for messages. */
struct said {
	const char *where;
	bool chosen_any;
};

static bool fits(const char *pattern, const char *id)
{
	return !strcmp(pattern, "all") || fnmatch(pattern, id, 0) == 0;
}

/* A planted misuse is measured where somebody asks for it by its name. */
static bool means(const char *pattern, const struct rm_impl *impl)
{
	return impl->misuse ? !strcmp(pattern, impl->id)
	                    : fits(pattern, impl->id);
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
	return false;
}

static int unknown(const struct rm_planning *planning, const char *where,
        const char *pattern)
{
	char ids[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < planning->impl_count; i++) {
		int n = snprintf(ids + used, sizeof(ids) - used, " %s",
		        planning->impls[i]->id);

		if (n < 0 || (size_t)n >= sizeof(ids) - used)
			break;
		used += (size_t)n;
	}
	return rm_error_set(planning->error, -EINVAL,
	        "%s: no map is called \"%s\", expected some of%s", where,
	        pattern, ids);
}

/* One pattern: adds to or removes from `chosen`. */
static int apply(const struct rm_planning *planning, const char *where,
        const char *pattern, bool *chosen)
{
	bool remove = pattern[0] == '~';

	if (!names_anything(planning, pattern + remove))
		return unknown(planning, where, pattern + remove);
	for (size_t i = 0; i < planning->impl_count; i++)
		if (means(pattern + remove, planning->impls[i]))
			chosen[i] = !remove;
	return 0;
}

/* Patterns in the order in which they stand; first a removal: from all. */
static int apply_list(const struct rm_planning *planning,
        const struct rm_workload *workload, bool *chosen)
{
	const char *where = workload->where[RM_KEY_MAPS];

	for (size_t i = 0; i < planning->impl_count; i++)
		chosen[i] = workload->maps[0][0] == '~' &&
		            !planning->impls[i]->misuse;
	for (unsigned i = 0; i < workload->count[RM_KEY_MAPS]; i++)
		if (apply(planning, where, workload->maps[i], chosen))
			return -EINVAL;
	return 0;
}

/* --maps keeps only what it names. */
static int apply_filter(const struct rm_planning *planning, bool *chosen)
{
	struct rm_workload filter = { .where[RM_KEY_MAPS] = "--maps" };
	unsigned *count = &filter.count[RM_KEY_MAPS];
	const char *rest = planning->options->maps;
	bool kept[planning->impl_count + 1];

	while (rest && *rest) {
		size_t length = strcspn(rest, " ,\t\n");

		if (length >= RM_NAME_BYTES || *count == RM_LIST_MAX)
			return rm_error_set(planning->error, -EINVAL,
			        "--maps: too long, expected at most %d ids of "
			        "at most %d characters",
			        RM_LIST_MAX, RM_NAME_BYTES - 1);
		if (length > 0) {
			memcpy(filter.maps[*count], rest, length);
			filter.maps[(*count)++][length] = '\0';
		}
		rest += length + (rest[length] != '\0');
	}
	if (*count == 0)
		return rm_error_set(planning->error, -EINVAL,
		        "--maps: names nothing, expected ids of maps");
	if (apply_list(planning, &filter, kept))
		return -EINVAL;
	for (size_t i = 0; i < planning->impl_count; i++)
		chosen[i] = chosen[i] && kept[i];
	return 0;
}

int rm_plan_choose_maps(const struct rm_planning *planning,
        const struct rm_workload *workload, bool *chosen)
{
	if (!names_anything(planning, workload->base))
		return rm_error_set(planning->error, -EINVAL,
		        "%s: base: no map is called \"%s\", expected the id "
		        "of a map (readmostly list)",
		        workload->where[RM_KEY_BASE], workload->base);
	if (apply_list(planning, workload, chosen))
		return -EINVAL;
	if (planning->options->maps)
		return apply_filter(planning, chosen);
	return 0;
}
