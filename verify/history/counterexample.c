/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counterexample.c - explains why a history is not linearizable: finds the
 * smallest part that fails, the offending result, and the results that were
 * possible instead.
 */
#include "verify/history/judging.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A search for other results of the offending operation that are consistent
   with the rest of the history. */
struct instead {
	/* operations that remain after later ones were removed */
	struct rm_minimise *cut;
	const struct rm_history *names;
	char *text; /* result: "3, 4, absent", or "" if no result is possible */
	size_t size;
};

enum { ANSWERS_MAX = 256, ANSWERS_SHOWN = 6 };

/* Appends a possible result, or "..." if there are too many. */
static void append_result(
        struct instead *instead, const char *answer, unsigned number)
{
	char *text = instead->text;
	size_t size = instead->size, used = strlen(text);

	if (number > ANSWERS_SHOWN)
		return;
	snprintf(text + used, size - used, "%s%s", number ? ", " : "",
	        number == ANSWERS_SHOWN ? "..." : answer);
	rm_trim_partial_utf8(text);
}

/* True if the offending operation could have returned this result. */
static bool could_return(struct instead *instead, bool there, uint64_t result)
{
	struct rm_problem_op *op = instead->cut->ops + instead->cut->offending;
	struct rm_problem_op before = *op;

	op->there = there;
	op->result = result;
	enum rm_search_end end = rm_minimise_decide(instead->cut);

	*op = before;
	return end == RM_POSSIBLE;
}

static void find_other_flag(struct instead *instead)
{
	const struct rm_problem_op *op =
	        instead->cut->ops + instead->cut->offending;

	if (op->kind == RM_HISTORY_CLEAR ||
	        (op->unknown & RM_HISTORY_UNKNOWN_THERE))
		return;
	if (could_return(instead, !op->there, op->result))
		append_result(
		        instead, rm_outcome_word(op->kind, !op->there), 0);
}

/* Finds possible results of operations that return a value or a number of
   entries. */
static void find_other_values(struct instead *instead)
{
	const struct rm_problem *whole = instead->cut->whole;
	const struct rm_history *names = instead->names;
	const struct rm_problem_op *op =
	        instead->cut->ops + instead->cut->offending;
	bool length = op->kind == RM_HISTORY_LENGTH;
	size_t count = length ? whole->keys + 1 : whole->slot_count;
	unsigned found = 0;
	char text[64];

	if (count > ANSWERS_MAX)
		count = ANSWERS_MAX;
	if (!length && could_return(instead, false, 0))
		append_result(
		        instead, rm_outcome_word(op->kind, false), found++);
	for (size_t i = 0; i < count; i++) {
		uint64_t value = length ? i : whole->slots[i].value;

		if ((!length && (!whole->slots[i].writers ||
		                        whole->slots[i].key != op->key)) ||
		        !could_return(instead, true, value))
			continue;
		rm_format_value(names, value, length, text, sizeof(text));
		append_result(instead, text, found++);
	}
}

/* Finds other possible results, with all earlier operations kept. */
static void find_possible(struct instead *instead)
{
	const struct rm_problem_op *op =
	        instead->cut->ops + instead->cut->offending;

	instead->text[0] = '\0';
	if (op->kind == RM_HISTORY_LENGTH || rm_history_returns_value(op->kind))
		find_other_values(instead);
	else if (op->kind != RM_HISTORY_SCAN)
		find_other_flag(instead);
}

/* Work limit for each half of an explanation, in visited operations; takes
   about a second. */
enum { WORK = 100000000 };

struct explanation {
	const struct rm_order *order;
	size_t key; /* number of the key; SIZE_MAX: all keys */
	struct rm_minimise cut;
	struct rm_history_judgement *to;
};

void rm_counterexample_header(
        struct rm_history *to, const struct rm_history *from)
{
	to->guarantee = from->guarantee;
	to->seed = from->seed;
	memcpy(to->map, from->map, sizeof(to->map));
	memcpy(to->stamps, from->stamps, sizeof(to->stamps));
	memcpy(to->command, from->command, sizeof(to->command));
}

int rm_counterexample_add(const struct rm_order *order,
        const struct rm_history_event *event,
        const struct rm_problem_pair *pairs, const bool *keep_key,
        struct rm_history *to)
{
	struct rm_history_pair *kept = calloc(event->pairs + 1, sizeof(*kept));
	struct rm_history_event less = *event;
	int failed;

	if (!kept)
		return -ENOMEM;
	less.pairs = 0;
	for (size_t i = 0; i < event->pairs; i++)
		if (keep_key[pairs[i].key])
			kept[less.pairs++] = (struct rm_history_pair){
				order->keys[pairs[i].key], pairs[i].value
			};
	failed = rm_history_add(to, &less, kept);
	free(kept);
	return failed;
}

/* Adds one kept operation as an event. */
static int add_event(struct explanation *explanation, size_t i)
{
	const struct rm_order *order = explanation->order;
	const struct rm_problem_op *op = explanation->cut.ops + i;
	struct rm_history_event event = order->history->events[op->event];

	if (event.kind == RM_HISTORY_SCAN && op->kind == RM_HISTORY_LOOKUP)
		event.key = order->keys[explanation->key];
	event.kind = op->kind;
	event.returned = op->returned;
	event.there = op->there;
	event.result = op->result;
	event.pairs = op->pairs;
	if (i == explanation->cut.offending)
		explanation->to->offending = explanation->to->smallest.count;
	return rm_counterexample_add(order, &event,
	        explanation->cut.whole->pairs + op->first_pair,
	        explanation->cut.keep_key, &explanation->to->smallest);
}

static const struct rm_history_name *find_name(
        const struct rm_history_name *names, size_t count, uint64_t number)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].number == number)
			return names + i;
	return NULL;
}

/* Copies the names of a key and of values that the smallest history uses. */
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

int rm_counterexample_name(struct rm_history *to, const struct rm_history *from)
{
	for (size_t i = 0; i < to->count; i++) {
		const struct rm_history_event *event = to->events + i;
		uint64_t values[3] = { event->value, event->expected,
			event->result };

		if (add_names(to, from, event->key, values, 3))
			return -ENOMEM;
	}
	for (size_t i = 0; i < to->pair_count; i++)
		if (add_names(
		            to, from, to->pairs[i].key, &to->pairs[i].value, 1))
			return -ENOMEM;
	for (size_t i = 0; i < to->initial_count; i++)
		if (add_names(to, from, to->initial[i].key,
		            &to->initial[i].value, 1))
			return -ENOMEM;
	return 0;
}

static int make_history(struct explanation *explanation)
{
	const struct rm_order *order = explanation->order;
	struct rm_history *to = &explanation->to->smallest;

	rm_counterexample_header(to, order->history);
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
	return rm_counterexample_name(to, order->history);
}

/* True if the offending operation saw a value that was never written. */
static bool is_unwritten(const struct explanation *explanation)
{
	const struct rm_minimise *cut = &explanation->cut;
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

/* Formats "key 7: lookup of thread 2 returned 5; possible: 3, absent". */
static void set_reason(struct explanation *explanation)
{
	struct rm_history_judgement *to = explanation->to;
	const struct rm_history_event *event =
	        to->smallest.events + to->offending;
	const struct rm_problem_op *op =
	        explanation->cut.ops + explanation->cut.offending;
	/* the part of a scan for one key is shown as a lookup */
	bool scan = op->kind == RM_HISTORY_LOOKUP &&
	            explanation->order->history->events[op->event].kind ==
	                    RM_HISTORY_SCAN;
	char call[80], result[48];

	rm_format_call(&to->smallest, event, call, sizeof(call));
	rm_format_result(&to->smallest, event, result, sizeof(result));
	snprintf(to->why, sizeof(to->why),
	        "%s%s of thread %u returned \"%s\"%s%s%s", call,
	        scan ? " in a scan" : "", event->thread, result,
	        to->instead[0] ? "; possible: " : ", which no order explains",
	        to->instead,
	        is_unwritten(explanation) ? "; no operation had written it"
	                                  : "");
}

static int explain(struct explanation *explanation)
{
	struct rm_minimise *cut = &explanation->cut;
	struct instead instead = { cut, explanation->order->history,
		explanation->to->instead, sizeof(explanation->to->instead) };
	size_t count = 0;

	if (rm_minimise_cut_time(cut))
		return -ENOMEM;
	for (size_t i = 0; i < cut->whole->count; i++)
		count += cut->keep[i];
	if (cut->offending != SIZE_MAX)
		find_possible(&instead);
	cut->work += WORK; /* the work limit of the second half */
	if (rm_minimise_remove_ops(cut) || make_history(explanation))
		return -ENOMEM;
	explanation->to->left_out = count - explanation->to->smallest.count;
	if (cut->offending != SIZE_MAX)
		set_reason(explanation);
	return 0;
}

int rm_counterexample_find(const struct rm_order *order, size_t key,
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
		rm_format_key(
		        order->history, order->keys[key], name, sizeof(name));
	snprintf(judgement->why, sizeof(judgement->why),
	        "%s%s: the operations have no order",
	        key == SIZE_MAX ? "" : "key ", name);
	if (limits->skip_explanation)
		return 0;
	failed = rm_minimise_begin(&explanation.cut, problem, search,
	        limits->memory_bytes / 2, WORK + 100 * problem->count);
	if (!failed)
		failed = explain(&explanation);
	rm_minimise_clear(&explanation.cut);
	return failed;
}
