/* SPDX-License-Identifier: Apache-2.0 */
/* likwid_session.h - the likwid back end of one trial, between its two files. */
#ifndef RM_LIKWID_SESSION_H
#define RM_LIKWID_SESSION_H

#include "runner/counters/backend.h"
#include "runner/counters/likwid.h"
#include "runner/counters/likwid_wire.h"

enum { RM_LIKWID_EVENTS = 16 };

struct rm_likwid_event {
	char metric[48], name[80], counter[24];
};

struct rm_likwid_session {
	int socket; /* -1 = not connected */
	unsigned threads, cpus, events;
	struct rm_likwid_event event[RM_LIKWID_EVENTS];
	unsigned *cpu;     /* different ones, in order of first use */
	unsigned *cpu_of;  /* thread -> index in cpu[] */
	unsigned *sharing; /* threads on cpu[i] */
	double *value;     /* events x cpus of the last interval */
	double *empty;     /* ... of the empty one */
	bool counted;
	struct rm_error problem; /* why there is no value */
	char arch[32];
	char answer[RM_WIRE_BYTES + 1];
};

/*
 * Fills a zeroed session from a trial request and connects it: -EINVAL for a
 * bad request, else what rm_likwid_connect() and rm_likwid_ask() return. The
 * caller frees what was allocated, also after an error.
 */
int rm_likwid_set_up(struct rm_likwid_session *l,
        const struct rm_session_request *request, struct rm_error *error);

/* rm_likwid_ask() with the session's socket and answer. */
int rm_likwid_tell(struct rm_likwid_session *l, const char *command,
        struct rm_error *error);

#endif /* RM_LIKWID_SESSION_H */
