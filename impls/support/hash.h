/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - the one hash of all maps: no map wins by its hash function.
 *
 * A 128-bit product folded to 64 bits (rm_mum) per 16 bytes: the idea of
 * wyhash (Wang Yi, public domain), written anew. A 64-bit key and a 16-byte
 * string cost one product. That is as even as chance for the measured loop's
 * keys, and more even for arithmetic sequences, whose chains come out shorter
 * (tests/unit/support/test_hash.c measures both).
 */
#ifndef RM_SUPPORT_HASH_H
#define RM_SUPPORT_HASH_H

#include "runner/driver.h" /* rm_mum */
#include "runner/map.h"

#include <string.h>

/* Odd, half of the bits set, no pattern: a factor must not be poor. */
#define RM_HASH_A 0x8bb84b93962eacc9U
#define RM_HASH_B 0x4b33a62ed433d4a3U
#define RM_HASH_C 0x2d358dccaa6c78a5U

RM_HOT uint64_t rm_hash_read(const char *bytes, size_t size)
{
	uint64_t word = 0;

	memcpy(&word, bytes, size); /* size is constant: one load */
	return word;
}

/* Any length: 16 bytes per round, the last 0 .. 16 bytes read overlapping. */
static __attribute__((noinline, unused)) uint64_t rm_hash_long(
        const char *bytes, size_t length, uint64_t seed)
{
	uint64_t low = 0, high = 0, hash = seed ^ RM_HASH_C;
	size_t left = length;

	for (; left > 16; left -= 16, bytes += 16)
		hash = rm_mum(rm_hash_read(bytes, 8) ^ RM_HASH_A,
		        rm_hash_read(bytes + 8, 8) ^ hash);
	if (left >= 8) {
		low = rm_hash_read(bytes, 8);
		high = rm_hash_read(bytes + left - 8, 8);
	} else if (left >= 4) {
		low = rm_hash_read(bytes, 4);
		high = rm_hash_read(bytes + left - 4, 4);
	} else if (left > 0) {
		low = (unsigned char)bytes[0];
		high = (uint64_t)(unsigned char)bytes[left / 2] << 8 |
		       (unsigned char)bytes[left - 1];
	}
	hash = rm_mum(low ^ RM_HASH_A, high ^ hash);
	/* The length keeps "a" and "a\0a" apart, whose reads are alike. */
	return rm_mum(hash ^ length, RM_HASH_B);
}

/*
 * Hash of a key: u64 shapes of key.word, string shapes of key.bytes, any
 * length, 0 included. Equal seed, equal hash, on every machine of one byte
 * order. Any thread.
 */
RM_HOT uint64_t rm_hash(struct rm_shape shape, struct rm_key key, uint64_t seed)
{
	if (!shape.str)
		return rm_mum(key.word ^ seed ^ RM_HASH_A, RM_HASH_B);
	if (key.length != 16) /* folds away in the measured loop */
		return rm_hash_long(key.bytes, key.length, seed);
	return rm_mum(rm_hash_read(key.bytes, 8) ^ RM_HASH_A,
	        rm_hash_read(key.bytes + 8, 8) ^ seed ^ RM_HASH_B);
}

#endif /* RM_SUPPORT_HASH_H */
