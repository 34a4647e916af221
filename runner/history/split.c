/* SPDX-License-Identifier: Apache-2.0 */
/* split.c - one key's part of a history, and the whole of it. */
#include "runner/history/order.h"

#include <errno.h>
#include <stdlib.h>

/* Whether the event is in every key's part. */
static bool is_everywhere(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_CLEAR || kind == RM_HISTORY_SCAN;
}

/* Counts into first[key + 2], so that filling can go on at first[key + 1]. */
static size_t count_refs(struct rm_order *order)
{
	const struct rm_history *history = order->history;
	size_t everywhere = 0, total = 0;

	for (size_t i = 0; i < history->count; i++) {
		enum rm_history_kind kind = history->events[i].kind;

		if (is_everywhere(kind))
			everywhere++;
		else if (!rm_history_is_whole(kind))
			order->first[order->key_of[i] + 2]++;
	}
	for (size_t k = 0; k < order->key_count; k++) {
		order->first[k + 2] += everywhere;
		total += order->first[k + 2];
		order->first[k + 2] += order->first[k + 1];
	}
	return total;
}

static void add_everywhere(struct rm_order *order, uint32_t event)
{
	const struct rm_history_event *whole = order->history->events + event;
	uint32_t at = (uint32_t)whole->first_pair;
	uint32_t end = at + (uint32_t)whole->pairs;

	for (uint32_t k = 0; k < order->key_count; k++) {
		struct rm_order_ref ref = { event, 0 };

		if (whole->kind == RM_HISTORY_SCAN && at < end &&
		        order->pairs[at].key == k)
			ref.pair = ++at;
		while (at < end && order->pairs[at].key == k &&
		        whole->kind == RM_HISTORY_SCAN)
			at++; /* a key twice is found elsewhere */
		order->refs[order->first[k + 1]++] = ref;
	}
}

int rm_order_split(struct rm_order *order, size_t limit_bytes)
{
	const struct rm_history *history = order->history;
	size_t total;

	order->first = calloc(order->key_count + 3, sizeof(*order->first));
	if (!order->first)
		return -ENOMEM;
	total = count_refs(order);
	if (total > limit_bytes / sizeof(*order->refs))
		return -ENOMEM;
	order->refs = malloc((total + 1) * sizeof(*order->refs));
	if (!order->refs)
		return -ENOMEM;
	for (size_t i = 0; i < history->count; i++) {
		uint32_t event = order->by_thread[i];
		enum rm_history_kind kind = history->events[event].kind;

		if (is_everywhere(kind))
			add_everywhere(order, event);
		else if (!rm_history_is_whole(kind))
			order->refs[order->first[order->key_of[event] + 1]++] =
			        (struct rm_order_ref){ event, 0 };
	}
	return 0;
}

struct rm_problem_op rm_order_op(
        const struct rm_order *order, struct rm_order_ref ref, uint32_t key)
{
	const struct rm_history_event *event =
	        order->history->events + ref.event;
	struct rm_problem_op op = { .invoked = event->invoked,
		.returned = event->returned,
		.value = event->value,
		.expected = event->expected,
		.result = event->result,
		.key = key,
		.thread = event->thread,
		.event = ref.event,
		.pairs = event->kind == RM_HISTORY_SCAN ? (uint32_t)event->pairs
		                                        : 0,
		.kind = event->kind,
		.unknown = event->unknown,
		.there = event->there,
		.optional = event->returned == RM_HISTORY_NEVER };

	return op;
}

/* Never returned and changes nothing: it says nothing. */
static bool says_nothing(const struct rm_problem_op *op)
{
	return op->optional && (op->kind == RM_HISTORY_LOOKUP ||
	                               op->kind == RM_HISTORY_LENGTH ||
	                               op->kind == RM_HISTORY_SCAN);
}

int rm_order_key_problem(
        const struct rm_order *order, size_t key, struct rm_problem *problem)
{
	bool promises = order->history->guarantee != RM_HISTORY_NONE;

	if (rm_problem_begin(problem, 1))
		return -ENOMEM;
	problem->start[0] = order->start[key];
	for (size_t i = order->first[key]; i < order->first[key + 1]; i++) {
		struct rm_order_ref ref = order->refs[i];
		struct rm_problem_op op = rm_order_op(order, ref, 0);

		if (op.kind == RM_HISTORY_SCAN && !promises)
			continue;
		if (op.kind == RM_HISTORY_SCAN) {
			op.kind = RM_HISTORY_LOOKUP;
			op.pairs = 0;
			op.there = ref.pair != 0;
			op.result =
			        ref.pair ? order->pairs[ref.pair - 1].value : 0;
		}
		if (!says_nothing(&op) && rm_problem_add(problem, &op, NULL))
			return -ENOMEM;
	}
	return rm_problem_finish(problem);
}

int rm_order_whole_problem(
        const struct rm_order *order, struct rm_problem *problem)
{
	const struct rm_history *history = order->history;

	if (rm_problem_begin(problem, order->key_count))
		return -ENOMEM;
	for (size_t k = 0; k < order->key_count; k++)
		problem->start[k] = order->start[k];
	for (size_t i = 0; i < history->count; i++) {
		struct rm_order_ref ref = { order->by_thread[i], 0 };
		struct rm_problem_op op =
		        rm_order_op(order, ref, order->key_of[ref.event]);

		if (!says_nothing(&op) &&
		        rm_problem_add(problem, &op,
		                order->pairs +
		                        history->events[ref.event].first_pair))
			return -ENOMEM;
	}
	return rm_problem_finish(problem);
}

size_t rm_order_bytes(const struct rm_order *order)
{
	const struct rm_history *history = order->history;
	size_t refs = order->first ? order->first[order->key_count] : 0;

	return history->count * 2 * sizeof(*order->key_of) +
	       history->pair_count * sizeof(*order->pairs) +
	       order->key_count *
	               (sizeof(*order->keys) + sizeof(*order->start) +
	                       sizeof(*order->first)) +
	       order->table_size * sizeof(*order->table) +
	       refs * sizeof(*order->refs);
}
