/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem.h - operations on one key, or on all keys of a small history, made
 * ready for the search: by thread, with what each value is written and needed
 * by. Inside runner/history only.
 */
#ifndef RM_HISTORY_PROBLEM_H
#define RM_HISTORY_PROBLEM_H

#include "runner/history/history.h"

/* No slot. */
#define RM_PROBLEM_NO_SLOT UINT32_MAX

/* A value of a key: who may write it, how many answers show it. */
struct rm_problem_slot {
	uint64_t value;
	uint32_t key;
	uint32_t writers; /* operations that may write it, the start included */
	uint32_t needed;  /* completed operations that answered it */
};

struct rm_problem_op {
	uint64_t invoked, returned, value, expected, result;
	uint32_t key; /* dense, below problem.keys */
	uint32_t thread;
	uint32_t needs, makes;      /* slots, or RM_PROBLEM_NO_SLOT */
	uint32_t event;             /* its place in the history */
	uint32_t first_pair, pairs; /* of a scan: in problem.pairs */
	uint8_t kind, unknown;
	bool there;
	bool harmless; /* changes nothing, or it would have answered else */
	bool optional; /* never returned: need not take effect */
	bool repeat;   /* stands for any number of left out writes */
};

struct rm_problem_pair {
	uint64_t value;
	uint32_t key, slot;
};

/* What a key holds. */
struct rm_problem_cell {
	uint64_t value;
	uint32_t slot; /* of the value, RM_PROBLEM_NO_SLOT where it has none */
	bool there;
};

/* Operations first .. end - 1 are those of one thread, in their order. */
struct rm_problem_lane {
	uint32_t first, end;
};

/* Zero-initialise. Reused from key to key, so that memory is had once. */
struct rm_problem {
	struct rm_problem_op *ops;
	struct rm_problem_pair *pairs;
	struct rm_problem_lane *lanes;
	struct rm_problem_cell *start; /* `keys` cells */
	struct rm_problem_slot *slots;
	uint32_t *table; /* slot by hash of key and value, plus 1; 0: none */
	size_t count, pair_count, lane_count, keys, slot_count;
	size_t room, pair_room, lane_room, key_room, slot_room;
	size_t table_size, table_room;
	bool appends; /* values are made by more than writing them */
};

/* All int functions return 0 or -ENOMEM. */

/* An empty problem of `keys` absent keys; key k, 0 <= k < keys, starts as
   problem->start[k], which the caller may change until it is finished. */
int rm_problem_begin(struct rm_problem *problem, size_t keys);

/*
 * Adds an operation. Those of one thread come one after the other, in their
 * order; an operation with another thread than the last one begins a lane. needs, makes and harmless are not read. `pairs` has op->pairs entries (slot
 * is not read), sorted by key; op->first_pair is not read.
 */
int rm_problem_add(struct rm_problem *problem, const struct rm_problem_op *op,
        const struct rm_problem_pair *pairs);

/* Finds out which value is written and needed by whom, who is harmless. */
int rm_problem_finish(struct rm_problem *problem);

void rm_problem_clear(struct rm_problem *problem);

/* Bytes that it holds now. */
size_t rm_problem_bytes(const struct rm_problem *problem);

enum rm_problem_effect { RM_ILLEGAL, RM_SAME, RM_CHANGED };

/*
 * Whether a key that holds `cell` can have given this answer, and what it
 * holds afterwards (*after, filled if RM_CHANGED). Not of length and scan.
 */
enum rm_problem_effect rm_problem_step(const struct rm_problem_op *op,
        const struct rm_problem_cell *cell, struct rm_problem_cell *after);

/* Whether the operation has an answer that names a value of the key. */
static inline bool rm_problem_shows_value(const struct rm_problem_op *op)
{
	return op->kind == RM_HISTORY_LOOKUP ||
	       op->kind == RM_HISTORY_EXCHANGE || op->kind == RM_HISTORY_TAKE ||
	       op->kind == RM_HISTORY_INSERT_IF_ABSENT;
}

/* Whether it writes a value where it takes effect. */
static inline bool rm_problem_writes(const struct rm_problem_op *op)
{
	return op->kind == RM_HISTORY_UPSERT ||
	       op->kind == RM_HISTORY_EXCHANGE ||
	       op->kind == RM_HISTORY_INSERT_IF_ABSENT ||
	       op->kind == RM_HISTORY_COMPARE_SWAP;
}

/* Whether it takes the key out where it takes effect. */
static inline bool rm_problem_removes(const struct rm_problem_op *op)
{
	return op->kind == RM_HISTORY_REMOVE || op->kind == RM_HISTORY_TAKE ||
	       op->kind == RM_HISTORY_COMPARE_REMOVE ||
	       op->kind == RM_HISTORY_CLEAR;
}

/* Whether `there` is an answer. */
static inline bool rm_problem_knows(const struct rm_problem_op *op)
{
	return !op->optional && !op->repeat &&
	       !(op->unknown & RM_HISTORY_UNKNOWN_THERE);
}

/* (a * factor + b) modulo 2^61 - 1: what append does (history.h). */
uint64_t rm_problem_append(uint64_t state, uint64_t factor, uint64_t value);

#endif /* RM_HISTORY_PROBLEM_H */
