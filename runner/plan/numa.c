/* SPDX-License-Identifier: Apache-2.0 */
/* numa.c - chooses the NUMA nodes for words such as `local` in workload
   files. */
#include "runner/plan/placement.h"
#include "runner/protocol/protocol.h"

#include <hwloc.h>
#include <stdint.h>
#include <stdio.h>

/* Returns the firmware's distance (SLIT) of two nodes. If the machine has no
   such table: 1 for nodes near the same CPUs, 2 in the same package, 3
   otherwise. */
static uint64_t distance(
        hwloc_topology_t hwloc, hwloc_obj_t from, hwloc_obj_t to)
{
	struct hwloc_distances_s *table = NULL;
	unsigned count = 1;
	hwloc_uint64_t there = 0, back;
	hwloc_obj_t package =
	        hwloc_get_ancestor_obj_by_type(hwloc, HWLOC_OBJ_PACKAGE, from);

	if (!hwloc_distances_get_by_name(
	            hwloc, "NUMALatency", &count, &table, 0) &&
	        count) {
		if (hwloc_distances_obj_pair_values(
		            table, from, to, &there, &back))
			there = 0;
		hwloc_distances_release(hwloc, table);
	}
	if (there)
		return there;
	if (hwloc_bitmap_intersects(from->cpuset, to->cpuset))
		return 1;
	return package && package == hwloc_get_ancestor_obj_by_type(
	                                     hwloc, HWLOC_OBJ_PACKAGE, to)
	               ? 2
	               : 3;
}

/* Returns the node for the threads: it has memory, and the most usable cores.
   Counts nodes with usable CPUs. *usable receives the number of nodes with CPUs
   or memory. */
static hwloc_obj_t find_one_node(const struct rm_topology *topology,
        struct rm_numa *numa, unsigned *usable)
{
	hwloc_const_bitmap_t all =
	        hwloc_topology_get_topology_nodeset(topology->hwloc);
	hwloc_obj_t best = NULL;

	for (int i = -1; (i = hwloc_bitmap_next(all, i)) >= 0;) {
		hwloc_obj_t node = hwloc_get_numanode_obj_by_os_index(
		        topology->hwloc, (unsigned)i);
		unsigned cores = rm_topology_node_cores(
		        topology, node, topology->usable);
		bool memory = rm_topology_has_memory(topology, node);

		numa->nodes += cores > 0;
		*usable += cores > 0 || memory;
		if (!memory || !cores || (best && cores <= numa->node_cores))
			continue;
		best = node;
		numa->node_cores = cores;
	}
	return best;
}

/* Visits the nodes in numerical order, so that the lowest of equal nodes is
   used. */
static void find_other_nodes(const struct rm_topology *topology,
        hwloc_obj_t home, struct rm_numa *numa)
{
	hwloc_const_bitmap_t all =
	        hwloc_topology_get_topology_nodeset(topology->hwloc);
	uint64_t farthest = 0, nearest = UINT64_MAX;

	for (int i = -1; (i = hwloc_bitmap_next(all, i)) >= 0;) {
		hwloc_obj_t node = hwloc_get_numanode_obj_by_os_index(
		        topology->hwloc, (unsigned)i);
		uint64_t far = distance(topology->hwloc, home, node);

		if (node == home || !rm_topology_has_memory(topology, node))
			continue;
		if (!rm_topology_node_cores(topology, node, node->cpuset)) {
			if (far < nearest)
				numa->memory_only = i;
			nearest = far < nearest ? far : nearest;
		} else if (far > farthest) {
			farthest = far;
			numa->remote = i;
		}
	}
}

void rm_numa_find(const struct rm_topology *topology, struct rm_numa *numa)
{
	unsigned usable = 0;
	hwloc_obj_t home;

	*numa = (struct rm_numa){ -1, -1, 0, 0, -1, -1 };
	home = find_one_node(topology, numa, &usable);
	if (home)
		numa->home = (int)home->os_index;
	if (!home || usable < 2) {
		numa->node_cores = topology->cores;
		return;
	}
	numa->one_node = (int)home->os_index;
	find_other_nodes(topology, home, numa);
}

bool rm_numa_resolve(const struct rm_numa *numa, char *placement, char *memory)
{
	struct rm_placement place = { RM_PLACE_CORES, 0 };
	enum rm_memory_policy policy = RM_FIRST_TOUCH;
	unsigned unused;
	int node, home;

	rm_placement_parse(placement, &place, NULL);
	rm_memory_parse(memory, &policy, &unused, NULL);
	node = policy == RM_LOCAL    ? numa->one_node
	       : policy == RM_REMOTE ? numa->remote
	                             : numa->memory_only;
	home = policy == RM_FIRST_TOUCH ? numa->home : numa->one_node;
	if ((policy >= RM_LOCAL && node < 0) ||
	        (place.place == RM_PLACE_ONE && home < 0) ||
	        (place.place == RM_PLACE_NODES && numa->nodes < 2))
		return false;
	if (policy >= RM_LOCAL)
		snprintf(memory, RM_NAME_BYTES, "bind:%d", node);
	if (place.place == RM_PLACE_ONE)
		snprintf(placement, RM_NAME_BYTES, "numa:%d", home);
	return true;
}
