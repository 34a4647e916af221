/* SPDX-License-Identifier: Apache-2.0 */
/* shard_array_mask.h - a map that is an array of shards and a mask, which each
   operation loads to select a shard. The includer defines shard_hash(), whose
   lowest bits select the shard. The cache line of the mask is never written
   after creation. For gomap_guarded.h. */
#ifndef RM_SHARD_ARRAY_MASK_H
#define RM_SHARD_ARRAY_MASK_H

struct map {
	_Alignas(SHARD_ALIGN) size_t mask; /* number of shards - 1 */
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

#endif /* RM_SHARD_ARRAY_MASK_H */
