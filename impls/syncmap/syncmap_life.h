/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_life.h - sync.Map: birth and end, and what all operations share.
   Inner part of syncmap.h. */
#ifndef RM_SYNCMAP_LIFE_H
#define RM_SYNCMAP_LIFE_H

#include "impls/syncmap/syncmap_layout.h"

#include SYNCMAP_RECLAMATION

/* Frees the map and all it holds. */
static inline void syncmap_destroy(void *opaque)
{
	struct syncmap *map = opaque;
	/* relaxed: nobody else is left */
	struct syncmap_header *header =
	        atomic_load_explicit(&map->read, memory_order_relaxed);

	if (map->reclamation)
		syncmap_reclamation_destroy(map);
	if (header && map->dirty) { /* dirty holds all that is not expunged */
		syncmap_full_map_free(map->dirty);
		gomap_destroy(header->map);
	} else if (header) {
		syncmap_full_map_free(header->map);
	}
	syncmap_list_free(map->expunged);
	free(header);
	syncmap_lock_destroy(&map->lock);
	free(map);
}

/* Go's map takes no size hint, and so sizing->keys and ->presize are not
   used. NULL: no memory. */
static inline void *syncmap_create(const struct rm_sizing *sizing)
{
	syncmap_reclamation_start();
	struct syncmap *map = aligned_alloc(SYNCMAP_PAD, sizeof(*map));

	if (!map)
		return NULL;
	*map = (struct syncmap){ .shape = sizing->shape, .seed = sizing->seed };
	syncmap_lock_create(&map->lock);
	map->reclamation = syncmap_reclamation_create(map, sizing);
	struct syncmap_header *header = calloc(1, sizeof(*header));

	atomic_init(&map->read, header);
	if (header)
		header->map = syncmap_gomap(map, 0);
	if (map->reclamation && header && header->map)
		return map;
	syncmap_destroy(map);
	return NULL;
}

/* The header under the lock: no other thread replaces it. */
RM_HOT struct syncmap_header *syncmap_read_locked(struct syncmap *map)
{
	/* relaxed: written under the lock only */
	return atomic_load_explicit(&map->read, memory_order_relaxed);
}

/* Replaces the header. The caller holds the lock and retires the old one. */
static inline struct syncmap_header *syncmap_publish(
        struct syncmap *map, struct gomap *inside, bool amended)
{
	struct syncmap_header *header = syncmap_new(sizeof(*header));
	struct syncmap_header *old = syncmap_read_locked(map);

	*header = (struct syncmap_header){ .map = inside, .amended = amended };
	/* release: the maps' content; pairs with syncmap_read() */
	atomic_store_explicit(&map->read, header, memory_order_release);
	return old;
}

/* relaxed, both: under the lock, or a threshold that orders nothing */
RM_HOT size_t syncmap_misses(struct syncmap *map)
{
	return atomic_load_explicit(&map->misses, memory_order_relaxed);
}

RM_HOT void syncmap_set_misses(struct syncmap *map, size_t misses)
{
	atomic_store_explicit(&map->misses, misses, memory_order_relaxed);
}

/* Retires what a live cell points to; this thread took it out. */
RM_HOT void syncmap_drop(void *thread, struct rm_shape shape, uint64_t cell)
{
	if (SYNCMAP_BOXED)
		syncmap_retire_box(
		        thread, syncmap_box(cell), shape.value_bytes);
}

#endif /* RM_SYNCMAP_LIFE_H */
