/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seg_grow.h - the segmented map: a segment that is too full gets twice the
 * bins, all at once (SEG_GROWS). What article S2, section 4.4, calls growing,
 * and finds pauses of; its cure is to allocate up front.
 *
 * The write that finds a segment above three quarters locks all of its bins,
 * copies every node into a new table, publishes that, and only then marks the
 * old bins as moved. From the first lock on nobody changes the old table, so
 * that it is, and stays, what the segment was when the new one took over.
 *
 * A lookup that loaded the old table may therefore go on in it: what it finds
 * was so at that moment, which lies within the lookup, since the lookup began
 * before it. (If the bin was not locked yet it is an ordinary lookup.) A write
 * locks its bin, and so sees the mark, and goes to the new table. Readers wait
 * for nothing; writers of the segment wait for the whole copy. The old table
 * and its nodes are freed by epochs.
 */
#ifndef RM_SHARD_SEG_GROW_H
#define RM_SHARD_SEG_GROW_H

#include "impls/shard/seg_layout.h"

static inline bool seg_is_full(
        const struct seg_map *map, struct seg_segment *segment)
{
	/* relaxed: any recent value; negative while inserts lag behind */
	const int64_t count = (int64_t)atomic_load_explicit(
	        &segment->count, memory_order_relaxed);

	return 4 * count > 3 * (int64_t)(seg_bins_of(map, segment).mask + 1);
}

/* As seg_lock(), by who grows the segment: no bin of the table is moved, and
   these locks are one to who counts them. */
static void seg_freeze(struct seg_bins bins)
{
	for (uint64_t i = 0; i <= bins.mask; i++) {
		unsigned looks = 0;

		/* acquire: pairs with seg_unlock() */
		while (atomic_fetch_or_explicit(
		               &bins.at[i], SEG_LOCKED, memory_order_acquire) &
		        SEG_LOCKED)
			spin_wait(&looks);
	}
}

/* A copy of the node in its bin of the new table, which nobody else sees. */
static void seg_copy(
        const struct seg_map *map, struct seg_table *to, struct seg_node *node)
{
	const struct rm_shape shape = map->shape;
	struct rm_key key = { .word = node->key };
	struct rm_value value;
	struct seg_node *copy;
	uint64_t hash;
	seg_bin *bin;

	if (shape.str)
		key = (struct rm_key){ .bytes = seg_node_key(shape, node),
			.length = seg_node_length(shape, node) };
	hash = rm_hash(shape, key, map->seed);
	bin = &to->bins[hash & to->mask];
	seg_value_load(shape, node, &value);
	copy = seg_node_new(shape, key, hash, &value);
	/* relaxed, all: published with the table */
	atomic_store_explicit(&copy->next,
	        seg_first(atomic_load_explicit(bin, memory_order_relaxed)),
	        memory_order_relaxed);
	atomic_store_explicit(bin, (uintptr_t)copy, memory_order_relaxed);
}

/* Marks the old bins, and retires what they hold and the table. */
static void seg_give_up(struct epoch_record *record, struct seg_table *old)
{
	const struct rm_shape shape = seg_map_of(record)->shape;

	for (uint64_t i = 0; i <= old->mask; i++) {
		struct seg_node *node = seg_head(&old->bins[i]);

		/* release: who sees the mark sees the new table */
		atomic_fetch_xor_explicit(&old->bins[i], SEG_LOCKED | SEG_MOVED,
		        memory_order_release);
		while (node) {
			/* relaxed: the chain is frozen */
			struct seg_node *next = atomic_load_explicit(
			        &node->next, memory_order_relaxed);

			epoch_retire(record, SEG_NODE, node,
			        seg_node_bytes(
			                shape, seg_node_length(shape, node)));
			node = next;
		}
	}
	epoch_retire(record, SEG_NODE, old,
	        sizeof(*old) + (old->mask + 1) * sizeof(seg_bin));
}

/* Everything that `old` holds, copied; the bins are frozen. */
static void seg_copy_all(
        const struct seg_map *map, struct seg_table *old, struct seg_table *to)
{
	for (uint64_t i = 0; i <= old->mask; i++) {
		struct seg_node *node = seg_head(&old->bins[i]);

		while (node) {
			seg_copy(map, to, node);
			/* relaxed: the chain is frozen */
			node = atomic_load_explicit(
			        &node->next, memory_order_relaxed);
		}
	}
}

/* The segment goes on in `table`. */
static void seg_take_over(struct epoch_record *record,
        struct seg_segment *segment, struct seg_table *old,
        struct seg_table *table)
{
	const struct seg_map *map = seg_map_of(record);
	const uint64_t start_ns = RM_EVENT_CLOCK();

	seg_freeze(seg_bins_of(map, segment));
	seg_copy_all(map, old, table);
	/* seq_cst: see seg_bins_of() */
	atomic_store_explicit(&segment->table, table, memory_order_seq_cst);
	/* relaxed: a statistic */
	atomic_store_explicit(
	        &segment->bins_now, table->mask + 1, memory_order_relaxed);
	RM_PAUSE();
	seg_give_up(record, old);
	RM_EVENT_SPAN(RM_EVENT_RESIZE, start_ns, table->mask + 1);
}

/* The caller has no bin of the segment locked. Without memory it stays. */
static RM_COLD void seg_grow(
        struct epoch_record *record, struct seg_segment *segment)
{
	struct seg_table *old, *table;

	/* acquire: pairs with the release below, so that the table is the one
	   that the last growth made */
	if (atomic_exchange_explicit(
	            &segment->growing, true, memory_order_acquire))
		return; /* somebody is at it */
	/* relaxed: nobody else changes it now */
	old = atomic_load_explicit(&segment->table, memory_order_relaxed);
	table = seg_is_full(seg_map_of(record), segment)
	                ? seg_table_new(2 * old->mask + 1)
	                : NULL;
	if (table)
		seg_take_over(record, segment, old, table);
	/* release: pairs with the exchange above */
	atomic_store_explicit(&segment->growing, false, memory_order_release);
	epoch_settle(record);
}

/* After an insert: the segment of `key`. */
RM_HOT void seg_grow_if_full(
        struct epoch_record *record, struct rm_shape shape, struct rm_key key)
{
	struct seg_map *map = record->owner;

	if (!SEG_GROWS)
		return;

	struct seg_segment *segment =
	        seg_segment_of(map, rm_hash(shape, key, map->seed));

	if (__builtin_expect(seg_is_full(map, segment), 0))
		seg_grow(record, segment);
}

#endif /* RM_SHARD_SEG_GROW_H */
