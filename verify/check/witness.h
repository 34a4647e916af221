/* SPDX-License-Identifier: Apache-2.0 */
/*
 * witness.h - what the process of a check shows to the one that started it,
 * while it runs and after it has crashed: memory of both. Rounds of a check in
 * processes (isolate.c, rounds.c), and stacks of their threads.
 */
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
	RM_WITNESS_THREADS = 1024, /* as many as a check may have */
	RM_STACKS = 80,
	RM_STACK_FRAMES = 24,
	RM_STEP_BYTES = 96
};

/* One thread, on a line of its own; only that thread writes it. */
struct rm_witness_thread {
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t ticks; /* operations ended */
};

/* Where one thread stood, innermost first, of which `skip` are the signal's. */
struct rm_witness_stack {
	pid_t thread;
	int depth, skip;
	void *frames[RM_STACK_FRAMES];
	atomic_bool whole;
};

struct rm_witness {
	/* Since the process was started. */
	_Atomic uint64_t progress; /* of what has no peers */
	struct rm_witness_thread threads[RM_WITNESS_THREADS];
	char step[RM_STEP_BYTES]; /* what it is about to do */
	/* Kept over several rounds of one check. */
	_Atomic uint64_t operations; /* that ended, of all peers */
	/* Operations that were looked at, and those of them during which
	   another thread ended one. */
	_Atomic uint64_t looked, met;
	_Atomic uint64_t stops; /* from outside (preempt.c) */
	struct rm_coverage coverage;
	_Atomic unsigned stack_count;
	struct rm_witness_stack stacks[RM_STACKS];
};

/* That of this process: of its own where nobody looks. Any thread. */
struct rm_witness *rm_witness(void);

/* From now on it is this one, which stays as long as the process; with no
   progress in it. NULL: one of its own. No other thread runs. */
void rm_witness_use(struct rm_witness *witness);

/* Something ended that is not an operation of a peer. Any thread. */
void rm_witness_goes_on(void);

/* Names the step, printf style; one thread at a time. */
void rm_witness_step(const char *format, ...)
        __attribute__((format(printf, 1, 2)));

/* All that ended since rm_witness_use(); from outside. */
uint64_t rm_witness_progress(const struct rm_witness *witness);

/* In the process of a check: from now on each thread shows its stack where
   rm_stacks_take() asks for it, and one that crashes shows its own. */
void rm_stacks_offer(void);

/* From outside: has all threads of the process show their stacks, waits at most
   5 s for those who are late, and kills nobody. */
void rm_stacks_take(pid_t pid, struct rm_witness *witness);

/* Prints them with functions and lines, where addr2line is installed and knows
   them, for a person. Of a process that had the same objects at the same
   addresses: one that was forked. */
void rm_stacks_print(FILE *out, const struct rm_witness *witness);

/* One round: `done` gets its CPU time and whether it hung; what else was seen
   is in `witness`, memory that both processes have. */
enum rm_check_verdict rm_check_isolated(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_witness *witness, struct rm_check_done *done,
        struct rm_error *error);

/* Round n of a budget: its own seed; every second one with threads that are
   stopped from outside, every second pair of them with the quarantine. */
struct rm_check_case rm_check_round(const struct rm_check *check,
        const struct rm_check_case *c, unsigned n, uint64_t ops);

#endif /* RM_CHECK_WITNESS_H */
