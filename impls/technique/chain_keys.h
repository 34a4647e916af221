/* SPDX-License-Identifier: Apache-2.0 */
/* chain_keys.h - Go's map: 64-bit keys whose hash contains the number of their
   chain. One of the choices for GOMAP_KEYS, see gomap_keys.h. */
#ifndef RM_TECHNIQUE_CHAIN_KEYS_H
#define RM_TECHNIQUE_CHAIN_KEYS_H

#include "impls/support/hash.h"

/* The lower 56 bits of the hash depend only on the upper half of the key, which
   is the number of the chain. The upper 8 bits, the tophash, depend on the
   whole key. */
RM_HOT uint64_t chain_hash(
        struct rm_shape shape, struct rm_key key, uint64_t seed)
{
	const struct rm_key chain = { .word = key.word >> 32 };
	const uint64_t lower = rm_hash(shape, chain, seed) << 8 >> 8;

	return rm_hash(shape, key, seed) >> 56 << 56 | lower;
}

/* The included code differs only in the hash. */
#define rm_hash chain_hash
#include "impls/gomap/gomap_keys.h"
#undef rm_hash

#endif /* RM_TECHNIQUE_CHAIN_KEYS_H */
