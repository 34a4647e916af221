/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stall.c - a scheduler that stalls some threads and gives all of them
 * different speeds.
 *
 * Each lane has its own mean length of turns, so that a slow lane may see every
 * write of a fast one. In three of four schedules some lanes may be *held*.
 * After a number of its own steps, which is drawn for each lane or once for
 * all, such a lane stalls until no other can continue: all others have ended or
 * wait for it. Then one of the stalled lanes is released. In half of the
 * schedules the held lanes run first, so that all other work is done while they
 * are stalled.
 *
 * One of OTHERS_OF schedules has one fast lane, whose turns are about as long as
 * operations. All others move by single steps, so that each step of a reader
 * meets another state. In one more, a held lane stalls before a compare-exchange
 * instead. So others have time to change what it has loaded, and to change it
 * back.
 *
 * PCT can stall a lane, too, but only one at a time. It changes priorities at
 * few steps of the whole schedule. If another lane performs a thousand writes,
 * a change rarely occurs during a short lookup.
 */
#include "verify/explore/schedule.h"

#include "runner/base/rng.h"

enum {
	ENDLESS = 10000,
	LONGEST_MEAN_LOG = 6,
	STOP_LOG = 7, /* a lane stalls within its first 2, 4, 8 ... 128 steps */
	MODES = 4,    /* number of held lanes: none, one, about half, or all */
	NONE = 0,
	ONE,
	HALF,
	/* number of yields after which lanes are assumed to wait for a stalled
	 * one */
	YIELDS_MOST = 64,
	OTHERS_OF = 4,
	OTHERS = 0x636173, /* makes these random numbers differ from others */
	FAST_MEAN = 16,    /* or twice or four times as many steps */
};

static uint32_t draw(struct rm_explore_schedule *schedule, uint32_t n)
{
	return (uint32_t)rm_below(rm_next(&schedule->rng), n);
}

/* Lane 0 is never held, because it only waits for the others. One further lane
   is not held: in half of the schedules thread 1, which may be the only writer,
   otherwise a random lane. */
static uint32_t draw_held(struct rm_explore_schedule *schedule, unsigned lanes)
{
	const uint32_t all = (1U << lanes) - 2;
	const unsigned threads = lanes - 1;
	const unsigned mode = draw(schedule, MODES);
	const uint32_t spared =
	        1U << (1 + (draw(schedule, 2) ? 0 : draw(schedule, threads)));
	const uint32_t one = 1U << (1 + draw(schedule, threads));

	if (mode == NONE || threads < 2)
		return 0;
	if (mode == ONE)
		return one & ~spared;
	return all & ~spared &
	       (mode == HALF ? (uint32_t)rm_next(&schedule->rng) : all);
}

/* Held lanes run first, because a bug needs them to load before the others
   change anything. */
static void stall_at_compares(
        struct rm_explore_schedule *schedule, unsigned lanes, uint64_t *rng)
{
	const uint32_t most = 1U << rm_below(rm_next(rng), 3);
	const uint32_t first = 1 + (uint32_t)rm_below(rm_next(rng), most);

	schedule->ahead = true;
	for (unsigned i = 0; i < lanes; i++)
		if (schedule->held & 1U << i) {
			schedule->pace[i].stop = UINT32_MAX;
			schedule->pace[i].compares = first;
		}
}

/* Half of the fast lanes are thread 1, which may be the only writer. */
static void set_one_fast(
        struct rm_explore_schedule *schedule, unsigned lanes, uint64_t *rng)
{
	const uint64_t other = rm_below(rm_next(rng), lanes - 1);
	const uint64_t fast = 1 + (rm_below(rm_next(rng), 2) ? 0 : other);

	schedule->held = 0;
	for (unsigned i = 0; i < lanes; i++)
		schedule->pace[i].mean = 1;
	schedule->pace[fast].mean = FAST_MEAN << rm_below(rm_next(rng), 3);
}

static void stall_begin(struct rm_explore_schedule *schedule, unsigned lanes)
{
	/* not the schedule's own sequence, so that the others stay the same */
	uint64_t rng = rm_seed(schedule->rng, OTHERS);
	const bool alike = draw(schedule, 2);
	uint32_t stop = 0;
	unsigned kind;

	schedule->ahead = draw(schedule, 2);
	schedule->held = draw_held(schedule, lanes);
	schedule->seen = 0;
	schedule->yields = 0;
	for (unsigned i = 0; i < lanes; i++) {
		if (!alike || !stop)
			stop = 1 +
			       draw(schedule, 2U << draw(schedule, STOP_LOG));
		schedule->pace[i] = (struct rm_explore_pace){
			.mean = 1U << draw(schedule, LONGEST_MEAN_LOG),
			.stop = stop,
		};
	}
	kind = (unsigned)rm_below(rm_next(&rng), OTHERS_OF);
	if (kind == 0)
		stall_at_compares(schedule, lanes, &rng);
	else if (kind == 1)
		set_one_fast(schedule, lanes, &rng);
}

/* Lanes that are stalled now, with their buffers. */
static uint32_t stalled(const struct rm_explore_schedule *schedule)
{
	uint32_t lanes = 0;

	for (uint32_t bits = schedule->held; bits; bits &= bits - 1) {
		const unsigned i = (unsigned)__builtin_ctz(bits);
		const struct rm_explore_pace *pace = &schedule->pace[i];

		if (pace->ran >= pace->stop)
			lanes |= 1U << i;
	}
	return lanes | lanes << RM_EXPLORE_BUFFERS_AT;
}

static uint32_t pick(uint32_t bits, uint32_t n)
{
	while (n--)
		bits &= bits - 1;
	return (uint32_t)__builtin_ctz(bits);
}

/* Releases one of the stalled lanes. */
static uint32_t release(struct rm_explore_schedule *schedule, uint32_t lanes)
{
	const uint32_t lane = pick(
	        lanes, draw(schedule, (uint32_t)__builtin_popcount(lanes)));

	schedule->held &= ~(1U << lane % RM_EXPLORE_BUFFERS_AT);
	schedule->yields = 0;
	return 1U << lane;
}

/* Returns the lanes that may have the turn, which are the lanes that are not
   stalled. If all are stalled, or the others seem to wait for a stalled lane,
   one stalled lane is released. */
static uint32_t movable(struct rm_explore_schedule *schedule,
        const struct rm_explore_situation *situation)
{
	const uint32_t stand = situation->choices & stalled(schedule);
	const uint32_t free = situation->choices & ~stand;
	const uint32_t first = free & schedule->held;

	schedule->yields += situation->yields;
	if (stand &&
	        (!free || situation->stuck || schedule->yields > YIELDS_MOST))
		return release(schedule, stand);
	/* held lanes may wait for the others */
	return schedule->ahead && first && schedule->yields <= YIELDS_MOST
	               ? first
	               : free;
}

static struct rm_explore_turn stall_next(struct rm_explore_schedule *schedule,
        const struct rm_explore_situation *situation)
{
	struct rm_explore_pace *ran =
	        &schedule->pace[situation->running % RM_EXPLORE_BUFFERS_AT];
	struct rm_explore_turn turn = { .steps = ENDLESS };
	const struct rm_explore_pace *pace;
	uint32_t lanes;

	ran->ran += (uint32_t)(situation->steps - schedule->seen);
	schedule->seen = situation->steps;
	lanes = movable(schedule, situation);
	turn.lane = pick(
	        lanes, draw(schedule, (uint32_t)__builtin_popcount(lanes)));
	pace = &schedule->pace[turn.lane % RM_EXPLORE_BUFFERS_AT];
	/* a single lane continues until another is ready, or it stalls */
	if (lanes & (lanes - 1) || turn.lane >= RM_EXPLORE_BUFFERS_AT)
		turn.steps = 1 + draw(schedule, 2 * pace->mean - 1);
	if (schedule->held & 1U << turn.lane &&
	        turn.steps > pace->stop - pace->ran)
		turn.steps = pace->stop - pace->ran;
	return turn;
}

const struct rm_explore_scheduler rm_explore_stall = { .name = "stall",
	.begin = stall_begin,
	.next = stall_next,
	.back = rm_explore_draw_back };
