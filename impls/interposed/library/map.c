/* SPDX-License-Identifier: Apache-2.0 */
/* map.c - the map of interposed.h: a Go map under an RWMutex. */
#include "impls/interposed/interposed.h"

#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_ops.h"
#include "impls/support/go_rwmutex.h"

struct map {
	_Alignas(RM_CACHE_LINE) struct interposed_head head;
	struct go_rwmutex lock;
	struct gomap *inner; /* protected by lock */
};

static struct rm_key word(uint64_t key)
{
	return (struct rm_key){ .word = key };
}

void *rm_interposed_create(size_t keys, uint64_t seed)
{
	static _Atomic uint64_t last_id;
	struct map *map = aligned_alloc(RM_CACHE_LINE, sizeof(*map));

	if (!map)
		return NULL;
	memset((void *)map, 0, sizeof(*map));
	/* relaxed: only uniqueness matters */
	map->head.id =
	        atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) +
	        1;
	map->inner = gomap_create(keys, RM_U64X8, seed);
	if (map->inner)
		return map;
	free(map);
	return NULL;
}

void rm_interposed_destroy(void *opaque)
{
	struct map *map = opaque;

	gomap_destroy(map->inner);
	free(map);
}

bool rm_interposed_lookup(void *opaque, uint64_t key, uint64_t *value)
{
	struct map *map = opaque;
	struct rm_value found = { { 0 } };

	go_rwmutex_read_lock(&map->lock);
	bool was_there = gomap_lookup(map->inner, RM_U64X8, word(key), &found);
	go_rwmutex_read_unlock(&map->lock);
	if (was_there)
		*value = found.word[0];
	return was_there;
}

bool rm_interposed_exchange(
        void *opaque, uint64_t key, uint64_t value, uint64_t *old)
{
	struct map *map = opaque;
	const struct rm_value new = { { value } };
	struct rm_value before = { { 0 } };

	go_rwmutex_lock(&map->lock);
	bool was_there =
	        gomap_exchange(map->inner, RM_U64X8, word(key), &new, &before);
	go_rwmutex_unlock(&map->lock);
	if (was_there && old)
		*old = before.word[0];
	return was_there;
}

bool rm_interposed_take(void *opaque, uint64_t key, uint64_t *old)
{
	struct map *map = opaque;
	struct rm_value before = { { 0 } };

	go_rwmutex_lock(&map->lock);
	bool was_there = gomap_remove(map->inner, RM_U64X8, word(key), &before);
	go_rwmutex_unlock(&map->lock);
	if (was_there && old)
		*old = before.word[0];
	return was_there;
}

size_t rm_interposed_length(void *opaque)
{
	struct map *map = opaque;

	go_rwmutex_read_lock(&map->lock);
	size_t count = gomap_count(map->inner);
	go_rwmutex_read_unlock(&map->lock);
	return count;
}

bool rm_interposed_check(void *opaque, char *why, size_t size)
{
	return gomap_check_report(((struct map *)opaque)->inner, why, size);
}
