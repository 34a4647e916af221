/* SPDX-License-Identifier: Apache-2.0 */
/* placement.h - assigns threads to CPUs, parses memory policies, and chooses
   the NUMA nodes for words such as `local`. docs/reference/workload-file.md
   contains the rules. */
#ifndef RM_PLACEMENT_H
#define RM_PLACEMENT_H

#include "runner/base/error.h"
#include "runner/machine/machine.h"

enum rm_place {
	RM_PLACE_CORES,   /* a thread per core, then the other CPUs */
	RM_PLACE_SMT,     /* all CPUs of a core, then the next core; cores with
	                     one CPU last */
	RM_PLACE_SOCKETS, /* round robin over packages */
	RM_PLACE_NODES,   /* round robin over NUMA nodes */
	RM_PLACE_NUMA,    /* numa:N: like RM_PLACE_CORES, on one node */
	RM_PLACE_COMPACT, /* hwloc's logical order */
	RM_PLACE_NONE,    /* threads are not bound */
	RM_PLACE_ONE,     /* one-node: becomes numa:N in a cell */
};

struct rm_placement {
	enum rm_place place;
	unsigned node; /* only RM_PLACE_NUMA: hwloc's OS index */
};

/* Parses "cores", "numa:1", and so on. Returns 0, or -EINVAL with `error`. */
int rm_placement_parse(const char *text, struct rm_placement *placement,
        struct rm_error *error);

/*
 * Chooses one CPU for each of `threads` threads, in thread order.
 *
 * threads  >= 1; if there are more threads than usable CPUs, CPUs repeat round
 *          robin
 * cpus     out: `threads` kernel CPU numbers, in the caller's array
 *
 * The result depends only on the machine and the arguments. Cores, and CPUs in
 * a core, are in the order of hwloc's logical index. RM_PLACE_NONE does not
 * write `cpus`. Returns 0; -EINVAL with `error` if the node does not exist or
 * has no usable CPU. Any thread.
 */
int rm_placement_choose(const struct rm_topology *topology,
        const struct rm_placement *placement, unsigned threads, unsigned *cpus,
        struct rm_error *error);

/* Memory policies. Cells use "first-touch", "interleave" and "bind:N". The
   other words occur only in workloads, and become bind:N in a cell. */
enum rm_memory_policy {
	RM_FIRST_TOUCH,
	RM_INTERLEAVE,
	RM_BIND,
	RM_LOCAL,
	RM_REMOTE,
	RM_MEMORY_ONLY
};

/* Parses a memory policy. Sets *node for bind:N only. Returns 0, or -EINVAL
   with `error`. */
int rm_memory_parse(const char *text, enum rm_memory_policy *policy,
        unsigned *node, struct rm_error *error);
/* Returns -EINVAL with `error` if the text is bind:N and N is not a node with
   memory, otherwise 0. */
int rm_memory_check(const struct rm_topology *topology, const char *text,
        struct rm_error *error);

/* Kernel numbers of the nodes for these words; -1: this process has no such
   node. */
struct rm_numa {
	int one_node; /* node of the threads; -1 if this process may use only
	                 one node */
	int home;     /* node of the threads, even if it is the only node */
	unsigned node_cores; /* number of cores with a usable CPU: on one_node
	                        if it exists, otherwise on all nodes */
	unsigned nodes;      /* number of nodes with a usable CPU */
	int remote, memory_only;
};

void rm_numa_find(const struct rm_topology *topology, struct rm_numa *numa);

/* Replaces the words in a cell's placement and memory (RM_NAME_BYTES each) by
   numa:N and bind:N. If this process has no such node, or too few nodes for
   "nodes", replaces nothing and returns false. */
bool rm_numa_resolve(const struct rm_numa *numa, char *placement, char *memory);

#endif /* RM_PLACEMENT_H */
