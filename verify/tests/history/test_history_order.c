/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_history_order.c - tests that the verdict depends on threads and stamps
 * only, not on the order of events or the numbers of threads.
 */
#include "runner/base/rng.h"
#include "tests/unit/tap.h"
#include "verify/history/judging.h"

#include <string.h>

enum { EVENTS = 8, THREADS = 3, ROUNDS = 300 };

/* Three threads, one key: the last lookup returns `last`, correctly 4. */
static void make(struct rm_history_event *events, uint64_t last)
{
	static const struct {
		uint32_t thread;
		uint8_t kind;
		uint64_t number;
	} done[EVENTS] = { { 0, RM_HISTORY_UPSERT, 1 },
		{ 1, RM_HISTORY_UPSERT, 2 }, { 0, RM_HISTORY_LOOKUP, 2 },
		{ 2, RM_HISTORY_UPSERT, 3 }, { 1, RM_HISTORY_LOOKUP, 3 },
		{ 2, RM_HISTORY_UPSERT, 4 }, { 0, RM_HISTORY_LOOKUP, 4 },
		{ 2, RM_HISTORY_LOOKUP, 0 } };

	for (uint64_t i = 0; i < EVENTS; i++)
		events[i] = (struct rm_history_event){ .invoked = 2 * i,
			.returned = 2 * i + 1,
			.key = 7,
			.value = done[i].number,
			.result = i < EVENTS - 1 ? done[i].number : last,
			.thread = done[i].thread,
			.kind = done[i].kind,
			.there = i > 0 };
}

static void shuffle(struct rm_history_event *events, uint64_t *rng)
{
	for (uint64_t i = 1; i < EVENTS; i++) {
		uint64_t j = rm_below(rm_next(rng), i + 1);
		struct rm_history_event event = events[i];

		events[i] = events[j];
		events[j] = event;
	}
}

/* True if the order has each event once, by thread and then by stamp. */
static bool is_sorted(const struct rm_history *history)
{
	struct rm_order order = { .history = NULL };
	bool right = !rm_order_make(&order, history, NULL);
	unsigned seen = 0;

	for (size_t i = 0; right && i < history->count; i++) {
		const struct rm_history_event *event =
		        history->events + order.by_thread[i];
		const struct rm_history_event *before =
		        i ? history->events + order.by_thread[i - 1] : event;

		seen |= 1U << order.by_thread[i];
		right = before->thread < event->thread ||
		        (before->thread == event->thread &&
		                before->invoked <= event->invoked);
	}
	rm_order_clear(&order);
	return right && seen == (1U << history->count) - 1;
}

/* Returns the number of rounds in which the history was sorted correctly and
 * got this verdict. */
static unsigned judged(
        const uint32_t *names, uint64_t last, enum rm_history_verdict verdict)
{
	uint64_t rng = rm_seed(last, names[1]);
	unsigned same = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct rm_history history = { .guarantee = RM_HISTORY_NONE };
		struct rm_history_limits limits = RM_HISTORY_LIMITS;
		struct rm_history_judgement judgement = { .states = 0 };
		struct rm_history_event events[EVENTS];

		make(events, last);
		shuffle(events, &rng);
		for (size_t i = 0; i < EVENTS; i++) {
			events[i].thread = names[events[i].thread];
			rm_history_add(&history, events + i, NULL);
		}
		same += is_sorted(&history) &&
		        !rm_history_judge(
		                &history, &limits, &judgement, NULL) &&
		        judgement.verdict == verdict;
		rm_history_judgement_clear(&judgement);
		rm_history_clear(&history);
	}
	return same;
}

int main(void)
{
	static const uint32_t names[][THREADS] = { { 0, 1, 2 }, { 2, 0, 1 },
		{ 7, 0, 3 }, { 8, 7, 9 }, { UINT32_MAX, 5, UINT32_MAX - 1 } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK(judged(names[i], 4, RM_HISTORY_LINEARIZABLE) == ROUNDS,
		        "a correct history passes in any order of events");
		CHECK(judged(names[i], 3, RM_HISTORY_BROKEN) == ROUNDS,
		        "a wrong history fails in any order of events");
	}
	return DONE();
}
