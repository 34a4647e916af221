/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pairs_round.h - what one thread does in a round of the check of pairs (pairs.c):
 * an operation of some kind on one of few keys that all threads use, or on keys
 * of its own, with what it saw of others meanwhile.
 */
#ifndef RM_CHECK_PAIRS_ROUND_H
#define RM_CHECK_PAIRS_ROUND_H

#include "verify/check/internal.h"

enum {
	RM_PAIRS_HOT = 4,            /* keys that all threads use in a round */
	RM_PAIRS_HUGE_BYTES = 65535, /* libraries have 16 bits for it */
	RM_PAIRS_ANY_KEY = 0xff, /* of operations that are on none of them */
	RM_PAIRS_LOOKED_AT = 4   /* other threads, beside one operation */
};

/* What a round is about; written while nobody uses the map. */
struct rm_pairs_focus {
	enum rm_pair_class key_class; /* of the keys that all use */
	enum rm_pair_kind kinds[2];
	uint32_t any;   /* bits of the kinds that occur at all */
	uint32_t first; /* the value tag of the first key */
	bool plain;     /* values are 0 and all ones, not tagged */
};

/* Inserts less removes of each key, of one thread. */
struct rm_pairs_balance {
	_Alignas(RM_CACHE_LINE) int64_t of[RM_PAIRS_HOT];
};

/* What a thread is about: number << 16 | key << 8 | kind << 1 | busy. */
struct rm_pairs_doing {
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t word;
};

struct rm_pairs {
	uint32_t offered, classes; /* bits of kinds and classes */
	unsigned writers;
	uint32_t room; /* most keys of a thread's own */
	unsigned round_ops;
	unsigned cpus; /* that we may use */
	uint64_t rounds_done;
	bool over; /* as thread 0 found it before a round */
	struct rm_pairs_focus focus;
	struct rm_pairs_balance *balance; /* [threads] */
	struct rm_pairs_doing *doing;     /* [threads] */
	struct rm_key keys[RM_PAIRS_HOT];
	char bytes[RM_PAIRS_HOT][RM_PAIRS_HUGE_BYTES];
};

/* One thread's own; belongs to it. */
struct rm_pairs_actor {
	struct rm_peer *peer;
	struct rm_pairs *pairs;
	uint64_t number; /* of its operations */
	uint64_t own;    /* keys of its own that are in the map: 0 .. own - 1 */
	struct rm_value known[RM_PAIRS_HOT]; /* last seen: for compare_swap */
	/* Pairs that overlapped in this round: this thread's kind first. */
	uint64_t met[RM_PAIR_KINDS][RM_PAIR_KINDS];
};

void rm_pairs_actor_init(struct rm_pairs_actor *actor, struct rm_peer *peer);

/* Nobody else touches a thread's own keys, but who clears the map. */
static inline bool rm_pairs_strict(const struct rm_pairs_actor *actor)
{
	return !(actor->pairs->focus.any >> RM_PAIR_CLEAR & 1);
}

/* ---- keys and values (pairs_keys.c) ---- */

/* The keys of the focus, into pairs->keys. */
void rm_pairs_make_keys(const struct rm_peer *peer, struct rm_pairs *pairs);

/* A new one for that key, or in plain rounds one of two. */
struct rm_value rm_pairs_value(
        const struct rm_pairs_actor *actor, unsigned key, uint64_t random);

/* Fails if `value` is none that was written for that key. */
void rm_pairs_verify(struct rm_peer *peer, const struct rm_value *value,
        unsigned key, const char *operation);

/* Fails: the key is there, or not, against what all threads counted. */
void rm_pairs_fail_balance(
        struct rm_peer *peer, unsigned key, bool there, int64_t held);

/* ---- what overlapped (overlap.c) ---- */

/* What another thread was about. */
struct rm_pairs_sight {
	unsigned slot;
	uint64_t word;
};

/* This thread is at an operation from now on, or has ended it. */
void rm_pairs_say(const struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, bool busy);

/* What others are about, RM_PAIRS_LOOKED_AT at most; returns how many. */
unsigned rm_pairs_look(const struct rm_pairs_actor *actor,
        struct rm_pairs_sight *sights, uint64_t random);

/* Counts what overlapped the operation, of those that were looked at before. */
void rm_pairs_judge(struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, const struct rm_pairs_sight *sights, unsigned seen);

/* After a round: what overlapped is added to the coverage of this process. */
void rm_pairs_round_ends(struct rm_pairs_actor *actor);

/* ---- one operation (pairs_act.c) ---- */

/* One operation; `random` decides what the kind leaves open. A wrong answer
   fails the peer. */
void rm_pairs_act(struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, uint64_t random);

#endif /* RM_CHECK_PAIRS_ROUND_H */
