/* SPDX-License-Identifier: Apache-2.0 */
/*
 * injected_hash.h - replaces rm_hash() in headers included after it, so that a
 * map in C uses the hashes of a Go map. Go's hash is seeded randomly in each
 * process. The Go side logs the hash of each rank's key: the low 16 and the top
 * 8 bits, which suffice for a map of fewer than 2^16 buckets. If such a table
 * is set, rm_hash() looks up the hash of a key in it; otherwise rm_hash_own()
 * computes the hash.
 */
#ifndef RM_GO_INJECTED_HASH_H
#define RM_GO_INJECTED_HASH_H

#define rm_hash rm_hash_own
#include "impls/support/hash.h"
#undef rm_hash

#include "runner/keys.h"

#include <assert.h>

static struct {
	/* upper 8 and lower 16 bits for each rank, or NULL */
	const uint32_t *top_and_low;
	uint32_t keys;
} injected;

/* The rank is in the low half of a key: see rm_scatter(). */
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
