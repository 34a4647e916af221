/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_grow_split.h - shards whose number grows: how one is split.
 *
 * The first write that finds a shard too full gives it two children; where a
 * thread of the map does, 3 is that thread's, and the rest is so. From then
 * on each write to it, still under its lock,
 *
 *	1. is done in the old map,
 *	2. is repeated in the child that the key goes to (grow_mirror()),
 *	3. copies the next GROW_BATCH keys of the old map (grow_copy()).
 *
 * Why nothing is lost, and what a lookup has to ask. After each critical
 * section of the shard's lock
 *
 *	(a) the old map is what the map would be without growth: 1 is all that
 *	    changes it, and nothing is taken out of it by moving;
 *	(b) a key in a child is in the old map with the same value: 2 and 3 put
 *	    into a child what the old map has, and 2 takes out what it has not;
 *	(c) a key of the old map that the cursor has passed, or that was written
 *	    since growth began, is in its child.
 *
 * By (a) a lookup asks the old map alone. New, then old, as the articles say,
 * gives the same answer by (b), for a second search: so shard_grow_timed does,
 * where it is measured. (Where moving takes keys
 * *out* of the old map and readers take no common lock, new then old is wrong:
 * a key that moves between the two looks is missed; old then new is right.)
 * When the cursor has passed everything, (b) and (c) make the children equal to
 * the old map: it is dropped, the shard is split, and lookups go to a child.
 */
#ifndef RM_SUPPORT_SHARD_GROW_SPLIT_H
#define RM_SUPPORT_SHARD_GROW_SPLIT_H

#include "impls/shard/shard_grow.h"

/* Gives the shard two children and begins to move. The shard is locked.
   False: no memory, it is put off. */
static inline bool grow_begin(struct grow_map *map, struct grow_shard *shard)
{
	struct grow_move *move = malloc(sizeof(*move));
	bool complete = move != NULL;

	for (unsigned side = 0; side < 2; side++) {
		shard->child[side] = grow_shard_create(map,
		        grow_child_id(shard->id, shard->depth, side),
		        shard->depth + 1, GROW_LIMIT / 2);
		complete &= shard->child[side] != NULL;
	}
	if (!complete) {
		grow_shard_destroy(shard->child[0]);
		grow_shard_destroy(shard->child[1]);
		shard->child[0] = shard->child[1] = NULL;
		free(move);
		return false;
	}
	gomap_iterate_begin(shard->inner, &move->cursor);
	shard->move = move;
	shard->limit = 0;
	RM_EVENT_OPEN(RM_EVENT_GROWTH, shard, shard->depth + 1);
	return true;
}

/* What the old map has of this key, its child has, too. */
static inline void grow_mirror(struct grow_shard *shard, struct rm_shape shape,
        struct rm_key key, uint64_t route)
{
	struct gomap *to = shard->child[grow_side(route, shard->depth)]->inner;
	struct rm_value value;

	if (gomap_lookup(shard->inner, shape, key, &value))
		gomap_exchange(to, shape, key, &value, NULL);
	else
		gomap_remove(to, shape, key, NULL);
}

/* A write of a shard that a thread of the map moves. Unlocks the shard. */
static RM_COLD void grow_write_both(struct grow_shard *shard,
        struct rm_shape shape, struct rm_key key, uint64_t route)
{
	grow_mirror(shard, shape, key, route);
	go_rwmutex_unlock(&shard->lock);
}

/* A lookup in a moving shard: new, then old. */
static RM_COLD bool grow_lookup_both(const struct grow_shard *shard,
        struct rm_shape shape, struct rm_key key, uint64_t route,
        struct rm_value *value)
{
	const struct grow_shard *to =
	        shard->child[grow_side(route, shard->depth)];

	return gomap_lookup(to->inner, shape, key, value) ||
	       gomap_lookup(shard->inner, shape, key, value);
}

/* Copies the next keys, at most `batch`; fewer: that were all. Returns how
   many. */
static inline size_t grow_copy(struct grow_map *map, struct grow_shard *shard,
        struct rm_shape shape, size_t batch)
{
	struct rm_key key;
	struct rm_value value;
	const uint64_t start_ns = RM_EVENT_CLOCK();
	size_t count = 0;

	while (count < batch &&
	        gomap_iterate_next(&shard->move->cursor, shape, &key, &value)) {
		uint64_t route = grow_route(shape, key);

		gomap_exchange(
		        shard->child[grow_side(route, shard->depth)]->inner,
		        shape, key, &value, NULL);
		count++;
	}
	rm_stat_add(&map->moved, count); /* once per batch */
	RM_EVENT_SPAN(RM_EVENT_EVACUATE, start_ns, count);
	return count;
}

/* Where a table of `log2_entries` shall send this route: as deep as it can.
   Under directory_lock, which protects `routed`. */
static inline struct grow_shard *grow_resolve(
        struct grow_shard *shard, uint64_t route, uint32_t log2_entries)
{
	while (shard->routed && shard->depth < log2_entries)
		shard = shard->child[grow_side(route, shard->depth)];
	return shard;
}

/* Fills a table that is twice as long as the one before, and makes it the
   one. Under directory_lock. */
static inline void grow_install(
        struct grow_map *map, struct grow_directory *directory)
{
	const struct grow_directory *old = directory->older;

	for (uint64_t i = 0; i <= directory->mask; i++) {
		/* relaxed: directory_lock */
		struct grow_shard *shard = atomic_load_explicit(
		        &old->entry[i & old->mask], memory_order_relaxed);

		/* relaxed: published below */
		atomic_store_explicit(&directory->entry[i],
		        grow_resolve(shard, i, directory->log2_entries),
		        memory_order_relaxed);
	}
	/* release: pairs with the acquire in grow_entry() */
	atomic_store_explicit(&map->directory, directory, memory_order_release);
}

/* Switches the routing table to the children of a split shard. A table that
   would be mostly copies (keys whose routes are alike) does not grow, nor one
   for which there is no memory: the way then leads through the split shard.
   Nobody waits for this but who ends another split. Under directory_lock. */
static inline void grow_publish(struct grow_map *map, struct grow_shard *shard)
{
	/* relaxed: directory_lock */
	struct grow_directory *directory =
	        atomic_load_explicit(&map->directory, memory_order_relaxed);
	struct grow_directory *longer = NULL;

	shard->routed = true;
	map->leaves++;
	if (shard->depth == directory->log2_entries &&
	        directory->mask < GROW_SPARSE * map->leaves)
		longer = grow_directory_create(
		        directory->log2_entries + 1, directory);
	if (longer) {
		grow_install(map, longer);
		return;
	}
	if (shard->depth >= directory->log2_entries)
		return;
	for (uint64_t i = shard->id; i <= directory->mask;
	        i += (uint64_t)1 << shard->depth)
		/* release: pairs with the acquire in grow_entry() */
		atomic_store_explicit(&directory->entry[i],
		        grow_resolve(shard, i, directory->log2_entries),
		        memory_order_release);
}

/* All is copied: drops the old map. The shard is locked. */
static inline void grow_end(struct grow_map *map, struct grow_shard *shard)
{
	RM_EVENT_CLOSE(RM_EVENT_GROWTH, shard);
	gomap_iterate_end(&shard->move->cursor);
	gomap_destroy(shard->inner);
	shard->inner = NULL;
	free(shard->move);
	shard->move = NULL;
	rm_stat_add(&map->splits, 1);
}

/* The same, and the routing table leads to the children. */
static inline void grow_switch(struct grow_map *map, struct grow_shard *shard)
{
	grow_end(map, shard);
	lock_go_word(&map->directory_lock);
	grow_publish(map, shard);
	go_w_unlock(&map->directory_lock);
}

/* The most keys that one operation has moved. */
static inline void grow_note_move(struct grow_map *map, uint64_t keys)
{
	/* relaxed, all: a statistic orders nothing */
	uint64_t most =
	        atomic_load_explicit(&map->largest_move, memory_order_relaxed);

	while (keys > most &&
	        !atomic_compare_exchange_weak_explicit(&map->largest_move,
	                &most, keys, memory_order_relaxed,
	                memory_order_relaxed))
		;
}

/* One shard, a batch per write. Unlocks the shard. */
static RM_COLD void grow_step(struct grow_map *map, struct grow_shard *shard,
        struct rm_shape shape, struct rm_key key, uint64_t route)
{
	size_t moved = 0;

	if (shard->move)
		grow_mirror(shard, shape, key, route);
	if (shard->move || grow_begin(map, shard)) {
		moved = grow_copy(map, shard, shape, GROW_BATCH);
		grow_note_move(map, moved);
		if (moved < GROW_BATCH)
			grow_switch(map, shard);
	}
	go_rwmutex_unlock(&shard->lock);
}

#endif /* RM_SUPPORT_SHARD_GROW_SPLIT_H */
