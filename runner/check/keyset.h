/* SPDX-License-Identifier: Apache-2.0 */
/* keyset.h - keys that a measured loop never makes, but a map must hold. */
#ifndef RM_KEYSET_H
#define RM_KEYSET_H

#include "runner/map.h"

enum rm_keyset {
	RM_KEYS_RANKS, /* as in the measured loop */
	RM_KEYS_EDGES, /* 0, all ones, consecutive; any length, zero bytes */
	RM_KEYS_CHAIN, /* all in one bucket of a map that uses rm_hash() */
	RM_KEYSETS,
};

enum {
	RM_KEYSET_BYTES = 8192,
	RM_CHAIN_BITS = 8, /* low bits that the hashes of a chain share */
};

/*
 * Key i of a set; all keys of a set differ, i < 2^31. String bytes are
 * written to `buffer` (RM_KEYSET_BYTES) and live as long as it. The word of
 * RM_KEYS_CHAIN is not set: rm_keyset_chain().
 */
struct rm_key rm_keyset_key(
        enum rm_keyset set, struct rm_shape shape, size_t i, char *buffer);

/*
 * Word of key i of RM_KEYS_CHAIN, u64 shapes; some 300 hashes each, so keep
 * it. Even keys share the low RM_CHAIN_BITS of their hash in maps that hash
 * with `seed` itself, odd keys in Go's map, which draws from it.
 */
uint64_t rm_keyset_chain(size_t i, uint64_t seed);

/* A hash of a key of any set, to find its number again. */
uint64_t rm_keyset_hash(struct rm_shape shape, struct rm_key key);

/* A short text for a person: "0x9e37..." or "16 bytes 00 7f ...". */
void rm_keyset_print(
        struct rm_shape shape, struct rm_key key, char *text, size_t size);

#endif /* RM_KEYSET_H */
