/* SPDX-License-Identifier: Apache-2.0 */
/* seg_value.h - the segmented map: encodes a value as portable bytes, for the
   variant that serialises (SEG_ENCODES; claim S2-37). Each word is a
   variable-length integer as in Protocol Buffers: seven bits per byte, lowest
   first; the eighth bit marks that another byte follows. */
#ifndef RM_SHARD_SEG_VALUE_H
#define RM_SHARD_SEG_VALUE_H

#include "runner/map.h"

#include <stdatomic.h>
#include <string.h>

enum {
	SEG_VARINT_BYTES = 10, /* 64 bits, seven per byte */
	SEG_VALUE_BYTES = 32,  /* three variable-length integers, rounded up to
	                         words */
};

/* Returns the bytes that a value takes in its node. */
RM_HOT size_t seg_value_size(struct rm_shape shape)
{
	if (!SEG_ENCODES)
		return shape.value_bytes;
	return shape.value_bytes == 8 ? 16 : SEG_VALUE_BYTES;
}

/* The node is not published yet, and it never changes after that. */
static inline void seg_encode(struct rm_shape shape,
        const struct rm_value *value, _Atomic uint64_t *words)
{
	unsigned char bytes[SEG_VALUE_BYTES] = { 0 }, *at = bytes;

	for (unsigned w = 0; w < shape.value_bytes / 8; w++) {
		uint64_t left = value->word[w];

		for (; left > 0x7f; left >>= 7)
			*at++ = (unsigned char)(left | 0x80);
		*at++ = (unsigned char)left;
	}
	for (size_t i = 0; i < seg_value_size(shape) / 8; i++) {
		uint64_t word;

		memcpy(&word, bytes + 8 * i, 8);
		/* relaxed: before the node is published */
		atomic_store_explicit(&words[i], word, memory_order_relaxed);
	}
}

static inline void seg_decode(struct rm_shape shape,
        const _Atomic uint64_t *words, struct rm_value *value)
{
	unsigned char bytes[SEG_VALUE_BYTES];
	const unsigned char *at = bytes;

	for (size_t i = 0; i < seg_value_size(shape) / 8; i++) {
		/* relaxed: never changes once the node is in a chain */
		uint64_t word =
		        atomic_load_explicit(&words[i], memory_order_relaxed);

		memcpy(bytes + 8 * i, &word, 8);
	}
	for (unsigned w = 0; w < shape.value_bytes / 8; w++) {
		unsigned shift = 0;

		value->word[w] = 0;
		for (; *at & 0x80; shift += 7)
			value->word[w] |= (uint64_t)(*at++ & 0x7f) << shift;
		value->word[w] |= (uint64_t)*at++ << shift;
	}
}

#endif /* RM_SHARD_SEG_VALUE_H */
