/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - the operations of each thread of a schedule.
 * Inside verify/explore only.
 */
#ifndef RM_EXPLORE_PROGRAM_H
#define RM_EXPLORE_PROGRAM_H

#include "verify/check/keyset.h"
#include "verify/explore/explore.h"
#include "verify/explore/schedule.h"
#include "verify/history/history.h"

enum {
	RM_EXPLORE_KEYS_MAX = 24,
	/* A pseudo-kind: an update, which the history records as an
	 * exchange. */
	RM_EXPLORE_UPDATE = RM_HISTORY_KINDS,
	/* A pseudo-kind: one of the keys from the operation's key on is absent.
	   The executions in turn remove the key before it, and insert the
	   absent one. So keys take each other's place. */
	RM_EXPLORE_MOVE,
	/* Operations of all threads, including repeats; a value's sequence
	   has 20 bits. */
	RM_EXPLORE_TIMES_MAX = 200000,
	RM_EXPLORE_BEFORE_OPS = 2,
	RM_EXPLORE_FILLERS_MAX = 65536,
	RM_EXPLORE_FILLER_RANK = 1 << 16, /* of the first filler */
};

struct rm_explore_op {
	uint8_t kind;   /* enum rm_history_kind, or a pseudo-kind */
	uint8_t key;    /* 0 .. keys - 1; unused in length, scan, clear */
	uint32_t times; /* number of consecutive executions; 0 means one */
};

/* The main thread repeats these writes before the other threads begin, to
   bring counters close to the value at which they wrap. The writes are not
   part of the schedule. */
struct rm_explore_before {
	struct rm_explore_op op[RM_EXPLORE_BEFORE_OPS]; /* upsert or remove */
	unsigned ops;
	uint32_t times;
};

/* The question about progress that a program answers. */
enum rm_explore_question {
	RM_EXPLORE_NO_QUESTION,
	RM_EXPLORE_OVERTAKES, /* whether each operation of thread 1 ends */
	RM_EXPLORE_RECLAIMS,  /* whether memory is freed while threads run */
};

struct rm_explore_program {
	const struct rm_impl *impl;
	struct rm_shape shape;
	enum rm_explore_memory memory;
	bool unstamped, unjudged;
	enum rm_explore_question question;
	/* RM_EXPLORE_RECLAIMS: the program continues after the first answer */
	bool lasts;
	uint64_t map_seed;
	bool presize;
	bool rejoins; /* threads leave and join again between operations */
	bool reuses;  /* the heap reuses freed memory; only under sc */
	bool collide; /* the keys collide in the map if possible */
	/* In other sets than RM_KEYS_RANKS, the first values of two keys are 0
	   and all ones, and `collide` has no effect. */
	enum rm_keyset keyset;
	struct rm_explore_before before;
	/* Number of keys that are present at the start in addition, and that no
	   thread uses, so that the map grows while threads run. Without clear
	   and other sets of keys. */
	uint32_t fillers;
	struct rm_explore_growth *growth; /* filled in by fillers; or NULL */
	bool looks;        /* true: also call length and scan at the end */
	unsigned keys;     /* 1 .. RM_EXPLORE_KEYS_MAX */
	uint32_t resident; /* keys that are present at the start, as bits */
	unsigned threads;
	unsigned ops[RM_EXPLORE_THREADS_MAX];
	struct rm_explore_op op[RM_EXPLORE_THREADS_MAX][RM_EXPLORE_OPS_MAX];
};

/* True if the map has this operation (enum rm_history_kind, or a
   pseudo-kind). */
bool rm_explore_has_operation(const struct rm_impl *impl, unsigned kind);

/* The program of schedule number `number`. */
void rm_explore_program_make(const struct rm_explore_options *options,
        uint64_t number, struct rm_explore_program *program);

/* Return how often one operation is performed, at least once, and the sum over
 * all operations. */
static inline unsigned rm_explore_times(const struct rm_explore_op *op)
{
	return op->times ? op->times : 1;
}

/* Returns execution `i` of an operation: itself, or a write of a move. */
struct rm_explore_op rm_explore_execution(
        const struct rm_explore_program *program,
        const struct rm_explore_op *op, unsigned i);

static inline unsigned rm_explore_total_times(
        const struct rm_explore_program *program)
{
	unsigned times = 0;

	for (unsigned t = 0; t < program->threads; t++)
		for (unsigned i = 0; i < program->ops[t]; i++)
			times += rm_explore_times(&program->op[t][i]);
	return times;
}

/* Returns the highest number of repeats of one operation. */
uint32_t rm_explore_longest(const struct rm_explore_program *program);

/* Returns the maximum number of repeated scans of one thread, without the first
   of each. */
size_t rm_explore_more_scans(const struct rm_explore_program *program);

static inline bool rm_explore_clears(const struct rm_explore_program *program)
{
	for (unsigned t = 0; t < program->threads; t++)
		for (unsigned i = 0; i < program->ops[t]; i++)
			if (program->op[t][i].kind == RM_HISTORY_CLEAR)
				return true;
	return false;
}

/* Formats an operation, such as "insert_if_absent 2" or "128 x upsert 0". */
void rm_explore_format_op(
        const struct rm_explore_op *op, char *text, size_t size);

#endif /* RM_EXPLORE_PROGRAM_H */
