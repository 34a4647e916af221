/* SPDX-License-Identifier: Apache-2.0 */
/* seg_slow_ops.h - the segmented map: operations outside the measured loop. */
#ifndef RM_SHARD_SEG_MORE_H
#define RM_SHARD_SEG_MORE_H

#include "impls/shard/seg_map.h"

static inline bool seg_insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct seg_map *map = seg_map_of(thread);

	if (seg_put_first(map, shape, key, value)) {
		seg_grow_if_full(thread, shape, key);
		return false;
	}

	struct seg_spot spot = seg_enter(map, shape, key);

	if (spot.node)
		seg_value_load(shape, spot.node, present);
	else
		seg_put(thread, shape, key, &spot, value);
	seg_leave(&spot);
	seg_grow_if_full(thread, shape, key);
	return spot.node != NULL;
}

static inline bool seg_value_equals(struct rm_shape shape,
        const struct seg_spot *spot, const struct rm_value *expected)
{
	struct rm_value present;

	if (!spot->node)
		return false;
	seg_value_load(shape, spot->node, &present);
	return memcmp(&present, expected, shape.value_bytes) == 0;
}

static inline bool seg_compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	struct seg_spot spot = seg_enter(seg_map_of(thread), shape, key);
	const bool equal = seg_value_equals(shape, &spot, expected);

	if (equal)
		seg_put(thread, shape, key, &spot, value);
	seg_leave(&spot);
	epoch_settle(thread);
	return equal;
}

static inline bool seg_compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	struct seg_spot spot = seg_enter(seg_map_of(thread), shape, key);
	const bool equal = seg_value_equals(shape, &spot, expected);

	if (equal)
		seg_drop(thread, shape, &spot);
	seg_leave(&spot);
	epoch_settle(thread);
	return equal;
}

/* Calls `fn` while it holds the bin's lock, so `fn` must not use this map. */
static inline bool seg_update(void *thread, struct rm_shape shape,
        struct rm_key key, rm_update_fn *fn, void *context)
{
	struct seg_spot spot = seg_enter(seg_map_of(thread), shape, key);
	struct rm_value old, value;

	if (spot.node)
		seg_value_load(shape, spot.node, &old);
	if (fn(context, spot.node ? &old : NULL, &value))
		seg_put(thread, shape, key, &spot, &value);
	seg_leave(&spot);
	seg_grow_if_full(thread, shape, key);
	epoch_settle(thread);
	return spot.node != NULL;
}

RM_HOT struct rm_key seg_key_of(struct rm_shape shape, struct seg_node *node)
{
	if (!shape.str)
		return (struct rm_key){ .word = node->key };
	return (struct rm_key){ .bytes = seg_node_key(shape, node),
		.length = seg_node_length(shape, node) };
}

/* Visits bin by bin, without a lock; `fn` may write. If a segment grows during
   the scan, the scan continues in its old table, which no longer changes. */
static inline void seg_scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct epoch_record *record = thread;
	struct seg_map *map = seg_map_of(thread);
	struct rm_value value;
	bool more = true;

	/* While pinned, this thread does not wait for memory in a write by
	   `fn`. Such a wait would park the thread. */
	record->pinned++;
	for (size_t s = 0; more && s < SEG_SEGMENTS; s++) {
		const struct seg_bins bins = seg_bins_of(map, &map->segment[s]);

		for (uint64_t i = 0; more && i <= bins.mask; i++) {
			struct seg_node *node = seg_head(&bins.at[i]);

			for (; more && node; node = seg_next(node)) {
				seg_value_load(shape, node, &value);
				more = fn(context, seg_key_of(shape, node),
				        &value);
			}
		}
	}
	record->pinned--;
	epoch_settle(record);
}

static inline bool seg_count_one(
        void *count, struct rm_key key, const struct rm_value *value)
{
	(void)key;
	(void)value;
	++*(size_t *)count;
	return true;
}

/* Counts by a scan, so it has the guarantee of a scan. The counters of segments
   change after the entries do and can be negative. */
static inline size_t seg_length(void *thread)
{
	size_t count = 0;

	seg_scan(thread, seg_map_of(thread)->shape, seg_count_one, &count);
	return count;
}

/* Empties one bin. Returns false if it was moved. */
static inline bool seg_clear_bin(
        struct epoch_record *record, struct seg_segment *segment, seg_bin *bin)
{
	const struct rm_shape shape = seg_map_of(record)->shape;
	struct seg_node *node;

	if (!seg_lock(segment, bin, &node))
		return false;
	seg_unlock(bin, NULL);
	while (node) {
		struct seg_node *next = seg_next(node);

		seg_add_count(segment, (uint64_t)-1);
		seg_retire(record, shape, node);
		node = next;
	}
	epoch_settle(record);
	return true;
}

static inline uint64_t seg_reversed(uint64_t bits)
{
	const uint64_t odd = 0x5555555555555555U, pairs = 0x3333333333333333U,
	               halves = 0x0f0f0f0f0f0f0f0fU;

	bits = (bits >> 1 & odd) | (bits & odd) << 1;
	bits = (bits >> 2 & pairs) | (bits & pairs) << 2;
	bits = (bits >> 4 & halves) | (bits & halves) << 4;
	return __builtin_bswap64(bits);
}

/* Returns the next bin in the order of the reversed bits, or 0 after the last
   one. If the table doubles, the two bins that replace a bin are adjacent in
   this order, so that no bin is visited twice (as in Redis' SCAN). */
static inline uint64_t seg_bin_after(uint64_t bin, uint64_t mask)
{
	return seg_reversed(seg_reversed(bin | ~mask) + 1);
}

/* Clears the bins from `*bin` on. Removes each key at most once, since a key
   that is inserted again after its removal must stay. The table is loaded for
   each bin, since seg_clear_bin() may wait for memory while the segment grows
   and the old table is freed. Returns false if the segment grew at *bin. */
static inline bool seg_clear_segment(
        struct epoch_record *record, struct seg_segment *segment, uint64_t *bin)
{
	do {
		const struct seg_bins bins =
		        seg_bins_of(seg_map_of(record), segment);

		if (seg_head(&bins.at[*bin]) &&
		        !seg_clear_bin(record, segment, &bins.at[*bin]))
			return false;
		*bin = seg_bin_after(*bin, bins.mask);
	} while (*bin);
	return true;
}

/* Clears bin by bin. Entries that are written concurrently may remain. */
static inline void seg_clear(void *thread)
{
	struct seg_map *map = seg_map_of(thread);

	for (size_t s = 0; s < SEG_SEGMENTS; s++) {
		uint64_t bin = 0;

		while (!seg_clear_segment(thread, &map->segment[s], &bin))
			;
	}
}

static inline void seg_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct seg_map *map = opaque;
	uint64_t inserts = 0, locks = 0, waits = 0, bins = 0;

	for (size_t s = 0; s < SEG_SEGMENTS; s++) {
		inserts += rm_stat_read(&map->segment[s].cas_inserts);
		locks += rm_stat_read(&map->segment[s].locks);
		waits += rm_stat_read(&map->segment[s].lock_waits);
		bins += SEG_GROWS ? rm_stat_read(&map->segment[s].bins_now)
		                  : map->mask + 1;
	}
	emit(context, "segments", "1", SEG_SEGMENTS);
	emit(context, "bins", "1", (double)bins);
	emit(context, "cas_inserts", "1", rm_stat_value(inserts));
	emit(context, "bin_locks", "1", rm_stat_value(locks));
	emit(context, "bin_lock_waits", "1", rm_stat_value(waits));
	epoch_stats(map->epoch, emit, context);
}

/* Describes what is wrong with a node of this bin, or returns NULL. */
static inline const char *seg_check_node(struct seg_map *map, size_t s,
        uint64_t i, uint64_t mask, struct seg_node *node)
{
	struct rm_key key = seg_key_of(map->shape, node);
	uint64_t hash = rm_hash(map->shape, key, map->seed);

	if (hash >> SEG_SHIFT != s)
		return "a key is in a wrong segment";
	if ((hash & mask) != i)
		return "a key is in a wrong bin";
	for (struct seg_node *other = seg_next(node); other;
	        other = seg_next(other))
		if (seg_key_equals(map->shape, other, key, hash))
			return "a key is there twice";
	return NULL;
}

/* Checks that each node is in its bin, that keys are unique, and that the
   counts are right. */
static inline bool seg_check(void *opaque, char *why, size_t size)
{
	struct seg_map *map = opaque;
	const char *broken = NULL;

	for (size_t s = 0; s < SEG_SEGMENTS && !broken; s++) {
		const struct seg_bins bins = seg_bins_of(map, &map->segment[s]);
		uint64_t count = 0;

		for (uint64_t i = 0; i <= bins.mask && !broken; i++) {
			seg_bin *bin = &bins.at[i];
			struct seg_node *node = seg_head(bin);

			/* both relaxed: no other thread uses the map */
			if (atomic_load_explicit(bin, memory_order_relaxed) &
			        (SEG_LOCKED | SEG_MOVED))
				broken = "a bin is locked or moved";
			for (; node && !broken; node = seg_next(node)) {
				broken = seg_check_node(
				        map, s, i, bins.mask, node);
				count++;
			}
		}
		if (!broken &&
		        count != atomic_load_explicit(&map->segment[s].count,
		                         memory_order_relaxed))
			broken = "a segment's count differs from its entries";
	}
	if (broken)
		snprintf(why, size, "%s", broken);
	return !broken;
}

#endif /* RM_SHARD_SEG_MORE_H */
