/* SPDX-License-Identifier: Apache-2.0 */
/* plan_add.c - cells into the plan; those that are the same run once. */
#include "runner/base/rng.h"
#include "runner/plan/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Is there one node alone that pages may come from? Not topology->nodes, which
   have usable CPUs: memory is bound and spread over the others, too. */
static bool has_one_memory(const struct rm_topology *topology)
{
	return hwloc_bitmap_weight(hwloc_topology_get_allowed_nodeset(
	               topology->hwloc)) == 1;
}

/* Fills a copy's id with all factors but the names of where it runs. */
static void name_without_place(
        const struct rm_planning *planning, struct rm_cell *copy)
{
	strcpy(copy->placement, copy->cpus ? "placed" : "none");
	/* wherever a page goes, it is there */
	if (has_one_memory(planning->topology))
		strcpy(copy->memory, "first-touch");
	rm_cell_name(copy);
}

static uint64_t hash_of(const struct rm_cell *cell)
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

static bool does_the_same(const struct rm_planning *planning,
        const struct rm_cell *named, const struct rm_cell *other)
{
	struct rm_cell copy = *other;

	if (!same_cpus(named, other))
		return false;
	name_without_place(planning, &copy);
	return !strcmp(named->id, copy.id);
}

/* The slot of a cell that does the same, or the free one for it. */
static size_t *slot_of(
        const struct rm_planning *planning, const struct rm_cell *cell)
{
	size_t mask = planning->table_size - 1;
	struct rm_cell named = *cell;
	size_t at;

	name_without_place(planning, &named);
	at = (size_t)hash_of(&named) & mask;
	while (planning->table[at] &&
	        !does_the_same(planning, &named,
	                &planning->plan->cells[planning->table[at] - 1].cell))
		at = (at + 1) & mask;
	return &planning->table[at];
}

/* Room for one more cell in a table that is at most half full. */
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
		*slot_of(planning, &plan->cells[i].cell) = i + 1;
	return 0;
}

/* An array with room for one more item, or NULL; the old one moves. */
static void *grown(void *items, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 64;
	void *moved;

	if (count < *room)
		return items;
	moved = realloc(items, more * size);
	if (moved)
		*room = more;
	return moved;
}

/* A second name for what is run once: the report finds the figure under both.
   An equal name is the same wish twice and leaves no trace. */
static int add_same(
        struct rm_planning *planning, struct rm_cell *cell, size_t as)
{
	struct rm_plan *plan = planning->plan;
	struct rm_plan_same *same;

	if (!strcmp(cell->id, plan->cells[as].cell.id))
		return 0;
	same = grown(plan->same, plan->same_count, &planning->same_room,
	        sizeof(*same));
	if (!same)
		return -ENOMEM;
	plan->same = same;
	plan->same[plan->same_count].cell = as;
	memcpy(plan->same[plan->same_count++].id, cell->id, RM_ID_BYTES);
	return 0;
}

const struct rm_map_info *rm_plan_map(
        const struct rm_planning *planning, const char *id)
{
	/* every cell was made from one of them */
	return rm_catalog_find(planning->catalog, id);
}

/* The plan takes the CPUs of the cell. A name that fills its buffer was cut,
   and cut names of two cells may be equal. */
static int add_new(struct rm_planning *planning, struct rm_cell *cell,
        const char *base, size_t *slot)
{
	struct rm_plan *plan = planning->plan;
	const struct rm_map_info *map;
	struct rm_plan_cell *planned;

	if (strlen(cell->id) == RM_ID_BYTES - 1)
		return rm_error_set(planning->error, -EINVAL,
		        "%.100s...: the id of a cell is too long, expected "
		        "shorter names of workload and map",
		        cell->id);
	if (plan->cell_count == RM_CELLS_MAX)
		return rm_error_set(planning->error, -EINVAL,
		        "more than %d cells, expected fewer values in the "
		        "lists of the workload",
		        RM_CELLS_MAX);
	planned = grown(plan->cells, plan->cell_count, &planning->cell_room,
	        sizeof(*planned));
	if (!planned)
		return -ENOMEM;
	plan->cells = planned;
	planned = &plan->cells[plan->cell_count];
	memset(planned, 0, sizeof(*planned));
	planned->cell = *cell;
	cell->cpus = NULL; /* the plan's from now on */
	strcpy(planned->base, base);
	map = rm_plan_map(planning, planned->cell.map);
	planned->misuse = map->misuse;
	rm_plan_cost(planned, planning->topology->cpus, map);
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
		slot = slot_of(planning, cell);
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
