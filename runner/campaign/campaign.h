/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaign.h - public interface of the module that runs a plan and writes the
 * folder of results.
 *
 * 	rm_arms_parse("base=old,head=new", &arms, &error)  with --arms only
 *	rm_prepare(&wishes, &prepared, &error)             new, or a resume
 *	rm_campaign_run(&campaign, &error)                 trials without a line
 * 	rm_prepared_clear(&prepared)
 *
 * rm_launch() runs a single trial; rm_validate() checks a finished folder.
 */
#ifndef RM_CAMPAIGN_H
#define RM_CAMPAIGN_H

#include "runner/base/error.h"
#include "runner/base/sha256.h"
#include "runner/counters/counters.h"
#include "runner/machine/machine.h"
#include "runner/plan/plan.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { RM_PATH_BYTES = 4096 };

/*
 * The arms of a workload are a set. In each block every arm of the set runs a
 * cell once, one directly after the other, with one seed and so the same keys
 * and operations. The seed also determines their order, so that disturbances
 * affect all arms alike. Without --arms there is one set: the arm "head", this
 * build, and for cells with an A/A control the arm "aa" as well
 * (docs/adr/0059).
 */
enum { RM_ARMS_MAX = 16, RM_ARM_NAME_BYTES = 17 };

struct rm_arm {
	char name[RM_ARM_NAME_BYTES]; /* a-z, 0-9 and - */
	rm_name workload; /* whose cells it runs; "": workloads without their
	                     own set */
	char *program;    /* absolute path, owned: a program that runs all
	                  cells, or a folder of map programs; NULL: the
	                  folder `maps` next to this program */
	bool is_folder;   /* `program` is a folder */
	char flavour[16]; /* flavour of an A/A control's programs, which run
	                     only cells with has_control; else "" */
	json_t *programs; /* for a folder, owned: FLAVOUR/ID of each program of
	                     the plan -> its SHA-256, null if unreadable */
	char sha256[RM_SHA256_TEXT]; /* of the program, or of `programs` as
	                                sorted JSON; "": not known */
	double control_extra; /* share of unreported operations, 0 .. 1 */
};

/* Zero it first; free with rm_arms_clear(). The arms of a set are adjacent. */
struct rm_arms {
	struct rm_arm list[RM_ARMS_MAX];
	size_t count;
};

/* Part of rm_arms.list. */
struct rm_arm_set {
	const struct rm_arm *arms;
	size_t count; /* 0: the workload has no arms */
};

/* Adds the set of one --arms option, [WORKLOAD:]NAME=FILE[+SHARE%],... Returns
   -EINVAL with `error`, which names the arm and the expected form. */
int rm_arms_parse(
        struct rm_arms *arms, const char *text, struct rm_error *error);

/* The arms that run a cell. */
struct rm_arm_set rm_arms_find_set(
        const struct rm_arms *arms, const struct rm_cell *cell);

/* True if the user gave --arms. In that case the programs of the arms run every
   measure, and an incomplete block is dropped (docs/adr/0020). */
bool rm_arms_are_given(const struct rm_arms *arms);

void rm_arms_clear(struct rm_arms *arms);

/* Progress of one campaign. Set `out` and `is_terminal`, zero the rest. */
struct rm_progress {
	FILE *out;        /* NULL: print nothing */
	bool is_terminal; /* rewrite one line; else a line per minute */
	size_t total;     /* trials of the plan */
	size_t done;      /* first attempts, including those of earlier runs */
	size_t repeated;  /* repeats, including those of earlier runs */
	double repeats_most; /* repeats that the plan allows; 0: unknown */
	uint64_t left_ns;    /* planned time of the remaining trials */
	uint64_t planned_ns, measured_ns; /* for the trials of this run */
	uint64_t printed_ns;              /* when the last line was printed */
};

struct rm_journal; /* opaque: trials.jsonl and its lock */

enum { RM_FAILURES_IN_A_ROW = 2 }; /* then a cell is stopped */

struct rm_tally_cell {
	/* trials of all arms, by the last attempt of each */
	unsigned voided, failed, skipped;
	unsigned good[RM_ARMS_MAX]; /* ok trials, by arm of the set */
	enum rm_counted {
		RM_COUNTED_NOTHING,
		RM_COUNTED_OK,
		RM_COUNTED_DISTURBED, /* also ok */
		RM_COUNTED_VOID,
	} last[RM_ARMS_MAX];                   /* index: arm of the set */
	unsigned failed_in_a_row[RM_ARMS_MAX]; /* index: arm of the set */
	char reason[RM_REASON_BYTES];          /* reason of the last failure */
	json_t *voids; /* maps "ARM BLOCK" to why the trial is void; or NULL */
};

/* Filled and cleared with a struct rm_prepared. */
struct rm_tally {
	const struct rm_plan *plan;
	const struct rm_arms *arms;
	struct rm_tally_cell *cells; /* plan->cell_count */
	json_t *index;               /* cell id -> index */
	json_t *unfit; /* map id -> why the map failed its verification */
	size_t ok, voided, failed, skipped;
	size_t disturbed; /* part of `ok`: disturbed in every attempt */
	size_t repeated;  /* attempts after the first */
	size_t refused;   /* not repeated, for lack of budget */
};

/* Number of cells, not counting skipped ones, that have a failed trial or an
   arm without a good trial. A map with an injected bug may fail, but its cells
   need a good or a failed trial. report/load/campaign.py has the same rule. */
size_t rm_tally_incomplete(const struct rm_tally *tally);

/* Rounds a sum of shares down to whole repeats; ten times 10 % is one
   repeat. */
double rm_repeats_round_down(double allowed);

/* Options of `readmostly run`; nothing is owned. */
struct rm_run_options {
	const char *dir; /* -o; NULL: a new folder in results/ */
	bool resume;     /* resume the campaign in `dir` */
	struct rm_sources sources;
	/* as in struct rm_plan_options */
	int (*find_machine)(const char *name, struct rm_error *error);
	const char *maps;       /* NULL: no filter */
	const char *cells_from; /* list of cells; NULL: all; resume: recorded */
	const char *counters;   /* NULL: "auto"; resume: recorded */
	const uint64_t *seed;   /* NULL: random; resume: recorded */
	struct rm_arms *arms; /* --arms; count 0: none. A new campaign moves the
	                         arms out of it. */
	json_t *notes;        /* --note: an object, or NULL */
	const char *program;  /* as in struct rm_campaign */
	int interrupt_fd;     /* readable: stop; -1: none */
	bool busy_ok;         /* do not warn if other programs are running */
	unsigned wait_idle_s; /* seconds to wait for an idle machine before
	                         giving up; 0: do not wait */
};

/* Zero it first; free with rm_prepared_clear(), even after an error. */
struct rm_prepared {
	char dir[RM_PATH_BYTES];
	bool resumed;
	json_t *campaign; /* campaign.json */
	json_t *counters; /* the counter back end selected in this process */
	struct rm_counters_choice *choice;
	json_t *machine, *build;
	struct rm_topology topology;
	bool has_topology;
	struct rm_inputs mode;    /* workloads from a mode or files */
	struct rm_cell_list list; /* from --cells-from */
	struct rm_catalog catalog;
	struct rm_plan plan;
	struct rm_arms arms;
	json_t *calibration; /* NULL: windows as planned */
	struct rm_tally tally;
	struct rm_journal *journal;
	size_t torn_bytes;   /* cut off the journal */
	size_t dropped;      /* dropped lines of an incomplete block of arms */
	struct rm_busy busy; /* state of the machine before the first trial */
	struct rm_error outdated; /* names a program that is older than a
				   * source, or "" */
	struct rm_error unlinked; /* why results/latest was not made, or "" */
};

/*
 * Begins or resumes a campaign. Returns 0; -errno with `error`. -EINVAL,
 * -ENOENT, -EBUSY, -EEXIST, -ENOTSUP and -ENOSYS: options, files or this
 * machine are unsuitable. -EINTR: interrupt_fd became readable. Other errors:
 * the system failed (full disk, no memory). After an error no file is left that
 * a later run would trust. Main thread.
 */
int rm_prepare(const struct rm_run_options *wishes,
        struct rm_prepared *prepared, struct rm_error *error);

void rm_prepared_clear(struct rm_prepared *prepared);

struct rm_campaign {
	const char *dir; /* an existing folder */
	const struct rm_plan *plan;
	const json_t *counters; /* campaign.json's "counters" */
	const struct rm_arms *arms;
	const struct rm_topology *topology; /* NULL: do not check CPUs */
	unsigned cpus;       /* usable CPUs when the campaign was planned */
	const char *program; /* instead of the map programs; or NULL */
	int interrupt_fd;    /* readable: stop; -1: none */
	struct rm_journal *journal;
	struct rm_tally *tally; /* counts all journal lines */
	struct rm_progress *progress;
	bool interrupted; /* out: stopped by interrupt_fd */
};

/*
 * Runs every trial of the plan that lacks a line, in the plan's order. Cells
 * that the plan skips get a line with the reason. So do trials of maps that
 * failed their verification, and of cells that failed twice in a row.
 *
 * Returns 0 when the plan is done, or when `interrupted` is set. Returns -errno
 * with `error` when the journal or a histogram could not be written or no
 * process could be started. Returns -EXDEV before a trial whose CPUs this
 * process may no longer use. The journal stays valid, and a resume continues
 * it. Main thread; SIGXFSZ must be ignored.
 */
int rm_campaign_run(struct rm_campaign *campaign, struct rm_error *error);

/*
 * rm_launch() runs one trial in its own process and records how it ended. A
 * program that crashes, hangs, uses too much memory or prints garbage is a
 * recorded failure with a reason. Only a failure of this machine (no memory, no
 * process) is an error. The same function runs programs of other builds and
 * languages: docs/reference/trial-protocol.md.
 */

/* Parameters of a trial process. */
struct rm_launch {
	const struct rm_cell *cell;  /* cell of the request */
	const char *program;         /* NULL: this program (/proc/self/exe) */
	char *const *arguments;      /* argv; NULL: {"readmostly", "trial"} */
	uint64_t deadline_ns;        /* time limit of the whole process, > 0 */
	uint64_t memory_limit_bytes; /* RLIMIT_DATA; 0: no limit */
	uint64_t padding_seed;       /* for the environment's size (R13) */
	int interrupt_fd;            /* if readable, kill the trial; -1: none */
};

enum {
	RM_LAUNCH_ANSWER_MAX = 32 << 20, /* bytes; a longer answer is a
	                                    failure */
	RM_LAUNCH_ERRORS_KEPT = 4096,    /* last bytes of standard error */
};

/* Result of a trial process. Zero it first; free with rm_outcome_clear(). */
struct rm_outcome {
	char exit[24];      /* "0", "signal 11", "deadline", "status 1",
			       "not started" */
	const char *status; /* "ok" | "void" | "failed" (constants) */
	char *reason;       /* one line of valid UTF-8; NULL only if ok */
	json_t *result;     /* JSON that the trial printed; or NULL */
	bool interrupted; /* interrupt_fd was readable; other members invalid */
	uint64_t wall_ns;
	uint64_t peak_bytes;        /* largest resident set; 0: unknown */
	unsigned environment_bytes; /* padding added to its environment */
};

/*
 * Runs one trial with `request` and waits for its end. Call it on the main
 * thread: the trial is killed when the calling thread ends.
 *
 * Returns 0 with a filled outcome; -ENOMEM, -EAGAIN or another -errno with
 * `error` if no process could be started. If the program does not exist, the
 * outcome is "not started".
 */
int rm_launch(const struct rm_launch *launch, const json_t *request,
        struct rm_outcome *outcome, struct rm_error *error);

void rm_outcome_clear(struct rm_outcome *outcome);

/* Path of the program that an arm runs for a cell: a map program of its folder,
   or the arm's own program. The file need not exist; if it does not, the trial
   fails with that reason. Returns `path`. Any thread. */
const char *rm_arm_program(const struct rm_arm *arm, const struct rm_cell *cell,
        char path[RM_PROGRAM_BYTES]);

/* Returns 0, or -EBUSY with `error` if a process, which `error` names, holds
   the lock of DIR. Writes nothing. */
int rm_folder_check_idle(const char *dir, struct rm_error *error);

/* Returns 0 if DIR/campaign.json exists or cannot be looked up; -ENOENT with
   `error` if it is missing. */
int rm_folder_check_campaign(const char *dir, struct rm_error *error);

/* Returns 0 if DIR exists, else -ENOENT with `error`. */
int rm_folder_check_resume(const char *dir, struct rm_error *error);

/* Makes results/<UTC date>-<what>-<machine id> and writes its path. If it
   exists, -2, -3, ... is appended. `what` is the mode or the first workload.
   Returns 0; -errno with `error`. */
int rm_folder_new(const char *what, const char *machine_id, time_t now,
        char path[RM_PATH_BYTES], struct rm_error *error);

/* A random seed, 0 .. 2^53 - 1, from the kernel; used if no seed was given. */
uint64_t rm_draw_random_seed(void);

/*
 * A staged campaign (results/README.md) is a folder with stages.json and
 * plan.json, both written before anything runs, and with the folders stage-01,
 * stage-02, ..., which are campaigns that run cells of that plan. Zero it
 * first; call rm_staged_close(), even after an error.
 */
struct rm_staged {
	char dir[RM_PATH_BYTES];
	json_t *stages; /* stages.json; NULL: not written yet */
	int lock;       /* descriptor of the lock, plus 1; 0: none */
};

/*
 * Makes and locks the folder, and reads its stages.json and plan.json, which
 * must be unchanged. -EBUSY: another process runs it; -EEXIST: it contains
 * another campaign; -EINVAL: a file was changed; other -errno; all with
 * `error`.
 */
int rm_staged_open(
        const char *dir, struct rm_staged *staged, struct rm_error *error);

/* Reads stages.json without a lock, with the checks of rm_staged_open(). Stores
   a new reference. Returns -ENOENT without `error` if the file does not
   exist. */
int rm_staged_read(const char *dir, json_t **stages, struct rm_error *error);

/* Writes plan.json, then stages.json from `members`. Adds format, plan_sha256
   and sha256 to `members`, takes its reference and stores it in staged->stages.
   From then on a resume trusts both files. Returns -errno with `error`. */
int rm_staged_begin(struct rm_staged *staged, json_t *members,
        const json_t *plan, struct rm_error *error);

/* True if stages.json was written for this plan (rm_plan_to_json()), except for
   cells that were beyond a limit of this machine and may now be within it. */
bool rm_staged_has_plan(const struct rm_staged *staged, const json_t *plan);

/* Stores the path of stage `number`, from 1, in `path`. Returns 0 or
   -ENAMETOOLONG. */
int rm_staged_path(const char *dir, unsigned number, char path[RM_PATH_BYTES],
        struct rm_error *error);

/* Number of stages from stage-01 on that have a campaign.json. */
unsigned rm_staged_count(const char *dir);

/* Highest number of a stage folder; 0: none. If it exceeds rm_staged_count() +
   1, a stage in between is missing. */
unsigned rm_staged_highest(const char *dir);

/* Makes the folder of the next stage, writes its cells.txt and stores that
   file's path in `path`. Returns -errno with `error`. */
int rm_staged_write_cells(const struct rm_staged *staged, unsigned number,
        const char *text, char path[RM_PATH_BYTES], struct rm_error *error);

/* Writes DIR/NAME atomically. Returns 0 or -errno with `error`. */
int rm_staged_write(const struct rm_staged *staged, const char *name,
        const char *text, struct rm_error *error);

void rm_staged_close(struct rm_staged *staged);

/* Called for each problem with one line: "FILE:LINE: found, expected". */
typedef void rm_problem_fn(void *context, const char *text);

/* One validation. Set dir, report and context, zero the rest. */
struct rm_validation {
	const char *dir;
	rm_problem_fn *report;
	void *context;
	size_t problems;              /* out: number of problems */
	size_t cells, planned, found; /* out: cells, planned trials, lines */
	size_t incomplete;            /* out: see rm_tally_incomplete() */
	bool is_sealed;               /* out: journal lines have checksums */
	bool plan_failed;             /* out: a problem is in campaign.json */
	size_t bad_line; /* out: first line of trials.jsonl with a problem; 0:
	                     none. A resume removes a torn last line. */
};

/*
 * Checks the structure of campaign.json and trials.jsonl (every member), their
 * integrity (hashes, checksums of lines and histograms), and their completeness
 * (each planned (cell, block) has exactly one line, and no line is torn).
 *
 * Returns 0 if all could be checked, whatever was found; -errno with
 * `error` if the folder or a file in it cannot be read.
 */
int rm_validate(struct rm_validation *validation, struct rm_error *error);

#endif /* RM_CAMPAIGN_H */
