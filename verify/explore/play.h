/* SPDX-License-Identifier: Apache-2.0 */
/* play.h - one schedule of one program. Inside verify/explore only. */
#ifndef RM_EXPLORE_PLAY_H
#define RM_EXPLORE_PLAY_H

#include "verify/explore/program.h"

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

#endif /* RM_EXPLORE_PLAY_H */
