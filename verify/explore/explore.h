/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explore.h - a map's operations under many schedules, each decided by a
 * seed, each judged.
 *
 * The maps are the instrumented objects of the simulated machine, linked with
 * another run time: no caches, no costs, but a scheduler that may switch
 * threads at each access, a heap that knows what was freed, and clocks that
 * know what happened before what. Memory is sequentially consistent, or has
 * one of two models (conclusions: docs/method/checker.md).
 *
 * One world a process, one thread of the host. Schedule K of a seed is a
 * function of the map's machine code, the options and K, and of nothing else.
 */
#ifndef RM_EXPLORE_H
#define RM_EXPLORE_H

#include "runner/base/error.h"
#include "runner/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	RM_EXPLORE_THREADS_MAX = 7, /* the main thread is the eighth lane */
	RM_EXPLORE_OPS_MAX = 16,    /* of each thread */
	RM_EXPLORE_CPUS_MAX = 64,
	/* unless told */
	RM_EXPLORE_THREADS = 3,
	RM_EXPLORE_OPS = 6,
	RM_EXPLORE_STEPS = 1000000,
	RM_EXPLORE_SCHEDULES = 100000,
	RM_EXPLORE_SCHEDULES_OF_ALL = 20000, /* of each */
	/* and where schedules are exhausted */
	RM_EXPLORE_FEW_THREADS = 2,
	RM_EXPLORE_EXHAUSTED_THREADS_MAX = 3,
	RM_EXPLORE_FEW_OPS = 2,
	RM_EXPLORE_PROGRAMS = 100,
	RM_EXPLORE_PREEMPTIONS = 2,
	RM_EXPLORE_EXHAUSTED_MOST = 20000, /* schedules of a program */
};

/* Of so many numbers one has a special program (menu.h), and of the mix one
   is by PCT. */
enum {
	RM_EXPLORE_TURNS = 4,
	RM_EXPLORE_TURN_SPECIAL = 1,
	RM_EXPLORE_TURN_PCT = 3,
};

/* Who decides which thread runs (schedule.h). */
enum rm_explore_policy {
	RM_EXPLORE_MIX,        /* of four two random, one by PCT, one stalls */
	RM_EXPLORE_RANDOM,     /* any thread, after 1 .. 32 steps on average */
	RM_EXPLORE_PCT,        /* priorities that change d - 1 times */
	RM_EXPLORE_STALL,      /* random, and some threads stand still */
	RM_EXPLORE_EXHAUSTIVE, /* all, up to so many preemptions */
	RM_EXPLORE_POLICIES
};

/* How memory behaves (memory.h). */
enum rm_explore_memory {
	RM_EXPLORE_SC,  /* sequentially consistent */
	RM_EXPLORE_TSO, /* x86: stores wait in a buffer */
	RM_EXPLORE_C11, /* loads may read older stores */
	RM_EXPLORE_MEMORIES
};

/* "sc", "tso", "c11". */
extern const char *const rm_explore_memory_name[RM_EXPLORE_MEMORIES];

/* "mix", "random", "pct", "stall", "exhaustive". */
extern const char *const rm_explore_policy_name[RM_EXPLORE_POLICIES];

struct rm_explore_written; /* written.h */

struct rm_explore_options {
	const struct rm_impl *impl;
	const char *named; /* as it was asked for: its id, or its file */
	unsigned shapes;   /* bits by rm_shape_index(); those of the map */
	unsigned threads;  /* 1 .. RM_EXPLORE_THREADS_MAX */
	unsigned ops;      /* of each thread, 1 .. RM_EXPLORE_OPS_MAX */
	bool plain;        /* all programs are of this size (menu.h) */
	unsigned depth;    /* of PCT, 1 .. 4; 0: each in turn */
	enum rm_explore_policy policy;
	enum rm_explore_memory memory; /* exhaustive: RM_EXPLORE_SC */
	bool unstamped; /* under c11 no operation's begin or end is known */
	bool unjudged;  /* no history is judged */
	/* NULL: programs are drawn, of `threads` and `ops` */
	const struct rm_explore_written *written;
	const char *written_in; /* its file */
	uint64_t seed;
	uint64_t first, schedules; /* numbers first .. first + schedules - 1 */
	/* exhaustive: a number is a program, `schedules` the most of each */
	uint64_t programs;
	unsigned preemptions; /* of each schedule, at most */
	uint64_t steps;       /* of one schedule, then it is a livelock; > 0 */
	unsigned cpus;        /* processes, 1 .. RM_EXPLORE_CPUS_MAX */
	/* files that a finding is shown in, too; NULL: none */
	const char *html, *perfetto;
};

/* What was wrong with a schedule. */
enum rm_explore_fault {
	RM_EXPLORE_NOTHING,
	RM_EXPLORE_HISTORY,       /* no right map answers like that */
	RM_EXPLORE_TORN,          /* a value that nobody wrote as a whole */
	RM_EXPLORE_RACE,          /* plain accesses that nothing orders */
	RM_EXPLORE_FREED,         /* an access to memory after its free() */
	RM_EXPLORE_OUTSIDE,       /* an access outside of any block */
	RM_EXPLORE_UNINITIALISED, /* a read of what nobody has written */
	RM_EXPLORE_BAD_FREE,      /* a second free(), or of what is no block */
	RM_EXPLORE_LEAK,          /* blocks are left after destroy() */
	RM_EXPLORE_DEADLOCK,      /* all wait */
	RM_EXPLORE_LIVELOCK,      /* more steps than allowed */
	RM_EXPLORE_INVARIANT,     /* the map's own check() */
	RM_EXPLORE_MISUSE,        /* of a lock, or what is not explored */
	RM_EXPLORE_CRASH,         /* a signal */
	RM_EXPLORE_FAULTS
};

/* "not linearizable", "torn value", "data race", ... */
extern const char *const rm_explore_fault_name[RM_EXPLORE_FAULTS];

/* What schedules came to. */
struct rm_explore_tally {
	uint64_t programs;  /* that were begun, where schedules are exhausted */
	uint64_t stopped;   /* of these: at the limit, not at their end */
	uint64_t schedules; /* exhaustive: of the longest walk over each */
	uint64_t plays;     /* with the schedules that were played again */
	uint64_t steps;     /* of the plays */
	uint64_t switches;  /* of the plays, between threads */
	uint64_t undecided; /* histories of the plays; never a pass */
};

/* What exploring one map came to. */
struct rm_explore_summary {
	struct rm_explore_tally tally; /* of all CPUs */
	double seconds;
	enum rm_explore_fault fault;
	uint64_t found; /* the lowest number of a schedule with a fault */
};

/*
 * Why this map is not explored at all (a static text), or NULL. `by_name`:
 * somebody asked for it; a map that says itself that it is not safe beside a
 * writer, or that orders by volatile accesses, is explored only then.
 */
const char *rm_explore_unfit(const struct rm_impl *impl, bool by_name);

/*
 * Runs the schedules, in `cpus` processes, until one fails; whatever their
 * number and speed, summary->found is the lowest number of a schedule that
 * fails. 0, or -errno with `error`: -EINTR where a process was ended from outside
 * at a number that does not fail.
 */
int rm_explore_run(const struct rm_explore_options *options,
        struct rm_explore_summary *summary, struct rm_error *error);

/*
 * Runs schedule number `found` again, makes it smaller, and tells a person on
 * `out`: threads and what they do, the schedule as columns with source lines,
 * the history, and how to see it again; the same into the files that `options`
 * names for views. 0, or -errno with `error`. Where that schedule does not fail
 * no file is touched: -ENOENT; -ENODATA where a history was not decided, -ERANGE
 * where schedules of that program are left that were not tried.
 */
int rm_explore_tell(const struct rm_explore_options *options, uint64_t found,
        FILE *out, struct rm_error *error);

#endif /* RM_EXPLORE_H */
