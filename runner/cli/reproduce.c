/* SPDX-License-Identifier: Apache-2.0 */
/* reproduce.c - `readmostly dev reproduce DIR`: repeats a campaign on this
   machine. The report selects the cells and compares the verdicts. */
#include "runner/base/file.h"
#include "runner/base/json.h"
#include "runner/cli/campaign_run.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/cli/python.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OPTION_HEADLINE = 256, OPTION_FIGURE };
enum { WORKLOADS_MAX = 256, FLAGS_MAX = 2 };

static const struct argp_option options[] = {
	{ "output", 'o', "NEW", 0,
	        "folder of the new campaign (default: "
	        "results/DATE-reproduce-MACHINE)",
	        0 },
	{ "headline", OPTION_HEADLINE, NULL, 0,
	        "only the cells of the headline of DIR's report", 0 },
	{ "figure", OPTION_FIGURE, "NAME", 0,
	        "only the cells of a figure: winner, flip, forest", 0 },
	{ 0 },
};

struct repro {
	const char *source_dir; /* argument DIR */
	const char *flags[FLAGS_MAX];
	size_t flag_count;
	struct rm_start_options start;
	struct rm_run_options wishes;
	char python[RM_PYTHON_BYTES];
	char dir[RM_PATH_BYTES], list[RM_PATH_BYTES + 16];
	bool created_dir, created_workloads,
	        created_list; /* files to remove if no campaign starts */
	char *files[WORKLOADS_MAX];
	size_t file_count;
	struct rm_planned planned;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct repro *repro = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &repro->start;
		return 0;
	case 'o':
		repro->wishes.dir = text;
		return 0;
	case OPTION_HEADLINE:
	case OPTION_FIGURE:
		if (repro->flag_count)
			argp_error(state,
			        "--headline and --figure: expected only "
			        "one of them");
		repro->flags[repro->flag_count++] =
		        text ? "--figure" : "--headline";
		if (text)
			repro->flags[repro->flag_count++] = text;
		return 0;
	case ARGP_KEY_ARG:
		rm_argument_set_once(state, &repro->source_dir, text, "folder");
		return 0;
	case ARGP_KEY_END:
		if (!repro->source_dir)
			argp_error(state, "expected DIR, the folder of the "
			                  "campaign to repeat");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Makes the call `report reproduce WHAT DIR`, with the flags. */
static struct rm_report_call *report_call(const struct repro *repro,
        const char *what, struct rm_report_call *call)
{
	*call = (struct rm_report_call){ .command = "dev reproduce",
		.args = { "reproduce", what, repro->source_dir },
		.count = 3,
		.interrupt_fd = repro->wishes.interrupt_fd };
	for (size_t i = 0; i < repro->flag_count; i++)
		call->args[call->count++] = repro->flags[i];
	return call;
}

/* Converts an error to an exit status. An error of the report is a usage error,
   which the report has already printed. */
static int usage_error(int result)
{
	return result == -EIO ? -EINVAL : result;
}

static int report_unwritable(const char *path, struct rm_error *error)
{
	const int failed = errno ? -errno : -EIO;

	return rm_error_set(error, failed, "%s: %s", path,
	        failed == -EEXIST
	                ? "exists already: expected a new folder (another -o)"
	                : rm_write_reason(failed));
}

/* Creates a file. Does not follow a link, since the folder may exist. Removes
   an incomplete file. */
static int write_file(
        const char *path, const char *text, struct rm_error *error)
{
	int fd = open(path,
	        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	int failed = !file || fputs(text, file) < 0;

	failed |= file && fclose(file);
	if (!failed)
		return 0;
	failed = report_unwritable(path, error);
	if (fd >= 0)
		unlink(path);
	return failed;
}

static int create_folder(struct repro *repro, struct rm_error *error)
{
	if (snprintf(repro->dir, sizeof(repro->dir), "%s", repro->wishes.dir) >=
	        (int)sizeof(repro->dir) - 300)
		return rm_error_set(
		        error, -ENAMETOOLONG, "-o: expected a shorter path");
	repro->created_dir = !mkdir(repro->dir, 0777);
	if (repro->created_dir || errno == EEXIST)
		return 0;
	return report_unwritable(repro->dir, error);
}

static int choose_folder(struct repro *repro, struct rm_error *error)
{
	json_t *facts;
	int result;

	if (repro->wishes.dir)
		return create_folder(repro, error);
	facts = rm_machine_facts(&repro->planned.topology);
	if (!facts)
		return rm_error_set(error, -ENOMEM, "no memory");
	result = rm_folder_new("reproduce", rm_json_text(facts, "id"),
	        time(NULL), repro->dir, error);
	repro->created_dir = !result;
	json_decref(facts);
	return result;
}

/* True if `name` is a plain file name: not hidden, and without a slash. */
static bool is_file_name(const char *name)
{
	return name && name[0] && strlen(name) < RM_NAME_BYTES &&
	       name[0] != '.' &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
	                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                          "0123456789_.-")];
}

/* Writes the workloads that are recorded in DIR. They may differ from those in
   this source tree. A resume reads the files again. */
static int write_workloads(
        struct repro *repro, const json_t *inputs, struct rm_error *error)
{
	const json_t *workloads = json_object_get(inputs, "workloads"), *each;
	char path[RM_PATH_BYTES + 2 * RM_NAME_BYTES];
	size_t i;
	int result = 0;

	snprintf(path, sizeof(path), "%s/workloads", repro->dir);
	if (mkdir(path, 0777))
		return report_unwritable(path, error);
	repro->created_workloads = true;
	json_array_foreach (workloads, i, each) {
		const char *name = rm_json_text(each, "name");

		if (i == WORKLOADS_MAX || !is_file_name(name))
			return rm_error_set(error, -EINVAL,
			        "%s/campaign.json: the name of workload %zu is "
			        "invalid: expected letters, digits, _, . and -",
			        repro->source_dir, i);
		snprintf(path, sizeof(path), "%s/workloads/%s.conf", repro->dir,
		        name);
		result = write_file(path, rm_json_text(each, "text"), error);
		repro->files[repro->file_count] = result ? NULL : strdup(path);
		if (!repro->files[repro->file_count])
			return result ? result
			              : rm_error_set(
			                        error, -ENOMEM, "no memory");
		repro->file_count++;
	}
	return 0;
}

static int plan_all(struct repro *repro, struct rm_error *error)
{
	struct rm_planned *planned = &repro->planned;
	int result =
	        rm_inputs_read(&repro->wishes.sources, &planned->inputs, error);

	if (!result)
		result = rm_catalog_load(NULL, &planned->catalog, error);
	if (result)
		return result;
	return rm_planned_build(planned, 1, NULL, error) ? -EINVAL : 0;
}

/* Limits the plan to the cells that the comparisons of DIR need. */
static int plan_selected(struct repro *repro, struct rm_error *error)
{
	struct rm_planned *planned = &repro->planned;
	json_t *plan = rm_plan_to_json(&planned->plan);
	char *text = plan ? json_dumps(plan, JSON_COMPACT) : NULL, *list = NULL;
	struct rm_report_call call;
	int result = text ? 0 : rm_error_set(error, -ENOMEM, "no memory");

	report_call(repro, "cells", &call)->input = text;
	if (!result)
		result = usage_error(
		        rm_python_read(repro->python, &call, &list, error));
	snprintf(repro->list, sizeof(repro->list), "%s/cells.txt", repro->dir);
	if (!result)
		result = write_file(repro->list, list, error);
	repro->created_list = !result;
	if (!result)
		result = rm_cell_list_parse(
		        repro->list, list, strlen(list), &planned->list, error);
	free(list);
	free(text);
	json_decref(plan);
	if (result)
		return result;
	rm_plan_free(&planned->plan);
	return rm_planned_build(planned, 1, NULL, error) ? -EINVAL : 0;
}

/* Prints the estimated time. The estimate excludes repeats. */
static void print_time(const struct repro *repro)
{
	const struct rm_plan *plan = &repro->planned.plan;
	size_t trials = 0;

	for (size_t i = 0; i < plan->cell_count; i++)
		trials +=
		        plan->cells[i].cell.skip[0]
		                ? 0
		                : plan->cells[i].cell.blocks *
		                          rm_plan_trials(&plan->cells[i].cell);
	printf("%zu cells, %zu trials, about ", plan->cell_count, trials);
	rm_print_time(plan->estimate_ns);
	printf("; disturbed and void trials are repeated in addition\n");
	fflush(stdout);
}

static int prepare(struct repro *repro, struct rm_error *error)
{
	struct rm_report_call call;
	json_t *inputs = NULL;
	int result = rm_folder_check_campaign(repro->source_dir, error);

	if (!result)
		result = rm_python_find(repro->python, error);
	if (!result)
		result = usage_error(rm_python_read_json(repro->python,
		        report_call(repro, "inputs", &call), &inputs, error));
	if (!result)
		result =
		        rm_topology_load(NULL, &repro->planned.topology, error);
	if (!result)
		result = choose_folder(repro, error);
	if (!result)
		result = write_workloads(repro, inputs, error);
	repro->wishes.sources.files = repro->files;
	repro->wishes.sources.file_count = repro->file_count;
	if (!result)
		result = plan_all(repro, error);
	if (!result)
		result = plan_selected(repro, error);
	if (!result)
		repro->wishes.notes = json_pack("{s:s}", "reproduces",
		        rm_json_text(inputs, "campaign"));
	json_decref(inputs);
	return result;
}

/*
 * ---- the run and the comparison -----------------------------------------
 */

/* Removes the created files if no campaign was started, so that the same
   command can run again. Does not remove files that existed before. */
static bool remove_created(const struct repro *repro)
{
	char path[RM_PATH_BYTES + 16];

	snprintf(path, sizeof(path), "%s/campaign.json", repro->dir);
	if (!access(path, F_OK))
		return false;
	for (size_t i = 0; i < repro->file_count; i++)
		unlink(repro->files[i]);
	if (repro->created_list)
		unlink(repro->list);
	snprintf(path, sizeof(path), "%s/workloads", repro->dir);
	if (repro->created_workloads)
		rmdir(path);
	if (repro->created_dir)
		rmdir(repro->dir);
	return true;
}

/* Runs the campaign. If it completes, replaces this process with the report,
   which compares both campaigns. */
static int run(struct repro *repro)
{
	const struct rm_run_output output = { .command = "dev reproduce" };
	struct rm_arms none = { 0 };
	struct rm_report_call call = { .command = "dev reproduce",
		.args = { "reproduce", repro->source_dir, repro->dir },
		.count = 3,
		.interrupt_fd = -1 };
	bool complete = false;

	repro->wishes.dir = repro->dir;
	repro->wishes.cells_from = repro->list;
	repro->wishes.arms = &none;
	rm_start_apply(&repro->start, &repro->wishes);
	int status = rm_run_campaign(&repro->wishes, &output, &complete);

	for (size_t i = 0; i < repro->flag_count; i++)
		call.args[call.count++] = repro->flags[i];
	if (complete)
		return rm_python_exec(&call);
	if (remove_created(repro)) {
		printf("no trial ran; the same command starts again\n");
		return status;
	}
	printf("next: python3 -m report reproduce %s %s%s%s%s%s\n",
	        repro->source_dir, repro->dir, repro->flag_count ? " " : "",
	        repro->flag_count ? repro->flags[0] : "",
	        repro->flag_count > 1 ? " " : "",
	        repro->flag_count > 1 ? repro->flags[1] : "");
	return status;
}

static void clear(struct repro *repro)
{
	for (size_t i = 0; i < repro->file_count; i++)
		free(repro->files[i]);
	json_decref(repro->wishes.notes);
	rm_planned_clear(&repro->planned);
	close(repro->wishes.interrupt_fd);
}

int rm_cli_reproduce(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "DIR",
		"Repeats the campaign in DIR on this machine, with the "
		"recorded "
		"workloads and another seed. It runs the cells from which the "
		"campaign's verdicts follow. "
		"First prints the estimated time. For each comparison that DIR "
		"decided, the report then prints replicated, opposite or "
		"unclear, and differences of the set-up "
		"(docs/reference/comparing.md).\v"
		"Status: 0 some are replicated and none is opposite; 1 one is "
		"opposite; 2 usage or input; 3 none is replicated, or trials "
		"have no result; 75 interrupted, the output names the command "
		"to continue.",
		rm_start_children, NULL, NULL };
	struct repro repro = { 0 };
	struct rm_error error = { 0 };
	int status;

	rm_argument_parse(&argp, argc, argv, &repro);
	repro.wishes.interrupt_fd = rm_watch_signals();
	int result = prepare(&repro, &error);

	if (result) {
		remove_created(&repro);
		status = rm_print_error(
		        "dev reproduce", &error, rm_exit_status(result));
	} else {
		print_time(&repro);
		status = run(&repro);
	}
	clear(&repro);
	return status;
}
