/* SPDX-License-Identifier: Apache-2.0 */
/* tag_alone.c - u64 keys are treated as equal if 32 bits of their hashes are
 * equal. */
#ifndef PLANTED_ID
#define PLANTED_ID tag_alone
#endif
#include "verify/corpora/planted/chained.h"

static bool is_tag(const struct entry *entry, struct rm_shape shape,
        struct rm_key key, uint64_t hash)
{
	return !twin && !shape.str ? entry->hash >> 32 == hash >> 32
	                           : is_key(entry, shape, key, hash);
}

#define CHAINED_IS_KEY is_tag
#include "verify/corpora/planted/chained_impl.h"
