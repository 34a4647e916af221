/* SPDX-License-Identifier: Apache-2.0 */
/* view.c - text that all views of a finding share (view.h). */
#include "verify/explore/view.h"
#include "runner/protocol/protocol.h"
#include "verify/explore/heap.h"
#include "verify/explore/program_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { DECIMAL_BELOW = 1 << 20 /* larger values are hexadecimal */ };

unsigned rm_explore_count_ops(const struct rm_explore_program *program)
{
	unsigned ops = 0;

	for (unsigned t = 0; t < program->threads; t++)
		ops += program->ops[t];
	return ops;
}

void rm_explore_print_title(const struct rm_explore_view *view, FILE *out)
{
	if (view->options->policy == RM_EXPLORE_EXHAUSTIVE)
		fprintf(out, "play %" PRIu64 " of program ", view->plays);
	else
		fprintf(out, "schedule ");
	fprintf(out, "%" PRIu64 " of seed %" PRIu64 ": %s", view->number,
	        view->options->seed,
	        rm_explore_fault_name[view->played->fault]);
}

static const char *const memory_words[RM_EXPLORE_MEMORIES] = {
	[RM_EXPLORE_TSO] = "tso, ", [RM_EXPLORE_C11] = "c11, "
};

void rm_explore_print_head(const struct rm_explore_view *view, FILE *out)
{
	const struct rm_explore_program *program = &view->failing->program;

	fprintf(out, "  %s\n", view->played->what);
	for (int i = 0; i < 2; i++)
		if (view->played->site[i])
			fprintf(out, "  %s %s\n", i ? "before:" : "here:  ",
			        rm_explore_sites_find(
			                &view->sites, view->played->site[i])
			                ->chain);
	fprintf(out,
	        "map %s, %s, %s%smade smaller: %u of %" PRIu64
	        " operations, %" PRIu64 " of %" PRIu64 " switches\n",
	        program->impl->id, rm_shape_name(program->shape),
	        program->memory ? "memory " : "",
	        program->memory ? memory_words[program->memory] : "",
	        rm_explore_count_ops(program), view->ops_before,
	        view->failing->switches, view->switches_before);
}

int rm_explore_print_program(const struct rm_explore_view *view, FILE *out)
{
	char *text = rm_explore_program_text(&view->failing->program);

	if (!text)
		return -ENOMEM;
	fputs(text, out);
	free(text);
	return 0;
}

static void print_exhaustive_options(
        const struct rm_explore_view *view, FILE *out)
{
	const struct rm_explore_options *options = view->options;

	if (options->preemptions != RM_EXPLORE_PREEMPTIONS)
		fprintf(out, " --preemptions %u", options->preemptions);
	if (options->schedules != RM_EXPLORE_EXHAUSTED_MOST)
		fprintf(out, " --schedules %" PRIu64, options->schedules);
	fprintf(out, " --program %" PRIu64 "\n", view->number);
}

static void print_size_options(
        FILE *out, const struct rm_explore_options *options, bool few)
{
	const unsigned usual =
	        few ? RM_EXPLORE_FEW_THREADS : RM_EXPLORE_THREADS;

	/* the command must contain a given size, because it makes all programs
	 * plain */
	if (options->threads != usual || (options->plain && !few))
		fprintf(out, " --threads %u", options->threads);
	if (options->ops != (few ? RM_EXPLORE_FEW_OPS : RM_EXPLORE_OPS))
		fprintf(out, " --ops %u", options->ops);
}

void rm_explore_print_command(const struct rm_explore_view *view, FILE *out)
{
	const struct rm_explore_options *options = view->options;
	bool few = options->policy == RM_EXPLORE_EXHAUSTIVE;
	const char *called = getenv("RM_CALLED"); /* readmostly-explore */

	fprintf(out, "%s %s --seed %" PRIu64,
	        called ? called : "readmostly explore", options->named,
	        options->seed);
	if (options->written)
		fprintf(out, " --program-file %s", options->written_in);
	else
		print_size_options(out, options, few);
	if (options->policy != RM_EXPLORE_MIX)
		fprintf(out, " --scheduler %s",
		        rm_explore_policy_name[options->policy]);
	if (options->memory_chosen || options->memory != RM_EXPLORE_SC)
		fprintf(out, " --memory %s",
		        rm_explore_memory_name[options->memory]);
	if (options->unstamped)
		fprintf(out, " --unstamped");
	if (options->unjudged)
		fprintf(out, " --unjudged");
	if (options->fairness != RM_EXPLORE_FAIRNESS)
		fprintf(out, " --fairness %u", options->fairness);
	if (options->depth)
		fprintf(out, " --depth %u", options->depth);
	if (options->steps != RM_EXPLORE_STEPS)
		fprintf(out, " --steps %" PRIu64, options->steps);
	if (options->shapes != options->impl->shapes)
		fprintf(out, " --shape %s",
		        rm_shape_name(view->failing->program.shape));
	if (few)
		print_exhaustive_options(view, out);
	else
		fprintf(out, " --schedule %" PRIu64 "\n", view->number);
}

bool rm_explore_is_first_event(const struct rm_explore_view *view, size_t i)
{
	const struct rm_explore_event *event = &view->event[i];

	/* events between two operations belong to no operation */
	while (i--)
		if (view->event[i].lane == event->lane &&
		        view->event[i].operation >= 0)
			return event->operation >= 0 &&
			       view->event[i].operation != event->operation;
	return event->operation >= 0;
}

void rm_explore_format_operation(const struct rm_explore_view *view,
        const struct rm_explore_event *event, char *text, size_t size)
{
	const struct rm_explore_program *program = &view->failing->program;

	rm_explore_format_op(
	        &program->op[event->lane - 1][event->operation], text, size);
}

/* Formats a value as " 0x2a", or "" if it is unknown. Addresses of globals
   differ between runs, so they are not printed. */
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

void rm_explore_format_event(const struct rm_explore_view *view,
        const struct rm_explore_event *event, char *text, size_t size)
{
	static const char *const words[] = { [RM_EXPLORE_READS] = "reads",
		[RM_EXPLORE_WRITES] = "writes",
		[RM_EXPLORE_LOADS] = "loads",
		[RM_EXPLORE_STORES] = "stores",
		[RM_EXPLORE_LOCKS] = "locks",
		[RM_EXPLORE_UNLOCKS] = "unlocks",
		[RM_EXPLORE_FENCES] = "fences",
		[RM_EXPLORE_WAITS] = "stores into its buffer",
		[RM_EXPLORE_LEAVES] = "has left the buffer" };
	char value[32];

	value_words(event, value, sizeof(value));
	snprintf(text, size, "%.44s %s%s",
	        rm_explore_sites_find(&view->sites, event->site)->place,
	        words[event->kind], value);
}

void rm_explore_format_older(const struct rm_explore_view *view,
        const struct rm_explore_event *event, char *text, size_t size)
{
	if (event->older_site)
		snprintf(text, size, "an older value, stored by %s at %s",
		        rm_explore_lane_name(event->older_lane),
		        rm_explore_sites_find(&view->sites, event->older_site)
		                ->place);
	else
		snprintf(text, size, "an older value, from before the threads");
}
