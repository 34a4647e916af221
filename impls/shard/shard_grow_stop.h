/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_grow_stop.h - shards whose number grows: all of them at once, with
 * the world stopped. The control of shard_grow_split.h: the same shards, the
 * same routing, from N to 2N in one operation.
 */
#ifndef RM_SUPPORT_SHARD_GROW_STOP_H
#define RM_SUPPORT_SHARD_GROW_STOP_H

#include "impls/shard/shard_grow_split.h"

/* Locks every shard of the table once, in the order of their ids; returns how
   many keys there are. Under directory_lock. */
static inline uint64_t grow_lock_all(const struct grow_directory *directory)
{
	uint64_t keys = 0;

	for (uint64_t i = 0; i <= directory->mask; i++) {
		/* relaxed: directory_lock */
		struct grow_shard *shard = atomic_load_explicit(
		        &directory->entry[i], memory_order_relaxed);

		if (shard->id != i)
			continue; /* one of several entries of a shard */
		lock_go_to_write(&shard->lock);
		keys += gomap_count(shard->inner);
	}
	return keys;
}

static inline void grow_unlock_all(const struct grow_directory *directory)
{
	for (uint64_t i = 0; i <= directory->mask; i++) {
		/* relaxed: directory_lock */
		struct grow_shard *shard = atomic_load_explicit(
		        &directory->entry[i], memory_order_relaxed);

		if (shard->id == i)
			go_rwmutex_unlock(&shard->lock);
	}
}

/* Splits all shards, which are locked; where there is no memory one stays. */
static inline void grow_split_all(struct grow_map *map,
        const struct grow_directory *directory, struct rm_shape shape)
{
	uint64_t moved = 0;

	for (uint64_t i = 0; i <= directory->mask; i++) {
		/* relaxed: directory_lock */
		struct grow_shard *shard = atomic_load_explicit(
		        &directory->entry[i], memory_order_relaxed);

		if (shard->id != i || !grow_begin(map, shard))
			continue;
		moved += grow_copy(map, shard, shape, SIZE_MAX);
		grow_end(map, shard);
		shard->routed = true;
		map->leaves++;
	}
	grow_note_move(map, moved);
}

/*
 * All shards, in one operation. The shard that is too full is locked; unlocks
 * it. Where it has most of the keys of the map, since their routes are alike,
 * twice the shards would not help: then it stays as full as it is.
 */
static RM_COLD void grow_stop_world(
        struct grow_map *map, struct grow_shard *shard, struct rm_shape shape)
{
	struct grow_directory *directory, *longer = NULL;

	go_rwmutex_unlock(&shard->lock);
	lock_go_word(&map->directory_lock);
	/* relaxed: directory_lock */
	directory = atomic_load_explicit(&map->directory, memory_order_relaxed);
	if (shard->routed) { /* another thread was first */
		go_w_unlock(&map->directory_lock);
		return;
	}
	const uint64_t keys = grow_lock_all(directory);

	if (keys * GROW_SPARSE < map->leaves * GROW_LIMIT)
		shard->limit = SIZE_MAX;
	else if (gomap_count(shard->inner) >= shard->limit)
		longer = grow_directory_create(
		        directory->log2_entries + 1, directory);
	if (longer) {
		grow_split_all(map, directory, shape);
		grow_install(map, longer);
	}
	grow_unlock_all(directory);
	go_w_unlock(&map->directory_lock);
}

#endif /* RM_SUPPORT_SHARD_GROW_STOP_H */
