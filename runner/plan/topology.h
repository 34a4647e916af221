/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topology.h - hwloc's view of the machine, loaded once, in the parent.
 *
 * Usable is what the cgroup allows AND this process's mask allowed when it
 * was loaded (hwloc alone does not see taskset or Slurm masks).
 */
#ifndef RM_TOPOLOGY_H
#define RM_TOPOLOGY_H

#include "runner/base/error.h"

#include <hwloc.h>
#include <stdbool.h>
#include <stddef.h>

struct rm_topology {
	hwloc_topology_t hwloc;
	hwloc_bitmap_t usable; /* CPUs that placement may use */
	unsigned cpus;         /* usable CPUs */
	unsigned cores;        /* with a usable CPU */
	unsigned sockets;      /* with a usable CPU */
	unsigned nodes;        /* NUMA nodes with a usable CPU */
	unsigned kinds;        /* CPU kinds (hybrid); 1 where not known */
	bool this_machine;     /* false: HWLOC_SYNTHETIC, HWLOC_XMLFILE */
	char note[256];        /* what was left out and why, or "" */
};

/*
 * Loads this machine, or `synthetic` (an hwloc description) where not NULL.
 * A hybrid machine is restricted to the fastest kind of CPU. Returns 0;
 * -ENOSYS with `error` where hwloc finds nothing. Main thread, before any
 * thread is bound. Free with rm_topology_free().
 */
int rm_topology_load(const char *synthetic, struct rm_topology *topology,
        struct rm_error *error);

/* Counts again after the caller changed topology->hwloc (tests: restrict,
   register kinds). Same errors. */
int rm_topology_scan(struct rm_topology *topology, struct rm_error *error);

/* hwloc's XML for the campaign folder; free() it. NULL: no memory. */
char *rm_topology_xml(const struct rm_topology *topology);

/* One line: "Package:1 [NUMANode(memory=...)] ... PU:1"; cut to fit. */
void rm_topology_line(
        const struct rm_topology *topology, char *text, size_t size);

void rm_topology_free(struct rm_topology *topology);

#endif /* RM_TOPOLOGY_H */
