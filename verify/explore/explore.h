/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explore.h - runs a map's operations under many schedules; a seed decides
 * each schedule, and each result is judged.
 *
 * The maps are the instrumented objects of the simulated machine, linked with
 * another runtime. This runtime models no caches and no costs. Instead it has a
 * scheduler that may switch threads at each access, a heap that detects
 * accesses to freed memory, and vector clocks for happens-before. Memory is
 * sequentially consistent, or follows one of two models. docs/method/checker.md
 * describes which conclusions a run permits.
 *
 * There is one world per process, on one host thread. Schedule K of a seed
 * depends only on K, the options and the map's machine code.
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
	RM_EXPLORE_NOTE_BYTES = 160,
	RM_EXPLORE_THREADS_MAX = 7, /* the main thread is the eighth lane */
	/* maximum number of operations of each thread */
	RM_EXPLORE_OPS_MAX = 16,
	RM_EXPLORE_CPUS_MAX = 64,
	RM_EXPLORE_GROWTHS_MAX = 32,
	/* defaults */
	RM_EXPLORE_THREADS = 3,
	RM_EXPLORE_OPS = 6,
	RM_EXPLORE_STEPS = 1000000,
	RM_EXPLORE_FAIRNESS = 64,
	RM_EXPLORE_BUDGET_S = 60,
	RM_EXPLORE_SCHEDULES = 100000,
	/* default number of schedules of each map */
	RM_EXPLORE_SCHEDULES_OF_ALL = 20000,
	/* defaults and limits of the exhaustive scheduler */
	RM_EXPLORE_FEW_THREADS = 2,
	RM_EXPLORE_EXHAUSTED_THREADS_MAX = 3,
	RM_EXPLORE_FEW_OPS = 2,
	RM_EXPLORE_PROGRAMS = 100,
	RM_EXPLORE_PREEMPTIONS = 2,
	RM_EXPLORE_EXHAUSTED_MOST = 20000, /* schedules of a program */
};

/* One of RM_EXPLORE_TURNS schedules has a special program (menu.h), and under
   the mix one uses PCT. One of RM_EXPLORE_FAIR_EVERY uses the fair
   scheduler. */
enum {
	RM_EXPLORE_TURNS = 4,
	RM_EXPLORE_TURN_SPECIAL = 1,
	RM_EXPLORE_TURN_FAIR = 2,
	RM_EXPLORE_TURN_PCT = 3,
	RM_EXPLORE_FAIR_EVERY = 16,
	RM_EXPLORE_PROGRESS_EVERY = 256, /* see menu.h */
};

/* The scheduler that decides which thread runs (schedule.h). */
enum rm_explore_policy {
	RM_EXPLORE_MIX, /* in 16 schedules: 7 random, 4 PCT, 4 stall, 1 fair */
	RM_EXPLORE_RANDOM, /* switches to any thread, after 1 .. 32 steps on
                                  average */
	RM_EXPLORE_PCT,    /* runs by priorities, which change d - 1 times */
	RM_EXPLORE_STALL,  /* random, but some threads are stalled */
	RM_EXPLORE_FAIR,   /* one sequence of turns, repeated */
	RM_EXPLORE_EXHAUSTIVE, /* all schedules, up to a number of
                                  preemptions */
	RM_EXPLORE_POLICIES
};

/* The memory model (memory.h). */
enum rm_explore_memory {
	RM_EXPLORE_SC,  /* sequentially consistent */
	RM_EXPLORE_TSO, /* x86: store buffers */
	RM_EXPLORE_C11, /* loads may read older stores */
	RM_EXPLORE_MEMORIES
};

/* Names of the memory models: "sc", "tso", "c11". */
extern const char *const rm_explore_memory_name[RM_EXPLORE_MEMORIES];

/* Names of the schedulers: "mix", "random", "pct", "stall", "fair",
   "exhaustive". */
extern const char *const rm_explore_policy_name[RM_EXPLORE_POLICIES];

struct rm_explore_program_file; /* see program_file.h */

/* Numbers of keys at whose insertion the map allocates a larger block than at
   all earlier ones, such as a larger table. */
struct rm_explore_growth {
	unsigned count;
	uint32_t keys[RM_EXPLORE_GROWTHS_MAX]; /* increasing */
};

struct rm_explore_options {
	const struct rm_impl *impl;
	const char *named; /* the name given by the user: an id or a file */
	unsigned shapes;   /* bits by rm_shape_index(); subset of the map's */
	unsigned threads;  /* 1 .. RM_EXPLORE_THREADS_MAX */
	unsigned ops;   /* operations of each thread, 1 .. RM_EXPLORE_OPS_MAX */
	bool plain;     /* all programs have this size (menu.h) */
	unsigned depth; /* PCT: 1 .. 4; 0: cycle through these depths */
	enum rm_explore_policy policy;
	enum rm_explore_memory memory; /* RM_EXPLORE_SC if the scheduler is
	                                * exhaustive */
	/* a few plain programs run under another memory model */
	bool mixed;
	bool memory_chosen; /* true if the user chose the model */
	/* under c11: the ends of operations do not synchronise with later
	 * operations */
	bool unstamped;
	bool unjudged; /* histories are not judged */
	/* NULL: programs are drawn with `threads` and `ops` */
	const struct rm_explore_program_file *written;
	const char *written_in; /* name of the program file */
	/* count 0: no program has fillers (program.h) */
	struct rm_explore_growth growth;
	uint64_t seed;
	/* the run has the numbers first .. first + schedules - 1 */
	uint64_t first, schedules;
	/* exhaustive: each number is a program, and `schedules` is the maximum
	   for each program */
	uint64_t programs;
	unsigned preemptions; /* maximum number of preemptions per schedule */
	uint64_t steps;       /* livelock limit of one schedule; > 0 */
	/* fair: number of other threads' steps within which each runnable
	   thread takes a step, 8 .. 4096 */
	unsigned fairness;
	uint64_t budget_ns; /* CPU time of each process; 0: no limit */
	unsigned cpus;      /* processes, 1 .. RM_EXPLORE_CPUS_MAX */
	/* files to which the finding is also written; NULL: none */
	const char *html, *perfetto;
};

/* How a schedule failed. */
enum rm_explore_fault {
	RM_EXPLORE_NOTHING,
	RM_EXPLORE_HISTORY,       /* no correct map returns these results */
	RM_EXPLORE_TORN,          /* a value that no thread wrote as a whole */
	RM_EXPLORE_RACE,          /* plain accesses that nothing orders */
	RM_EXPLORE_FREED,         /* an access to memory after its free() */
	RM_EXPLORE_OUTSIDE,       /* an access outside of any block */
	RM_EXPLORE_UNINITIALISED, /* a read of memory not yet written */
	RM_EXPLORE_BAD_FREE,      /* a double free(), or not of a block */
	RM_EXPLORE_LEAK,          /* blocks are left after destroy() */
	RM_EXPLORE_DEADLOCK,      /* all threads wait */
	RM_EXPLORE_LIVELOCK,      /* more steps than allowed */
	RM_EXPLORE_STARVATION,    /* an operation overtaken again and again */
	RM_EXPLORE_UNRECLAIMED,   /* nothing was freed in a long fair run */
	RM_EXPLORE_NOT_LOCK_FREE, /* an operation waits for another thread */
	RM_EXPLORE_INVARIANT,     /* the map's own check() failed */
	RM_EXPLORE_MISUSE,        /* lock misuse, or an unsupported feature */
	RM_EXPLORE_CRASH,         /* a signal */
	RM_EXPLORE_FAULTS
};

/* Names of the faults: "not linearizable", "torn value", "data race", ... */
extern const char *const rm_explore_fault_name[RM_EXPLORE_FAULTS];

/* Totals over all schedules. A play is one execution of a schedule. */
struct rm_explore_tally {
	uint64_t programs;  /* exhaustive: programs begun */
	uint64_t stopped;   /* programs stopped at the limit */
	uint64_t schedules; /* exhaustive: those of the longest walks */
	uint64_t plays;     /* number of plays, including repeated schedules */
	uint64_t steps;     /* steps in all plays */
	uint64_t switches;  /* thread switches in all plays */
	/* undecided histories of all plays; never reported as passed */
	uint64_t undecided;
	/* plays without a verdict, because a few keys with equal hashes made
	   the map grow without end */
	uint64_t abandoned;
	/* plays in which the map grew while threads ran: it allocated a larger
	   block than all writes before */
	uint64_t grown;
	bool cut; /* the budget was used up before the last schedule */
	/* Sums over `measured` schedules of programs of the ordinary size: steps
	   of threads, and logarithms of numbers of schedules (sample.h). */
	uint64_t measured;
	double points, log_all, log_few;
	uint64_t noted; /* the first schedule with a note, plus one; or 0 */
	/* text about starvation that the map's promise permits */
	char note[RM_EXPLORE_NOTE_BYTES];
};

/* The result of exploring one map. */
struct rm_explore_summary {
	struct rm_explore_tally tally; /* sum over all processes */
	double seconds;
	enum rm_explore_fault fault;
	uint64_t found; /* the lowest number of a schedule with a fault */
	/* schedules after which an injected bug was found; 0: it was not */
	uint64_t control;
};

/*
 * Returns this program's map, by its id or by its file, whose name is the id.
 * If RM_LIBRARY is set, loads the map of that library (readmostly.h), whose code
 * is instrumented and which was compiled from the sources `map`. NULL after an
 * error message. Main thread, once, before all schedules.
 */
const struct rm_impl *rm_explore_find(const char *map);

/*
 * Returns the reason (static text) why this map is not explored, or NULL.
 * `by_name`: the user named the map. Maps that are declared unsafe with a
 * concurrent writer, or that order by volatile accesses, are explored only
 * then.
 */
const char *rm_explore_skip_reason(const struct rm_impl *impl, bool by_name);

/* Sets options->growth, by inserting keys into a map without other threads.
   Returns 0, or -errno with `error`. */
int rm_explore_find_growth(
        struct rm_explore_options *options, struct rm_error *error);

/*
 * First runs the map with an injected bug in a separate process, then runs the
 * schedules in `cpus` processes until one fails. summary->found is the lowest
 * number of a schedule that fails, whatever the number and speed of the
 * processes. Returns 0, or -errno with `error`. -EINTR: a process was killed
 * from outside at a number that does not fail.
 */
int rm_explore_run(const struct rm_explore_options *options,
        struct rm_explore_summary *summary, struct rm_error *error);

/*
 * Runs schedule `found` again, makes it smaller, and prints it on `out`: the
 * program, the schedule as columns with source lines, the history, and the
 * command that repeats it. Also writes the view files in `options`. Returns 0,
 * or -errno with `error`. If the schedule does not fail, no file is touched:
 * -ENOENT; -ENODATA if a history was undecided; -ERANGE if some schedules of
 * the program were not tried.
 */
int rm_explore_show(const struct rm_explore_options *options, uint64_t found,
        FILE *out, struct rm_error *error);

/* Returns true if the run has no verdict: a history was undecided, the budget
   ended, or the injected bug was not found. */
bool rm_explore_is_open(const struct rm_explore_options *options,
        const struct rm_explore_summary *summary);

/* Prints the line of one map on stdout; with `sample` also the size of the
   sample, if no schedule failed. */
void rm_explore_print(const struct rm_explore_options *options,
        const struct rm_explore_summary *summary, bool sample);

#endif /* RM_EXPLORE_H */
