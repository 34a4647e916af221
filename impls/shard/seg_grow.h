/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seg_grow.h - the segmented map: a segment that is too full doubles its number
 * of bins in one step (SEG_GROWS). Article S2, section 4.4, calls this growing,
 * measures the pauses that it causes and recommends allocating up front.
 *
 * The writer that finds a segment more than three quarters full locks all of
 * its bins, copies every node into a new table, publishes the new table, and
 * only then marks the old bins as moved. Once all bins are locked, the old
 * table never changes, so it keeps the content that the segment had when the
 * tables were switched.
 *
 * A lookup that loaded the old table may therefore finish in it. Its answer was
 * right when the tables were switched, which happened during the lookup. (If
 * the bin was not yet locked, the lookup is an ordinary one.) A writer locks
 * its bin, sees the mark, and retries in the new table. Readers never wait;
 * writers of the segment wait for the whole copy. Epochs free the old table and
 * its nodes.
 */
#ifndef RM_SHARD_SEG_GROW_H
#define RM_SHARD_SEG_GROW_H

#include "impls/shard/seg_layout.h"

static inline bool seg_is_full(
        const struct seg_map *map, struct seg_segment *segment)
{
	/* relaxed: any recent value suffices; negative while inserts are not
	   yet counted */
	const int64_t count = (int64_t)atomic_load_explicit(
	        &segment->count, memory_order_relaxed);

	return 4 * count > 3 * (int64_t)(seg_bins_of(map, segment).mask + 1);
}

/* Locks all bins. Only the thread that grows the segment calls this, so the
   bins have not moved. Statistics count these locks as one. */
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

/* Copies the node into its bin of the new table, which is still private. */
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
	/* all relaxed: published with the table */
	atomic_store_explicit(&copy->next,
	        seg_untag(atomic_load_explicit(bin, memory_order_relaxed)),
	        memory_order_relaxed);
	atomic_store_explicit(bin, (uintptr_t)copy, memory_order_relaxed);
}

/* Marks the old bins as moved. Retires their nodes and the table. */
static void seg_retire_table(struct epoch_record *record, struct seg_table *old)
{
	const struct rm_shape shape = seg_map_of(record)->shape;

	for (uint64_t i = 0; i <= old->mask; i++) {
		struct seg_node *node = seg_head(&old->bins[i]);

		/* release: a thread that sees the mark sees the new table */
		atomic_fetch_xor_explicit(&old->bins[i], SEG_LOCKED | SEG_MOVED,
		        memory_order_release);
		while (node) {
			/* relaxed: the chain cannot change */
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

/* Copies all nodes of `old`, whose bins are locked. */
static void seg_copy_all(
        const struct seg_map *map, struct seg_table *old, struct seg_table *to)
{
	for (uint64_t i = 0; i <= old->mask; i++) {
		struct seg_node *node = seg_head(&old->bins[i]);

		while (node) {
			seg_copy(map, to, node);
			/* relaxed: the chain cannot change */
			node = atomic_load_explicit(
			        &node->next, memory_order_relaxed);
		}
	}
}

/* Replaces the segment's table. */
static void seg_switch_table(struct epoch_record *record,
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
	seg_retire_table(record, old);
	RM_EVENT_SPAN(RM_EVENT_RESIZE, start_ns, table->mask + 1);
}

/* Grows the segment if memory suffices. The caller holds no lock of its
   bins. */
static RM_COLD void seg_grow(
        struct epoch_record *record, struct seg_segment *segment)
{
	struct seg_table *old, *table;

	/* acquire: pairs with the release below, so that the loaded table is
	   the one made by the last growth */
	if (atomic_exchange_explicit(
	            &segment->growing, true, memory_order_acquire))
		return; /* another thread is growing this segment */
	/* relaxed: no other thread changes it now */
	old = atomic_load_explicit(&segment->table, memory_order_relaxed);
	table = seg_is_full(seg_map_of(record), segment)
	                ? seg_table_new(2 * old->mask + 1)
	                : NULL;
	if (table)
		seg_switch_table(record, segment, old, table);
	/* release: pairs with the exchange above */
	atomic_store_explicit(&segment->growing, false, memory_order_release);
	epoch_settle(record);
}

/* Called after an insert of `key`. */
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
