/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interposed.h - a map of 64-bit keys and values in a shared library.
 *
 * Any thread may call any function. A library that is loaded first (LD_PRELOAD)
 * and defines some of the same names receives their calls. It finds these
 * functions by dlsym(RTLD_NEXT); library/cache.c is an example.
 */
#ifndef RM_INTERPOSED_H
#define RM_INTERPOSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* This is the first member of every map. */
struct interposed_head {
	uint64_t id; /* unique within the process; not 0 */
};

/* Returns an empty map for about `keys` entries, or NULL if memory runs out. */
void *rm_interposed_create(size_t keys, uint64_t seed);
/* No other thread may use the map. */
void rm_interposed_destroy(void *map);
/* Each function returns whether the key was present. If it was, the key's value
   is stored in value or *old; `old` may be NULL. */
bool rm_interposed_lookup(void *map, uint64_t key, uint64_t *value);
bool rm_interposed_exchange(
        void *map, uint64_t key, uint64_t value, uint64_t *old);
bool rm_interposed_take(void *map, uint64_t key, uint64_t *old);
size_t rm_interposed_length(void *map);
/* Returns false and describes the broken invariant in `why`. No other thread
   may use the map. */
bool rm_interposed_check(void *map, char *why, size_t size);

#endif /* RM_INTERPOSED_H */
