/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c - judges a history key by key, then all keys together. */
#include "verify/history/judging.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Maximum product of the number of lengths and the number of keys; this work
   takes about a minute. */
static const size_t lengths_times_keys_max = 200000000;

struct judge {
	const struct rm_history_limits *limits;
	struct rm_history_judgement *to;
	struct rm_order order;
	struct rm_problem problem;
	struct rm_search search;
	struct rm_length *lengths;
	size_t length_count;
	struct rm_length_scratch scratch;
};

/* Returns the memory that the search may use. */
static size_t memory_left(const struct judge *judge)
{
	size_t held = rm_order_bytes(&judge->order) +
	              rm_problem_bytes(&judge->problem);

	return held < judge->limits->memory_bytes
	               ? judge->limits->memory_bytes - held
	               : 0;
}

static void give_up(struct judge *judge, const char *what)
{
	if (judge->to->verdict == RM_HISTORY_LINEARIZABLE)
		snprintf(judge->to->why, sizeof(judge->to->why),
		        "%s: undecided after %llu states", what,
		        (unsigned long long)judge->to->states);
	judge->to->verdict = RM_HISTORY_UNDECIDED;
}

/* Decides judge->problem, which covers one key or all keys (SIZE_MAX); `what`
 * is its name in messages. */
static int decide(struct judge *judge, size_t key, const char *what)
{
	size_t memory = memory_left(judge);

	switch (rm_decide_order(&judge->search, &judge->problem,
	        judge->limits->states, memory, &judge->to->states)) {
	case RM_POSSIBLE:
		return 0;
	case RM_GAVE_UP:
		judge->to->undecided_keys += judge->problem.keys == 1;
		give_up(judge, what);
		return 0;
	default:
		judge->to->verdict = RM_HISTORY_BROKEN;
		return rm_counterexample_find(&judge->order, key,
		        &judge->problem, &judge->search, judge->limits,
		        judge->to);
	}
}

/* Reports an event that is wrong by itself. Returns 0 or -ENOMEM. */
static int report_event(struct judge *judge, uint32_t event)
{
	const struct rm_history *history = judge->order.history;
	const struct rm_history_event *wrong = history->events + event;

	judge->to->verdict = RM_HISTORY_BROKEN;
	rm_counterexample_header(&judge->to->smallest, history);
	judge->to->offending = 0;
	if (rm_history_add(&judge->to->smallest, wrong,
	            history->pairs ? history->pairs + wrong->first_pair : NULL))
		return -ENOMEM;
	return rm_counterexample_name(&judge->to->smallest, history);
}

/* With the guarantee "none", a scan may skip and repeat entries, but not invent
 * them. */
static int find_invented(struct judge *judge, size_t key)
{
	const struct rm_order *order = &judge->order;
	const struct rm_problem_cell *start = order->start + key;

	for (size_t i = order->first[key]; i < order->first[key + 1]; i++) {
		struct rm_order_ref ref = order->refs[i];
		const struct rm_history_event *scan =
		        order->history->events + ref.event;
		bool written = false;

		if (scan->kind != RM_HISTORY_SCAN || !ref.pair)
			continue;
		uint64_t value = order->pairs[ref.pair - 1].value;

		written = start->there && start->value == value;
		for (size_t j = order->first[key];
		        j < order->first[key + 1] && !written; j++) {
			struct rm_problem_op op =
			        rm_order_op(order, order->refs[j], 0);

			written =
			        op.kind == RM_HISTORY_APPEND ||
			        (rm_kind_writes(op.kind) && op.value == value &&
			                op.invoked <= scan->returned);
		}
		if (written)
			continue;
		char name[64], what[64];

		rm_format_key(
		        order->history, order->keys[key], name, sizeof(name));
		rm_format_value(
		        order->history, value, false, what, sizeof(what));
		snprintf(judge->to->why, sizeof(judge->to->why),
		        "key %s: a scan yielded %s, which no operation wrote",
		        name, what);
		return report_event(judge, ref.event);
	}
	return 0;
}

/* Judges key by key. Fails only if memory runs out. If a key is undecided,
   later keys are still judged, since one of them may be broken. */
static int judge_key(struct judge *judge, size_t key)
{
	char name[64], what[80];

	if (rm_order_key_problem(&judge->order, key, &judge->problem))
		return -ENOMEM;
	judge->to->keys++;
	rm_format_key(judge->order.history, judge->order.keys[key], name,
	        sizeof(name));
	snprintf(what, sizeof(what), "key %s", name);
	if (decide(judge, key, what))
		return -ENOMEM;
	if (judge->order.history->guarantee == RM_HISTORY_NONE &&
	        judge->to->verdict != RM_HISTORY_BROKEN &&
	        find_invented(judge, key))
		return -ENOMEM;
	if (judge->length_count && judge->to->verdict != RM_HISTORY_BROKEN)
		return rm_length_count(&judge->problem, &judge->scratch,
		        judge->lengths, judge->length_count);
	return 0;
}

static int find_lengths(struct judge *judge)
{
	const struct rm_history *history = judge->order.history;

	judge->lengths = calloc(judge->order.wholes[RM_HISTORY_LENGTH] + 1,
	        sizeof(*judge->lengths));
	if (!judge->lengths)
		return -ENOMEM;
	for (uint32_t i = 0; i < history->count; i++) {
		const struct rm_history_event *event = history->events + i;

		if (event->kind == RM_HISTORY_LENGTH && !event->unknown &&
		        event->returned != RM_HISTORY_NEVER)
			judge->lengths[judge->length_count++] =
			        (struct rm_length){ event->invoked,
				        event->returned, i, 0, 0 };
	}
	if (history->guarantee != RM_HISTORY_POINT_IN_TIME)
		return rm_length_filter_quiet(history, &judge->scratch,
		        judge->lengths, &judge->length_count);
	return 0;
}

/* Limits the work, since each length is compared with the operations on each
   key. */
static void limit_lengths(struct judge *judge)
{
	size_t keys = judge->order.key_count;

	if (!keys || judge->length_count <= lengths_times_keys_max / keys)
		return;
	judge->length_count = 0;
	give_up(judge, "more lengths and keys than can be compared");
}

static int judge_lengths(struct judge *judge)
{
	size_t keys = judge->order.key_count;

	for (size_t i = 0; i < judge->length_count; i++) {
		const struct rm_length *length = judge->lengths + i;
		const struct rm_history_event *event =
		        judge->order.history->events + length->event;

		if (event->result >= length->present &&
		        event->result <= keys - length->absent)
			continue;
		judge->to->verdict = RM_HISTORY_BROKEN;
		return rm_length_explain(&judge->order, length, &judge->problem,
		        &judge->scratch, judge->to);
	}
	return 0;
}

static int report_twice(struct judge *judge)
{
	const struct rm_order *order = &judge->order;
	char name[64];

	rm_format_key(order->history, order->keys[order->twice_key], name,
	        sizeof(name));
	snprintf(judge->to->why, sizeof(judge->to->why),
	        "scan of thread %u yielded key %s twice",
	        order->history->events[order->twice].thread, name);
	return report_event(judge, order->twice);
}

static int judge_moments(struct judge *judge)
{
	if (rm_order_whole_problem(&judge->order, &judge->problem))
		return -ENOMEM;
	return decide(judge, SIZE_MAX, "all keys at one moment");
}

/* Cheap checks come first. A scan that visits a key twice needs no search, and
   single keys need small ones. The search over all keys together, whose states
   multiply, comes last, and only if no single key failed. */
static int judge_all(struct judge *judge)
{
	const struct rm_order *order = &judge->order;
	enum rm_history_guarantee guarantee = order->history->guarantee;
	bool whole = order->wholes[RM_HISTORY_SCAN] ||
	             order->wholes[RM_HISTORY_LENGTH] ||
	             order->wholes[RM_HISTORY_CLEAR];

	if (order->twice != UINT32_MAX && guarantee != RM_HISTORY_NONE)
		return report_twice(judge);
	if (find_lengths(judge))
		return -ENOMEM;
	limit_lengths(judge);
	if (rm_order_split(&judge->order, judge->limits->memory_bytes / 2)) {
		give_up(judge, "not enough memory for the scans and clears");
		return 0;
	}
	for (size_t k = 0; k < order->key_count; k++) {
		if (judge_key(judge, k))
			return -ENOMEM;
		if (judge->to->verdict == RM_HISTORY_BROKEN)
			return 0;
	}
	if (judge_lengths(judge))
		return -ENOMEM;
	if (judge->to->verdict == RM_HISTORY_BROKEN || !whole ||
	        guarantee != RM_HISTORY_POINT_IN_TIME)
		return 0;
	return judge_moments(judge);
}

int rm_history_judge(const struct rm_history *history,
        const struct rm_history_limits *limits,
        struct rm_history_judgement *judgement, struct rm_error *error)
{
	struct judge judge = { .limits = limits, .to = judgement };
	int failed = rm_order_make(&judge.order, history, error);

	if (!failed)
		failed = judge_all(&judge);
	rm_order_clear(&judge.order);
	rm_problem_clear(&judge.problem);
	rm_search_clear(&judge.search);
	free(judge.lengths);
	free(judge.scratch.turns);
	free(judge.scratch.sure);
	return failed;
}

const char *rm_history_verdict_name(enum rm_history_verdict verdict)
{
	static const char *const names[] = { "linearizable", "not linearizable",
		"undecided" };

	return names[verdict];
}

void rm_history_judgement_clear(struct rm_history_judgement *judgement)
{
	rm_history_clear(&judgement->smallest);
	*judgement = (struct rm_history_judgement){ .states = 0 };
}
