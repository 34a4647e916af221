/* SPDX-License-Identifier: Apache-2.0 */
/* placement.h - which CPU each thread gets. */
#ifndef RM_PLACEMENT_H
#define RM_PLACEMENT_H

#include "runner/base/error.h"
#include "runner/machine/machine.h"

enum rm_place {
	RM_PLACE_CORES,   /* one per core, then the cores' second CPUs */
	RM_PLACE_SMT,     /* siblings first; cores without siblings last */
	RM_PLACE_SOCKETS, /* round robin over packages, as cores in each */
	RM_PLACE_NUMA,    /* numa:N: as cores, on one node */
	RM_PLACE_COMPACT, /* hwloc's logical order: neighbours together */
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
 * threads  >= 1; more than there are usable CPUs repeat them round robin
 * cpus     out: `threads` kernel CPU numbers, caller's array
 *
 * Same machine, same answer. Order within a core, and of cores: hwloc's
 * logical index. RM_PLACE_NONE leaves `cpus` alone. Returns 0; -EINVAL with
 * `error` where the machine cannot do it (no such node, no usable CPU there).
 * Any thread.
 */
int rm_placement_choose(const struct rm_topology *topology,
        const struct rm_placement *placement, unsigned threads, unsigned *cpus,
        struct rm_error *error);

/* "first-touch", "interleave", "bind:N". */
enum rm_memory_policy { RM_FIRST_TOUCH, RM_INTERLEAVE, RM_BIND };

/* -EINVAL with `error`; *node is set for bind:N only. */
int rm_memory_parse(const char *text, enum rm_memory_policy *policy,
        unsigned *node, struct rm_error *error);
/* 0, or -EINVAL with `error` where bind:N names no node with memory. */
int rm_memory_check(const struct rm_topology *topology, const char *text,
        struct rm_error *error);

#endif /* RM_PLACEMENT_H */
