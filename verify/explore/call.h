/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - one operation on a map, called as the history knows it, and keys that
   meet in a map. Inside verify/explore only. */
#ifndef RM_EXPLORE_CALL_H
#define RM_EXPLORE_CALL_H

#include "runner/keys.h"
#include "verify/explore/program.h"
#include "verify/explore/world.h"

struct rm_explore_call {
	struct rm_explore_lane *lane;
	void *thread;
	const struct rm_map_ops *ops;
	struct rm_shape shape;
	struct rm_key key;
	struct rm_key_bytes line;
	struct rm_value expected, value, result;
	bool was_there;               /* of update */
	struct rm_history_pair *pair; /* what scans of this lane yield */
	size_t *pairs, pairs_most;    /* how many; at most */
	const uint32_t *rank;         /* of each of `keys` keys */
	unsigned keys;
	const uint32_t *begun;    /* by a value's sequence: its lane's time when
	                          the operation began that wrote it */
	const uint64_t *sequence; /* of the last value that anybody has made,
	                             from 1 */
};

/* Stops the schedule where a value is not one that somebody wrote as a whole,
   for this key (of `keys`, or none of them), or where nothing orders what its
   writer did before that write before what who has the value does now. */
void rm_explore_verify(const struct rm_explore_call *call,
        const struct rm_value *value, uint64_t key, const char *what);

/* Calls the operation; returns what it returned, false where it returns
   nothing. Length is put into result.word[0]. */
bool rm_explore_perform(struct rm_explore_call *call, unsigned kind);

/* The whole value that starts with this word. */
struct rm_value rm_explore_whole(uint64_t word);

/* Whether its answer is a value, where the key was there. */
bool rm_explore_gives_value(unsigned kind);

/* Ranks of `keys` keys, in *rank: those whose look-ups go the same way through
   the map that is empty now. The most that do come first; the rest are the next
   most. Of a map in which all go the same way, or none, ranks from 0. The main
   thread, alone. */
void rm_explore_colliding(
        struct rm_explore_call *call, unsigned keys, uint32_t *rank);

#endif /* RM_EXPLORE_CALL_H */
