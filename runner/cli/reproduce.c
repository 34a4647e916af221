/* SPDX-License-Identifier: Apache-2.0 */
/* reproduce.c - `readmostly dev reproduce DIR`: the same plan here, and what it says
   of what DIR decided. Which cells, and the verdicts, are the report's. */
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
	        "the new campaign's folder (default: "
	        "results/DATE-reproduce-MACHINE)",
	        0 },
	{ "headline", OPTION_HEADLINE, NULL, 0,
	        "only the cells that DIR's first sentence is about", 0 },
	{ "figure", OPTION_FIGURE, "NAME", 0,
	        "only those of a figure: winner, flip, forest", 0 },
	{ 0 },
};

/* All of one call. */
struct again {
	const char *old; /* DIR */
	const char *flags[FLAGS_MAX];
	size_t flag_count;
	struct rm_start start;
	struct rm_wishes wishes;
	char python[RM_PYTHON_BYTES];
	char dir[RM_PATH_BYTES], list[RM_PATH_BYTES + 16];
	bool made_dir, made_workloads, made_list; /* to be taken back */
	char *files[WORKLOADS_MAX];
	size_t file_count;
	struct rm_planned planned;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct again *again = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &again->start;
		return 0;
	case 'o':
		again->wishes.dir = text;
		return 0;
	case OPTION_HEADLINE:
	case OPTION_FIGURE:
		if (again->flag_count)
			argp_error(state, "--headline and --figure: expected "
			                  "one of them");
		again->flags[again->flag_count++] =
		        text ? "--figure" : "--headline";
		if (text)
			again->flags[again->flag_count++] = text;
		return 0;
	case ARGP_KEY_ARG:
		rm_argument_once(state, &again->old, text, "folder");
		return 0;
	case ARGP_KEY_END:
		if (!again->old)
			argp_error(state, "expected DIR, the folder of the "
			                  "campaign that is to be repeated");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* `reproduce WHAT DIR` and the flags, as the report takes them. */
static struct rm_question *ask_of(
        const struct again *again, const char *what, struct rm_question *made)
{
	*made = (struct rm_question){ .command = "reproduce",
		.words = { "reproduce", what, again->old },
		.count = 3,
		.interrupt_fd = again->wishes.interrupt_fd };
	for (size_t i = 0; i < again->flag_count; i++)
		made->words[made->count++] = again->flags[i];
	return made;
}

/* What the report refuses is the person's to mend: it has said why. */
static int refused(int result)
{
	return result == -EIO ? -EINVAL : result;
}

/* ---- the folder ----------------------------------------------------------- */

/* A new file, never through a link: the folder may be one that was there. One
   that cannot be written whole is not left. */
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
	failed = rm_error_set(error, errno ? -errno : -EIO,
	        "%s: %s: expected a new folder (another -o)", path,
	        strerror(errno));
	if (fd >= 0)
		unlink(path);
	return failed;
}

static int take_folder(struct again *again, struct rm_error *error)
{
	if (snprintf(again->dir, sizeof(again->dir), "%s", again->wishes.dir) >=
	        (int)sizeof(again->dir) - 300)
		return rm_error_set(
		        error, -ENAMETOOLONG, "-o: expected a shorter path");
	again->made_dir = !mkdir(again->dir, 0777);
	if (again->made_dir || errno == EEXIST)
		return 0;
	return rm_error_set(
	        error, -errno, "%s: %s", again->dir, strerror(errno));
}

static int find_folder(struct again *again, struct rm_error *error)
{
	json_t *facts;
	int result;

	if (again->wishes.dir)
		return take_folder(again, error);
	facts = rm_machine_facts(&again->planned.topology);
	if (!facts)
		return rm_error_set(error, -ENOMEM, "no memory");
	result = rm_folder_new("reproduce", rm_json_text(facts, "id"),
	        time(NULL), again->dir, error);
	again->made_dir = !result;
	json_decref(facts);
	return result;
}

/* A name that is a file's, and leads nowhere else. */
static bool is_name(const char *name)
{
	return name && name[0] && strlen(name) < RM_NAME_BYTES &&
	       name[0] != '.' &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
	                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                          "0123456789_.-")];
}

/* The workloads as they were when DIR ran, not as this tree has them now. They
   stay, for a resume reads them again. */
static int write_workloads(
        struct again *again, const json_t *inputs, struct rm_error *error)
{
	const json_t *workloads = json_object_get(inputs, "workloads"), *each;
	char path[RM_PATH_BYTES + 2 * RM_NAME_BYTES];
	size_t i;
	int result = 0;

	snprintf(path, sizeof(path), "%s/workloads", again->dir);
	if (mkdir(path, 0777))
		return rm_error_set(error, -errno,
		        "%s: %s: expected a new folder (another -o)", path,
		        strerror(errno));
	again->made_workloads = true;
	json_array_foreach (workloads, i, each) {
		const char *name = rm_json_text(each, "name");

		if (i == WORKLOADS_MAX || !is_name(name))
			return rm_error_set(error, -EINVAL,
			        "%s/campaign.json: workload %zu has a name "
			        "that is none",
			        again->old, i);
		snprintf(path, sizeof(path), "%s/workloads/%s.conf", again->dir,
		        name);
		result = write_file(path, rm_json_text(each, "text"), error);
		again->files[again->file_count] = result ? NULL : strdup(path);
		if (!again->files[again->file_count])
			return result ? result
			              : rm_error_set(
			                        error, -ENOMEM, "no memory");
		again->file_count++;
	}
	return 0;
}

/* ---- the plan ------------------------------------------------------------- */

static int plan_all(struct again *again, struct rm_error *error)
{
	struct rm_planned *planned = &again->planned;
	int result =
	        rm_inputs_read(&again->wishes.sources, &planned->inputs, error);

	if (!result)
		result = rm_catalog_load(NULL, &planned->catalog, error);
	if (result)
		return result;
	return rm_planned_build(planned, 1, NULL, error) ? -EINVAL : 0;
}

/* Of the whole plan those cells that DIR's comparisons need, and its time. */
static int plan_asked(struct again *again, struct rm_error *error)
{
	struct rm_planned *planned = &again->planned;
	json_t *plan = rm_plan_to_json(&planned->plan);
	char *text = plan ? json_dumps(plan, JSON_COMPACT) : NULL, *list = NULL;
	struct rm_question question;
	int result = text ? 0 : rm_error_set(error, -ENOMEM, "no memory");

	ask_of(again, "cells", &question)->input = text;
	if (!result)
		result = refused(
		        rm_python_ask(again->python, &question, &list, error));
	snprintf(again->list, sizeof(again->list), "%s/cells.txt", again->dir);
	if (!result)
		result = write_file(again->list, list, error);
	again->made_list = !result;
	if (!result)
		result = rm_cell_list_parse(
		        again->list, list, strlen(list), &planned->list, error);
	free(list);
	free(text);
	json_decref(plan);
	if (result)
		return result;
	rm_plan_free(&planned->plan);
	return rm_planned_build(planned, 1, NULL, error) ? -EINVAL : 0;
}

/* Before anything runs; repeats come on top. */
static void say_time(const struct again *again)
{
	const struct rm_plan *plan = &again->planned.plan;
	size_t trials = 0;

	for (size_t i = 0; i < plan->cell_count; i++)
		trials +=
		        plan->cells[i].cell.skip[0]
		                ? 0
		                : plan->cells[i].cell.blocks *
		                          rm_plan_trials(&plan->cells[i].cell);
	printf("%zu cells, %zu trials, about ", plan->cell_count, trials);
	rm_print_time(plan->estimate_ns);
	printf("; disturbed and void trials are repeated on top\n");
	fflush(stdout);
}

static int prepare(struct again *again, struct rm_error *error)
{
	struct rm_question question;
	json_t *inputs = NULL;
	int result = rm_python_find(again->python, error);

	if (!result)
		result = refused(rm_python_ask_json(again->python,
		        ask_of(again, "inputs", &question), &inputs, error));
	if (!result)
		result =
		        rm_topology_load(NULL, &again->planned.topology, error);
	if (!result)
		result = find_folder(again, error);
	if (!result)
		result = write_workloads(again, inputs, error);
	again->wishes.sources.files = again->files;
	again->wishes.sources.file_count = again->file_count;
	if (!result)
		result = plan_all(again, error);
	if (!result)
		result = plan_asked(again, error);
	if (!result)
		again->wishes.notes = json_pack("{s:s}", "reproduces",
		        rm_json_text(inputs, "campaign"));
	json_decref(inputs);
	return result;
}

/* ---- the run, and the answer ---------------------------------------------- */

/* A campaign that was never begun leaves nothing, whether the run or what comes
   before it ended, so that the same line can be given again; what was there
   before stays. */
static bool take_back(const struct again *again)
{
	char path[RM_PATH_BYTES + 16];

	snprintf(path, sizeof(path), "%s/campaign.json", again->dir);
	if (!access(path, F_OK))
		return false;
	for (size_t i = 0; i < again->file_count; i++)
		unlink(again->files[i]);
	if (again->made_list)
		unlink(again->list);
	snprintf(path, sizeof(path), "%s/workloads", again->dir);
	if (again->made_workloads)
		rmdir(path);
	if (again->made_dir)
		rmdir(again->dir);
	return true;
}

/* Runs it; then the report's status is ours, unless the run was stopped. */
static int run(struct again *again)
{
	const struct rm_telling telling = { .command = "reproduce" };
	struct rm_arms none = { 0 };
	struct rm_question question = { .command = "reproduce",
		.words = { "reproduce", again->old, again->dir },
		.count = 3,
		.interrupt_fd = -1 };
	bool whole = false;

	again->wishes.dir = again->dir;
	again->wishes.cells_from = again->list;
	again->wishes.arms = &none;
	rm_start_wishes(&again->start, &again->wishes);
	int status = rm_run_campaign(&again->wishes, &telling, &whole);

	for (size_t i = 0; i < again->flag_count; i++)
		question.words[question.count++] = again->flags[i];
	if (whole)
		return rm_python_become(&question);
	if (take_back(again)) {
		printf("nothing was begun; the same line again begins it\n");
		return status;
	}
	printf("then: python3 -m report reproduce %s %s%s%s%s%s\n", again->old,
	        again->dir, again->flag_count ? " " : "",
	        again->flag_count ? again->flags[0] : "",
	        again->flag_count > 1 ? " " : "",
	        again->flag_count > 1 ? again->flags[1] : "");
	return status;
}

static void clear(struct again *again)
{
	for (size_t i = 0; i < again->file_count; i++)
		free(again->files[i]);
	json_decref(again->wishes.notes);
	rm_planned_clear(&again->planned);
	close(again->wishes.interrupt_fd);
}

int rm_cli_reproduce(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "DIR",
		"Repeats the campaign in DIR on this machine: its workloads "
		"as they were, the cells that its verdicts rest on, another "
		"seed. Says how long first. Then for each comparison that DIR "
		"had decided: replicated, opposite or unclear, and what "
		"differs in the set-up (docs/reference/comparing.md).\v"
		"Status: 0 some are replicated and none is opposite; 1 one is "
		"opposite; 2 usage or input; 3 none is replicated, or trials "
		"have no result; 75 interrupted, it says how to go on.",
		rm_start_children, NULL, NULL };
	struct again again = { 0 };
	struct rm_error error = { 0 };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &again);
	again.wishes.interrupt_fd = rm_watch_signals();
	int result = prepare(&again, &error);

	if (result) {
		take_back(&again);
		status = rm_complain("reproduce", &error, rm_status_of(result));
	} else {
		say_time(&again);
		status = run(&again);
	}
	clear(&again);
	return status;
}
