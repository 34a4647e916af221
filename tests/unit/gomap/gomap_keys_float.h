/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_keys_float.h - Go's map: words that are float64, which may differ from
 * themselves. One of the choices for GOMAP_KEYS, see gomap_keys.h. For shapes
 * with 64-bit keys only.
 *
 * NaN equals nothing. Each insert of NaN adds another entry, which no lookup
 * finds and no removal removes. Iterations visit it, and only clearing the map
 * removes it. As in Go, a new hash is drawn for it each time, since with a
 * single hash all NaNs would form one chain. gomap_grow.h and gomap_iterate.h
 * define how such an entry moves and how iterations then visit it. The two
 * zeros are equal and have equal hashes; a write stores its own key.
 */
#ifndef RM_SUPPORT_GOMAP_KEYS_FLOAT_H
#define RM_SUPPORT_GOMAP_KEYS_FLOAT_H

#include "impls/gomap/gomap_lookup.h"

enum { GOMAP_FLOAT_KEYS = 1 };

RM_HOT double gomap_float(uint64_t word)
{
	double number;

	memcpy(&number, &word, sizeof(number));
	return number;
}

RM_HOT bool gomap_key_equal(
        struct rm_shape shape, const _Atomic uint64_t *slot, struct rm_key key)
{
	(void)shape;
	RM_SEARCH_ADD(RM_KEY_COMPARES, 1);
	return gomap_float(gomap_get(slot[0])) == gomap_float(key.word);
}

RM_HOT uint64_t gomap_hash(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	const double number = gomap_float(key.word);

	RM_SEARCH_ADD(RM_KEY_HASHES, 1);
	if (number != number)
		return gomap_random(map);
	if (number == 0)
		key.word = 0;
	return rm_hash(shape, key, gomap_get(map->hash0));
}

#include "impls/gomap/gomap_keys.h"

#endif /* RM_SUPPORT_GOMAP_KEYS_FLOAT_H */
