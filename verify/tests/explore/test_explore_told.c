/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_told.c - the words of a finding: each line as a person reads it,
   and a command that says what differs from the usual, and nothing else. */
#include "verify/explore/told.c"

#include "tests/unit/tap.h"

/* What else the words are made of. */
const char *const rm_explore_memory_name[RM_EXPLORE_MEMORIES] = { "sc", "tso",
	"c11" };
const char *const rm_explore_policy_name[RM_EXPLORE_POLICIES] = { "mix",
	"random", "pct", "stall", "exhaustive" };
const char *const rm_explore_fault_name[RM_EXPLORE_FAULTS] = {
	[RM_EXPLORE_RACE] = "data race"
};

uintptr_t rm_explore_heap = 0x200000000000;

static int map_site, other_site, global;
static struct rm_explore_site sites[2] = {
	{ .place = "map.h:7", .chain = "lookup at map.h:7" },
	{ .place = "a_very_long_name_of_a_file_that_is_cut_off_here.h:12345",
	        .chain = "upsert at other.h:12" },
};
static char *written;

const struct rm_explore_site *rm_explore_sites_find(
        const struct rm_explore_sites *all, const void *address)
{
	(void)all;
	return &sites[address != &map_site];
}

void rm_explore_op_words(
        const struct rm_explore_op *op, char *text, size_t size)
{
	snprintf(text, size, "kind %u key %u", op->kind, op->key);
}

char *rm_explore_written_text(const struct rm_explore_program *program)
{
	(void)program;
	return written ? strdup(written) : NULL;
}

const char *rm_explore_lane_name(unsigned lane)
{
	return lane == 2 ? "thread 2" : "another";
}

uint64_t rm_sim_space_image(const void *address)
{
	return address == &global ? 1 : 0;
}

static const struct rm_impl impl = { .id = "some_map", .shapes = 3 };

/* Of the usual options. */
static struct rm_explore_options options;
static struct rm_explore_case failing;
static struct rm_explore_played played;
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
	failing.switches = 4;
	memset(&played, 0, sizeof(played));
	played.fault = RM_EXPLORE_RACE;
	strcpy(played.what, "nothing orders them");
	told = (struct rm_explore_told){ .options = &options,
		.number = 1234,
		.failing = &failing,
		.played = &played,
		.ops_before = 18,
		.switches_before = 30,
		.plays = 77 };
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

static void titles(void)
{
	begin();
	CHECK(says(rm_explore_told_title,
	              "schedule 1234 of seed 42: data race"),
	        "a title says the schedule, its seed and what is wrong");
	options.policy = RM_EXPLORE_EXHAUSTIVE;
	CHECK(says(rm_explore_told_title,
	              "play 77 of program 1234 of seed 42: data race"),
	        "or the program, and which of its plays");
}

static void heads(void)
{
	begin();
	CHECK(rm_explore_ops_of(&failing.program) == 3,
	        "operations are those of its threads");
	CHECK(says(rm_explore_told_head,
	              "  nothing orders them\n"
	              "map some_map, u64x24, made smaller: 3 of 18 operations, "
	              "4 of 30 switches\n"),
	        "a head says what is wrong, the map, and how small it is");
	played.site[0] = &map_site;
	played.site[1] = &other_site;
	failing.program.memory = RM_EXPLORE_TSO;
	CHECK(says(rm_explore_told_head,
	              "  nothing orders them\n"
	              "  here:   lookup at map.h:7\n"
	              "  before: upsert at other.h:12\n"
	              "map some_map, u64x24, memory tso, made smaller: 3 of 18 "
	              "operations, 4 of 30 switches\n"),
	        "and where, and under which memory");
	played.site[0] = NULL;
	failing.program.memory = RM_EXPLORE_C11;
	CHECK(says(rm_explore_told_head,
	              "  nothing orders them\n"
	              "  before: upsert at other.h:12\n"
	              "map some_map, u64x24, memory c11, made smaller: 3 of 18 "
	              "operations, 4 of 30 switches\n"),
	        "as far as it is known");
}

#define AGAIN "readmostly explore maps/some.c --seed 42"

static void commands(void)
{
	begin();
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
	options.written = (const void *)&map_site;
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

static int program_status;

static void tell_program(const struct rm_explore_told *what, FILE *out)
{
	program_status = rm_explore_told_program(what, out);
}

static void programs(void)
{
	begin();
	written = NULL;
	CHECK(says(tell_program, "") && program_status == -ENOMEM,
	        "without memory no program is said");
	written = "keys = 2\nthread 1 = upsert 0\n";
	CHECK(says(tell_program, "keys = 2\nthread 1 = upsert 0\n") &&
	                program_status == 0,
	        "a program is said as it is read");
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

static bool event_says(struct rm_explore_event event, const char *wanted)
{
	char text[128];

	rm_explore_told_event(&told, &event, text, sizeof(text));
	if (strcmp(text, wanted))
		printf("# said: %s\n", text);
	return !strcmp(text, wanted);
}

static bool kinds_are_said(void)
{
	static const char *const words[] = { "reads", "writes", "loads",
		"stores", "locks", "fences", "stores into its buffer",
		"has left the buffer" };
	bool right = true;

	for (unsigned kind = 0; kind < 8; kind++) {
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "map.h:7 %s", words[kind]);
		right &= event_says(
		        (struct rm_explore_event){ .kind = (uint8_t)kind,
		                .site = &map_site,
		                .value = 5 },
		        wanted);
	}
	return right;
}

static void events(void)
{
	struct rm_explore_event event = {
		.kind = RM_EXPLORE_LOADS, .site = &map_site, .bytes = 8
	};

	begin();
	CHECK(kinds_are_said(), "an event says its place and what it did");
	CHECK(event_says(event, "map.h:7 loads 0"), "and its value");
	event.value = 1048575;
	CHECK(event_says(event, "map.h:7 loads 1048575"), "small in decimal");
	event.value = 1048576;
	CHECK(event_says(event, "map.h:7 loads 0x100000"),
	        "large in hexadecimal");
	event.value = rm_explore_heap + 0x1f0;
	CHECK(event_says(event, "map.h:7 loads heap+0x1f0"),
	        "a place of the heap by its offset");
	event.value = rm_explore_heap + RM_EXPLORE_HEAP_BYTES;
	CHECK(event_says(event, "map.h:7 loads 0x200010000000"),
	        "up to its end");
	event.value = (uintptr_t)&global;
	CHECK(event_says(event, "map.h:7 loads a global's address"),
	        "a global's without one, for it is elsewhere in each run");
	event.at = 8;
	CHECK(event_says(event, "map.h:7 loads"),
	        "a value that is not there yet is not said");
	event.site = &other_site;
	CHECK(event_says(event,
	              "a_very_long_name_of_a_file_that_is_cut_off_h loads"),
	        "a place has 44 letters at most");
}

static void older_values(void)
{
	struct rm_explore_event event = { .older_lane = 2,
		.older_site = &map_site };
	char text[128];

	begin();
	rm_explore_told_older(&told, &event, text, sizeof(text));
	CHECK(!strcmp(text, "an older value: that of thread 2 at map.h:7"),
	        "an older value says who stored it, and where");
	event.older_site = NULL;
	rm_explore_told_older(&told, &event, text, sizeof(text));
	CHECK(!strcmp(text, "an older value: that of the start"),
	        "or that nobody did");
}

static void operations(void)
{
	const struct rm_explore_event event = { .lane = 2, .operation = 1 };
	char text[128];

	begin();
	failing.program.op[1][1] =
	        (struct rm_explore_op){ .kind = 6, .key = 3 };
	rm_explore_told_operation(&told, &event, text, sizeof(text));
	CHECK(!strcmp(text, "kind 6 key 3"),
	        "lane 2 is thread 2, the second of the program");
}

int main(void)
{
	titles();
	heads();
	commands();
	exhausted_commands();
	programs();
	beginnings();
	events();
	older_values();
	operations();
	return DONE();
}
