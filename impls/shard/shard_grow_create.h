/* SPDX-License-Identifier: Apache-2.0 */
/* shard_grow_create.h - shards whose number grows: creation, destruction,
   statistics, check. Private part of shard_grow_ops.h. */
#ifndef RM_SHARD_GROW_CREATE_H
#define RM_SHARD_GROW_CREATE_H

#include "impls/shard/shard_grow.h"

/* Returns one of the initial shards. They are the roots of the tree, in a table
   that never changes. */
static inline struct grow_shard *grow_root(
        const struct grow_directory *roots, uint64_t i)
{
	/* relaxed: constant since create() */
	return atomic_load_explicit(&roots->entry[i], memory_order_relaxed);
}

/* Frees everything except the map itself. */
static inline void grow_free_content(struct grow_map *map)
{
	/* relaxed: no other thread uses the map */
	struct grow_directory *directory =
	        atomic_load_explicit(&map->directory, memory_order_relaxed);

	for (uint64_t i = 0; i <= map->roots->mask; i++)
		grow_shard_destroy(grow_root(map->roots, i));
	while (directory) {
		struct grow_directory *older = directory->older;

		free(directory);
		directory = older;
	}
}

static inline void grow_destroy(void *map)
{
	grow_free_content(map);
	free(map);
}

/* Returns the log2 of the number of initial shards. If the map is presized,
   they are so many that none grows if the keys spread evenly. */
static inline uint32_t grow_first_depth(const struct rm_sizing *sizing)
{
	uint32_t depth = 0;

	while (1U << depth < GROW_SHARDS)
		depth++;
	while (sizing->presize && depth < GROW_MAX_DEPTH &&
	        sizing->keys >> depth > GROW_LIMIT / 8 * 7)
		depth++;
	return depth;
}

/* Creates the shards and the routing table of a zeroed map. Returns false if
   memory runs out; the map then owns nothing. */
static inline bool grow_init(
        struct grow_map *map, const struct rm_sizing *sizing)
{
	const uint32_t depth = grow_first_depth(sizing);
	bool complete = true;

	map->shape = sizing->shape;
	map->seed = sizing->seed;
	map->roots = grow_directory_create(depth, NULL);
	if (!map->roots)
		return false;
	map->leaves = map->roots->mask + 1;
	for (uint64_t i = 0; i <= map->roots->mask; i++) {
		struct grow_shard *shard = grow_shard_create(map, i, depth,
		        sizing->presize ? sizing->keys >> depth : 0);

		complete &= shard != NULL;
		/* both relaxed: not published yet */
		atomic_store_explicit(
		        &map->roots->entry[i], shard, memory_order_relaxed);
	}
	atomic_store_explicit(
	        &map->directory, map->roots, memory_order_relaxed);
	if (!complete)
		grow_free_content(map);
	return complete;
}

static inline void *grow_create(const struct rm_sizing *sizing)
{
	struct grow_map *map = aligned_alloc(2 * RM_CACHE_LINE, sizeof(*map));

	if (!map)
		return NULL;
	memset((void *)map, 0, sizeof(*map));
	if (grow_init(map, sizing))
		return map;
	free(map);
	return NULL;
}

/* Adds the statistics of a subtree. Takes write locks, because the caller has
   not joined. */
static inline void grow_stats_shard(struct grow_shard *shard,
        struct gomap_stats *sum, uint64_t *shards, uint64_t *moving)
{
	go_rwmutex_lock(&shard->lock);
	const bool split = !shard->inner;

	if (!split)
		gomap_stats_add(shard->inner, sum);
	*shards += !split;
	*moving += shard->move != NULL;
	go_rwmutex_unlock(&shard->lock);
	for (unsigned side = 0; split && side < 2; side++)
		grow_stats_shard(shard->child[side], sum, shards, moving);
}

static void grow_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct grow_map *map = opaque;
	struct gomap_stats sum = { 0 };
	uint64_t shards = 0, moving = 0;

	for (uint64_t i = 0; i <= map->roots->mask; i++)
		grow_stats_shard(
		        grow_root(map->roots, i), &sum, &shards, &moving);
	/* acquire: pairs with the release in grow_install() */
	const struct grow_directory *directory =
	        atomic_load_explicit(&map->directory, memory_order_acquire);

	emit(context, "shards", "1", (double)shards);
	emit(context, "shards_moving", "1", (double)moving);
	emit(context, "shards_split", "1", (double)rm_stat_read(&map->splits));
	emit(context, "keys_moved", "1", (double)rm_stat_read(&map->moved));
	emit(context, "keys_moved_by_one_operation", "1",
	        (double)rm_stat_read(&map->largest_move));
	emit(context, "routing_entries", "1", (double)directory->mask + 1);
	gomap_stats_emit(&sum, emit, context);
}

/* Checks that the route of each key of `inner` ends with this shard's id. If
   `parent` is given, each key must have the same value there. */
static inline const char *grow_check_keys(
        struct grow_shard *shard, const struct gomap *parent)
{
	const struct rm_shape shape = shard->inner->extra->shape;
	const uint64_t mask = ((uint64_t)1 << shard->depth) - 1;
	const char *why = gomap_check(shard->inner);
	struct gomap_iterator it;
	struct rm_key key;
	struct rm_value value, other;

	gomap_iterate_begin(shard->inner, &it);
	while (!why && gomap_iterate_next(&it, shape, &key, &value)) {
		if ((grow_route(shape, key) & mask) != shard->id)
			why = "a key is in a wrong shard";
		else if (parent &&
		         (!gomap_lookup(parent, shape, key, &other) ||
		                 memcmp(&value, &other, shape.value_bytes)))
			why = "a child of a moving shard differs from it";
	}
	gomap_iterate_end(&it);
	return why;
}

/* The caller holds the shard's lock. */
static inline const char *grow_check_leaf(struct grow_shard *shard)
{
	const char *why = grow_check_keys(shard, NULL);

	for (unsigned side = 0; !why && side < 2 && shard->child[side]; side++)
		why = grow_check_keys(shard->child[side], shard->inner);
	if (!why && (shard->move != NULL) != !shard->limit)
		why = "a shard's limit does not match whether it moves";
	return why;
}

/* Checks a shard or, if it is split, its children. The caller need not have
   joined, so the lock is not counted. */
static inline const char *grow_check_shard(struct grow_shard *shard)
{
	const char *why = NULL;

	go_rwmutex_lock(&shard->lock);
	const bool split = !shard->inner;

	if (!split)
		why = grow_check_leaf(shard);
	else if (!shard->child[0] || shard->move)
		why = "a split shard lacks its children";
	else if (!shard->routed)
		why = "a split shard is not in the routing table";
	go_rwmutex_unlock(&shard->lock);
	for (unsigned side = 0; !why && split && side < 2; side++)
		why = grow_check_shard(shard->child[side]);
	return why;
}

/* Checks that each routing entry leads to the right part of the tree. The
   caller holds directory_lock. */
static inline const char *grow_check_directory(const struct grow_map *map)
{
	/* relaxed: written under directory_lock */
	const struct grow_directory *directory =
	        atomic_load_explicit(&map->directory, memory_order_relaxed);

	for (uint64_t i = 0; i <= directory->mask; i++) {
		/* relaxed: written under directory_lock */
		const struct grow_shard *shard = atomic_load_explicit(
		        &directory->entry[i], memory_order_relaxed);

		if (shard->depth > directory->log2_entries ||
		        (i & (((uint64_t)1 << shard->depth) - 1)) != shard->id)
			return "a routing entry leads to a wrong shard";
		if (shard->routed && shard->depth < directory->log2_entries)
			return "a routing entry was not switched";
	}
	return NULL;
}

/* No other caller may use the map, but the map's own thread may be running. */
static bool grow_check(void *opaque, char *why, size_t size)
{
	struct grow_map *map = opaque;
	const char *broken = NULL;

	for (uint64_t i = 0; i <= map->roots->mask && !broken; i++)
		broken = grow_check_shard(grow_root(map->roots, i));
	go_w_lock(&map->directory_lock);
	if (!broken)
		broken = grow_check_directory(map);
	go_w_unlock(&map->directory_lock);
	if (broken)
		snprintf(why, size, "%s", broken);
	return !broken;
}

#endif /* RM_SHARD_GROW_CREATE_H */
