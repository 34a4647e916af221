/* SPDX-License-Identifier: Apache-2.0 */
/* pairs_round.h - one thread in a round of the check `pairs` (pairs.c). It runs
 * operations on a few keys that all threads share, or on private keys that only
 * this thread uses, and records overlaps. */
#ifndef RM_CHECK_PAIRS_ROUND_H
#define RM_CHECK_PAIRS_ROUND_H

#include "verify/check/internal.h"

enum {
	RM_PAIRS_HOT = 4, /* keys that all threads share in a round */
	RM_PAIRS_HUGE_BYTES =
	        65535, /* some libraries store the length in 16 bits */
	/* key number of operations that use no shared key */
	RM_PAIRS_ANY_KEY = 0xff,
	/* maximum number of threads that are sampled per operation */
	RM_PAIRS_SAMPLED = 4
};

/* The kinds and keys of a round. Written only while no thread uses the map. */
struct rm_pairs_focus {
	enum rm_pair_class key_class; /* class of the shared keys */
	enum rm_pair_kind kinds[2];
	uint32_t kinds_allowed; /* bits of the kinds that occur in this round */
	uint32_t first;         /* the value tag of the first key */
	bool plain; /* true: values are 0 and all ones, without a tag */
};

/* One thread's inserts minus removes of each shared key. */
struct rm_pairs_balance {
	_Alignas(RM_CACHE_LINE) int64_t per_key[RM_PAIRS_HOT];
};

/* Current operation of a thread: number << 16 | key << 8 | kind << 1 | busy. */
struct rm_pairs_activity {
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t word;
};

struct rm_pairs {
	uint32_t offered, classes; /* bits of kinds and classes */
	unsigned writers;
	uint32_t own_max; /* maximum private keys of a thread */
	unsigned round_ops;
	unsigned cpus; /* number of CPUs that this process may use */
	uint64_t rounds_done;
	bool over; /* set by thread 0 before a round */
	struct rm_pairs_focus focus;
	struct rm_pairs_balance *balance;   /* one per thread */
	struct rm_pairs_activity *activity; /* one per thread */
	struct rm_key keys[RM_PAIRS_HOT];
	char bytes[RM_PAIRS_HOT][RM_PAIRS_HUGE_BYTES];
};

/* State of one thread; only that thread uses it. */
struct rm_pairs_actor {
	struct rm_peer *peer;
	struct rm_pairs *pairs;
	uint64_t number;   /* counts the thread's operations */
	uint64_t own_keys; /* private keys in the map: 0 .. own - 1 */
	/* last value read, for compare_swap */
	struct rm_value known[RM_PAIRS_HOT];
	/* Overlaps of this round: [own kind][other kind]. */
	uint64_t overlapped[RM_PAIR_KINDS][RM_PAIR_KINDS];
};

void rm_pairs_actor_init(struct rm_pairs_actor *actor, struct rm_peer *peer);

/* Returns true if no thread clears the map in this round, so that private keys
 * stay present. */
static inline bool rm_pairs_without_clear(const struct rm_pairs_actor *actor)
{
	return !(actor->pairs->focus.kinds_allowed >> RM_PAIR_CLEAR & 1);
}

/* ---- keys and values (pairs_keys.c) ---- */

/* Writes the keys of the round to pairs->keys. */
void rm_pairs_make_keys(const struct rm_peer *peer, struct rm_pairs *pairs);

/* Returns a new value for that key. In plain rounds it is 0 or all ones. */
struct rm_value rm_pairs_value(
        const struct rm_pairs_actor *actor, unsigned key, uint64_t random);

/* Fails if `value` was never written for that key. */
void rm_pairs_verify(struct rm_peer *peer, const struct rm_value *value,
        unsigned key, const char *operation);

/* Fails: the presence of the key contradicts the sums of all threads. */
void rm_pairs_fail_balance(
        struct rm_peer *peer, unsigned key, bool there, int64_t held);

/* ---- overlaps (pairs_overlap.c) ---- */

/* The operation that another thread was executing when it was sampled. */
struct rm_pairs_sample {
	unsigned slot;
	uint64_t word;
};

/* Publishes the start (busy) or the end of an operation of this thread. */
void rm_pairs_publish(const struct rm_pairs_actor *actor,
        enum rm_pair_kind kind, unsigned key, bool busy);

/* Reads the operations of at most RM_PAIRS_SAMPLED threads; returns how
 * many. */
unsigned rm_pairs_sample_others(const struct rm_pairs_actor *actor,
        struct rm_pairs_sample *sights, uint64_t random);

/* Adds to the counts of overlaps for each sampled thread that overlapped the
 * operation. */
void rm_pairs_count_overlaps(struct rm_pairs_actor *actor,
        enum rm_pair_kind kind, unsigned key,
        const struct rm_pairs_sample *sights, unsigned seen);

/* After a round: adds the overlaps to the coverage of this process. */
void rm_pairs_finish_round(struct rm_pairs_actor *actor);

/* ---- one operation (pairs_act.c) ---- */

/* Runs one operation; `random` selects the details that the kind does not fix.
 * If a result is wrong, the peer fails. */
void rm_pairs_act(struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, uint64_t random);

#endif /* RM_CHECK_PAIRS_ROUND_H */
