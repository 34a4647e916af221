/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - is a map right? A table of checks, each run in a process of its
 * own, so that a map that crashes, hangs or eats memory is one failed check.
 *
 * A new check is one more row in check.c: a name, whom it does not fit and
 * why, and a function that fills an error.
 */
#ifndef RM_CHECK_H
#define RM_CHECK_H

#include "runner/base/error.h"
#include "runner/map.h"

#include <stdio.h>

/* What one check of one map is run with. Same members, same operations. */
struct rm_check_case {
	const struct rm_impl *impl;
	struct rm_shape shape;
	uint64_t seed;    /* of operations, keys and the map's hash */
	uint64_t ops;     /* operations of all threads together, >= 1 */
	unsigned threads; /* of the concurrent checks, 1 .. 1024 */
	/* Of rm_now_ns(): a check that is late then ends with fewer
	   operations; 0: never. */
	uint64_t until_ns;
	bool preempt; /* threads are stopped at random from outside */
	/* What is freed is poisoned and kept back for a while, if the program
	   was started with the library for it (quarantine.h). */
	bool quarantine;
	/* Where a check prints what is too long for an error, such as the
	   time line of a history; NULL: nowhere. */
	FILE *story;
};

/* When to give a check up. */
struct rm_check_limits {
	/* CPU time of a check, without one operation that ends; > 0 */
	uint64_t deadline_ns;
	uint64_t memory_bytes; /* resident in its process; > 0 */
	bool in_process;       /* for a debugger: no process, no limits */
	/* CPU time of a check, or wall time where that is more, spent in
	   rounds, each of other operations, of which at least one is run; 0:
	   one round, of the case as it is. */
	uint64_t budget_ns;
};

/* What was done. */
struct rm_check_done {
	struct rm_check_case last; /* the round that failed, or the last */
	unsigned rounds;
	bool hung;
	uint64_t cpu_ns;   /* of all rounds; within one, of that round */
	uint64_t spent_ns; /* of the budget: CPU time, or wall time if more */
	/* Operations that ended; those of them that were looked at, and of
	   these those during which another thread ended one; how often a
	   thread was stopped from outside. */
	uint64_t operations, looked, met, stops;
	char pairs[512]; /* what overlapped what (coverage.h), or "" */
	/* How often the failed round was run again, as it was, and how often
	   it failed then; 0 of 0 where that was not cheap. */
	unsigned tried, failed_again;
};

struct rm_check {
	const char *name;
	const char *what; /* one line for --help and list */
	/* NULL if the check fits; else why this map is not given it. */
	const char *(*unfit)(const struct rm_check_case *c);
	/* Returns 0, or -1 with `error` saying what the map did wrong. After
	   0 it may say what was done, e.g. how many histories. */
	int (*run)(const struct rm_check_case *c, struct rm_error *error);
	/* Its part of a budget beside the others'; 0: one round only, since
	   more would show nothing else. */
	unsigned weight;
	bool counts_memory; /* and is run without the quarantine */
};

/* Operations of a round, or of --ops: rounds of a check that is no dearer with
   more of them would else grow to the end of the number. */
#define RM_CHECK_OPS_MOST ((uint64_t)1 << 40)

enum rm_check_verdict { RM_CHECK_OK, RM_CHECK_FAILED, RM_CHECK_SKIPPED };

/* All checks, in the order in which they are worth running. */
extern const struct rm_check rm_checks[];
extern const size_t rm_check_count;

/* Returns the check of that name, or NULL. Any thread. */
const struct rm_check *rm_check_find(const char *name);

/*
 * Runs one check. `error` says why it failed or was skipped, or what was done
 * if there is more to say than "ok"; it and `done` are zeroed by the caller.
 * Call while no other thread runs: it forks.
 */
enum rm_check_verdict rm_check_run(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_check_done *done, struct rm_error *error);

/* What `check` gets of the time that is left for it and, of all others that
   fit the case, those behind it in the table. */
uint64_t rm_check_share(const struct rm_check *check,
        const struct rm_check_case *c, uint64_t left_ns);

/*
 * Starts this program again with the library that keeps freed memory back
 * (rm_check_case.quarantine), if it lies beside it: a campaign shall not have
 * it. `argv` is that of `readmostly check`, from the command on. Returns where
 * that was done already, or cannot be. Call before anything was checked.
 */
void rm_check_with_quarantine(int argc, char **argv);
/* Then: why this process has no quarantine; NULL where it has one, or a
   sanitizer that keeps back itself what is freed. */
const char *rm_check_no_quarantine(void);

/* Maps of other projects (runner/foreign.h). */

/* Does `name`, given in place of a map's id, mean a file? */
bool rm_foreign_is_file(const char *name);

/*
 * Loads the shared library at `path` and describes its map as any other: in
 * shapes u64x8 and str16x8, without measured loops. The result stays as long
 * as the process, as does `path`, which is its id: `create` has no argument
 * for more than one library, so it is one per process.
 *
 * Returns 0; -EINVAL with `error`: "PATH: what, and what was expected", where
 * there is no such file, no symbol, another version, or a member is wrong;
 * -EBUSY for a second library. Main thread.
 */
int rm_foreign_load(
        const char *path, const struct rm_impl **impl, struct rm_error *error);

#endif /* RM_CHECK_H */
