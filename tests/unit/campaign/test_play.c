/* SPDX-License-Identifier: Apache-2.0 */
/* test_play.c - program, request and limits of a trial. This file replaces
   rm_launch(), which records its arguments. */
#include "runner/campaign/internal.h"
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct launched {
	struct rm_launch launch;
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
	launched.launch = *launch;
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
	const struct rm_cell_trial_run trial = { .cell = &cell,
		.arm = &arm,
		.program = program,
		.seed = 5,
		.padding_seed = 6,
		.counters = json_pack("{s:s}", "backend", "none"),
		.interrupt_fd = 7 };
	struct rm_outcome outcome = { .status = NULL };

	return rm_cell_trial_run(&trial, &outcome, &error);
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), rest = strlen(end);

	return size >= rest && !strcmp(text + size - rest, end);
}

/* True if the path of this measure's program ends with `file`. */
static bool plays(enum rm_measure measure, const char *file)
{
	begin(measure);
	if (play(NULL) == 0 && ends_with(launched.program, file))
		return true;
	printf("# %s\n", launched.program);
	return false;
}

static void choose_program(void)
{
	static char arm_program[] = "arm";

	CHECK(plays(RM_MEASURE_THROUGHPUT, "/maps/plain/gomap") &&
	                plays(RM_MEASURE_VERIFY, "/maps/plain/gomap"),
	        "the map's program next to this one runs");
	CHECK(plays(RM_MEASURE_CAUSES, "/maps/stats/gomap") &&
	                plays(RM_MEASURE_SIMULATED, "/maps/sim/gomap"),
	        "a measure runs the program of its flavour");
	begin(RM_MEASURE_THROUGHPUT);
	CHECK(play("given") == 0 && !strcmp(launched.program, "given"),
	        "a replacement program runs for arms without a program");
	arm.program = arm_program;
	CHECK(play("given") == 0 && !strcmp(launched.program, "arm") &&
	                play(NULL) == 0 && !strcmp(launched.program, "arm"),
	        "an arm's own program runs even if there is a replacement");
	arm.is_folder = true;
	CHECK(play("given") == 0 &&
	                !strcmp(launched.program, "arm/plain/gomap"),
	        "the folder of an arm has a program per flavour and map");
	cell.measure = RM_MEASURE_CAUSES;
	CHECK(play(NULL) == 0 && !strcmp(launched.program, "arm/stats/gomap"),
	        "another flavour uses another program of the folder");
	begin(RM_MEASURE_THROUGHPUT);
	cell.shape.value_bytes = 256;
	CHECK(play(NULL) == 0 &&
	                ends_with(launched.program, "/maps/x256/gomap"),
	        "another size of values");
}

static void make_request(void)
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
	        "the request has the counters");
	CHECK(launched.launch.deadline_ns == 77000000 &&
	                launched.launch.padding_seed == 6 &&
	                launched.launch.interrupt_fd == 7 &&
	                !launched.launch.arguments,
	        "deadline, padding and interruption are passed on");
	launched.result = -EAGAIN;
	CHECK(play(NULL) == -EAGAIN, "a failed launch is returned");
	launched.result = 0;
	rm_request_clear(&request);
	free(text);
}

/* Returns the limit in TiB for this number of threads and MiB of stack. The
   part for available memory varies from call to call, but is less than 1
   TiB. */
static uint64_t limit_tib(unsigned threads, rlim_t stack_mib)
{
	struct rlimit stack;

	getrlimit(RLIMIT_STACK, &stack);
	stack.rlim_cur = stack_mib ? stack_mib << 20 : RLIM_INFINITY;
	if (setrlimit(RLIMIT_STACK, &stack))
		abort();
	return rm_memory_limit_bytes(threads) >> 40;
}

static void reserve_stacks(void)
{
	const bool limited = rm_memory_limit_bytes(1) != 0;
	struct rlimit before;

	getrlimit(RLIMIT_STACK, &before);
	CHECK(limit_tib(1 << 20, 4) == (limited ? 4 : 0) &&
	                limit_tib(1 << 20, 2) == (limited ? 2 : 0),
	        "each thread's stack adds to the limit");
	if (before.rlim_max == RLIM_INFINITY)
		CHECK(limit_tib(1 << 20, 0) == (limited ? 8 : 0),
		        "8 MiB for unlimited stacks");
	else
		SKIP("8 MiB for unlimited stacks", "stacks are limited here");
	setrlimit(RLIMIT_STACK, &before);
}

/* The limit varies between calls. A build with a sanitizer has no limit. */
static void limit_memory(void)
{
	begin(RM_MEASURE_THROUGHPUT);
	play(NULL);
	CHECK(!launched.launch.memory_limit_bytes == !rm_memory_limit_bytes(3),
	        "a trial has a memory limit");
	begin(RM_MEASURE_SIMULATED);
	play(NULL);
	CHECK(launched.launch.memory_limit_bytes == 0,
	        "a simulated machine, which reserves much, does not");
}

int main(void)
{
	choose_program();
	make_request();
	reserve_stacks();
	limit_memory();
	json_decref(launched.request);
	return DONE();
}
