/* SPDX-License-Identifier: Apache-2.0 */
/* witness.h - shared memory that shows the state of a check's process to its
 * parent, even after a crash. Also declares functions for rounds in child
 * processes (isolate.c, rounds.c) and for stacks of their threads. */
#ifndef RM_CHECK_WITNESS_H
#define RM_CHECK_WITNESS_H

#include "runner/map.h"
#include "verify/check/check.h"
#include "verify/check/coverage.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum {
	/* the maximum number of threads of a check */
	RM_WITNESS_THREADS = 1024,
	RM_STACKS = 80,
	RM_STACK_FRAMES = 24,
	RM_STEP_BYTES = 96
};

/* One thread, on its own cache line; only that thread writes it. */
struct rm_witness_thread {
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t
	        ticks; /* completed operations */
};

/* Stack of one thread, innermost frame first. The first `skip` frames belong to
 * the signal handler. */
struct rm_witness_stack {
	pid_t thread;
	int depth, skip;
	void *frames[RM_STACK_FRAMES];
	atomic_bool complete;
};

struct rm_witness {
	/* The next members cover the time since the start of the process. */
	_Atomic uint64_t progress; /* progress of work that no peer does */
	struct rm_witness_thread threads[RM_WITNESS_THREADS];
	char step[RM_STEP_BYTES]; /* the current step */
	/* The main thread is in the map's check(), and no peer runs. */
	atomic_bool calls_check;
	/* The next members cover all rounds of one check. */
	_Atomic uint64_t operations; /* operations that all peers completed */
	/* Sampled operations, and the samples during which another thread
	 * completed an operation. */
	_Atomic uint64_t sampled, overlapped;
	_Atomic uint64_t stops; /* stops by signals (preempt.c) */
	struct rm_coverage coverage;
	_Atomic unsigned stack_count;
	struct rm_witness_stack stacks[RM_STACKS];
};

/* Returns the witness of this process. Any thread may call it. */
struct rm_witness *rm_witness(void);

/* Makes `witness` the witness of this process and zeroes its progress; it must
 * exist as long as the process uses it. NULL: a private witness. No other
 * thread may run. */
void rm_witness_use(struct rm_witness *witness);

/* Records progress that is not an operation of a peer. Any thread. */
void rm_witness_count_progress(void);

/* Names the current step, printf style; one thread at a time. */
void rm_witness_step(const char *format, ...)
        __attribute__((format(printf, 1, 2)));

/* Returns the sum of all progress since rm_witness_use(); called by the parent
 * process. */
uint64_t rm_witness_progress(const struct rm_witness *witness);

/* Called in the process of a check: from now on threads write their stacks for
 * rm_stacks_collect(), and a thread that crashes writes its own. */
void rm_stacks_install(void);

/* Called by the parent: makes all threads of the process write their stacks and
 * waits at most 5 s for them. Threads continue afterwards. */
void rm_stacks_collect(pid_t pid, struct rm_witness *witness);

/* Prints the stacks, with functions and lines if addr2line is installed. The
 * process must be a fork of the caller, because objects must have the same
 * addresses. */
void rm_stacks_print(FILE *out, const struct rm_witness *witness);

/* Runs one round. `done` gets its CPU time and whether it hung; other results
 * are in `witness`, which both processes share. */
/* Sets `error` to "not run: WHAT" with the tightest limit of memory or of
 * threads. Returns RM_CHECK_NOT_RUN. */
enum rm_check_verdict rm_check_not_run(
        struct rm_error *error, bool memory, const char *what);

enum rm_check_verdict rm_check_isolated(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_witness *witness, struct rm_check_result *done,
        struct rm_error *error);

/* Returns the settings of round n of a budget: its own seed, stops by signals
 * in every second round, and the quarantine in every second pair of rounds. */
struct rm_check_case rm_check_round(const struct rm_check *check,
        const struct rm_check_case *c, unsigned n, uint64_t ops);

#endif /* RM_CHECK_WITNESS_H */
