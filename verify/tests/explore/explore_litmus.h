/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explore_litmus.h - litmus tests of memory models from
 * tests/fixtures/litmus.tsv, run on the runtime of explored maps.
 */
#ifndef RM_EXPLORE_LITMUS_H
#define RM_EXPLORE_LITMUS_H

#include "verify/explore/explore.h"

enum {
	LITMUS_THREADS = 4,
	LITMUS_STEPS = 4,
	LITMUS_ADDRESSES = 4,
	LITMUS_SEEN = 8,       /* digits of an outcome */
	LITMUS_OUTCOMES = 512, /* maximum number of distinct outcomes */
	LITMUS_ROWS = 80,
};

struct litmus_step {
	char what; /* 'W', 'R', 'U' add, 'C' compare that fails, 'F' fence */
	uint8_t at, value;
	int order; /* __ATOMIC_... */
};

struct litmus_allowed {
	char text[LITMUS_OUTCOMES][LITMUS_SEEN + 1];
	/* allowed, but never produced by the model */
	bool unseen[LITMUS_OUTCOMES];
	size_t count;
};

struct litmus {
	char name[64], program[128], source[160];
	unsigned threads, steps[LITMUS_THREADS];
	struct litmus_step step[LITMUS_THREADS][LITMUS_STEPS];
	unsigned finals;
	uint8_t final[LITMUS_ADDRESSES];
	struct litmus_allowed allowed[RM_EXPLORE_MEMORIES];
};

/* The number of runs with each outcome, in order of first appearance. */
struct litmus_outcomes {
	char text[LITMUS_OUTCOMES][LITMUS_SEEN + 1];
	uint64_t times[LITMUS_OUTCOMES];
	size_t count;
	const char *stopped; /* the finding that ended a run; or NULL */
};

/* Reads the table. Returns the number of rows, or 0 if it cannot be read. */
size_t litmus_read(const char *file, struct litmus rows[LITMUS_ROWS]);

/* Runs one test `runs` times under schedules of this seed. */
void litmus_run(const struct litmus *test, enum rm_explore_memory memory,
        uint64_t seed, uint64_t runs, struct litmus_outcomes *outcomes);

/* The number of runs with this outcome. */
uint64_t litmus_times(const struct litmus_outcomes *outcomes, const char *text);
bool litmus_allows(const struct litmus_allowed *allowed, const char *text);

#endif /* RM_EXPLORE_LITMUS_H */
