/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_keys_u64.h - Go's map: the fast path for 64-bit keys, with all of Go's
   checks. One of the choices for GOMAP_KEYS, see gomap_keys.h. */
#ifndef RM_SUPPORT_GOMAP_KEYS_U64_H
#define RM_SUPPORT_GOMAP_KEYS_U64_H

#include "impls/gomap/gomap_fast64.h"

enum { GOMAP_NEEDS_BUCKET = 0, GOMAP_FLOAT_KEYS = 0 };

RM_HOT _Atomic uint64_t *gomap_find(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	return gomap_begin_lookup(map) ? gomap_find_fast64(map, shape, key)
	                               : NULL;
}

#endif /* RM_SUPPORT_GOMAP_KEYS_U64_H */
