/* SPDX-License-Identifier: Apache-2.0 */
/* campaign.c - the loop over rounds, cells and arms. */
#include "runner/campaign/internal.h"

#include "runner/base/clock.h"
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
	size_t number;    /* of the arm in its set */
	unsigned slot;    /* its place among the arms of this cell and block */
	unsigned attempt; /* from 1 */
};

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

static uint64_t layout_seed_of(
        const struct rm_campaign *campaign, const struct trial *trial)
{
	return rm_plan_layout_seed(
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

/* SHA-256 of the program that runs the trial; NULL: not known, or a test has its
   stand-in. */
static const char *hash_of(
        const struct rm_campaign *campaign, const struct trial *trial)
{
	const struct rm_arm *arm = trial->arm;
	char name[RM_ARM_PROGRAM_BYTES];

	if (campaign->program && !arm->program)
		return NULL;
	if (!arm->programs)
		return arm->sha256[0] ? arm->sha256 : NULL;
	return json_string_value(json_object_get(arm->programs,
	        rm_arm_program_name(arm, cell_of(campaign, trial), name)));
}

static struct rm_record record_of(
        const struct rm_campaign *campaign, const struct trial *trial)
{
	struct rm_record record = { .cell = cell_of(campaign, trial)->id,
		.block = trial->block,
		.arm = trial->arm->name,
		.slot = trial->slot,
		.attempt = trial->attempt,
		.binary_sha256 = hash_of(campaign, trial),
		.seed = seed_of(campaign, trial),
		.interference = rm_interference_unknown() };

	clock_gettime(CLOCK_REALTIME, &record.started);
	return record;
}

static int skip(struct rm_campaign *campaign, const struct trial *trial,
        const char *reason, struct rm_error *error)
{
	struct rm_record record = record_of(campaign, trial);

	return keep(campaign, rm_record_skip(&record, reason), error);
}

/* Layout is drawn once per process, so an attempt does not repeat the draw of
   the one before it. */
static uint64_t padding_seed_of(uint64_t seed, const struct trial *trial)
{
	uint64_t first = rm_seed(seed, PADDING_STREAM + trial->number);

	return trial->attempt == 1 ? first : rm_seed(first, trial->attempt);
}

/* Starts the process and waits for it. */
static int launch(struct rm_campaign *campaign, const struct trial *trial,
        struct rm_outcome *outcome, struct rm_error *error)
{
	const struct rm_cell *cell = cell_of(campaign, trial);
	const struct rm_play play = {
		.cell = cell,
		.arm = trial->arm,
		.program = campaign->program,
		.seed = seed_of(campaign, trial),
		.padding_seed =
		        padding_seed_of(layout_seed_of(campaign, trial), trial),
		.counters = cell->measure == RM_MEASURE_COUNTERS
		                    ? rm_counters_request(
		                              campaign->counters, trial->block)
		                    : json_pack("{s:s}", "backend", "none"),
		.interrupt_fd = campaign->interrupt_fd,
	};

	return rm_play(&play, outcome, error);
}

/* Appends the line. Progress counts the time since `start_ns`, which includes the
   fsync; the plan does not include repeats. */
static int keep_trial(struct rm_campaign *campaign, const struct trial *trial,
        uint64_t start_ns, struct rm_record record, struct rm_outcome *outcome,
        struct rm_error *error)
{
	const struct rm_plan_cell *planned =
	        &campaign->plan->cells[trial->cell];
	char disturbed[RM_REASON_BYTES];
	json_t *line = NULL;

	if (rm_repeat_disturbed(&planned->cell, outcome->result,
	            &record.interference, disturbed))
		record.disturbed = disturbed;
	int result =
	        rm_record_trial(&record, outcome, campaign->dir, &line, error);

	if (!result)
		result = keep(campaign, line, error);
	if (trial->attempt > 1)
		rm_progress_repeated(
		        campaign->progress, rm_now_ns() - start_ns);
	else
		rm_progress_done(campaign->progress, planned->estimate_ns,
		        rm_now_ns() - start_ns);
	return result;
}

/* A trial that the person's stop killed has no outcome and gets no line: it is
   the resume's. */
static int run_trial(struct rm_campaign *campaign, const struct trial *trial,
        struct rm_error *error)
{
	const struct rm_cell *cell = cell_of(campaign, trial);
	struct rm_record record = record_of(campaign, trial);
	struct rm_outcome outcome = { 0 };
	struct rm_interference_start start;

	rm_progress_now(campaign->progress, cell->id);
	rm_interference_begin(cell, &start);
	int result = launch(campaign, trial, &outcome, error);

	rm_interference_end(cell, &start, &record.interference);
	campaign->interrupted = outcome.interrupted;
	if (!result && !outcome.interrupted)
		result = keep_trial(
		        campaign, trial, start.at_ns, record, &outcome, error);
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

	if (rm_journal_find(campaign->journal, planned->cell.id, trial->block,
	            trial->attempt, trial->arm->name) != RM_ATTEMPT_NONE)
		return 0;
	if (!rm_tally_gives_up(
	            campaign->tally, trial->cell, trial->number, reason))
		return run_trial(campaign, trial, error);
	if (trial->attempt == 1)
		rm_progress_done(campaign->progress, planned->estimate_ns, 0);
	return skip(campaign, trial, reason, error);
}

typedef int trial_fn(struct rm_campaign *campaign, const struct trial *trial,
        struct rm_error *error);

/* The order comes from the seed of cell and block, so that a resume deals the
   same slots. A stop by the person ends it with 0, and the caller finds
   `interrupted`. */
static int each_arm(struct rm_campaign *campaign, size_t cell, unsigned block,
        unsigned attempt, trial_fn *fn, struct rm_error *error)
{
	struct trial trial = {
		.cell = cell, .block = block, .attempt = attempt
	};
	struct rm_arm_set set =
	        rm_arms_of(campaign->arms, cell_of(campaign, &trial));
	size_t order[RM_ARMS_MAX];
	int result = 0;

	rm_arms_order(layout_seed_of(campaign, &trial), set.count, order);
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

	if (rm_journal_find(campaign->journal, cell->id, 0, 1,
	            trial->arm->name) != RM_ATTEMPT_NONE)
		return 0;
	return skip(campaign, trial, cell->skip, error);
}

/* Cells that the plan skips stand in the journal once, with the reason. */
static int skip_planned(struct rm_campaign *campaign, struct rm_error *error)
{
	int result = 0;

	for (size_t i = 0; i < campaign->plan->cell_count && !result; i++)
		if (campaign->plan->cells[i].cell.skip[0])
			result =
			        each_arm(campaign, i, 0, 1, skip_if_new, error);
	return result;
}

/* What start_progress() counts. */
struct amount {
	size_t total, done;
	uint64_t left_ns;
};

static void count_arms(const struct rm_campaign *campaign,
        const struct rm_plan_turn *turn, struct amount *amount)
{
	const struct rm_plan_cell *planned = &campaign->plan->cells[turn->cell];
	struct rm_arm_set set = rm_arms_of(campaign->arms, &planned->cell);

	for (size_t i = 0; i < set.count; i++) {
		amount->total++;
		if (rm_journal_find(campaign->journal, planned->cell.id,
		            turn->block, 1,
		            set.arms[i].name) != RM_ATTEMPT_NONE)
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

	for (unsigned r = 0; r < plan->round_count; r++)
		for (size_t i = 0; i < plan->rounds[r].count; i++)
			count_arms(
			        campaign, &plan->rounds[r].turns[i], &amount);
	campaign->progress->repeated = campaign->tally->repeated;
	campaign->progress->repeats_most =
	        rm_repeats_most(plan, campaign->arms);
	rm_progress_start(
	        campaign->progress, amount.total, amount.done, amount.left_ns);
}

/* What the walk over a campaign hands to its turns. */
struct turns {
	struct rm_campaign *campaign;
	struct rm_error *error;
};

/* Ends the walk where the person stops. */
static int take_turn(
        void *context, size_t cell, unsigned block, unsigned attempt)
{
	struct turns *turns = context;
	int result = each_arm(
	        turns->campaign, cell, block, attempt, visit, turns->error);

	return result ? result : turns->campaign->interrupted;
}

int rm_campaign_run(struct rm_campaign *campaign, struct rm_error *error)
{
	struct turns turns = { campaign, error };
	struct rm_repeats repeats = { .plan = campaign->plan,
		.arms = campaign->arms,
		.attempts = rm_journal_attempts(campaign->journal) };
	int result = skip_planned(campaign, error);

	start_progress(campaign);
	if (!result && !campaign->interrupted)
		result = rm_repeats_walk(&repeats, take_turn, &turns);
	campaign->tally->refused = repeats.refused;
	rm_progress_end(campaign->progress);
	return result < 0 ? result : 0;
}

static int find_missing(
        void *context, size_t number, unsigned block, unsigned attempt)
{
	const struct rm_repeats *repeats = context;
	const struct rm_cell *cell = &repeats->plan->cells[number].cell;
	struct rm_arm_set set = rm_arms_of(repeats->arms, cell);

	for (size_t i = 0; i < set.count; i++)
		if (rm_repeat_find(repeats->attempts, cell->id, block, attempt,
		            set.arms[i].name) == RM_ATTEMPT_NONE)
			return 1;
	return 0;
}

/* Keys of the first attempts of a round and of all after it; NULL: no memory. */
static json_t *keys_from(const struct rm_repeats *repeats)
{
	const struct rm_plan *plan = repeats->plan;
	json_t *keys = json_object();
	int failed = keys ? 0 : -ENOMEM;

	for (unsigned r = repeats->round; r < plan->round_count; r++)
		for (size_t i = 0; i < plan->rounds[r].count; i++) {
			const struct rm_plan_turn *turn =
			        &plan->rounds[r].turns[i];
			const struct rm_cell *cell =
			        &plan->cells[turn->cell].cell;
			struct rm_arm_set set = rm_arms_of(repeats->arms, cell);
			char key[RM_TRIAL_KEY_BYTES];

			for (size_t j = 0; j < set.count; j++) {
				snprintf(key, sizeof(key), RM_TRIAL_KEY,
				        cell->id, (long long)turn->block, 1LL,
				        set.arms[j].name);
				failed |= json_object_set_new(
				        keys, key, json_true());
			}
		}
	if (!failed)
		return keys;
	json_decref(keys);
	return NULL;
}

/* Pairs and rounds belong together, so a round that lacks one line runs again
   as a whole (docs/adr/0020-arms-in-the-campaign.md). */
int rm_campaign_drop_unfinished(const struct rm_plan *plan,
        const struct rm_arms *arms, struct rm_journal *journal, size_t *dropped,
        struct rm_error *error)
{
	struct rm_repeats repeats = { .plan = plan,
		.arms = arms,
		.attempts = rm_journal_attempts(journal) };
	json_t *keys;
	int result;

	*dropped = 0;
	if (!rm_arms_asked(arms) ||
	        !rm_repeats_walk(&repeats, find_missing, &repeats))
		return 0;
	keys = keys_from(&repeats);
	if (!keys)
		return rm_error_set(error, -ENOMEM, "no memory");
	result = rm_journal_drop(journal, keys, dropped, error);
	json_decref(keys);
	return result;
}
