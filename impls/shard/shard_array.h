/* SPDX-License-Identifier: Apache-2.0 */
/* shard_array.h - a map that is only an array of shards. The includer's
   shard_choice() selects a shard. For gomap_guarded.h. */
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
