/* SPDX-License-Identifier: Apache-2.0 */
/*
 * length.c - computes the bounds of each length, key by key, and explains a
 * length outside of them.
 *
 * A length must include each key that was present during the whole call, and no
 * key that was absent during the whole call. Only a point-in-time length has
 * these bounds while a write overlaps: other maps may add up counters that
 * threads change, or count entries that move or are replaced.
 */
#include "verify/history/judging.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* True if the operation may insert an absent key or remove a present one. */
static bool may_turn(const struct rm_problem_op *op, bool into_presence)
{
	if (into_presence)
		return rm_kind_inserts(op->kind) &&
		       (!rm_problem_is_known(op) || !op->there);
	return rm_kind_removes(op->kind) &&
	       (op->kind == RM_HISTORY_CLEAR || !rm_problem_is_known(op) ||
	               op->there);
}

/* True if the key was certainly present (or absent) right after the
 * operation. */
static bool shows(const struct rm_problem_op *op, bool presence)
{
	bool known = rm_problem_is_known(op);

	if (op->optional)
		return false;
	switch (op->kind) {
	case RM_HISTORY_LOOKUP:
		return known && op->there == presence;
	case RM_HISTORY_REMOVE:
	case RM_HISTORY_TAKE:
	case RM_HISTORY_CLEAR:
		return !presence;
	case RM_HISTORY_COMPARE_REMOVE:
		return known && op->there && !presence;
	case RM_HISTORY_COMPARE_SWAP:
		return known && op->there && presence;
	default:
		return presence;
	}
}

/* Sorts time spans and merges those that overlap. Returns the number of
 * remaining spans. */
static size_t merge(struct rm_span *spans, size_t count)
{
	size_t merged = 0;

	qsort(spans, count, sizeof(*spans), rm_span_compare);
	for (size_t i = 0; i < count; i++) {
		if (merged && spans[i].from <= spans[merged - 1].to) {
			if (spans[i].to > spans[merged - 1].to)
				spans[merged - 1].to = spans[i].to;
		} else {
			spans[merged++] = spans[i];
		}
	}
	return merged;
}

/* Computes the merged intervals, in order, in which the key may appear or
   disappear (each is called a turn). */
static size_t find_turns(
        const struct rm_problem *problem, bool presence, struct rm_span *spans)
{
	size_t count = 0;

	for (size_t i = 0; i < problem->count; i++) {
		const struct rm_problem_op *op = problem->ops + i;

		if (may_turn(op, !presence))
			spans[count++] =
			        (struct rm_span){ op->invoked, op->returned };
	}
	return merge(spans, count);
}

/* Returns the index of the first span that begins after `stamp`. */
static size_t first_after(
        const struct rm_span *spans, size_t count, uint64_t stamp)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = (low + count) / 2;

		if (spans[middle].from > stamp)
			count = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* True if a call overlaps the merged span number `next` or an earlier one. */
static bool overlaps(const struct rm_span *spans, size_t count, size_t next,
        uint64_t invoked, uint64_t returned)
{
	return (next && invoked <= spans[next - 1].to) ||
	       (next < count && returned >= spans[next].from);
}

/*
 * The state cannot change between two turns. sure[g]: the time in the gap
 * before turn g at which an operation inside the gap has shown the state.
 */
static void find_sure(const struct rm_problem *problem, bool presence,
        const struct rm_span *turns, size_t count, uint64_t *sure)
{
	for (size_t g = 0; g <= count; g++)
		sure[g] = UINT64_MAX;
	if (problem->start[0].there == presence)
		sure[0] = 0;
	for (size_t i = 0; i < problem->count; i++) {
		const struct rm_problem_op *op = problem->ops + i;
		size_t gap = first_after(turns, count, op->invoked);

		if (!shows(op, presence) ||
		        overlaps(turns, count, gap, op->invoked, op->returned))
			continue;
		/* if the stamps are equal, the call may come first */
		if (op->returned + 1 < sure[gap])
			sure[gap] = op->returned + 1;
	}
}

static void count_sure(const struct rm_span *turns, size_t count,
        const uint64_t *sure, struct rm_length *length, bool presence)
{
	size_t gap = first_after(turns, count, length->invoked);

	if (overlaps(turns, count, gap, length->invoked, length->returned) ||
	        sure[gap] > length->invoked)
		return;
	if (presence)
		length->present++;
	else
		length->absent++;
}

int rm_length_count(const struct rm_problem *problem,
        struct rm_length_scratch *scratch, struct rm_length *lengths,
        size_t count)
{
	if (rm_array_grow(&scratch->turns, 0, &scratch->turn_room,
	            problem->count + 1, sizeof(*scratch->turns)) ||
	        rm_array_grow(&scratch->sure, 0, &scratch->sure_room,
	                problem->count + 1, sizeof(*scratch->sure)))
		return -ENOMEM;
	for (int presence = 0; presence < 2; presence++) {
		size_t found = find_turns(problem, presence, scratch->turns);

		find_sure(problem, presence, scratch->turns, found,
		        scratch->sure);
		for (size_t i = 0; i < count; i++)
			count_sure(scratch->turns, found, scratch->sure,
			        lengths + i, presence);
	}
	return 0;
}

int rm_length_filter_quiet(const struct rm_history *history,
        struct rm_length_scratch *scratch, struct rm_length *lengths,
        size_t *count)
{
	size_t writes = 0, left = 0;
	/* upper bound on the entries ever inserted: one per write */
	uint64_t most;

	if (rm_array_grow(&scratch->turns, 0, &scratch->turn_room,
	            history->count + 1, sizeof(*scratch->turns)))
		return -ENOMEM;
	for (size_t i = 0; i < history->count; i++) {
		const struct rm_history_event *event = history->events + i;

		if (!rm_kind_reads((enum rm_history_kind)event->kind))
			scratch->turns[writes++] =
			        (struct rm_span){ event->invoked,
				        event->returned };
	}
	most = history->initial_count + writes;
	writes = merge(scratch->turns, writes);
	for (size_t i = 0; i < *count; i++) {
		size_t next =
		        first_after(scratch->turns, writes, lengths[i].invoked);

		if (!overlaps(scratch->turns, writes, next, lengths[i].invoked,
		            lengths[i].returned) ||
		        history->events[lengths[i].event].result > most)
			lengths[left++] = lengths[i];
	}
	*count = left;
	return 0;
}

enum { KEYS_SHOWN = 64 };

/* The keys that an explanation shows, and the operations on them. */
struct shown {
	const struct rm_order *order;
	const struct rm_length *length;
	bool *keys, *events;
};

/* True if an operation may affect the length. Later operations of the same
   thread cannot. */
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

static int make_history(
        struct shown *shown, struct rm_history_judgement *judgement)
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
		const struct rm_history_event *event =
		        order->history->events + i;

		if (rm_counterexample_add(order, event,
		            order->pairs + event->first_pair, shown->keys, to))
			return -ENOMEM;
	}
	judgement->left_out = order->history->count - to->count;
	return rm_counterexample_name(to, order->history);
}

static int choose_keys(struct shown *shown, struct rm_problem *problem,
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

int rm_length_explain(const struct rm_order *order,
        const struct rm_length *length, struct rm_problem *problem,
        struct rm_length_scratch *scratch,
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
	        "length of thread %u returned %llu; possible: %s",
	        event->thread, (unsigned long long)event->result,
	        judgement->instead);
	rm_counterexample_header(&judgement->smallest, order->history);
	shown.keys = calloc(order->key_count + 1, sizeof(*shown.keys));
	shown.events = calloc(order->history->count, sizeof(*shown.events));
	if (shown.keys && shown.events)
		failed = choose_keys(&shown, problem, scratch);
	if (!failed)
		failed = make_history(&shown, judgement);
	free(shown.keys);
	free(shown.events);
	return failed;
}
