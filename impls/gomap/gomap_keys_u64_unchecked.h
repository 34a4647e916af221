/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_keys_u64_unchecked.h - Go's map: the fast path for 64-bit keys without
 * optional checks. One of the choices for GOMAP_KEYS, see gomap_keys.h.
 *
 * It omits the check for an empty map, since the bucket always exists and a
 * walk finds nothing in it. It also omits the check for a concurrent write. It
 * keeps the check for growth, without which lookups would miss keys that have
 * not moved yet.
 */
#ifndef RM_SUPPORT_GOMAP_KEYS_U64_UNCHECKED_H
#define RM_SUPPORT_GOMAP_KEYS_U64_UNCHECKED_H

#include "impls/gomap/gomap_fast64.h"

enum { GOMAP_NEEDS_BUCKET = 1, GOMAP_FLOAT_KEYS = 0 };

RM_HOT _Atomic uint64_t *gomap_find(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	return gomap_find_fast64(map, shape, key);
}

#endif /* RM_SUPPORT_GOMAP_KEYS_U64_UNCHECKED_H */
