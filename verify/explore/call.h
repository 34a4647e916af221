/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - performs one operation on a map, and finds keys that collide.
   Inside verify/explore only. */
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
	bool was_there; /* true if the update found the key */
	uint64_t looks; /* look-ups; every other one uses lookup_many */
	struct rm_history_pair *pair; /* entries from this lane's scans */
	/* number of these entries, and its maximum */
	size_t *pairs, pairs_most;
	const uint32_t
	        *rank; /* for each of `keys` keys, the low half of its values */
	unsigned keys;
	uint32_t fillers;      /* scan and length leave these out */
	enum rm_keyset keyset; /* RM_KEYS_RANKS: `rank` has the keys' ranks */
	uint64_t map_seed;
	char bytes[RM_KEYSET_SHORT_BYTES]; /* number of the key in other sets */
	const unsigned *extremes; /* extreme values written so far: bit 0 for 0,
	                           * bit 1 for all ones */
	const uint32_t *begun;    /* for each sequence: the writer's clock when
	                          its operation began */
	const uint64_t *sequence; /* the newest value of any lane, from 1 */
};

/* Stops the schedule if no lane wrote this whole value for this key, or if the
   writer's work before the write is not ordered before this point in the
   reader. `key` may be outside of `keys`. */
void rm_explore_verify_value(const struct rm_explore_call *call,
        const struct rm_value *value, uint64_t key, const char *what);

/* Sets call->key to key number `key`. */
void rm_explore_set_key(struct rm_explore_call *call, unsigned key);

/* Sets call->key to that of a filler and returns the filler's rank. */
uint32_t rm_explore_set_filler(struct rm_explore_call *call, uint32_t filler);

/* Performs the operation and returns its boolean result, or false if it has
   none. The result of length goes to result.word[0]. */
bool rm_explore_perform(struct rm_explore_call *call, unsigned kind);

/* Returns the full value with this first word. */
struct rm_value rm_explore_expand_value(uint64_t word);

/* True if the operation returns a value when the key is present. */
bool rm_explore_returns_value(unsigned kind);

/* Fills *rank with ranks of `keys` keys whose lookups take the same path
   through the map, which must be empty. The largest such group comes first,
   then the next largest. If all paths are equal, or all differ, the ranks are
   0, 1, 2 ... Called by the main thread while no other lane runs. */
void rm_explore_find_colliding(
        struct rm_explore_call *call, unsigned keys, uint32_t *rank);

#endif /* RM_EXPLORE_CALL_H */
