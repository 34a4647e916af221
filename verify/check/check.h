/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - table of correctness checks for maps. Each check runs in its own
 * process, so a map that crashes, hangs or uses too much memory fails one check
 * only. To add a check, add a row to check.c: a name, a function that returns
 * why the check does not apply to a map, and a function that runs it. */
#ifndef RM_CHECK_H
#define RM_CHECK_H

#include "runner/base/error.h"
#include "runner/map.h"

#include <stdio.h>

/* One check of one map. Cases with equal members run the same operations. */
struct rm_check_case {
	const struct rm_impl *impl;
	struct rm_shape shape;
	uint64_t seed;    /* seed of operations, keys and the map's hash */
	uint64_t ops;     /* operations of all threads together, >= 1 */
	unsigned threads; /* threads of the concurrent checks, 1 to 1024 */
	/* In rm_now_ns() time: after it the check stops early. 0: no limit. */
	uint64_t until_ns;
	bool preempt; /* use signals to stop threads at random points */
	/* Poison freed memory and delay its reuse, if the program was started
	 * with the quarantine library (quarantine.h). */
	bool quarantine;
	size_t retired_limit_bytes; /* limit for the maps; 0: 2^20 */
	/* Receives details that are too long for an error, such as a timeline
	 * of a history. NULL: none. */
	FILE *story;
};

/* Limits of one check. */
struct rm_check_limits {
	/* CPU time without a completed operation, > 0 */
	uint64_t deadline_ns;
	uint64_t memory_bytes; /* resident bytes of the check's process, > 0 */
	bool in_process;       /* for a debugger: no child process, no limits */
	/* Budget for all rounds: CPU time, or wall time if that is longer. At
	 * least one round runs. 0: one round with exactly the given
	 * operations. */
	uint64_t budget_ns;
};

/* The outcome of one check, over all rounds. */
struct rm_check_result {
	struct rm_check_case last; /* the failing round, or the last round */
	unsigned rounds;
	bool hung;
	uint64_t cpu_ns; /* CPU time of all rounds */
	/* part of the budget used: CPU time, or wall time if longer */
	uint64_t spent_ns;
	/* Numbers of completed operations, of sampled operations, of samples
	 * during which another thread completed an operation, and of signals
	 * that stopped a thread. */
	uint64_t operations, sampled, overlapped, stops;
	char pairs[512]; /* overlapping pairs (coverage.h), or "" */
	bool weak;       /* few of them overlapped often */
	/* How often the failing round was repeated, and how often the
	 * repetition failed. Both are 0 if a round is too slow to repeat. */
	unsigned repeats, repeat_failures;
};

struct rm_check {
	const char *name;
	const char *what; /* one line for --help and the list */
	/* Returns why the check does not apply to this map, or NULL. */
	const char *(*unfit)(const struct rm_check_case *c);
	/* Returns 0, or -1 with the map's fault in `error`. After 0,
	 * `error` may hold a summary, e.g. the number of histories. */
	int (*run)(const struct rm_check_case *c, struct rm_error *error);
	/* Share of the budget, relative to that of other checks. 0: one round,
	 * because repeating the check would find nothing new. */
	unsigned weight;
	/* The check counts memory, so it runs without the quarantine. */
	bool counts_memory;
};

/* Maximum number of operations in a round, and maximum of --ops. It limits the
 * growth of rounds whose cost does not depend on the number of operations. */
#define RM_CHECK_OPS_MAX ((uint64_t)1 << 40)

enum rm_check_verdict {
	RM_CHECK_OK,
	RM_CHECK_FAILED,
	RM_CHECK_SKIPPED,
	/* a limit of this machine (threads, memory) ended the check, so the map
	 * neither passed nor failed */
	RM_CHECK_NOT_RUN,
};

/* All checks, most useful first. */
extern const struct rm_check rm_checks[];
extern const size_t rm_check_count;

/* Returns the check with this name, or NULL. Any thread may call it. */
const struct rm_check *rm_check_find(const char *name);

/* Runs one check. The caller zeroes `done` and `error`. `error` becomes the
 * reason of a failure or a skip, or a summary if there is one. It forks, so no
 * other thread may run. */
enum rm_check_verdict rm_check_run(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_check_result *done, struct rm_error *error);

/* Returns the time for `check`: its share of `left_ns`, which is also for later
 * checks of the table that apply to the case. */
uint64_t rm_check_share_ns(const struct rm_check *check,
        const struct rm_check_case *c, uint64_t left_ns);

/* Restarts this program with the quarantine library (rm_check_case.quarantine),
 * if the library is next to it. `argv` starts at the command `check`. It
 * returns only if this was done already or is not possible. Call it before the
 * first check. */
void rm_check_restart_with_quarantine(int argc, char **argv);
/* Returns why this process runs without the quarantine, for use after
 * rm_check_restart_with_quarantine(). Returns NULL if the quarantine is loaded,
 * or a sanitizer that delays reuse itself. */
const char *rm_check_quarantine_obstacle(void);

/* Maps of other projects (runner/readmostly.h). */

/* Returns true if `name` is a file name instead of a map id, or names the
 * sources of the library in the environment variable RM_LIBRARY. */
bool rm_foreign_is_path(const char *name);

/* Loads the shared library at `path` and describes its map like any other, with
 * shapes u64x8 and str16x8 and no measured loops. The result exists until the
 * process ends. So must `path`, which becomes the map's id. One library per
 * process, because `create` has no argument to choose one. A child process
 * loads the library first and must end in `deadline_ns`; 0: no child.
 *
 * Main thread. Returns 0; -EBUSY for a second library; -EINVAL with `error` if
 * the file, the symbol, the version or a member is wrong: "PATH: fault,
 * expected value". */
int rm_foreign_load(const char *path, uint64_t deadline_ns,
        const struct rm_impl **impl, struct rm_error *error);

#endif /* RM_CHECK_H */
