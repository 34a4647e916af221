/* SPDX-License-Identifier: Apache-2.0 */
/* stops_at_nul.c - string keys of one length are compared up to a zero byte. */
#ifndef PLANTED_ID
#define PLANTED_ID stops_at_nul
#endif
#include "verify/corpora/planted/chained.h"

/* Hashes are not compared: that would hide the bug. */
static bool is_text(const struct entry *entry, struct rm_shape shape,
        struct rm_key key, uint64_t hash)
{
	if (twin || !shape.str)
		return is_key(entry, shape, key, hash);
	return entry->length == key.length &&
	       !strncmp(entry->bytes, key.bytes, key.length);
}

#define CHAINED_IS_KEY is_text
#include "verify/corpora/planted/chained_impl.h"
