/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skew.h - draws keys with unequal popularity in the measured loop.
 *
 * The most popular key has *popularity rank* 0. Ranks are divided into ranges,
 * which are narrow if popularity changes fast. A draw selects a range by its
 * weight (alias method: one comparison), and then a rank in it uniformly. A
 * pseudo-random permutation maps this popularity rank to a key. It is necessary
 * because keys are inserted in the order of their ranks, and their position in
 * a map must not depend on their popularity.
 */
#ifndef RM_SKEW_H
#define RM_SKEW_H

#include "runner/map.h"

enum {
	RM_SKEW_BITS = 10,
	RM_SKEW_RANGES = 1 << RM_SKEW_BITS,
	RM_SKEW_UNIT = 1 << (32 - RM_SKEW_BITS), /* mean weight of a range */
};

/* Written before the window. All threads read it. A draw reads at most 8
   KiB. */
struct rm_skew {
	alignas(RM_CACHE_LINE) uint64_t present; /* ranks with a key */
	uint64_t mask, key[3];                   /* permutation, from a seed */
	unsigned shift;
	/* For each slot, 22 bits with the share of the slot's own range, and 10
	   bits with the number of the range that gets the rest. */
	alignas(RM_CACHE_LINE) uint32_t split[RM_SKEW_RANGES];
	/* First rank of each range. The last range contains the absent
	   ranks. */
	uint32_t start[RM_SKEW_RANGES + 1];
	uint64_t weight[RM_SKEW_RANGES]; /* the sum is 2^32; draws do not use
	                                  * it */
};

/* Returns a popularity rank for 64 random bits. */
RM_HOT uint64_t rm_skew_rank(const struct rm_skew *skew, uint64_t y)
{
	uint64_t i = y >> (64 - RM_SKEW_BITS);
	const uint32_t split = skew->split[i];
	uint64_t from;

	if ((y >> 32 & (RM_SKEW_UNIT - 1)) >= split >> RM_SKEW_BITS)
		i = split & (RM_SKEW_RANGES - 1);
	from = skew->start[i];
	return from + ((uint32_t)y * (skew->start[i + 1] - from) >> 32);
}

/* One round of the permutation: a bijection of the numbers up to the mask. */
RM_HOT uint64_t rm_skew_round(
        const struct rm_skew *skew, uint64_t at, int round, uint64_t odd)
{
	at = (at ^ skew->key[round]) * odd & skew->mask;
	return at ^ at >> skew->shift;
}

/* Maps a popularity rank to its key. An absent rank maps to itself. The
   permutation of 2^k numbers is repeated until the result is a key. With only
   two rounds, the keys of adjacent ranks would be correlated. */
RM_HOT uint64_t rm_skew_key(const struct rm_skew *skew, uint64_t rank)
{
	uint64_t at = rank;

	do {
		at = rm_skew_round(skew, at, 0, 0x9e3779b97f4a7c15U);
		at = rm_skew_round(skew, at, 1, 0xbf58476d1ce4e5b9U);
		at = rm_skew_round(skew, at, 2, 0x94d049bb133111ebU);
	} while (at >= skew->present && rank < skew->present);
	return rank < skew->present ? at : rank;
}

#endif /* RM_SKEW_H */
