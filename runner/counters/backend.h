/* SPDX-License-Identifier: Apache-2.0 */
/* backend.h - private to the counters: what a back end provides and is given;
   counters.c picks one. */
#ifndef RM_BACKEND_H
#define RM_BACKEND_H

#include "runner/counters/counters.h"

#include <linux/perf_event.h>
#include <sys/types.h>

/* The kernel's perf calls as a table, so that a test can play them. Each
   returns like the system call, -errno instead of -1 and errno. */
struct rm_perf_ops {
	int (*open)(void *context, struct perf_event_attr *attr, int group);
	ssize_t (*read)(void *context, int fd, void *buffer, size_t size);
	int (*ioctl)(void *context, int fd, unsigned long request, void *arg);
	int (*close)(void *context, int fd);
	void *context;
};

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

/* reading.c: readings, and what a result says of them. */

/*
 * What perf says of an interval: differences of the value and of its two
 * clocks. Running less than enabled is scaled, never running is no value.
 */
struct rm_reading rm_reading_scale(
        uint64_t raw, uint64_t enabled_ns, uint64_t running_ns);

/*
 * Whether a CPU can have counted so much in `ns`. The bound is above any CPU
 * there is: 10 GHz, and 16 of an event in a cycle (the widest retire 8
 * instructions); of a metric in cycles one in a cycle. It finds values that
 * are none, such as 2^50 cycles in 20 ms, not small errors.
 */
bool rm_reading_possible(const char *metric, double count, uint64_t ns);

/* Is the metric above 0 in each interval in which a thread ran? A 0 shows that
   the PMU counts nothing, so that a 0 of its other events is not a count. */
bool rm_reading_never_zero(const char *metric);

/* The invalid reading of such a metric that has 0 all the same. */
struct rm_reading rm_reading_stands(void);

/* An invalid reading with a reason, printf style. */
struct rm_reading rm_reading_invalid(const char *format, ...)
        __attribute__((format(printf, 1, 2)));

/* The sum of `threads` readings, null as soon as one has no value. New
   reference. */
json_t *rm_reading_total(const struct rm_reading *readings, unsigned threads);

/* Text of results/README.md ("exact", ...). Static. */
const char *rm_quality_text(enum rm_quality quality);

/* Is it such a text? */
bool rm_quality_known(const char *text);

#endif /* RM_BACKEND_H */
