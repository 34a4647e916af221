/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_view.c - tests that the command that repeats a finding has
 * exactly the options that differ from their defaults. Also tests where
 * operations begin in a trace.
 *
 * plain: make test compiles verify/explore/ without sanitizers only.
 */
#include "verify/explore/view.c"

#include "tests/unit/tap.h"

static int site;

static const struct rm_impl impl = { .id = "some_map", .shapes = 3 };

static struct rm_explore_options options;
static struct rm_explore_case failing;
static struct rm_explore_view view;

static void begin(void)
{
	options = (struct rm_explore_options){ .impl = &impl,
		.named = "maps/some.c",
		.shapes = 3,
		.threads = RM_EXPLORE_THREADS,
		.ops = RM_EXPLORE_OPS,
		.steps = RM_EXPLORE_STEPS,
		.fairness = RM_EXPLORE_FAIRNESS,
		.seed = 42 };
	memset(&failing, 0, sizeof(failing));
	failing.program.impl = &impl;
	failing.program.shape = RM_U64X24;
	failing.program.threads = 2;
	failing.program.ops[0] = 2;
	failing.program.ops[1] = 1;
	failing.program.ops[2] = 9; /* not a thread of the program */
	view = (struct rm_explore_view){
		.options = &options, .number = 1234, .failing = &failing
	};
}

static void begin_exhausted(void)
{
	begin();
	options.policy = RM_EXPLORE_EXHAUSTIVE;
	options.threads = RM_EXPLORE_FEW_THREADS;
	options.ops = RM_EXPLORE_FEW_OPS;
	options.preemptions = RM_EXPLORE_PREEMPTIONS;
	options.schedules = RM_EXPLORE_EXHAUSTED_MOST;
	options.plain = true;
}

/* True if `print` prints exactly this. */
static bool prints(void (*print)(const struct rm_explore_view *view, FILE *out),
        const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool same;

	print(&view, out);
	fclose(out);
	same = !strcmp(text, expected);
	if (!same)
		printf("# printed: %s\n", text);
	free(text);
	return same;
}

#define COMMAND "readmostly explore maps/some.c --seed 42"

static void commands(void)
{
	begin();
	CHECK(rm_explore_count_ops(&failing.program) == 3,
	        "all operations of the program's threads are counted");
	CHECK(prints(rm_explore_print_command, COMMAND " --schedule 1234\n"),
	        "default options are not printed");
	options.threads++;
	options.ops--;
	CHECK(prints(rm_explore_print_command,
	              COMMAND " --threads 4 --ops 5 --schedule 1234\n"),
	        "other numbers of threads and operations are printed");
	begin();
	options.plain = true;
	CHECK(prints(rm_explore_print_command,
	              COMMAND " --threads 3 --schedule 1234\n"),
	        "the default size is printed if it was given");
	begin();
	options.written = (const void *)&site;
	options.written_in = "dir/my.txt";
	options.threads = 1;
	CHECK(prints(rm_explore_print_command,
	              COMMAND " --program-file dir/my.txt --schedule 1234\n"),
	        "a program file is printed without a size");
	begin();
	options.policy = RM_EXPLORE_STALL;
	options.memory = RM_EXPLORE_C11;
	options.unstamped = true;
	CHECK(prints(rm_explore_print_command,
	              COMMAND " --scheduler stall --memory c11 --unstamped "
	                      "--schedule 1234\n"),
	        "the scheduler and the memory model are printed");
	begin();
	options.unjudged = true;
	options.depth = 3;
	options.steps = 5000;
	options.shapes = 2;
	CHECK(prints(rm_explore_print_command,
	              COMMAND " --unjudged --depth 3 --steps 5000 "
	                      "--shape u64x24 --schedule 1234\n"),
	        "judging, depth, steps and the shape are printed");
}

static void exhausted_commands(void)
{
	begin_exhausted();
	CHECK(prints(rm_explore_print_command,
	              COMMAND " --scheduler exhaustive --program 1234\n"),
	        "the exhaustive scheduler has a program instead");
	options.preemptions = 3;
	options.schedules = 9;
	options.ops = 3;
	CHECK(prints(rm_explore_print_command,
	              COMMAND " --ops 3 --scheduler exhaustive "
	                      "--preemptions 3 --schedules 9 --program 1234\n"),
	        "other options of the exhaustive scheduler are printed if they "
	        "differ");
	options.threads = 3;
	options.ops = 2;
	CHECK(prints(rm_explore_print_command,
	              COMMAND " --threads 3 --scheduler exhaustive "
	                      "--preemptions 3 --schedules 9 --program 1234\n"),
	        "the exhaustive scheduler has another default number of "
	        "threads");
}

static void beginnings(void)
{
	const struct rm_explore_event events[] = {
		{ .lane = 1, .operation = -1 }, /* 0 */
		{ .lane = 1, .operation = 0 }, { .lane = 2, .operation = 0 },
		{ .lane = 1, .operation = 0 }, /* 3 */
		{ .lane = 1, .operation = -1 }, { .lane = 1, .operation = 0 },
		{ .lane = 1, .operation = 1 }, /* 6 */
		{ .lane = 2, .operation = -1 }, { .lane = 2, .operation = 1 },
		{ .lane = 2, .operation = 1 }, /* 9 */
	};
	static const bool wanted[] = { false, true, true, false, false, false,
		true, false, true, false };
	bool right = true;

	begin();
	view.event = events;
	view.events = sizeof(events) / sizeof(*events);
	for (size_t i = 0; i < view.events; i++)
		right &= rm_explore_is_first_event(&view, i) == wanted[i];
	CHECK(right, "an operation begins with its lane's first event; "
	             "events between two operations belong to none");
}

int main(void)
{
	commands();
	exhausted_commands();
	beginnings();
	return DONE();
}
