/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shift_xor.h - the shift-xor hash of article S2: chooses the shard.
 *
 * The hash h starts at 0xdeadbeef. Each byte is xored in, and then h = (h << 5)
 * + (h >> 2). At the end 31 bits are kept. The article does not limit the size
 * of h, so there are variants with 32 and 64 bits. Contrary to the article's
 * description, the hash uses neither a table nor a multiplication.
 */
#ifndef RM_SUPPORT_SHIFT_XOR_H
#define RM_SUPPORT_SHIFT_XOR_H

#include "runner/map.h"

#define RM_SHIFT_XOR_START 0xdeadbeefU
#define RM_SHIFT_XOR_KEPT  0x7fffffffU

/* Returns byte i of a key. The bytes of a word are numbered from the lowest. */
RM_HOT unsigned rm_shift_xor_byte(
        struct rm_shape shape, struct rm_key key, size_t i)
{
	return shape.str ? (unsigned char)key.bytes[i]
	                 : (unsigned)(key.word >> 8 * i & 0xff);
}

RM_HOT size_t rm_shift_xor_length(struct rm_shape shape, struct rm_key key)
{
	return shape.str ? key.length : 8;
}

RM_HOT uint64_t rm_shift_xor32_key(struct rm_shape shape, struct rm_key key)
{
	uint32_t hash = RM_SHIFT_XOR_START;

	for (size_t i = 0; i < rm_shift_xor_length(shape, key); i++) {
		hash ^= rm_shift_xor_byte(shape, key, i);
		hash = (hash << 5) + (hash >> 2);
	}
	return hash & RM_SHIFT_XOR_KEPT;
}

RM_HOT uint64_t rm_shift_xor64_key(struct rm_shape shape, struct rm_key key)
{
	uint64_t hash = RM_SHIFT_XOR_START;

	for (size_t i = 0; i < rm_shift_xor_length(shape, key); i++) {
		hash ^= rm_shift_xor_byte(shape, key, i);
		hash = (hash << 5) + (hash >> 2);
	}
	return hash & RM_SHIFT_XOR_KEPT;
}

#endif /* RM_SUPPORT_SHIFT_XOR_H */
