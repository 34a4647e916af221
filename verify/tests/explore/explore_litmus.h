/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explore_litmus.h - litmus tests of memory models, as tests/fixtures/litmus.tsv
 * has them, run on the run time that maps have.
 */
#ifndef RM_EXPLORE_LITMUS_H
#define RM_EXPLORE_LITMUS_H

#include "verify/explore/explore.h"

enum {
	LITMUS_THREADS = 4,
	LITMUS_STEPS = 4,
	LITMUS_ADDRESSES = 4,
	LITMUS_SEEN = 8,       /* digits of an outcome */
	LITMUS_OUTCOMES = 512, /* different ones */
	LITMUS_ROWS = 80,
};

struct litmus_step {
	char what; /* 'W', 'R', 'U' adds, 'C' compares and fails, 'F' fence */
	uint8_t at, value;
	int order; /* __ATOMIC_... */
};

struct litmus_allowed {
	char text[LITMUS_OUTCOMES][LITMUS_SEEN + 1];
	bool unseen[LITMUS_OUTCOMES]; /* allowed, and not produced */
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

/* How often each came, in the order of first appearance. */
struct litmus_outcomes {
	char text[LITMUS_OUTCOMES][LITMUS_SEEN + 1];
	uint64_t times[LITMUS_OUTCOMES];
	size_t count;
	const char
	        *stopped; /* a run ended with a finding: its words; or NULL */
};

/* All rows of the table; how many, or 0 where it cannot be read. */
size_t litmus_read(const char *file, struct litmus rows[LITMUS_ROWS]);

/* Runs one `runs` times under schedules of this seed. */
void litmus_run(const struct litmus *test, enum rm_explore_memory memory,
        uint64_t seed, uint64_t runs, struct litmus_outcomes *outcomes);

/* How often this one came. */
uint64_t litmus_times(const struct litmus_outcomes *outcomes, const char *text);
bool litmus_allows(const struct litmus_allowed *allowed, const char *text);

#endif /* RM_EXPLORE_LITMUS_H */
