/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - `readmostly explore` in the program of one map (flavour explore):
   runs the instrumented map under many schedules, on the runtime of
   verify/explore instead of the simulated machine's. */
#include "runner/base/file.h"
#include "runner/base/limits.h"
#include "runner/map_program/map_program.h"
#include "runner/protocol/command_line.h"
#include "runner/protocol/protocol.h"
#include "runner/sim/sim.h"
#include "verify/explore/explore.h"
#include "verify/explore/program_file.h"

#include <argp.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum flag {
	SCHEDULES = 'n',
	THREADS = 't',
	OPS = 'o',
	SEED = 's',
	ONE = 'k',
	SCHEDULER = 'p',
	DEPTH = 'd',
	SHAPE = 'S',
	STEPS = 'l',
	CPUS = 'j',
	PREEMPTIONS = 'P',
	PROGRAMS = 'N',
	PROGRAM = 'K',
	PROGRAM_FILE = 'f',
	MEMORY = 'm',
	HTML = 'H',
	PERFETTO = 'T',
	UNSTAMPED = 'u',
	UNJUDGED = 'U',
	FAIRNESS = 'F',
	BUDGET = 'b',
};

struct arguments {
	const char *map; /* id, file or "all" */
	struct rm_explore_options options;
	/* --schedule or --program: shows this schedule or program, even if
	   others fail */
	bool one_schedule, one_program;
	bool preemptions;  /* the option is set */
	uint64_t programs; /* 0: the option is not set */
	struct rm_explore_program_file written;
};

static const uint64_t SECOND_NS = 1000000000U;

static const struct argp_option options[] = {
	{ "schedules", SCHEDULES, "N", 0,
	        "number of schedules (100000; for all: 20000 of each map); "
	        "exhaustive: at most N of each program (20000)",
	        0 },
	{ "threads", THREADS, "N", 0,
	        "threads of each schedule, 1 to 7 (3; one schedule in four has "
	        "up to 7); exhaustive: 1 to 3 (2)",
	        0 },
	{ "ops", OPS, "N", 0,
	        "operations of each thread, 1 to 16 (6; one schedule in four "
	        "has other numbers; exhaustive: 2); doubled if the program "
	        "grows tables or gives each thread a role",
	        0 },
	{ "seed", SEED, "N", 0, "seed of programs and schedules (1)", 0 },
	{ "schedule", ONE, "K", 0, "run schedule K only, and print it", 0 },
	{ "scheduler", SCHEDULER, "NAME", 0,
	        "mix, random, pct, stall, fair or exhaustive (mix)", 0 },
	{ "fairness", FAIRNESS, "N", 0,
	        "fair schedules: each thread that can run moves within N steps "
	        "of the others, 8 to 4096 (64)",
	        0 },
	{ "budget", BUDGET, "SECONDS", 0,
	        "CPU time of each process (60; no limit with --schedules)", 0 },
	{ "memory", MEMORY, "MODEL", 0,
	        "sc, tso (x86) or c11 (sc; for one map, one schedule in 14 "
	        "uses one of the others); exhaustive supports only sc",
	        0 },
	{ "unstamped", UNSTAMPED, NULL, 0,
	        "c11: an operation may miss the effects of earlier ones, "
	        "unless the map orders them",
	        0 },
	{ "unjudged", UNJUDGED, NULL, 0,
	        "do not judge results; check only races, memory, progress and "
	        "the map's own check",
	        0 },
	{ "preemptions", PREEMPTIONS, "P", 0,
	        "exhaustive: at most P per schedule, 0 to 1000 (2)", 0 },
	{ "programs", PROGRAMS, "N", 0, "exhaustive: number of programs (100)",
	        0 },
	{ "program", PROGRAM, "K", 0,
	        "exhaustive: run program K only, and print it", 0 },
	{ "program-file", PROGRAM_FILE, "FILE", 0,
	        "run this program instead of drawn ones "
	        "(docs/method/checker.md)",
	        0 },
	{ "depth", DEPTH, "D", 0, "depth of pct, 1 to 4 (each in turn)", 0 },
	{ "shape", SHAPE, "SHAPE", 0, "use only this shape (each in turn)", 0 },
	{ "steps", STEPS, "N", 0, "step limit of a schedule (1000000)", 0 },
	{ "cpus", CPUS, "N", 0, "processes (one per CPU, at most 64)", 0 },
	{ "html", HTML, "FILE", 0,
	        "also write a failure to FILE, as one self-contained page", 0 },
	{ "perfetto", PERFETTO, "FILE", 0,
	        "also write a failure to FILE, as a trace for "
	        "ui.perfetto.dev, with a track for each thread",
	        0 },
	{ 0 },
};

/* Returns the index of an option's value among `count` names. */
static unsigned parse_name(struct argp_state *state, const char *option,
        const char *text, const char *const *names, unsigned count,
        const char *expected)
{
	unsigned i = 0;

	while (i < count && strcmp(names[i], text))
		i++;
	if (i == count)
		argp_error(
		        state, "--%s %s: expected %s", option, text, expected);
	return i;
}

static enum rm_explore_policy policy_of(
        struct argp_state *state, const char *text)
{
	return (enum rm_explore_policy)parse_name(state, "scheduler", text,
	        rm_explore_policy_name, RM_EXPLORE_POLICIES,
	        "mix, random, pct, stall, fair or exhaustive");
}

static enum rm_explore_memory memory_of(
        struct argp_state *state, const char *text)
{
	return (enum rm_explore_memory)parse_name(state, "memory", text,
	        rm_explore_memory_name, RM_EXPLORE_MEMORIES, "sc, tso or c11");
}

/* A program file replaces --threads, --ops and --shape. */
static void complete_written(
        struct argp_state *state, struct rm_explore_options *into)
{
	const struct rm_explore_program_file *written = into->written;

	if (into->threads || into->ops)
		argp_error(
		        state, "--threads and --ops: set by the program file");
	if (written->shapes && into->shapes != RM_ALL_SHAPES &&
	        into->shapes != written->shapes)
		argp_error(state, "--shape: the program file sets another one");
	if (written->shapes)
		into->shapes = written->shapes;
	into->threads = written->program.threads;
}

/* `all` runs fewer schedules per map, and the exhaustive scheduler uses smaller
 * programs. */
static void complete_amounts(struct rm_explore_options *into, bool is_all)
{
	bool few = into->policy == RM_EXPLORE_EXHAUSTIVE;

	into->plain = into->threads || into->ops;
	if (!into->budget_ns && !into->schedules)
		into->budget_ns = RM_EXPLORE_BUDGET_S * SECOND_NS;
	if (!into->schedules)
		into->schedules = few      ? RM_EXPLORE_EXHAUSTED_MOST
		                  : is_all ? RM_EXPLORE_SCHEDULES_OF_ALL
		                           : RM_EXPLORE_SCHEDULES;
	if (!into->threads)
		into->threads =
		        few ? RM_EXPLORE_FEW_THREADS : RM_EXPLORE_THREADS;
	if (!into->ops)
		into->ops = few ? RM_EXPLORE_FEW_OPS : RM_EXPLORE_OPS;
}

static void refuse_without_effect(
        struct argp_state *state, const struct arguments *to)
{
	const enum rm_explore_policy policy = to->options.policy;
	const char *other = to->one_program   ? "program"
	                    : to->programs    ? "programs"
	                    : to->preemptions ? "preemptions"
	                                      : NULL;

	if (policy == RM_EXPLORE_EXHAUSTIVE && to->one_schedule)
		argp_error(state,
		        "--schedule: not with exhaustive; use --program");
	if (policy != RM_EXPLORE_EXHAUSTIVE && other)
		argp_error(
		        state, "--%s: only with --scheduler exhaustive", other);
	if (policy != RM_EXPLORE_MIX && policy != RM_EXPLORE_PCT &&
	        to->options.depth)
		argp_error(state, "--depth: only with --scheduler pct or mix");
}

/* Reports an error before the run, which may take hours, instead of after
 * it. */
static void refuse_unwritable(
        struct argp_state *state, const char *option, const char *file)
{
	char folder[PATH_MAX];
	const int length = snprintf(folder, sizeof(folder), "%s", file);

	if (length < 0 || length >= PATH_MAX)
		errno = ENAMETOOLONG;
	else if (!access(file, W_OK) ||
	         (errno == ENOENT && !access(dirname(folder), W_OK | X_OK)))
		return;
	argp_failure(state, RM_USAGE, 0, "--%s %s: cannot be written: %s",
	        option, file, rm_write_reason(-errno));
}

/* Gives the scheduler's defaults to options that are not set. */
static void complete_options(struct argp_state *state, struct arguments *to)
{
	struct rm_explore_options *into = &to->options;
	bool few = into->policy == RM_EXPLORE_EXHAUSTIVE;
	bool is_all = to->map && !strcmp(to->map, "all");

	if (!to->map)
		argp_error(state, "expected a map's id, or all");
	if (is_all && (into->html || into->perfetto))
		argp_error(state,
		        "--html and --perfetto: only with one map, not all");
	refuse_without_effect(state, to);
	if (into->written)
		complete_written(state, into);
	if (!to->programs)
		to->programs = into->written ? 1 : RM_EXPLORE_PROGRAMS;
	into->programs = to->programs;
	complete_amounts(into, is_all);
	into->mixed = !into->memory_chosen && !into->written && !is_all &&
	              into->policy == RM_EXPLORE_MIX;
	if (few && into->threads > RM_EXPLORE_EXHAUSTED_THREADS_MAX)
		argp_error(state, "--threads %u: at most %d with exhaustive",
		        into->threads, RM_EXPLORE_EXHAUSTED_THREADS_MAX);
	if (few && into->memory != RM_EXPLORE_SC)
		argp_error(state,
		        "--memory %s: exhaustive supports only sequentially "
		        "consistent memory (sc)",
		        rm_explore_memory_name[into->memory]);
	if (into->unstamped && into->memory != RM_EXPLORE_C11)
		argp_error(state, "--unstamped: only with --memory c11");
	if (into->html)
		refuse_unwritable(state, "html", into->html);
	if (into->perfetto)
		refuse_unwritable(state, "perfetto", into->perfetto);
}

/* An error in the file is reported with its line, but without the usage
 * text. */
static void read_written(
        const char *file, struct argp_state *state, struct arguments *to)
{
	struct rm_error error = { "" };

	if (access(file, R_OK))
		argp_failure(state, RM_USAGE, errno,
		        "--program-file %s: expected a program "
		        "(docs/method/checker.md)",
		        file);
	if (rm_explore_load_program(file, &to->written, &error))
		argp_failure(state, RM_USAGE, 0, "%s", error.text);
	to->options.written = &to->written;
	to->options.written_in = file;
}

static error_t parse_exhaustive(
        int key, char *text, struct argp_state *state, struct arguments *to)
{
	struct rm_explore_options *into = &to->options;

	switch (key) {
	case PREEMPTIONS:
		into->preemptions = (unsigned)rm_argument_number(
		        state, "preemptions", text, 0, 1000);
		to->preemptions = true;
		return 0;
	case PROGRAMS:
		to->programs = rm_argument_number(
		        state, "programs", text, 1, UINT64_MAX >> 2);
		return 0;
	case PROGRAM:
		into->first = rm_argument_number(
		        state, "program", text, 0, UINT64_MAX >> 2);
		to->one_program = true;
		return 0;
	case PROGRAM_FILE:
		read_written(text, state, to);
		return 0;
	case HTML:
		into->html = text;
		return 0;
	case PERFETTO:
		into->perfetto = text;
		return 0;
	case ARGP_KEY_END:
		complete_options(state, to);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_schedules(
        int key, char *text, struct argp_state *state, struct arguments *to)
{
	struct rm_shape shape;

	switch (key) {
	case ONE:
		to->options.first = rm_argument_number(
		        state, "schedule", text, 0, UINT64_MAX >> 2);
		to->one_schedule = true;
		return 0;
	case SCHEDULER:
		to->options.policy = policy_of(state, text);
		return 0;
	case MEMORY:
		to->options.memory = memory_of(state, text);
		to->options.memory_chosen = true;
		return 0;
	case UNSTAMPED:
		to->options.unstamped = true;
		return 0;
	case UNJUDGED:
		to->options.unjudged = true;
		return 0;
	case DEPTH:
		to->options.depth = (unsigned)rm_argument_number(
		        state, "depth", text, 1, 4);
		return 0;
	case CPUS:
		to->options.cpus = (unsigned)rm_argument_number(
		        state, "cpus", text, 1, RM_EXPLORE_CPUS_MAX);
		return 0;
	case SHAPE:
		rm_argument_shape(state, text, &shape);
		to->options.shapes = 1U << rm_shape_index(shape);
		return 0;
	case ARGP_KEY_ARG:
		rm_argument_set_once(state, &to->map, text, "map");
		return 0;
	default:
		return parse_exhaustive(key, text, state, to);
	}
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *to = state->input;
	struct rm_explore_options *into = &to->options;

	switch (key) {
	case SCHEDULES:
		into->schedules = rm_argument_number(
		        state, "schedules", text, 1, UINT64_MAX >> 2);
		return 0;
	case THREADS:
		into->threads = (unsigned)rm_argument_number(
		        state, "threads", text, 1, RM_EXPLORE_THREADS_MAX);
		return 0;
	case OPS:
		into->ops = (unsigned)rm_argument_number(
		        state, "ops", text, 1, RM_EXPLORE_OPS_MAX);
		return 0;
	case SEED:
		into->seed =
		        rm_argument_number(state, "seed", text, 0, UINT64_MAX);
		return 0;
	case STEPS:
		into->steps =
		        rm_argument_number(state, "steps", text, 1, 1000000000);
		return 0;
	case FAIRNESS:
		into->fairness = (unsigned)rm_argument_number(
		        state, "fairness", text, 8, 4096);
		return 0;
	case BUDGET:
		into->budget_ns =
		        SECOND_NS *
		        rm_argument_number(state, "budget", text, 1, 1000000);
		return 0;
	default:
		return parse_schedules(key, text, state, to);
	}
}

static int print_error(
        const struct rm_impl *impl, const struct rm_error *error, int status)
{
	char advice[RM_LIMIT_ADVICE_BYTES];
	struct rm_limits limits;

	fprintf(stderr, "readmostly explore: %s: %s", impl->id, error->text);
	rm_limits_read(&limits);
	if (status == -ENOMEM || status == -EAGAIN || status == -EINTR)
		fprintf(stderr, ": not explored: %s",
		        rm_limit_advice(status == -EAGAIN ? &limits.tasks
		                                          : &limits.memory,
		                advice));
	fputc('\n', stderr);
	return RM_INCOMPLETE;
}

static int show(const struct rm_explore_options *one, uint64_t found)
{
	struct rm_error error = { "" };
	int status;

	fflush(stdout);
	status = rm_explore_show(one, found, stdout, &error);
	if (status == -ENOENT || status == -ENODATA || status == -ERANGE) {
		printf("%s %llu: %s\n",
		        one->policy == RM_EXPLORE_EXHAUSTIVE ? "program"
		                                             : "schedule",
		        (unsigned long long)found,
		        status == -ENOENT    ? "no failure"
		        : status == -ENODATA ? "no failure, but a history was "
		                               "undecided"
		                             : "no failure, but not all "
		                               "schedules were tried "
		                               "(--schedules)");
		return status == -ENODATA ? RM_INCOMPLETE : RM_OK;
	}
	if (status)
		print_error(one->impl, &error, status);
	/* a failed write (-EIO) does not change the verdict */
	return status && status != -EIO ? RM_INCOMPLETE : RM_FAILED;
}

/* Explores one map: prints a line, and a page if it fails. */
static int explore(const struct arguments *arguments,
        const struct rm_impl *impl, bool by_name)
{
	struct rm_explore_options one = arguments->options;
	struct rm_explore_summary sum;
	struct rm_error error = { "" };
	const char *unfit = rm_explore_skip_reason(impl, by_name);
	char lacks[128];
	int status;

	one.impl = impl;
	one.named = by_name ? arguments->map : impl->id;
	one.shapes &= impl->shapes;
	if (!unfit && !one.shapes)
		unfit = "the map does not offer this shape";
	if (!unfit && one.written &&
	        rm_explore_program_misfits(
	                one.written, impl, lacks, sizeof(lacks)))
		unfit = lacks;
	if (unfit) {
		printf("skip %s: %s\n", impl->id, unfit);
		return by_name ? RM_INCOMPLETE : RM_OK;
	}
	status = rm_explore_find_growth(&one, &error);
	if (status)
		return print_error(impl, &error, status);
	if (arguments->one_schedule || arguments->one_program)
		return show(&one, one.first);
	status = rm_explore_run(&one, &sum, &error);
	if (status)
		return print_error(impl, &error, status);
	rm_explore_print(&one, &sum, by_name);
	if (!sum.fault) /* an undecided or incomplete run must not exit 0 */
		return rm_explore_is_open(&one, &sum) ? RM_INCOMPLETE : RM_OK;
	/* if the failure cannot be shown, the verdict remains */
	show(&one, sum.found);
	return RM_FAILED;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "MAP|all|FILE.c",
		"Runs small programs of a map's operations under many "
		"schedules and one memory model. A seed decides each "
		"schedule. Checks history, races, heap, deadlock, livelock "
		"and the map's own check. Exits with 1 at the first schedule "
		"that fails, after making it smaller and printing it. Exits "
		"with 3 if none fails but a history was undecided, or if the "
		"map could not be run. "
		"Possible conclusions: docs/method/checker.md.",
		NULL, NULL, NULL };
	struct arguments arguments = { .options = { .shapes = RM_ALL_SHAPES,
		                               .seed = 1,
		                               .fairness = RM_EXPLORE_FAIRNESS,
		                               .preemptions =
		                                       RM_EXPLORE_PREEMPTIONS,
		                               .steps = RM_EXPLORE_STEPS } };
	static char name[] = "readmostly explore";
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const struct rm_impl *impl;

	rm_program_start();
	arguments.options.cpus = cpus < 1 ? 1 : (unsigned)cpus;
	if (arguments.options.cpus > RM_EXPLORE_CPUS_MAX)
		arguments.options.cpus = RM_EXPLORE_CPUS_MAX;
	argv[0] = name;
	rm_argument_parse(&argp, argc, argv, &arguments);
	if (!strcmp(arguments.map, "all"))
		return explore(&arguments, &rm_this_map, false);
	impl = rm_explore_find(arguments.map);
	return impl ? explore(&arguments, impl, true) : RM_USAGE;
}
