/* SPDX-License-Identifier: Apache-2.0 */
/* campaign.c - the loop over blocks, cells and arms. */
#include "runner/campaign/internal.h"

#include "runner/base/rng.h"
#include "runner/counters/counters.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

/* Of a trial's seed: PADDING_STREAM + n draws the padding of a set's arm n,
   so that pairs share keys and operations, but not where the stack lies. */
enum { PADDING_STREAM = 77 };

/* One line of the journal to be. */
struct trial {
	size_t cell;
	unsigned block;
	const struct rm_arm *arm;
	size_t number; /* of the arm in its set */
	unsigned slot; /* its place among the arms of this cell and block */
};

/* What else used the CPUs while a trial ran (R24): ticks (USER_HZ) that the
   hypervisor took from all CPUs since boot, from /proc/stat; -1: this system
   does not say. */
static int64_t steal_ticks(void)
{
	FILE *file = fopen("/proc/stat", "re");
	long long steal = -1;

	if (!file)
		return -1;
	/* user nice system idle iowait irq softirq steal */
	if (fscanf(file, "cpu %*d %*d %*d %*d %*d %*d %*d %lld", &steal) != 1)
		steal = -1;
	fclose(file);
	return steal;
}

/* Runnable tasks, mean of the last minute, from /proc/loadavg; negative: this
   system does not say. */
static double load_of_machine(void)
{
	FILE *file = fopen("/proc/loadavg", "re");
	double load = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%lf", &load) != 1)
		load = -1;
	fclose(file);
	return load;
}

/* Whether somebody asked to stop; does not block. */
static bool is_interrupted(struct rm_campaign *campaign)
{
	struct pollfd fd = { .fd = campaign->interrupt_fd, .events = POLLIN };

	if (campaign->interrupt_fd >= 0 && poll(&fd, 1, 0) > 0)
		campaign->interrupted = true;
	return campaign->interrupted;
}

static const struct rm_cell *cell_of(
        const struct rm_campaign *campaign, const struct trial *trial)
{
	return &campaign->plan->cells[trial->cell].cell;
}

static uint64_t seed_of(
        const struct rm_campaign *campaign, const struct trial *trial)
{
	return rm_plan_seed(
	        campaign->plan, cell_of(campaign, trial)->id, trial->block);
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

/* NULL where the program that ran is not the arm's: causes and simulated cells
   are played by another one (rm_program_of()), and a test has its stand-in. The
   hash of a program that did not run would be false evidence. */
static const char *hash_of(
        const struct rm_campaign *campaign, const struct trial *trial)
{
	char path[RM_PROGRAM_BYTES];
	bool is_arms = trial->arm->program ||
	               (!campaign->program &&
	                       !rm_program_of(cell_of(campaign, trial)->measure,
	                               path));

	return is_arms && trial->arm->sha256[0] ? trial->arm->sha256 : NULL;
}

static struct rm_record record_of(
        const struct rm_campaign *campaign, const struct trial *trial)
{
	struct rm_record record = { .cell = cell_of(campaign, trial)->id,
		.block = trial->block,
		.arm = trial->arm->name,
		.slot = trial->slot,
		.binary_sha256 = hash_of(campaign, trial),
		.seed = seed_of(campaign, trial),
		.steal_ticks = -1,
		.load = load_of_machine() };

	clock_gettime(CLOCK_REALTIME, &record.started);
	return record;
}

static int skip(struct rm_campaign *campaign, const struct trial *trial,
        const char *reason, struct rm_error *error)
{
	struct rm_record record = record_of(campaign, trial);

	return keep(campaign, rm_record_skip(&record, reason), error);
}

/* Starts the process and waits for it. */
static int launch(struct rm_campaign *campaign, const struct trial *trial,
        struct rm_outcome *outcome, struct rm_error *error)
{
	const struct rm_cell *cell = cell_of(campaign, trial);
	uint64_t seed = seed_of(campaign, trial);
	const struct rm_play play = {
		.cell = cell,
		.arm = trial->arm,
		.program = campaign->program,
		.seed = seed,
		.padding_seed = rm_seed(seed, PADDING_STREAM + trial->number),
		.counters = cell->measure == RM_MEASURE_COUNTERS
		                    ? rm_counters_request(
		                              campaign->counters, trial->block)
		                    : json_pack("{s:s}", "backend", "none"),
		.interrupt_fd = campaign->interrupt_fd,
	};

	return rm_play(&play, outcome, error);
}

/* A trial that the person's stop killed has no outcome and gets no line: it is
   the resume's. Steal is read outside of the trial's own time, so that it may
   hold ticks of the start and the end, and never misses one. */
static int run_trial(struct rm_campaign *campaign, const struct trial *trial,
        struct rm_error *error)
{
	const struct rm_plan_cell *planned =
	        &campaign->plan->cells[trial->cell];
	struct rm_record record = record_of(campaign, trial);
	struct rm_outcome outcome = { 0 };
	int64_t steal_before = steal_ticks();
	json_t *line = NULL;

	rm_progress_now(campaign->progress, planned->cell.id);
	int result = launch(campaign, trial, &outcome, error);
	int64_t steal_after = steal_ticks();

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
static int visit(struct rm_campaign *campaign, const struct trial *trial,
        struct rm_error *error)
{
	const struct rm_plan_cell *planned =
	        &campaign->plan->cells[trial->cell];
	char reason[RM_REASON_BYTES];

	if (rm_journal_has(campaign->journal, planned->cell.id, trial->block,
	            trial->arm->name))
		return 0;
	if (!rm_tally_gives_up(campaign->tally, trial->cell, reason))
		return run_trial(campaign, trial, error);
	rm_progress_done(campaign->progress, planned->estimate_ns, 0);
	return skip(campaign, trial, reason, error);
}

typedef int trial_fn(struct rm_campaign *campaign, const struct trial *trial,
        struct rm_error *error);

/* The order comes from the seed of cell and block, so that a resume deals the
   same slots. A stop by the person ends it with 0, and the caller finds
   `interrupted`. */
static int each_arm(struct rm_campaign *campaign, size_t cell, unsigned block,
        trial_fn *fn, struct rm_error *error)
{
	struct trial trial = { .cell = cell, .block = block };
	struct rm_arm_set set =
	        rm_arms_of(campaign->arms, cell_of(campaign, &trial)->workload);
	size_t order[RM_ARMS_MAX];
	int result = 0;

	rm_arms_order(seed_of(campaign, &trial), set.count, order);
	for (size_t i = 0; i < set.count && !result; i++) {
		if (is_interrupted(campaign))
			return 0;
		trial.slot = (unsigned)i;
		trial.number = order[i];
		trial.arm = &set.arms[order[i]];
		result = fn(campaign, &trial, error);
	}
	return result;
}

static int skip_if_new(struct rm_campaign *campaign, const struct trial *trial,
        struct rm_error *error)
{
	const struct rm_cell *cell = cell_of(campaign, trial);

	if (rm_journal_has(campaign->journal, cell->id, 0, trial->arm->name))
		return 0;
	return skip(campaign, trial, cell->skip, error);
}

/* Cells that the plan skips stand in the journal once, with the reason. */
static int skip_planned(struct rm_campaign *campaign, struct rm_error *error)
{
	int result = 0;

	for (size_t i = 0; i < campaign->plan->cell_count && !result; i++)
		if (campaign->plan->cells[i].cell.skip[0])
			result = each_arm(campaign, i, 0, skip_if_new, error);
	return result;
}

/* What start_progress() counts. */
struct amount {
	size_t total, done;
	uint64_t left_ns;
};

static void count_arms(const struct rm_campaign *campaign, size_t cell,
        unsigned block, struct amount *amount)
{
	const struct rm_plan_cell *planned = &campaign->plan->cells[cell];
	struct rm_arm_set set =
	        rm_arms_of(campaign->arms, planned->cell.workload);

	for (size_t i = 0; i < set.count; i++) {
		amount->total++;
		if (rm_journal_has(campaign->journal, planned->cell.id, block,
		            set.arms[i].name))
			amount->done++;
		else
			amount->left_ns += planned->estimate_ns;
	}
}

/* Tells the progress what is done and what is left. */
static void start_progress(struct rm_campaign *campaign)
{
	const struct rm_plan *plan = campaign->plan;
	struct amount amount = { 0 };

	for (unsigned b = 0; b < plan->block_count; b++)
		for (size_t i = 0; i < plan->blocks[b].count; i++)
			count_arms(
			        campaign, plan->blocks[b].cells[i], b, &amount);
	rm_progress_start(
	        campaign->progress, amount.total, amount.done, amount.left_ns);
}

int rm_campaign_run(struct rm_campaign *campaign, struct rm_error *error)
{
	const struct rm_plan *plan = campaign->plan;
	int result = skip_planned(campaign, error);

	start_progress(campaign);
	for (unsigned b = 0; b < plan->block_count; b++)
		for (size_t i = 0; i < plan->blocks[b].count && !result &&
		                   !campaign->interrupted;
		        i++)
			result = each_arm(campaign, plan->blocks[b].cells[i], b,
			        visit, error);
	rm_progress_end(campaign->progress);
	return result;
}

/* Pairs and blocks belong together, so a block that lacks one line runs again
   as a whole (docs/adr/0020-arms-in-the-campaign.md). */
static bool is_whole(const struct rm_plan_block *block, unsigned number,
        const struct rm_plan *plan, const struct rm_arms *arms,
        const struct rm_journal *journal)
{
	for (size_t i = 0; i < block->count; i++) {
		const struct rm_cell *cell = &plan->cells[block->cells[i]].cell;
		struct rm_arm_set set = rm_arms_of(arms, cell->workload);

		for (size_t j = 0; j < set.count; j++)
			if (!rm_journal_has(journal, cell->id, number,
			            set.arms[j].name))
				return false;
	}
	return true;
}

int rm_campaign_drop_unfinished(const struct rm_plan *plan,
        const struct rm_arms *arms, struct rm_journal *journal, size_t *dropped,
        struct rm_error *error)
{
	unsigned block = 0;

	*dropped = 0;
	if (!rm_arms_asked(arms))
		return 0;
	while (block < plan->block_count &&
	        is_whole(&plan->blocks[block], block, plan, arms, journal))
		block++;
	return block == plan->block_count
	               ? 0
	               : rm_journal_drop(journal, block, dropped, error);
}
