/* SPDX-License-Identifier: Apache-2.0 */
/* placement.h - assigns threads to CPUs, parses memory policies, and chooses
   the NUMA nodes that words such as `local` name.
   docs/reference/workload-file.md has the rules. */
#ifndef RM_PLACEMENT_H
#define RM_PLACEMENT_H

#include "runner/base/error.h"
#include "runner/machine/machine.h"

enum rm_place {
	RM_PLACE_CORES,   /* one thread per core, then second CPUs */
	RM_PLACE_SMT,     /* core by core; cores without siblings last */
	RM_PLACE_SOCKETS, /* round robin over packages, in each like CORES */
	RM_PLACE_NODES,   /* the same over NUMA nodes */
	RM_PLACE_NUMA,    /* numa:N: RM_PLACE_CORES on one node */
	RM_PLACE_COMPACT, /* hwloc's logical order: neighbours first */
	RM_PLACE_NONE,    /* unbound */
	RM_PLACE_ONE,     /* one-node: workloads only, numa:N in a cell */
};

struct rm_placement {
	enum rm_place place;
	unsigned node; /* RM_PLACE_NUMA: hwloc's OS index */
};

/* "cores", "numa:1", ...; -EINVAL with `error`. */
int rm_placement_parse(const char *text, struct rm_placement *placement,
        struct rm_error *error);

/*
 * Chooses one CPU for each of `threads` threads, in thread order.
 *
 * threads  >= 1; with more threads than usable CPUs, CPUs repeat round robin
 * cpus     out: `threads` kernel CPU numbers, in the caller's array
 *
 * Deterministic for a machine. Cores, and CPUs in a core, are in the order of
 * hwloc's logical index. RM_PLACE_NONE does not write `cpus`. Returns 0;
 * -EINVAL with `error` if the node does not exist or has no usable CPU. Any
 * thread.
 */
int rm_placement_choose(const struct rm_topology *topology,
        const struct rm_placement *placement, unsigned threads, unsigned *cpus,
        struct rm_error *error);

/* Memory policies. Cells use "first-touch", "interleave" and "bind:N"; the
   other words are for workloads only and become bind:N in a cell. */
enum rm_memory_policy {
	RM_FIRST_TOUCH,
	RM_INTERLEAVE,
	RM_BIND,
	RM_LOCAL,
	RM_REMOTE,
	RM_MEMORY_ONLY
};

/* -EINVAL with `error`; *node is set for bind:N only. */
int rm_memory_parse(const char *text, enum rm_memory_policy *policy,
        unsigned *node, struct rm_error *error);
/* Returns 0, or -EINVAL with `error` if N of bind:N is not a node with
   memory. */
int rm_memory_check(const struct rm_topology *topology, const char *text,
        struct rm_error *error);

/* Kernel numbers of the nodes that the words stand for; -1: this process has no
   such node. */
struct rm_numa {
	int one_node; /* the threads' node; -1 too if only one may be used */
	int home;     /* the same, even if it is the only node */
	unsigned node_cores; /* with a usable CPU, on one_node; else on all */
	unsigned nodes;      /* with a usable CPU */
	int remote, memory_only;
};

void rm_numa_find(const struct rm_topology *topology, struct rm_numa *numa);

/* Replaces the words in a cell's placement and memory (RM_NAME_BYTES each) by
   numa:N and bind:N. Returns false and replaces nothing if this process has no
   such node, or too few nodes for "nodes". */
bool rm_numa_resolve(const struct rm_numa *numa, char *placement, char *memory);

#endif /* RM_PLACEMENT_H */
