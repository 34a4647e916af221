/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - the hash function of all maps, so that no map is faster because of
 * a better one.
 *
 * Source: wyhash, final version 4 (Wang Yi, public domain), with its secrets,
 * its rounds and its last two products. The seed is added to one factor and
 * subtracted from the other, as in XXH3 (Yann Collet). A 64-bit key or a
 * 16-byte string takes two products, every further 16 bytes one more. Chains
 * are as long as expected by chance, even for multiples of a power of two
 * (tests/unit/support/test_hash_keys.c). Reasons: docs/adr/0055.
 */
#ifndef RM_SUPPORT_HASH_H
#define RM_SUPPORT_HASH_H

#include "runner/driver.h"
#include "runner/map.h"

#include <string.h>

/* The secrets are odd and have half of their bits set without a pattern, as
   good factors must. */
#define RM_HASH_A 0x8bb84b93962eacc9U
#define RM_HASH_B 0x4b33a62ed433d4a3U
#define RM_HASH_C 0x2d358dccaa6c78a5U
#define RM_HASH_D 0x4d5a2da51de1aa47U

/* Returns the word that makes the first factor 0 and so makes the hashes of all
   strings of one length equal. To construct such strings one must know the
   seed. */
RM_HOT uint64_t rm_hash_secret(uint64_t seed)
{
	return RM_HASH_A + seed;
}

/* The last two products. Both halves of the first product enter the second
   one. */
RM_HOT uint64_t rm_hash_end(uint64_t low, uint64_t high, uint64_t length)
{
	__extension__ typedef unsigned __int128 u128;
	const u128 product = (u128)low * high;

	return rm_multiply_fold((uint64_t)product ^ RM_HASH_C ^ length,
	        (uint64_t)(product >> 64) ^ RM_HASH_D);
}

RM_HOT uint64_t rm_hash_read(const char *bytes, size_t size)
{
	uint64_t word = 0;

	memcpy(&word, bytes, size); /* `size` is constant, so this is one
	                               load */
	return word;
}

/* Hashes bytes of any length, 16 per round. The loads of the last 16 bytes may
   overlap earlier ones. */
static __attribute__((noinline, unused)) uint64_t rm_hash_long(
        const char *bytes, size_t length, uint64_t seed)
{
	const uint64_t secret = rm_hash_secret(seed);
	uint64_t low = 0, high = 0, hash = RM_HASH_B - seed;
	size_t left = length;

	for (; left > 16; left -= 16, bytes += 16)
		hash = rm_multiply_fold(rm_hash_read(bytes, 8) ^ secret,
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
	/* The same bytes are read for "a" and "a\0a", so the length is hashed,
	   too. */
	return rm_hash_end(low ^ secret, high ^ hash, length);
}

/* Returns the hash of a key: of key.word in u64 shapes, and of key.bytes, of
   any length, in string shapes. Equal seeds give equal hashes on all machines
   with the same byte order. */
RM_HOT uint64_t rm_hash(struct rm_shape shape, struct rm_key key, uint64_t seed)
{
	const uint64_t secret = rm_hash_secret(seed), hash = RM_HASH_B - seed;

	if (!shape.str)
		return rm_hash_end(key.word ^ secret, hash, sizeof(key.word));
	if (key.length != 16) /* removed by the compiler in the measured loop */
		return rm_hash_long(key.bytes, key.length, seed);
	return rm_hash_end(rm_hash_read(key.bytes, 8) ^ secret,
	        rm_hash_read(key.bytes + 8, 8) ^ hash, 16);
}

#endif /* RM_SUPPORT_HASH_H */
