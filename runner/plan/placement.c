/* SPDX-License-Identifier: Apache-2.0 */
/* placement.c - chooses a CPU for each thread from the topology. */
#include "runner/plan/placement.h"
#include "runner/base/number.h"

#include <errno.h>
#include <hwloc.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A usable CPU, to which a thread can be bound. Seats are sorted by `rank`,
   which is unique. */
struct seat {
	unsigned cpu;    /* kernel number */
	unsigned index;  /* position in hwloc's logical order of usable CPUs */
	unsigned core;   /* hwloc's logical index */
	unsigned smt;    /* number of usable CPUs of the same core that precede
	                    this one */
	unsigned socket; /* hwloc's logical index */
	unsigned node;   /* kernel number of its NUMA node */
	bool sibling;    /* the core has another usable CPU */
	uint64_t rank;
};

/* Parses WORD:N. Numbers above INT_MAX are invalid, since hwloc uses int for
   nodes. */
static int parse_numbered(const char *text, const char *word, unsigned *number)
{
	size_t length = strlen(word);
	uint64_t value;

	if (strncmp(text, word, length) ||
	        rm_number_integer(text + length, &value) || value > INT_MAX)
		return -EINVAL;
	*number = (unsigned)value;
	return 0;
}

int rm_placement_parse(const char *text, struct rm_placement *placement,
        struct rm_error *error)
{
	static const struct {
		const char *name;
		enum rm_place place;
	} names[] = { { "cores", RM_PLACE_CORES }, { "smt", RM_PLACE_SMT },
		{ "sockets", RM_PLACE_SOCKETS }, { "nodes", RM_PLACE_NODES },
		{ "one-node", RM_PLACE_ONE }, { "compact", RM_PLACE_COMPACT },
		{ "none", RM_PLACE_NONE } };

	*placement = (struct rm_placement){ RM_PLACE_NUMA, 0 };
	if (parse_numbered(text, "numa:", &placement->node) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(text, names[i].name)) {
			placement->place = names[i].place;
			return 0;
		}
	return rm_error_set(error, -EINVAL,
	        "unknown placement \"%.40s\", expected cores, smt, sockets, "
	        "nodes, one-node, numa:N, compact or none",
	        text);
}

static unsigned ancestor_index(
        hwloc_topology_t hwloc, hwloc_obj_type_t type, hwloc_obj_t pu)
{
	hwloc_obj_t object = hwloc_get_ancestor_obj_by_type(hwloc, type, pu);

	return object ? object->logical_index : pu->logical_index;
}

/* Stores the usable CPUs of node `only`, or of all nodes if `only` is -1, in
   logical order. Returns their number. */
static unsigned collect_seats(
        const struct rm_topology *topology, int only, struct seat *seats)
{
	hwloc_obj_t pu = NULL;
	unsigned n = 0;

	while ((pu = hwloc_get_next_obj_by_type(
	                topology->hwloc, HWLOC_OBJ_PU, pu))) {
		hwloc_obj_t socket = hwloc_get_ancestor_obj_by_type(
		        topology->hwloc, HWLOC_OBJ_PACKAGE, pu);
		hwloc_obj_t node = rm_topology_node_of(topology, pu);

		if (!hwloc_bitmap_isset(topology->usable, pu->os_index) ||
		        (only >= 0 && (!node || (int)node->os_index != only)))
			continue;
		seats[n] = (struct seat){ .cpu = pu->os_index,
			.index = n,
			.core = ancestor_index(
			        topology->hwloc, HWLOC_OBJ_CORE, pu),
			.socket = socket ? socket->logical_index : 0,
			.node = node ? node->os_index : 0 };
		for (unsigned i = 0; i < n; i++) {
			if (seats[i].core != seats[n].core)
				continue;
			seats[n].smt++;
			seats[n].sibling = seats[i].sibling = true;
		}
		n++;
	}
	return n;
}

static int by_rank(const void *a, const void *b)
{
	uint64_t left = ((const struct seat *)a)->rank;
	uint64_t right = ((const struct seat *)b)->rank;

	return left < right ? -1 : left > right;
}

static void sort_as_cores(struct seat *seats, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		seats[i].rank = (uint64_t)seats[i].smt << 32 | seats[i].index;
	qsort(seats, n, sizeof(*seats), by_rank);
}

static void sort_siblings_first(struct seat *seats, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		seats[i].rank =
		        (uint64_t)!seats[i].sibling << 32 | seats[i].index;
	qsort(seats, n, sizeof(*seats), by_rank);
}

static unsigned group_of(const struct seat *seat, bool by_node)
{
	return by_node ? seat->node : seat->socket;
}

/* Sorts seats round robin over sockets or nodes: seat k of each group precedes
   seat k + 1 of every group. */
static void sort_over_groups(struct seat *seats, unsigned n, bool by_node)
{
	sort_as_cores(seats, n);
	for (unsigned i = 0; i < n; i++) {
		unsigned before = 0, group = group_of(&seats[i], by_node);

		for (unsigned j = 0; j < i; j++)
			before += group_of(&seats[j], by_node) == group;
		seats[i].rank = (uint64_t)before << 32 | group;
	}
	qsort(seats, n, sizeof(*seats), by_rank);
}

static hwloc_obj_t find_node(const struct rm_topology *topology, unsigned node)
{
	return hwloc_get_numanode_obj_by_os_index(topology->hwloc, node);
}

/* Lists the nodes with a usable CPU: "0 1 8". */
static void list_nodes(
        const struct rm_topology *topology, char *text, size_t size)
{
	hwloc_obj_t node = NULL;
	size_t used = 0;

	text[0] = '\0';
	while ((node = hwloc_get_next_obj_by_type(
	                topology->hwloc, HWLOC_OBJ_NUMANODE, node)))
		if (rm_topology_node_cores(topology, node, topology->usable) &&
		        used < size)
			used += (size_t)snprintf(text + used, size - used,
			        "%s%u", used ? " " : "", node->os_index);
}

/* Reports a node that cannot be used. The fix depends on the cause: another
   number, a node with CPUs, or a wider affinity mask or cpuset. */
static int report_missing_node(const struct rm_topology *topology,
        unsigned number, struct rm_error *error)
{
	hwloc_obj_t node = find_node(topology, number);
	char nodes[128];

	list_nodes(topology, nodes, sizeof(nodes));
	return rm_error_set(error, -EINVAL, "numa:%u: %s, expected one of %s",
	        number,
	        !node ? "this machine has no such NUMA node"
	        : !rm_topology_node_cores(topology, node, node->cpuset)
	                ? "this NUMA node has memory only, no CPU"
	                : "no CPU of this NUMA node may be used by this "
	                  "process",
	        nodes);
}

/* Sorts the seats for a placement. RM_PLACE_NUMA sorts the CPUs of its node
   like RM_PLACE_CORES. */
static unsigned order_seats(const struct rm_topology *topology,
        const struct rm_placement *placement, struct seat *seats)
{
	const bool by_node = placement->place == RM_PLACE_NODES;
	unsigned n = collect_seats(topology,
	        placement->place == RM_PLACE_NUMA ? (int)placement->node : -1,
	        seats);

	if (placement->place == RM_PLACE_SMT)
		sort_siblings_first(seats, n);
	else if (by_node || placement->place == RM_PLACE_SOCKETS)
		sort_over_groups(seats, n, by_node);
	else if (placement->place != RM_PLACE_COMPACT)
		sort_as_cores(seats, n);
	return n;
}

int rm_placement_choose(const struct rm_topology *topology,
        const struct rm_placement *placement, unsigned threads, unsigned *cpus,
        struct rm_error *error)
{
	struct seat *seats;
	unsigned n;

	if (threads == 0)
		return rm_error_set(error, -EINVAL,
		        "0 threads to place, expected at least 1");
	if (placement->place == RM_PLACE_NONE)
		return 0;
	seats = calloc(topology->cpus, sizeof(*seats));
	if (!seats)
		return rm_error_set(error, -ENOMEM, "out of memory");
	n = order_seats(topology, placement, seats);
	for (unsigned i = 0; n > 0 && i < threads; i++)
		cpus[i] = seats[i % n].cpu;
	free(seats);
	if (n == 0)
		return report_missing_node(topology, placement->node, error);
	return 0;
}

int rm_memory_parse(const char *text, enum rm_memory_policy *policy,
        unsigned *node, struct rm_error *error)
{
	static const struct {
		const char *name;
		enum rm_memory_policy policy;
	} names[] = { { "first-touch", RM_FIRST_TOUCH },
		{ "interleave", RM_INTERLEAVE }, { "local", RM_LOCAL },
		{ "remote", RM_REMOTE }, { "memory-only", RM_MEMORY_ONLY } };

	*policy = RM_BIND;
	if (parse_numbered(text, "bind:", node) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(text, names[i].name)) {
			*policy = names[i].policy;
			return 0;
		}
	return rm_error_set(error, -EINVAL,
	        "unknown memory policy \"%.40s\", expected first-touch, "
	        "interleave, local, remote, memory-only or bind:N",
	        text);
}

int rm_memory_check(const struct rm_topology *topology, const char *text,
        struct rm_error *error)
{
	enum rm_memory_policy policy = RM_FIRST_TOUCH;
	unsigned number = 0;
	int failed = rm_memory_parse(text, &policy, &number, error);
	hwloc_obj_t node;

	if (failed || policy != RM_BIND)
		return failed;
	node = find_node(topology, number);
	if (node && rm_topology_has_memory(topology, node))
		return 0;
	return rm_error_set(error, -EINVAL,
	        "bind:%u: %s, expected a NUMA node with memory (`readmostly "
	        "env machine` lists them)",
	        number,
	        node ? "the cgroup forbids this NUMA node, or it is empty"
	             : "this machine has no such NUMA node");
}
