/* SPDX-License-Identifier: Apache-2.0 */
/*
 * campaign.h - the door of this room: a plan becomes a folder of results.
 *
 *	rm_arms_parse("base=old,head=new", &arms, &error)  where asked for
 *	rm_prepare(&wishes, &prepared, &error)             new, or resumed
 *	rm_campaign_run(&campaign, &error)                 what is left of it
 *	rm_prepared_clear(&prepared)
 *
 * One trial by itself is rm_launch(); a finished folder's check rm_validate().
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
 * The arms of a workload are a set. In each block a cell is run once by every
 * arm of its workload's set, one right after the other, with one seed (hence
 * the same keys and operations) and in an order that the seed draws: what
 * disturbs the machine meets them alike, and a coin decides who goes first.
 * Without --arms there is one set: the arm "head", this build, and for cells with
 * an A/A control also the arm "aa" (docs/adr/0059).
 */
enum { RM_ARMS_MAX = 16, RM_ARM_NAME_BYTES = 17 };

struct rm_arm {
	char name[RM_ARM_NAME_BYTES]; /* a-z, 0-9 and - */
	rm_name workload; /* whose cells it runs; "": of those without own */
	char *program;    /* absolute path, owned: of a program that runs all
	                  cells, or of a folder of map programs, as `maps` beside
	                  this program is; NULL: that folder */
	bool is_folder;   /* `program` is a folder */
	char flavour[16]; /* of an A/A control, which runs cells with
	                  has_control alone: that of its programs; else "" */
	json_t *programs; /* of a folder: FLAVOUR/ID of each program of the plan
	                  and its SHA-256, null where it cannot be read; owned */
	char sha256[RM_SHA256_TEXT]; /* of the program, or of `programs` as JSON
	                             with sorted keys; "": not known */
	double control_extra;        /* operations more than reported, 0 .. 1 */
};

/* Zero it first; free with rm_arms_clear(). A set stands together. */
struct rm_arms {
	struct rm_arm list[RM_ARMS_MAX];
	size_t count;
};

/* Part of rm_arms.list. */
struct rm_arm_set {
	const struct rm_arm *arms;
	size_t count; /* 0: the workload has no arms */
};

/*
 * Adds the set of one --arms option, [WORKLOAD:]NAME=FILE[+SHARE%],...
 * -EINVAL with `error`: which arm, and what was expected.
 */
int rm_arms_parse(
        struct rm_arms *arms, const char *text, struct rm_error *error);

/* The arms that run a cell. */
struct rm_arm_set rm_arms_of(
        const struct rm_arms *arms, const struct rm_cell *cell);

void rm_arms_clear(struct rm_arms *arms);

/* One campaign's progress. Set `out` and `is_terminal`, zero the rest. */
struct rm_progress {
	FILE *out;        /* NULL: say nothing */
	bool is_terminal; /* one line that is rewritten; else one a minute */
	size_t total;     /* trials of the plan */
	size_t done;      /* of them, with those of earlier runs */
	size_t repeated;  /* attempts beside them, with those of earlier runs */
	double repeats_most; /* of them the plan allows; 0: not told */
	uint64_t left_ns;    /* planned for what is not done */
	uint64_t planned_ns, measured_ns; /* of what ran in this run */
	uint64_t said_ns;                 /* when the last line was written */
};

struct rm_journal; /* opaque: trials.jsonl and its lock */

enum { RM_FAILURES_IN_A_ROW = 2 }; /* after so many a cell is given up */

struct rm_tally_cell {
	/* trials of all arms, each by its last attempt */
	unsigned ok, voided, failed, skipped;
	enum rm_counted {
		RM_COUNTED_NOTHING,
		RM_COUNTED_OK,
		RM_COUNTED_DISTURBED, /* ok, too */
		RM_COUNTED_VOID,
	} last[RM_ARMS_MAX];                   /* of each arm of its set */
	unsigned failed_in_a_row[RM_ARMS_MAX]; /* of each arm of its set */
	char reason[RM_REASON_BYTES]; /* of the last trial that failed */
	json_t *voids; /* arm and block -> reason, of `voided`; or NULL */
};

/* Made and freed with a struct rm_prepared. */
struct rm_tally {
	const struct rm_plan *plan;
	const struct rm_arms *arms;
	struct rm_tally_cell *cells; /* plan->cell_count */
	json_t *index;               /* cell id -> index */
	json_t *unfit; /* map id -> why it failed its verification */
	size_t ok, voided, failed, skipped;
	size_t disturbed; /* of `ok`: by others, in every attempt */
	size_t repeated;  /* attempts after the first */
	size_t refused;   /* spoilt, and the budget of repeats was spent */
};

/* Cells that were to run and have no good trial, or one that failed; of a
   planted misuse, which is there to fail, those that have neither. */
size_t rm_tally_incomplete(const struct rm_tally *tally);

/* How many repeats so many shares of one pay for: ten times 10 % are one. */
double rm_repeats_whole(double allowed);

/* What was asked for; nothing is owned. */
struct rm_wishes {
	const char *dir; /* -o; NULL: a new folder below results/ */
	bool resume;     /* go on with what is in `dir` */
	struct rm_sources sources;
	/* of struct rm_plan_options */
	int (*find_machine)(const char *name, struct rm_error *error);
	const char *maps;       /* NULL: no filter */
	const char *cells_from; /* a list of cells; NULL: all, or as recorded */
	const char *counters;   /* NULL: "auto", or as recorded */
	const uint64_t *seed;   /* NULL: random, or as recorded */
	struct rm_arms *arms;   /* --arms; count 0: none. A new campaign takes
	                         its programs over and empties it. */
	json_t *notes;          /* --note: an object, or NULL */
	const char *program;    /* as in struct rm_campaign */
	int interrupt_fd;       /* readable: stop; -1: none */
	bool busy_ok;           /* others may work here: nobody is warned */
	unsigned wait_idle_s;   /* wait so long until nobody does, or refuse; 0:
	                         do not wait */
};

/* Zero it before; free with rm_prepared_clear(), also after an error. */
struct rm_prepared {
	char dir[RM_PATH_BYTES];
	bool resumed;
	json_t *campaign; /* campaign.json */
	json_t *counters; /* chosen, of this process */
	struct rm_counters_choice *choice;
	json_t *machine, *build;
	struct rm_topology topology;
	bool has_topology;
	struct rm_inputs mode;    /* workloads, from a mode or from files */
	struct rm_cell_list list; /* of --cells-from */
	struct rm_catalog catalog;
	struct rm_plan plan;
	struct rm_arms arms;
	json_t *calibration; /* NULL: windows are as planned */
	struct rm_tally tally;
	struct rm_journal *journal;
	size_t torn_bytes;   /* cut off the journal */
	size_t dropped;      /* lines of an unfinished block of arms */
	struct rm_busy busy; /* as the machine was before the first trial */
	struct rm_error unlinked; /* why results/latest does not lead here */
};

/*
 * Returns 0; -errno with `error`. -EINVAL, -ENOENT, -EBUSY, -EEXIST, -ENOTSUP
 * and -ENOSYS: the wishes, the files or this machine; others: the system
 * (full disk, no memory); -EINTR: interrupt_fd. After an error nothing is left that a later run
 * would trust. Main thread.
 */
int rm_prepare(const struct rm_wishes *wishes, struct rm_prepared *prepared,
        struct rm_error *error);

void rm_prepared_clear(struct rm_prepared *prepared);

struct rm_campaign {
	const char *dir; /* its folder, which exists */
	const struct rm_plan *plan;
	const json_t *counters; /* campaign.json's "counters" */
	const struct rm_arms *arms;
	const char *program; /* that plays for arms without one; or NULL */
	int interrupt_fd;    /* readable: stop; -1: none */
	struct rm_journal *journal;
	struct rm_tally *tally; /* holds what the journal held */
	struct rm_progress *progress;
	bool interrupted; /* out: stopped by interrupt_fd */
};

/*
 * Runs every trial of the plan that has no line yet, in the plan's order.
 * Cells that the plan skips, trials of maps that failed their verification and
 * of cells that failed twice in a row get a line with the reason.
 *
 * Returns 0 when the plan is done or `interrupted`; -errno with `error` when
 * the journal, a histogram or a process could not be made: what is in the
 * journal stays good, and a resume goes on from there. Main thread; SIGXFSZ
 * ignored.
 */
int rm_campaign_run(struct rm_campaign *campaign, struct rm_error *error);

/*
 * rm_launch() runs one trial as a process of its own and records how it ended.
 * Whatever the program does (crash, hang, eat memory, answer garbage) becomes
 * a recorded failure with a reason; only what this machine refuses (no
 * memory, no process) is an error. Programs of other builds and languages go
 * through the same function: docs/reference/trial-protocol.md.
 */

/* How to run it. */
struct rm_launch {
	const struct rm_cell *cell;  /* the request's */
	const char *program;         /* NULL: this program (/proc/self/exe) */
	char *const *arguments;      /* argv; NULL: {"readmostly", "trial"} */
	uint64_t deadline_ns;        /* of the whole process, > 0 */
	uint64_t memory_limit_bytes; /* 0: none; of its data (RLIMIT_DATA) */
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
	uint64_t peak_bytes;        /* largest resident set; 0: not known */
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
 * The program that an arm has for a cell: a map program of its folder, or the
 * arm's own program. A program that is not there is a trial that fails with
 * that reason. Returns `path`. Any thread.
 */
const char *rm_arm_program(const struct rm_arm *arm, const struct rm_cell *cell,
        char path[RM_PROGRAM_BYTES]);

/*
 * Makes results/<UTC date>-<what>-<machine id>, with -2, -3, ... where that
 * exists, and writes its path. `what` is the mode or the first workload.
 * Returns 0; -errno with `error`.
 */
int rm_folder_new(const char *what, const char *machine_id, time_t now,
        char path[RM_PATH_BYTES], struct rm_error *error);

/* A seed for who asked for none, 0 .. 2^53 - 1: of the kernel's random bytes. */
uint64_t rm_campaign_seed(void);

/*
 * A staged campaign (results/README.md): a folder with stages.json and
 * plan.json, which are fixed before anything runs, and stage-01, stage-02, ...,
 * campaigns of cells of that plan. Zero it; rm_staged_close(), also after an
 * error.
 */
struct rm_staged {
	char dir[RM_PATH_BYTES];
	json_t *stages; /* stages.json; NULL: not begun */
	int lock;       /* descriptor + 1, held while it is open; 0: none */
};

/*
 * Makes the folder, owns it, and reads what is there; stages.json and plan.json
 * must be as they were written. -EBUSY: another process runs it; -EEXIST: it
 * holds another campaign; -EINVAL: changed; other -errno; all with `error`.
 */
int rm_staged_open(
        const char *dir, struct rm_staged *staged, struct rm_error *error);

/* Reads stages.json of a folder that nobody need own, as rm_staged_open() does.
   -ENOENT, without `error`: it has none. A new reference. */
int rm_staged_read(const char *dir, json_t **stages, struct rm_error *error);

/*
 * Writes plan.json, then stages.json, of `members` (which get format, plan_sha256
 * and sha256, and become staged->stages; the reference is taken): from then on
 * a resume trusts both. -errno with `error`.
 */
int rm_staged_begin(struct rm_staged *staged, json_t *members,
        const json_t *plan, struct rm_error *error);

/* Whether stages.json was begun with this plan (rm_plan_to_json()). */
bool rm_staged_has_plan(const struct rm_staged *staged, const json_t *plan);

/* The folder of stage `number`, from 1, into `path`; -ENAMETOOLONG. */
int rm_staged_path(const char *dir, unsigned number, char path[RM_PATH_BYTES],
        struct rm_error *error);

/* How many stages were begun: they have a campaign.json, without a gap. */
unsigned rm_staged_count(const char *dir);

/* The highest number of a stage's folder that is there; 0: none. Above that
   count and one more, stages in between were lost. */
unsigned rm_staged_last(const char *dir);

/* Makes the folder of the stage that comes next and writes its cells.txt, whose
   path goes to `path`. -errno with `error`. */
int rm_staged_list(const struct rm_staged *staged, unsigned number,
        const char *text, char path[RM_PATH_BYTES], struct rm_error *error);

/* Writes DIR/NAME, whole or not at all. -errno with `error`. */
int rm_staged_write(const struct rm_staged *staged, const char *name,
        const char *text, struct rm_error *error);

void rm_staged_close(struct rm_staged *staged);

/* Called per problem: one line, "FILE:LINE: what, and what was expected". */
typedef void rm_problem_fn(void *context, const char *text);

/* A validation. Set dir, report and context, zero the rest. */
struct rm_validation {
	const char *dir;
	rm_problem_fn *report;
	void *context;
	size_t problems;              /* out: how many were reported */
	size_t cells, planned, found; /* out: cells, trials planned, lines */
	size_t incomplete;            /* out: rm_tally_incomplete() */
	bool is_sealed;               /* out: its lines have checksums */
};

/*
 * Checks structure (every member of campaign.json and of each line of
 * trials.jsonl), that nothing was changed (hashes, checksums of lines and
 * histograms), and completeness (each
 * planned (cell, block) has a line, none has two, none is torn).
 *
 * Returns 0 when it could look at everything, whatever it found; -errno with
 * `error` where the folder or a file in it cannot be read.
 */
int rm_validate(struct rm_validation *validation, struct rm_error *error);

#endif /* RM_CAMPAIGN_H */
