/* SPDX-License-Identifier: Apache-2.0 */
/* campaign.c - runs the trials of a plan: rounds, cells, arms. */
#include "runner/campaign/internal.h"

#include "runner/base/clock.h"
#include "runner/base/limits.h"
#include "runner/base/rng.h"
#include "runner/counters/counters.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* PADDING_STREAM + n is the random stream, derived from a trial's seed, that
   draws the padding of arm n. All arms use the same keys and operations, but
   different stack addresses. */
enum { PADDING_STREAM = 77 };

/* One trial, which becomes a line of the journal. */
struct trial {
	size_t cell;
	unsigned block;
	const struct rm_arm *arm;
	size_t number;    /* index of the arm in its set */
	unsigned slot;    /* position among the arms of this cell and block */
	unsigned attempt; /* from 1 */
};

/* True if the user requested a stop. Does not block. */
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

/* Appends and counts a line, and releases the reference to it. */
static int append_line(
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

/* Returns the SHA-256 of the program that runs the trial. NULL if the hash is
   unknown, or if a test replaces the program. */
static const char *find_program_hash(
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

static struct rm_record start_record(
        const struct rm_campaign *campaign, const struct trial *trial)
{
	struct rm_record record = { .cell = cell_of(campaign, trial)->id,
		.block = trial->block,
		.arm = trial->arm->name,
		.slot = trial->slot,
		.attempt = trial->attempt,
		.binary_sha256 = find_program_hash(campaign, trial),
		.seed = seed_of(campaign, trial),
		.interference = rm_interference_unknown() };

	clock_gettime(CLOCK_REALTIME, &record.started);
	return record;
}

static int skip(struct rm_campaign *campaign, const struct trial *trial,
        const char *reason, struct rm_error *error)
{
	struct rm_record record = start_record(campaign, trial);

	return append_line(campaign, rm_record_skip(&record, reason), error);
}

/* Returns a different seed for each attempt, since the stack's address is
   chosen once per process. */
static uint64_t padding_seed_of(uint64_t seed, const struct trial *trial)
{
	uint64_t first = rm_seed(seed, PADDING_STREAM + trial->number);

	return trial->attempt == 1 ? first : rm_seed(first, trial->attempt);
}

static int launch(struct rm_campaign *campaign, const struct trial *trial,
        struct rm_outcome *outcome, struct rm_error *error)
{
	const struct rm_cell *cell = cell_of(campaign, trial);
	const struct rm_cell_trial_run play = {
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

	return rm_cell_trial_run(&play, outcome, error);
}

/* Checks that campaign.json and trials.jsonl still exist. Each file is useless
   without the other. */
static int check_files(struct rm_campaign *campaign, struct rm_error *error)
{
	char path[RM_PATH_BYTES];
	int result = rm_journal_check_place(campaign->journal, error);

	if (result || !campaign->dir ||
	        rm_path_join(path, campaign->dir, "campaign.json", error) ||
	        !access(path, F_OK) || errno != ENOENT)
		return result;
	return rm_error_set(error, -ESTALE,
	        "%s: deleted or moved while the campaign ran: restore it and "
	        "continue with --resume, else start a new campaign",
	        path);
}

/* Appends the line of a trial. The time since `start_ns` includes the fsync.
   Repeats are counted separately, since the plan's estimate excludes them. */
static int append_trial(struct rm_campaign *campaign, const struct trial *trial,
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
	int result = check_files(campaign, error);

	if (!result)
		result = rm_record_trial(
		        &record, outcome, campaign->dir, &line, error);
	if (!result)
		result = append_line(campaign, line, error);
	if (trial->attempt > 1)
		rm_progress_count_repeat(
		        campaign->progress, rm_now_ns() - start_ns);
	else
		rm_progress_count_trial(campaign->progress,
		        planned->estimate_ns, rm_now_ns() - start_ns);
	return result;
}

/* Checks this machine's limits again, since they may have become tighter after
   planning. A trial beyond a limit would be recorded as failed, even if the
   limit is raised later. */
static int check_limits(const struct rm_campaign *campaign,
        const struct trial *trial, struct rm_error *error)
{
	const struct rm_plan_cell *planned =
	        &campaign->plan->cells[trial->cell];
	char reason[RM_REASON_BYTES];
	struct rm_limits limits;

	rm_limits_read(&limits);
	int code = rm_plan_check_limits(planned, 0, &limits, reason);

	return code ? rm_error_set(error, code, "%.100s: %.400s",
	                      planned->cell.id, reason)
	            : 0;
}

/* Runs a trial and appends its line. If the user's stop killed the trial, no
   line is written, so that a resume runs it. */
static int run_trial(struct rm_campaign *campaign, const struct trial *trial,
        struct rm_error *error)
{
	const struct rm_cell *cell = cell_of(campaign, trial);
	struct rm_record record = start_record(campaign, trial);
	struct rm_outcome outcome = { 0 };
	struct rm_interference_start start;

	int result = check_limits(campaign, trial, error);

	if (result)
		return result;
	rm_progress_show_cell(campaign->progress, cell->id);
	rm_interference_begin(cell, &start);
	result = launch(campaign, trial, &outcome, error);

	rm_interference_end(cell, &start, &record.interference);
	campaign->interrupted = outcome.interrupted;
	if (!result && !outcome.interrupted)
		result = append_trial(
		        campaign, trial, start.at_ns, record, &outcome, error);
	rm_outcome_clear(&outcome);
	return result;
}

/* Stops the campaign before a trial whose CPUs are not available: the trial
   would be void, and a resume could not replace it. A simulated cell needs no
   CPU. */
static int check_cpus(struct rm_campaign *campaign, const struct rm_cell *cell,
        struct rm_error *error)
{
	struct rm_error why = { 0 };

	if (!campaign->topology || cell->measure == RM_MEASURE_SIMULATED ||
	        !rm_topology_check_cpus(campaign->topology, cell->cpus,
	                cell->cpu_count, campaign->cpus, &why))
		return 0;
	return rm_error_set(
	        error, -EXDEV, "%.200s cannot run: %s", cell->id, why.text);
}

/* Runs one planned trial, unless it already has a line in the journal or its
   cell was stopped. */
static int run_unless_recorded(struct rm_campaign *campaign,
        const struct trial *trial, struct rm_error *error)
{
	const struct rm_plan_cell *planned =
	        &campaign->plan->cells[trial->cell];
	char reason[RM_REASON_BYTES];

	if (rm_journal_find(campaign->journal, planned->cell.id, trial->block,
	            trial->attempt, trial->arm->name) != RM_ATTEMPT_NONE)
		return 0;
	if (!rm_tally_is_stopped(
	            campaign->tally, trial->cell, trial->number, reason))
		return check_cpus(campaign, &planned->cell, error)
		               ? -EXDEV
		               : run_trial(campaign, trial, error);
	if (trial->attempt == 1)
		rm_progress_count_trial(
		        campaign->progress, planned->estimate_ns, 0);
	return skip(campaign, trial, reason, error);
}

typedef int trial_fn(struct rm_campaign *campaign, const struct trial *trial,
        struct rm_error *error);

/* Calls fn for each arm of a turn, which is one cell in one block. The seed of
   cell and block determines the order, so that a resume uses the same slots. If
   the user stops the campaign, returns 0 with `interrupted` set. */
static int for_each_arm(struct rm_campaign *campaign, size_t cell,
        unsigned block, unsigned attempt, trial_fn *fn, struct rm_error *error)
{
	struct trial trial = {
		.cell = cell, .block = block, .attempt = attempt
	};
	struct rm_arm_set set =
	        rm_arms_find_set(campaign->arms, cell_of(campaign, &trial));
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

static int skip_unless_recorded(struct rm_campaign *campaign,
        const struct trial *trial, struct rm_error *error)
{
	const struct rm_cell *cell = cell_of(campaign, trial);

	if (rm_journal_find(campaign->journal, cell->id, 0, 1,
	            trial->arm->name) != RM_ATTEMPT_NONE)
		return 0;
	return skip(campaign, trial, cell->skip, error);
}

/* Appends one line with the reason for each cell that the plan skips. */
static int skip_planned(struct rm_campaign *campaign, struct rm_error *error)
{
	int result = 0;

	for (size_t i = 0; i < campaign->plan->cell_count && !result; i++)
		if (campaign->plan->cells[i].cell.skip[0] &&
		        !campaign->plan->cells[i].waits)
			result = for_each_arm(
			        campaign, i, 0, 1, skip_unless_recorded, error);
	return result;
}

/* Numbers of trials and planned time, for start_progress(). */
struct trial_counts {
	size_t total, done;
	uint64_t left_ns;
};

static void count_arms(const struct rm_campaign *campaign,
        const struct rm_plan_turn *turn, struct trial_counts *trial_counts)
{
	const struct rm_plan_cell *planned = &campaign->plan->cells[turn->cell];
	struct rm_arm_set set =
	        rm_arms_find_set(campaign->arms, &planned->cell);

	for (size_t i = 0; i < set.count && !planned->waits; i++) {
		trial_counts->total++;
		if (rm_journal_find(campaign->journal, planned->cell.id,
		            turn->block, 1,
		            set.arms[i].name) != RM_ATTEMPT_NONE)
			trial_counts->done++;
		else
			trial_counts->left_ns += planned->estimate_ns;
	}
}

static void start_progress(struct rm_campaign *campaign)
{
	const struct rm_plan *plan = campaign->plan;
	struct trial_counts trial_counts = { 0 };

	for (unsigned r = 0; r < plan->round_count; r++)
		for (size_t i = 0; i < plan->rounds[r].count; i++)
			count_arms(campaign, &plan->rounds[r].turns[i],
			        &trial_counts);
	campaign->progress->repeated = campaign->tally->repeated;
	campaign->progress->repeats_most =
	        rm_repeats_limit(plan, campaign->arms);
	rm_progress_start(campaign->progress, trial_counts.total,
	        trial_counts.done, trial_counts.left_ns);
}

struct walk_context {
	struct rm_campaign *campaign;
	struct rm_error *error;
};

/* A turn function for rm_repeats_walk(). Returns nonzero if the user stops the
   campaign. */
static int run_turn(
        void *context, size_t cell, unsigned block, unsigned attempt)
{
	struct walk_context *walk_context = context;
	int result = for_each_arm(walk_context->campaign, cell, block, attempt,
	        run_unless_recorded, walk_context->error);

	return result ? result : walk_context->campaign->interrupted;
}

int rm_campaign_run(struct rm_campaign *campaign, struct rm_error *error)
{
	struct walk_context walk_context = { campaign, error };
	struct rm_repeats repeats = { .plan = campaign->plan,
		.arms = campaign->arms,
		.attempts = rm_journal_attempts(campaign->journal) };
	int result = skip_planned(campaign, error);

	start_progress(campaign);
	if (!result && !campaign->interrupted)
		result = rm_repeats_walk(&repeats, run_turn, &walk_context);
	if (result >= 0)
		result = check_files(campaign, error);
	campaign->tally->refused = repeats.refused;
	rm_progress_end(campaign->progress);
	return result < 0 ? result : 0;
}

static int find_missing(
        void *context, size_t number, unsigned block, unsigned attempt)
{
	const struct rm_repeats *repeats = context;
	const struct rm_cell *cell = &repeats->plan->cells[number].cell;
	struct rm_arm_set set = rm_arms_find_set(repeats->arms, cell);

	for (size_t i = 0; i < set.count; i++)
		if (rm_attempt_find_state(repeats->attempts, cell->id, block,
		            attempt, set.arms[i].name) == RM_ATTEMPT_NONE)
			return 1;
	return 0;
}

/* Returns the keys of the first attempts in the current and all later rounds.
   NULL: no memory. */
static json_t *collect_keys(const struct rm_repeats *repeats)
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
			struct rm_arm_set set =
			        rm_arms_find_set(repeats->arms, cell);
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

/* Drops the first incomplete round and all later lines. The arms and cells of a
   round must run together, so the resume runs that round from its start
   (docs/adr/0020-arms-in-the-campaign.md). */
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
	if (!rm_arms_are_given(arms) ||
	        !rm_repeats_walk(&repeats, find_missing, &repeats))
		return 0;
	keys = collect_keys(&repeats);
	if (!keys)
		return rm_error_set(error, -ENOMEM, "no memory");
	result = rm_journal_drop(journal, keys, dropped, error);
	json_decref(keys);
	return result;
}
