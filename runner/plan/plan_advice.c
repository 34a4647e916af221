/* SPDX-License-Identifier: Apache-2.0 */
/* plan_advice.c - detects plans that measure nothing, or too little for a
   comparison. */
#include "runner/plan/internal.h"

#include "runner/base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *rm_plan_measures_nothing(const struct rm_plan *plan)
{
	const char *reason = NULL;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;

		if (cell->measure != RM_MEASURE_VERIFY && !cell->skip[0])
			return NULL;
		if (!reason && cell->skip[0])
			reason = cell->skip;
	}
	return reason;
}

/* True if the cell runs and the report ranks its map, as in is_ranked() of
   report/decide/groups.py. */
static bool is_ranked(
        const struct rm_catalog *catalog, const struct rm_cell *cell)
{
	const struct rm_map_info *map = rm_catalog_find(catalog, cell->map);

	return cell->measure == RM_MEASURE_THROUGHPUT && !cell->skip[0] &&
	       map && !map->misuse &&
	       strcmp(rm_json_text(map->json, "family"), "bound") != 0 &&
	       strcmp(rm_json_text(map->json, "sync"), "leak") != 0;
}

/* Returns the number of blocks that a signed-rank interval needs if the
   intervals of all pairs of maps hold jointly at 95 % (needed_n_walsh() of
   report/stats/signed_rank.py). */
static unsigned needed_blocks(unsigned maps)
{
	const double error = 0.05, pairs = maps * (maps - 1) / 2.0;

	return 1 + (unsigned)ceil(log2(pairs / error));
}

bool rm_plan_lacks_blocks(const struct rm_plan *plan,
        const struct rm_catalog *catalog, char text[RM_REASON_BYTES])
{
	uint64_t *seeds = calloc(plan->cell_count + 1, sizeof(*seeds));
	bool lacks = false;

	for (size_t i = 0; seeds && i < plan->cell_count; i++)
		if (is_ranked(catalog, &plan->cells[i].cell))
			seeds[i] =
			        rm_plan_seed(plan, plan->cells[i].cell.id, 0);
	for (size_t i = 0; seeds && i < plan->cell_count; i++) {
		unsigned maps = 0, blocks = plan->cells[i].cell.blocks, needed;

		for (size_t j = 0; seeds[i] && j < plan->cell_count; j++)
			maps += seeds[j] == seeds[i];
		if (maps < 2)
			continue;
		needed = needed_blocks(maps);
		lacks = blocks < needed;
		if (!lacks)
			break;
		snprintf(text, RM_REASON_BYTES,
		        "no map will be ranked: %u maps need at least %u "
		        "blocks, not %u: --set blocks=%u",
		        maps, needed, blocks, needed);
	}
	free(seeds);
	return lacks;
}
