/* SPDX-License-Identifier: Apache-2.0 */
/* backend.h - private header: the interface of a counter back end. */
#ifndef RM_BACKEND_H
#define RM_BACKEND_H

#include "runner/counters/counters.h"

#include <linux/perf_event.h>
#include <sys/types.h>

/* The kernel's perf calls as a table, so that tests can replace them. Each
   function returns the result of its system call, or -errno. */
struct rm_perf_ops {
	int (*open)(void *context, struct perf_event_attr *attr, int group);
	ssize_t (*read)(void *context, int fd, void *buffer, size_t size);
	int (*ioctl)(void *context, int fd, unsigned long request, void *arg);
	int (*close)(void *context, int fd);
	void *context;
};

/* Arguments of a session. The back end copies what it needs. */
struct rm_session_request {
	const json_t *request; /* member "counters" of the trial request */
	unsigned threads;
	const unsigned *cpus; /* NULL: threads are not bound */
	/* NULL: the kernel's calls; tests pass others */
	const struct rm_perf_ops *perf_ops;
};

/* counters.h documents purpose, threads and errors of each member. `open`,
   `result` and `close` are required; the others may be NULL. `state` comes from
   open(). */
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

/* Like rm_counters_open(), but takes its arguments, including the perf calls,
   from `request`. */
int rm_counters_open_request(const struct rm_session_request *request,
        struct rm_counters **session, struct rm_error *error);

/* Reads the member `key` of element `index` of the request's "events". Returns
   its text. If the member is missing, returns NULL with `error`, which names
   it. */
const char *rm_request_text(const json_t *event, size_t index, const char *key,
        struct rm_error *error);

/* reading.c: counts of one thread (readings), and their JSON form. */

/* Makes a reading from differences of perf's value and its two clocks. If the
   counter ran for only part of the time, the count is scaled. If it never ran,
   the reading has no value. */
struct rm_reading rm_reading_scale(
        uint64_t raw, uint64_t enabled_ns, uint64_t running_ns);

/*
 * True if a CPU can reach this count in `ns`. The bound is higher than any
 * existing CPU: 10 GHz for metrics that count cycles, and 16 events per cycle
 * at 10 GHz for others (the widest CPUs retire 8 instructions per cycle). It
 * rejects impossible values, such as 2^50 cycles in 20 ms, not small errors.
 */
bool rm_reading_is_possible(const char *metric, double count, uint64_t ns);

/* True if the metric is above 0 in every interval in which a thread ran. If
   such a metric is 0, the PMU does not count, and zeros of other events are
   invalid as well. */
bool rm_metric_is_never_zero(const char *metric);

/* Returns an invalid reading: a metric that is never 0 has the value 0. */
struct rm_reading rm_reading_stuck_at_zero(void);

/* Returns an invalid reading. Formats its reason like printf(). */
struct rm_reading rm_reading_invalid(const char *format, ...)
        __attribute__((format(printf, 1, 2)));

/* Returns a new reference to the sum of `threads` readings; null if one of them
   has no value. */
json_t *rm_reading_total(const struct rm_reading *readings, unsigned threads);

/* Returns the static word for a quality, such as "exact"
   (results/README.md). */
const char *rm_quality_text(enum rm_quality quality);

/* True if rm_quality_text() returns this text for a quality. */
bool rm_quality_is_known(const char *text);

#endif /* RM_BACKEND_H */
