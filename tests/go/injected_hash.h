/* SPDX-License-Identifier: Apache-2.0 */
/*
 * injected_hash.h - takes the place of rm_hash() in what is included after it,
 * so that a map in C sees the hashes that a Go map saw.
 *
 * Go's hash depends on numbers that each process draws. The Go side logs the
 * hash of each rank's key (low 16 bits and top 8: all that a map of fewer than
 * 2^16 buckets uses); while such a table is in force, a key's hash is looked
 * up there. Without a table it is the project's own.
 */
#ifndef RM_GO_INJECTED_HASH_H
#define RM_GO_INJECTED_HASH_H

#define rm_hash rm_hash_own
#include "impls/support/hash.h"
#undef rm_hash

#include "runner/keys.h"

#include <assert.h>

static struct {
	const uint32_t *top_and_low; /* by rank: 8 and 16 bits; NULL: none */
	uint32_t keys;
} injected;

/* rm_scatter() leaves the rank in the low half of a key. */
static inline uint64_t rm_hash(
        struct rm_shape shape, struct rm_key key, uint64_t seed)
{
	uint64_t word = key.word;

	if (!injected.top_and_low)
		return rm_hash_own(shape, key, seed);
	if (shape.str)
		memcpy(&word, key.bytes, sizeof(word));
	assert((uint32_t)word < injected.keys);

	uint64_t hash = injected.top_and_low[(uint32_t)word];

	return hash >> 16 << 56 | (hash & 0xffff);
}

#endif /* RM_GO_INJECTED_HASH_H */
