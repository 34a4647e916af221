/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h - public header of machine: facts and CPU topology that results
 * depend on, and noise sources.
 *
 * The environment variable RM_SYSFS=DIR is prepended to /proc and /sys, for
 * tests.
 */
#ifndef RM_MACHINE_H
#define RM_MACHINE_H

#include "runner/base/error.h"

#include <hwloc.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * hwloc's view of the machine, loaded once in the parent process.
 *
 * Usable CPUs are allowed by the cgroup and by the affinity mask at load time.
 * hwloc alone ignores masks of taskset or Slurm.
 */
struct rm_topology {
	hwloc_topology_t hwloc;
	hwloc_bitmap_t usable; /* CPUs that placement may use */
	unsigned cpus;         /* usable CPUs */
	unsigned cores;        /* with a usable CPU */
	unsigned sockets;      /* with a usable CPU */
	unsigned nodes;        /* NUMA nodes with a usable CPU */
	unsigned kinds;        /* CPU kinds (hybrid); 1 if unknown */
	bool this_machine;     /* false: HWLOC_SYNTHETIC, HWLOC_XMLFILE */
	char note[256];        /* what was excluded and why, or "" */
};

/* Loads this machine, or `synthetic` (an hwloc description) if not NULL. A
   hybrid machine is restricted to the fastest kind of CPU. Returns 0; -ENOSYS
   with `error` if hwloc finds nothing. Main thread, before any thread is bound.
   Free with rm_topology_free(). */
int rm_topology_load(const char *synthetic, struct rm_topology *topology,
        struct rm_error *error);

/* Checks that this process may still run on `count` CPUs; with `count` 0, that
   as many CPUs are usable as when the campaign was planned (`planned`). A CPU
   may have gone offline, or a cpuset or a mask may have become narrower.
   -EXDEV with `error`. 0 also if the CPUs are not this machine's, or if the
   mask cannot be read: then a trial that cannot be placed is void. */
int rm_topology_check_cpus(const struct rm_topology *topology,
        const unsigned *cpus, unsigned count, unsigned planned,
        struct rm_error *error);

/* Bytes of one last-level cache (many machines have several); 0: unknown to
   hwloc. */
uint64_t rm_topology_llc_bytes(const struct rm_topology *topology);

/* The NUMA node of a CPU: of those with this CPU, the one with the fewest CPUs,
   then the lowest number. All other nodes near it, such as HBM and CXL, hold
   memory only. NULL: no node has this CPU. */
hwloc_obj_t rm_topology_node_of(
        const struct rm_topology *topology, hwloc_obj_t pu);

/* Cores of a NUMA node with a CPU in `cpus`: topology->usable, or node->cpuset
   for all. */
unsigned rm_topology_node_cores(const struct rm_topology *topology,
        hwloc_obj_t node, hwloc_const_bitmap_t cpus);

/* True if the NUMA node has memory that this process may use. */
bool rm_topology_has_memory(
        const struct rm_topology *topology, hwloc_obj_t node);

/* Recounts after the caller changed topology->hwloc (tests: restrict, register
   kinds). Same errors. */
int rm_topology_scan(struct rm_topology *topology, struct rm_error *error);

/* hwloc's XML for the campaign folder; free() it. NULL: no memory. */
char *rm_topology_xml(const struct rm_topology *topology);

/* One line: "Package:1 [NUMANode(memory=...)] ... PU:1", truncated to
   `size`. */
void rm_topology_line(
        const struct rm_topology *topology, char *text, size_t size);

void rm_topology_free(struct rm_topology *topology);

/* {"id": "8 hex digits", "topology": "...", "cpus": 2, ..., "facts": {NAME:
   {"status", "text"}, ...}} (readmostly env machine --json). `topology` as
   loaded at the start. The id is a hash of stable facts only: CPU model and
   stepping, topology, size of memory (whole GiB); not of frequencies, kernel or
   load. A missing file is "absent" and an unreadable one "denied", never an
   empty string. New reference; NULL: no memory. */
json_t *rm_machine_facts(const struct rm_topology *topology);

/* Name of fact number `index` of those that every machine has: a member of
   "facts". NULL after the last one. Static. */
const char *rm_machine_fact_name(size_t index);

enum rm_finding_level {
	RM_FINDING_GOOD,
	RM_FINDING_NOTE,    /* cannot or should not be changed */
	RM_FINDING_WARNING, /* disturbs measurement, and can be changed */
	RM_FINDING_UNKNOWN, /* cannot be determined, with the reason */
};

enum { RM_FINDING_TEXT = 320, RM_FINDINGS_MAX = 32 };

struct rm_finding {
	enum rm_finding_level level;
	const char *subject; /* static, "governor" */
	char text[RM_FINDING_TEXT];
	char command[RM_FINDING_TEXT]; /* command that fixes it, or "" */
};

/* True, with `text`, if a control group allows less CPU time than the usable
   CPUs have. */
bool rm_quota_warning(
        const struct rm_topology *topology, char text[RM_FINDING_TEXT]);

/*
 * Examines the machine; reads files below RM_SYSFS and changes nothing.
 * Fills at most RM_FINDINGS_MAX findings, one per check, always in the same
 * order; returns their number. Main thread.
 */
size_t rm_doctor_examine(
        const struct rm_topology *topology, struct rm_finding *findings);

const char *rm_finding_level_name(enum rm_finding_level level);

/* Result of the search for other work on this machine. */
struct rm_busy {
	bool is_busy;
	double pressure_percent; /* percent of time in which tasks waited for a
				  * CPU (PSI); negative: unknown */
	double load; /* mean of a minute, read only without PSI; else < 0 */
	double probe_percent; /* percent of time in which rm_busy_probe() waited
			       * for a CPU; negative: not run, or unknown */
	char text[RM_FINDING_TEXT]; /* the cause; "" if the machine is idle */
};

/* Reads /proc/pressure/cpu or /proc/loadavg in RM_SYSFS. If the kernel's mean
   over 10 s is high, measures for a quarter of a second, unless `in_haste`. A
   file that cannot be read counts as idle. Any thread. */
void rm_busy_measure(unsigned cpus, bool in_haste, struct rm_busy *busy);

/* Measures waiting directly, without the kernel's mean. Computes for `probe_ms`
   in total on the first eight CPUs of this thread, one after the other, and
   reads how long it waited for each. Sets `probe_percent` to the worst CPU;
   above 10 % the machine is busy. Restores the affinity mask. */
void rm_busy_probe(unsigned probe_ms, struct rm_busy *busy);

#endif /* RM_MACHINE_H */
