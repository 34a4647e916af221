/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interposed.h - a map of 64-bit keys and values in a shared library.
 *
 * Any thread may call any function. A library that is loaded before
 * (LD_PRELOAD) and defines some of the same names gets their calls, and finds
 * these by dlsym(RTLD_NEXT): cache.c does.
 */
#ifndef RM_INTERPOSED_H
#define RM_INTERPOSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every map begins with this. */
struct interposed_head {
	uint64_t id; /* of this map alone, in the whole process; not 0 */
};

/* An empty map for about `keys` entries, or NULL: no memory. */
void *rm_interposed_create(size_t keys, uint64_t seed);
/* Nobody uses the map. */
void rm_interposed_destroy(void *map);
/* Each returns whether the key was there, and only then stores its value in
   *value, *old; `old` may be NULL. */
bool rm_interposed_lookup(void *map, uint64_t key, uint64_t *value);
bool rm_interposed_exchange(
        void *map, uint64_t key, uint64_t value, uint64_t *old);
bool rm_interposed_take(void *map, uint64_t key, uint64_t *old);
size_t rm_interposed_length(void *map);
/* False: `why` says which invariant is broken. Nobody uses the map. */
bool rm_interposed_check(void *map, char *why, size_t size);

#endif /* RM_INTERPOSED_H */
