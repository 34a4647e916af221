/* SPDX-License-Identifier: Apache-2.0 */
/* budget.c - arithmetic of budgets: shares, rounds, and detection of hangs. */
#include "verify/check/budget.h"

#include "verify/check/check.h"

enum {
	/* one round takes milliseconds with a correct map */
	FIRST_ROUND_OPS = 20000,
	ROUNDS = 8,    /* approximate number of rounds of a share */
	GROWTH_MAX = 8 /* maximum factor from one round to the next */
};

/* Minimum length of a planned round, because in shorter rounds threads overlap
 * too little. */
static const uint64_t ROUND_MIN_NS = 500000000U;

enum { ASLEEP_SAMPLES = 100, STARVED_SAMPLES = 50 };
static const uint64_t ASLEEP_NS = 10000000000U;

uint64_t rm_budget_share_ns(uint64_t left_ns, unsigned weight, unsigned weights)
{
	return weights ? left_ns / weights * weight : 0;
}

void rm_rounds_begin(struct rm_rounds *rounds, uint64_t share_ns)
{
	*rounds = (struct rm_rounds){ .share_ns = share_ns,
		.ops = FIRST_ROUND_OPS };
}

uint64_t rm_rounds_limit_ns(const struct rm_rounds *rounds)
{
	const uint64_t twice_ns = rounds->share_ns / ROUNDS * 2;

	return twice_ns > ROUND_MIN_NS ? twice_ns : ROUND_MIN_NS;
}

bool rm_rounds_have_time(const struct rm_rounds *rounds)
{
	return !rounds->done ||
	       rounds->spent_ns + rounds->last_ns <= rounds->share_ns;
}

void rm_rounds_record(
        struct rm_rounds *rounds, uint64_t cpu_ns, uint64_t wall_ns)
{
	const uint64_t cost_ns = cpu_ns > wall_ns ? cpu_ns : wall_ns;
	const uint64_t target_ns = rounds->share_ns / ROUNDS;
	uint64_t factor = GROWTH_MAX;

	rounds->done++;
	rounds->spent_ns += cost_ns;
	rounds->last_ns = cost_ns;
	if (cost_ns && target_ns / cost_ns < GROWTH_MAX)
		factor = target_ns / cost_ns;
	if (factor > 1) {
		rounds->ops *= factor;
		rounds->last_ns *= factor;
		if (rounds->ops > RM_CHECK_OPS_MAX)
			rounds->ops = RM_CHECK_OPS_MAX;
	}
}

/* Starts a new observation, because an operation has completed or this is the
 * first sample. */
static void restart(
        struct rm_hang_detector *patience, const struct rm_process_sample *look)
{
	patience->since = *look;
	patience->looks = 1;
	patience->asleep_samples = 0;
	patience->awake = false;
}

enum rm_hang_verdict rm_hang_sample(
        struct rm_hang_detector *patience, const struct rm_process_sample *look)
{
	const uint64_t asleep_ns = patience->deadline_ns < ASLEEP_NS
	                                   ? patience->deadline_ns
	                                   : ASLEEP_NS;

	if (!patience->looks++ || look->progress != patience->since.progress)
		restart(patience, look);
	else
		patience->awake |= !look->alone;
	if (!look->asleep)
		patience->asleep_samples = 0;
	else if (!patience->asleep_samples++)
		patience->asleep_since_ns = look->wall_ns;
	if (!patience->awake && patience->looks > STARVED_SAMPLES &&
	        look->cpu_ns > patience->since.cpu_ns + RM_HANG_STARVED_NS)
		return RM_HANG_STARVED;
	if (look->cpu_ns > patience->since.cpu_ns + patience->deadline_ns)
		return RM_HANG_SPINNING;
	if (patience->asleep_samples >= ASLEEP_SAMPLES &&
	        look->wall_ns >= patience->asleep_since_ns + asleep_ns)
		return RM_HANG_ASLEEP;
	return RM_HANG_NONE;
}
