/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - `readmostly check`, in the program of one map. */
#include "runner/base/error.h"
#include "runner/base/nearest.h"
#include "runner/impl.h"
#include "runner/protocol/command_line.h"
#include "runner/protocol/protocol.h"
#include "verify/check/check.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum flag {
	OPS = 'n',
	THREADS = 't',
	SEED = 's',
	SHAPE = 'S',
	ONLY = 'c',
	DEADLINE = 'd',
	MEMORY = 'm',
	IN_PROCESS = 'i',
	QUIET = 'q',
	BUDGET = 'b',
	PREEMPT = 'p',
	QUARANTINE = 'Q'
};

enum { THREADS_MAX = 1024, BUDGET_S = 10, BUDGET_QUICK_S = 2 };
enum { DEADLINE_S = 30, MEMORY_MIB = 2048 };
static const uint64_t SECOND_NS = 1000000000U;

struct arguments {
	const char *map; /* map id, "all" or a file */
	struct rm_check_case c;
	struct rm_check_limits limits;
	const struct rm_check *only; /* NULL: all */
	bool shape_given;
	bool quiet;
	/* --ops: run one round of exactly this many operations */
	bool ops_given, budget_given;
};

struct totals {
	unsigned ok, failed, skipped, not_run;
	unsigned weak; /* checks in which few pairs of operations overlapped */
};

static const struct argp_option options[] = {
	{ "budget", BUDGET, "SECONDS", 0,
	        "CPU time of all checks of a map and shape, or wall time if "
	        "longer, in rounds (default 10; quick is 2)",
	        0 },
	{ "ops", OPS, "N", 0,
	        "run one round of N operations per check, without a budget",
	        0 },
	{ "preempt", PREEMPT, NULL, 0,
	        "stop threads at random by signals (default: every second "
	        "round of a budget)",
	        0 },
	{ "quarantine", QUARANTINE, NULL, 0,
	        "poison freed memory and delay its reuse (default: half of "
	        "the rounds of a budget)",
	        0 },
	{ "threads", THREADS, "N", 0, "threads of each check (default 4)", 0 },
	{ "seed", SEED, "N", 0, "seed of keys, operations and hash (default 1)",
	        0 },
	{ "shape", SHAPE, "SHAPE", 0, "only this shape, e.g. u64x8", 0 },
	{ "only", ONLY, "CHECK", 0, "only this check, e.g. exchange", 0 },
	{ "deadline", DEADLINE, "SECONDS", 0,
	        "CPU time of a check without a completed operation "
	        "(default 30)",
	        0 },
	{ "memory", MEMORY, "MIB", 0,
	        "maximum resident memory per check (default 2048)", 0 },
	{ "in-process", IN_PROCESS, NULL, 0,
	        "for a debugger: no process per check, no limits", 0 },
	{ "quiet", QUIET, NULL, 0, "print only failures and the totals", 0 },
	{ 0 },
};

/* Limits apply to each check, not to the run: if a check exceeds them, only
 * this check fails. */
static uint64_t budget_s(struct argp_state *state, const char *text)
{
	if (!strcmp(text, "quick"))
		return BUDGET_QUICK_S;
	if (text[0] < '0' || text[0] > '9')
		argp_error(state,
		        "--budget \"%s\": expected quick, or seconds from 1 to "
		        "1000000",
		        text);
	return rm_argument_number(state, "budget", text, 1, 1000000);
}

static error_t parse_limits(
        int key, char *text, struct argp_state *state, struct arguments *to)
{
	switch (key) {
	case DEADLINE:
		to->limits.deadline_ns = rm_argument_number(state, "deadline",
		                                 text, 1, 1000000) *
		                         SECOND_NS;
		return 0;
	case MEMORY:
		to->limits.memory_bytes =
		        rm_argument_number(state, "memory", text, 1, 1 << 24)
		        << 20;
		return 0;
	case IN_PROCESS:
		to->limits.in_process = true;
		return 0;
	case QUIET:
		to->quiet = true;
		return 0;
	case BUDGET:
		to->limits.budget_ns = budget_s(state, text) * SECOND_NS;
		to->budget_given = true;
		return 0;
	case ARGP_KEY_ARG:
		rm_argument_set_once(state, &to->map, text, "map");
		return 0;
	case ARGP_KEY_END:
		if (to->ops_given && to->budget_given)
			argp_error(state, "--ops and --budget: expected only "
			                  "one of them");
		if (!to->map)
			argp_error(state, "expected a map's id, or all");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Options of a round, except its operations. */
static error_t parse_case(
        int key, char *text, struct argp_state *state, struct rm_check_case *to)
{
	switch (key) {
	case PREEMPT:
		to->preempt = true;
		return 0;
	case QUARANTINE:
		to->quarantine = true;
		return 0;
	case THREADS:
		to->threads = (unsigned)rm_argument_number(
		        state, "threads", text, 1, THREADS_MAX);
		return 0;
	case SEED:
		to->seed =
		        rm_argument_number(state, "seed", text, 0, UINT64_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Ends the program if the name is unknown. */
static const struct rm_check *find_check(
        struct argp_state *state, const char *text)
{
	const struct rm_check *check = rm_check_find(text);
	struct rm_nearest nearest = { .word = text };
	char names[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < rm_check_count && used < sizeof(names); i++) {
		rm_nearest_offer(&nearest, rm_checks[i].name);
		used += (size_t)snprintf(names + used, sizeof(names) - used,
		        "%s%s", i ? ", " : "", rm_checks[i].name);
	}
	if (!check)
		argp_error(state,
		        "--only %s: no such check%s, expected one of %s", text,
		        rm_nearest_hint(&nearest), names);
	return check;
}

/* Every setting that changes a check is an option, so the printed command can
 * repeat a failure. */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *to = state->input;

	switch (key) {
	case OPS:
		to->c.ops = rm_argument_number(
		        state, "ops", text, 1, RM_CHECK_OPS_MAX);
		to->ops_given = true;
		return 0;
	case SHAPE:
		to->shape_given = true;
		if (!strncmp(text, "str", 3) && strncmp(text, "str16", 5) != 0)
			argp_error(state,
			        "--shape %s: expected str16%s, whose checks "
			        "use keys of up to 5,000 bytes",
			        text,
			        strchr(text, 'x') ? strchr(text, 'x') : "x8");
		rm_argument_shape(state, text, &to->c.shape);
		if (!rm_shape_built(to->c.shape))
			argp_error(state,
			        "--shape %s: expected one of this program's, "
			        "whose values have 8 or %d bytes",
			        text, RM_VALUE_LONG);
		return 0;
	case ONLY:
		to->only = find_check(state, text);
		return 0;
	default:
		if (!parse_case(key, text, state, &to->c))
			return 0;
		return parse_limits(key, text, state, to);
	}
}

/* Prints the cost and coverage of all rounds. */
static void print_cost(const struct rm_check_result *done)
{
	printf(": %u rounds, %.1f s of CPU time", done->rounds,
	        (double)done->cpu_ns / 1e9);
	if (done->operations)
		printf(", %llu operations",
		        (unsigned long long)done->operations);
	if (done->sampled)
		printf(", %.0f %% of %llu samples overlapped another operation",
		        100 * (double)done->overlapped / (double)done->sampled,
		        (unsigned long long)done->sampled);
	if (done->stops)
		printf(", %llu stops", (unsigned long long)done->stops);
	if (done->pairs[0])
		printf("; %s", done->pairs);
}

/* Prints the command that repeats the failing round with its limits, and how
 * often the repetition failed. */
static void print_repeat_command(const struct rm_check *check,
        const struct rm_check_limits *limits,
        const struct rm_check_result *done)
{
	const struct rm_check_case *c = &done->last;
	const char *called = getenv("RM_CALLED"); /* readmostly-check */

	printf("; again: %s %s --shape %s --only %s "
	       "--ops %llu --threads %u --seed %llu%s%s",
	        called ? called : "readmostly check", c->impl->id,
	        rm_shape_name(c->shape), check->name,
	        (unsigned long long)c->ops, c->threads,
	        (unsigned long long)c->seed, c->preempt ? " --preempt" : "",
	        c->quarantine ? " --quarantine" : "");
	if (limits->deadline_ns != DEADLINE_S * SECOND_NS)
		printf(" --deadline %llu",
		        (unsigned long long)(limits->deadline_ns / SECOND_NS));
	if (limits->memory_bytes >> 20 != MEMORY_MIB)
		printf(" --memory %llu",
		        (unsigned long long)(limits->memory_bytes >> 20));
	if (done->repeats)
		printf(" (repetitions that failed: %u of %u)",
		        done->repeat_failures, done->repeats);
	else
		printf(" (not repeated here)");
}

/* Prints one line: check, verdict, details and the command to repeat it. */
static void print_verdict(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        enum rm_check_verdict verdict, const struct rm_check_result *done,
        const struct rm_error *error)
{
	static const char *const words[] = { "ok", "FAIL", "skip", "open" };

	printf("%-4s %s %s %s", words[verdict], c->impl->id,
	        rm_shape_name(c->shape), check->name);
	if (done->rounds > 1 && verdict == RM_CHECK_OK) {
		print_cost(done);
		if (error->text[0])
			printf("; last round");
	}
	if (error->text[0])
		printf(": %s", error->text);
	if (verdict == RM_CHECK_FAILED)
		print_repeat_command(check, limits, done);
	printf("\n");
	fflush(stdout);
}

/* Returns the part of the budget that the check used. */
static uint64_t run_check(const struct arguments *arguments,
        const struct rm_check *check, const struct rm_check_case *c,
        uint64_t budget_ns, struct totals *totals)
{
	struct rm_check_limits limits = arguments->limits;
	struct rm_check_result done = { 0 };
	struct rm_error error = { "" };
	enum rm_check_verdict verdict;

	limits.budget_ns = budget_ns;
	verdict = rm_check_run(check, c, &limits, &done, &error);
	totals->ok += verdict == RM_CHECK_OK;
	totals->failed += verdict == RM_CHECK_FAILED;
	totals->skipped += verdict == RM_CHECK_SKIPPED;
	totals->not_run += verdict == RM_CHECK_NOT_RUN;
	totals->weak +=
	        verdict == RM_CHECK_OK && done.weak && !arguments->ops_given;
	if (verdict == RM_CHECK_FAILED || verdict == RM_CHECK_NOT_RUN ||
	        !arguments->quiet)
		print_verdict(check, c, &limits, verdict, &done, &error);
	return done.spent_ns;
}

/* Runs all checks of a map in one shape within one budget. Time that a check
 * does not use is available to later checks. Checks of weight 0 run once,
 * whatever their cost. Other checks run at least one round, even if no time is
 * left. */
static void run_shape(const struct arguments *arguments,
        const struct rm_check_case *c, struct totals *totals)
{
	uint64_t left_ns =
	        arguments->ops_given ? 0 : arguments->limits.budget_ns;

	for (size_t i = 0; i < rm_check_count; i++) {
		const struct rm_check *check = rm_checks + i;
		uint64_t share_ns = left_ns, used_ns;

		if (arguments->only && arguments->only != check)
			continue;
		if (!arguments->only)
			share_ns = rm_check_share_ns(check, c, left_ns);
		if (!share_ns && !arguments->ops_given)
			share_ns = 1;
		used_ns = run_check(arguments, check, c, share_ns, totals);
		if (check->weight)
			left_ns -= used_ns < left_ns ? used_ns : left_ns;
	}
}

static void run_map(const struct arguments *arguments,
        const struct rm_impl *impl, struct totals *totals)
{
	struct rm_check_case c = arguments->c;

	c.impl = impl;
	for (size_t s = 0; s < RM_SHAPES; s++) {
		if (arguments->shape_given && rm_shape_index(c.shape) != s)
			continue;
		struct rm_check_case shape_case = c;

		shape_case.shape = rm_shapes[s];
		/* a technique has no shapes: one run */
		if (!arguments->shape_given && !(impl->shapes & 1U << s) &&
		        (s || rm_impl_is_map(impl)))
			continue;
		run_shape(arguments, &shape_case, totals);
	}
}

/* Appends the list of checks to the options of --help. */
static char *append_checks(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t size = 0;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_EXTRA)
		return (char *)(uintptr_t)text;
	out = open_memstream(&list, &size);
	if (!out)
		return NULL;
	fprintf(out, "Checks, in the order in which they run:\n");
	for (size_t i = 0; i < rm_check_count; i++)
		fprintf(out, "  %-10s %s\n", rm_checks[i].name,
		        rm_checks[i].what);
	fclose(out);
	return list;
}

/* Returns the map of this program or of a file, or NULL after an error
 * message. */
static const struct rm_impl *find_map(
        const char *name, const struct rm_check_limits *limits)
{
	const uint64_t deadline_ns =
	        limits->in_process ? 0 : limits->deadline_ns;
	const struct rm_impl *impl = rm_impl_find(name);
	struct rm_error error = { "" };

	if (!strcmp(name, "all"))
		return &rm_this_map;
	if (!impl && rm_foreign_is_path(name))
		rm_foreign_load(name, deadline_ns, &impl, &error);
	else if (!impl)
		rm_error_set(&error, RM_USAGE,
		        "no map is called \"%s\"; `readmostly dev list` prints "
		        "all maps; give a library by its path; to check your "
		        "own source file, let it include readmostly.h",
		        name);
	if (!impl)
		fprintf(stderr, "readmostly check: %s\n", error.text);
	return impl;
}

/* Returns true if any round of this run uses the quarantine. A restart costs as
 * much as a short check. */
static bool uses_quarantine(const struct arguments *arguments)
{
	return !arguments->limits.in_process &&
	       (!arguments->ops_given || arguments->c.quarantine);
}

/* Reports an error if --quarantine was given but is not possible, because such
 * a round could not find uses of freed memory. */
static bool quarantine_is_possible(const struct arguments *arguments)
{
	const char *why = arguments->limits.in_process
	                          ? "cannot be combined with --in-process"
	                          : rm_check_quarantine_obstacle();

	if (!arguments->c.quarantine || !why)
		return true;
	fprintf(stderr, "readmostly check: --quarantine: %s\n", why);
	return false;
}

/* If a run skipped every check, or could not run one, it must not exit 0. With
 * "all", other maps may have been checked. */
static int exit_status(
        const struct arguments *arguments, const struct totals *totals)
{
	if (totals->failed)
		return RM_FAILED;
	if (totals->not_run)
		return RM_INCOMPLETE;
	if (totals->ok)
		return RM_OK;
	if (strcmp(arguments->map, "all") != 0)
		fprintf(stderr,
		        "readmostly check: nothing was checked: every "
		        "selected check was skipped%s\n",
		        arguments->quiet ? "; run without --quiet for the "
		                           "reasons"
		                         : "");
	return RM_INCOMPLETE;
}

static void print_totals(const struct totals *totals)
{
	printf("check: %u ok, %u failed, %u skipped", totals->ok,
	        totals->failed, totals->skipped);
	if (totals->not_run)
		printf(", %u not run", totals->not_run);
	if (totals->weak)
		printf("; weak: in %u check%s few pairs of operations "
		       "overlapped often (raise --budget)",
		        totals->weak, totals->weak == 1 ? "" : "s");
	printf("\n");
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "MAP|all|FILE.so",
		"Checks a map, all maps, or a map of another project "
		"(examples/) in every shape. Each check runs in its own "
		"process, with your rights: FILE.so may do all that you may "
		"do. Exits with status 1 and names the failed checks, or with "
		"3 if nothing could be checked or a limit of this machine "
		"(memory, threads) ended a check. With --history FILE it "
		"checks a recorded history instead, in a separate program "
		"that `make` builds: see `readmostly check --history=FILE "
		"--help`.",
		NULL, append_checks, NULL };
	struct arguments arguments = {
		.c = { .seed = 1, .ops = 200000, .threads = 4 },
		.limits = { .deadline_ns = DEADLINE_S * SECOND_NS,
		        .memory_bytes = (uint64_t)MEMORY_MIB << 20,
		        .budget_ns = BUDGET_S * SECOND_NS }
	};
	static char name[] = "readmostly check";
	struct totals totals = { 0 };
	const struct rm_impl *impl;

	rm_program_start();
	argv[0] = name;
	arguments.c.story = stdout;
	rm_argument_parse(&argp, argc, argv, &arguments);
	if (uses_quarantine(&arguments))
		rm_check_restart_with_quarantine(argc, argv);
	if (!quarantine_is_possible(&arguments))
		return RM_USAGE;
	impl = find_map(arguments.map, &arguments.limits);
	if (!impl)
		return RM_USAGE;
	run_map(&arguments, impl, &totals);
	print_totals(&totals);
	return exit_status(&arguments, &totals);
}
