/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fair.c - a scheduler that repeats one random sequence of turns.
 *
 * The sequence has each thread once or twice, and at most `fairness` steps. So
 * every runnable thread takes a step within that many steps of the others, and
 * threads that obstruct each other stay in step. Random turns soon break such a
 * loop, and the other schedulers do not let all threads run.
 */
#include "verify/explore/schedule.h"

#include "runner/base/rng.h"

enum {
	DRAIN_LONGEST = 4, /* maximum stores that leave a buffer in its turn */
	EVEN_OF = 4,       /* one sequence in this many has uneven turns */
	/* Threads that disturb each other in a loop stay in step only if a turn
	   has as many steps as the loop; most such loops are short. */
	LOOP_MOST = 10,
};

static uint32_t draw(struct rm_explore_schedule *schedule, uint32_t n)
{
	return (uint32_t)rm_below(rm_next(&schedule->rng), n);
}

/* Appends each thread and each buffer, in random order. Turns have 1 .. `most`
   steps; if `even`, all turns have the same number. */
static void append_all(struct rm_explore_schedule *schedule, unsigned threads,
        uint32_t most, bool even)
{
	struct rm_explore_fair_turn *turn = schedule->turn + schedule->turns;
	const unsigned first_buffer = 1 + RM_EXPLORE_BUFFERS_AT - threads;

	for (unsigned i = 0; i < 2 * threads; i++) {
		const unsigned j = draw(schedule, i + 1);
		const bool buffer = i >= threads;
		const uint32_t steps =
		        buffer ? 1 + draw(schedule, DRAIN_LONGEST)
		        : even ? most
		               : 1 + draw(schedule, most);

		turn[i] = turn[j];
		turn[j].lane = (uint16_t)(buffer ? first_buffer + i : 1 + i);
		turn[j].steps = (uint16_t)steps;
	}
	schedule->turns += 2 * threads;
}

static void fair_begin(struct rm_explore_schedule *schedule, unsigned lanes)
{
	const unsigned threads = lanes - 1;
	const bool even = schedule->even || draw(schedule, EVEN_OF);
	const unsigned passes = even ? 1 : 1 + draw(schedule, 2);
	const uint32_t most = schedule->fairness / (threads * passes);
	uint32_t longest = 1;

	if (even && !schedule->even)
		longest += draw(schedule, most < LOOP_MOST ? most : LOOP_MOST);
	else
		while (2 * longest <= most && draw(schedule, 4))
			longest *= 2;
	schedule->turns = 0;
	schedule->at = 0;
	for (unsigned i = 0; i < passes; i++)
		append_all(schedule, threads, longest, even);
}

/* Lane 0 has no turn, because it can run only alone. */
static struct rm_explore_turn fair_next(struct rm_explore_schedule *schedule,
        const struct rm_explore_situation *situation)
{
	const struct rm_explore_fair_turn *turn;

	do
		turn = &schedule->turn[schedule->at++ % schedule->turns];
	while (!(situation->choices & 1U << turn->lane));
	return (struct rm_explore_turn){ .lane = turn->lane,
		.steps = turn->steps };
}

const struct rm_explore_scheduler rm_explore_fair = {
	.name = "fair", .begin = fair_begin, .next = fair_next
};
