/* SPDX-License-Identifier: Apache-2.0 */
/* campaign.c - the loop over blocks and cells. */
#include "runner/campaign/campaign.h"

#include "runner/base/rng.h"
#include "runner/campaign/interference.h"
#include "runner/campaign/launch.h"
#include "runner/campaign/program.h"
#include "runner/campaign/record.h"
#include "runner/counters/select.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

enum { PROTOCOL = 1, PADDING_STREAM = 77 };

int rm_campaign_recall(void *tally, const json_t *trial, struct rm_error *error)
{
	return rm_tally_add(tally, trial, error);
}

/* Whether somebody asked to stop; does not block. */
static bool is_interrupted(const struct rm_campaign *campaign)
{
	struct pollfd fd = { .fd = campaign->interrupt_fd, .events = POLLIN };

	return campaign->interrupt_fd >= 0 && poll(&fd, 1, 0) > 0;
}

json_t *rm_request_json(
        const struct rm_cell *cell, uint64_t seed, json_t *counters)
{
	return json_pack("{s:i, s:o, s:I, s:f, s:o}", "protocol", PROTOCOL,
	        "cell", rm_cell_to_json(cell), "seed", (json_int_t)seed,
	        "control_extra", 0.0, "counters", counters);
}

json_t *rm_campaign_request(
        const struct rm_campaign *campaign, size_t cell, unsigned block)
{
	const struct rm_cell *asked = &campaign->plan->cells[cell].cell;
	uint64_t seed = rm_plan_seed(campaign->plan, asked->id, block);
	json_t *counters =
	        asked->measure == RM_MEASURE_COUNTERS
	                ? rm_counters_request(campaign->counters, block)
	                : json_pack("{s:s}", "backend", "none");

	return rm_request_json(asked, seed, counters);
}

/* Appends a line, counts it, drops it. */
static int keep(
        struct rm_campaign *campaign, json_t *line, struct rm_error *error)
{
	if (!line)
		return rm_error_set(error, -ENOMEM, "no memory for a line");
	int result = rm_journal_append(campaign->journal, line, error);

	if (!result)
		result = rm_tally_add(campaign->tally, line, error);
	json_decref(line);
	return result;
}

static struct rm_record record_of(
        const struct rm_campaign *campaign, size_t cell, unsigned block)
{
	const char *id = campaign->plan->cells[cell].cell.id;
	struct rm_record record = { .cell = id,
		.block = block,
		.arm = RM_ARM_HEAD,
		.seed = rm_plan_seed(campaign->plan, id, block),
		.steal_ticks = -1,
		.load = rm_load() };

	clock_gettime(CLOCK_REALTIME, &record.started);
	return record;
}

static int skip(struct rm_campaign *campaign, size_t cell, unsigned block,
        const char *reason, struct rm_error *error)
{
	struct rm_record record = record_of(campaign, cell, block);

	return keep(campaign, rm_record_skip(&record, reason), error);
}

/* Starts the process and waits for it. */
static int launch(struct rm_campaign *campaign, size_t cell, unsigned block,
        struct rm_outcome *outcome, struct rm_error *error)
{
	const struct rm_cell *asked = &campaign->plan->cells[cell].cell;
	char path[RM_PROGRAM_BYTES];
	const struct rm_launch how = {
		.program = campaign->program
		                   ? campaign->program
		                   : rm_program_of(asked->measure, path),
		.deadline_ns = asked->deadline_ns,
		/* a simulated machine reserves much and touches little */
		.memory_limit_bytes = asked->measure == RM_MEASURE_SIMULATED
		                              ? 0
		                              : rm_memory_limit(asked->threads),
		.padding_seed =
		        rm_seed(rm_plan_seed(campaign->plan, asked->id, block),
		                PADDING_STREAM),
		.interrupt_fd = campaign->interrupt_fd,
	};
	json_t *request = rm_campaign_request(campaign, cell, block);

	if (!request)
		return rm_error_set(error, -ENOMEM, "no memory for a request");
	int result = rm_launch(&how, request, outcome, error);

	json_decref(request);
	return result;
}

static int run_trial(struct rm_campaign *campaign, size_t cell, unsigned block,
        struct rm_error *error)
{
	const struct rm_plan_cell *planned = &campaign->plan->cells[cell];
	struct rm_record record = record_of(campaign, cell, block);
	struct rm_outcome outcome = { 0 };
	int64_t steal_before = rm_steal_ticks();
	json_t *line = NULL;

	rm_progress_now(campaign->progress, planned->cell.id);
	int result = launch(campaign, cell, block, &outcome, error);
	int64_t steal_after = rm_steal_ticks();

	if (steal_before >= 0 && steal_after >= steal_before)
		record.steal_ticks = steal_after - steal_before;
	campaign->interrupted = outcome.interrupted;
	if (!result && !outcome.interrupted)
		result = rm_record_trial(
		        &record, &outcome, campaign->dir, &line, error);
	if (!result && !outcome.interrupted) {
		result = keep(campaign, line, error);
		rm_progress_done(campaign->progress, planned->estimate_ns,
		        outcome.wall_ns);
	}
	rm_outcome_clear(&outcome);
	return result;
}

/* One planned trial: done before, given up, or run. */
static int visit(struct rm_campaign *campaign, size_t cell, unsigned block,
        struct rm_error *error)
{
	const struct rm_plan_cell *planned = &campaign->plan->cells[cell];
	char reason[RM_REASON_BYTES];

	if (rm_journal_has(
	            campaign->journal, planned->cell.id, block, RM_ARM_HEAD))
		return 0;
	if (!rm_tally_gives_up(campaign->tally, cell, reason))
		return run_trial(campaign, cell, block, error);
	rm_progress_done(campaign->progress, planned->estimate_ns, 0);
	return skip(campaign, cell, block, reason, error);
}

/* Cells that the plan skips stand in the journal once, with the reason. */
static int skip_planned(struct rm_campaign *campaign, struct rm_error *error)
{
	const struct rm_plan *plan = campaign->plan;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;
		int result;

		if (!cell->skip[0] || rm_journal_has(campaign->journal,
		                              cell->id, 0, RM_ARM_HEAD))
			continue;
		if (is_interrupted(campaign)) {
			campaign->interrupted = true;
			return 0;
		}
		result = skip(campaign, i, 0, cell->skip, error);
		if (result)
			return result;
	}
	return 0;
}

/* Tells the progress what is done and what is left. */
static void start_progress(struct rm_campaign *campaign)
{
	const struct rm_plan *plan = campaign->plan;
	size_t done = 0;
	uint64_t left_ns = 0;

	for (unsigned b = 0; b < plan->block_count; b++)
		for (size_t i = 0; i < plan->blocks[b].count; i++) {
			const struct rm_plan_cell *planned =
			        &plan->cells[plan->blocks[b].cells[i]];

			if (rm_journal_has(campaign->journal, planned->cell.id,
			            b, RM_ARM_HEAD))
				done++;
			else
				left_ns += planned->estimate_ns;
		}
	rm_progress_start(campaign->progress, plan->trial_count, done, left_ns);
}

static int run_block(
        struct rm_campaign *campaign, unsigned number, struct rm_error *error)
{
	const struct rm_plan_block *block = &campaign->plan->blocks[number];

	for (size_t i = 0; i < block->count; i++) {
		if (is_interrupted(campaign))
			campaign->interrupted = true;
		if (campaign->interrupted)
			return 0;
		int result = visit(campaign, block->cells[i], number, error);

		if (result)
			return result;
	}
	return 0;
}

int rm_campaign_run(struct rm_campaign *campaign, struct rm_error *error)
{
	int result = skip_planned(campaign, error);

	start_progress(campaign);
	for (unsigned b = 0; b < campaign->plan->block_count && !result &&
	                     !campaign->interrupted;
	        b++)
		result = run_block(campaign, b, error);
	rm_progress_end(campaign->progress);
	return result;
}
