/* SPDX-License-Identifier: Apache-2.0 */
/* prove.h - does a metric count what it must in the known kernels? */
#ifndef RM_PROVE_H
#define RM_PROVE_H

#include "runner/counters/kernels.h"

#include <stdio.h>

/* What a proof needs, and where it may write down what it saw. */
struct rm_prove {
	struct rm_kernel_place place;
	const struct rm_perf_ops *perf_ops; /* NULL = the kernel's */
	FILE *recording;                    /* NULL = none; see replay.h */
	unsigned intervals;                 /* recorded so far */
};

/*
 * Counts all kernels with one event set (the "counters" of a trial request)
 * and appends a verdict per metric and kernel to the array `verdicts`:
 *     {"metric", "event", "kernel", "per_step": 0.99 | null,
 *      "expected": [low, high] | null,
 *      "verdict": "proved" | "refuted" | "no value" | "not checked",
 *      "reason": null | "..."}
 * "not checked": no kernel knows what this metric should be, or this place
 * cannot run it. Returns 0; -errno with an error where no session opens.
 */
int rm_prove_set(struct rm_prove *prove, const json_t *request,
        json_t *verdicts, struct rm_error *error);

/*
 * A metric's verdict out of all its lines: "refuted" or "no value" wins over
 * "proved", that over "not checked". "Proved" takes one kernel that makes the
 * counter count: staying low where it must is not enough. `why`: the line's reason, or NULL.
 */
const char *rm_prove_verdict(
        const json_t *verdicts, const char *metric, const char **why);

#endif /* RM_PROVE_H */
