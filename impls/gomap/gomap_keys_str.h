/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_keys_str.h - Go's map: the fast path for string keys, with all of Go's
   checks. One of the choices for GOMAP_KEYS, see gomap_keys.h. */
#ifndef RM_SUPPORT_GOMAP_KEYS_STR_H
#define RM_SUPPORT_GOMAP_KEYS_STR_H

#include "impls/gomap/gomap_faststr.h"

enum { GOMAP_NEEDS_BUCKET = 0, GOMAP_FLOAT_KEYS = 0 };

RM_HOT _Atomic uint64_t *gomap_find(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	if (!gomap_begin_lookup(map))
		return NULL;

	struct gomap_place place = gomap_str_place(map, shape, key);

	return place.bucket ? gomap_slot_value(place.bucket, shape, place.slot)
	                    : NULL;
}

#endif /* RM_SUPPORT_GOMAP_KEYS_STR_H */
