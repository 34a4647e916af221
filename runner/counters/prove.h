/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove.h - private to the counters: small programs whose cache misses are
 * known beforehand, what a back end counts in them, and what follows from it.
 *
 * A counter is believed when it sees what must happen in them: an open device
 * or an opened event proves nothing, guests show both and count 0.
 */
#ifndef RM_PROVE_H
#define RM_PROVE_H

#include "runner/counters/backend.h"
#include "runner/counters/likwid.h"
#include "runner/machine/machine.h"

/* kernels.c: a walk along pointers, whose order no prefetcher can guess. */

enum { RM_CHASE_LINE = 64 };

struct rm_chase {
	size_t lines; /* 0 = nothing was made */
	void *area;
	size_t area_bytes;
	void **start;
};

/*
 * Lays one random cycle over `lines` lines, `stride` bytes apart (a multiple
 * of RM_CHASE_LINE), in small pages: each line is used once per pass. The same
 * cycle every time. Returns 0 or -ENOMEM. Free with rm_chase_free().
 */
int rm_chase_make(struct rm_chase *chase, size_t lines, size_t stride);

/* Takes `steps` steps from the start: one load each. Any thread. */
void rm_chase_run(const struct rm_chase *chase, uint64_t steps);

/* A zeroed chase is allowed. */
void rm_chase_free(struct rm_chase *chase);

/* kernels.c: the known programs. */

enum rm_kernel {
	RM_KERNEL_HALF,   /* chase through half the L1d: it stays there */
	RM_KERNEL_FOUR,   /* chase through 4 x L1d: each step misses it */
	RM_KERNEL_PAGES,  /* one line per page, more pages than TLB entries */
	RM_KERNEL_SHARED, /* two threads hand one line to and fro */
	RM_KERNELS
};

/* Where kernels run. */
struct rm_kernel_place {
	unsigned cpus[2]; /* different cores of one last-level cache */
	unsigned cores;   /* 1: there is no second core, no SHARED */
	size_t l1d_bytes; /* of cpus[0] */
};

/* "half", ...; and how a message describes it. Static. */
const char *rm_kernel_name(enum rm_kernel kernel);
const char *rm_kernel_text(enum rm_kernel kernel);

/*
 * Chooses CPUs of this process's affinity mask that trials are placed on: on a
 * hybrid machine a proof on another kind of CPU would be none. Reads the L1d's
 * size. `topology`: this machine's; NULL: all of the mask. Returns 0, or -errno
 * and an error (-ENOENT: unknown L1d).
 */
int rm_kernel_place(const struct rm_topology *topology,
        struct rm_kernel_place *place, struct rm_error *error);

/*
 * Opens a session, runs the kernel in its window on bound threads, and gives
 * the session's result. At most 0.5 s.
 *
 * session  request and perf_ops are used; threads and cpus are set here
 * steps    out: steps of all threads together (loads; for SHARED handovers,
 *          fewer where the threads did not run at the same time)
 *
 * Returns 0, -errno with an error: also where the session cannot be opened.
 */
int rm_kernel_count(enum rm_kernel kernel, const struct rm_kernel_place *place,
        const struct rm_session_request *session, json_t **result,
        uint64_t *steps, struct rm_error *error);

/*
 * replay.c: counts written down, and served again in their order.
 *
 * A recording is JSON lines, one per (interval, thread, event):
 *     {"format": 1, "origin": "hardware" | "fake", "backend": "perf",
 *      "cpu": "zen3", "interval": 0, "thread": 0, "metric", "event", "code",
 *      "value": 1.0 | null, "enabled_ns": 0 | null, "running_ns": 0 | null,
 *      "quality": "exact", "reason": null}
 * What is served has quality "replayed" and back end "replay", whatever the
 * line says: it can never pass for a count of the machine it is shown on.
 */

/*
 * Appends one interval: `result` is what rm_counters_result() gave. The origin
 * is "hardware" only where nothing in the environment (RM_SYSFS, LD_PRELOAD)
 * stands between the program and the machine and the caller does not say
 * `fake`. Returns 0; -EINVAL for a result that was not counted here (replay,
 * none); -EIO.
 */
int rm_replay_record(FILE *out, const json_t *result, unsigned interval,
        int fake, struct rm_error *error);

/*
 * Reads a whole recording. Returns the number of its intervals (>= 1), or
 * -errno and `file:line: what, and what was expected`. `lines`: new reference,
 * an array of objects.
 */
int rm_replay_load(const char *file, json_t **lines, struct rm_error *error);

/* prove.c: does a metric count what it must in the known kernels? */

/* What a proof needs, and where it may write down what stood it. */
struct rm_prove {
	const struct rm_topology *topology; /* NULL = all of the mask */
	struct rm_kernel_place place;
	const struct rm_perf_ops *perf_ops; /* NULL = the kernel's */
	FILE *recording;                    /* NULL = none; see replay.c */
	unsigned intervals;                 /* recorded so far */
};

/*
 * A metric's verdict out of all its lines: "refuted" or "no value" wins over
 * "proved", that over "not checked". "Proved" takes one kernel that makes the
 * counter count: staying low where it must is not enough. `why`: the line's
 * reason, or NULL.
 */
const char *rm_prove_verdict(
        const json_t *verdicts, const char *metric, const char **why);

struct rm_attempt {
	const char *backend; /* "perf", "likwid" */
	bool proved;         /* at least one metric was, and it may be used */
	char cpu[32];        /* arch of the event map; "" = not detected */
	char reason[512];    /* why not; "" where proved */
	char remedy[256];    /* what would help; "" = nothing known */
	char note[512];      /* what to know of the events; "" = nothing */
	json_t *events;      /* what may be counted */
	json_t *missing;     /* [{"metric", "reason"}] */
	json_t *verdicts;    /* of the kernels; see prove_set() */
	json_t *sets;        /* trial requests, one per pass */
	struct rm_likwid_helper *helper; /* likwid: running, or NULL */
};

/*
 * Tries a back end. What does not work is a reason in the attempt, not an
 * error: returns -errno only for a wrong metric (-EINVAL), lack of memory, or a
 * recording that cannot be written (-EIO). Of a back end that is not proved
 * nothing is recorded, nor what was refuted of one that is.
 *
 * backend  "perf" or "likwid"
 * metrics  "a,b,..." of events.tsv, or NULL for the usual ones
 * prove    topology, perf_ops and recording as above; the place is filled in
 *          here
 * attempt  out: free with rm_attempt_free() in any case
 */
int rm_attempt_make(const char *backend, const char *metrics,
        struct rm_prove *prove, struct rm_attempt *attempt,
        struct rm_error *error);

/* {"backend", "status", "reason", "remedy", "note", "verdicts"}; new
   reference. */
json_t *rm_attempt_json(const struct rm_attempt *attempt);

/* Frees all, ends the helper. */
void rm_attempt_free(struct rm_attempt *attempt);

#endif /* RM_PROVE_H */
