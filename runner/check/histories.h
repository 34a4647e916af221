/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histories.h - many short histories of one map: recorded in batches by
 * histories_play.c, judged one by one by histories.c.
 */
#ifndef RM_HISTORIES_H
#define RM_HISTORIES_H

#include "runner/check/recorder.h"

enum {
	RM_HISTORY_OPS = 12,   /* of each thread in one history */
	RM_HISTORY_BATCH = 64, /* histories recorded on one map */
	RM_HISTORY_MENU = 64   /* most entries of what there is to do */
};

/* One batch. Allocated once, used for many. */
struct rm_histories {
	struct rm_stamps stamps;
	unsigned threads, writers; /* of this batch */
	uint64_t first;            /* rank of the first of `keys` keys */
	unsigned keys;             /* 2 .. RM_RECORDED */
	/* Kinds of operations, as often as they shall be drawn; those of a
	   thread that may not write come first. */
	uint8_t menu[RM_HISTORY_MENU];
	unsigned menu_reads, menu_all;
	_Atomic uint64_t arrived;      /* at the meetings of this batch */
	struct rm_recorder *recorders; /* [threads of the case] */
	/* What each history began with. */
	struct rm_history_pair initial[RM_HISTORY_BATCH][RM_RECORDED];
	unsigned initial_count[RM_HISTORY_BATCH];
	/* Where each history of each thread ends: [thread][history]. */
	size_t (*ends)[RM_HISTORY_BATCH];
};

/* Fills in the menu for a map: what it offers and promises. */
void rm_histories_menu(
        struct rm_histories *histories, const struct rm_impl *impl);

/* Records a batch on a fresh map; c->seed is the batch's own. Returns 0, or
   -1 with `error` where a peer saw a value that was never written. */
int rm_histories_play(const struct rm_check_case *c,
        struct rm_histories *histories, struct rm_error *error);

#endif /* RM_HISTORIES_H */
