/* SPDX-License-Identifier: Apache-2.0 */
/*
 * litmus.h - short loops of two threads without a recorder between them: a
 * time stamp is a fence or nearly one, and would hide what these look for.
 *
 * The threads run freely; what each saw is kept per round and judged when
 * both have ended. Nothing but the map is shared while they run.
 */
#ifndef RM_LITMUS_H
#define RM_LITMUS_H

#include "runner/check/crowd.h"

/* Rounds of one batch: values count up to 2^20, and a batch must be long
   against the time that the second thread needs to start. */
enum { RM_LITMUS_BATCH = 16384 };

/* How far a thread is, on a line of its own; and how often it may still give
   its CPU away to let the other catch up. */
struct rm_pace {
	_Alignas(RM_CACHE_LINE) _Atomic uint32_t round;
	_Alignas(RM_CACHE_LINE) unsigned yields;
};

/* One batch of one loop. */
struct rm_litmus {
	uint32_t rounds;   /* of each thread, 1 .. RM_LITMUS_BATCH */
	bool second;       /* the second thread may write, too */
	uint32_t *seen[2]; /* [rounds + 1] per thread: what round i saw */
	_Atomic uint64_t reached[2];
	struct rm_pace pace[2];
};

/* The loops: each runs one batch on a fresh map. 0, or -1 with `error`. */
int rm_litmus_store_buffering(const struct rm_check_case *c,
        struct rm_litmus *litmus, struct rm_error *error);
int rm_litmus_message_passing(const struct rm_check_case *c,
        struct rm_litmus *litmus, struct rm_error *error);
int rm_litmus_torn_pair(const struct rm_check_case *c, struct rm_litmus *litmus,
        struct rm_error *error);
int rm_litmus_take(const struct rm_check_case *c, struct rm_litmus *litmus,
        struct rm_error *error);
int rm_litmus_growth(const struct rm_check_case *c, struct rm_litmus *litmus,
        struct rm_error *error);

/* Runs fn on two threads and a fresh map of `keys`; fn_end, if any, on one
   thread after that. */
int rm_litmus_play(const struct rm_check_case *c, struct rm_litmus *litmus,
        size_t keys, rm_peer_fn *fn, rm_peer_fn *fn_end,
        struct rm_error *error);

/* First of all: binds the two threads to two CPUs, chosen by the seed, if
   there are two; on one there is no store buffer between them. */
void rm_litmus_part(struct rm_peer *peer);

/*
 * After round i: keeps the two about in step, so that both run at the same
 * time and not one after the other, as on a busy machine they would. Looks at
 * the other thread only once in many rounds, and goes on without it when that
 * takes too long. Also ticks; false: stop.
 */
bool rm_litmus_pace(struct rm_peer *peer, uint32_t i);

/* Writes value number i of a rank; returns whether the key was there. */
bool rm_litmus_write(struct rm_peer *peer, uint64_t rank, uint64_t i);

/* The number of the value that a rank holds, verified; 0: not there. */
uint32_t rm_litmus_read(struct rm_peer *peer, uint64_t rank);

#endif /* RM_LITMUS_H */
