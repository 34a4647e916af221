/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/smallest.h"
#include "runner/history/instead.h"
#include "runner/history/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Operations to look at for each half of an explanation: a second or so. */
enum { WORK = 100000000 };

/* One explanation on its way. */
struct explanation {
	const struct rm_order *order;
	size_t key; /* its number, or SIZE_MAX: all keys */
	struct rm_cut cut;
	struct rm_history_judgement *to;
};

void rm_smallest_header(struct rm_history *to, const struct rm_history *from)
{
	to->guarantee = from->guarantee;
	to->seed = from->seed;
	memcpy(to->map, from->map, sizeof(to->map));
	memcpy(to->stamps, from->stamps, sizeof(to->stamps));
	memcpy(to->command, from->command, sizeof(to->command));
}

/* One kept operation as an event again. */
static int add_event(struct explanation *explanation, size_t i)
{
	const struct rm_order *order = explanation->order;
	const struct rm_problem_op *op = explanation->cut.ops + i;
	struct rm_history_event event = order->history->events[op->event];
	struct rm_history_pair *pairs;
	int failed;

	if (event.kind == RM_HISTORY_SCAN && op->kind == RM_HISTORY_LOOKUP)
		event.key = order->keys[explanation->key];
	event.kind = op->kind;
	event.returned = op->returned;
	event.there = op->there;
	event.result = op->result;
	event.pairs = 0;
	pairs = malloc((op->pairs + 1) * sizeof(*pairs));
	if (!pairs)
		return -ENOMEM;
	for (size_t p = 0; p < op->pairs; p++) {
		const struct rm_problem_pair *pair =
		        explanation->cut.whole->pairs + op->first_pair + p;

		if (explanation->cut.keep_key[pair->key])
			pairs[event.pairs++] = (struct rm_history_pair){
				order->keys[pair->key], pair->value
			};
	}
	if (i == explanation->cut.offending)
		explanation->to->offending = explanation->to->smallest.count;
	failed = rm_history_add(&explanation->to->smallest, &event, pairs);
	free(pairs);
	return failed;
}

static const struct rm_history_name *find_name(
        const struct rm_history_name *names, size_t count, uint64_t number)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].number == number)
			return names + i;
	return NULL;
}

/* Copies the name of a key and of values that the smallest history uses. */
static int add_names(struct rm_history *to, const struct rm_history *from,
        uint64_t key, const uint64_t *values, size_t count)
{
	const struct rm_history_name *name =
	        find_name(from->keys, from->key_count, key);

	if (name && !find_name(to->keys, to->key_count, key) &&
	        rm_history_name_key(to, key, name->text))
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		name = find_name(from->values, from->value_count, values[i]);
		if (name &&
		        !find_name(to->values, to->value_count, values[i]) &&
		        rm_history_name_value(to, values[i], name->text))
			return -ENOMEM;
	}
	return 0;
}

static int name_all(struct explanation *explanation)
{
	const struct rm_history *from = explanation->order->history;
	struct rm_history *to = &explanation->to->smallest;

	for (size_t i = 0; i < to->count; i++) {
		const struct rm_history_event *event = to->events + i;
		uint64_t values[3] = { event->value, event->expected,
			event->result };

		if (add_names(to, from, event->key, values, 3))
			return -ENOMEM;
	}
	for (size_t i = 0; i < to->initial_count; i++)
		if (add_names(to, from, to->initial[i].key,
		            &to->initial[i].value, 1))
			return -ENOMEM;
	return 0;
}

/* The kept events and entries as a history of their own. */
static int make_history(struct explanation *explanation)
{
	const struct rm_order *order = explanation->order;
	struct rm_history *to = &explanation->to->smallest;

	rm_smallest_header(to, order->history);
	for (size_t k = 0; k < explanation->cut.whole->keys; k++) {
		const struct rm_problem_cell *cell =
		        explanation->cut.whole->start + k;
		size_t key =
		        explanation->key == SIZE_MAX ? k : explanation->key;

		if (cell->there && explanation->cut.keep_key[k] &&
		        rm_history_add_initial(
		                to, order->keys[key], cell->value))
			return -ENOMEM;
	}
	for (size_t i = 0; i < explanation->cut.whole->count; i++)
		if (explanation->cut.keep[i] && add_event(explanation, i))
			return -ENOMEM;
	return name_all(explanation);
}

/* Whether the offending operation saw a value that nobody had written. */
static bool is_unwritten(const struct explanation *explanation)
{
	const struct rm_cut *cut = &explanation->cut;
	uint32_t needs = cut->ops[cut->offending].needs;

	if (needs == RM_PROBLEM_NO_SLOT || cut->whole->appends)
		return false;
	for (size_t k = 0; k < cut->whole->keys; k++)
		if (cut->whole->start[k].slot == needs)
			return false;
	for (size_t i = 0; i < cut->whole->count; i++)
		if (cut->keep[i] && cut->ops[i].makes == needs)
			return false;
	return true;
}

/* "key 7: lookup of thread 2 answered 5; possible: 3, absent". */
static void say_why(struct explanation *explanation)
{
	struct rm_history_judgement *to = explanation->to;
	const struct rm_history_event *event =
	        to->smallest.events + to->offending;
	const struct rm_problem_op *op =
	        explanation->cut.ops + explanation->cut.offending;
	/* what a scan says of one key is shown as a lookup */
	bool scan = op->kind == RM_HISTORY_LOOKUP &&
	            explanation->order->history->events[op->event].kind ==
	                    RM_HISTORY_SCAN;
	char ask[80], answer[48];

	rm_words_ask(&to->smallest, event, ask, sizeof(ask));
	rm_words_answer(&to->smallest, event, answer, sizeof(answer));
	snprintf(to->why, sizeof(to->why),
	        "%s%s of thread %u answered \"%s\"%s%s%s", ask,
	        scan ? " in a scan" : "", event->thread, answer,
	        to->instead[0] ? "; possible: " : ", which no order explains",
	        to->instead,
	        is_unwritten(explanation) ? "; nobody had written that" : "");
}

static int explain(struct explanation *explanation)
{
	struct rm_cut *cut = &explanation->cut;
	struct rm_instead instead = { cut, explanation->order->history,
		explanation->to->instead, sizeof(explanation->to->instead) };
	size_t count = 0;

	if (rm_cut_in_time(cut))
		return -ENOMEM;
	for (size_t i = 0; i < cut->whole->count; i++)
		count += cut->keep[i];
	if (cut->offending != SIZE_MAX)
		rm_instead_find(&instead);
	cut->work += WORK; /* a share of its own for each of the two */
	if (rm_cut_leave_out(cut) || make_history(explanation))
		return -ENOMEM;
	explanation->to->left_out = count - explanation->to->smallest.count;
	if (cut->offending != SIZE_MAX)
		say_why(explanation);
	return 0;
}

int rm_smallest_find(const struct rm_order *order, size_t key,
        const struct rm_problem *problem, struct rm_search *search,
        const struct rm_history_limits *limits,
        struct rm_history_judgement *judgement)
{
	struct explanation explanation = {
		.order = order, .key = key, .to = judgement
	};
	int failed = 0;

	judgement->offending = SIZE_MAX;
	char name[64] = "all keys";

	if (key != SIZE_MAX)
		rm_words_key(
		        order->history, order->keys[key], name, sizeof(name));
	snprintf(judgement->why, sizeof(judgement->why),
	        "%s%s: the operations have no order",
	        key == SIZE_MAX ? "" : "key ", name);
	if (limits->skip_explanation)
		return 0;
	failed = rm_cut_begin(&explanation.cut, problem, search,
	        limits->memory_bytes / 2, WORK + 100 * problem->count);
	if (!failed)
		failed = explain(&explanation);
	rm_cut_clear(&explanation.cut);
	return failed;
}
