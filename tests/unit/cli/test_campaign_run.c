/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_campaign_run.c - what is said of a campaign, and to whom, in which case
 * and in which not. The campaign is played: the two functions of its room that
 * prepare and run one are this file's.
 */
#include "runner/cli/campaign_run.h"
#include "tests/unit/cli/said.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

/* What preparing finds, and how the campaign ends. */
static struct played {
	struct rm_prepared prepared;
	struct rm_error unprepared, stopped;
	int prepare, run;
	bool interrupted;
	int cleared;
	struct rm_campaign campaign; /* as it was run; dir NULL: it was not */
	const struct rm_wishes *wishes;
} played;

static struct rm_plan_cell cell = {
	.cell = { .id = "c", .map = "m", .blocks = 1 }
};
static struct rm_tally_cell counts;
static struct said said;

int rm_prepare(const struct rm_wishes *wishes, struct rm_prepared *prepared,
        struct rm_error *error)
{
	played.wishes = wishes;
	*error = played.unprepared;
	*prepared = played.prepared;
	return played.prepare;
}

void rm_prepared_clear(struct rm_prepared *prepared)
{
	(void)prepared;
	played.cleared++;
}

int rm_campaign_run(struct rm_campaign *campaign, struct rm_error *error)
{
	/* past stdio: who waits for hours has read by now where it is */
	dprintf(STDOUT_FILENO, "(trials)\n");
	dprintf(STDERR_FILENO, "(trials)\n");
	played.campaign = *campaign;
	campaign->interrupted = played.interrupted;
	*error = played.stopped;
	return played.run;
}

static void begin(void)
{
	played = (struct played){ .prepare = 0 };
	strcpy(played.prepared.dir, "results/x");
	counts = (struct rm_tally_cell){ .ok = 1 };
	played.prepared.plan = (struct rm_plan){
		.cells = &cell, .cell_count = 1, .trial_count = 1
	};
	played.prepared.arms =
	        (struct rm_arms){ .list = { { .name = "head" } }, .count = 1 };
	played.prepared.tally =
	        (struct rm_tally){ .plan = &played.prepared.plan,
		        .arms = &played.prepared.arms,
		        .cells = &counts,
		        .unfit = NULL,
		        .ok = 1 };
}

static bool whole;

/* All that is said, and the status. */
static bool says(const struct rm_wishes *wishes, bool is_stage, int status,
        const char *out, const char *err)
{
	struct rm_telling telling = { .command = "test", .is_stage = is_stage };
	int got;

	said_begin(&said);
	/* wrong until it is set */
	whole = played.prepare || played.run || played.interrupted;
	got = rm_run_campaign(wishes, &telling, &whole);
	said_end(&said);
	if (got != status)
		printf("# status %d, expected %d\n", got, status);
	return same_words(said.out, out) && same_words(said.err, err) &&
	       got == status && played.cleared == 1;
}

#define COUNTS     "1 trials: 1 ok, 0 void, 0 failed, 0 skipped\n"
#define DONE_WORDS COUNTS "status: done\n"

static const struct rm_wishes wishes = { .interrupt_fd = -1 };

static void a_campaign_says_where_it_is(void)
{
	begin();
	CHECK(says(&wishes, false, RM_OK,
	              "campaign: results/x\n(trials)\n" DONE_WORDS,
	              "(trials)\n") &&
	                whole,
	        "a campaign says its folder, its counts and its status");
	begin();
	played.prepared.resumed = true;
	CHECK(says(&wishes, false, RM_OK,
	              "resuming results/x\n(trials)\n" DONE_WORDS,
	              "(trials)\n") &&
	                whole,
	        "one that is resumed says so");
	begin();
	played.prepared.resumed = true;
	CHECK(says(&wishes, true, RM_OK, "(trials)\n" COUNTS, "(trials)\n") &&
	                whole,
	        "a stage says its counts alone");
}

#define TORN                                                                 \
	"results/x/trials.jsonl: cut off 17 bytes of a line that was never " \
	"finished; its trial runs again\n"
#define DROPPED                                                               \
	"results/x/trials.jsonl: dropped 4 trials of a block that was never " \
	"finished (they are in unfinished.jsonl); it runs again, whole\n"

static void lines_that_go_are_said(void)
{
	begin();
	played.prepared.resumed = true;
	played.prepared.torn_bytes = 17;
	CHECK(says(&wishes, false, RM_OK,
	              TORN "resuming results/x\n(trials)\n" DONE_WORDS,
	              "(trials)\n"),
	        "bytes of a torn line are said, before the first trial");
	begin();
	played.prepared.resumed = true;
	played.prepared.dropped = 4;
	CHECK(says(&wishes, false, RM_OK,
	              DROPPED "resuming results/x\n(trials)\n" DONE_WORDS,
	              "(trials)\n"),
	        "and so are trials of an unfinished block");
	begin();
	played.prepared.torn_bytes = 17;
	played.prepared.dropped = 4;
	CHECK(says(&wishes, true, RM_OK, TORN DROPPED "(trials)\n" COUNTS,
	              "(trials)\n"),
	        "both, of a stage as well");
}

#define BUSY                                                                  \
	"readmostly test: somebody works: results will not rank; stop other " \
	"work, or wait (--wait-idle 60), or go on like this (--busy-ok)\n"
#define UNLINKED "readmostly test: cannot link latest; the campaign goes on\n"

static bool warns(
        bool is_busy, bool busy_ok, const char *unlinked, const char *expected)
{
	struct rm_wishes wish = { .interrupt_fd = -1, .busy_ok = busy_ok };
	char err[1024];

	begin();
	played.prepared.busy.is_busy = is_busy;
	strcpy(played.prepared.busy.text, "somebody works");
	strcpy(played.prepared.unlinked.text, unlinked);
	snprintf(err, sizeof(err), "%s(trials)\n", expected);
	return says(&wish, false, RM_OK,
	        "campaign: results/x\n(trials)\n" DONE_WORDS, err);
}

static void warnings_are_errors_words(void)
{
	CHECK(warns(true, false, "", BUSY),
	        "who works here is said, on standard error");
	CHECK(warns(true, true, "", ""), "not where others may");
	CHECK(warns(false, false, "", ""), "nor where nobody does");
	CHECK(warns(false, false, "cannot link latest", UNLINKED),
	        "a link that could not be made is said, and ends nothing");
	CHECK(warns(true, false, "cannot link latest", BUSY UNLINKED),
	        "both are");
}

static void what_cannot_be_prepared(void)
{
	begin();
	played.prepare = -EBUSY;
	strcpy(played.unprepared.text, "process 7 runs it");
	CHECK(says(&wishes, false, RM_USAGE, "",
	              "readmostly test: process 7 runs it\n") &&
	                !whole && !played.campaign.dir,
	        "what cannot be prepared is said, and no trial runs");
	begin();
	played.prepare = -ENOSPC;
	played.prepared.torn_bytes = 17;
	strcpy(played.unprepared.text, "full");
	CHECK(says(&wishes, true, RM_INCOMPLETE, "",
	              "readmostly test: full\n") &&
	                !whole && !played.campaign.dir,
	        "and nothing else, whatever was mended");
}

#define HOW "build/readmostly run -o results/x --resume\n"

static void ends_of_a_campaign(void)
{
	static char called[] = "build/readmostly";

	program_invocation_name = called;
	begin();
	played.interrupted = true;
	CHECK(says(&wishes, false, RM_INTERRUPTED,
	              "campaign: results/x\n(trials)\n" COUNTS
	              "status: interrupted; go on with: " HOW,
	              "(trials)\n") &&
	                !whole,
	        "one that was interrupted is not whole");
	begin();
	played.run = -EIO;
	strcpy(played.stopped.text, "disk gone");
	CHECK(says(&wishes, false, RM_INCOMPLETE,
	              "campaign: results/x\n(trials)\n" COUNTS
	              "status: incomplete: stopped by an error; what was "
	              "measured is safe, go on with: " HOW,
	              "(trials)\nreadmostly test: disk gone\n") &&
	                !whole,
	        "nor is one that an error stopped, which is said");
	begin();
	counts.ok = 0;
	CHECK(says(&wishes, false, RM_INCOMPLETE,
	              "campaign: results/x\n(trials)\n" COUNTS
	              "status: incomplete: 1 of 1 cells failed or have no "
	              "result\n",
	              "(trials)\n") &&
	                whole,
	        "one where each trial has its line is, whatever it says");
}

static void ends_of_a_stage(void)
{
	begin();
	played.interrupted = true;
	CHECK(says(&wishes, true, RM_INTERRUPTED, "(trials)\n" COUNTS,
	              "(trials)\n") &&
	                !whole,
	        "a stage that was interrupted leaves it to its command to say");
	begin();
	played.run = -EIO;
	strcpy(played.stopped.text, "disk gone");
	CHECK(says(&wishes, true, RM_INCOMPLETE, "(trials)\n" COUNTS,
	              "(trials)\nreadmostly test: disk gone\n") &&
	                !whole,
	        "one that an error stopped says the error");
	begin();
	counts.ok = 0;
	CHECK(says(&wishes, true, RM_INCOMPLETE, "(trials)\n" COUNTS,
	              "(trials)\n") &&
	                whole,
	        "one with a cell without a result is whole and incomplete");
}

static void runs_what_was_prepared(void)
{
	struct rm_wishes wish = { .interrupt_fd = 5, .program = "/played" };
	struct rm_campaign *ran = &played.campaign;
	json_t *counters = json_object();

	begin();
	played.prepared.counters = counters;
	played.prepared.journal = (struct rm_journal *)&played;
	CHECK(says(&wish, false, RM_OK,
	              "campaign: results/x\n(trials)\n" DONE_WORDS,
	              "(trials)\n") &&
	                played.wishes == &wish,
	        "the wishes are prepared as they are");
	CHECK(ran->counters == counters &&
	                ran->journal == (struct rm_journal *)&played &&
	                ran->interrupt_fd == 5 &&
	                !strcmp(ran->program, "/played"),
	        "journal, counters, program and who may stop it are those");
	CHECK(ran->progress && ran->progress->out == stderr &&
	                !ran->progress->is_terminal,
	        "what is going on is said on standard error");
	json_decref(counters);
}

static void statuses(void)
{
	static const int theirs[] = { -EINVAL, -ENOENT, -EBUSY, -EEXIST,
		-ENOTSUP, -ENOSYS, -EACCES, -ENOTDIR, -EISDIR, -ENAMETOOLONG,
		-ELOOP };
	static const int systems[] = { -ENOSPC, -EIO, -ENOMEM, -EROFS, -EMFILE,
		-EFBIG, -EDQUOT };
	bool person = true, machine = true;

	for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++)
		person &= rm_status_of(theirs[i]) == RM_USAGE;
	for (size_t i = 0; i < sizeof(systems) / sizeof(*systems); i++)
		machine &= rm_status_of(systems[i]) == RM_INCOMPLETE;
	CHECK(person, "what a person can put right is usage");
	CHECK(machine, "what the system lacks is incomplete");
	CHECK(rm_status_of(-EINTR) == RM_INTERRUPTED,
	        "who was stopped is interrupted");
}

/* Whether a signal that comes is read and does not end us. */
static bool is_watched(int fd, int number)
{
	char said_of[256];
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	if (!sigismember(&blocked, number))
		return false;
	raise(number);
	return read(fd, said_of, sizeof(said_of)) > 0;
}

/* Last: it blocks signals of the whole program. */
static void signals_are_watched(void)
{
	sigset_t blocked;
	int fd;

	signal(SIGINT, SIG_DFL); /* a shell's background job ignores it */
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_IGN); /* as nohup does */
	fd = rm_watch_signals();
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC, "trials do not have it");
	CHECK(read(fd, &blocked, sizeof(blocked)) == -1 && errno == EAGAIN,
	        "it is not readable before somebody wants us to stop");
	CHECK(is_watched(fd, SIGTERM) && is_watched(fd, SIGINT),
	        "SIGTERM and SIGINT make it readable");
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	CHECK(!sigismember(&blocked, SIGHUP) && !is_watched(fd, SIGHUP),
	        "what is ignored stays ignored");
	CHECK(signal(SIGXFSZ, SIG_DFL) == SIG_IGN,
	        "a file that may not grow does not end us");
	close(fd);
	signal(SIGHUP, SIG_DFL);
	fd = rm_watch_signals();
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK(is_watched(fd, SIGHUP), "SIGHUP is watched elsewhere");
	close(fd);
}

int main(void)
{
	a_campaign_says_where_it_is();
	lines_that_go_are_said();
	warnings_are_errors_words();
	what_cannot_be_prepared();
	ends_of_a_campaign();
	ends_of_a_stage();
	runs_what_was_prepared();
	statuses();
	signals_are_watched();
	return DONE();
}
