/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_campaign_run.c - how a command that runs a campaign ends: its status,
 * and whether the campaign is whole. This file replaces the two functions that
 * prepare and run one.
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

/* Returns the exit status and stores the output in `said`. */
static int run(const struct rm_wishes *wishes, bool is_stage)
{
	struct rm_telling telling = { .command = "test", .is_stage = is_stage };
	int status;

	said_begin(&said);
	/* wrong until it is set */
	whole = played.prepare || played.run || played.interrupted;
	status = rm_run_campaign(wishes, &telling, &whole);
	said_end(&said);
	if (played.cleared != 1)
		printf("# cleared %d times\n", played.cleared);
	return played.cleared == 1 ? status : -1;
}

static const struct rm_wishes wishes = { .interrupt_fd = -1 };

static bool warns(bool is_busy, bool busy_ok, const char *unlinked)
{
	struct rm_wishes wish = { .interrupt_fd = -1, .busy_ok = busy_ok };

	begin();
	played.prepared.busy.is_busy = is_busy;
	strcpy(played.prepared.busy.text, "busy");
	strcpy(played.prepared.unlinked.text, unlinked);
	return run(&wish, false) == RM_OK &&
	       strcmp(said.err, "(trials)\n") != 0;
}

static void warnings_go_to_standard_error(void)
{
	CHECK(warns(true, false, ""), "a busy machine is a warning");
	CHECK(!warns(true, true, ""), "not if the user allows it");
	CHECK(!warns(false, false, ""), "nor is a quiet one");
	CHECK(warns(false, false, "cannot link latest"),
	        "so is a link that cannot be made");
}

static void what_cannot_be_prepared(void)
{
	begin();
	played.prepare = -EBUSY;
	strcpy(played.unprepared.text, "process 7 runs it");
	CHECK(run(&wishes, false) == RM_USAGE &&
	                strstr(said.err, "process 7 runs it") && !said.out[0] &&
	                !whole && !played.campaign.dir,
	        "if a campaign cannot be prepared, no trial runs");
	begin();
	played.prepare = -ENOSPC;
	CHECK(run(&wishes, true) == RM_INCOMPLETE && !whole &&
	                !played.campaign.dir,
	        "nor on a full disk");
}

static void ends(bool is_stage)
{
	begin();
	CHECK(run(&wishes, is_stage) == RM_OK && whole,
	        "a campaign that ends is whole");
	begin();
	played.interrupted = true;
	CHECK(run(&wishes, is_stage) == RM_INTERRUPTED && !whole,
	        "one that was interrupted is not");
	begin();
	played.run = -EIO;
	strcpy(played.stopped.text, "disk gone");
	CHECK(run(&wishes, is_stage) == RM_INCOMPLETE && !whole &&
	                strstr(said.err, "disk gone"),
	        "nor is one that an error stopped");
	begin();
	counts.ok = 0;
	CHECK(run(&wishes, is_stage) == RM_INCOMPLETE && whole,
	        "one with a cell without a result is");
}

static void runs_what_was_prepared(void)
{
	struct rm_wishes wish = { .interrupt_fd = 5, .program = "/played" };
	struct rm_campaign *ran = &played.campaign;
	json_t *counters = json_object();

	begin();
	played.prepared.counters = counters;
	played.prepared.journal = (struct rm_journal *)&played;
	CHECK(run(&wish, false) == RM_OK && played.wishes == &wish,
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
	warnings_go_to_standard_error();
	what_cannot_be_prepared();
	ends(false);
	ends(true);
	runs_what_was_prepared();
	statuses();
	signals_are_watched();
	return DONE();
}
