/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_told.c - the command that repeats a finding has each option that
   differs from the default and no other; where an operation begins in a trace. */
#include "verify/explore/told.c"

#include "tests/unit/tap.h"

static int site;

static const struct rm_impl impl = { .id = "some_map", .shapes = 3 };

/* Of the usual options. */
static struct rm_explore_options options;
static struct rm_explore_case failing;
static struct rm_explore_told told;

static void begin(void)
{
	options = (struct rm_explore_options){ .impl = &impl,
		.named = "maps/some.c",
		.shapes = 3,
		.threads = RM_EXPLORE_THREADS,
		.ops = RM_EXPLORE_OPS,
		.steps = RM_EXPLORE_STEPS,
		.seed = 42 };
	memset(&failing, 0, sizeof(failing));
	failing.program.impl = &impl;
	failing.program.shape = RM_U64X24;
	failing.program.threads = 2;
	failing.program.ops[0] = 2;
	failing.program.ops[1] = 1;
	failing.program.ops[2] = 9; /* of no thread */
	told = (struct rm_explore_told){
		.options = &options, .number = 1234, .failing = &failing
	};
}

/* Exhaustive, of the usual size there. */
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

/* Whether these are the words, all of them. */
static bool says(void (*tell)(const struct rm_explore_told *told, FILE *out),
        const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool same;

	tell(&told, out);
	fclose(out);
	same = !strcmp(text, wanted);
	if (!same)
		printf("# said: %s\n", text);
	free(text);
	return same;
}

#define AGAIN "readmostly explore maps/some.c --seed 42"

static void commands(void)
{
	begin();
	CHECK(rm_explore_ops_of(&failing.program) == 3,
	        "operations are those of its threads");
	CHECK(says(rm_explore_told_again, AGAIN " --schedule 1234\n"),
	        "what is as usual is not said");
	options.threads++;
	options.ops--;
	CHECK(says(rm_explore_told_again,
	              AGAIN " --threads 4 --ops 5 --schedule 1234\n"),
	        "another size is");
	begin();
	options.plain = true;
	CHECK(says(rm_explore_told_again,
	              AGAIN " --threads 3 --schedule 1234\n"),
	        "so is the usual one, where it was asked for");
	begin();
	options.written = (const void *)&site;
	options.written_in = "dir/my.txt";
	options.threads = 1;
	CHECK(says(rm_explore_told_again,
	              AGAIN " --program-file dir/my.txt --schedule 1234\n"),
	        "a program that was written has its file and no size");
	begin();
	options.policy = RM_EXPLORE_STALL;
	options.memory = RM_EXPLORE_C11;
	options.unstamped = true;
	CHECK(says(rm_explore_told_again,
	              AGAIN " --scheduler stall --memory c11 --unstamped "
	                    "--schedule 1234\n"),
	        "schedulers and memories are");
	begin();
	options.unjudged = true;
	options.depth = 3;
	options.steps = 5000;
	options.shapes = 2;
	CHECK(says(rm_explore_told_again,
	              AGAIN " --unjudged --depth 3 --steps 5000 "
	                    "--shape u64x24 --schedule 1234\n"),
	        "and so are judging, depth, steps and the shape");
}

static void exhausted_commands(void)
{
	begin_exhausted();
	CHECK(says(rm_explore_told_again,
	              AGAIN " --scheduler exhaustive --program 1234\n"),
	        "where schedules are exhausted it is the program");
	options.preemptions = 3;
	options.schedules = 9;
	options.ops = 3;
	CHECK(says(rm_explore_told_again,
	              AGAIN " --ops 3 --scheduler exhaustive "
	                    "--preemptions 3 --schedules 9 --program 1234\n"),
	        "with what differs there");
	options.threads = 3;
	options.ops = 2;
	CHECK(says(rm_explore_told_again,
	              AGAIN " --threads 3 --scheduler exhaustive "
	                    "--preemptions 3 --schedules 9 --program 1234\n"),
	        "its usual threads are others");
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
	told.event = events;
	told.events = sizeof(events) / sizeof(*events);
	for (size_t i = 0; i < told.events; i++)
		right &= rm_explore_told_begins(&told, i) == wanted[i];
	CHECK(right, "an operation begins with its first event, of its lane; "
	             "what is between two belongs to none");
}

int main(void)
{
	commands();
	exhausted_commands();
	beginnings();
	return DONE();
}
