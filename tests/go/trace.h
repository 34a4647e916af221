/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h - seeded sequences of operations. A map in C and one in Go execute
 * them, and the states are compared step by step (docs/go-equality.md). A trace
 * consists of phases. Each phase has a mood (frequencies of operations) and a
 * window of keys, so that operations use new keys, old keys, and keys that were
 * removed long before. Equal definitions give equal traces on every machine.
 */
#ifndef RM_GO_TRACE_H
#define RM_GO_TRACE_H

#include "runner/keys.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Letters of the operations in the text form of a trace. sync.Map has all
   operations, a native map has the first five. */
#define TRACE_OPERATIONS "LSDRZOTWCX"
enum trace_operation {
	TRACE_LOAD,
	TRACE_STORE,
	TRACE_DELETE,
	TRACE_RANGE,
	TRACE_CLEAR,
	TRACE_LOAD_OR_STORE,
	TRACE_LOAD_AND_DELETE,
	TRACE_SWAP,
	TRACE_COMPARE_SWAP,
	TRACE_COMPARE_DELETE,
	TRACE_OPERATION_COUNT
};

enum trace_set {
	TRACE_NATIVE,  /* a native map */
	TRACE_FILLING, /* a native map that is filled, with some deletes */
	/* a native map of `hint` keys; the oldest keys are removed */
	TRACE_TURNING,
	TRACE_GROWTH, /* a native map: inserts keys 0, 1, 2 ... */
	/* a native map with float64 keys, some of them NaN; see float_of() */
	TRACE_FLOATS,
	TRACE_NIL,     /* a nil native map */
	TRACE_CLASSIC, /* sync.Map with the operations of Go 1.9 */
	TRACE_FULL,    /* sync.Map with the operations of Go 1.20 and 1.23 */
};

struct trace_plan {
	const char *name;
	enum trace_set set;
	bool str;       /* string keys, else uint64 */
	uint32_t keys;  /* ranks 0 .. keys - 1 */
	uint32_t steps; /* operations */
	uint32_t hint;  /* native map: size hint */
	uint32_t deep;  /* all contents are compared after each `deep` steps */
};

struct trace_step {
	enum trace_operation operation;
	uint32_t rank;
	uint32_t value;    /* value to write; unique in its trace, never 0 */
	uint32_t expected; /* old value, for compare operations */
};

struct trace {
	const struct trace_plan *plan;
	uint64_t rng, digest; /* digest of all steps so far */
	uint32_t step;        /* number of steps so far */
	/* TRACE_FILLING uses the ranks below span. TRACE_TURNING has its oldest
	   rank in first, and the number of keys in span. */
	uint32_t phase_end, first, span;
	unsigned mood;
	uint32_t *last; /* value that was probably written last, by rank */
};

/* Frequencies per 10,000 operations, in the order of enum trace_operation. */
static const uint16_t trace_moods[][TRACE_OPERATION_COUNT] = {
	{ 9000, 400, 200, 10, 0, 200, 100, 50, 60, 40 },        /* reading */
	{ 2000, 5500, 200, 5, 0, 1500, 200, 500, 200, 50 },     /* filling */
	{ 2500, 400, 3000, 5, 0, 200, 3000, 100, 100, 600 },    /* draining */
	{ 2500, 2000, 1500, 20, 0, 1300, 1500, 500, 400, 280 }, /* churning */
	{ 3000, 2000, 500, 2, 2, 500, 500, 1500, 1500, 500 },   /* swapping */
};

enum {
	TRACE_MOODS = sizeof(trace_moods) / sizeof(trace_moods[0]),
	TRACE_SHORTEST_PHASE = 200,
	TRACE_PHASE_SPREAD = 4000,
};

/* Returns how many of the first operations of the enum a set has. */
static inline unsigned trace_operations(enum trace_set set)
{
	return set < TRACE_CLASSIC ? TRACE_CLEAR + 1 : TRACE_OPERATION_COUNT;
}

/* Go 1.19's sync.Map has no Clear, Swap or compare operations. */
static inline bool trace_offers(
        enum trace_set set, enum trace_operation operation)
{
	if (set == TRACE_CLASSIC)
		return operation < TRACE_SWAP && operation != TRACE_CLEAR;
	return operation < trace_operations(set);
}

static inline uint64_t trace_seed_of(const char *name)
{
	uint64_t seed = 0;

	for (; *name; name++)
		seed = rm_seed(seed, (unsigned char)*name);
	return seed;
}

static inline struct trace trace_open(const struct trace_plan *plan)
{
	struct trace trace = { .plan = plan, .rng = trace_seed_of(plan->name) };

	trace.last = calloc(plan->keys, sizeof(*trace.last));
	if (!trace.last)
		abort();
	return trace;
}

static inline void trace_close(struct trace *trace)
{
	free(trace->last);
}

static inline uint32_t trace_draw(struct trace *trace, uint32_t below)
{
	return (uint32_t)rm_below(rm_next(&trace->rng), below);
}

/* Draws the mood, length and window of the next phase. One window in four has
   all keys. */
static inline void trace_new_phase(struct trace *trace)
{
	uint32_t keys = trace->plan->keys;

	trace->mood = trace_draw(trace, TRACE_MOODS);
	trace->phase_end = trace->step + TRACE_SHORTEST_PHASE +
	                   trace_draw(trace, TRACE_PHASE_SPREAD);
	trace->first = 0;
	trace->span = keys;
	if (trace_draw(trace, 4) == 0)
		return;
	trace->first = trace_draw(trace, keys);
	trace->span = 1 + trace_draw(trace, keys - trace->first);
}

/* Returns the frequency of an operation. Clears of a native map are rare: each
   draws a new seed, whose hashes the log must contain, and removes old entries.
   Clears of sync.Map and of floats are frequent, because their hashes are not
   logged. Ranges over floats are frequent, because only a range shows entries
   whose key is NaN. */
static inline uint32_t trace_weight(
        const struct trace *trace, enum trace_operation operation)
{
	uint32_t weight = trace_moods[trace->mood][operation];

	if (!trace_offers(trace->plan->set, operation))
		return 0;
	if (operation == TRACE_CLEAR)
		return trace->plan->set == TRACE_FULL ||
		                       trace->plan->set == TRACE_FLOATS
		               ? 20 * weight
		               : weight;
	return trace->plan->set == TRACE_FLOATS && operation == TRACE_RANGE
	               ? 20 * weight
	               : weight;
}

static inline enum trace_operation trace_draw_operation(struct trace *trace)
{
	uint32_t all = 0, drawn;
	unsigned i = 0;

	for (unsigned j = 0; j < TRACE_OPERATION_COUNT; j++)
		all += trace_weight(trace, j);
	drawn = trace_draw(trace, all);
	while (drawn >= trace_weight(trace, i))
		drawn -= trace_weight(trace, i++);
	if (i == TRACE_CLEAR && trace->plan->set == TRACE_NATIVE &&
	        trace_draw(trace, 4))
		return TRACE_LOAD;
	return (enum trace_operation)i;
}

/* While there are unused keys, three of four operations insert a new key. The
   others delete or overwrite a key. */
static inline struct trace_step trace_fill(
        struct trace *trace, struct trace_step step)
{
	uint32_t used = trace->span, drawn = trace_draw(trace, 8);

	if (used == trace->plan->keys && drawn > 1)
		drawn = 1;
	if (used && drawn < 2) {
		step.rank = trace_draw(trace, used);
		if (drawn == 0)
			step.operation = TRACE_DELETE;
		return step;
	}
	step.rank = trace->span++;
	return step;
}

/* Removes the oldest key if the map is full, and inserts a new one otherwise.
   Each bucket is filled and emptied in turn, and long chains remain. */
static inline struct trace_step trace_turn(
        struct trace *trace, struct trace_step step)
{
	uint32_t keys = trace->plan->keys, drawn = trace_draw(trace, 8);

	if (trace->span && drawn < 2) {
		step.rank =
		        (trace->first + trace_draw(trace, trace->span)) % keys;
		step.operation = drawn ? TRACE_STORE : TRACE_LOAD;
	} else if (trace->span < trace->plan->hint) {
		step.rank = (trace->first + trace->span++) % keys;
	} else {
		step.operation = TRACE_DELETE;
		step.rank = trace->first;
		trace->first = (trace->first + 1) % keys;
		trace->span--;
	}
	return step;
}

static inline struct trace_step trace_draw_step(struct trace *trace)
{
	struct trace_step step = { .operation = TRACE_STORE,
		.rank = trace->step,
		.value = trace->step + 1 };

	if (trace->plan->set == TRACE_GROWTH)
		return step;
	if (trace->plan->set == TRACE_FILLING)
		return trace_fill(trace, step);
	if (trace->plan->set == TRACE_TURNING)
		return trace_turn(trace, step);
	if (trace->step == trace->phase_end)
		trace_new_phase(trace);
	step.operation = trace_draw_operation(trace);
	step.rank = trace->first + trace_draw(trace, trace->span);
	step.expected = trace->last[step.rank];
	if (trace_draw(trace, 4) == 0)
		step.expected = 1 + trace_draw(trace, trace->step + 1);
	if (step.operation != TRACE_LOAD_OR_STORE || step.expected == 0)
		trace->last[step.rank] = step.value;
	return step;
}

/* Stores the next step. Returns false at the end of the trace. */
static inline bool trace_next(struct trace *trace, struct trace_step *step)
{
	if (trace->step == trace->plan->steps)
		return false;
	*step = trace_draw_step(trace);
	trace->step++;
	trace->digest = rm_seed(trace->digest, (uint64_t)step->operation);
	trace->digest = rm_seed(trace->digest, step->rank);
	trace->digest = rm_seed(trace->digest, step->value);
	trace->digest = rm_seed(trace->digest, step->expected);
	return true;
}

/* Prints the text form for the Go program: a line of names and numbers, then a
   line for each step with letter, rank, value and expected value. */
static inline void trace_print(const struct trace_plan *plan, FILE *out)
{
	static const char *const sets[] = { "native", "filling", "turning",
		"growth", "floats", "nil", "classic", "full" };
	struct trace trace = trace_open(plan);
	struct trace_step step;

	fprintf(out, "trace %s %s %s %u %u %u %u\n", plan->name,
	        sets[plan->set], plan->str ? "string" : "uint64", plan->keys,
	        plan->steps, plan->hint, plan->deep);
	while (trace_next(&trace, &step))
		fprintf(out, "%c %u %u %u\n", TRACE_OPERATIONS[step.operation],
		        step.rank, step.value, step.expected);
	trace_close(&trace);
}

#endif /* RM_GO_TRACE_H */
