/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explore_brute.h - runs all possible orders of the steps of small programs, to
 * find all their outcomes. It is independent of the schedulers, maps and
 * runtime that are compared with it.
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

/* A lane has one register. The values that it sees are part of the outcome. */
enum brute_what {
	BRUTE_END,
	/* loads a word into the register; the outcome includes the value */
	BRUTE_LOAD,
	BRUTE_STORE, /* writes `value` to a word */
	BRUTE_NEXT,  /* writes the register plus `value` to a word */
	/* adds `value` to a word atomically; the outcome includes the old
	 * value */
	BRUTE_ADD,
	/* writes `value` if the word equals the register; the outcome includes
	   the result */
	BRUTE_SWAP,
	BRUTE_LOCK,
	BRUTE_UNLOCK,
	BRUTE_AWAIT, /* yields until a word is not 0 */
	BRUTE_FREE,  /* frees the block of all words */
	/* the following are no steps, but part of the previous step */
	BRUTE_MARK, /* operation `value` begins, and the last one ends */
	BRUTE_ONLY, /* continues only if the register is `value` */
	/* allocates a block; the outcome includes the number of earlier
	 * blocks */
	BRUTE_NEW,
};

struct brute_step {
	uint8_t what, at, value;
};

struct brute_program {
	const char *name;
	unsigned lanes;
	struct brute_step step[BRUTE_LANES][BRUTE_STEPS];
};

/* The outcome of one run: the values that each lane saw, all words at the end,
   the marks in order, and how the run ended. */
struct brute_result {
	uint64_t seen[BRUTE_LANES], word[BRUTE_WORDS];
	char marks[BRUTE_LANES * BRUTE_STEPS + 1];
	unsigned marked;
	const char *end; /* "", "deadlock", "use after free" */
};

struct brute_outcomes {
	char text[BRUTE_OUTCOMES][BRUTE_TEXT];
	size_t count;   /* distinct outcomes */
	uint64_t plays; /* number of runs */
};

void brute_see(struct brute_result *result, unsigned lane, uint64_t value);
void brute_mark(struct brute_result *result, unsigned lane, unsigned value);
void brute_add(
        struct brute_outcomes *outcomes, const struct brute_result *result);
bool brute_equal(
        const struct brute_outcomes *a, const struct brute_outcomes *b);

/* Runs all orders of the steps with at most `preemptions` preemptions. */
void brute_force(const struct brute_program *program, unsigned preemptions,
        struct brute_outcomes *outcomes);

#endif /* RM_EXPLORE_BRUTE_H */
