/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.h - could a right map have answered like this history?
 *
 * Operations on one key are judged key by key (linearizability is local:
 * Herlihy and Wing, TOPLAS 12(3), 1990, theorem 1) by Wing and Gong's search
 * (JPDC 17, 1993) with Lowe's memory of visited states (Concurrency and
 * Computation 29(4), 2017), a state being how far each thread is and what the
 * key holds. length, scan and clear are judged by history.guarantee:
 *
 * point-in-time    they take effect at one moment, with all other operations
 * once-if-present  a scan yields each key at most once, with a value that it
 *                  held at some moment of the scan, and leaves a key out only
 *                  if it was absent at some moment of the scan
 * none             of a scan: no value that the key cannot have held
 *
 * With the two weaker ones a length is at least the number of keys surely
 * present during the whole call and at most that of keys perhaps present at
 * some moment of it, and clear removes each key at some moment of the call.
 */
#ifndef RM_HISTORY_JUDGE_H
#define RM_HISTORY_JUDGE_H

#include "runner/base/error.h"
#include "runner/history/history.h"

/* Where to give up. */
struct rm_history_limits {
	uint64_t states;       /* visited for one key or the whole map; > 0 */
	size_t memory_bytes;   /* of all that the check allocates; > 0 */
	bool skip_explanation; /* no minimising of what fails */
};

/* 10 million states (about 10 s on one key with 64 threads) and 1.5 GiB. */
#define RM_HISTORY_LIMITS \
	((struct rm_history_limits){ 10000000, (size_t)3 << 29, false })

enum rm_history_verdict {
	RM_HISTORY_LINEARIZABLE, /* and all guarantees are kept */
	RM_HISTORY_BROKEN,       /* no right map answers like this */
	RM_HISTORY_UNDECIDED     /* after `states` states; never a pass */
};

/* Zero-initialise; rm_history_judgement_clear() frees. */
struct rm_history_judgement {
	enum rm_history_verdict verdict;
	uint64_t states; /* visited in all */
	size_t keys;     /* judged */
	size_t undecided_keys;
	/* Of BROKEN and UNDECIDED: one line for a person, e.g. "key 7: lookup
	   of thread 2 answered 5, which ...". */
	char why[480];
	/* Of BROKEN: the fewest events found that still cannot be, with the
	   header of the whole; `offending` is the event of `smallest` without
	   which the rest is possible, SIZE_MAX if there is no single one. */
	struct rm_history smallest;
	size_t offending;
	/* What it could have been answered instead, e.g. "3, 4 or absent";
	   "" where that was not found out. */
	char instead[200];
	/* Other writes that are not in `smallest`: it fails even if they take
	   effect any number of times where they could. */
	size_t left_out;
};

/*
 * Judges a history. Any thread; the history is only read. Returns 0 and fills
 * the judgement; -EINVAL with `error` naming the event (by its place, from 0)
 * where it is no history (an operation that returned before it was invoked,
 * two at a time on one thread, a key twice in the initial state); -ENOMEM.
 */
int rm_history_judge(const struct rm_history *history,
        const struct rm_history_limits *limits,
        struct rm_history_judgement *judgement, struct rm_error *error);

/* "linearizable", "not linearizable", "undecided". */
const char *rm_history_verdict_name(enum rm_history_verdict verdict);

/* Frees what a judgement holds; it is zero afterwards. */
void rm_history_judgement_clear(struct rm_history_judgement *judgement);

#endif /* RM_HISTORY_JUDGE_H */
