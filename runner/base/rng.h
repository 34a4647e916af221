/* SPDX-License-Identifier: Apache-2.0 */
/* rng.h - the only random number generator (wyrand), and derived seeds. */
#ifndef RM_RNG_H
#define RM_RNG_H

#include <stdint.h>

/* Computes the 128-bit product of a and b and folds it to 64 bits by XOR.
   wyhash and wyrand mix bits in this way. */
static inline uint64_t rm_multiply_fold(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 u128;
	u128 product = (u128)a * b;

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/*
 * Returns the next 64 random bits (wyrand, Wang Yi, wyhash final 4, public
 * domain; passes BigCrush and PractRand). The state may be any value. Streams
 * from different rm_seed() values are treated as independent.
 */
static inline uint64_t rm_next(uint64_t *state)
{
	*state += 0xa0761d6478bd642fU;
	return rm_multiply_fold(*state, *state ^ 0xe7037ed1a0b428dbU);
}

/* Derives the seed of stream `n` from `seed`, with the finaliser of
   splitmix64. */
static inline uint64_t rm_seed(uint64_t seed, uint64_t n)
{
	uint64_t z = seed + (n + 1) * 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

/*
 * Returns a uniform number in [0, n): the high half of a 128-bit product
 * (Lemire, ACM TOMACS 29(1), 2019, section 3, without the rejection). The high
 * bits of `random` decide the result; for n below 2^32, its low 32 bits are
 * practically independent of the result. The bias is at most n / 2^64.
 */
static inline uint64_t rm_below(uint64_t random, uint64_t n)
{
	__extension__ typedef unsigned __int128 u128;

	return (uint64_t)(((u128)random * n) >> 64);
}

/* Maps 64 random bits to a uniform double in [0, 1). */
static inline double rm_unit(uint64_t random)
{
	return (double)(random >> 11) * 0x1p-53;
}

#endif /* RM_RNG_H */
