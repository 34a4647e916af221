/* SPDX-License-Identifier: Apache-2.0 */
/* placement.h - assigns threads to CPUs, and parses memory policies. */
#ifndef RM_PLACEMENT_H
#define RM_PLACEMENT_H

#include "runner/base/error.h"
#include "runner/machine/machine.h"

enum rm_place {
	RM_PLACE_CORES,   /* one thread per core, then the cores' second CPUs */
	RM_PLACE_SMT,     /* siblings first; cores without siblings last */
	RM_PLACE_SOCKETS, /* round robin over packages, as CORES in each */
	RM_PLACE_NUMA,    /* numa:N: RM_PLACE_CORES on one node */
	RM_PLACE_COMPACT, /* hwloc's logical order: neighbours first */
	RM_PLACE_NONE,    /* unbound */
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
 * cpus     out: `threads` kernel CPU numbers, caller's array
 *
 * Deterministic for a machine. Cores, and CPUs in a core, are in the order of
 * hwloc's logical index. RM_PLACE_NONE does not write `cpus`. Returns 0;
 * -EINVAL with `error` if the node does not exist or has no usable CPU. Any
 * thread.
 */
int rm_placement_choose(const struct rm_topology *topology,
        const struct rm_placement *placement, unsigned threads, unsigned *cpus,
        struct rm_error *error);

/* "first-touch", "interleave", "bind:N". */
enum rm_memory_policy { RM_FIRST_TOUCH, RM_INTERLEAVE, RM_BIND };

/* -EINVAL with `error`; *node is set for bind:N only. */
int rm_memory_parse(const char *text, enum rm_memory_policy *policy,
        unsigned *node, struct rm_error *error);
/* 0, or -EINVAL with `error` if N of bind:N is not a node with memory. */
int rm_memory_check(const struct rm_topology *topology, const char *text,
        struct rm_error *error);

#endif /* RM_PLACEMENT_H */
