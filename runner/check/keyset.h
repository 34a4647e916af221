/* SPDX-License-Identifier: Apache-2.0 */
/* keyset.h - keys that a measured loop never makes, but a map must hold. */
#ifndef RM_KEYSET_H
#define RM_KEYSET_H

#include "runner/map.h"

enum rm_keyset {
	RM_KEYS_RANKS, /* as in the measured loop */
	RM_KEYS_EDGES, /* 0, all ones, consecutive; any length, zero bytes */
	RM_KEYSETS,
};

enum { RM_KEYSET_BYTES = 8192 };

/*
 * Key i of a set; all keys of a set differ, i < 2^31. String bytes are
 * written to `buffer` (RM_KEYSET_BYTES) and live as long as it.
 */
struct rm_key rm_keyset_key(
        enum rm_keyset set, struct rm_shape shape, size_t i, char *buffer);

/* A hash of a key of any set, to find its number again. */
uint64_t rm_keyset_hash(struct rm_shape shape, struct rm_key key);

/* A short text for a person: "0x9e37..." or "16 bytes 00 7f ...". */
void rm_keyset_print(
        struct rm_shape shape, struct rm_key key, char *text, size_t size);

#endif /* RM_KEYSET_H */
