/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decimal_key.h - keys that are sequential numbers as text, for loops that are
 * not inlined: all others have the keys of runner/keys.h.
 */
#ifndef RM_DECIMAL_KEY_H
#define RM_DECIMAL_KEY_H

#include "runner/keys.h"

enum { RM_DECIMAL_BYTES = 20 }; /* digits of the largest rank, 2^64 - 1 */

/*
 * The key of a rank as rm_key_of() has it, of a string shape, but for its bytes:
 * the decimal digits of the rank, 1 to RM_DECIMAL_BYTES, without zeros in front
 * and without an end. They lie in `line` and live as long as it; what
 * rm_key_of() leaves alone there is overwritten, so a line has keys of one form.
 */
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
