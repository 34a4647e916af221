/* SPDX-License-Identifier: Apache-2.0 */
/* campaign_run.c - prepares and runs one campaign, and says how it went. */
#include "runner/cli/campaign_run.h"

#include "runner/cli/python.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

int rm_watch_signals(void)
{
	const int stops[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t watched;

	sigemptyset(&watched);
	for (size_t i = 0; i < sizeof(stops) / sizeof(*stops); i++) {
		struct sigaction now;

		/* nohup: what is ignored stays ignored */
		if (!sigaction(stops[i], NULL, &now) &&
		        now.sa_handler != SIG_IGN)
			sigaddset(&watched, stops[i]);
	}
	sigprocmask(SIG_BLOCK, &watched, NULL);
	signal(SIGXFSZ, SIG_IGN); /* a full file is an error, not our end */
	return signalfd(-1, &watched, SFD_CLOEXEC);
}

int rm_status_of(int result)
{
	switch (result) {
	case -EINVAL:
	case -ENOENT:
	case -EBUSY:
	case -EEXIST:
	case -ENOTSUP:
	case -ENOSYS:
	case -EACCES:
	case -ENOTDIR:
	case -EISDIR:
	case -ENAMETOOLONG:
	case -ELOOP:
		return RM_USAGE;
	case -EINTR:
		return RM_INTERRUPTED;
	default:
		return RM_INCOMPLETE;
	}
}

/* Lines that go are said, not dropped in silence: who has seen them in the
   journal would miss them. A new campaign has neither. */
static void say_mended(const struct rm_prepared *prepared)
{
	if (prepared->torn_bytes)
		printf("%s/trials.jsonl: cut off %zu bytes of a line that was "
		       "never finished; its trial runs again\n",
		        prepared->dir, prepared->torn_bytes);
	if (prepared->dropped)
		printf("%s/trials.jsonl: dropped %zu trials of a round that "
		       "was never finished (they are in unfinished.jsonl); it "
		       "runs again, whole\n",
		        prepared->dir, prepared->dropped);
}

/* Before the first trial. Of stages only the first is told of who works here:
   the others ask with busy_ok. */
static void say_warnings(const struct rm_prepared *prepared,
        const struct rm_wishes *wishes, const char *command)
{
	say_mended(prepared);
	if (prepared->busy.is_busy && !wishes->busy_ok)
		fprintf(stderr,
		        "readmostly %s: %s: results will not rank; stop other "
		        "work, or wait (--wait-idle 60), or go on like this "
		        "(--busy-ok)\n",
		        command, prepared->busy.text);
	if (prepared->unlinked.text[0])
		fprintf(stderr, "readmostly %s: %s; the campaign goes on\n",
		        command, prepared->unlinked.text);
}

/* What a stage came to; how to go on with the whole is its command's to say. */
static int stage_status(const struct rm_tally *tally, bool whole, int stopped)
{
	rm_run_counts(tally);
	fflush(stdout);
	if (!whole)
		return stopped ? RM_INCOMPLETE : RM_INTERRUPTED;
	return rm_tally_incomplete(tally) ? RM_INCOMPLETE : RM_OK;
}

/* Becomes the report of a campaign. Without the sources or their Python the
   campaign is done all the same. */
static int become_page(const struct rm_prepared *prepared, int result)
{
	struct rm_question question = { .words = { prepared->dir },
		.count = 1,
		.command = "run",
		.interrupt_fd = -1 };
	char python[RM_PYTHON_BYTES];
	struct rm_error error = { 0 };

	if (!rm_python_find(python, &error)) {
		rm_run_failures(&prepared->tally);
		return rm_python_become(&question);
	}
	result = rm_run_summary(&prepared->tally, prepared->dir, result, false);
	fprintf(stderr, "readmostly run: no page: %s\n", error.text);
	printf("Next: readmostly report %s\n", prepared->dir);
	return result;
}

static int run(struct rm_prepared *prepared, const struct rm_wishes *wishes,
        const struct rm_telling *telling, bool *whole)
{
	struct rm_progress progress = { .out = stderr,
		.is_terminal = isatty(STDERR_FILENO) };
	struct rm_campaign campaign = {
		.dir = prepared->dir,
		.plan = &prepared->plan,
		.counters = prepared->counters,
		.arms = &prepared->arms,
		.program = wishes->program,
		.interrupt_fd = wishes->interrupt_fd,
		.journal = prepared->journal,
		.tally = &prepared->tally,
		.progress = &progress,
	};
	struct rm_error error = { 0 };

	say_warnings(prepared, wishes, telling->command);
	if (!telling->is_stage)
		printf("%s %s\n", prepared->resumed ? "resuming" : "campaign:",
		        prepared->dir);
	fflush(stdout);
	int result = rm_campaign_run(&campaign, &error);

	if (result)
		fprintf(stderr, "readmostly %s: %s\n", telling->command,
		        error.text);
	*whole = !result && !campaign.interrupted;
	if (telling->is_stage)
		return stage_status(&prepared->tally, *whole, result);
	if (telling->page && *whole)
		return become_page(prepared, result);
	return rm_run_summary(
	        &prepared->tally, prepared->dir, result, campaign.interrupted);
}

int rm_run_campaign(const struct rm_wishes *wishes,
        const struct rm_telling *telling, bool *whole)
{
	struct rm_prepared prepared = { 0 };
	struct rm_error error = { 0 };
	int result = rm_prepare(wishes, &prepared, &error);
	int status;

	*whole = false;
	if (result) {
		status = rm_status_of(result);
		fprintf(stderr, "readmostly %s: %s\n", telling->command,
		        error.text);
	} else {
		status = run(&prepared, wishes, telling, whole);
	}
	rm_prepared_clear(&prepared);
	return status;
}
