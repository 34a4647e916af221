/* SPDX-License-Identifier: Apache-2.0 */
/* plan_add.c - adds cells to the plan, so that equal cells run once. */
#include "runner/base/rng.h"
#include "runner/plan/internal.h"

#include <errno.h>
#include <hwloc.h>
#include <stdlib.h>
#include <string.h>

/* True if all pages come from one node. topology->nodes does not suffice: it
   does not count nodes without usable CPUs, whose memory may be used. */
static bool has_one_node(const struct rm_topology *topology)
{
	return hwloc_bitmap_weight(hwloc_topology_get_allowed_nodeset(
	               topology->hwloc)) == 1;
}

/* Builds a key from all factors of a cell. Replaces placement and memory by
   their effect on this machine. */
static void name_without_place(
        const struct rm_planning *planning, struct rm_cell *copy)
{
	strcpy(copy->placement, copy->cpus ? "placed" : "none");
	/* with one node, all policies use the same memory */
	if (has_one_node(planning->topology))
		strcpy(copy->memory, "first-touch");
	rm_cell_name(copy);
}

static uint64_t hash_id(const struct rm_cell *cell)
{
	uint64_t hash = 0;

	for (const char *c = cell->id; *c; c++)
		hash = rm_seed(hash, (unsigned char)*c);
	return hash;
}

static bool same_cpus(const struct rm_cell *a, const struct rm_cell *b)
{
	return a->cpu_count == b->cpu_count &&
	       (a->cpu_count == 0 ||
	               memcmp(a->cpus, b->cpus,
	                       a->cpu_count * sizeof(*a->cpus)) == 0);
}

static bool is_equal(const struct rm_planning *planning,
        const struct rm_cell *named, const struct rm_cell *other)
{
	struct rm_cell copy = *other;

	if (!same_cpus(named, other))
		return false;
	name_without_place(planning, &copy);
	return !strcmp(named->id, copy.id);
}

/* Returns the slot of an equal cell, or the free slot for a new one. */
static size_t *find_slot(
        const struct rm_planning *planning, const struct rm_cell *cell)
{
	size_t mask = planning->table_size - 1;
	struct rm_cell named = *cell;
	size_t at;

	name_without_place(planning, &named);
	at = (size_t)hash_id(&named) & mask;
	while (planning->table[at] &&
	        !is_equal(planning, &named,
	                &planning->plan->cells[planning->table[at] - 1].cell))
		at = (at + 1) & mask;
	return &planning->table[at];
}

/* Grows the hash table for one more cell. At most half of it is used. */
static int grow_table(struct rm_planning *planning)
{
	struct rm_plan *plan = planning->plan;

	if (2 * (plan->cell_count + 1) <= planning->table_size)
		return 0;
	free(planning->table);
	planning->table_size =
	        planning->table_size ? 2 * planning->table_size : 1024;
	planning->table =
	        calloc(planning->table_size, sizeof(*planning->table));
	if (!planning->table)
		return -ENOMEM;
	for (size_t i = 0; i < plan->cell_count; i++)
		*find_slot(planning, &plan->cells[i].cell) = i + 1;
	return 0;
}

/* Returns the array, enlarged for one more item if necessary; or NULL. */
static void *grow_array(
        void *items, size_t count, size_t *capacity, size_t size)
{
	size_t more = *capacity ? 2 * *capacity : 64;
	void *moved;

	if (count < *capacity)
		return items;
	moved = realloc(items, more * size);
	if (moved)
		*capacity = more;
	return moved;
}

/* Records a second name for a cell, so that the report finds its results under
   both names. Drops a name that was requested twice. */
static int add_same(
        struct rm_planning *planning, struct rm_cell *cell, size_t index)
{
	struct rm_plan *plan = planning->plan;
	struct rm_plan_duplicate *same;

	if (!strcmp(cell->id, plan->cells[index].cell.id))
		return 0;
	same = grow_array(plan->same, plan->same_count,
	        &planning->same_capacity, sizeof(*same));
	if (!same)
		return -ENOMEM;
	plan->same = same;
	plan->same[plan->same_count].cell = index;
	memcpy(plan->same[plan->same_count++].id, cell->id, RM_ID_BYTES);
	return 0;
}

const struct rm_map_info *rm_plan_map(
        const struct rm_planning *planning, const char *id)
{
	/* never NULL: each cell belongs to a map of the catalog */
	return rm_catalog_find(planning->catalog, id);
}

/* Adds the cell and takes ownership of its cpus. An id that fills its buffer
   was truncated. It is an error, since truncated ids may be equal. */
static int add_new(struct rm_planning *planning, struct rm_cell *cell,
        const char *base, size_t *slot)
{
	struct rm_plan *plan = planning->plan;
	const struct rm_map_info *map;
	struct rm_plan_cell *planned;

	if (strlen(cell->id) == RM_ID_BYTES - 1)
		return rm_error_set(planning->error, -EINVAL,
		        "%.100s...: a cell id is too long: expected "
		        "shorter names of workload and map",
		        cell->id);
	if (plan->cell_count == RM_CELLS_MAX)
		return rm_error_set(planning->error, -EINVAL,
		        "more than %d cells, expected fewer values in the "
		        "lists of the workload",
		        RM_CELLS_MAX);
	planned = grow_array(plan->cells, plan->cell_count,
	        &planning->cell_capacity, sizeof(*planned));
	if (!planned)
		return -ENOMEM;
	plan->cells = planned;
	planned = &plan->cells[plan->cell_count];
	memset(planned, 0, sizeof(*planned));
	planned->cell = *cell;
	cell->cpus = NULL; /* owned by the plan */
	strcpy(planned->base, base);
	map = rm_plan_map(planning, planned->cell.map);
	planned->misuse = map->misuse;
	rm_plan_cost(planned, planning->topology->cpus, map,
	        planning->options->cost_scale ? planning->options->cost_scale
	                                      : 1);
	rm_plan_judge_limits(
	        planned, map, &planning->limits, !planning->options->has_arms);
	*slot = ++plan->cell_count;
	return 0;
}

int rm_plan_add(
        struct rm_planning *planning, struct rm_cell *cell, const char *base)
{
	int failed = grow_table(planning);
	size_t *slot;

	rm_cell_name(cell);
	if (!failed) {
		slot = find_slot(planning, cell);
		if (*slot)
			failed = add_same(planning, cell, *slot - 1);
		else
			failed = add_new(planning, cell, base, slot);
	}
	free(cell->cpus);
	cell->cpus = NULL;
	if (failed == -ENOMEM)
		rm_error_set(planning->error, failed, "out of memory");
	return failed;
}
