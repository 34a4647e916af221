/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch.h - runs one trial as a process of its own and records how it ended.
 *
 * Whatever the program does (crash, hang, eat memory, answer garbage) becomes
 * a recorded failure with a reason; only what this machine refuses (no
 * memory, no process) is an error. Programs of other builds and languages go
 * through the same function: docs/trial-protocol.md.
 */
#ifndef RM_LAUNCH_H
#define RM_LAUNCH_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* How to run it. */
struct rm_launch {
	const char *program;         /* NULL: this program (/proc/self/exe) */
	char *const *arguments;      /* argv; NULL: {"readmostly", "trial"} */
	uint64_t deadline_ns;        /* of the whole process, > 0 */
	uint64_t memory_limit_bytes; /* 0: none; see rm_memory_limit() */
	uint64_t padding_seed;       /* chooses the environment's size (R13) */
	int interrupt_fd;            /* readable: kill the trial; -1: none */
};

enum {
	RM_LAUNCH_ANSWER_MAX = 32 << 20, /* bytes; more is a failure */
	RM_LAUNCH_ERRORS_KEPT = 4096,    /* last bytes of standard error */
};

/* How it ended. Zero it before; free with rm_outcome_clear(). */
struct rm_outcome {
	char exit[24];      /* "0", "signal 11", "deadline", "status 1",
			       "not started" */
	const char *status; /* "ok" | "void" | "failed" (constants) */
	char *reason;       /* one line of valid UTF-8; NULL only if ok */
	json_t *result;     /* the trial's answer, or NULL */
	bool interrupted;   /* interrupt_fd was readable: no outcome at all */
	uint64_t wall_ns;
	uint64_t peak_bytes;        /* largest resident set of the process */
	unsigned environment_bytes; /* padding added to its environment */
};

/*
 * Runs one trial with `request` and waits for its end. Call it on the main
 * thread: the trial is killed when the calling thread ends.
 *
 * Returns 0 with a filled outcome; -ENOMEM, -EAGAIN or another -errno with
 * `error` where no process could be made. A program that does not exist is an
 * outcome ("not started"), not an error.
 */
int rm_launch(const struct rm_launch *launch, const json_t *request,
        struct rm_outcome *outcome, struct rm_error *error);

void rm_outcome_clear(struct rm_outcome *outcome);

/*
 * A limit of RLIMIT_DATA that keeps the machine alive: half of MemAvailable
 * plus the stacks of `threads` threads. 0 (none) where it cannot be known and
 * in builds with a sanitizer, which reserve terabytes.
 */
uint64_t rm_memory_limit(unsigned threads);

#endif /* RM_LAUNCH_H */
