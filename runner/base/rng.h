/* SPDX-License-Identifier: Apache-2.0 */
/* rng.h - the only random number generator: wyrand, and seeds derived from
   seeds. */
#ifndef RM_RNG_H
#define RM_RNG_H

#include <stdint.h>

/* A 128-bit product folded to 64 bits: the mixer of wyhash and wyrand. */
static inline uint64_t rm_multiply_fold(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 u128;
	u128 product = (u128)a * b;

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/*
 * Next 64 random bits (wyrand, Wang Yi, wyhash final 4, public domain; passes
 * BigCrush and PractRand). The state may be any value; streams from different
 * rm_seed() values are independent for our purposes.
 */
static inline uint64_t rm_next(uint64_t *state)
{
	*state += 0xa0761d6478bd642fU;
	return rm_multiply_fold(*state, *state ^ 0xe7037ed1a0b428dbU);
}

/* Returns the seed of stream `n` of `seed`, mixed by the finaliser of
   splitmix64. */
static inline uint64_t rm_seed(uint64_t seed, uint64_t n)
{
	uint64_t z = seed + (n + 1) * 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

/*
 * Uniform in [0, n): the high half of a 128-bit product (Lemire, ACM TOMACS
 * 29(1), 2019, section 3, without the rejection). The high bits of `random`
 * decide the result; for n below 2^32, its low 32 bits are practically
 * independent of the result. The bias is at most n / 2^64.
 */
static inline uint64_t rm_below(uint64_t random, uint64_t n)
{
	__extension__ typedef unsigned __int128 u128;

	return (uint64_t)(((u128)random * n) >> 64);
}

/* Uniform double in [0, 1). */
static inline double rm_unit(uint64_t random)
{
	return (double)(random >> 11) * 0x1p-53;
}

#endif /* RM_RNG_H */
