/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.c - one page of text about one finding.
 *
 * Nothing on it depends on the run that found it, but on the schedule alone:
 * who plays the schedule again gets the same bytes.
 */
#include "runner/sim/explore/page.h"
#include "runner/protocol/protocol.h"
#include "runner/sim/explore/heap.h"
#include "runner/sim/explore/number.h"
#include "runner/sim/explore/shrink.h"
#include "runner/sim/explore/sites.h"
#include "runner/sim/explore/world.h"
#include "runner/sim/explore/written.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	TRACE_MOST = 4096, /* events that are kept */
	LINES_MOST = 160, /* of the schedule; more are left out in the middle */
	WIDTH = 36,       /* of a column */
	CELL_BYTES = 112,
	DECIMAL_BELOW = 1 << 20, /* larger values are hexadecimal */
};

struct page {
	FILE *out;
	const struct rm_explore_options *options;
	uint64_t number;
	const struct rm_explore_case *failing;
	const struct rm_explore_played *played;
	uint64_t ops_before, switches_before;
	uint64_t plays; /* up to it, where schedules are exhausted */
	unsigned column[RM_EXPLORE_LANES]; /* from 0; of lanes with a part */
	unsigned columns;
	struct rm_explore_sites sites;
	const struct rm_explore_event *event;
	size_t events;
};

static unsigned ops_of(const struct rm_explore_program *program)
{
	unsigned ops = 0;

	for (unsigned t = 0; t < program->threads; t++)
		ops += program->ops[t];
	return ops;
}

static void cell(const struct page *page, unsigned lane, const char *text)
{
	fprintf(page->out, "  %*s%s\n", (int)(page->column[lane] * WIDTH), "",
	        text);
}

static const char *const memory_words[RM_EXPLORE_MEMORIES] = {
	[RM_EXPLORE_TSO] = "tso, ", [RM_EXPLORE_C11] = "c11, "
};

static void head(const struct page *page)
{
	const struct rm_explore_program *program = &page->failing->program;

	if (page->options->policy == RM_EXPLORE_EXHAUSTIVE)
		fprintf(page->out, "play %" PRIu64 " of program ", page->plays);
	else
		fprintf(page->out, "schedule ");
	fprintf(page->out, "%" PRIu64 " of seed %" PRIu64 ": %s\n  %s\n",
	        page->number, page->options->seed,
	        rm_explore_fault_name[page->played->fault], page->played->what);
	for (int i = 0; i < 2; i++)
		if (page->played->site[i])
			fprintf(page->out, "  %s %s\n",
			        i ? "before:" : "here:  ",
			        rm_explore_sites_find(
			                &page->sites, page->played->site[i])
			                ->chain);
	fprintf(page->out,
	        "map %s, %s, %s%smade smaller: %u of %" PRIu64
	        " operations, %" PRIu64 " of %" PRIu64 " switches\n",
	        program->impl->id, rm_shape_name(program->shape),
	        program->memory ? "memory " : "",
	        program->memory ? memory_words[program->memory] : "",
	        ops_of(program), page->ops_before, page->failing->switches,
	        page->switches_before);
}

/* As --program-file takes it. */
static int print_program(const struct page *page)
{
	char *text = rm_explore_written_text(&page->failing->program);

	if (!text)
		return -ENOMEM;
	fprintf(page->out, "\nthe program:\n%s", text);
	free(text);
	return 0;
}

/* Whether an event shows what the one before it in this lane has shown. */
static bool repeats(const struct page *page,
        const struct rm_explore_event *event,
        const struct rm_explore_event *last)
{
	return last && last->lane == event->lane && event->site &&
	       !event->looks_back && !last->looks_back &&
	       last->operation == event->operation &&
	       last->kind == event->kind &&
	       !strcmp(rm_explore_sites_find(&page->sites, event->site)->place,
	               rm_explore_sites_find(&page->sites, last->site)->place);
}

/* Whose store a load has read that is not the newest, in a column. */
static void say_older(const struct page *page,
        const struct rm_explore_event *event, unsigned column)
{
	fprintf(page->out, "  %*s    an older value: that of ",
	        (int)(column * WIDTH), "");
	if (event->older_site)
		fprintf(page->out, "%s at %s\n",
		        rm_explore_lane_name(event->older_lane),
		        rm_explore_sites_find(&page->sites, event->older_site)
		                ->place);
	else
		fprintf(page->out, "the start\n");
}

/* " 0x2a", with a blank before it; nothing where no value is known. A place in
   the program's own memory lies elsewhere in each run. */
static void value_words(
        const struct rm_explore_event *event, char *text, size_t size)
{
	const uint64_t value = event->value;

	text[0] = '\0';
	if (!event->bytes || event->at)
		return;
	if (value - rm_explore_heap < RM_EXPLORE_HEAP_BYTES)
		snprintf(text, size, " heap+0x%" PRIx64,
		        value - (uint64_t)rm_explore_heap);
	else if (rm_sim_space_image((const void *)(uintptr_t)value))
		snprintf(text, size, " a global's address");
	else if (value < DECIMAL_BELOW)
		snprintf(text, size, " %" PRIu64, value);
	else
		snprintf(text, size, " 0x%" PRIx64, value);
}

/* A line of the operation where it begins, one of each source line; returns how
   many lines there are, whether they are printed or not. */
static size_t event_lines(const struct page *page, size_t i,
        int operation[RM_EXPLORE_LANES], bool print)
{
	static const char *const words[] = { [RM_EXPLORE_READS] = "reads",
		[RM_EXPLORE_WRITES] = "writes",
		[RM_EXPLORE_LOADS] = "loads",
		[RM_EXPLORE_STORES] = "stores",
		[RM_EXPLORE_LOCKS] = "locks",
		[RM_EXPLORE_FENCES] = "fences",
		[RM_EXPLORE_WAITS] = "stores into its buffer",
		[RM_EXPLORE_LEAVES] = "has left the buffer" };
	const struct rm_explore_event *event = &page->event[i];
	const struct rm_explore_program *program = &page->failing->program;
	char text[CELL_BYTES], words_of[64], value[32];
	size_t lines = 0;

	if (operation[event->lane] != event->operation &&
	        event->operation >= 0) {
		operation[event->lane] = event->operation;
		rm_explore_op_words(
		        &program->op[event->lane - 1][event->operation],
		        words_of, sizeof(words_of));
		snprintf(text, sizeof(text), "%s:", words_of);
		if (print)
			cell(page, event->lane, text);
		lines++;
	}
	if (!event->site || repeats(page, event, i ? event - 1 : NULL))
		return lines;
	value_words(event, value, sizeof(value));
	snprintf(text, sizeof(text), "  %.44s %s%s",
	        rm_explore_sites_find(&page->sites, event->site)->place,
	        words[event->kind], value);
	if (print)
		cell(page, event->lane, text);
	lines++;
	if (event->looks_back && print)
		say_older(page, event, page->column[event->lane]);
	return lines + event->looks_back;
}

/* All lines, or how many there are: those of the middle are left out. */
static size_t schedule_lines(const struct page *page, size_t all)
{
	int operation[RM_EXPLORE_LANES];
	size_t line = 0;

	memset(operation, 0xff, sizeof(operation));
	for (size_t i = 0; i < page->events; i++) {
		bool print =
		        all && (all <= LINES_MOST || line < LINES_MOST / 2 ||
		                       line + LINES_MOST / 2 >= all);
		size_t lines = event_lines(page, i, operation, print);

		if (all > LINES_MOST && line < LINES_MOST / 2 &&
		        line + lines >= LINES_MOST / 2)
			fprintf(page->out, "  ... %zu lines ...\n",
			        all - LINES_MOST);
		line += lines;
	}
	return line;
}

/* Where lines were left out: what a stranger cannot guess of them. */
static void print_older(const struct page *page)
{
	const char *heading = "\nloads that read an older value:\n";

	for (size_t i = 0; i < page->events; i++) {
		const struct rm_explore_event *event = &page->event[i];

		if (!event->looks_back)
			continue;
		fprintf(page->out, "%s  %s in operation %d at %s\n", heading,
		        rm_explore_lane_name(event->lane), event->operation + 1,
		        rm_explore_sites_find(&page->sites, event->site)
		                ->chain);
		heading = "";
		say_older(page, event, 0);
	}
}

static void print_schedule(struct page *page)
{
	size_t all = schedule_lines(page, 0);

	fprintf(page->out, "\nthe schedule, time downward, a column each:\n");
	for (unsigned i = 1; i < RM_EXPLORE_LANES; i++)
		if (page->failing->program.ops[i - 1])
			fprintf(page->out, "  thread %-*u", WIDTH - 9, i);
	fprintf(page->out, "\n");
	schedule_lines(page, all);
	if (page->played->lane && page->played->fault != RM_EXPLORE_HISTORY) {
		char text[CELL_BYTES];

		snprintf(text, sizeof(text), "  ^ %s",
		        rm_explore_fault_name[page->played->fault]);
		cell(page, page->played->lane, text);
	}
	if (all > LINES_MOST)
		print_older(page);
	if (page->played->fault == RM_EXPLORE_HISTORY) {
		fprintf(page->out, "\nthe history:\n");
		rm_history_explain(page->out, &page->played->judgement);
	}
}

static void print_exhausted_again(const struct page *page)
{
	const struct rm_explore_options *options = page->options;

	if (options->preemptions != RM_EXPLORE_PREEMPTIONS)
		fprintf(page->out, " --preemptions %u", options->preemptions);
	if (options->schedules != RM_EXPLORE_SCHEDULES)
		fprintf(page->out, " --schedules %" PRIu64, options->schedules);
	fprintf(page->out, " --program %" PRIu64 "\n", page->number);
}

static void print_size_again(
        FILE *out, const struct rm_explore_options *options, bool few)
{
	if (options->threads !=
	        (few ? RM_EXPLORE_FEW_THREADS : RM_EXPLORE_THREADS))
		fprintf(out, " --threads %u", options->threads);
	if (options->ops != (few ? RM_EXPLORE_FEW_OPS : RM_EXPLORE_OPS))
		fprintf(out, " --ops %u", options->ops);
}

/* What differs from the usual is said, so that the line is enough. */
static void print_again(const struct page *page)
{
	const struct rm_explore_options *options = page->options;
	bool few = options->policy == RM_EXPLORE_EXHAUSTIVE;

	fprintf(page->out, "\nagain: readmostly explore %s --seed %" PRIu64,
	        options->named, options->seed);
	if (options->written)
		fprintf(page->out, " --program-file %s", options->written_in);
	else
		print_size_again(page->out, options, few);
	if (options->policy != RM_EXPLORE_MIX)
		fprintf(page->out, " --scheduler %s",
		        rm_explore_policy_name[options->policy]);
	if (options->memory != RM_EXPLORE_SC)
		fprintf(page->out, " --memory %s",
		        rm_explore_memory_name[options->memory]);
	if (options->depth)
		fprintf(page->out, " --depth %u", options->depth);
	if (options->steps != RM_EXPLORE_STEPS)
		fprintf(page->out, " --steps %" PRIu64, options->steps);
	if (options->shapes != options->impl->shapes)
		fprintf(page->out, " --shape %s",
		        rm_shape_name(page->failing->program.shape));
	if (few)
		print_exhausted_again(page);
	else
		fprintf(page->out, " --schedule %" PRIu64 "\n", page->number);
}

static void name_sites(struct page *page)
{
	for (size_t i = 0; i < page->events; i++) {
		rm_explore_sites_add(&page->sites, page->event[i].site);
		rm_explore_sites_add(&page->sites, page->event[i].older_site);
	}
	for (int i = 0; i < 2; i++)
		rm_explore_sites_add(&page->sites, page->played->site[i]);
	rm_explore_sites_name(&page->sites);
}

static int print(struct page *page)
{
	int status;

	for (unsigned t = 0; t < page->failing->program.threads; t++)
		if (page->failing->program.ops[t])
			page->column[t + 1] = page->columns++;
	name_sites(page);
	head(page);
	status = print_program(page);
	print_schedule(page);
	print_again(page);
	rm_explore_sites_clear(&page->sites);
	return status;
}

/* Plays the case once more, with a trace. */
static int play_traced(struct page *page, struct rm_explore_case *failing,
        struct rm_explore_played *played, struct rm_error *error)
{
	struct rm_explore_event *trace = calloc(TRACE_MOST, sizeof(*trace));
	int status;

	if (!trace)
		return rm_error_set(error, -ENOMEM, "out of memory");
	rm_explore.trace = trace;
	rm_explore.trace_room = TRACE_MOST;
	status = rm_explore_case_play(failing, played, error);
	rm_explore.trace = NULL;
	page->event = trace;
	page->events = rm_explore.trace_count;
	page->failing = failing;
	page->played = played;
	if (!status && print(page))
		status = rm_error_set(error, -ENOMEM, "out of memory");
	page->failing = NULL; /* they end before the page does */
	page->played = NULL;
	page->event = NULL;
	free(trace);
	return status;
}

static int tell(struct page *page, uint64_t horizon,
        struct rm_explore_played *played, struct rm_error *error)
{
	struct rm_explore_case failing = { .seed = page->options->seed,
		.horizon = horizon,
		.limit = page->options->steps };
	struct rm_explore_tally tally = { 0 };
	int status = rm_explore_number(page->options, page->number, horizon,
	        &tally, &failing.turns, played, error);

	page->plays = tally.plays;
	failing.fault = played->fault;
	failing.switches = played->switches;
	rm_explore_program_make(page->options, page->number, &failing.program);
	page->ops_before = ops_of(&failing.program);
	page->switches_before = played->switches;
	if (!status && !failing.fault)
		status = -ENOENT;
	if (!status)
		status = rm_explore_shrink(&failing, error);
	if (!status)
		status = play_traced(page, &failing, played, error);
	rm_explore_turns_clear(&failing.turns);
	return status;
}

int rm_explore_tell(const struct rm_explore_options *options, uint64_t found,
        FILE *out, struct rm_error *error)
{
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct page page = { .out = out, .options = options, .number = found };
	uint64_t horizon;
	int status = rm_explore_open(error);

	if (!status)
		status = rm_explore_calibrate(options, &horizon, error);
	if (!status)
		status = tell(&page, horizon, &played, error);
	rm_explore_played_clear(&played);
	return status;
}
