/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove.h - private header: runs test loops with known cache misses (enum
 * rm_kernel) and checks a back end's counts of them.
 *
 * A counter is trusted if it counts the events that must happen in a test loop.
 * It does not suffice that its device or event can be opened, since in a
 * virtual machine it may then still count 0.
 */
#ifndef RM_PROVE_H
#define RM_PROVE_H

#include "runner/counters/backend.h"
#include "runner/counters/likwid.h"
#include "runner/machine/machine.h"

/* kernels.c: pointer chases in an order that prefetchers cannot predict. */

enum { RM_CHASE_LINE = 64 };

struct rm_chase {
	size_t lines; /* 0: not made */
	void *area;
	size_t area_bytes;
	void **start;
};

/* Links `lines` lines, `stride` bytes apart (a multiple of RM_CHASE_LINE), in
   small pages, into one random cycle, so that a pass visits each line once. The
   cycle is the same in every run. Returns 0 or -ENOMEM. Free with
   rm_chase_free(). */
int rm_chase_make(struct rm_chase *chase, size_t lines, size_t stride);

/* Follows `steps` links from the start, one load each. Any thread. */
void rm_chase_run(const struct rm_chase *chase, uint64_t steps);

/* Frees a chase. A zeroed chase is allowed. */
void rm_chase_free(struct rm_chase *chase);

/* kernels.c: the test loops with known counts. */

enum rm_kernel {
	RM_KERNEL_HALF,   /* chase through half the L1d: no step misses */
	RM_KERNEL_FOUR,   /* chase through 4 x L1d: each step misses */
	RM_KERNEL_PAGES,  /* one line per page, more pages than TLB entries */
	RM_KERNEL_SHARED, /* two threads pass one line back and forth */
	RM_KERNELS
};

/* CPUs and cache of the test loops. */
struct rm_kernel_place {
	unsigned cpus[2]; /* different cores that share a last-level cache */
	unsigned cores;   /* 1: SHARED cannot run */
	size_t l1d_bytes; /* L1d of cpus[0] */
};

/* Return the test loop's name, such as "half", and its description for
   messages. Both are static. */
const char *rm_kernel_name(enum rm_kernel kernel);
const char *rm_kernel_text(enum rm_kernel kernel);

/*
 * Selects CPUs on which trials are placed, from this process's affinity mask,
 * and reads the L1d's size. On a hybrid machine, a proof on another kind of CPU
 * would be worthless. `topology`: this machine's; NULL: the whole mask. Returns
 * 0, or -errno and an error (-ENOENT: unknown L1d).
 */
int rm_kernel_place(const struct rm_topology *topology,
        struct rm_kernel_place *place, struct rm_error *error);

/*
 * Opens a session, runs the loop in its window on bound threads, and returns
 * the session's result. Takes at most 0.5 s.
 *
 * session  provides request and perf_ops; this function sets threads and cpus
 * steps    out: steps of all threads together (loads, or handovers for SHARED;
 *          fewer if the two threads did not run at the same time)
 *
 * Returns 0; -errno with an error, including if the session cannot be opened.
 */
int rm_kernel_count(enum rm_kernel kernel, const struct rm_kernel_place *place,
        const struct rm_session_request *session, json_t **result,
        uint64_t *steps, struct rm_error *error);

/*
 * replay.c: records counts, and replays them in the same order.
 *
 * A recording has one line of JSON per (interval, thread, event):
 *     {"format": 1, "origin": "hardware" | "fake", "backend": "perf",
 *      "cpu": "zen3", "interval": 0, "thread": 0, "metric", "event", "code",
 *      "value": 1.0 | null, "enabled_ns": 0 | null, "running_ns": 0 | null,
 *      "quality": "exact", "reason": null}
 * Replayed counts always have quality "replayed" and back end "replay", so they
 * cannot be mistaken for counts of this machine.
 */

/*
 * Appends `result`, from rm_counters_result(), as one interval. The origin is
 * "hardware" only if `fake` is 0 and neither RM_SYSFS nor LD_PRELOAD is set.
 * Returns 0; -EINVAL for a result that was not counted here (replay, none);
 * -EIO.
 */
int rm_replay_record(FILE *out, const json_t *result, unsigned interval,
        int fake, struct rm_error *error);

/* Reads a recording. Returns its number of intervals (>= 1), or -errno with
   `file:line: found, expected`. `lines`: new reference, an array of objects. */
int rm_replay_load(const char *file, json_t **lines, struct rm_error *error);

/* prove.c: checks metrics in test loops whose counts are known. */

/* Input of a proof, and the file that receives its counts. */
struct rm_prove {
	const struct rm_topology *topology; /* NULL: the whole affinity mask */
	struct rm_kernel_place place;
	const struct rm_perf_ops *perf_ops; /* NULL: the kernel's calls */
	FILE *recording;                    /* NULL: do not record */
	unsigned intervals;                 /* number of recorded intervals */
};

/*
 * Combines the verdicts of a metric: "refuted" and "no value" override
 * "proved", which overrides "not checked". "proved" requires a test loop in
 * which the event must happen; a low count does not suffice. `why`: the line's
 * reason, or NULL.
 */
const char *rm_prove_verdict(
        const json_t *verdicts, const char *metric, const char **why);

struct rm_attempt {
	const char *backend; /* "perf", "likwid" */
	bool proved;         /* at least one metric was proved */
	char cpu[32];        /* name in the event map; "": not detected */
	char access[16];     /* "direct", "daemon", "perf"; "": unknown */
	char reason[512];    /* why it cannot be used; "" if proved */
	char remedy[256];    /* next step; "": unknown */
	char note[512];      /* doubts about the events; "": no doubts */
	json_t *events;      /* usable events */
	json_t *missing;     /* [{"metric", "reason"}] */
	json_t *verdicts;    /* verdicts of the test loops; see prove_set() */
	json_t *sets;        /* trial requests, one per pass */
	struct rm_likwid_helper *helper; /* running, or NULL */
};

/*
 * Tries a back end. A failure is a reason in the attempt, not an error. Returns
 * -errno only for an unknown metric (-EINVAL), lack of memory, or a recording
 * that cannot be written (-EIO). Records nothing from a back end that is not
 * proved, and no refuted metrics.
 *
 * backend  "perf" or "likwid"
 * metrics  "a,b,..." from events.tsv, or NULL for the default metrics
 * prove    topology, perf_ops and recording are inputs
 * attempt  out: free with rm_attempt_free(), even after an error
 */
int rm_attempt_run(const char *backend, const char *metrics,
        struct rm_prove *prove, struct rm_attempt *attempt,
        struct rm_error *error);

/* Returns a new reference to {"backend", "status", "access", "reason",
   "remedy", "note", "verdicts"}. */
json_t *rm_attempt_json(const struct rm_attempt *attempt);

/* Frees all members and stops the helper. */
void rm_attempt_free(struct rm_attempt *attempt);

#endif /* RM_PROVE_H */
