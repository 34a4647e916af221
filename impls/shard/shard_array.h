/* SPDX-License-Identifier: Apache-2.0 */
/* shard_array.h - an array of shards without other members; shard_choice() of
   the includer selects a shard. For gomap_guarded.h. */
#ifndef RM_SHARD_ARRAY_H
#define RM_SHARD_ARRAY_H

struct map {
	struct shard shard[SHARDS];
};

static inline void shard_array_begin(struct map *map)
{
	(void)map;
}

RM_HOT struct shard *shard_of(
        struct map *map, struct rm_shape shape, struct rm_key key)
{
	return &map->shard[shard_choice(shape, key)];
}

#endif /* RM_SHARD_ARRAY_H */
