/* SPDX-License-Identifier: Apache-2.0 */
/* test_events.c - what a full ring of events loses, and what it does not.
   linked with the stats objects. */
#include "runner/trial/events.h"
#include "tests/unit/tap.h"

enum { MOVES = 100, LOST = 900, WAITS = RM_EVENT_RING_LENGTH + LOST };

/* Events of `kind` that are still there. */
static unsigned left(enum rm_event kind)
{
	struct rm_event_lane lane;
	unsigned count = 0;

	for (unsigned i = 0; i < rm_events_lanes(); i++)
		if (rm_events_lane_at(i, &lane))
			for (size_t at = 0; at < lane.count; at++)
				count += rm_events_at(i, at).event == kind;
	return count;
}

static bool sequence_is_whole(void)
{
	struct rm_event_lane lane;
	uint64_t sum = 0;

	rm_events_lane_at(0, &lane);
	for (size_t at = 0; at < lane.count; at++)
		sum += rm_events_at(0, at).sequence;
	/* moves and the growth come first, then the waits that are left */
	const uint64_t first = MOVES + 1, end = MOVES + 1 + WAITS;

	return sum == first * (first - 1) / 2 + end * (end - 1) / 2 -
	                      (first + LOST) * (first + LOST - 1) / 2;
}

int main(void)
{
	rm_event_span(RM_EVENT_GROW, rm_event_clock(), 1);
	for (unsigned i = 0; i < MOVES; i++)
		rm_event_span(RM_EVENT_EVACUATE, rm_event_clock(), i);
	CHECK(rm_events_lost() == 0, "nothing is lost while there is room");
	for (unsigned i = 0; i < WAITS; i++)
		rm_event_span(RM_EVENT_LOCK_WAIT, rm_event_clock(), 0);
	CHECK(rm_events_lost() == LOST,
	        "the waits that are too many are counted");
	CHECK(rm_events_waits_lost() == LOST, "as waits");
	CHECK(left(RM_EVENT_EVACUATE) == MOVES, "and drive out no move");
	CHECK(left(RM_EVENT_GROW) == 1, "nor what is rare");
	CHECK(left(RM_EVENT_LOCK_WAIT) == RM_EVENT_RING_LENGTH,
	        "a ring of them is kept");
	CHECK(sequence_is_whole(), "each has its place in the thread's order");
	return DONE();
}
