/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h - public header: facts and CPU topology that affect results, and
 * sources of noise.
 *
 * The environment variable RM_SYSFS=DIR is prepended to /proc and /sys, for
 * tests.
 */
#ifndef RM_MACHINE_H
#define RM_MACHINE_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * hwloc's view of the machine, loaded once in the parent process.
 *
 * A CPU is usable if the cgroup and the affinity mask at load time allow it.
 * hwloc itself ignores masks of taskset or Slurm. This header does not include
 * hwloc's header, which is long.
 */
struct rm_topology {
	struct hwloc_topology *hwloc;
	struct hwloc_bitmap_s *usable; /* CPUs that placement may use */
	unsigned cpus;                 /* number of usable CPUs */
	unsigned cores;                /* number of cores with a usable CPU */
	unsigned sockets;              /* number of sockets with a usable CPU */
	unsigned nodes;    /* number of NUMA nodes with a usable CPU */
	unsigned kinds;    /* kinds of CPU (hybrid); 1 if unknown */
	bool this_machine; /* false: HWLOC_SYNTHETIC or HWLOC_XMLFILE */
	char note[256];    /* which CPUs were excluded and why, or "" */
};

/* Loads this machine, or `synthetic` (an hwloc description) if not NULL. A
   hybrid machine is restricted to the fastest kind of CPU. Returns 0; -ENOSYS
   with `error` if hwloc finds nothing. Call it on the main thread before any
   thread is bound. Free with rm_topology_free(). */
int rm_topology_load(const char *synthetic, struct rm_topology *topology,
        struct rm_error *error);

/* Checks that this process may still run on these `count` CPUs. If `count` is
   0, checks that the number of usable CPUs is still `planned`. A CPU may have
   gone offline, or a cpuset or a mask may have become narrower. Returns 0, or
   -EXDEV with `error`. Also returns 0 if the CPUs belong to another machine, or
   if the mask cannot be read; a trial that cannot be placed is then void. */
int rm_topology_check_cpus(const struct rm_topology *topology,
        const unsigned *cpus, unsigned count, unsigned planned,
        struct rm_error *error);

/* Returns the size of one last-level cache in bytes (a machine may have
   several). 0: hwloc does not report it. */
uint64_t rm_topology_llc_bytes(const struct rm_topology *topology);

/* Returns the NUMA node of a CPU. If several nodes have this CPU, returns the
   one with the fewest CPUs, then the one with the lowest number. Nodes such as
   HBM and CXL have only memory, and no CPU. NULL: no node has this CPU. */
struct hwloc_obj *rm_topology_node_of(
        const struct rm_topology *topology, struct hwloc_obj *pu);

/* Returns the number of cores of a NUMA node that have a CPU in `cpus`. Pass
   topology->usable, or node->cpuset for all cores. */
unsigned rm_topology_node_cores(const struct rm_topology *topology,
        struct hwloc_obj *node, const struct hwloc_bitmap_s *cpus);

/* True if the NUMA node has memory that this process may use. */
bool rm_topology_has_memory(
        const struct rm_topology *topology, struct hwloc_obj *node);

/* Computes all counts again. Tests call it after they have changed
   topology->hwloc. Returns the same errors as rm_topology_load(). */
int rm_topology_scan(struct rm_topology *topology, struct rm_error *error);

/* Returns hwloc's XML; free() it. NULL: no memory. */
char *rm_topology_xml(const struct rm_topology *topology);

/* Describes the machine in one line: "Package:1 [NUMANode(memory=...)] ...
   PU:1", truncated to `size`. */
void rm_topology_line(
        const struct rm_topology *topology, char *text, size_t size);

void rm_topology_free(struct rm_topology *topology);

/* Returns {"id": "8 hex digits", "topology": "...", "cpus": 2, ..., "facts":
   {NAME: {"status", "text"}, ...}}, as in `readmostly env machine --json`.
   `topology` is the one loaded at the start. The id is a hash of stable facts
   only: CPU model and stepping, topology, and size of memory in GiB. A missing
   file has the status "absent", and an unreadable file "denied". New reference;
   NULL: no memory. */
json_t *rm_machine_facts(const struct rm_topology *topology);

/* Returns the static name of fact number `index` among the facts that every
   machine has; NULL after the last one. */
const char *rm_machine_fact_name(size_t index);

enum rm_finding_level {
	RM_FINDING_GOOD,
	RM_FINDING_NOTE,    /* cannot or should not be changed */
	RM_FINDING_WARNING, /* disturbs measurement, and can be changed */
	RM_FINDING_UNKNOWN, /* cannot be determined; the text has the reason */
};

enum { RM_FINDING_TEXT = 320, RM_FINDINGS_MAX = 32 };

struct rm_finding {
	enum rm_finding_level level;
	const char *subject; /* static, for example "governor" */
	bool is_noise;       /* true: a warning means noise in every trial */
	char text[RM_FINDING_TEXT];
	char command[RM_FINDING_TEXT]; /* command that fixes it, or "" */
};

/* Checks whether a control group limits CPU time. Returns a warning if it
   allows less CPU time than the usable CPUs have; "unknown" if the limit cannot
   be read; otherwise "good", and `text` is then not set. */
enum rm_finding_level rm_quota_examine(
        const struct rm_topology *topology, char text[RM_FINDING_TEXT]);

/*
 * Examines the machine; reads files below RM_SYSFS and changes nothing.
 * Fills at most RM_FINDINGS_MAX findings, one per check, always in the same
 * order; returns their number. Main thread.
 */
size_t rm_doctor_examine(
        const struct rm_topology *topology, struct rm_finding *findings);

const char *rm_finding_level_name(enum rm_finding_level level);

/* Result of the search for other programs that use this machine. */
struct rm_busy {
	bool is_busy;
	double pressure_percent; /* percentage of time in which tasks waited for
	                            a CPU (PSI); negative: unknown */
	double load; /* load average of one minute, only if PSI is missing;
	              * otherwise negative */
	double probe_percent; /* percentage of time in which rm_busy_probe()
	                         waited for a CPU; negative: unknown or not
	                         run */
	char text[RM_FINDING_TEXT]; /* the cause; "" if the machine is idle */
};

/* Reads /proc/pressure/cpu or /proc/loadavg in RM_SYSFS. If the kernel's mean
   over 10 s is high, measures again for a quarter of a second, unless
   `in_haste` is true. A file that cannot be read counts as idle. Any thread. */
void rm_busy_measure(unsigned cpus, bool in_haste, struct rm_busy *busy);

/* Measures how long a thread waits for a CPU. Computes on the first eight CPUs
   of this thread, one after another, for `probe_ms` in total. Stores the worst
   CPU in `probe_percent`; above 10 %, the machine is busy. Restores the
   affinity mask. */
void rm_busy_probe(unsigned probe_ms, struct rm_busy *busy);

#endif /* RM_MACHINE_H */
