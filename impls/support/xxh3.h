/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xxh3.h - XXH3 with 64 bits, from xxHash's own header: chooses the shard.
 *
 * Who includes it says `needs: libxxhash`. Inlined, and without vector code: a
 * key of up to 16 bytes uses none in any case.
 */
#ifndef RM_SUPPORT_XXH3_H
#define RM_SUPPORT_XXH3_H

#include "runner/map.h"

#include <string.h>

#define XXH_INLINE_ALL
#define XXH_VECTOR 0 /* XXH_SCALAR */
#include <xxhash.h>

/* XXH3 of a key: the 8 bytes of its word, lowest first, or its bytes. */
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
