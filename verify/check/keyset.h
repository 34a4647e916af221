/* SPDX-License-Identifier: Apache-2.0 */
/* keyset.h - sets of keys that the measured loop never uses, for `check` and
 * `explore`. */
#ifndef RM_KEYSET_H
#define RM_KEYSET_H

#include "runner/map.h"

#include <stddef.h>
#include <stdint.h>

enum rm_keyset {
	RM_KEYS_RANKS, /* the keys of the measured loop */
	/* words 0, all ones, consecutive; strings of any length and of zero
	 * bytes */
	RM_KEYS_EDGES,
	RM_KEYS_CHAIN, /* all in one bucket of a map that uses rm_hash() */
	RM_KEYSETS,
};

enum {
	RM_KEYSET_BYTES = 66 << 10,
	/* enough for the first 64 keys of RM_KEYS_EDGES and for
	   RM_KEYS_CHAIN */
	RM_KEYSET_SHORT_BYTES = 304,
	RM_CHAIN_BITS = 8, /* low hash bits that the keys of a chain share */
};

/* Returns key i of a set. All keys of a set differ; i < 2^31, or i < 2^24 for
 * RM_KEYS_EDGES. String bytes are written to `buffer` (RM_KEYSET_BYTES) and
 * live as long as it. For RM_KEYS_CHAIN, strings of equal length in groups of
 * eight have equal hashes: every other group in maps that hash with `seed`, the
 * others in Go's map. The word is not set: use rm_keyset_chain(). */
struct rm_key rm_keyset_key(enum rm_keyset set, struct rm_shape shape, size_t i,
        uint64_t seed, char *buffer);

/* Returns the word of key i of RM_KEYS_CHAIN in u64 shapes. It computes some
 * 300 hashes, so keep the result. The low RM_CHAIN_BITS of the hash are equal
 * for all even i in maps that hash with `seed`, and for all odd i in Go's map,
 * which derives its own seed from `seed`. If `seed` is from rm_keyset_seed(),
 * the hashes of the first three even i are equal in all 64 bits, so tags of any
 * width are equal. */
uint64_t rm_keyset_chain(size_t i, uint64_t seed);

/* Returns a seed for the map, with which such words exist in rm_hash(). Seeds
 * that differ above their low four bits give different results. */
uint64_t rm_keyset_seed(uint64_t seed);

/* Returns a hash of a key of any set, over its length and last 16 bytes, to
 * find its number. */
uint64_t rm_keyset_hash(struct rm_shape shape, struct rm_key key);

/* Formats a key for a message: "0x9e37..." or "16 bytes 00 7f ...". */
void rm_keyset_print(
        struct rm_shape shape, struct rm_key key, char *text, size_t size);

#endif /* RM_KEYSET_H */
