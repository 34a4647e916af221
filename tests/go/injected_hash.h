/* SPDX-License-Identifier: Apache-2.0 */
/*
 * injected_hash.h - replaces rm_hash() in headers that are included after it,
 * so that a map in C uses the hashes of a Go map. Go seeds its hash randomly in
 * each process, so the Go program logs the hash of each rank's key. It logs the
 * low 16 and the top 8 bits, which suffice for a map of fewer than 2^16
 * buckets. If a table of these hashes is set, rm_hash() takes the hash of a key
 * from it. Otherwise rm_hash_own() computes the hash.
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

/* The low half of a key is its rank (rm_scatter()). */
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
