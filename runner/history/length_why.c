/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/length_why.h"
#include "runner/history/smallest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEYS_SHOWN = 64 };

/* What is shown: some keys, and the operations on them. */
struct shown {
	const struct rm_order *order;
	const struct rm_length *length;
	bool *keys, *events;
};

/* Whether an operation may matter to the length: those of its own thread
   that come later do not. */
static bool is_before(const struct shown *shown, uint32_t event)
{
	const struct rm_history_event *events = shown->order->history->events;
	const struct rm_history_event *length = events + shown->length->event;
	const struct rm_history_event *other = events + event;

	if (other->thread == length->thread)
		return other->invoked < length->invoked ||
		       (other->invoked == length->invoked &&
		               event <= shown->length->event);
	return other->invoked <= length->returned;
}

static void show_key(struct shown *shown, size_t key)
{
	const struct rm_order *order = shown->order;

	shown->keys[key] = true;
	for (size_t i = order->first[key]; i < order->first[key + 1]; i++) {
		uint32_t event = order->refs[i].event;

		shown->events[event] = is_before(shown, event);
	}
}

/* Adds an event; of a scan what it yielded of the shown keys. */
static int add_event(struct shown *shown, uint32_t event, struct rm_history *to)
{
	const struct rm_order *order = shown->order;
	struct rm_history_event copy = order->history->events[event];
	size_t first = copy.first_pair, all = copy.pairs;
	struct rm_history_pair *pairs = calloc(all + 1, sizeof(*pairs));
	int failed;

	if (!pairs)
		return -ENOMEM;
	copy.pairs = 0;
	for (size_t i = 0; i < all; i++) {
		const struct rm_problem_pair *pair = order->pairs + first + i;

		if (shown->keys[pair->key])
			pairs[copy.pairs++] = (struct rm_history_pair){
				order->keys[pair->key], pair->value
			};
	}
	failed = rm_history_add(to, &copy, pairs);
	free(pairs);
	return failed;
}

/* Makes a history of what is shown. */
static int show(struct shown *shown, struct rm_history_judgement *judgement)
{
	const struct rm_order *order = shown->order;
	struct rm_history *to = &judgement->smallest;

	for (size_t k = 0; k < order->key_count; k++)
		if (shown->keys[k] && order->start[k].there &&
		        rm_history_add_initial(
		                to, order->keys[k], order->start[k].value))
			return -ENOMEM;
	shown->events[shown->length->event] = true;
	for (uint32_t i = 0; i < order->history->count; i++) {
		if (!shown->events[i])
			continue;
		if (i == shown->length->event)
			judgement->offending = to->count;
		if (add_event(shown, i, to))
			return -ENOMEM;
	}
	judgement->left_out = order->history->count - to->count;
	return 0;
}

/* Chooses the keys. */
static int choose(struct shown *shown, struct rm_problem *problem,
        struct rm_length_scratch *scratch)
{
	const struct rm_order *order = shown->order;
	uint64_t answer = order->history->events[shown->length->event].result;
	bool low = answer < shown->length->present;
	uint64_t wanted = low ? answer + 1 : KEYS_SHOWN;

	for (size_t k = 0; k < order->key_count && wanted; k++) {
		struct rm_length one = *shown->length;

		one.present = one.absent = 0;
		if (rm_order_key_problem(order, k, problem) ||
		        rm_length_count(problem, scratch, &one, 1))
			return -ENOMEM;
		if (low ? !one.present : one.absent)
			continue;
		wanted--;
		show_key(shown, k);
	}
	return 0;
}

int rm_length_why(const struct rm_order *order, const struct rm_length *length,
        struct rm_problem *problem, struct rm_length_scratch *scratch,
        struct rm_history_judgement *judgement)
{
	const struct rm_history_event *event =
	        order->history->events + length->event;
	struct shown shown = { .order = order, .length = length };
	int failed = -ENOMEM;

	snprintf(judgement->instead, sizeof(judgement->instead), "%llu to %llu",
	        (unsigned long long)length->present,
	        (unsigned long long)(order->key_count - length->absent));
	snprintf(judgement->why, sizeof(judgement->why),
	        "length of thread %u answered %llu; possible: %s",
	        event->thread, (unsigned long long)event->result,
	        judgement->instead);
	rm_smallest_header(&judgement->smallest, order->history);
	shown.keys = calloc(order->key_count + 1, sizeof(*shown.keys));
	shown.events = calloc(order->history->count, sizeof(*shown.events));
	if (shown.keys && shown.events)
		failed = choose(&shown, problem, scratch);
	if (!failed)
		failed = show(&shown, judgement);
	free(shown.keys);
	free(shown.events);
	return failed;
}
