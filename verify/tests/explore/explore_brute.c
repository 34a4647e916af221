/* SPDX-License-Identifier: Apache-2.0 */
/* explore_brute.c - runs all orders of a program's steps (explore_brute.h). */
#include "verify/tests/explore/explore_brute.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct state {
	struct brute_result result;
	uint64_t kept[BRUTE_LANES];
	unsigned at[BRUTE_LANES];
	bool begun[BRUTE_LANES];
	/* true if the lane yielded and has not run since */
	bool yielded[BRUTE_LANES];
	/* true if the lane's next turn only ends its yield */
	bool turning[BRUTE_LANES];
	unsigned waits[BRUTE_LANES]; /* lock + 1 */
	unsigned owner[BRUTE_LOCKS]; /* lane + 1 */
	unsigned made;
	bool freed;
	unsigned touched; /* lanes that have accessed a word, as bits */
};

void brute_see(struct brute_result *result, unsigned lane, uint64_t value)
{
	result->seen[lane] = result->seen[lane] * 16 + value + 1;
}

void brute_mark(struct brute_result *result, unsigned lane, unsigned value)
{
	result->marks[result->marked++] = (char)('a' + 8 * lane + value);
}

void brute_add(
        struct brute_outcomes *outcomes, const struct brute_result *result)
{
	char text[BRUTE_TEXT];
	int used = 0;

	for (unsigned i = 0; i < BRUTE_LANES; i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used,
		        "%" PRIx64 " ", result->seen[i]);
	for (unsigned i = 0; i < BRUTE_WORDS; i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used,
		        "%" PRIx64 ",", result->word[i]);
	snprintf(text + used, sizeof(text) - (size_t)used, " %s %s",
	        result->marks, result->end);
	outcomes->plays++;
	for (size_t i = outcomes->count; i-- > 0;)
		if (!strcmp(outcomes->text[i], text))
			return;
	if (outcomes->count < BRUTE_OUTCOMES)
		memcpy(outcomes->text[outcomes->count++], text, sizeof(text));
}

static bool holds(const struct brute_outcomes *outcomes, const char *text)
{
	for (size_t i = 0; i < outcomes->count; i++)
		if (!strcmp(outcomes->text[i], text))
			return true;
	return false;
}

bool brute_equal(const struct brute_outcomes *a, const struct brute_outcomes *b)
{
	bool equal = a->count == b->count && a->count < BRUTE_OUTCOMES;

	for (size_t i = 0; i < a->count && equal; i++)
		equal = holds(b, a->text[i]);
	return equal;
}

static const struct brute_step *next_of(const struct brute_program *program,
        const struct state *state, unsigned lane)
{
	return &program->step[lane][state->at[lane]];
}

static bool can_run(const struct brute_program *program,
        const struct state *state, unsigned lane)
{
	if (state->waits[lane])
		return false;
	return !state->begun[lane] || state->turning[lane] ||
	       next_of(program, state, lane)->what != BRUTE_END;
}

static void do_locks(
        struct state *state, unsigned lane, const struct brute_step *step)
{
	unsigned *owner = &state->owner[step->at];

	if (step->what == BRUTE_UNLOCK) {
		*owner = 0;
		for (unsigned i = 0; i < BRUTE_LANES; i++)
			if (state->waits[i] == step->at + 1U)
				state->waits[i] = 0;
	} else if (*owner) {
		state->waits[lane] = step->at + 1U;
		return;
	} else {
		*owner = lane + 1;
	}
	state->at[lane]++;
}

static void do_word(
        struct state *state, unsigned lane, const struct brute_step *step)
{
	uint64_t *word = &state->result.word[step->at], was = *word;
	uint64_t *kept = &state->kept[lane];

	if (state->freed) {
		state->result.end = "use after free";
		return;
	}
	state->touched |= 1U << lane;
	if (step->what == BRUTE_STORE ||
	        (step->what == BRUTE_SWAP && was == *kept))
		*word = step->value;
	if (step->what == BRUTE_NEXT)
		*word = *kept + step->value;
	if (step->what == BRUTE_ADD)
		*word += step->value;
	if (step->what == BRUTE_SWAP)
		brute_see(&state->result, lane, was == *kept);
	if (step->what == BRUTE_LOAD || step->what == BRUTE_ADD)
		brute_see(&state->result, lane, *kept = was);
	if (step->what == BRUTE_AWAIT && !was)
		state->turning[lane] = state->yielded[lane] = true;
	else
		state->at[lane]++;
}

/* Performs operations that take no step of their own. */
static void do_rest(
        const struct brute_program *program, struct state *state, unsigned lane)
{
	for (;; state->at[lane]++) {
		const struct brute_step *step = next_of(program, state, lane);

		if (step->what == BRUTE_MARK)
			brute_mark(&state->result, lane, step->value);
		else if (step->what == BRUTE_ONLY)
			while (state->kept[lane] != step->value &&
			        next_of(program, state, lane)[1].what !=
			                BRUTE_END)
				state->at[lane]++;
		else if (step->what == BRUTE_NEW)
			brute_see(&state->result, lane, state->made++);
		else
			return;
	}
}

/* If a lane begins or ends a yield, it runs only up to its next step. */
static void do_step(
        const struct brute_program *program, struct state *state, unsigned lane)
{
	const struct brute_step *step = next_of(program, state, lane);
	unsigned at = state->at[lane];

	state->yielded[lane] = false;
	if (!state->begun[lane] || state->turning[lane]) {
		if (!state->begun[lane])
			do_rest(program, state, lane);
		state->begun[lane] = true;
		state->turning[lane] = false;
		return;
	}
	if (step->what == BRUTE_LOCK || step->what == BRUTE_UNLOCK) {
		do_locks(state, lane, step);
	} else if (step->what == BRUTE_FREE && state->touched & ~(1U << lane)) {
		/* not ordered, because a read releases nothing to other
		 * lanes */
		state->result.end = "use after free";
		return;
	} else if (step->what == BRUTE_FREE) {
		state->freed = true;
		state->at[lane]++;
	} else {
		do_word(state, lane, step);
	}
	if (state->at[lane] != at)
		do_rest(program, state, lane);
}

/* Lanes that may run now, as bits. A lane that yielded runs after the lanes
   that did not. When all have yielded, only the last yield remains in force. */
static unsigned choices_of(
        const struct brute_program *program, struct state *state, int last)
{
	unsigned all = 0, fresh = 0;

	for (unsigned i = 0; i < program->lanes; i++)
		if (can_run(program, state, i)) {
			all |= 1U << i;
			fresh |= state->yielded[i] ? 0 : 1U << i;
		}
	if (last < 0 || !state->yielded[last])
		return all;
	if (fresh)
		return fresh;
	for (int i = 0; i < BRUTE_LANES; i++)
		state->yielded[i] = i == last;
	return all & ~(1U << last) ? all & ~(1U << last) : all;
}

static void go_on(const struct brute_program *program, struct state *state,
        int last, unsigned left, struct brute_outcomes *outcomes)
{
	unsigned choices = choices_of(program, state, last);
	bool could = last >= 0 && choices >> last & 1;

	if (!choices || *state->result.end) {
		for (unsigned i = 0; i < program->lanes && !choices; i++)
			if (state->waits[i])
				state->result.end = "deadlock";
		brute_add(outcomes, &state->result);
		return;
	}
	for (unsigned lane = 0; lane < program->lanes; lane++) {
		bool preempts = could && lane != (unsigned)last;
		struct state next = *state;

		if (!(choices >> lane & 1) || left < preempts)
			continue;
		do_step(program, &next, lane);
		go_on(program, &next, (int)lane, left - preempts, outcomes);
	}
}

void brute_force(const struct brute_program *program, unsigned preemptions,
        struct brute_outcomes *outcomes)
{
	struct state state = { .result = { .end = "" } };

	outcomes->count = 0;
	outcomes->plays = 0;
	go_on(program, &state, -1, preemptions, outcomes);
}
