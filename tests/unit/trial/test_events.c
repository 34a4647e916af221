/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_events.c - events lost and kept by a full ring.
 * linked with the stats objects.
 *
 * plain: rings have 64 events under a sanitizer (events.c), too few for these
 * counts.
 */
#include "runner/trial/events.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#include <pthread.h>

enum { MOVES = 100, LOST = 900, WAITS = RM_EVENT_RING_LENGTH + LOST };

/* Returns the number of available events of a kind. */
static unsigned available(enum rm_event kind)
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
	/* first the moves and the growth, then the waits that are left */
	const uint64_t first = MOVES + 1, end = MOVES + 1 + WAITS;

	return sum == first * (first - 1) / 2 + end * (end - 1) / 2 -
	                      (first + LOST) * (first + LOST - 1) / 2;
}

static double stat_of(const char *name)
{
	struct wanted_stat wanted = { name, -1 };

	rm_events_emit(take_wanted, &wanted);
	return wanted.value;
}

/* Records two spans with simulated starts, with lengths of 2 s and 1 s. */
static void the_longest_is_kept(void)
{
	const uint64_t second = 1000000000;

	rm_event_span(RM_EVENT_CLONE, rm_event_clock() - 2 * second, 1);
	rm_event_span(RM_EVENT_CLONE, rm_event_clock() - second, 1);
	const double longest = stat_of("pause_clone_max_ns");
	const double all = stat_of("pause_clone_ns");

	CHECK(stat_of("pause_clone") == 2, "spans of a kind are counted");
	CHECK(longest >= 2e9 && longest + 1e9 <= all,
	        "the maximum is the longer of the two spans");
	rm_events_begin_window();
	CHECK(stat_of("pause_clone_max_ns") == 0 &&
	                stat_of("pause_clone_ns") == all,
	        "a window starts with a new maximum");
}

enum { THREADS = 1000, SPANS = 10, RINGED = RM_EVENT_RINGS - 1 };

/* Records spans of `ago_ns` each. */
static void *note_spans(void *argument)
{
	const uint64_t *ago_ns = argument;

	for (int i = 0; i < SPANS; i++)
		rm_event_span(RM_EVENT_PROMOTE, rm_event_clock() - *ago_ns, 1);
	return NULL;
}

/* The main thread already has a ring. */
static void sums_of_threads_without_a_ring(void)
{
	static pthread_t threads[THREADS];
	uint64_t second = 1000000000, minute = 60 * second;
	uint64_t lost = rm_events_lost();
	unsigned started = 0;
	pthread_t last;

	while (started < THREADS &&
	        !pthread_create(&threads[started], NULL, note_spans, &second))
		started++;
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (started < THREADS) {
		SKIP("1000 threads", "cannot be created here");
		return;
	}
	CHECK(stat_of("pause_promote") == THREADS * SPANS,
	        "spans of more threads than rings are all counted");
	CHECK(stat_of("pause_promote_ns") >= 1e9 * THREADS * SPANS,
	        "the time of these spans is counted");
	CHECK(rm_events_lost() == lost + (THREADS - RINGED) * SPANS,
	        "events of threads without a ring are lost and counted as "
	        "lost");
	if (!pthread_create(&last, NULL, note_spans, &minute))
		pthread_join(last, NULL);
	CHECK(stat_of("pause_promote_max_ns") >= 60e9,
	        "the longest span may be of a thread without a ring");
	rm_events_begin_window();
	CHECK(stat_of("pause_promote_max_ns") == 0,
	        "a window starts with a new maximum");
}

int main(void)
{
	rm_event_span(RM_EVENT_GROW, rm_event_clock(), 1);
	for (unsigned i = 0; i < MOVES; i++)
		rm_event_span(RM_EVENT_EVACUATE, rm_event_clock(), i);
	CHECK(rm_events_lost() == 0, "no event is lost before a ring is full");
	for (unsigned i = 0; i < WAITS; i++)
		rm_event_span(RM_EVENT_LOCK_WAIT, rm_event_clock(), 0);
	CHECK(rm_events_lost() == LOST, "overwritten waits are counted");
	CHECK(rm_events_waits_lost() == LOST,
	        "overwritten waits are counted as waits");
	CHECK(available(RM_EVENT_EVACUATE) == MOVES,
	        "waits do not overwrite moves");
	CHECK(available(RM_EVENT_GROW) == 1, "waits do not overwrite rare "
	                                     "events");
	CHECK(available(RM_EVENT_LOCK_WAIT) == RM_EVENT_RING_LENGTH,
	        "as many last waits as fit into a ring are kept");
	CHECK(sequence_is_whole(),
	        "each event has its number in the thread's order");
	the_longest_is_kept();
	sums_of_threads_without_a_ring();
	return DONE();
}
