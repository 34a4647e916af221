/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fnv.h - FNV-1a with 64 bits: chooses the shard.
 *
 * Source: Fowler, Noll, Vo; the constants of their published 64-bit variant.
 * The hash within a map is rm_hash(), so that shard and inner bucket use
 * independent bits.
 */
#ifndef RM_SUPPORT_FNV_H
#define RM_SUPPORT_FNV_H

#include "runner/map.h"

/* Returns FNV-1a of `length` bytes. */
RM_HOT uint64_t rm_fnv1a(const char *bytes, size_t length)
{
	uint64_t hash = 14695981039346656037U;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211U;
	return hash;
}

/* Returns FNV-1a of a key: of the 8 bytes of its word, lowest first, or of its
   bytes. */
RM_HOT uint64_t rm_fnv1a_key(struct rm_shape shape, struct rm_key key)
{
	uint64_t hash = 14695981039346656037U;

	if (shape.str)
		return rm_fnv1a(key.bytes, key.length);
	for (unsigned i = 0; i < 8; i++)
		hash = (hash ^ (key.word >> 8 * i & 0xff)) * 1099511628211U;
	return hash;
}

/* Returns the index of a key's shard, 0 .. shards - 1; `shards` is a power of
   two. Both halves of the hash are combined, since the lowest k bits of FNV-1a
   depend only on the lowest k bits of each byte. */
RM_HOT size_t rm_fnv1a_shard(
        struct rm_shape shape, struct rm_key key, size_t shards)
{
	uint64_t hash = rm_fnv1a_key(shape, key);

	return (hash ^ hash >> 32) & (shards - 1);
}

#endif /* RM_SUPPORT_FNV_H */
