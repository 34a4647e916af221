/* SPDX-License-Identifier: Apache-2.0 */
/* test_campaign_run.c - exit status of rm_run_campaign(), and whether the
   campaign is complete. This file replaces the functions that prepare and run a
   campaign. */
#include "runner/cli/campaign_run.h"
#include "tests/unit/cli/captured_output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

/* Results of preparing and running; each test sets them. */
static struct played {
	struct rm_prepared prepared;
	struct rm_error unprepared, stopped;
	int prepare, run;
	bool interrupted;
	int cleared;
	struct rm_campaign campaign; /* copy of the argument of
	                                rm_campaign_run(); `dir` is NULL if it
	                                was not called */
	const struct rm_run_options *options;
} played;

static struct rm_plan_cell cell = {
	.cell = { .id = "c", .map = "m", .blocks = 1 }
};
static struct rm_tally_cell counts;
static struct captured_output captured;

int rm_prepare(const struct rm_run_options *options,
        struct rm_prepared *prepared, struct rm_error *error)
{
	played.options = options;
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
	/* written without stdio, to test that the path was printed before */
	dprintf(STDOUT_FILENO, "(trials)\n");
	dprintf(STDERR_FILENO, "(trials)\n");
	played.campaign = *campaign;
	campaign->interrupted = played.interrupted;
	*error = played.stopped;
	return played.run;
}

static void begin(void)
{
	static struct rm_topology topology;
	static json_t *campaign; /* campaign.json whose machine is compared with
	                            this one */

	if (!campaign && !rm_topology_load("pu:1", &topology, NULL))
		campaign = json_pack(
		        "{s:o}", "machine", rm_machine_facts(&topology));
	played = (struct played){ .prepare = 0 };
	played.prepared.topology = topology;
	played.prepared.campaign = campaign;
	strcpy(played.prepared.dir, "results/x");
	counts = (struct rm_tally_cell){ .good = { 1 } };
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

static bool complete;

/* Returns the exit status and stores the output in `captured`. */
static int run(const struct rm_run_options *options, bool is_stage)
{
	struct rm_run_output output = { .command = "test",
		.is_stage = is_stage };
	int status;

	capture_begin(&captured);
	/* must change, as it is the opposite of the expected value */
	complete = played.prepare || played.run || played.interrupted;
	status = rm_run_campaign(options, &output, &complete);
	capture_end(&captured);
	if (played.cleared != 1)
		printf("# cleared %d times\n", played.cleared);
	return played.cleared == 1 ? status : -1;
}

static const struct rm_run_options options = { .interrupt_fd = -1 };

static bool warns(bool is_busy, bool busy_ok, const char *unlinked)
{
	struct rm_run_options custom = { .interrupt_fd = -1,
		.busy_ok = busy_ok };

	begin();
	played.prepared.busy.is_busy = is_busy;
	strcpy(played.prepared.busy.text, "busy");
	strcpy(played.prepared.unlinked.text, unlinked);
	return run(&custom, false) == RM_OK &&
	       strcmp(captured.err, "(trials)\n") != 0;
}

static void warnings_go_to_standard_error(void)
{
	CHECK(warns(true, false, ""), "a busy machine causes a warning");
	CHECK(!warns(true, true, ""), "a busy machine causes no warning if "
	                              "the user allows it");
	CHECK(!warns(false, false, ""), "an idle machine is no warning");
	CHECK(warns(false, false, "cannot link latest"),
	        "a link that cannot be made is a warning, too");
}

static void invalid_preparations(void)
{
	begin();
	played.prepare = -EBUSY;
	strcpy(played.unprepared.text, "process 7 runs it");
	CHECK(run(&options, false) == RM_USAGE &&
	                strstr(captured.err, "process 7 runs it") &&
	                !captured.out[0] && !complete && !played.campaign.dir,
	        "no trial runs if the campaign cannot be prepared");
	begin();
	played.prepare = -ENOSPC;
	CHECK(run(&options, true) == RM_INCOMPLETE && !complete &&
	                !played.campaign.dir,
	        "no trial runs if the disk is full");
}

static void ends(bool is_stage)
{
	begin();
	CHECK(run(&options, is_stage) == RM_OK && complete,
	        "a campaign that ends normally is complete");
	begin();
	played.interrupted = true;
	CHECK(run(&options, is_stage) == RM_INTERRUPTED && !complete,
	        "an interrupted campaign is not complete");
	begin();
	played.run = -EIO;
	strcpy(played.stopped.text, "disk gone");
	CHECK(run(&options, is_stage) == RM_INCOMPLETE && !complete &&
	                strstr(captured.err, "disk gone"),
	        "a campaign that an error stopped is not complete");
	begin();
	counts.good[0] = 0;
	CHECK(run(&options, is_stage) == RM_INCOMPLETE && complete,
	        "a cell without a result leaves the campaign complete");
}

static void runs_what_was_prepared(void)
{
	struct rm_run_options custom = { .interrupt_fd = 5,
		.program = "/played" };
	struct rm_campaign *ran = &played.campaign;
	json_t *counters = json_object();

	begin();
	played.prepared.counters = counters;
	played.prepared.journal = (struct rm_journal *)&played;
	CHECK(run(&custom, false) == RM_OK && played.options == &custom,
	        "options are passed to rm_prepare() unchanged");
	CHECK(ran->counters == counters &&
	                ran->journal == (struct rm_journal *)&played &&
	                ran->interrupt_fd == 5 &&
	                !strcmp(ran->program, "/played"),
	        "journal, counters, program and interrupt_fd are passed on");
	CHECK(ran->progress && ran->progress->out == stderr &&
	                !ran->progress->is_terminal,
	        "progress is printed to standard error");
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
		person &= rm_exit_status(theirs[i]) == RM_USAGE;
	for (size_t i = 0; i < sizeof(systems) / sizeof(*systems); i++)
		machine &= rm_exit_status(systems[i]) == RM_INCOMPLETE;
	CHECK(person, "errors that the user can fix are RM_USAGE");
	CHECK(machine, "errors of the system are RM_INCOMPLETE");
	CHECK(rm_exit_status(-EINTR) == RM_INTERRUPTED,
	        "an interrupt is RM_INTERRUPTED");
}

/* Raises a signal. Returns true if it is blocked and the descriptor becomes
   readable. */
static bool is_watched(int fd, int number)
{
	char content[256];
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	if (!sigismember(&blocked, number))
		return false;
	raise(number);
	return read(fd, content, sizeof(content)) > 0;
}

/* Runs last, since it blocks signals for the whole program. */
static void signals_are_watched(void)
{
	sigset_t blocked;
	int fd;

	signal(SIGINT, SIG_DFL); /* background jobs of a shell ignore it */
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_IGN); /* as nohup does */
	fd = rm_watch_signals();
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC,
	        "trials do not inherit the descriptor");
	CHECK(read(fd, &blocked, sizeof(blocked)) == -1 && errno == EAGAIN,
	        "the descriptor is not readable before a signal");
	CHECK(is_watched(fd, SIGTERM) && is_watched(fd, SIGINT),
	        "SIGTERM and SIGINT make the descriptor readable");
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	CHECK(!sigismember(&blocked, SIGHUP) && !is_watched(fd, SIGHUP),
	        "an ignored signal stays ignored");
	close(fd);
	signal(SIGHUP, SIG_DFL);
	fd = rm_watch_signals();
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK(is_watched(fd, SIGHUP), "SIGHUP is watched unless ignored");
	close(fd);
}

int main(void)
{
	warnings_go_to_standard_error();
	invalid_preparations();
	ends(false);
	ends(true);
	runs_what_was_prepared();
	statuses();
	signals_are_watched();
	return DONE();
}
