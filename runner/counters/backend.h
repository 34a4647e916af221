/* SPDX-License-Identifier: Apache-2.0 */
/* backend.h - what a counter back end provides; counters.c picks one. */
#ifndef RM_BACKEND_H
#define RM_BACKEND_H

#include "runner/counters/counters.h"

#include <stdbool.h>

struct rm_perf_ops;

/* What a session is opened with. The back end copies what it keeps. */
struct rm_session_request {
	const json_t *request; /* the trial request's "counters" */
	unsigned threads;
	const unsigned *cpus; /* NULL = unbound */
	/* The kernel's perf calls; NULL = the real ones (tests play others). */
	const struct rm_perf_ops *perf_ops;
};

/*
 * Meaning, threads and errors of each member: counters.h. Members that a back
 * end has no use for are NULL; `open` and `result` and `close` are never NULL.
 * `state` is what open() returned.
 */
struct rm_backend {
	const char *name;
	int (*open)(const struct rm_session_request *request, void **state,
	        struct rm_error *error);
	int (*attach)(void *state, unsigned slot);
	int (*start)(void *state);
	int (*stop)(void *state);
	void (*enable)(void *state, unsigned slot);
	void (*disable)(void *state, unsigned slot);
	/* Adds "cpu", "events", "empty", ... to `result`. */
	void (*result)(const void *state, json_t *result);
	void (*close)(void *state);
};

extern const struct rm_backend rm_backend_none;
extern const struct rm_backend rm_backend_perf;
extern const struct rm_backend rm_backend_likwid;
extern const struct rm_backend rm_backend_replay;

/* As rm_counters_open(), with the kernel's perf calls replaced. */
int rm_counters_open_request(const struct rm_session_request *request,
        struct rm_counters **session, struct rm_error *error);

/*
 * Reads the member `key` of element `index` of request "events". Returns its
 * text, or NULL and an error that names what is missing.
 */
const char *rm_request_text(const json_t *event, size_t index, const char *key,
        struct rm_error *error);

#endif /* RM_BACKEND_H */
