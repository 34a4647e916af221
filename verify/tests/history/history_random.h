/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_random.h - draws small random histories, correct and corrupted, and
 * tries every order of their operations. Its result is the reference for the
 * history checker.
 */
#ifndef RM_TESTS_HISTORY_RANDOM_H
#define RM_TESTS_HISTORY_RANDOM_H

#include "runner/base/rng.h"
#include "verify/history/history.h"

#include <stdlib.h>
#include <string.h>

enum { MODEL_KEYS = 3, SMALL_EVENTS = 7, LARGE_EVENTS = 64 };

struct model {
	bool there[MODEL_KEYS];
	uint64_t value[MODEL_KEYS];
};

static inline uint64_t model_length(const struct model *model)
{
	uint64_t length = 0;

	for (int k = 0; k < MODEL_KEYS; k++)
		length += model->there[k];
	return length;
}

/* Performs the operation and stores the correct result in the event; the pairs
   of a scan go to `pairs`, which has MODEL_KEYS elements. */
static inline void model_do(struct model *model, struct rm_history_event *event,
        struct rm_history_pair *pairs)
{
	uint64_t k = event->key;
	bool there = k < MODEL_KEYS && model->there[k];
	bool equal = there && model->value[k] == event->expected;

	event->there = there;
	event->result = there ? model->value[k] : 0;
	switch (event->kind) {
	case RM_HISTORY_UPSERT:
	case RM_HISTORY_EXCHANGE:
		model->there[k] = true;
		model->value[k] = event->value;
		break;
	case RM_HISTORY_REMOVE:
	case RM_HISTORY_TAKE:
		model->there[k] = false;
		break;
	case RM_HISTORY_INSERT_IF_ABSENT:
		if (!there)
			model->value[k] = event->value;
		model->there[k] = true;
		break;
	case RM_HISTORY_COMPARE_SWAP:
		event->there = equal;
		if (equal)
			model->value[k] = event->value;
		break;
	case RM_HISTORY_COMPARE_REMOVE:
		event->there = equal;
		if (equal)
			model->there[k] = false;
		break;
	case RM_HISTORY_LENGTH:
		event->result = model_length(model);
		break;
	case RM_HISTORY_SCAN:
		event->pairs = 0;
		for (uint64_t i = 0; i < MODEL_KEYS; i++)
			if (model->there[i])
				pairs[event->pairs++] =
				        (struct rm_history_pair){ i,
					        model->value[i] };
		break;
	case RM_HISTORY_CLEAR:
		memset(model->there, 0, sizeof(model->there));
		break;
	default:
		break;
	}
}

static inline bool same_pairs(const struct rm_history_pair *a, size_t a_count,
        const struct rm_history_pair *b, size_t b_count)
{
	for (size_t i = 0; i < a_count; i++) {
		bool found = false;

		for (size_t j = 0; j < b_count; j++)
			found |= a[i].key == b[j].key &&
			         a[i].value == b[j].value;
		if (!found)
			return false;
	}
	return a_count == b_count;
}

/* Performs the operation; true if its result is the recorded one. */
static inline bool model_agrees(struct model *model,
        const struct rm_history *history, const struct rm_history_event *event)
{
	struct rm_history_pair pairs[MODEL_KEYS];
	struct rm_history_event correct = *event;
	bool shows = event->kind == RM_HISTORY_LOOKUP ||
	             event->kind == RM_HISTORY_EXCHANGE ||
	             event->kind == RM_HISTORY_TAKE ||
	             event->kind == RM_HISTORY_INSERT_IF_ABSENT;

	model_do(model, &correct, pairs);
	if (event->returned == RM_HISTORY_NEVER ||
	        (event->unknown & RM_HISTORY_UNKNOWN_THERE))
		return true;
	switch (event->kind) {
	case RM_HISTORY_LENGTH:
		return event->unknown || event->result == correct.result;
	case RM_HISTORY_SCAN:
		return same_pairs(history->pairs + event->first_pair,
		        event->pairs, pairs, correct.pairs);
	case RM_HISTORY_CLEAR:
		return true;
	default:
		return event->there == correct.there &&
		       (!shows || !event->there ||
		               (event->unknown & RM_HISTORY_UNKNOWN_RESULT) ||
		               event->result == correct.result);
	}
}

/* True if event b must come after event a. */
static inline bool must_follow(
        const struct rm_history *history, size_t a, size_t b)
{
	const struct rm_history_event *x = history->events + a;
	const struct rm_history_event *y = history->events + b;

	if (x->thread == y->thread)
		return x->invoked < y->invoked ||
		       (x->invoked == y->invoked && a < b);
	return x->returned < y->invoked;
}

/* True if the events that are not in `done` have an order that starts with the
   content `model`. */
static inline bool has_order(
        const struct rm_history *history, struct model model, unsigned done)
{
	bool all = true;

	for (size_t i = 0; i < history->count; i++)
		all &= (done >> i & 1) ||
		       history->events[i].returned == RM_HISTORY_NEVER;
	if (all)
		return true;
	for (size_t i = 0; i < history->count; i++) {
		struct model next = model;
		bool free = !(done >> i & 1);

		for (size_t j = 0; j < history->count && free; j++)
			free = (done >> j & 1) || !must_follow(history, j, i);
		if (free && model_agrees(&next, history, history->events + i) &&
		        has_order(history, next, done | 1U << i))
			return true;
	}
	return false;
}

static inline struct model model_at_start(const struct rm_history *history)
{
	struct model model = { .there = { false } };

	for (size_t i = 0; i < history->initial_count; i++) {
		model.there[history->initial[i].key] = true;
		model.value[history->initial[i].key] =
		        history->initial[i].value;
	}
	return model;
}

struct draw_params {
	size_t events; /* maximum number of events; <= LARGE_EVENTS */
	unsigned threads, keys;
	bool wholes;  /* length, scan, clear */
	bool repeats; /* values are written more than once */
	/* some operations never return, or have unknown results */
	bool gaps;
};

static inline uint64_t draw(uint64_t *rng, uint64_t n)
{
	return rm_below(rm_next(rng), n);
}

static inline enum rm_history_kind draw_kind(
        uint64_t *rng, const struct draw_params *params)
{
	if (params->wholes && draw(rng, 4) == 0)
		return (enum rm_history_kind)(RM_HISTORY_LENGTH + draw(rng, 3));
	return (enum rm_history_kind)draw(rng, RM_HISTORY_COMPARE_REMOVE + 1);
}

static inline void draw_events(struct rm_history *history, uint64_t *rng,
        const struct draw_params *params)
{
	uint64_t now[8] = { 0 };
	size_t count = 1 + (size_t)draw(rng, params->events);

	for (size_t i = 0; i < count; i++) {
		struct rm_history_event event = { .key = draw(
			                                  rng, params->keys) };

		event.thread = (uint32_t)draw(rng, params->threads);
		event.kind = (uint8_t)draw_kind(rng, params);
		event.invoked = now[event.thread] + draw(rng, 3);
		event.returned = event.invoked + draw(rng, 5);
		now[event.thread] = event.returned;
		event.value = params->repeats ? draw(rng, 3) : 100 + i;
		event.expected =
		        params->repeats ? draw(rng, 3) : 100 + draw(rng, count);
		rm_history_add(history, &event, NULL);
	}
}

/* Sets correct results, as if each operation took effect at a random moment. */
static inline void set_results(struct rm_history *history, uint64_t *rng)
{
	struct model model = model_at_start(history);
	double moment[LARGE_EVENTS];
	bool done[LARGE_EVENTS] = { false };

	for (size_t i = 0; i < history->count; i++) {
		const struct rm_history_event *event = history->events + i;

		moment[i] = (double)event->invoked +
		            rm_unit(rm_next(rng)) *
		                    (double)(event->returned - event->invoked);
	}
	for (size_t n = 0; n < history->count; n++) {
		struct rm_history_pair pairs[MODEL_KEYS];
		size_t first = SIZE_MAX;

		for (size_t i = 0; i < history->count; i++)
			if (!done[i] && (first == SIZE_MAX ||
			                        moment[i] < moment[first]))
				first = i;
		struct rm_history_event *event = history->events + first;

		done[first] = true;
		model_do(&model, event, pairs);
		if (event->kind != RM_HISTORY_SCAN)
			continue;
		rm_history_reserve(history, 0, event->pairs);
		event->first_pair = history->pair_count;
		if (event->pairs)
			memcpy(history->pairs + history->pair_count, pairs,
			        event->pairs * sizeof(*pairs));
		history->pair_count += event->pairs;
	}
}

/* Makes some threads' last operations never return, and hides some results. */
static inline void hide_results(struct rm_history *history, uint64_t *rng)
{
	for (size_t i = 0; i < history->count; i++) {
		struct rm_history_event *event = history->events + i;
		bool last = true;

		for (size_t j = i + 1; j < history->count; j++)
			last &= history->events[j].thread != event->thread;
		if (last && draw(rng, 3) == 0)
			event->returned = RM_HISTORY_NEVER;
		if (draw(rng, 6) == 0 && event->kind != RM_HISTORY_SCAN)
			event->unknown = (uint8_t)(1 + draw(rng, 3));
	}
}

static inline void corrupt(struct rm_history *history, uint64_t *rng)
{
	struct rm_history_event *event =
	        history->events + draw(rng, history->count);
	struct rm_history_event *other =
	        history->events + draw(rng, history->count);

	if (event->kind == RM_HISTORY_SCAN && event->pairs) {
		if (draw(rng, 2))
			event->pairs--;
		else
			history->pairs[event->first_pair].value = other->value;
	} else if (event->kind == RM_HISTORY_LENGTH) {
		event->result = draw(rng, MODEL_KEYS + 1);
	} else if (draw(rng, 2)) {
		event->there = !event->there;
		event->result = other->value;
	} else {
		event->result = other->value;
	}
}

static inline void draw_history(struct rm_history *history, uint64_t *rng,
        const struct draw_params *params, unsigned corruptions)
{
	rm_history_reset(history);
	for (uint64_t k = 0; k < params->keys; k++)
		if (draw(rng, 3) == 0)
			rm_history_add_initial(history, k,
			        params->repeats ? draw(rng, 3) : 50 + k);
	draw_events(history, rng, params);
	set_results(history, rng);
	if (params->gaps)
		hide_results(history, rng);
	while (corruptions--)
		corrupt(history, rng);
}

#endif /* RM_TESTS_HISTORY_RANDOM_H */
