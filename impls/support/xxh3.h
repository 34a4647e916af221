/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xxh3.h - XXH3 with 64 bits, from xxHash's own header: chooses the shard.
 *
 * Includers need `needs: libxxhash`. It is inlined, with the vector unit that
 * the library selects for the compiler's target: SSE2 on x86-64, NEON on
 * AArch64. The library uses vectors only above 240 bytes, which is longer than
 * any key of the measured loop.
 */
#ifndef RM_SUPPORT_XXH3_H
#define RM_SUPPORT_XXH3_H

#include "runner/map.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* The vector unit that the library selected, reported in results. */
#if XXH_VECTOR == XXH_SCALAR
#define RM_XXH3_VECTOR "scalar"
#elif XXH_VECTOR == XXH_SSE2
#define RM_XXH3_VECTOR "SSE2"
#elif XXH_VECTOR == XXH_AVX2
#define RM_XXH3_VECTOR "AVX2"
#elif XXH_VECTOR == XXH_AVX512
#define RM_XXH3_VECTOR "AVX-512"
#elif XXH_VECTOR == XXH_NEON
#define RM_XXH3_VECTOR "NEON"
#elif XXH_VECTOR == XXH_VSX
#define RM_XXH3_VECTOR "VSX"
#else
#define RM_XXH3_VECTOR "another vector unit"
#endif

/* Returns XXH3 of a key: the 8 bytes of its word, lowest first, or its
   bytes. */
RM_HOT uint64_t rm_xxh3_key(struct rm_shape shape, struct rm_key key)
{
	char bytes[8];

	if (shape.str)
		return XXH3_64bits(key.bytes, key.length);
	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (char)(key.word >> 8 * i & 0xff);
	return XXH3_64bits(bytes, sizeof(bytes));
}

#endif /* RM_SUPPORT_XXH3_H */
