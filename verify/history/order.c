/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.c - prepares a history for judging: sorts it by thread, checks its
 * consistency, numbers the keys, and splits it into problems of single keys.
 */
#include "runner/base/rng.h"
#include "verify/history/judging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Orders by thread, then by `invoked`, then as they were added. */
static int compare(const void *left, const void *right, void *context)
{
	const struct rm_history *history = context;
	uint32_t l, r;

	memcpy(&l, left, sizeof(l));
	memcpy(&r, right, sizeof(r));
	const struct rm_history_event *a = history->events + l;
	const struct rm_history_event *b = history->events + r;

	if (a->thread != b->thread)
		return a->thread < b->thread ? -1 : 1;
	if (a->invoked != b->invoked)
		return a->invoked < b->invoked ? -1 : 1;
	return l < r ? -1 : l > r;
}

/* Groups events by thread in one pass, which saves most of the sorting if
   threads have small numbers. Otherwise all events stay in one group. 0 or
   -ENOMEM. */
static int group_by_thread(struct rm_order *order)
{
	const struct rm_history *history = order->history;
	uint32_t most = 0, *next;

	for (uint32_t i = 0; i < history->count; i++) {
		order->by_thread[i] = i;
		if (history->events[i].thread > most)
			most = history->events[i].thread;
	}
	if (most >= history->count)
		return 0;
	next = calloc((size_t)most + 2, sizeof(*next));
	if (!next)
		return -ENOMEM;
	for (size_t i = 0; i < history->count; i++)
		next[history->events[i].thread + 1]++;
	for (uint32_t t = 0; t < most; t++)
		next[t + 1] += next[t];
	for (uint32_t i = 0; i < history->count; i++)
		order->by_thread[next[history->events[i].thread]++] = i;
	free(next);
	return 0;
}

static int sort_by_thread(struct rm_order *order)
{
	const struct rm_history *history = order->history;
	bool sorted = true;
	void *context;

	order->by_thread =
	        calloc(history->count + 1, sizeof(*order->by_thread));
	if (!order->by_thread || group_by_thread(order))
		return -ENOMEM;
	memcpy(&context, &history, sizeof(context));
	for (size_t i = 1; i < history->count; i++)
		sorted &= compare(&order->by_thread[i - 1],
		                  &order->by_thread[i], context) < 0;
	/* events from recorders and in most files are already sorted */
	if (!sorted)
		qsort_r(order->by_thread, history->count,
		        sizeof(*order->by_thread), compare, context);
	return 0;
}

static int check_event(
        const struct rm_history *history, size_t i, struct rm_error *error)
{
	const struct rm_history_event *event = history->events + i;

	if (event->kind >= RM_HISTORY_KINDS)
		return rm_error_set(error, -EINVAL,
		        "event %zu: kind %u, expected one of 0 to %u", i,
		        event->kind, RM_HISTORY_KINDS - 1);
	if (event->returned < event->invoked)
		return rm_error_set(error, -EINVAL,
		        "event %zu: returned at %llu, expected no earlier than "
		        "its invocation at %llu",
		        i, (unsigned long long)event->returned,
		        (unsigned long long)event->invoked);
	return 0;
}

/* Checks that each thread has one operation at a time. */
static int check_threads(struct rm_order *order, struct rm_error *error)
{
	const struct rm_history *history = order->history;

	for (size_t i = 0; i < history->count; i++) {
		uint32_t at = order->by_thread[i];
		const struct rm_history_event *event = history->events + at;
		const struct rm_history_event *last;

		order->bad = at;
		if (check_event(history, at, error))
			return -EINVAL;
		if (i == 0)
			continue;
		last = history->events + order->by_thread[i - 1];
		if (last->thread != event->thread ||
		        last->returned <= event->invoked)
			continue;
		return rm_error_set(error, -EINVAL,
		        "event %u: thread %u invokes at %llu while its event "
		        "%u runs; expected one operation at a time",
		        at, event->thread, (unsigned long long)event->invoked,
		        order->by_thread[i - 1]);
	}
	order->bad = SIZE_MAX;
	return 0;
}

/* Returns the number of a key; assigns one if the key is new. The table must
 * have space. */
static uint32_t number_of(struct rm_order *order, uint64_t key)
{
	size_t mask = order->table_size - 1;
	size_t at = rm_seed(key, 0) & mask;

	for (; order->table[at]; at = (at + 1) & mask)
		if (order->keys[order->table[at] - 1] == key)
			return order->table[at] - 1;
	order->keys[order->key_count] = key;
	order->table[at] = (uint32_t)++order->key_count;
	return order->table[at] - 1;
}

static int compare_keys(const void *left, const void *right)
{
	const struct rm_problem_pair *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->value < b->value ? -1 : a->value > b->value;
}

static void number_pairs(struct rm_order *order, uint32_t event)
{
	const struct rm_history_event *scan = order->history->events + event;
	struct rm_problem_pair *to = order->pairs + scan->first_pair;

	for (size_t i = 0; i < scan->pairs; i++) {
		const struct rm_history_pair *pair =
		        order->history->pairs + scan->first_pair + i;

		to[i] = (struct rm_problem_pair){ pair->value,
			number_of(order, pair->key), RM_PROBLEM_NO_SLOT };
	}
	qsort(to, scan->pairs, sizeof(*to), compare_keys);
	for (size_t i = 1; i < scan->pairs; i++) {
		if (to[i].key != to[i - 1].key)
			continue;
		order->twice = event;
		order->twice_key = to[i].key;
	}
}

/* Allocates enough memory for the case that all events, pairs and initial
   entries have different keys. There must be fewer than 2^30, so that 32 bits
   can index a table that is at most half full. */
static int make_room(struct rm_order *order)
{
	const struct rm_history *history = order->history;
	size_t most =
	        history->count + history->pair_count + history->initial_count;
	size_t size = 16;

	if (most >= UINT32_MAX / 4)
		return -ENOMEM;
	while (size < 2 * most)
		size *= 2;
	order->table_size = size;
	order->table = calloc(size, sizeof(*order->table));
	order->keys = malloc((most + 1) * sizeof(*order->keys));
	order->key_of = malloc((history->count + 1) * sizeof(*order->key_of));
	order->pairs =
	        malloc((history->pair_count + 1) * sizeof(*order->pairs));
	return order->table && order->keys && order->key_of && order->pairs
	               ? 0
	               : -ENOMEM;
}

/* A key that is twice in the initial state is rejected, because it would have
   two initial values. */
static int set_start(struct rm_order *order, struct rm_error *error)
{
	const struct rm_history *history = order->history;

	order->start = calloc(order->key_count + 1, sizeof(*order->start));
	if (!order->start)
		return -ENOMEM;
	for (size_t i = 0; i < history->initial_count; i++) {
		const struct rm_history_pair *pair = history->initial + i;
		struct rm_problem_cell *cell =
		        order->start + number_of(order, pair->key);

		if (cell->there)
			return rm_error_set(error, -EINVAL,
			        "initial entry %zu: key %llu is there already; "
			        "expected each key once",
			        i, (unsigned long long)pair->key);
		*cell = (struct rm_problem_cell){ pair->value,
			RM_PROBLEM_NO_SLOT, true };
	}
	return 0;
}

static void number_keys(struct rm_order *order)
{
	const struct rm_history *history = order->history;

	for (size_t i = 0; i < history->initial_count; i++)
		number_of(order, history->initial[i].key);
	for (uint32_t i = 0; i < history->count; i++) {
		const struct rm_history_event *event = history->events + i;

		order->wholes[event->kind]++;
		order->key_of[i] = 0;
		if (event->kind == RM_HISTORY_SCAN)
			number_pairs(order, i);
		else if (!rm_history_is_whole_map(event->kind))
			order->key_of[i] = number_of(order, event->key);
	}
}

int rm_order_make(struct rm_order *order, const struct rm_history *history,
        struct rm_error *error)
{
	int failed;

	order->history = history;
	order->twice = UINT32_MAX;
	order->bad = SIZE_MAX;
	if (make_room(order) || sort_by_thread(order))
		return -ENOMEM;
	failed = check_threads(order, error);
	if (failed)
		return failed;
	number_keys(order);
	return set_start(order, error);
}

void rm_order_clear(struct rm_order *order)
{
	free(order->by_thread);
	free(order->key_of);
	free(order->keys);
	free(order->pairs);
	free(order->start);
	free(order->refs);
	free(order->first);
	free(order->table);
	*order = (struct rm_order){ .history = NULL };
}

/* True if the event is in every key's part. */
static bool is_everywhere(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_CLEAR || kind == RM_HISTORY_SCAN;
}

/* Counts into first[key + 2], so that filling can use first[key + 1]. */
static size_t count_refs(struct rm_order *order)
{
	const struct rm_history *history = order->history;
	size_t everywhere = 0, total = 0;

	for (size_t i = 0; i < history->count; i++) {
		enum rm_history_kind kind = history->events[i].kind;

		if (is_everywhere(kind))
			everywhere++;
		else if (!rm_history_is_whole_map(kind))
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
			at++; /* a repeated key is reported elsewhere */
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
		else if (!rm_history_is_whole_map(kind))
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

/* True if the operation never returned and changes nothing. */
static bool has_no_effect(const struct rm_problem_op *op)
{
	return op->optional && rm_kind_reads(op->kind);
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
		if (!has_no_effect(&op) && rm_problem_add(problem, &op, NULL))
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

		if (!has_no_effect(&op) &&
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
