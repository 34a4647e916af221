/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - what the files of this room share, from the outside in: what a
 * campaign is, its folder, one trial, one process.
 */
#ifndef RM_CAMPAIGN_INTERNAL_H
#define RM_CAMPAIGN_INTERNAL_H

#include "runner/campaign/campaign.h"

#include <sys/types.h>
#include <time.h>

/* --- arms.c, calibrate.c ------------------------------------------------ */

/* The one arm of a campaign that was asked for none; the hash of this program,
   NULL: not known. */
void rm_arms_default(struct rm_arms *arms, const char *sha256);

/* Adds the arm of the A/A control to what rm_arms_default() made. */
void rm_arms_add_control(struct rm_arms *arms);

/* Whether these were asked for: their programs play every measure, and their
   blocks are whole or not there (docs/adr/0020). */
bool rm_arms_asked(const struct rm_arms *arms);

/*
 * Reads each program's SHA-256, makes its path absolute, and checks the sets:
 * every arm's workload is there, every workload has arms, and no two arms of a
 * set are one file with equal control_extra, which would compare nothing.
 * -EINVAL, or -errno of a program that cannot be read, with `error`.
 */
int rm_arms_settle(struct rm_arms *arms, const struct rm_workload *workloads,
        size_t workload_count, struct rm_error *error);

/* The name of a cell's program in rm_arm.programs, "plain/gomap_rw". */
enum { RM_ARM_PROGRAM_BYTES = RM_NAME_BYTES + 16 };
const char *rm_arm_program_name(const struct rm_arm *arm,
        const struct rm_cell *cell, char name[RM_ARM_PROGRAM_BYTES]);

/* The flavour of the program that an arm has for a cell. */
const char *rm_arm_flavour(
        const struct rm_arm *arm, const struct rm_cell *cell);

/* Fills `programs` and sha256 of the arms with a folder: each program that a
   cell of the plan needs. -ENOMEM. */
int rm_arms_hash(struct rm_arms *arms, const struct rm_plan *plan);

/*
 * For a resume, after settling what was asked for anew: the arms of
 * campaign.json into a zeroed *arms, whose programs must still be what they
 * were. `asked` (count 0: nothing) must be equal to them. -EINVAL or -errno
 * with `error`, which names the arm.
 */
int rm_arms_recall(const json_t *campaign, const struct rm_arms *asked,
        struct rm_arms *arms, struct rm_error *error);

/* "arms" of campaign.json, both ways; the programs are not looked at. */
json_t *rm_arms_to_json(const struct rm_arms *arms);
int rm_arms_from_json(
        const json_t *campaign, struct rm_arms *arms, struct rm_error *error);

/* The order of a set in one turn: order[slot] is an index into it. `seed` is
   that of the trials. */
void rm_arms_order(uint64_t seed, size_t count, size_t order[RM_ARMS_MAX]);

/*
 * Before a campaign of arms: turns the timed window of every throughput cell
 * into a count of iterations which lasts as long on the first arm of the
 * cell's set, found by a few trials of that arm. Warm-ups become at least a
 * third of the window and one iteration per resident key. A cell whose trials
 * fail is skipped by the plan from now on, with the reason.
 *
 * record  out: "calibration" of campaign.json; new reference
 * Returns 0; -EINVAL with `error` for cells that arms cannot play; -EINTR when
 * `interrupt_fd` became readable; -errno where no process can be made.
 */
int rm_calibrate(struct rm_plan *plan, const struct rm_arms *arms,
        const char *program, int interrupt_fd, json_t **record,
        struct rm_error *error);

/* --- campaign.c, tally.c, progress.c ------------------------------------ */

/*
 * Before a resume of arms that were asked for: drops the first block that is
 * not whole and what follows it, since what ran apart is no pair and no block
 * (docs/adr/0020). dropped: lines, 0 where there is nothing to drop.
 * -errno with `error`.
 */
int rm_campaign_drop_unfinished(const struct rm_plan *plan,
        const struct rm_arms *arms, struct rm_journal *journal, size_t *dropped,
        struct rm_error *error);

/* -ENOMEM with `error`. Plan and arms must outlive the tally. */
int rm_tally_start(struct rm_tally *tally, const struct rm_plan *plan,
        const struct rm_arms *arms, struct rm_error *error);

/* Counts one line of the journal. -EINVAL with `error`: a cell that is not in
   the plan, an arm that does not run it, or a status that does not exist. */
int rm_tally_add(
        struct rm_tally *tally, const json_t *line, struct rm_error *error);

/* The same for rm_journal_read(): `tally` is a struct rm_tally. */
int rm_tally_recall(void *tally, const json_t *line, struct rm_error *error);

/* Why the next trial of a cell by arm `number` of its set is not to be run, in
   `reason`; false: run it. An arm that is given up takes the others with it,
   because nothing can be compared with it any more. An A/A control takes none. */
bool rm_tally_gives_up(const struct rm_tally *tally, size_t cell, size_t number,
        char reason[RM_REASON_BYTES]);

void rm_tally_clear(struct rm_tally *tally);

/* A trial beside the plan ended, in this time: `left_ns` grows with the share of
   such time so far. */
void rm_progress_repeated(struct rm_progress *progress, uint64_t measured_ns);

/* Before the first trial: `done` trials are there already, and `left_ns` is
   what the plan says of the others. */
void rm_progress_start(struct rm_progress *progress, size_t total, size_t done,
        uint64_t left_ns);

/* A trial of this cell starts. */
void rm_progress_now(struct rm_progress *progress, const char *cell);

/* A trial ended: planned and measured time. One that was skipped took no
   time: measured 0. */
void rm_progress_done(struct rm_progress *progress, uint64_t planned_ns,
        uint64_t measured_ns);

/* After the last trial; leaves the terminal's line complete. */
void rm_progress_end(struct rm_progress *progress);

/* Time left in ns: what the plan says, corrected by how measured trials
   compared to their plan. */
uint64_t rm_progress_left_ns(const struct rm_progress *progress);

/* "2 h 05 min", "3 min 20 s" or "12 s". */
void rm_duration_text(uint64_t ns, char *text, size_t size);

/* --- describe.c: campaign.json, all that is needed to audit, repeat or resume
   a campaign (results/README.md) ----------------------------------------- */

/* What campaign.json is made from; nothing is owned. */
struct rm_description {
	const char *name;                /* of the folder */
	const char *mode;                /* NULL: workload files */
	const char *maps;                /* --maps; NULL: none */
	const struct rm_cell_list *list; /* --cells-from; NULL: none */
	const char *wish;                /* --counters */
	const json_t *machine;
	const json_t *build;
	const json_t *counters; /* of rm_counters_select() */
	const struct rm_workload *workloads;
	size_t workload_count;
	const struct rm_catalog *catalog;
	const struct rm_plan *plan;
	const struct rm_arms *arms;
	json_t *calibration; /* of rm_calibrate(); may be NULL */
	json_t *notes;       /* --note: an object */
	const struct rm_busy *busy;
	const char *topology_xml; /* the text of topology.xml */
};

/* The object; new reference. NULL: no memory. */
json_t *rm_describe(const struct rm_description *description);

/* Hash of "seed", "cells" and "order" of a campaign.json. -ENOMEM. */
int rm_plan_hash(const json_t *campaign, char text[RM_SHA256_TEXT]);

/* Hash of all members of a campaign.json but "sha256", which holds it.
   -ENOMEM. */
int rm_campaign_hash(const json_t *campaign, char text[RM_SHA256_TEXT]);

/*
 * Whether a resume would continue the same campaign. `recorded` is the old
 * campaign.json. Of `now` are compared: build, machine, each of the notes, and,
 * where they are given, workloads (count not 0), mode, maps, list and wish (not
 * NULL). `seed`: what was asked for, or NULL.
 * Returns 0, or -EINVAL with `error`: what is another now, and what to do.
 */
int rm_describe_compare(const json_t *recorded,
        const struct rm_description *now, const uint64_t *seed,
        struct rm_error *error);

/* A map as campaign.json lists it. New reference. */
json_t *rm_describe_map(const struct rm_map_info *info);

/* --- files.c: files that are whole or not there, lines read back --------- */

/* "DIR/NAME" into `path`; -ENAMETOOLONG with `error` where it does not fit. */
int rm_path_join(char path[RM_PATH_BYTES], const char *dir, const char *name,
        struct rm_error *error);

/* open(2) of a file of the campaign that is there or made: nothing is followed
   out of the folder, which may come from elsewhere, by a link. The descriptor
   (CLOEXEC); -errno, where a link is -ELOOP. */
int rm_file_own(const char *path, int flags);

/*
 * Writes DIR/NAME so that after a crash at any moment it is the old file, or
 * all of the new one: a temporary file, fsync, rename, fsync of the folder.
 * Returns 0; -errno with `error` (path and the system's reason): then the old
 * file, if any, is untouched and the temporary one removed.
 */
int rm_file_replace(const char *dir, const char *name, const void *bytes,
        size_t size, struct rm_error *error);

/* Syncs the folder that `path`, without a slash at its end, is in: else a crash
   may lose a folder that was just made. 0 or -errno. */
int rm_folder_sync_parent(const char *path);

/* Makes a folder and those above it, and syncs each folder that got one; one
   that is there is fine. */
int rm_folder_make(const char *dir, struct rm_error *error);

/* Makes DIR/NAME, a folder of the campaign's own, and writes its path; -ELOOP
   with `error` where it is a link. */
int rm_folder_own(char path[RM_PATH_BYTES], const char *dir, const char *name,
        struct rm_error *error);

/* Called per line, without its newline; `number` from 1. `is_torn`: the last
   one, which has no newline. Not 0 ends the reading and is returned. */
typedef int rm_line_fn(void *context, size_t number, const char *text,
        size_t size, bool is_torn);

/*
 * Reads a text file line by line. Returns 0; -errno with `error`; or what
 * `fn` returned.
 */
int rm_lines_read(const char *path, rm_line_fn *fn, void *context,
        struct rm_error *error);

/* --- checksum.c: damage of what is kept is found ------------------------ */

enum { RM_CRC32_TEXT = 9 }; /* 8 hex digits and the end */

/* CRC-32 (zlib's) of `size` bytes as lower-case hex digits. */
void rm_crc32(const void *bytes, size_t size, char text[RM_CRC32_TEXT]);

/* That of a file; -errno where it cannot be read. */
int rm_crc32_file(const char *path, char text[RM_CRC32_TEXT]);

/* The compact text of an object with a last member "crc32", which is over the
   bytes before it, and a newline; to be freed. NULL: no memory. */
char *rm_line_seal(const json_t *line);

/* Whether a line (without its newline) is as rm_line_seal() made it. */
enum rm_seal {
	RM_SEAL_NONE, /* it has no checksum: an older one, or damaged there */
	RM_SEAL_WHOLE,
	RM_SEAL_BROKEN, /* something in it was changed */
};
enum rm_seal rm_line_check(const char *text, size_t size);

/* --- folder.c: its name, its owner, its links, its drawing -------------- */

/*
 * Locks DIR/lock for this process until the descriptor closes, and writes the
 * process id into it; flock, for the kernel drops it with the process. Returns
 * the descriptor (CLOEXEC); -EBUSY with `error` naming the owner; another
 * -errno with the system's reason.
 */
int rm_folder_lock(const char *dir, struct rm_error *error);

/* Cuts what slashes a path ends with: a campaign has the name of its folder. */
void rm_folder_trim(char *path);

/* Last part of a path: the campaign's name. Points into `path`. */
const char *rm_folder_name(const char *path);

/*
 * Where the folder stands in one named "results", by the path that was given or
 * by the one that it leads to: makes results/latest a link to it, in one step.
 * 0 also elsewhere; -errno with `error`.
 */
int rm_folder_link_latest(const char *dir, struct rm_error *error);

/* Writes topology.xml, and topology.svg where `lstopo` or
   `lstopo-no-graphics` is installed and can draw. */
int rm_folder_topology(
        const char *dir, const char *xml, struct rm_error *error);

/* Reads DIR/NAME: 0 and a new reference; -ENOENT, without `error`: there is
   none; other -errno with `error` (NAME:LINE: ...). */
int rm_folder_json(const char *dir, const char *name, json_t **json,
        struct rm_error *error);

/* Reads DIR/campaign.json: 0 and a new reference; -ENOENT: there is none;
   other -errno with `error` (campaign.json:LINE: ...). */
int rm_folder_campaign(
        const char *dir, json_t **campaign, struct rm_error *error);

/*
 * --- journal.c: trials.jsonl, what was measured, safe against any end.
 *
 * One line per finished trial, appended in one write and synced before the
 * next trial starts. One owner at a time (flock on DIR/lock). Only a line that
 * ends in a newline counts: what a crash tore is cut off on the next opening.
 */

/* Called per line. Not 0, with `error`, ends the reading. */
typedef int rm_journal_fn(
        void *context, const json_t *trial, struct rm_error *error);

/*
 * Takes ownership of the campaign folder and reads its journal (made empty
 * where there is none). torn_bytes: length of a torn last line that was cut
 * off, else 0.
 * Returns 0 and *journal, to be closed. -EBUSY: another process owns it, and
 * `error` names it; -EINVAL: `error` is trials.jsonl:LINE with a line that was
 * changed, is no trial, or is the second one of a (cell, block, arm); other -errno with the
 * system's reason.
 */
int rm_journal_open(const char *dir, struct rm_journal **journal,
        size_t *torn_bytes, struct rm_error *error);

/* Tells fn each trial that is there, in order. 0; -EINVAL with `error`, the
   line and fn's reason; -errno where it cannot be read. */
int rm_journal_read(struct rm_journal *journal, rm_journal_fn *fn,
        void *context, struct rm_error *error);

/*
 * Drops the first trial whose key is in the object `from`, and all after it,
 * `dropped` in number: they go to the end of DIR/unfinished.jsonl and out of the
 * journal. A crash in between may leave them in both. -errno with `error`.
 */
int rm_journal_drop(struct rm_journal *journal, const json_t *from,
        size_t *dropped, struct rm_error *error);

/* The line of (cell, block, attempt, arm), and what it means for another one. */
enum rm_repeat {
	RM_ATTEMPT_NONE,   /* no line */
	RM_ATTEMPT_GOOD,   /* ok, and nobody disturbed it */
	RM_ATTEMPT_SPOILT, /* void or disturbed: to be run again */
	RM_ATTEMPT_FAILED, /* or not run: no other attempt mends that */
};
enum rm_repeat rm_journal_find(const struct rm_journal *journal,
        const char *cell, unsigned block, unsigned attempt, const char *arm);

/* All of them: an object, rm_trial_key() -> enum rm_repeat; the journal's. */
const json_t *rm_journal_attempts(const struct rm_journal *journal);

/* Lines in the journal. */
size_t rm_journal_length(const struct rm_journal *journal);

/*
 * Appends one line and syncs it. `trial` has "cell", "block" and "arm", and
 * "attempt" where it is not 1. Returns 0; -EEXIST where that trial has a line already; -ENOSPC, -EFBIG,
 * -EIO... with the system's reason: then nothing of the line is left that a
 * resume would trust, and every later append fails, too. Needs SIGXFSZ
 * ignored to survive RLIMIT_FSIZE.
 */
int rm_journal_append(struct rm_journal *journal, const json_t *trial,
        struct rm_error *error);

/* Gives up ownership. NULL is allowed. */
void rm_journal_close(struct rm_journal *journal);

/*
 * Reads (cell, block, attempt, arm) of a line into `key`, a text that is equal
 * for equal trials only; lines older than repeats have no attempt: 1. -EINVAL with `error` where it has no such members.
 */
enum { RM_TRIAL_KEY_BYTES = 512 };
#define RM_TRIAL_KEY "%s block %lld attempt %lld arm %s"
int rm_trial_key(const json_t *trial, char key[RM_TRIAL_KEY_BYTES],
        struct rm_error *error);

/* --- interference.c, repeat.c: what others did, and what follows --------- */

/* Of one trial. */
struct rm_interference {
	int64_t steal_ticks; /* of all CPUs during the trial; -1: unknown */
	double load;         /* before the trial; negative: unknown */
	/* of the time of the cell's CPUs while its process lived, what others
	   used, 0 .. 1, to about 10 ms for each CPU; negative: unknown */
	double others_share;
	/* the same of the hypervisor; one tick for each CPU counts as 0 */
	double stolen_share;
};

struct rm_interference_start {
	int64_t steal_ticks, busy_ticks, stolen_ticks;
	double own_ns;
	uint64_t at_ns;
};

/* Nothing known but the load of now. */
struct rm_interference rm_interference_unknown(void);

/* Around the life of a trial's process, which is reaped in between. */
void rm_interference_begin(
        const struct rm_cell *cell, struct rm_interference_start *start);
void rm_interference_end(const struct rm_cell *cell,
        const struct rm_interference_start *start,
        struct rm_interference *interference);

/*
 * Compares the time that other programs and the hypervisor took from a trial
 * with the limit of its cell. Returns true and fills `text` if it is above the
 * limit, false if nothing was counted. result: of the trial, or NULL. Any
 * thread.
 */
bool rm_repeat_disturbed(const struct rm_cell *cell, const json_t *result,
        const struct rm_interference *interference, char text[RM_REASON_BYTES]);

/* What a line of the journal says of further attempts; never NONE. */
enum rm_repeat rm_repeat_state(const json_t *line);

/* In `attempts`, as of rm_journal_attempts(). */
enum rm_repeat rm_repeat_find(const json_t *attempts, const char *cell,
        unsigned block, unsigned attempt, const char *arm);

/* Whether those that are there ask for this one, from 1 on, of a cell in a
   block, by all arms; true also where it is there already. What the budget
   says is another question. */
bool rm_repeat_is_due(const json_t *attempts, const struct rm_arms *arms,
        const struct rm_cell *cell, unsigned block, unsigned attempt);

/*
 * A walk over all that a campaign plays: set the first three, zero the rest.
 * Who runs, resumes and audits a campaign takes the same walk, so that what is
 * repeated follows from plan and attempts alone (docs/adr/0029).
 */
struct rm_repeats {
	const struct rm_plan *plan;
	const struct rm_arms *arms;
	const json_t *attempts; /* may grow while one walks */
	unsigned round;         /* that is walked */
	double allowed;         /* repeats, by the rounds begun so far */
	size_t made;            /* of them; never more than allowed */
	size_t refused;         /* spoilt trials for which nothing was left */
	bool is_over;           /* nothing is repeated any more in this round */
};

/* One turn: a cell's arms, in a block, for this attempt. Not 0 ends the
   walk. */
typedef int rm_turn_fn(
        void *context, size_t cell, unsigned block, unsigned attempt);

/* Turns in their order: rounds; in each the first attempts of its cells, then
   their repeats, attempt by attempt, as long as there is a budget. What `turn`
   returned. */
int rm_repeats_walk(
        struct rm_repeats *repeats, rm_turn_fn *turn, void *context);

/* How many repeats a plan allows in all; above 10 for each trial where there
   is no bound. */
double rm_repeats_most(const struct rm_plan *plan, const struct rm_arms *arms);

/* --- record.c: a trial's line, and its histogram files ------------------ */

/* What the runner knows of a trial. */
struct rm_record {
	const char *cell; /* id */
	unsigned block;
	const char *arm;
	unsigned slot;             /* its place among the block's arms */
	unsigned attempt;          /* from 1 */
	const char *binary_sha256; /* of the program; NULL: not known */
	uint64_t seed;
	struct timespec started; /* CLOCK_REALTIME */
	struct rm_interference interference;
	const char *disturbed; /* by others, how much; NULL: it was not */
};

/*
 * The line of a trial that ran. Takes "buckets" out of the outcome's latency
 * entries and puts "histogram" in their place.
 *
 * dir   campaign folder: histograms/NAME.hlog is written first (so that no line
 *       names a file that is not there); NULL: none
 * line  out: new reference
 * Returns 0; -errno with `error` where a file cannot be written; -ENOMEM.
 */
int rm_record_trial(const struct rm_record *record, struct rm_outcome *outcome,
        const char *dir, json_t **line, struct rm_error *error);

/* The line of a trial that is not run, and why. New reference; NULL: no
   memory. */
json_t *rm_record_skip(const struct rm_record *record, const char *reason);

enum { RM_UTC_BYTES = 32 };
/* "2026-11-20T08:01:02.345Z" */
void rm_utc_text(struct timespec when, char text[RM_UTC_BYTES]);

/* --- validate.c, validate_trials.c, problem.c --------------------------- */

enum { RM_CAMPAIGN_FORMAT = 1 }; /* of campaign.json and of each line */

/* The two halves of rm_validate(). Plan and arms are filled where the first
   could read them (cells > 0), and are to be freed. */
int rm_validate_campaign(struct rm_validation *validation, struct rm_plan *plan,
        struct rm_arms *arms, struct rm_error *error);
int rm_validate_trials(struct rm_validation *validation,
        const struct rm_plan *plan, const struct rm_arms *arms,
        struct rm_error *error);

/* Reports one problem, printf style. */
void rm_problem(struct rm_validation *validation, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/*
 * Line, from 1, of a member in a text that was written with two blanks of
 * indentation per level (as campaign.json is). `path` is "cells[3].blocks".
 * Where a part of the path is missing: the line of what it is missing from.
 */
size_t rm_json_line(const char *text, const char *path);

/* --- play.c: one trial of a cell: which program, what request, what limits */

/* What is played; nothing is owned. */
struct rm_play {
	const struct rm_cell *cell;
	const struct rm_arm *arm;
	const char *program; /* of an arm without one; NULL: the measure's */
	uint64_t seed;
	uint64_t padding_seed;
	json_t *counters; /* of the request; a reference that is taken */
	int interrupt_fd; /* -1: none */
};

/* Runs it; as rm_launch(). */
int rm_play(const struct rm_play *play, struct rm_outcome *outcome,
        struct rm_error *error);

/*
 * A limit of RLIMIT_DATA that keeps the machine alive: half of MemAvailable
 * plus the stacks of `threads` threads. 0 (none) where it cannot be known and
 * in builds with a sanitizer, which reserve terabytes.
 */
uint64_t rm_memory_limit(unsigned threads);

/* --- spawn.c: a child that cannot outlive this process ------------------ */

/* A running child: this side's pipe ends, all non-blocking and CLOEXEC. */
struct rm_child {
	pid_t pid;  /* also the id of its process group */
	int input;  /* write: its standard input; -1 once closed */
	int output; /* read: its standard output; -1 once closed */
	int errors; /* read: its standard error; -1 once closed */
	int exited; /* pidfd: readable when it ended; -1: old kernel */
	uint64_t forked_bytes; /* resident set of this process at the fork */
};

struct rm_spawn {
	const char *program;         /* path, not searched for in PATH */
	char *const *arguments;      /* argv, NULL-terminated */
	uint64_t memory_limit_bytes; /* RLIMIT_DATA; 0: none */
	/* Bytes of environment added (0: none), so that the stack starts
	   elsewhere in each trial (statistics R13). */
	unsigned padding_bytes;
	/* NAME=VALUE that replace those of our environment; NULL-terminated,
	   or NULL: none */
	const char *const *variables;
};

enum { RM_SPAWN_PADDING_MAX = 4096 };

/*
 * Starts the program in a process group of its own. It inherits descriptors
 * 0, 1 and 2 only, no blocked or ignored SIGPIPE and SIGXFSZ, writes no core,
 * and gets SIGKILL when the calling thread ends: call it on the main thread.
 *
 * Returns 0; -errno with `error` where it cannot be started at all, a program
 * that is missing or not executable included: then nothing is left behind.
 */
int rm_spawn(const struct rm_spawn *spawn, struct rm_child *child,
        struct rm_error *error);

/*
 * Kills what is left of the child's group, reaps the child and closes the
 * pipes. Blocks until it has ended. `peak_bytes` (may be NULL): its largest
 * resident set; 0: not known, as it was not above that of this process at the
 * fork, which the kernel counts in. Returns the wait status.
 */
int rm_child_reap(struct rm_child *child, uint64_t *peak_bytes);

/* Sends SIGKILL to the child and its group; still to be reaped. */
void rm_child_kill(const struct rm_child *child);

/* Whether the child has ended; does not block and does not reap. */
int rm_child_ended(const struct rm_child *child);

#endif /* RM_CAMPAIGN_INTERNAL_H */
