/* SPDX-License-Identifier: Apache-2.0 */
/* mach_find.c - finds a machine by name: a built-in description, a file, or the
   host. */
#include "runner/base/lines.h"
#include "runner/machine/machine.h"
#include "runner/sim/model/mach.h"

#include <errno.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int load_file(
        const char *file, struct rm_sim_mach *mach, struct rm_error *error)
{
	char *text = NULL;
	size_t length = 0;
	struct rm_error wrong = { "" };
	int failed = rm_lines_load(file, &text, &length, &wrong);

	if (!failed)
		failed = rm_sim_mach_parse(file, text, length, mach, error);
	else
		rm_error_set(error, failed,
		        "%s, expected a machine (runner/sim/machines/*.conf)",
		        wrong.text);
	free(text);
	return failed;
}

/* Finds a built-in description. For an unknown name, returns -ENOENT and lists
   the known names. */
static int find_built_in(
        const char *name, struct rm_sim_mach *mach, struct rm_error *error)
{
	const struct rm_sim_builtin *builtin = rm_sim_builtins;
	char known[256] = "";
	size_t length = 0;

	for (; builtin->name; builtin++) {
		if (!strcmp(name, builtin->name))
			return rm_sim_mach_parse(builtin->name, builtin->text,
			        strlen(builtin->text), mach, error);
		length += (size_t)snprintf(known + length,
		        sizeof(known) - length, "%s, ", builtin->name);
		/* snprintf() also counts truncated bytes. Without this limit,
		   the next call would write beyond the end. */
		if (length >= sizeof(known))
			length = sizeof(known) - 1;
	}
	return rm_error_set(error, -ENOENT,
	        "no machine \"%s\", expected %shost, or, for "
	        "sim-sensitivity, a path with a slash",
	        name, known);
}

/* Returns the largest power of two up to n. */
static uint32_t floor_power(uint64_t n)
{
	uint32_t power = 1;

	while (2 * (uint64_t)power <= n)
		power *= 2;
	return power;
}

/* Copies the size and ways of a cache level from hwloc. Rounds the number of
   sets down to a power of two, and ignores an unsupported number of ways. The
   level is then marked as a guess. */
static void take_level(hwloc_obj_t cache, struct rm_sim_level *level)
{
	uint64_t lines = cache->attr->cache.size / RM_SIM_LINE_BYTES;
	int ways = cache->attr->cache.associativity;
	bool known = ways >= 1 && ways <= RM_SIM_WAYS_MAX;
	bool plru_fits = level->policy != RM_SIM_PLRU || !(ways & (ways - 1));

	if (known && plru_fits)
		level->ways = (uint32_t)ways;
	if (lines < level->ways)
		lines = level->ways;
	level->sets = floor_power(lines / level->ways);
	level->guess |= !known || !plru_fits ||
	                (uint64_t)level->sets * level->ways != lines;
}

/* Copies the caches. L1d and lines of 64 bytes are required, but other levels
   may be missing. */
static int take_caches(const struct rm_topology *topology,
        struct rm_sim_mach *mach, struct rm_error *error)
{
	struct {
		hwloc_obj_type_t type;
		struct rm_sim_level *level;
	} levels[] = { { HWLOC_OBJ_L1CACHE, &mach->l1d },
		{ HWLOC_OBJ_L2CACHE, &mach->l2 },
		{ HWLOC_OBJ_L3CACHE, &mach->llc } };

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		hwloc_obj_t cache = hwloc_get_obj_by_type(
		        topology->hwloc, levels[i].type, 0);

		if (!cache || cache->attr->cache.size == 0) {
			if (i == 0)
				return rm_error_set(error, -ENOSYS,
				        "hwloc reports no L1d, expected one "
				        "(use a named machine)");
			*levels[i].level =
			        (struct rm_sim_level){ .inclusion =
				                               RM_SIM_FILL };
			continue;
		}
		if (cache->attr->cache.linesize != 0 &&
		        cache->attr->cache.linesize != RM_SIM_LINE_BYTES)
			return rm_error_set(error, -ENOSYS,
			        "cache lines of %u bytes, expected %d (use a "
			        "named machine)",
			        cache->attr->cache.linesize, RM_SIM_LINE_BYTES);
		take_level(cache, levels[i].level);
	}
	return 0;
}

/* Returns the built-in description that is most similar to this machine. */
static const char *nearest(const struct rm_topology *topology)
{
	hwloc_obj_t package =
	        hwloc_get_obj_by_type(topology->hwloc, HWLOC_OBJ_PACKAGE, 0);
	const char *vendor =
	        package ? hwloc_obj_get_info_by_name(package, "CPUVendor")
	                : NULL;

	return vendor && !strcmp(vendor, "AuthenticAMD") ? "zen3"
	                                                 : "icelake-sp";
}

/* Describes this machine's caches. Values that hwloc does not report, and all
   costs, are guesses from the most similar built-in description. */
static int describe_host(struct rm_sim_mach *mach, struct rm_error *error)
{
	struct rm_topology topology;
	struct rm_sim_mach described;
	int failed = rm_topology_load(NULL, &topology, error);

	if (failed)
		return failed;
	failed = find_built_in(nearest(&topology), &described, error);
	if (!failed)
		failed = take_caches(&topology, &described, error);
	rm_topology_free(&topology);
	if (failed)
		return failed;
	snprintf(described.name, sizeof(described.name), "host");
	for (int i = 0; i < RM_SIM_COSTS; i++)
		described.cost[i].guess = true;
	*mach = described;
	return 0;
}

int rm_sim_mach_find(
        const char *name, struct rm_sim_mach *mach, struct rm_error *error)
{
	if (strchr(name, '/'))
		return load_file(name, mach, error);
	return strcmp(name, "host") ? find_built_in(name, mach, error)
	                            : describe_host(mach, error);
}
