/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seg_map.h - a segmented map: inserts by CAS into empty bins and otherwise
 * locks the bin.
 *
 * There are 64 segments; each is an array of bins, and each bin is a chain of
 * nodes. A lookup walks the chain and writes nothing. The first entry of an
 * empty bin is inserted by one compare-and-swap. Every other write locks its
 * bin with bit 0 of the bin's word. New nodes go to the front, so a scan, which
 * only moves forward, meets each key at most once. A value of 8 bytes is
 * replaced in its node. A longer value is replaced together with its node, so
 * no read is torn. Epochs free removed nodes.
 *
 * Source: the segmented ConcurrentHashMap of article S2, chapter 4.4. Java's
 * class (JDK 8 and later) inserts into empty bins by CAS and locks the bin's
 * first node otherwise. The article does not resize.
 *
 * Define these three constants before including this file:
 *
 *	SEG_GROWS     0: capacity is fixed; 1: a segment that is three quarters
 *		      full doubles its bins, all at once (seg_grow.h)
 *	SEG_FEW_BINS  initial bins per segment, unless presized
 *	SEG_ENCODES 1: values are stored as bytes (seg_value.h)
 */
#ifndef RM_SHARD_SEG_MAP_H
#define RM_SHARD_SEG_MAP_H

#include "impls/shard/seg_grow.h"
#include "impls/shard/seg_layout.h"

RM_HOT bool seg_key_equals(struct rm_shape shape, struct seg_node *node,
        struct rm_key key, uint64_t hash)
{
	if (!shape.str)
		return node->key == key.word;
	return node->key == hash &&
	       seg_node_length(shape, node) == key.length &&
	       (key.length == 0 || memcmp(seg_node_key(shape, node), key.bytes,
	                                   key.length) == 0);
}

RM_HOT struct seg_node *seg_next(struct seg_node *node)
{
	/* acquire: pairs with the release in seg_link() */
	return atomic_load_explicit(&node->next, memory_order_acquire);
}

RM_HOT bool seg_lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct seg_map *map = seg_map_of(thread);
	uint64_t hash = rm_hash(shape, key, map->seed);
	struct seg_node *node =
	        seg_head(seg_bin_of(map, seg_segment_of(map, hash), hash));

	while (node && !seg_key_equals(shape, node, key, hash))
		node = seg_next(node);
	if (!node)
		return false;
	seg_value_load(shape, node, value);
	return true;
}

/* Fetches the bins of all keys, then the first nodes of these bins. Each
   look-up then starts at its bin again, so these fetches are only hints. */
RM_HOT uint64_t seg_lookup_many(void *thread, struct rm_shape shape,
        const struct rm_key *keys, unsigned count, struct rm_value *values)
{
	struct seg_map *map = seg_map_of(thread);
	seg_bin *bin[SEG_MANY];
	uint64_t found = 0;

	for (unsigned i = 0; i < count; i++) {
		const uint64_t hash = rm_hash(shape, keys[i], map->seed);

		bin[i] = seg_bin_of(map, seg_segment_of(map, hash), hash);
		__builtin_prefetch((const void *)bin[i]);
	}
	for (unsigned i = 0; i < count; i++)
		__builtin_prefetch(seg_head(bin[i]));
	for (unsigned i = 0; i < count; i++)
		found |=
		        (uint64_t)seg_lookup(thread, shape, keys[i], &values[i])
		        << i;
	return found;
}

/* The position of a key in its locked bin. */
struct seg_spot {
	struct seg_segment *segment;
	seg_bin *bin;
	uint64_t hash;
	struct seg_node *first;  /* the chain that seg_leave() will publish */
	struct seg_node *before; /* predecessor of the node; NULL if the node is
	                            the first */
	struct seg_node *node;   /* the key's node, or NULL */
};

RM_HOT struct seg_spot seg_enter(
        struct seg_map *map, struct rm_shape shape, struct rm_key key)
{
	struct seg_spot spot = { .hash = rm_hash(shape, key, map->seed) };

	spot.segment = seg_segment_of(map, spot.hash);
	do
		spot.bin = seg_bin_of(map, spot.segment, spot.hash);
	while (!seg_lock(spot.segment, spot.bin, &spot.first));
	spot.node = spot.first;
	while (spot.node && !seg_key_equals(shape, spot.node, key, spot.hash)) {
		spot.before = spot.node;
		spot.node = seg_next(spot.node);
	}
	return spot;
}

RM_HOT void seg_leave(const struct seg_spot *spot)
{
	seg_unlock(spot->bin, spot->first);
}

/* Links `node` after spot->before. */
RM_HOT void seg_link(struct seg_spot *spot, struct seg_node *node)
{
	if (!spot->before)
		spot->first = node; /* published by seg_leave() */
	else
		/* release: pairs with the acquire in seg_next() */
		atomic_store_explicit(
		        &spot->before->next, node, memory_order_release);
}

RM_HOT void seg_add_count(struct seg_segment *segment, uint64_t entries)
{
	/* relaxed: the contract requires exact counts only while no thread
	   writes */
	atomic_fetch_add_explicit(
	        &segment->count, entries, memory_order_relaxed);
}

RM_HOT void seg_retire(struct epoch_record *record, struct rm_shape shape,
        struct seg_node *node)
{
	epoch_retire(record, SEG_NODE, node,
	        seg_node_bytes(shape, seg_node_length(shape, node)));
}

/* Inserts or replaces the value at a spot. */
RM_HOT void seg_put(struct epoch_record *record, struct rm_shape shape,
        struct rm_key key, struct seg_spot *spot, const struct rm_value *value)
{
	struct seg_node *old = spot->node, *node;

	if (old && shape.value_bytes == 8 && !SEG_ENCODES) {
		seg_value_store(shape, old, value);
		return;
	}
	node = seg_node_new(shape, key, spot->hash, value);
	/* both relaxed: published by seg_link() or seg_leave() */
	if (!old) {
		atomic_store_explicit(
		        &node->next, spot->first, memory_order_relaxed);
		spot->first = node;
		seg_add_count(spot->segment, 1);
		return;
	}
	atomic_store_explicit(&node->next, seg_next(old), memory_order_relaxed);
	seg_link(spot, node);
	seg_retire(record, shape, old);
}

/* Removes the entry at a spot, if present. */
RM_HOT void seg_drop(struct epoch_record *record, struct rm_shape shape,
        struct seg_spot *spot)
{
	if (!spot->node)
		return;
	seg_link(spot, seg_next(spot->node));
	seg_add_count(spot->segment, (uint64_t)-1);
	seg_retire(record, shape, spot->node);
}

/* Puts the first entry into an empty bin, without a lock. Returns false if the
   bin is not empty or is locked. */
RM_HOT bool seg_put_first(struct seg_map *map, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	uint64_t hash = rm_hash(shape, key, map->seed);
	struct seg_segment *segment = seg_segment_of(map, hash);
	seg_bin *bin = seg_bin_of(map, segment, hash);
	uintptr_t empty = 0;

	/* relaxed: a hint; the compare-exchange decides */
	if (atomic_load_explicit(bin, memory_order_relaxed) != 0)
		return false;

	struct seg_node *node = seg_node_new(shape, key, hash, value);

	/* seq_cst: see seg_unlock(); relaxed if it fails, since the loaded
	   value is not used */
	if (!atomic_compare_exchange_strong_explicit(bin, &empty,
	            (uintptr_t)node, memory_order_seq_cst,
	            memory_order_relaxed)) {
		free(node);
		return false;
	}
	seg_add_count(segment, 1);
	RM_STAT_ADD(segment->cas_inserts, 1);
	return true;
}

RM_HOT bool seg_exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct seg_map *map = seg_map_of(thread);

	if (seg_put_first(map, shape, key, value)) {
		seg_grow_if_full(thread, shape, key);
		return false;
	}

	struct seg_spot spot = seg_enter(map, shape, key);

	if (old && spot.node)
		seg_value_load(shape, spot.node, old);
	seg_put(thread, shape, key, &spot, value);
	seg_leave(&spot);
	seg_grow_if_full(thread, shape, key);
	epoch_settle(thread);
	return spot.node != NULL;
}

RM_HOT bool seg_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct seg_map *map = seg_map_of(thread);
	uint64_t hash = rm_hash(shape, key, map->seed);

	/* seq_cst: an empty bin means that the key is absent; see
	   seg_unlock() */
	if (atomic_load_explicit(
	            seg_bin_of(map, seg_segment_of(map, hash), hash),
	            memory_order_seq_cst) == 0)
		return false;

	struct seg_spot spot = seg_enter(map, shape, key);

	if (old && spot.node)
		seg_value_load(shape, spot.node, old);
	seg_drop(thread, shape, &spot);
	seg_leave(&spot);
	epoch_settle(thread);
	return spot.node != NULL;
}

#endif /* RM_SHARD_SEG_MAP_H */
