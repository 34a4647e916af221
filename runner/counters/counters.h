/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters.h - one interface over the counter back ends, as a trial uses it.
 *
 * A back end is chosen before the campaign and named in every trial request;
 * it is never silently replaced by another. What cannot be measured is null
 * with a reason.
 */
#ifndef RM_COUNTERS_H
#define RM_COUNTERS_H

#include "runner/base/error.h"

#include <jansson.h>

struct rm_counters; /* opaque; one per trial */

/*
 * Opens the session that the request's "counters" object asks for:
 * {"backend": "perf" | "likwid" | "replay" | "none", ...} (members of each
 * back end: docs/trial-protocol.md). Main thread, before the workers start.
 *
 * cpus     kernel CPU number of each worker, or NULL when unbound
 * Returns 0 and *session (free with rm_counters_close); a negative errno and
 * `error` where the back end cannot work: then the trial reports the reason.
 */
int rm_counters_open(const json_t *request, unsigned threads,
        const unsigned *cpus, struct rm_counters **session,
        struct rm_error *error);

/* On worker `slot`, once, outside the window. Returns 0 or -errno; the reason
   then stands in the result. */
int rm_counters_attach(struct rm_counters *session, unsigned slot);

/* Main thread, while all workers stand at the barrier before the window
   (likwid starts here), and after all have left it. */
int rm_counters_start(struct rm_counters *session);
int rm_counters_stop(struct rm_counters *session);

/* On worker `slot`, first and last thing in the window (perf counts here). */
void rm_counters_enable(struct rm_counters *session, unsigned slot);
void rm_counters_disable(struct rm_counters *session, unsigned slot);

/*
 * The result's "counters" object (results/README.md): backend, events with
 * metric, event name, code, per-thread values, total, quality, reason.
 * New reference. After stop; main thread.
 */
json_t *rm_counters_result(const struct rm_counters *session);

void rm_counters_close(struct rm_counters *session);

#endif /* RM_COUNTERS_H */
