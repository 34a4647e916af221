/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - `readmostly check`: is a map right? */
#include "runner/check/check.h"
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/impl_table.h"

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
	QUIET = 'q'
};

enum { THREADS_MAX = 1024 };

struct arguments {
	const char *map; /* id or "all" */
	struct rm_check_case c;
	struct rm_check_limits limits;
	const struct rm_check *only; /* NULL: all */
	bool one_shape;
	bool quiet;
};

struct totals {
	unsigned ok, failed, skipped;
};

static const struct argp_option options[] = {
	{ "ops", OPS, "N", 0, "operations of each check (200000)", 0 },
	{ "threads", THREADS, "N", 0, "threads of each check (4)", 0 },
	{ "seed", SEED, "N", 0, "of keys, operations and the hash (1)", 0 },
	{ "shape", SHAPE, "SHAPE", 0, "only this shape, e.g. u64x8", 0 },
	{ "only", ONLY, "CHECK", 0, "only this check, e.g. exchange", 0 },
	{ "deadline", DEADLINE, "SECONDS", 0, "of each check (120)", 0 },
	{ "memory", MEMORY, "MIB", 0, "most resident per check (2048)", 0 },
	{ "in-process", IN_PROCESS, NULL, 0,
	        "no process per check and no limits: for a debugger", 0 },
	{ "quiet", QUIET, NULL, 0, "print failures and the sum only", 0 },
	{ 0 },
};

/* Limits are of each check, not of the run: one that hangs or eats memory
   fails alone, and the others go on. */
static error_t parse_limits(
        int key, char *text, struct argp_state *state, struct arguments *to)
{
	switch (key) {
	case DEADLINE:
		to->limits.deadline_ns = rm_argument_number(state, "deadline",
		                                 text, 1, 1000000) *
		                         1000000000U;
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

/* Whatever changes what a check does is an option, so that the line which a
   failure prints can run it again. */
static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *to = state->input;

	switch (key) {
	case OPS:
		to->c.ops = rm_argument_number(
		        state, "ops", text, 1, (uint64_t)1 << 40);
		return 0;
	case THREADS:
		to->c.threads = (unsigned)rm_argument_number(
		        state, "threads", text, 1, THREADS_MAX);
		return 0;
	case SEED:
		to->c.seed =
		        rm_argument_number(state, "seed", text, 0, UINT64_MAX);
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
		return parse_limits(key, text, state, to);
	}
}

/* One line: what was checked, how it went, how to see it again. */
static void print(const struct rm_check *check, const struct rm_check_case *c,
        enum rm_check_verdict verdict, const struct rm_error *error)
{
	static const char *const words[] = { "ok", "FAIL", "skip" };

	printf("%-4s %s %s %s", words[verdict], c->impl->id,
	        rm_shape_name(c->shape), check->name);
	if (error->text[0])
		printf(": %s", error->text);
	if (verdict == RM_CHECK_FAILED)
		printf("; again: readmostly check %s --shape %s --only %s "
		       "--ops %llu --threads %u --seed %llu",
		        c->impl->id, rm_shape_name(c->shape), check->name,
		        (unsigned long long)c->ops, c->threads,
		        (unsigned long long)c->seed);
	printf("\n");
	fflush(stdout);
}

static void run_one(const struct arguments *arguments,
        const struct rm_check *check, const struct rm_check_case *c,
        struct totals *totals)
{
	struct rm_error error = { "" };
	enum rm_check_verdict verdict =
	        rm_check_run(check, c, &arguments->limits, &error);

	totals->ok += verdict == RM_CHECK_OK;
	totals->failed += verdict == RM_CHECK_FAILED;
	totals->skipped += verdict == RM_CHECK_SKIPPED;
	if (verdict == RM_CHECK_FAILED || !arguments->quiet)
		print(check, c, verdict, &error);
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
		for (size_t i = 0; i < rm_check_count; i++)
			if (!arguments->only ||
			        arguments->only == rm_checks + i)
				run_one(arguments, rm_checks + i, &one, totals);
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

/* A map of this build, or of a file; NULL: it said why there is none. */
static const struct rm_impl *find_map(const char *name)
{
	const struct rm_impl *impl = rm_impl_find(name);
	struct rm_error error = { "" };

	if (impl)
		return impl;
	if (!rm_foreign_is_file(name))
		fprintf(stderr,
		        "readmostly check: no map \"%s\"; `readmostly list` "
		        "prints all; a library is named by its path\n",
		        name);
	else if (rm_foreign_load(name, &impl, &error))
		fprintf(stderr, "readmostly check: %s\n", error.text);
	return impl;
}

/* Asked before argp sees the line: with --history check_history.c takes it,
   which has options of its own and another --help. */
static bool is_about_history(int argc, char **argv)
{
	static const char option[] = "--history";

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], option, sizeof(option) - 1) &&
		        (!argv[i][sizeof(option) - 1] ||
		                argv[i][sizeof(option) - 1] == '='))
			return true;
	return false;
}

int rm_cli_check(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "MAP|all|FILE.so",
		"Checks a map, all, or one of another project (examples/), in "
		"every shape: each check in a process of its own, but with "
		"your rights: FILE.so may do all that you may. Ends with "
		"status 1 and names what failed. With --history FILE it "
		"judges a recorded history instead: see `readmostly check "
		"--history=FILE --help`.",
		NULL, help, NULL };
	struct arguments arguments = {
		.c = { .seed = 1, .ops = 200000, .threads = 4 },
		.limits = { .deadline_ns = 120000000000U,
		        .memory_bytes = (uint64_t)2048 << 20 }
	};
	struct totals totals = { 0 };
	const struct rm_impl *impl = NULL;

	if (is_about_history(argc, argv))
		return rm_cli_check_history(argc, argv);
	arguments.c.story = stdout;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (strcmp(arguments.map, "all")) {
		impl = find_map(arguments.map);
		if (!impl)
			return RM_USAGE;
		run_map(&arguments, impl, &totals);
	}
	/* a planted misuse is checked by its name only */
	for (size_t i = 0; !impl && i < rm_impl_count; i++)
		if (!rm_impl_table[i]->misuse)
			run_map(&arguments, rm_impl_table[i], &totals);
	printf("check: %u ok, %u failed, %u skipped\n", totals.ok,
	        totals.failed, totals.skipped);
	return totals.failed ? RM_FAILED : RM_OK;
}
