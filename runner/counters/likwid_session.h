/* SPDX-License-Identifier: Apache-2.0 */
/* likwid_session.h - private header of likwid.c and likwid_result.c. */
#ifndef RM_LIKWID_SESSION_H
#define RM_LIKWID_SESSION_H

#include "runner/counters/backend.h"
#include "runner/counters/likwid.h"

enum { RM_LIKWID_EVENTS = 64, RM_LIKWID_METRICS = 64 };

struct rm_likwid_event {
	char metric[80], name[80], counter[24];
};

/* A metric of a performance group, such as "L2 bandwidth [MBytes/s]". */
struct rm_likwid_metric {
	char name[96], unit[32];
};

struct rm_likwid_session {
	int socket; /* -1: not connected */
	unsigned threads, cpus, events, metrics;
	struct rm_likwid_event event[RM_LIKWID_EVENTS];
	char group[48]; /* "": count the events of the request */
	struct rm_likwid_metric metric[RM_LIKWID_METRICS];
	bool marker;       /* the window is a region for likwid-perfctr; the
	                      session has no values */
	unsigned *cpu;     /* the different CPUs, in order of first use */
	unsigned *cpu_of;  /* for each thread, its index in cpu[] */
	unsigned *sharing; /* number of threads on cpu[i] */
	double *value;     /* (events + metrics) x CPUs of the last interval */
	double *empty;     /* the same values for the empty interval */
	uint64_t value_ns, empty_ns; /* from before START until after STOP */
	bool counted;
	struct rm_error problem; /* reason why values are missing */
	char arch[32];
	char answer[RM_WIRE_BYTES + 1];
};

/* Adds "cpu", "events", "empty" and others to `result` (backend.h). `state` is
   a session. */
void rm_likwid_result(const void *state, json_t *result);

#endif /* RM_LIKWID_SESSION_H */
