/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters.h - the door of the counters: one interface over the back ends.
 *
 * A back end is chosen before the campaign and named in every trial request;
 * it is never silently replaced by another. What cannot be measured is null
 * with a reason.
 *
 *     rm_counters_select("auto", topology, &choice, ...)     before the plan
 *     rm_counters_request(chosen, block)                     for each trial
 *     rm_counters_release(choice)                            after the last one
 */
#ifndef RM_COUNTERS_H
#define RM_COUNTERS_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A trial's counters. */

struct rm_counters; /* opaque; one per trial */
struct rm_topology; /* runner/machine/machine.h */

/*
 * Opens the session that the request's "counters" object asks for:
 * {"backend": "perf" | "likwid" | "replay" | "none", ...} (members of each
 * back end: docs/reference/trial-protocol.md). Main thread, before the workers
 * start.
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
   (likwid starts here), and after all have left it. Returns 0 or -errno. */
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

/* What a back end read; also the simulated machine's, which is one. */

/* From good to bad: an event is as good as its worst thread. */
enum rm_quality {
	RM_QUALITY_EXACT,
	RM_QUALITY_SIMULATED,       /* of a model (runner/sim/), not measured */
	RM_QUALITY_REPLAYED,        /* from a recording, not from this run */
	RM_QUALITY_MULTIPLEXED,     /* counted part of the time, scaled up */
	RM_QUALITY_NEVER_SCHEDULED, /* opened, but never on the PMU */
	RM_QUALITY_INVALID,         /* no value: see the reason */
};

/* One count of one thread, and how far it can be trusted. */
struct rm_reading {
	enum rm_quality quality;
	double value;        /* scaled count; meaningless from NEVER_... on */
	uint64_t raw;        /* as the counter had it */
	uint64_t enabled_ns; /* 0 where the back end does not know */
	uint64_t running_ns;
	char reason[160]; /* "" = none */
};

/* An event's names, as the result carries them. */
struct rm_event_name {
	const char *metric, *event, *code;
};

/*
 * One element of "events" (results/README.md) out of `threads` readings. The
 * total is null as soon as one thread has no value. `times`: the back end
 * knows the enabled and running times. New reference.
 */
json_t *rm_reading_event(const struct rm_event_name *name,
        const struct rm_reading *readings, unsigned threads, bool times);

/* A campaign's choice of a back end, decided once, with proof. */

/* Keeps what the chosen back end needs alive (likwid: the helper process). */
struct rm_counters_choice;

/*
 * Chooses a back end and lets it prove itself by counting known kernels.
 *
 * wish     "auto": the first of likwid, perf that proves itself, else none;
 *          "likwid", "perf": that one or an error, optionally with metrics of
 *          events.tsv: "perf:cycles,l1d_fill"; "replay:FILE"; "sim": no
 *          counter of this machine, simulated cells count instead; "none"
 * topology this machine's: the back end is for the CPUs that trials are placed
 *          on, of a hybrid machine one kind; NULL: all that may be used
 * choice   out: free with rm_counters_release() after the last trial; the
 *          thread that calls this must live until then (the helper process
 *          dies with it)
 * chosen   out: new reference; campaign.json's "counters" object:
 *          {"backend": "perf", "cpu": "zen3",
 *           "reason": null | "why the better ones were not taken",
 *           "tried": [{"backend", "status": "proved" | "not usable",
 *                      "reason", "remedy", "note",
 *                      "verdicts": [...] | null}],
 *           "events": [all events],
 *           "missing": [{"metric", "reason"}],     not offered, or refuted
 *           "sets": [counters object of a trial request, ...]}
 *
 * Returns 0: with "auto" also where nothing can count (backend "none" and the
 * reasons; then skip the counter cells with that reason). -EINVAL: the wish is
 * not understood; -ENOTSUP: the wished back end cannot work here, `error` says
 * why and what would help. Takes milliseconds where a look shows that nothing
 * can work, up to 20 s where likwid is tried. Main thread, no trial running.
 */
int rm_counters_select(const char *wish, const struct rm_topology *topology,
        struct rm_counters_choice **choice, json_t **chosen,
        struct rm_error *error);

/* How many sets of events there are (a pass counts one); 0 with "none". */
size_t rm_counters_sets(const json_t *chosen);

/*
 * The "counters" object of a trial request (docs/reference/trial-protocol.md):
 * event set number `trial` modulo rm_counters_sets(); pass the block's number, so
 * that consecutive blocks count all sets in turn. {"backend": "none"} if nothing
 * counts. New reference.
 */
json_t *rm_counters_request(const json_t *chosen, unsigned trial);

/* Ends the helper process, removes its socket. NULL is allowed. */
void rm_counters_release(struct rm_counters_choice *choice);

/*
 * Tries every back end with the known kernels, best first: what `readmostly
 * counters` shows. What does not work is a reason in the survey, no error.
 *
 * metrics    "a,b,..." of events.tsv, or NULL for the usual ones
 * topology   as above
 * recording  where each kernel's counts, as far as they were proved or could
 *            not be checked, are written down for "replay:FILE"
 *            (docs/reference/counters.md), or NULL; the caller's
 * recorded   out: intervals that were written down; 0: nothing counts here
 * survey     out: new reference, NULL after an error:
 *            {"cpu": "zen3" | null, "auto": what "auto" would take,
 *             "faked_root": ... only where RM_SYSFS is set,
 *             "backends": [{"backend", "status", "reason", "remedy",
 *                           "verdicts", "missing"}, ...]} as in "tried" above
 *
 * Returns 0; -EINVAL for a metric that does not exist; -EIO where `recording`
 * cannot be written; -ENOMEM. Takes as long as rm_counters_select(). Main
 * thread, no trial running.
 */
int rm_counters_survey(const char *metrics, const struct rm_topology *topology,
        FILE *recording, unsigned *recorded, json_t **survey,
        struct rm_error *error);

/*
 * What the tables of events and CPUs know of kernel CPU number `cpu`, in a
 * sentence. Returns whether they know it: of an unknown CPU, or where
 * /proc/cpuinfo cannot be read, only generic events are offered. Any thread.
 */
bool rm_counters_know_cpu(unsigned cpu, char *text, size_t size);

#endif /* RM_COUNTERS_H */
