/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_grow_split.h - shards whose number grows: how one is split.
 *
 * The first write that finds a shard too full gives it two children. (With
 * GROW_TIMED the background thread does that and also step 3.) From then on
 * each write to the shard, under its lock,
 *
 *	1. is done in the old map,
 *	2. is repeated in the child that the key goes to (grow_mirror()),
 *	3. copies the next GROW_BATCH keys of the old map (grow_copy()).
 *
 * Why no key is lost. After each critical section of the shard's lock
 *
 *	(a) the old map is what the map would be without growth: only 1 changes
 *	    it, and moving removes nothing from it;
 *	(b) a key in a child is in the old map with the same value: 2 and 3 put
 *	    into a child what the old map has, and 2 removes what it has not;
 *	(c) a key of the old map that the cursor has passed, or that was written
 *	    since growth began, is in its child.
 *
 * By (a) a lookup needs only the old map. Searching the new map, then the old
 * one, as the articles recommend, gives the same answer by (b) but costs a
 * second search; shard_grow_timed does so to measure that cost. (If moving
 * *removed* keys from the old map and readers took no common lock, new then old
 * would be wrong, since it misses a key that moves between the two searches;
 * old then new would be right.) When the cursor has passed all keys, (b) and
 * (c) make the children equal to the old map. It is then dropped, the shard is
 * split, and lookups go to a child.
 */
#ifndef RM_SHARD_GROW_SPLIT_H
#define RM_SHARD_GROW_SPLIT_H

#include "impls/shard/shard_grow.h"

/* Gives the shard two children and starts the move. The caller holds the
   shard's lock. Returns false if memory runs out; a later write tries again. */
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

/* Copies the state of this key from the old map to the child. */
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

/* Repeats a write in the child of a shard that moves in the background. Unlocks
   the shard. */
static RM_COLD void grow_write_both(struct grow_shard *shard,
        struct rm_shape shape, struct rm_key key, uint64_t route)
{
	grow_mirror(shard, shape, key, route);
	go_rwmutex_unlock(&shard->lock);
}

/* Looks a key up in a moving shard, first in the new map, then in the old
   one. */
static RM_COLD bool grow_lookup_both(const struct grow_shard *shard,
        struct rm_shape shape, struct rm_key key, uint64_t route,
        struct rm_value *value)
{
	const struct grow_shard *to =
	        shard->child[grow_side(route, shard->depth)];

	return gomap_lookup(to->inner, shape, key, value) ||
	       gomap_lookup(shard->inner, shape, key, value);
}

/* Copies the next keys, at most `batch`, and returns their number. If the
   number is less than `batch`, all keys have been copied. */
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

/* Returns the deepest shard that an entry of a table of `log2_entries` can have
   for this route. The caller holds directory_lock, because this reads
   `routed`. */
static inline struct grow_shard *grow_resolve(
        struct grow_shard *shard, uint64_t route, uint32_t log2_entries)
{
	while (shard->routed && shard->depth < log2_entries)
		shard = shard->child[grow_side(route, shard->depth)];
	return shard;
}

/* Fills a table of twice the length and publishes it. The caller holds
   directory_lock. */
static inline void grow_install(
        struct grow_map *map, struct grow_directory *directory)
{
	const struct grow_directory *old = directory->older;

	for (uint64_t i = 0; i <= directory->mask; i++) {
		/* relaxed: written under directory_lock */
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

/* Switches the routing table to the children of a split shard. The table does
   not grow if memory is short or if most of its entries would be copies,
   because the keys have similar routes. Lookups then pass through the split
   shard. Only threads that end another split wait for this. The caller holds
   directory_lock. */
static inline void grow_publish(struct grow_map *map, struct grow_shard *shard)
{
	/* relaxed: written under directory_lock */
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

/* Drops the old map once all keys are copied. The caller holds the shard's
   lock. */
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

/* Calls grow_end() and switches the routing table to the children. */
static inline void grow_switch(struct grow_map *map, struct grow_shard *shard)
{
	grow_end(map, shard);
	lock_go_word(&map->directory_lock);
	grow_publish(map, shard);
	go_w_unlock(&map->directory_lock);
}

/* Records the largest number of keys that one operation has moved. */
static inline void grow_record_move(struct grow_map *map, uint64_t keys)
{
	/* all relaxed: a statistic orders nothing */
	uint64_t most =
	        atomic_load_explicit(&map->largest_move, memory_order_relaxed);

	while (keys > most &&
	        !atomic_compare_exchange_weak_explicit(&map->largest_move,
	                &most, keys, memory_order_relaxed,
	                memory_order_relaxed))
		;
}

/* Moves one batch of one shard. Unlocks the shard. */
static RM_COLD void grow_step(struct grow_map *map, struct grow_shard *shard,
        struct rm_shape shape, struct rm_key key, uint64_t route)
{
	size_t moved = 0;

	if (shard->move)
		grow_mirror(shard, shape, key, route);
	if (shard->move || grow_begin(map, shard)) {
		moved = grow_copy(map, shard, shape, GROW_BATCH);
		grow_record_move(map, moved);
		if (moved < GROW_BATCH)
			grow_switch(map, shard);
	}
	go_rwmutex_unlock(&shard->lock);
}

#endif /* RM_SHARD_GROW_SPLIT_H */
