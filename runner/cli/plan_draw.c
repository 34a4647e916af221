/* SPDX-License-Identifier: Apache-2.0 */
/* plan_draw.c - draws the machine, with the threads and memory of each
   placement of a plan. */
#include "runner/cli/command.h"

#include <hwloc.h>
#include <stdio.h>
#include <string.h>

/* Prints CPU 0 as "0[t0]" if thread 0 runs on it, as "0[3 threads]" if three
   threads do, and as "0" if no thread does. A CPU that trials may not use is in
   parentheses. */
static void draw_cpu(const struct rm_topology *topology,
        const struct rm_cell *cell, unsigned cpu)
{
	unsigned threads = 0, first = 0;

	for (unsigned i = cell->cpu_count; i-- > 0;)
		if (cell->cpus[i] == cpu) {
			threads++;
			first = i;
		}
	if (!hwloc_bitmap_isset(topology->usable, cpu))
		printf("(%u)", cpu);
	else if (threads > 1)
		printf("%u[%u threads]", cpu, threads);
	else if (threads)
		printf("%u[t%u]", cpu, first);
	else
		printf("%u", cpu);
}

/* Prints the CPUs in one line. The sign "+" joins CPUs of the same core. */
static void draw_node(const struct rm_topology *topology,
        const struct rm_cell *cell, hwloc_obj_t node)
{
	hwloc_obj_t pu = NULL, last = NULL;
	hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(
	        topology->hwloc, HWLOC_OBJ_PACKAGE, node);
	char policy[RM_NAME_BYTES];
	bool holds = !strcmp(cell->memory, "interleave") &&
	             rm_topology_has_memory(topology, node);

	snprintf(policy, sizeof(policy), "bind:%u", node->os_index);
	holds |= !strcmp(cell->memory, policy);
	if (package)
		printf("  package %u", package->os_index);
	printf("  node %u%s:", node->os_index, holds ? " [memory]" : "");
	while ((pu = hwloc_get_next_obj_by_type(
	                topology->hwloc, HWLOC_OBJ_PU, pu))) {
		hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(
		        topology->hwloc, HWLOC_OBJ_CORE, pu);

		if (rm_topology_node_of(topology, pu) != node)
			continue;
		putchar(core && core == last ? '+' : ' ');
		draw_cpu(topology, cell, pu->os_index);
		last = core;
	}
	putchar('\n');
}

/* False for verification trials, whose placement is always the same. */
static bool has_place(const struct rm_cell *cell)
{
	return cell->cpu_count && cell->measure != RM_MEASURE_VERIFY;
}

static bool is_new(const struct rm_plan *plan, size_t index)
{
	const struct rm_cell *cell = &plan->cells[index].cell;

	for (size_t i = 0; i < index; i++) {
		const struct rm_cell *other = &plan->cells[i].cell;

		if (has_place(other) && other->cpu_count == cell->cpu_count &&
		        !strcmp(other->placement, cell->placement) &&
		        !strcmp(other->memory, cell->memory))
			return false;
	}
	return true;
}

void rm_print_places(
        const struct rm_plan *plan, const struct rm_topology *topology)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;
		hwloc_obj_t node = NULL;

		if (!has_place(cell) || !is_new(plan, i))
			continue;
		printf("placement %s, threads %u, memory %s\n", cell->placement,
		        cell->threads, cell->memory);
		while ((node = hwloc_get_next_obj_by_type(
		                topology->hwloc, HWLOC_OBJ_NUMANODE, node)))
			draw_node(topology, cell, node);
	}
}

/* Returns the number of CPUs that the cell's threads share, or 0 if each has
   its own. */
static unsigned count_shared_cpus(const struct rm_cell *cell)
{
	unsigned cpus = 0;

	if (cell->skip[0] || !cell->cpus)
		return 0;
	for (unsigned i = 0; i < cell->threads; i++) {
		unsigned first = 0;

		while (cell->cpus[first] != cell->cpus[i])
			first++;
		cpus += first == i;
	}
	return cpus < cell->threads ? cpus : 0;
}

void rm_print_shared_cpus(const struct rm_plan *plan)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;
		unsigned cpus = count_shared_cpus(cell);
		bool first = cpus > 0;

		for (size_t j = 0; first && j < i; j++)
			first = plan->cells[j].cell.threads != cell->threads ||
			        count_shared_cpus(&plan->cells[j].cell) != cpus;
		if (first)
			printf("%u threads share %u CPU%s\n", cell->threads,
			        cpus, cpus == 1 ? "" : "s");
	}
}
