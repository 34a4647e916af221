/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - `readmostly check` in the program of one map: is it right? */
#include "runner/base/error.h"
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
	const char *map; /* id or "all" */
	struct rm_check_case c;
	struct rm_check_limits limits;
	const struct rm_check *only; /* NULL: all */
	bool one_shape;
	bool quiet;
	bool counted; /* --ops: exactly these, once */
};

struct totals {
	unsigned ok, failed, skipped;
};

static const struct argp_option options[] = {
	{ "budget", BUDGET, "SECONDS", 0,
	        "CPU time of all checks of a map and shape, or wall time where "
	        "that is more, in rounds (10; quick is 2)",
	        0 },
	{ "ops", OPS, "N", 0,
	        "instead of a budget: operations of each check, once", 0 },
	{ "preempt", PREEMPT, NULL, 0,
	        "stop threads at random from outside (every second round of "
	        "a budget does)",
	        0 },
	{ "quarantine", QUARANTINE, NULL, 0,
	        "poison what is freed and keep it back (half of the rounds of "
	        "a budget do)",
	        0 },
	{ "threads", THREADS, "N", 0, "threads of each check (4)", 0 },
	{ "seed", SEED, "N", 0, "of keys, operations and the hash (1)", 0 },
	{ "shape", SHAPE, "SHAPE", 0, "only this shape, e.g. u64x8", 0 },
	{ "only", ONLY, "CHECK", 0, "only this check, e.g. exchange", 0 },
	{ "deadline", DEADLINE, "SECONDS", 0,
	        "CPU time without an operation that ends, of each check (30)",
	        0 },
	{ "memory", MEMORY, "MIB", 0, "most resident per check (2048)", 0 },
	{ "in-process", IN_PROCESS, NULL, 0,
	        "no process per check and no limits: for a debugger", 0 },
	{ "quiet", QUIET, NULL, 0, "print failures and the sum only", 0 },
	{ 0 },
};

/* Limits are of each check, not of the run: one that hangs or eats memory
   fails alone, and the others go on. */
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
		return 0;
	case ARGP_KEY_ARG:
		rm_argument_once(state, &to->map, text, "map");
		return 0;
	case ARGP_KEY_END:
		if (!to->map)
			argp_error(state, "expected a map's id, or all");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What a round is run with, beside its operations. */
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

/* Whatever changes what a check does is an option, so that the line which a
   failure prints can run it again. */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *to = state->input;

	switch (key) {
	case OPS:
		to->c.ops = rm_argument_number(
		        state, "ops", text, 1, RM_CHECK_OPS_MOST);
		to->counted = true;
		return 0;
	case SHAPE:
		to->one_shape = true;
		rm_argument_shape(state, text, &to->c.shape);
		if (!rm_shape_built(to->c.shape))
			argp_error(state,
			        "--shape %s: expected one of this program's, "
			        "whose values have 8 or %d bytes",
			        text, RM_VALUE_LONG);
		return 0;
	case ONLY:
		to->only = rm_check_find(text);
		if (!to->only)
			argp_error(state,
			        "--only %s: no such check; see --help", text);
		return 0;
	default:
		if (!parse_case(key, text, state, &to->c))
			return 0;
		return parse_limits(key, text, state, to);
	}
}

/* What a budget was spent on. */
static void print_spent(const struct rm_check_done *done)
{
	printf(": %u rounds, %.1f s of CPU time", done->rounds,
	        (double)done->cpu_ns / 1e9);
	if (done->operations)
		printf(", %llu operations",
		        (unsigned long long)done->operations);
	if (done->looked)
		printf(", %.0f %% of %llu looked at met another's",
		        100 * (double)done->met / (double)done->looked,
		        (unsigned long long)done->looked);
	if (done->stops)
		printf(", %llu stops", (unsigned long long)done->stops);
	if (done->pairs[0])
		printf("; %s", done->pairs);
}

/* What runs the round again that failed, and how often that did: by the program
   that has this shape, and within the limits that it may have met. */
static void print_again(const struct rm_check *check,
        const struct rm_check_limits *limits, const struct rm_check_done *done)
{
	const struct rm_check_case *c = &done->last;

	printf("; again: readmostly check %s --shape %s --only %s "
	       "--ops %llu --threads %u --seed %llu%s%s",
	        c->impl->id, rm_shape_name(c->shape), check->name,
	        (unsigned long long)c->ops, c->threads,
	        (unsigned long long)c->seed, c->preempt ? " --preempt" : "",
	        c->quarantine ? " --quarantine" : "");
	if (limits->deadline_ns != DEADLINE_S * SECOND_NS)
		printf(" --deadline %llu",
		        (unsigned long long)(limits->deadline_ns / SECOND_NS));
	if (limits->memory_bytes >> 20 != MEMORY_MIB)
		printf(" --memory %llu",
		        (unsigned long long)(limits->memory_bytes >> 20));
	if (done->tried)
		printf(" (failed %u of %u times again)", done->failed_again,
		        done->tried);
	else
		printf(" (how often it fails again: not known)");
}

/* One line: what was checked, how it went, how to see it again. */
static void print(const struct rm_check *check, const struct rm_check_case *c,
        const struct rm_check_limits *limits, enum rm_check_verdict verdict,
        const struct rm_check_done *done, const struct rm_error *error)
{
	static const char *const words[] = { "ok", "FAIL", "skip" };

	printf("%-4s %s %s %s", words[verdict], c->impl->id,
	        rm_shape_name(c->shape), check->name);
	if (done->rounds > 1 && verdict == RM_CHECK_OK) {
		print_spent(done);
		if (error->text[0])
			printf("; last round");
	}
	if (error->text[0])
		printf(": %s", error->text);
	if (verdict == RM_CHECK_FAILED)
		print_again(check, limits, done);
	printf("\n");
	fflush(stdout);
}

/* Returns what it took of the budget. */
static uint64_t run_one(const struct arguments *arguments,
        const struct rm_check *check, const struct rm_check_case *c,
        uint64_t budget_ns, struct totals *totals)
{
	struct rm_check_limits limits = arguments->limits;
	struct rm_check_done done = { 0 };
	struct rm_error error = { "" };
	enum rm_check_verdict verdict;

	limits.budget_ns = budget_ns;
	verdict = rm_check_run(check, c, &limits, &done, &error);
	totals->ok += verdict == RM_CHECK_OK;
	totals->failed += verdict == RM_CHECK_FAILED;
	totals->skipped += verdict == RM_CHECK_SKIPPED;
	if (verdict == RM_CHECK_FAILED || !arguments->quiet)
		print(check, c, &limits, verdict, &done, &error);
	return done.spent_ns;
}

/* All checks of a map in one shape, from one budget: what one does not use is
   for those after it. Those of no weight run once, whatever that costs; others
   have a round even where nothing is left. */
static void run_shape(const struct arguments *arguments,
        const struct rm_check_case *c, struct totals *totals)
{
	uint64_t left_ns = arguments->counted ? 0 : arguments->limits.budget_ns;

	for (size_t i = 0; i < rm_check_count; i++) {
		const struct rm_check *check = rm_checks + i;
		uint64_t share_ns = left_ns, used_ns;

		if (arguments->only && arguments->only != check)
			continue;
		if (!arguments->only)
			share_ns = rm_check_share(check, c, left_ns);
		if (!share_ns && !arguments->counted)
			share_ns = 1;
		used_ns = run_one(arguments, check, c, share_ns, totals);
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
		if (arguments->one_shape && rm_shape_index(c.shape) != s)
			continue;
		struct rm_check_case one = c;

		one.shape = rm_shapes[s];
		/* a technique has no shapes: once */
		if (!arguments->one_shape && !(impl->shapes & 1U << s) &&
		        (s || rm_impl_is_map(impl)))
			continue;
		run_shape(arguments, &one, totals);
	}
}

/* The list of checks under the options. */
static char *help(int key, const char *text, void *input)
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

/* The map of this program, or of a file; NULL: standard error has the reason. */
static const struct rm_impl *find_map(const char *name)
{
	const struct rm_impl *impl = rm_impl_find(name);
	struct rm_error error = { "" };

	if (!strcmp(name, "all"))
		return &rm_this_map;
	if (!impl && rm_foreign_is_file(name))
		rm_foreign_load(name, &impl, &error);
	else if (!impl)
		rm_error_set(&error, RM_USAGE,
		        "no map is called \"%s\"; `readmostly dev list` prints "
		        "all, and a library is named by its path",
		        name);
	if (!impl)
		fprintf(stderr, "readmostly check: %s\n", error.text);
	return impl;
}

/* Is any round of this run with the quarantine? To start again costs as much as
   a short check. */
static bool keeps_freed(const struct arguments *arguments)
{
	return !arguments->limits.in_process &&
	       (!arguments->counted || arguments->c.quarantine);
}

/* A round that was asked for with the quarantine proves nothing without. */
static bool has_what_it_asks(const struct arguments *arguments)
{
	const char *why = arguments->limits.in_process
	                          ? "not with --in-process"
	                          : rm_check_no_quarantine();

	if (!arguments->c.quarantine || !why)
		return true;
	fprintf(stderr, "readmostly check: --quarantine: %s\n", why);
	return false;
}

/* A run in which every check was skipped has shown nothing, and must not be
   green where a script asks. */
static int verdict(const struct totals *totals)
{
	if (totals->failed)
		return RM_FAILED;
	if (totals->ok)
		return RM_OK;
	fprintf(stderr, "readmostly check: nothing was checked: all that was "
	                "asked for was skipped; without --quiet a line of each "
	                "says why\n");
	return RM_INCOMPLETE;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "MAP|all|FILE.so",
		"Checks a map, all, or one of another project (examples/), in "
		"every shape: each check in a process of its own, but with "
		"your rights: FILE.so may do all that you may. Ends with "
		"status 1 and names what failed, or with 3 where nothing "
		"could be checked. With --history FILE it "
		"judges a recorded history instead: see `readmostly check "
		"--history=FILE --help`.",
		NULL, help, NULL };
	struct arguments arguments = {
		.c = { .seed = 1, .ops = 200000, .threads = 4 },
		.limits = { .deadline_ns = DEADLINE_S * SECOND_NS,
		        .memory_bytes = (uint64_t)MEMORY_MIB << 20,
		        .budget_ns = BUDGET_S * SECOND_NS }
	};
	static char name[] = "readmostly check";
	struct totals totals = { 0 };
	const struct rm_impl *impl;

	rm_cli_begin();
	argv[0] = name;
	arguments.c.story = stdout;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (keeps_freed(&arguments))
		rm_check_with_quarantine(argc, argv);
	if (!has_what_it_asks(&arguments))
		return RM_USAGE;
	impl = find_map(arguments.map);
	if (!impl)
		return RM_USAGE;
	run_map(&arguments, impl, &totals);
	printf("check: %u ok, %u failed, %u skipped\n", totals.ok,
	        totals.failed, totals.skipped);
	return verdict(&totals);
}
