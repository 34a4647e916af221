/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_keys_u64_unchecked.h - Go's map: 64-bit keys the fast way, without
 * what a lookup may leave out. A choice of GOMAP_KEYS, see gomap_keys.h.
 *
 * Left out: "is anything there" (the bucket exists from the start, and walking
 * it answers the question) and "does nobody write". Kept: "does it grow", or
 * keys would be lost meanwhile.
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
