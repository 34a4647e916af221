/* SPDX-License-Identifier: Apache-2.0 */
/* test_play.c - which program plays a trial, with what request and limits.
   Nothing is launched: rm_launch() is this file's. */
#include "runner/campaign/internal.h"
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct launched {
	struct rm_launch how;
	char program[RM_PROGRAM_BYTES];
	json_t *request;
	int result;
} launched;

static struct rm_cell cell;
static struct rm_arm arm;
static struct rm_error error;

int rm_launch(const struct rm_launch *launch, const json_t *request,
        struct rm_outcome *outcome, struct rm_error *why)
{
	(void)outcome;
	launched.how = *launch;
	launched.program[0] = '\0';
	if (launch->program)
		strcpy(launched.program, launch->program);
	json_decref(launched.request);
	launched.request = json_deep_copy(request);
	return launched.result ? rm_error_set(why, launched.result, "so") : 0;
}

static void begin(enum rm_measure measure)
{
	cell = (struct rm_cell){ .keys = 64,
		.threads = 3,
		.write_share = 0.03,
		.loop = { .kind = RM_LOOP_MIX },
		.window_ns = 1000000,
		.deadline_ns = 77000000,
		.presize = true,
		.blocks = 1,
		.measure = measure };
	if (rm_shape_parse("u64x8", &cell.shape))
		abort();
	strcpy(cell.workload, "w");
	strcpy(cell.map, "gomap");
	strcpy(cell.placement, "cores");
	strcpy(cell.memory, "first-touch");
	rm_cell_name(&cell);
	arm = (struct rm_arm){ .name = "head", .control_extra = 0.25 };
}

static int play(const char *program)
{
	const struct rm_play how = { .cell = &cell,
		.arm = &arm,
		.program = program,
		.seed = 5,
		.padding_seed = 6,
		.counters = json_pack("{s:s}", "backend", "none"),
		.interrupt_fd = 7 };
	struct rm_outcome outcome = { .status = NULL };

	return rm_play(&how, &outcome, &error);
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), rest = strlen(end);

	return size >= rest && !strcmp(text + size - rest, end);
}

/* The file of a map's program, of a flavour, that plays this measure. */
static bool plays(enum rm_measure measure, const char *file)
{
	begin(measure);
	if (play(NULL) == 0 && ends_with(launched.program, file))
		return true;
	printf("# %s\n", launched.program);
	return false;
}

static void which_program_plays(void)
{
	static char own[] = "arm";

	CHECK(plays(RM_MEASURE_THROUGHPUT, "/maps/plain/gomap") &&
	                plays(RM_MEASURE_VERIFY, "/maps/plain/gomap"),
	        "the map's program beside this one plays");
	CHECK(plays(RM_MEASURE_CAUSES, "/maps/stats/gomap") &&
	                plays(RM_MEASURE_SIMULATED, "/maps/sim/gomap"),
	        "a measure has the program of its flavour");
	begin(RM_MEASURE_THROUGHPUT);
	CHECK(play("given") == 0 && !strcmp(launched.program, "given"),
	        "a program that is given plays for arms without one");
	arm.program = own;
	CHECK(play("given") == 0 && !strcmp(launched.program, "arm") &&
	                play(NULL) == 0 && !strcmp(launched.program, "arm"),
	        "an arm's own program plays for it, whatever is given");
	arm.is_folder = true;
	CHECK(play("given") == 0 &&
	                !strcmp(launched.program, "arm/plain/gomap"),
	        "of an arm's folder the program of map and flavour");
	cell.measure = RM_MEASURE_CAUSES;
	CHECK(play(NULL) == 0 && !strcmp(launched.program, "arm/stats/gomap"),
	        "also for another flavour");
	begin(RM_MEASURE_THROUGHPUT);
	cell.shape.value_bytes = 256;
	CHECK(play(NULL) == 0 &&
	                ends_with(launched.program, "/maps/x256/gomap"),
	        "and for other sizes");
}

static void what_is_asked(void)
{
	struct rm_request request = { .seed = 0 };
	char *text;

	begin(RM_MEASURE_THROUGHPUT);
	play(NULL);
	text = json_dumps(launched.request, 0);
	CHECK(rm_request_parse(text, strlen(text), &request, &error) == 0 &&
	                request.seed == 5 && request.control_extra == 0.25 &&
	                !strcmp(request.cell.id, cell.id) &&
	                request.cell.threads == 3,
	        "the request has the cell, the seed and the arm's share");
	CHECK(!strcmp(json_string_value(json_object_get(
	                      json_object_get(launched.request, "counters"),
	                      "backend")),
	              "none"),
	        "and the counters");
	CHECK(launched.how.deadline_ns == 77000000 &&
	                launched.how.padding_seed == 6 &&
	                launched.how.interrupt_fd == 7 &&
	                !launched.how.arguments,
	        "deadline, padding and interruption are passed on");
	launched.result = -EAGAIN;
	CHECK(play(NULL) == -EAGAIN, "what cannot be launched is told");
	launched.result = 0;
	rm_request_clear(&request);
	free(text);
}

/* The limit of so many threads, in TiB, where a stack has so many MiB; what is
   available changes from call to call, and half of it is less than one. */
static uint64_t limit_tib(unsigned threads, rlim_t stack_mib)
{
	struct rlimit stack;

	getrlimit(RLIMIT_STACK, &stack);
	stack.rlim_cur = stack_mib ? stack_mib << 20 : RLIM_INFINITY;
	if (setrlimit(RLIMIT_STACK, &stack))
		abort();
	return rm_memory_limit(threads) >> 40;
}

static void stacks_are_reserved(void)
{
	const bool limited = rm_memory_limit(1) != 0;
	struct rlimit before;

	getrlimit(RLIMIT_STACK, &before);
	CHECK(limit_tib(1 << 20, 4) == (limited ? 4 : 0) &&
	                limit_tib(1 << 20, 2) == (limited ? 2 : 0),
	        "each thread's stack is beside what a trial may have");
	if (before.rlim_max == RLIM_INFINITY)
		CHECK(limit_tib(1 << 20, 0) == (limited ? 8 : 0),
		        "8 MiB where stacks have no limit");
	else
		SKIP("8 MiB where stacks have no limit", "they have one here");
	setrlimit(RLIMIT_STACK, &before);
}

/* How much there is changes from call to call, whether there is a limit does
   not: builds with a sanitizer have none. */
static void how_much_memory(void)
{
	begin(RM_MEASURE_THROUGHPUT);
	play(NULL);
	CHECK(!launched.how.memory_limit_bytes == !rm_memory_limit(3),
	        "a trial has a limit of memory");
	begin(RM_MEASURE_SIMULATED);
	play(NULL);
	CHECK(launched.how.memory_limit_bytes == 0,
	        "but a simulated machine, which reserves much");
}

int main(void)
{
	which_program_plays();
	what_is_asked();
	stacks_are_reserved();
	how_much_memory();
	json_decref(launched.request);
	return DONE();
}
