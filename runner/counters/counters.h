/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters.h - public header: one interface for all back ends.
 *
 * The back end is selected before the campaign and recorded in every trial
 * request. It is never replaced silently. A value that cannot be measured is
 * null, with a reason.
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

/* Counters of a trial. */

struct rm_counters; /* opaque; one per trial */
struct rm_topology; /* runner/machine/machine.h */

/*
 * Opens the session of the request's "counters" object: {"backend": "perf" |
 * "likwid" | "replay" | "none", ...} (docs/reference/trial-protocol.md lists
 * the members of each back end). Call it on the main thread, before the workers
 * start.
 *
 * cpus     kernel CPU number of each worker, or NULL if they are not bound
 * Returns 0 and *session (free with rm_counters_close()); -errno with `error`
 * if the back end cannot work; the trial then reports this reason.
 */
int rm_counters_open(const json_t *request, unsigned threads,
        const unsigned *cpus, struct rm_counters **session,
        struct rm_error *error);

/* Call it on worker `slot`, once, outside the window. Returns 0, or -errno; the
   result then contains the reason. */
int rm_counters_attach(struct rm_counters *session, unsigned slot);

/* Call both on the main thread. Call rm_counters_start() while all workers wait
   at the barrier before the window (likwid starts counting here). Call
   rm_counters_stop() after all workers have left the window. Both return 0 or
   -errno. */
int rm_counters_start(struct rm_counters *session);
int rm_counters_stop(struct rm_counters *session);

/* Call both on worker `slot`, at the start and at the end of the window (perf
   counts in between). */
void rm_counters_enable(struct rm_counters *session, unsigned slot);
void rm_counters_disable(struct rm_counters *session, unsigned slot);

/*
 * Returns a new reference to the result's "counters" object
 * (results/README.md): backend, events with metric, event name, code,
 * per-thread values, total, quality, reason. Call it after rm_counters_stop(),
 * on the main thread.
 */
json_t *rm_counters_result(const struct rm_counters *session);

void rm_counters_close(struct rm_counters *session);

/* Readings of a back end, or of the simulated machine. */

/* From best to worst. An event gets the worst quality of its threads. */
enum rm_quality {
	RM_QUALITY_EXACT,
	RM_QUALITY_SIMULATED,   /* from a model (runner/sim/), not measured */
	RM_QUALITY_REPLAYED,    /* replayed from a recording */
	RM_QUALITY_MULTIPLEXED, /* counted for a part of the time, and scaled */
	RM_QUALITY_NEVER_SCHEDULED, /* opened, but the PMU never counted it */
	RM_QUALITY_INVALID,         /* has no value; the reason is stored */
};

/* Count of one event in one thread, with its quality. */
struct rm_reading {
	enum rm_quality quality;
	double value; /* scaled count; invalid if the quality is NEVER_SCHEDULED
	                 or INVALID */
	uint64_t raw; /* count before scaling */
	uint64_t enabled_ns; /* 0 if the back end does not report it */
	uint64_t running_ns;
	char reason[160]; /* "": no problem */
};

/* Names of an event in a result. */
struct rm_event_name {
	const char *metric, *event, *code;
};

/* Builds an element of "events" (results/README.md) from `threads` readings.
   The total is null if a thread has no value. `times`: the back end reports
   enabled and running times. Returns a new reference. */
json_t *rm_reading_event(const struct rm_event_name *name,
        const struct rm_reading *readings, unsigned threads, bool times);

/* A campaign selects a back end once, and tests that it counts correctly. */

/* Resources of the selected back end (likwid: the helper process). */
struct rm_counters_choice;

/*
 * Selects a back end that counts the known test loops (kernels.c) correctly.
 *
 * wish     "auto": likwid, or else perf, or else none, depending on which is
 *          proved; "likwid", "perf": this back end, or an error; optionally
 *          with metrics from events.tsv: "perf:cycles,l1d_fill", or with
 *          likwid's performance groups: "likwid:group=L2,MEM", one set each;
 *          "replay:FILE"; "sim": no counters of this machine, simulated cells
 *          provide counts; "none"
 * topology this machine's: the back end is for the CPUs of trials, on a hybrid
 *          machine of one kind; NULL: for all allowed CPUs
 * choice   out: free with rm_counters_release() after the last trial. The
 *          calling thread must live until then (the helper process dies with
 *          it)
 * chosen   out: new reference; campaign.json's "counters" object:
 *          {"backend": "perf", "cpu": "zen3",
 *           "access": null | "direct" (msr devices) | "daemon"
 *                     (likwid-accessD) | "perf",
 *           "reason": null | "why better back ends were rejected",
 *           "tried": [{"backend", "status": "proved" | "not usable",
 *                      "access", "reason", "remedy", "note",
 *                      "verdicts": [...] | null}],
 *           "events": [all events],
 *           "missing": [{"metric", "reason"}],     not offered, or refuted
 *           "sets": [counters object of a trial request, ...]}
 *
 * Returns 0. If "auto" finds no back end that can count, the back end is
 * "none", and counter cells are skipped with the reasons. -EINVAL: invalid
 * wish; -ENOTSUP: the requested back end cannot work here, and `error` has
 * reason and remedy. Takes milliseconds if no back end can work, up to 20 s if
 * likwid is tried. Call it on the main thread while no trial is running.
 */
int rm_counters_select(const char *wish, const struct rm_topology *topology,
        struct rm_counters_choice **choice, json_t **chosen,
        struct rm_error *error);

/* Number of event sets; each trial counts one set. 0 for "none". */
size_t rm_counters_set_count(const json_t *chosen);

/*
 * Returns the "counters" object of a trial request
 * (docs/reference/trial-protocol.md), with event set number `trial` modulo
 * rm_counters_set_count(). Pass the number of the block, so that consecutive
 * blocks count all sets in turn. Returns {"backend": "none"} if no back end
 * counts. New reference.
 */
json_t *rm_counters_request(const json_t *chosen, unsigned trial);

/*
 * Makes the "counters" object of a trial under `likwid-perfctr -m`. The trial's
 * window becomes the region "window". Starts the helper process, which calls
 * liblikwid's marker functions before and after the window, since the map's
 * program does not contain them.
 *
 * choice   out: free with rm_counters_release() after the trial
 * request  out: new reference
 * Returns 0; -errno and an error like rm_counters_select(). Main thread.
 */
int rm_counters_mark(struct rm_counters_choice **choice, json_t **request,
        struct rm_error *error);

/* Stops the helper process and removes its socket. NULL is allowed. */
void rm_counters_release(struct rm_counters_choice *choice);

/*
 * For `readmostly env counters`: tries every back end on the known test loops
 * (kernels.c), in order of preference. If a back end does not work, the survey
 * contains the reason; this is not an error.
 *
 * metrics    "a,b,..." from events.tsv, or NULL for the usual ones
 * topology   as above
 * recording  owned by the caller, or NULL: receives the counts of each loop
 *            that were proved or could not be checked, for "replay:FILE"
 *            (docs/reference/counters.md)
 * recorded   out: number of recorded intervals; 0: no back end counts here
 * survey     out: new reference, NULL after an error:
 *            {"cpu": "zen3" | null, "auto": selection of "auto",
 *             "faked_root": ... only if RM_SYSFS is set,
 *             "backends": [{"backend", "status", "reason", "remedy",
 *                           "verdicts", "missing"}, ...]} as in "tried" above
 *
 * Returns 0; -EINVAL for an unknown metric; -EIO if `recording` cannot be
 * written; -ENOMEM. Takes as long as rm_counters_select(). Call it on the main
 * thread while no trial is running.
 */
int rm_counters_survey(const char *metrics, const struct rm_topology *topology,
        FILE *recording, unsigned *recorded, json_t **survey,
        struct rm_error *error);

/* Writes a sentence that describes the events for kernel CPU number `cpu`.
   Returns false if the CPU is not in the tables, or if /proc/cpuinfo cannot be
   read. Only generic events are then available. Any thread. */
bool rm_counters_describe_cpu(unsigned cpu, char *text, size_t size);

#endif /* RM_COUNTERS_H */
