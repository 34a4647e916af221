/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h - the door of the machine: what a result depends on beside cell
 * and code (its CPUs, its facts), and what disturbs measurement.
 *
 * Environment RM_SYSFS=DIR is a root put before /proc and /sys, for tests.
 */
#ifndef RM_MACHINE_H
#define RM_MACHINE_H

#include "runner/base/error.h"

#include <hwloc.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * hwloc's view of the machine, loaded once, in the parent.
 *
 * Usable is what the cgroup allows AND this process's mask allowed when it
 * was loaded (hwloc alone does not see taskset or Slurm masks).
 */
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

/* Of one last-level cache (on many machines there are several); 0: hwloc knows
   none. */
uint64_t rm_topology_llc_bytes(const struct rm_topology *topology);

/* Counts again after the caller changed topology->hwloc (tests: restrict,
   register kinds). Same errors. */
int rm_topology_scan(struct rm_topology *topology, struct rm_error *error);

/* hwloc's XML for the campaign folder; free() it. NULL: no memory. */
char *rm_topology_xml(const struct rm_topology *topology);

/* One line: "Package:1 [NUMANode(memory=...)] ... PU:1"; cut to fit. */
void rm_topology_line(
        const struct rm_topology *topology, char *text, size_t size);

void rm_topology_free(struct rm_topology *topology);

/*
 * {"id": "8 hex digits", "topology": "...", "cpus": 2, ..., "facts": {NAME:
 * {"status", "text"}, ...}} (readmostly env machine --json). `topology` as loaded
 * at the start. The id is a hash of stable facts only: CPU model and stepping,
 * topology, size of memory (whole GiB); not of frequencies, kernel or load.
 * Each fact is {"status", "text"}: a file that is not there is "absent", one
 * that may not be read is "denied", never an empty string. New reference;
 * NULL: no memory.
 */
json_t *rm_machine_facts(const struct rm_topology *topology);

/* Name of fact number `index` that every machine has, present or not: a member
   of "facts". NULL behind the last one. Static. */
const char *rm_machine_fact_name(size_t index);

enum rm_finding_level {
	RM_FINDING_GOOD,
	RM_FINDING_NOTE,    /* worth knowing; nobody can or should change it */
	RM_FINDING_WARNING, /* disturbs measurement, and can be changed */
	RM_FINDING_UNKNOWN, /* this machine does not tell, and why */
};

enum { RM_FINDING_TEXT = 320, RM_FINDINGS_MAX = 32 };

struct rm_finding {
	enum rm_finding_level level;
	const char *subject; /* static, "governor" */
	char text[RM_FINDING_TEXT];
	char command[RM_FINDING_TEXT]; /* that changes it, or "" */
};

/*
 * Examines the machine; reads files below RM_SYSFS and changes nothing.
 * Fills at most RM_FINDINGS_MAX findings, one per check, always in the same
 * order; returns their number. Main thread.
 */
size_t rm_doctor_examine(
        const struct rm_topology *topology, struct rm_finding *findings);

const char *rm_finding_level_name(enum rm_finding_level level);

/* Whether somebody else works here now. */
struct rm_busy {
	bool is_busy;
	double pressure_percent; /* of the time somebody waited for a CPU, of
	                            the kernel (PSI); negative: it does not say */
	double load; /* mean of a minute, asked where PSI is not there; or < 0 */
	double probe_percent; /* rm_busy_probe(): of the time it waited for a
	                         CPU; negative: not asked, or not known */
	char text[RM_FINDING_TEXT]; /* what is busy; "" where nothing is */
};

/*
 * Reads /proc/pressure/cpu or /proc/loadavg below RM_SYSFS. Takes a quarter of
 * a second where the kernel's mean over 10 s is high, unless `in_haste`. Never
 * fails: what cannot be read is not busy. Any thread.
 */
void rm_busy_look(unsigned cpus, bool in_haste, struct rm_busy *busy);

/*
 * A second look, which needs nobody's mean: computes for `probe_ms` in all on
 * the first eight CPUs that this thread may use, one after the other, and asks
 * the kernel how long it had to wait for them. Fills in `probe_percent`, of the
 * worst CPU; above a tenth the machine is busy. Its CPUs are as before.
 */
void rm_busy_probe(unsigned probe_ms, struct rm_busy *busy);

#endif /* RM_MACHINE_H */
