/* SPDX-License-Identifier: Apache-2.0 */
/* decimal_key.h - string keys that are sequential decimal numbers, for loops
   that are not inlined. All other loops use the keys of runner/keys.h. */
#ifndef RM_DECIMAL_KEY_H
#define RM_DECIMAL_KEY_H

#include "runner/keys.h"

/* Number of digits of the largest rank, 2^64 - 1. */
enum { RM_DECIMAL_BYTES = 20 };

/* Returns the string key of a rank, like rm_key_of(). The key's bytes are the
   decimal digits of the rank: 1 to RM_DECIMAL_BYTES bytes, without leading
   zeros and NUL. They are in `line`, and valid as long as `line` is. They
   overwrite bytes that rm_key_of() does not write again, so a line must contain
   keys of only one form. */
static inline struct rm_key rm_decimal_key(
        uint64_t rank, struct rm_key_bytes *line)
{
	char *first = line->bytes + RM_DECIMAL_BYTES;
	struct rm_key key = { .word = rm_scatter(rank) };

	do
		*--first = (char)('0' + rank % 10);
	while (rank /= 10);
	key.bytes = first;
	key.length = (size_t)(line->bytes + RM_DECIMAL_BYTES - first);
	return key;
}

#endif /* RM_DECIMAL_KEY_H */
