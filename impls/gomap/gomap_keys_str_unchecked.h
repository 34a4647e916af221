/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_keys_str_unchecked.h - Go's map: the fast path for string keys without
 * optional checks. One of the choices for GOMAP_KEYS, see gomap_keys.h.
 *
 * Like gomap_keys_u64_unchecked.h, it omits the checks for an empty map and for
 * a concurrent write. It keeps the check for growth.
 */
#ifndef RM_SUPPORT_GOMAP_KEYS_STR_UNCHECKED_H
#define RM_SUPPORT_GOMAP_KEYS_STR_UNCHECKED_H

#include "impls/gomap/gomap_faststr.h"

enum { GOMAP_NEEDS_BUCKET = 1, GOMAP_FLOAT_KEYS = 0 };

RM_HOT _Atomic uint64_t *gomap_find(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	struct gomap_place place = gomap_str_place(map, shape, key);

	return place.bucket ? gomap_slot_value(place.bucket, shape, place.slot)
	                    : NULL;
}

#endif /* RM_SUPPORT_GOMAP_KEYS_STR_UNCHECKED_H */
