/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explore_brute.h - small programs of steps, and all that can come of them, by
 * trying each order of their steps. Knows nothing of the schedulers, of maps
 * or of the run time: it is the hand that those are held against.
 */
#ifndef RM_EXPLORE_BRUTE_H
#define RM_EXPLORE_BRUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BRUTE_LANES = 3,
	BRUTE_STEPS = 12,
	BRUTE_WORDS = 8,
	BRUTE_LOCKS = 2,
	BRUTE_TEXT = 96,
	BRUTE_OUTCOMES = 4096,
	BRUTE_NO_BOUND = 1000,
};

/* A lane has one register and sees values: those go into the outcome. */
enum brute_what {
	BRUTE_END,
	BRUTE_LOAD,  /* sees a word, and keeps it in the register */
	BRUTE_STORE, /* `value` into a word */
	BRUTE_NEXT,  /* the register and `value` into a word */
	BRUTE_ADD,   /* `value` to a word at once; sees what it was */
	BRUTE_SWAP,  /* `value` into a word if that is the register; sees if */
	BRUTE_LOCK,
	BRUTE_UNLOCK,
	BRUTE_AWAIT, /* that a word is not 0, giving the turn away */
	BRUTE_FREE,  /* the block of all words */
	/* no steps, but part of the step before */
	BRUTE_MARK, /* operation `value` begins, and the one before ends */
	BRUTE_ONLY, /* goes on only if the register is `value` */
	BRUTE_NEW,  /* sees how many blocks had been made before this one */
};

struct brute_step {
	uint8_t what, at, value;
};

struct brute_program {
	const char *name;
	unsigned lanes;
	struct brute_step step[BRUTE_LANES][BRUTE_STEPS];
};

/* What a run came to, and how that is written: the words that are seen by each
   lane, all words at the end, the marks in their order, and how it ended. */
struct brute_result {
	uint64_t seen[BRUTE_LANES], word[BRUTE_WORDS];
	char marks[BRUTE_LANES * BRUTE_STEPS + 1];
	unsigned marked;
	const char *end; /* "", "deadlock", "use after free" */
};

struct brute_outcomes {
	char text[BRUTE_OUTCOMES][BRUTE_TEXT];
	size_t count;   /* different ones */
	uint64_t plays; /* that were added */
};

void brute_see(struct brute_result *result, unsigned lane, uint64_t value);
void brute_mark(struct brute_result *result, unsigned lane, unsigned value);
void brute_add(
        struct brute_outcomes *outcomes, const struct brute_result *result);
bool brute_equal(
        const struct brute_outcomes *a, const struct brute_outcomes *b);

/* All orders of the steps with at most so many preemptions. */
void brute_force(const struct brute_program *program, unsigned preemptions,
        struct brute_outcomes *outcomes);

#endif /* RM_EXPLORE_BRUTE_H */
