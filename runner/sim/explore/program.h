/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h - what the threads of one schedule do, and what was answered.
 * Inside runner/sim/explore only.
 */
#ifndef RM_EXPLORE_PROGRAM_H
#define RM_EXPLORE_PROGRAM_H

#include "runner/history/history.h"
#include "runner/sim/explore/explore.h"
#include "runner/sim/explore/schedule.h"

enum {
	RM_EXPLORE_KEYS_MAX = 24,
	/* An operation that the history knows as an exchange. */
	RM_EXPLORE_UPDATE = RM_HISTORY_KINDS,
};

struct rm_explore_op {
	uint8_t kind; /* enum rm_history_kind, or RM_EXPLORE_UPDATE */
	uint8_t key;  /* 0 .. keys - 1; not of length, scan, clear */
};

struct rm_explore_program {
	const struct rm_impl *impl;
	struct rm_shape shape;
	enum rm_explore_memory memory;
	bool unstamped, unjudged;
	uint64_t map_seed;
	bool presize;
	bool looks;        /* at length and scan, too, when all is quiet */
	unsigned keys;     /* 1 .. RM_EXPLORE_KEYS_MAX */
	uint32_t resident; /* keys that are there at the start, as bits */
	unsigned threads;
	unsigned ops[RM_EXPLORE_THREADS_MAX];
	struct rm_explore_op op[RM_EXPLORE_THREADS_MAX][RM_EXPLORE_OPS_MAX];
};

/* Whether the map has this operation: enum rm_history_kind, or
   RM_EXPLORE_UPDATE. */
bool rm_explore_offers(const struct rm_impl *impl, unsigned kind);

/* The program of schedule number `number`. */
void rm_explore_program_make(const struct rm_explore_options *options,
        uint64_t number, struct rm_explore_program *program);

/* "insert_if_absent 2". */
void rm_explore_op_words(
        const struct rm_explore_op *op, char *text, size_t size);

/* --- play.c --- */

/* One schedule of a program, and what it came to. Zero-initialise, reuse,
   rm_explore_played_clear(). */
struct rm_explore_played {
	enum rm_explore_fault fault;
	char what[512];
	unsigned lane;
	const void *site[2];
	uint64_t steps, switches;
	bool undecided;
	struct rm_history history; /* judged where nothing else was wrong */
	struct rm_history_judgement judgement; /* of RM_EXPLORE_HISTORY */
};

/* Plays it under `schedule`, at most `limit` steps, and judges. 0, or -errno
   with `error` where the judge fails. */
int rm_explore_play(const struct rm_explore_program *program,
        struct rm_explore_schedule *schedule, uint64_t limit,
        struct rm_explore_played *played, struct rm_error *error);

void rm_explore_played_clear(struct rm_explore_played *played);

#endif /* RM_EXPLORE_PROGRAM_H */
