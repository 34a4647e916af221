/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_array_mask.h - an array of shards, and the mask that chooses among them
 * as a member of the map: each operation loads it. For gomap_guarded.h.
 *
 * The includer defines shard_hash(), whose lowest bits choose. Nobody writes
 * to the mask's line once the map is made.
 */
#ifndef RM_SUPPORT_SHARD_ARRAY_MASK_H
#define RM_SUPPORT_SHARD_ARRAY_MASK_H

struct map {
	_Alignas(SHARD_ALIGN) size_t mask; /* shards - 1 */
	struct shard shard[SHARDS];
};

static inline void shard_array_begin(struct map *map)
{
	map->mask = SHARDS - 1;
}

RM_HOT struct shard *shard_of(
        struct map *map, struct rm_shape shape, struct rm_key key)
{
	return &map->shard[shard_hash(shape, key) & map->mask];
}

#endif /* RM_SUPPORT_SHARD_ARRAY_MASK_H */
