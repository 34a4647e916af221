/* SPDX-License-Identifier: Apache-2.0 */
/* budget.c - arithmetic of time: shares, rounds, patience. */
#include "verify/check/budget.h"

#include "verify/check/check.h"

enum {
	FIRST_OPS = 20000, /* an honest map does them in milliseconds */
	ROUNDS = 8,        /* that the share is cut into, about */
	GROWTH = 8         /* at most, from one round to the next */
};

/* A round may always take so long, or it would end before it met much. */
static const uint64_t LEAST_NS = 500000000U;

enum { ASLEEP_LOOKS = 100 };
static const uint64_t ASLEEP_NS = 10000000000U;

uint64_t rm_budget_share(uint64_t left_ns, unsigned weight, unsigned weights)
{
	return weights ? left_ns / weights * weight : 0;
}

void rm_rounds_begin(struct rm_rounds *rounds, uint64_t share_ns)
{
	*rounds = (struct rm_rounds){ .share_ns = share_ns, .ops = FIRST_OPS };
}

uint64_t rm_rounds_longest_ns(const struct rm_rounds *rounds)
{
	const uint64_t twice_ns = rounds->share_ns / ROUNDS * 2;

	return twice_ns > LEAST_NS ? twice_ns : LEAST_NS;
}

bool rm_rounds_another(const struct rm_rounds *rounds)
{
	return !rounds->done ||
	       rounds->spent_ns + rounds->last_ns <= rounds->share_ns;
}

void rm_rounds_spent(
        struct rm_rounds *rounds, uint64_t cpu_ns, uint64_t wall_ns)
{
	const uint64_t cost_ns = cpu_ns > wall_ns ? cpu_ns : wall_ns;
	const uint64_t target_ns = rounds->share_ns / ROUNDS;
	uint64_t times = GROWTH;

	rounds->done++;
	rounds->spent_ns += cost_ns;
	rounds->last_ns = cost_ns;
	if (cost_ns && target_ns / cost_ns < GROWTH)
		times = target_ns / cost_ns;
	if (times > 1) {
		rounds->ops *= times;
		rounds->last_ns *= times;
		if (rounds->ops > RM_CHECK_OPS_MOST)
			rounds->ops = RM_CHECK_OPS_MOST;
	}
}

/* Something ended, or this is the first look: evidence begins anew. */
static void restart(struct rm_patience *patience, const struct rm_look *look)
{
	patience->since = *look;
	patience->looks = 1;
	patience->asleep_looks = 0;
}

enum rm_patience_says rm_patience_look(
        struct rm_patience *patience, const struct rm_look *look)
{
	const uint64_t asleep_ns = patience->deadline_ns < ASLEEP_NS
	                                   ? patience->deadline_ns
	                                   : ASLEEP_NS;

	if (!patience->looks++ || look->progress != patience->since.progress)
		restart(patience, look);
	if (!look->asleep)
		patience->asleep_looks = 0;
	else if (!patience->asleep_looks++)
		patience->asleep_since_ns = look->wall_ns;
	if (look->cpu_ns > patience->since.cpu_ns + patience->deadline_ns)
		return RM_SPINS;
	if (patience->asleep_looks >= ASLEEP_LOOKS &&
	        look->wall_ns >= patience->asleep_since_ns + asleep_ns)
		return RM_SLEEPS;
	return RM_GOES_ON;
}
