/* SPDX-License-Identifier: Apache-2.0 */
/* campaign_run.c - prepares and runs one campaign and prints its outcome. */
#include "runner/cli/campaign_run.h"

#include "runner/base/build_info.h"
#include "runner/base/json.h"
#include "runner/base/limits.h"
#include "runner/cli/command.h"
#include "runner/cli/python.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

int rm_watch_signals(void)
{
	const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t watched;

	sigemptyset(&watched);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		struct sigaction action;

		/* nohup ignores SIGHUP: an ignored signal stays ignored */
		if (!sigaction(signals[i], NULL, &action) &&
		        action.sa_handler != SIG_IGN)
			sigaddset(&watched, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &watched, NULL);
	return signalfd(-1, &watched, SFD_CLOEXEC);
}

int rm_exit_status(int result)
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

/* Reports the lines that were removed from the journal, since a user may have
   read them. A new campaign has no such lines. */
static void print_repairs(const struct rm_prepared *prepared)
{
	if (prepared->torn_bytes)
		printf("%s/trials.jsonl: removed %zu bytes of an unfinished "
		       "line; its trial runs again\n",
		        prepared->dir, prepared->torn_bytes);
	if (prepared->dropped)
		printf("%s/trials.jsonl: moved %zu trials of an unfinished "
		       "round to unfinished.jsonl; the whole round runs "
		       "again\n",
		        prepared->dir, prepared->dropped);
}

/* True if the last option -O of this build is -O0, or if there is no such
   option. */
static bool is_unoptimized(void)
{
	const char *last = NULL;

	for (const char *at = rm_build_flags; (at = strstr(at, "-O")); at++)
		last = at;
	return !last || last[2] == '0';
}

/*
 * Prints warnings before the first trial. Only the first stage warns about
 * other programs; later stages set busy_ok.
 */
static void print_warnings(const struct rm_prepared *prepared,
        const struct rm_run_options *wishes, const char *command)
{
	char quota[RM_FINDING_TEXT], scheduling[RM_SCHEDULING_BYTES];
	const char *fault = rm_limits_scheduling(scheduling);

	print_repairs(prepared);
	if (fault)
		fprintf(stderr,
		        "readmostly %s: this process has %s: %s, so the "
		        "results mean little; interrupt it and start "
		        "it as usual: " RM_SCHEDULING_FIX "\n",
		        command, scheduling, fault);
	if (prepared->outdated.text[0])
		fprintf(stderr, "readmostly %s: %s\n", command,
		        prepared->outdated.text);
	if (is_unoptimized())
		fprintf(stderr,
		        "readmostly %s: built without optimization (%s), so "
		        "results mean little: build without CFLAGS\n",
		        command, rm_build_flags);
	if (rm_quota_examine(&prepared->topology, quota) != RM_FINDING_GOOD)
		fprintf(stderr, "readmostly %s: %s\n", command, quota);
	if (prepared->busy.is_busy && !wishes->busy_ok)
		fprintf(stderr,
		        "readmostly %s: %s: results will not rank maps; stop "
		        "other work, or wait (--wait-idle 60), or continue "
		        "anyway "
		        "(--busy-ok)\n",
		        command, prepared->busy.text);
	if (prepared->unlinked.text[0])
		fprintf(stderr, "readmostly %s: %s; the campaign continues\n",
		        command, prepared->unlinked.text);
}

/* Prints nothing for a comparison of arms, which does not rank maps. */
static void print_shortage(
        const struct rm_prepared *prepared, const char *command)
{
	char text[RM_REASON_BYTES];

	if (!rm_arms_are_given(&prepared->arms) &&
	        rm_plan_lacks_blocks(&prepared->plan, &prepared->catalog, text))
		fprintf(stderr, "readmostly %s: %s\n", command, text);
}

/* Warns about settings of the machine that changed since the campaign began. */
static void print_changes(
        const struct rm_prepared *prepared, const char *command)
{
	static const char moving[] = "load cpu_pressure capabilities "
	                             "perf_event_max_sample_rate";
	json_t *machine = rm_machine_facts(&prepared->topology), *now;
	const json_t *begun = json_object_get(
	        json_object_get(prepared->campaign, "machine"), "facts");
	const char *name;

	json_object_foreach (json_object_get(machine, "facts"), name, now) {
		const json_t *before = json_object_get(begun, name);

		if (!strstr(moving, name) && !json_equal(before, now))
			fprintf(stderr,
			        "readmostly %s: %s was \"%.100s\" when the "
			        "campaign began, now it is \"%.100s\": trials "
			        "before and after may differ: if that matters, "
			        "measure again (another -o DIR)\n",
			        command, name, rm_json_text(before, "text"),
			        rm_json_text(now, "text"));
	}
	json_decref(machine);
}

/*
 * Returns the exit status of a stage. Prints no advice, since the command that
 * runs the stages prints how to resume the whole campaign.
 */
static int stage_status(
        const struct rm_tally *tally, bool complete, int stopped)
{
	rm_run_counts(tally);
	fflush(stdout);
	if (!complete)
		return stopped ? RM_INCOMPLETE : RM_INTERRUPTED;
	return rm_tally_incomplete(tally) ? RM_INCOMPLETE : RM_OK;
}

/*
 * Replaces this process by the report. If the sources or Python are missing,
 * prints the summary and how to make the report later.
 */
static int exec_report(const struct rm_prepared *prepared, int result)
{
	struct rm_report_call call = { .args = { prepared->dir },
		.count = 1,
		.command = "run",
		.interrupt_fd = -1 };
	char python[RM_PYTHON_BYTES];
	struct rm_error error = { 0 };

	if (!rm_python_find(python, &error)) {
		/* the report of a comparison of arms has no totals */
		if (rm_arms_are_given(&prepared->arms))
			rm_run_summary(
			        &prepared->tally, prepared->dir, result, false);
		else
			rm_run_failures(&prepared->tally);
		return rm_python_exec(&call);
	}
	result = rm_run_summary(&prepared->tally, prepared->dir, result, false);
	fprintf(stderr, "readmostly run: no page written: %s\n", error.text);
	printf("Next: readmostly report %s\n", prepared->dir);
	return result;
}

static int run(struct rm_prepared *prepared,
        const struct rm_run_options *wishes, const struct rm_run_output *output,
        bool *complete)
{
	struct rm_progress progress = { .out = stderr,
		.is_terminal = rm_is_terminal(STDERR_FILENO) };
	struct rm_campaign campaign = {
		.dir = prepared->dir,
		.plan = &prepared->plan,
		.counters = prepared->counters,
		.arms = &prepared->arms,
		.topology = &prepared->topology,
		.cpus = (unsigned)json_integer_value(json_object_get(
		        json_object_get(prepared->campaign, "machine"),
		        "cpus")),
		.program = wishes->program,
		.interrupt_fd = wishes->interrupt_fd,
		.journal = prepared->journal,
		.tally = &prepared->tally,
		.progress = &progress,
	};
	struct rm_error error = { 0 };

	print_warnings(prepared, wishes, output->command);
	if (!output->is_stage)
		print_shortage(prepared, output->command);
	if (!output->is_stage)
		printf("%s %s\n", prepared->resumed ? "resuming" : "campaign:",
		        prepared->dir);
	fflush(stdout);
	int result = rm_campaign_run(&campaign, &error);

	if (result)
		fprintf(stderr, "readmostly %s: %s\n", output->command,
		        error.text);
	print_changes(prepared, output->command);
	*complete = !result && !campaign.interrupted;
	if (output->is_stage)
		return stage_status(&prepared->tally, *complete, result);
	if (output->page && *complete)
		return exec_report(prepared, result);
	return rm_run_summary(
	        &prepared->tally, prepared->dir, result, campaign.interrupted);
}

int rm_run_campaign(const struct rm_run_options *wishes,
        const struct rm_run_output *output, bool *complete)
{
	struct rm_prepared prepared = { 0 };
	struct rm_error error = { 0 };
	int result = wishes->resume
	                     ? rm_folder_check_resume(wishes->dir, &error)
	                     : 0;
	int status;

	*complete = false;
	if (!result)
		result = rm_prepare(wishes, &prepared, &error);
	if (result) {
		status = rm_exit_status(result);
		fprintf(stderr, "readmostly %s: %s\n", output->command,
		        error.text);
		rm_print_missing_programs(&error, &prepared.mode,
		        &prepared.catalog, wishes->maps);
	} else {
		status = run(&prepared, wishes, output, complete);
	}
	rm_prepared_clear(&prepared);
	return status;
}
