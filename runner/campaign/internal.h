/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h - declarations that the files of this module share. */
#ifndef RM_CAMPAIGN_INTERNAL_H
#define RM_CAMPAIGN_INTERNAL_H

#include "runner/base/checksum.h"
#include "runner/campaign/arms.h"
#include "runner/campaign/campaign.h"

#include <signal.h>
#include <sys/types.h>
#include <time.h>

/* --- campaign.c, tally.c, progress.c ------------------------------------ */

/* For a resume with --arms: drops the first incomplete block and all later
   lines, since the arms of a block must run together (docs/adr/0020). dropped:
   number of lines. Returns 0, or -errno with `error`. */
int rm_campaign_drop_unfinished(const struct rm_plan *plan,
        const struct rm_arms *arms, struct rm_journal *journal, size_t *dropped,
        struct rm_error *error);

/* Prepares the tally. Returns 0 or -ENOMEM with `error`. Plan and arms must
   outlive the tally. */
int rm_tally_start(struct rm_tally *tally, const struct rm_plan *plan,
        const struct rm_arms *arms, struct rm_error *error);

/* Counts one line of the journal. Returns -EINVAL with `error` if the plan
   lacks the cell, if the arm does not run the cell, or if the status is
   unknown. */
int rm_tally_add(
        struct rm_tally *tally, const json_t *line, struct rm_error *error);

/* rm_tally_add() as a callback for rm_journal_read(). */
int rm_tally_restore_line(
        void *tally, const json_t *line, struct rm_error *error);

/* Returns true and fills `reason` if arm `number` of a cell's set must not run
   the cell's next trial. If an arm failed too often, the other arms of its set
   stop, too, since a comparison needs all arms. If an A/A control fails, only
   the control stops. */
bool rm_tally_is_stopped(const struct rm_tally *tally, size_t cell,
        size_t number, char reason[RM_REASON_BYTES]);

void rm_tally_clear(struct rm_tally *tally);

/* Counts a repeated trial and its time. The estimate of the remaining time is
   increased by the share of repeats so far. */
void rm_progress_count_repeat(
        struct rm_progress *progress, uint64_t measured_ns);

/* Begins the output. Call it before the first trial. `done` trials are already
   in the journal, and the plan estimates `left_ns` for the others. */
void rm_progress_start(struct rm_progress *progress, size_t total, size_t done,
        uint64_t left_ns);

/* Prints the cell whose trial starts. */
void rm_progress_show_cell(struct rm_progress *progress, const char *cell);

/* Counts a trial with its planned and measured time (0 if it was skipped). */
void rm_progress_count_trial(struct rm_progress *progress, uint64_t planned_ns,
        uint64_t measured_ns);

/* Call it after the last trial; ends the line on the terminal. */
void rm_progress_end(struct rm_progress *progress);

/* Returns the remaining time in ns: the plan's estimate, times the ratio of
   measured to planned time of this run's trials. */
uint64_t rm_progress_left_ns(const struct rm_progress *progress);

/* Formats a duration, for example as "2 h 05 min", "3 min 20 s" or "12 s". */
void rm_duration_text(uint64_t ns, char *text, size_t size);

/* --- describe.c: campaign.json, which contains everything that is needed to
   audit, repeat or resume a campaign (results/README.md) --- */

/* Input of campaign.json. The struct owns nothing. */
struct rm_description {
	const char *name;
	const char *mode;                /* NULL: workload files */
	const char *maps;                /* --maps; NULL: none */
	const struct rm_cell_list *list; /* --cells-from; NULL: none */
	const char *wish;                /* --counters */
	const json_t *machine;
	const json_t *build;
	const json_t *counters; /* from rm_counters_select() */
	const struct rm_workload *workloads;
	size_t workload_count;
	const struct rm_catalog *catalog;
	const struct rm_plan *plan;
	const struct rm_arms *arms;
	json_t *calibration; /* from rm_calibrate(); may be NULL */
	json_t *notes;       /* --note: an object */
	const struct rm_busy *busy;
	const char *topology_xml; /* text of topology.xml */
};

/* Returns a new reference to campaign.json as an object. NULL: no memory. */
json_t *rm_describe_campaign(const struct rm_description *description);

/* Stores a hash of "seed", "cells" and "order" of a campaign.json. Returns 0 or
   -ENOMEM. */
int rm_plan_hash(const json_t *campaign, char text[RM_SHA256_TEXT]);

/* Stores a hash of all members of a campaign.json except "sha256". Returns 0 or
   -ENOMEM. */
int rm_campaign_hash(const json_t *campaign, char text[RM_SHA256_TEXT]);

/*
 * Checks that a resume would continue the same campaign. `recorded` is the old
 * campaign.json. Compares the build, the machine and each note of `now`.
 * Compares the workloads if their count is not 0. Compares mode, maps, list,
 * counters and `seed` if they are not NULL. Returns 0, or -EINVAL with `error`,
 * which names the difference and the next step.
 */
int rm_describe_compare(const json_t *recorded,
        const struct rm_description *now, const uint64_t *seed,
        struct rm_error *error);

/* Returns a new reference to the description of a map in campaign.json. */
json_t *rm_describe_map(const struct rm_map_info *info);

/* --- files.c: atomic writes, and reading of lines --------- */

/* Stores "DIR/NAME" in `path`; -ENAMETOOLONG with `error` if it does not
   fit. */
int rm_path_join(char path[RM_PATH_BYTES], const char *dir, const char *name,
        struct rm_error *error);

/* Opens or creates a file of the campaign. Returns the descriptor
   (close-on-exec) or -errno. The folder may come from an untrusted source, so a
   symbolic link is rejected with -ELOOP, and a FIFO or device with -ENODEV. */
int rm_file_open_nofollow(const char *path, int flags);

/* Calls fsync(). Returns 0 or -errno; -ENOTRECOVERABLE if a system call filter
   refuses the call. */
int rm_file_sync(int fd);

/*
 * Replaces DIR/NAME atomically: after a crash, it is either the old file or the
 * complete new file. Writes and syncs a temporary file, renames it, and syncs
 * the folder. Returns 0; -errno with `error` (path and the system's reason).
 * After an error, the old file is unchanged, and the temporary file is removed.
 */
int rm_file_replace(const char *dir, const char *name, const void *bytes,
        size_t size, struct rm_error *error);

/* Syncs the parent folder of `path`, so that a crash cannot lose a new folder.
   `path` must not end with a slash. Returns 0 or -errno. */
int rm_folder_sync_parent(const char *path);

/* Makes a folder and its missing parents, and syncs the parent of each new
   folder. An existing folder is not an error. */
int rm_folder_make(const char *dir, struct rm_error *error);

/* Makes the folder DIR/NAME in the campaign's folder and stores its path;
   -ELOOP with `error` if it is a symbolic link. */
int rm_folder_make_nofollow(char path[RM_PATH_BYTES], const char *dir,
        const char *name, struct rm_error *error);

/* Called for each line, without its newline. `number` starts at 1. `is_torn` is
   true for a last line that lacks its newline. A nonzero result ends the
   reading and is returned. */
typedef int rm_line_fn(void *context, size_t number, const char *text,
        size_t size, bool is_torn);

/* Reads a text file line by line. Returns 0; -errno with `error`; or the first
   nonzero result of `fn`. */
int rm_lines_read(const char *path, rm_line_fn *fn, void *context,
        struct rm_error *error);

/* --- folder.c: a campaign's folder: name, lock, link, drawing
   -------------- */

/* Locks DIR/lock with flock() and writes the process id into it. The lock ends
   when the descriptor is closed or the process ends. Returns the descriptor
   (CLOEXEC); -EBUSY with `error` naming the owner; another -errno with the
   system's reason. */
int rm_folder_lock(const char *dir, struct rm_error *error);

/* Returns 0 if DIR contains only files that may exist when a campaign begins.
   Otherwise returns -EEXIST with `error`, which names one other file. */
int rm_folder_check_new(const char *dir, struct rm_error *error);

/* Removes slashes at the end of a path. */
void rm_path_trim_slashes(char *path);

/* Returns the last part of a path, which is the campaign's name. The result
   points into `path`. */
const char *rm_folder_name(const char *path);

/* Makes results/latest a link to the folder, atomically, if its parent is named
   "results". Tries both the given and the resolved path. Returns 0, also if the
   parent has a different name; or -errno with `error`. */
int rm_folder_link_latest(const char *dir, struct rm_error *error);

/* Writes topology.xml. Draws topology.svg with `lstopo` or
   `lstopo-no-graphics`, if one is installed and succeeds. */
int rm_folder_topology(
        const char *dir, const char *xml, struct rm_error *error);

/* Reads DIR/NAME. Returns 0 and a new reference; -ENOENT without `error` if it
   does not exist; other -errno with `error` (NAME:LINE: ...). */
int rm_folder_json(const char *dir, const char *name, json_t **json,
        struct rm_error *error);

/* Returns -ENOENT with `error`: DIR does not exist, or it lacks
   campaign.json. */
int rm_folder_no_campaign(const char *dir, struct rm_error *error);

/* Reads DIR/campaign.json. Returns 0 and a new reference; -ENOENT if it does
   not exist; other -errno with `error` (campaign.json:LINE: ...). */
int rm_folder_campaign(
        const char *dir, json_t **campaign, struct rm_error *error);

/*
 * --- journal.c: trials.jsonl holds the results and survives any crash.
 *
 * One line per finished trial, appended in one write and synced before the next
 * trial starts. Only one process at a time may open the journal (flock on
 * DIR/lock). A last line without a newline is torn: it does not count, and
 * opening the journal removes it.
 */

/* Called for each line. A result other than 0, with `error`, ends the
   reading. */
typedef int rm_journal_fn(
        void *context, const json_t *trial, struct rm_error *error);

/* Locks the campaign folder and reads its journal, or creates it. torn_bytes:
   length of a torn last line that was removed, otherwise 0. Returns 0 and
   *journal, which the caller closes. -EBUSY: `error` names another process that
   has opened it. -EINVAL: `error` names the line of trials.jsonl that was
   changed, is not a trial, or repeats a (cell, block, attempt, arm). Other
   -errno with the system's reason. */
int rm_journal_open(const char *dir, struct rm_journal **journal,
        size_t *torn_bytes, struct rm_error *error);

/* Calls fn for each trial, in order. Returns 0; -EINVAL with `error`, which has
   the line number and fn's reason; -errno if the file cannot be read. */
int rm_journal_read(struct rm_journal *journal, rm_journal_fn *fn,
        void *context, struct rm_error *error);

/* Moves the first trial whose key is in the object `from`, and all trials after
   it, to the end of DIR/unfinished.jsonl. dropped: the number of moved trials.
   After a crash during the move, trials may be in both files. Returns -errno
   with `error`. */
int rm_journal_drop(struct rm_journal *journal, const json_t *from,
        size_t *dropped, struct rm_error *error);

/* State of one attempt (cell, block, attempt, arm). It determines whether the
   trial is repeated. */
enum rm_attempt_state {
	RM_ATTEMPT_NONE,      /* the attempt has no line */
	RM_ATTEMPT_GOOD,      /* ok and not disturbed */
	RM_ATTEMPT_TO_REPEAT, /* void or disturbed: repeat it */
	RM_ATTEMPT_FAILED,    /* failed or skipped: do not repeat it */
};
enum rm_attempt_state rm_journal_find(const struct rm_journal *journal,
        const char *cell, unsigned block, unsigned attempt, const char *arm);

/* Returns an object that maps the rm_trial_key() of each attempt to its
   rm_attempt_state. The journal owns the object. */
const json_t *rm_journal_attempts(const struct rm_journal *journal);

/* Number of lines in the journal. */
size_t rm_journal_length(const struct rm_journal *journal);

/* Returns -ESTALE if trials.jsonl was deleted, moved or replaced after it was
   opened. New lines would be lost. */
int rm_journal_check_place(
        const struct rm_journal *journal, struct rm_error *error);

/* Appends one line and syncs it. `trial` has "cell", "block" and "arm", and
   "attempt" unless it is 1. Returns 0; -EEXIST if the trial already has a line;
   -ESTALE like rm_journal_check_place(); -ENOSPC, -EFBIG, -EIO... with the
   system's reason. After such an error, a resume ignores any part of the line
   in the file, and every later append fails. SIGXFSZ must be ignored, so that
   RLIMIT_FSIZE becomes an error. */
int rm_journal_append(struct rm_journal *journal, const json_t *trial,
        struct rm_error *error);

/* Releases the lock. NULL is allowed. */
void rm_journal_close(struct rm_journal *journal);

/* Writes the key of a line: a text made of cell, block, attempt and arm, which
   is unique in the campaign. A line without "attempt", from an older version,
   is attempt 1. Returns -EINVAL with `error` if a member is missing. */
enum { RM_TRIAL_KEY_BYTES = 512 };
#define RM_TRIAL_KEY "%s block %lld attempt %lld arm %s"
int rm_trial_key(const json_t *trial, char key[RM_TRIAL_KEY_BYTES],
        struct rm_error *error);

/* --- interference.c, repeat.c: disturbances and repeats of trials ------ */

/* Interference with one trial. */
struct rm_interference {
	int64_t steal_ticks; /* stolen time of all CPUs; -1: unknown */
	double load;         /* before the trial; negative: unknown */
	/* Share of the CPU time of the cell's CPUs, 0 to 1, that other programs
	   used while the trial's process existed. The precision is about 10 ms
	   per CPU; negative: unknown. */
	double others_share;
	/* Share of the same CPU time that the hypervisor took from this
	   machine. Up to one tick per CPU counts as 0. */
	double stolen_share;
	/* How long a CPU quota stopped the control group during the trial,
	   summed over its CPUs; negative: unknown. */
	int64_t throttled_ns;
};

struct rm_interference_start {
	int64_t steal_ticks, busy_ticks, stolen_ticks, throttled_ns;
	double children_cpu_ns;
	uint64_t at_ns;
};

/* Returns a result in which all values but the current load are unknown. */
struct rm_interference rm_interference_unknown(void);

/* Number of CPUs to which the cell's threads are bound; 0: threads are not
   bound. */
unsigned rm_interference_count_cpus(const struct rm_cell *cell);

/* Call rm_interference_begin() before the trial's process starts, and
   rm_interference_end() after it was reaped. */
void rm_interference_begin(
        const struct rm_cell *cell, struct rm_interference_start *start);
void rm_interference_end(const struct rm_cell *cell,
        const struct rm_interference_start *start,
        struct rm_interference *interference);

/* Compares the share of time that other programs and the hypervisor took from a
   trial with the limit of its cell. Returns true and fills `text` if the share
   is above the limit. Returns false if the share is below the limit or unknown.
   result: the trial's result, or NULL. Any thread. */
bool rm_repeat_disturbed(const struct rm_cell *cell, const json_t *result,
        const struct rm_interference *interference, char text[RM_REASON_BYTES]);

/* If the system refused memory or a thread to a trial, appends the tightest
   limit to the trial's reason. `oom_killed`: the kernel killed the trial
   because memory ran out. Returns 0 or -ENOMEM. */
int rm_reason_add_limit(bool oom_killed, char **reason);

/* Returns the attempt state of a journal line; never RM_ATTEMPT_NONE. */
enum rm_attempt_state rm_attempt_state_of(const json_t *line);

/* Returns the state of one attempt, from `attempts` (rm_journal_attempts()). */
enum rm_attempt_state rm_attempt_find_state(const json_t *attempts,
        const char *cell, unsigned block, unsigned attempt, const char *arm);

/* True if all arms must run this attempt of a cell in a block, given the states
   of earlier attempts. Attempts start at 1. Also true if the attempt is already
   in the journal. Ignores the budget. */
bool rm_repeat_is_due(const json_t *attempts, const struct rm_arms *arms,
        const struct rm_cell *cell, unsigned block, unsigned attempt);

/* A walk over all turns of a campaign. Set the first three members, and zero
   the rest. Running, resuming and validating a campaign use the same walk, so
   that repeats depend only on the plan and the attempts (docs/adr/0024). */
struct rm_repeats {
	const struct rm_plan *plan;
	const struct rm_arms *arms;
	const json_t *attempts; /* may grow during the walk */
	unsigned round;         /* current round */
	double allowed;         /* repeats that the rounds so far allow */
	size_t made;            /* repeats so far; at most `allowed` */
	size_t refused;         /* trials whose repeat exceeds the budget */
	bool is_over;           /* true if this round has no more repeats */
};

/* Processes one turn: all arms of a cell in a block, for one attempt. Returns 0
   to continue the walk. */
typedef int rm_turn_fn(
        void *context, size_t cell, unsigned block, unsigned attempt);

/* For each round, calls `turn` for the first attempts of all its cells, then
   for their second attempts, and so on, within the budget of repeats. Returns
   the last result of `turn`. */
int rm_repeats_walk(
        struct rm_repeats *repeats, rm_turn_fn *turn, void *context);

/* True if these attempts include cells that the plan skips because of a limit,
   and that an earlier resume ran. Such cells have only the arm "head". */
bool rm_repeats_has_waiting(const struct rm_plan *plan, const json_t *attempts);

/* Returns the total number of repeats that a plan allows. Without a budget,
   this is more than 10 per trial. */
double rm_repeats_limit(const struct rm_plan *plan, const struct rm_arms *arms);

/* --- record.c: the journal line of a trial, and its histogram files
   ------------------ */

/* Data of a trial that the runner knows. */
struct rm_record {
	const char *cell; /* id */
	unsigned block;
	const char *arm;
	unsigned slot;             /* position among the arms of the block */
	unsigned attempt;          /* from 1 */
	const char *binary_sha256; /* hash of the program; NULL: unknown */
	uint64_t seed;
	struct timespec started; /* CLOCK_REALTIME */
	struct rm_interference interference;
	const char *disturbed; /* reason why the trial is disturbed, or NULL */
};

/*
 * Builds the line of a trial that ran. In the latency entries, replaces
 * "buckets" with "histogram".
 *
 * dir   campaign folder; receives histograms/NAME.hlog, so that every file that
 *       a line names exists; NULL: writes no histograms
 * line  out: a new reference
 * Returns 0; -errno with `error` if a file cannot be written; -ENOMEM.
 */
int rm_record_trial(const struct rm_record *record, struct rm_outcome *outcome,
        const char *dir, json_t **line, struct rm_error *error);

/* Builds the line of a trial that is not run. Returns a new reference; NULL: no
   memory. */
json_t *rm_record_skip(const struct rm_record *record, const char *reason);

enum { RM_UTC_BYTES = 32 };
/* Formats a time as "2026-11-20T08:01:02.345Z". */
void rm_utc_text(struct timespec when, char text[RM_UTC_BYTES]);

/* --- validate.c, validate_trials.c, problem.c --------------------------- */

enum { RM_CAMPAIGN_FORMAT = 1 }; /* "format" in campaign.json and lines */

/* The first part of rm_validate(). Fills plan and arms if it can read them
   (cells > 0); the caller frees both. */
int rm_validate_campaign(struct rm_validation *validation, struct rm_plan *plan,
        struct rm_arms *arms, struct rm_error *error);
int rm_validate_trials(struct rm_validation *validation, struct rm_plan *plan,
        const struct rm_arms *arms, struct rm_error *error);

/* Before a resume: checks the lines of a journal. Returns -EINVAL with `error`
   if a line was changed, or lines before others are missing. */
int rm_validate_journal(const char *dir, struct rm_plan *plan,
        const struct rm_arms *arms, struct rm_error *error);

/* Reports one problem. Formats its text like printf(). */
void rm_problem(struct rm_validation *validation, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* Returns the line number, from 1, of a member in JSON text that is indented by
   two blanks per level, like campaign.json. `path` has the form
   "cells[3].blocks". If a part of the path is missing, returns the line of its
   parent. */
size_t rm_json_line(const char *text, const char *path);

/* --- play.c: program, request and limits of one trial */

/* One trial to run. The struct owns only `counters`. */
struct rm_cell_trial_run {
	const struct rm_cell *cell;
	const struct rm_arm *arm;
	const char *program; /* replaces the map program in tests; or NULL */
	uint64_t seed;
	uint64_t padding_seed;
	json_t *counters; /* rm_cell_trial_run() takes the reference */
	int interrupt_fd; /* -1: none */
};

/* Runs the trial. Returns the same errors as rm_launch(). */
int rm_cell_trial_run(const struct rm_cell_trial_run *play,
        struct rm_outcome *outcome, struct rm_error *error);

/* Returns a value for RLIMIT_DATA that protects the machine: half of the
   remaining memory plus the stacks of `threads` threads. Returns 0 (no limit)
   if the remaining memory is unknown, and in builds with a sanitizer, which
   reserve terabytes. */
uint64_t rm_memory_limit_bytes(unsigned threads);

/* --- spawn.c: a child process that ends when this process ends ----------- */

/* A running child. The pipe ends are the parent's, non-blocking and CLOEXEC. */
struct rm_child {
	pid_t pid;  /* process id, and id of the child's process group */
	int input;  /* write end of its standard input; -1: closed */
	int output; /* read end of its standard output; -1: closed */
	int errors; /* read end of its standard error; -1: closed */
	uint64_t forked_bytes; /* resident set of this process at the fork */
	int changes;   /* signalfd; readable after the child ended, or after the
	                * child or this process was stopped */
	sigset_t mask; /* signal mask of this process before rm_spawn() */
	bool was_stopped;
};

struct rm_spawn {
	const char *program;         /* path, not searched for in PATH */
	char *const *arguments;      /* argv, NULL-terminated */
	uint64_t memory_limit_bytes; /* RLIMIT_DATA; 0: none */
	/* Number of bytes added to the environment. They shift the start of the
	   stack, differently in each trial (requirement R13); 0: none. */
	unsigned padding_bytes;
	/* NULL-terminated NAME=VALUE strings that replace inherited variables;
	   or NULL */
	const char *const *variables;
};

enum { RM_SPAWN_PADDING_MAX = 4096 };

/*
 * Starts the program in its own process group. It inherits only descriptors 0,
 * 1 and 2; SIGPIPE and SIGXFSZ are neither blocked nor ignored. It writes no
 * core file. It has a random address layout, the default memory policy and the
 * default timer slack, even if this process has others. It receives SIGKILL
 * when the calling thread ends, so call this function on the main thread.
 * Returns 0; -errno with `error` if the program cannot be started, for example
 * because it is missing or not executable. After an error, no process or
 * descriptor remains.
 */
int rm_spawn(const struct rm_spawn *spawn, struct rm_child *child,
        struct rm_error *error);

/* Sets was_stopped if the child or this process was stopped since the last
   call. Call it after `changes` became readable, and before rm_child_reap(). */
void rm_child_note_stop(struct rm_child *child);

/*
 * Kills the child's process group, reaps the child and closes the pipes. Blocks
 * until the child has ended. peak_bytes (may be NULL) receives the child's
 * largest resident set. The kernel's value includes the parent's resident set
 * at the fork, so a value that does not exceed it becomes 0 (unknown). Returns
 * the wait status.
 */
int rm_child_reap(struct rm_child *child, uint64_t *peak_bytes);

/* Sends SIGKILL to the child and its group. The caller must still reap it. */
void rm_child_kill(const struct rm_child *child);

/* True if the child has ended. Neither blocks nor reaps. */
int rm_child_has_ended(const struct rm_child *child);

#endif /* RM_CAMPAIGN_INTERNAL_H */
