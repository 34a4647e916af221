/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/simulate/watched.h"

#include "runner/sim/guest/space.h"
#include "runner/sim/guest/world.h"

#include <stdlib.h>

static json_int_t image(const void *site)
{
	return (json_int_t)rm_sim_space_image(site);
}

static int cores(const uint64_t bits[2])
{
	return __builtin_popcountll(bits[0]) + __builtin_popcountll(bits[1]);
}

static json_t *sites_of(const struct rm_sim_hot_line *line)
{
	json_t *sites = json_array();

	for (unsigned i = 0; i < RM_SIM_LINE_SITES && line->site[i]; i++)
		json_array_append_new(sites,
		        json_pack("{s:I, s:I}", "site", image(line->site[i]),
		                "events", (json_int_t)line->site_events[i]));
	return sites;
}

static json_t *line_json(
        const struct rm_sim *sim, const struct rm_sim_hot_line *line)
{
	const struct rm_sim_region *region =
	        rm_sim_region_at(sim, line->region);

	return json_pack("{s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:o}",
	        "line", (json_int_t)line->line, "region",
	        region ? region->name : "other", "misses",
	        (json_int_t)line->misses, "coherence_misses",
	        (json_int_t)line->coherence_misses, "false_misses",
	        (json_int_t)line->false_misses, "invalidations",
	        (json_int_t)line->invalidations, "false_invalidations",
	        (json_int_t)line->false_invalidations, "readers",
	        cores(line->readers), "writers", cores(line->writers), "sites",
	        sites_of(line));
}

json_t *rm_sim_watched_lines(long most)
{
	const struct rm_sim *sim = rm_sim_world_model();
	struct rm_sim_hot_line *list = NULL;
	long count = rm_sim_hot_lines(sim, &list);
	json_t *lines = json_array();

	for (long i = 0; i < count && i < most; i++)
		json_array_append_new(lines, line_json(sim, &list[i]));
	free(list);
	return lines;
}

json_t *rm_sim_watched_sites(long most)
{
	struct rm_sim_site *list = NULL;
	long count = rm_sim_sites(rm_sim_world_model(), &list);
	json_t *sites = json_array();

	for (long i = 0; i < count && i < most; i++)
		json_array_append_new(sites,
		        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "site",
		                image(list[i].site), "misses",
		                (json_int_t)list[i].misses, "coherence_misses",
		                (json_int_t)list[i].coherence_misses,
		                "false_misses",
		                (json_int_t)list[i].false_misses, "upgrades",
		                (json_int_t)list[i].upgrades, "invalidations",
		                (json_int_t)list[i].invalidations));
	free(list);
	return sites;
}
