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
 * The arms of a workload form a set. In each block, every arm of the set runs a
 * cell once, one directly after the other. All arms get the same seed, and so
 * the same keys and operations. The seed also determines the order of the arms,
 * so that disturbances affect all arms alike. Without --arms there is one set:
 * the arm "head", which is this build, and the arm "aa" for cells with an A/A
 * control (docs/adr/0059).
 */
enum { RM_ARMS_MAX = 16, RM_ARM_NAME_BYTES = 17 };

struct rm_arm {
	char name[RM_ARM_NAME_BYTES]; /* a-z, 0-9 and - */
	rm_name workload; /* runs the cells of this workload; "": of all
	                     workloads without their own set */
	char *program;    /* owned absolute path of a program that runs all
	                     cells, or of a folder of map programs; NULL: the
	                     folder `maps` next to this program */
	bool is_folder;   /* `program` is a folder */
	char flavour[16]; /* flavour of the programs of an A/A control, which
	                     runs only cells with has_control; otherwise "" */
	json_t *programs; /* owned; for a folder: maps FLAVOUR/ID of each
	                     program of the plan to its SHA-256 (null if
	                     unreadable) */
	char sha256[RM_SHA256_TEXT]; /* of the program, or of the sorted JSON of
	                                `programs`; "": unknown */
	double control_extra; /* share of unreported operations, 0 .. 1 */
};

/* Zero it first; free with rm_arms_clear(). The arms of a set are adjacent. */
struct rm_arms {
	struct rm_arm list[RM_ARMS_MAX];
	size_t count;
};

/* The arms of one workload: a part of rm_arms.list. */
struct rm_arm_set {
	const struct rm_arm *arms;
	size_t count; /* 0: the workload has no arms */
};

/* Adds the set of one --arms option: [WORKLOAD:]NAME=FILE[+SHARE%],... Returns
   0, or -EINVAL with `error`, which names the arm and the expected form. */
int rm_arms_parse(
        struct rm_arms *arms, const char *text, struct rm_error *error);

/* Returns the arms that run a cell. */
struct rm_arm_set rm_arms_find_set(
        const struct rm_arms *arms, const struct rm_cell *cell);

/* True if the user gave --arms. If so, the programs of the arms run every
   measure, and a resume drops an incomplete block (docs/adr/0020). */
bool rm_arms_are_given(const struct rm_arms *arms);

void rm_arms_clear(struct rm_arms *arms);

/* Progress of one campaign. Set `out` and `is_terminal`, zero the rest. */
struct rm_progress {
	FILE *out;        /* NULL: print nothing */
	bool is_terminal; /* rewrite one line; otherwise a line per minute */
	size_t total;     /* trials of the plan */
	size_t done;      /* first attempts, including those of earlier runs */
	size_t repeated;  /* repeats, including those of earlier runs */
	double repeats_most; /* maximum of repeats; 0: unknown */
	uint64_t left_ns;    /* planned time of the remaining trials */
	uint64_t planned_ns, measured_ns; /* for the trials of this run */
	uint64_t printed_ns;              /* when the last line was printed */
};

struct rm_journal; /* opaque: trials.jsonl and its lock */

/* A cell that fails this number of times in a row is stopped. */
enum { RM_FAILURES_IN_A_ROW = 2 };

struct rm_tally_cell {
	/* number of trials of all arms; only the last attempt counts */
	unsigned voided, failed, skipped;
	unsigned good[RM_ARMS_MAX]; /* number of ok trials, by arm of the set */
	enum rm_counted {
		RM_COUNTED_NOTHING,
		RM_COUNTED_OK,
		RM_COUNTED_DISTURBED, /* ok, but disturbed */
		RM_COUNTED_VOID,
	} last[RM_ARMS_MAX];                   /* index: arm of the set */
	unsigned failed_in_a_row[RM_ARMS_MAX]; /* index: arm of the set */
	char reason[RM_REASON_BYTES];          /* reason of the last failure */
	json_t *voids; /* maps "ARM BLOCK" to the reason why the trial is void;
	                  or NULL */
};

/* Counts of the journal's lines. rm_prepare() fills it, and rm_prepared_clear()
   frees it. */
struct rm_tally {
	const struct rm_plan *plan;
	const struct rm_arms *arms;
	struct rm_tally_cell *cells; /* plan->cell_count */
	json_t *index;               /* cell id -> index */
	json_t *unfit; /* maps a map's id to the reason why the map failed its
	                  verification */
	size_t ok, voided, failed, skipped;
	size_t disturbed; /* disturbed in every attempt */
	size_t repeated;  /* attempts after the first */
	size_t refused;   /* repeats that were due but exceeded the budget */
};

/* Number of cells that have a failed trial or an arm without an ok trial;
   skipped cells do not count. A map with an injected bug may fail, but its
   cells need an ok or failed trial. report/load/campaign.py has the same
   rule. */
size_t rm_tally_incomplete(const struct rm_tally *tally);

/* Rounds a sum of shares down to an integer, with a tolerance: ten times 10 %
   is one repeat. */
double rm_repeats_round_down(double allowed);

/* Options of `readmostly run`. The struct owns nothing. */
struct rm_run_options {
	const char *dir; /* -o; NULL: a new folder in results/ */
	bool resume;     /* resume the campaign in `dir` */
	struct rm_sources sources;
	/* see struct rm_plan_options */
	int (*find_machine)(const char *name, struct rm_error *error);
	const char *maps;       /* NULL: no filter */
	const char *cells_from; /* NULL: all cells; in a resume, as recorded */
	const char *counters;   /* NULL: "auto"; in a resume, as recorded */
	const uint64_t *seed;   /* NULL: random; in a resume, as recorded */
	struct rm_arms *arms; /* --arms; count 0: no arms. A new campaign takes
	                         ownership of the arms and sets the count to
	                         0. */
	json_t *notes;        /* --note: an object, or NULL */
	const char *program;  /* see struct rm_campaign */
	int interrupt_fd;     /* if readable, stop; -1: never stop */
	bool busy_ok;         /* do not warn if other programs are running */
	unsigned wait_idle_s; /* 0: do not wait for an idle machine */
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
	json_t *calibration; /* NULL: the windows are those of the plan */
	struct rm_tally tally;
	struct rm_journal *journal;
	size_t torn_bytes;   /* size of a torn last line that was removed from
	                        the journal */
	size_t dropped;      /* lines of an incomplete block */
	struct rm_busy busy; /* state of the machine before the first trial */
	struct rm_error outdated; /* a program is older than its source; or
	                           * "" */
	struct rm_error unlinked; /* why results/latest was not made; or "" */
};

/*
 * Begins or resumes a campaign. Returns 0; -errno with `error`. -EINVAL,
 * -ENOENT, -EBUSY, -EEXIST, -ENOTSUP and -ENOSYS: the options, the files or
 * this machine are unsuitable. -EINTR: interrupt_fd became readable. Other
 * errors: the system failed (full disk, no memory). After an error, it leaves
 * no file that a later run would accept. Main thread.
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
	const char *program; /* replaces the map programs in tests; or NULL */
	int interrupt_fd;    /* if readable, stop; -1: never stop */
	struct rm_journal *journal;
	struct rm_tally *tally; /* counts all journal lines */
	struct rm_progress *progress;
	bool interrupted; /* out: true if interrupt_fd stopped the campaign */
};

/*
 * Runs every trial of the plan that lacks a line, in the plan's order. Appends
 * a line with the reason, instead of running a trial, for cells that the plan
 * skips, maps that failed their verification, and cells that failed twice in a
 * row.
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
 * process) is an error. The program may belong to another build or language:
 * docs/reference/trial-protocol.md.
 */

/* Parameters of a trial process. */
struct rm_launch {
	const struct rm_cell *cell;  /* cell of the request */
	const char *program;         /* NULL: this program (/proc/self/exe) */
	char *const *arguments;      /* argv; NULL: {"readmostly", "trial"} */
	uint64_t deadline_ns;        /* time limit of the whole process, > 0 */
	uint64_t memory_limit_bytes; /* RLIMIT_DATA; 0: no limit */
	uint64_t padding_seed;       /* sets the padding of the stack (R13) */
	int interrupt_fd;            /* if readable, kill the trial; -1: none */
};

enum {
	RM_LAUNCH_ANSWER_MAX = 32 << 20, /* bytes; longer answers fail */
	RM_LAUNCH_ERRORS_KEPT = 4096,    /* last bytes of standard error */
};

/* Result of a trial process. Zero it first; free with rm_outcome_clear(). */
struct rm_outcome {
	char exit[24];      /* "0", "signal 11", "deadline", "status 1",
			       "not started" */
	const char *status; /* "ok" | "void" | "failed" (constants) */
	char *reason;       /* one line of valid UTF-8; NULL only if ok */
	json_t *result;     /* JSON that the trial printed; or NULL */
	bool interrupted;   /* true if interrupt_fd was readable; the other
	                       members are then invalid */
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

/* Stores the path of the program that an arm runs for a cell: a map program in
   the arm's folder, or the arm's own program. The file may be missing; the
   trial then fails with that reason. Returns `path`. Any thread. */
const char *rm_arm_program(const struct rm_arm *arm, const struct rm_cell *cell,
        char path[RM_PROGRAM_BYTES]);

/* Returns 0, or -EBUSY with `error` if a process, which `error` names, holds
   the lock of DIR. Writes nothing. */
int rm_folder_check_idle(const char *dir, struct rm_error *error);

/* Returns -ENOENT with `error` if DIR/campaign.json does not exist. Returns 0
   if it exists or cannot be looked up. */
int rm_folder_check_campaign(const char *dir, struct rm_error *error);

/* Returns 0 if DIR exists, else -ENOENT with `error`. */
int rm_folder_check_resume(const char *dir, struct rm_error *error);

/* Makes the folder results/<UTC date>-<what>-<machine id> and stores its path.
   If the folder exists, appends -2, -3, ... to its name. `what` is the mode or
   the first workload. Returns 0; -errno with `error`. */
int rm_folder_new(const char *what, const char *machine_id, time_t now,
        char path[RM_PATH_BYTES], struct rm_error *error);

/* Returns a random seed from the kernel, 0 .. 2^53 - 1. */
uint64_t rm_draw_random_seed(void);

/*
 * A staged campaign (results/README.md) is a folder with stages.json and
 * plan.json, which are written before anything runs. Its subfolders stage-01,
 * stage-02, ... are campaigns that run cells of that plan. Zero the struct
 * first; call rm_staged_close(), even after an error.
 */
struct rm_staged {
	char dir[RM_PATH_BYTES];
	json_t *stages; /* stages.json; NULL before it is written */
	int lock;       /* descriptor of the lock, plus 1; 0: no lock */
};

/*
 * Makes and locks the folder, and reads its stages.json and plan.json, which
 * must be unchanged. Returns 0; -EBUSY if another process runs the campaign;
 * -EEXIST if the folder contains another campaign; -EINVAL if a file was
 * changed; or another -errno; all with `error`.
 */
int rm_staged_open(
        const char *dir, struct rm_staged *staged, struct rm_error *error);

/* Reads stages.json without a lock, with the checks of rm_staged_open(). Stores
   a new reference. Returns -ENOENT without `error` if the file does not
   exist. */
int rm_staged_read(const char *dir, json_t **stages, struct rm_error *error);

/* Writes plan.json, then stages.json from `members`. Adds format, plan_sha256
   and sha256 to `members`, takes its reference and stores it in staged->stages.
   A resume accepts both files from then on. Returns -errno with `error`. */
int rm_staged_begin(struct rm_staged *staged, json_t *members,
        const json_t *plan, struct rm_error *error);

/* True if stages.json was written for this plan (rm_plan_to_json()). The
   comparison ignores cells that were beyond a limit of this machine, since the
   limit may have changed. */
bool rm_staged_has_plan(const struct rm_staged *staged, const json_t *plan);

/* Stores the path of stage `number`, from 1, in `path`. Returns 0 or
   -ENAMETOOLONG. */
int rm_staged_path(const char *dir, unsigned number, char path[RM_PATH_BYTES],
        struct rm_error *error);

/* Number of stages from stage-01 on that have a campaign.json. */
unsigned rm_staged_count(const char *dir);

/* Highest number of a stage folder; 0: no such folder. If it exceeds
   rm_staged_count() + 1, a stage is missing. */
unsigned rm_staged_highest(const char *dir);

/* Makes the folder of the next stage, writes its cells.txt, and stores the path
   of cells.txt in `path`. Returns -errno with `error`. */
int rm_staged_write_cells(const struct rm_staged *staged, unsigned number,
        const char *text, char path[RM_PATH_BYTES], struct rm_error *error);

/* Writes DIR/NAME atomically. Returns 0 or -errno with `error`. */
int rm_staged_write(const struct rm_staged *staged, const char *name,
        const char *text, struct rm_error *error);

void rm_staged_close(struct rm_staged *staged);

/* Called for each problem with one line: "FILE:LINE: found, expected". */
typedef void rm_problem_fn(void *context, const char *text);

/* Input and result of a validation. Set dir, report and context, and zero the
   rest. */
struct rm_validation {
	const char *dir;
	rm_problem_fn *report;
	void *context;
	size_t problems;              /* out: number of problems */
	size_t cells, planned, found; /* out: cells, planned trials, lines */
	size_t incomplete;            /* out: see rm_tally_incomplete() */
	bool is_sealed;               /* out: journal lines have checksums */
	bool plan_failed;             /* out: campaign.json has a problem */
	size_t bad_line; /* out: lines of trials.jsonl before this one can be
	                    kept; 0: all can be kept, except a torn last line,
	                    which a resume removes */
};

/*
 * Checks the structure of campaign.json and trials.jsonl (every member), their
 * integrity (hashes, checksums of lines and histograms), and their completeness
 * (each planned (cell, block) has exactly one line, and no line is torn).
 *
 * Returns 0 if everything could be checked, even if it found problems; -errno
 * with `error` if the folder or a file in it cannot be read.
 */
int rm_validate(struct rm_validation *validation, struct rm_error *error);

#endif /* RM_CAMPAIGN_H */
