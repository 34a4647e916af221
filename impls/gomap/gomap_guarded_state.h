/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_guarded_state.h - Go maps under locks: their invariants and their inner
   state. Inner part of gomap_guarded.h. */
#ifndef RM_SUPPORT_GOMAP_GUARDED_STATE_H
#define RM_SUPPORT_GOMAP_GUARDED_STATE_H

/* Each shard is sound, and each key is in its shard. */
static bool check(void *opaque, char *why, size_t size)
{
	struct map *map = opaque;

	for (size_t i = 0; i < SHARDS; i++) {
		struct gomap *inner = map->shard[i].inner;
		struct rm_shape shape = inner->extra->shape;
		struct gomap_iterator it;
		struct rm_key key;
		struct rm_value value;
		bool strays = false;

		if (!gomap_check_says(inner, why, size))
			return false;
		gomap_iterate_begin(inner, &it);
		while (gomap_iterate_next(&it, shape, &key, &value))
			strays |= shard_of(map, shape, key) != &map->shard[i];
		gomap_iterate_end(&it);
		if (strays) {
			snprintf(why, size, "a key is in another's shard");
			return false;
		}
	}
	return true;
}

/* Each shard's header, and one census of all. Nobody else uses the map. */
static void dump(void *opaque, int fd)
{
	struct map *map = opaque;
	struct gomap_census census = { 0 };

	for (size_t i = 0; i < SHARDS; i++) {
		if (SHARDS > 1)
			dprintf(fd, "shard %zu: ", i);
		gomap_print_header(map->shard[i].inner, fd);
		gomap_census(&census, map->shard[i].inner);
	}
	gomap_census_print(&census, fd);
}

#endif /* RM_SUPPORT_GOMAP_GUARDED_STATE_H */
