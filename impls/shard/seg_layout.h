/* SPDX-License-Identifier: Apache-2.0 */
/* seg_layout.h - the segmented map: segments, bins, nodes, bin locks. This is a
   private part of seg_map.h, which describes the design and the constants that
   the includer defines. */
#ifndef RM_SHARD_SEG_LAYOUT_H
#define RM_SHARD_SEG_LAYOUT_H

#include "impls/shard/seg_value.h"
#include "impls/support/epoch.h"
#include "impls/support/hash.h"
#include "impls/support/spin.h"
#include "runner/map.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SEG_SEGMENTS = 64,
	SEG_SHIFT = 64 - 6, /* the top bits choose among 64 segments */
	SEG_NODE = 0,       /* the only kind of retired objects */
	SEG_MANY = 64,      /* most keys in a call of seg_lookup_many() */
};

/* Bit 0 of a bin means that it is locked, since its chain is being changed. Bit
   1 means that it has moved: a larger table has replaced this one, and the bin
   never changes again. */
#define SEG_LOCKED ((uintptr_t)1)
#define SEG_MOVED  ((uintptr_t)2)

/* An entry. `key` is the 64-bit key, or a string's hash. `word` holds the
   value's words, then a string's length and its bytes. Key, length and bytes
   never change. */
struct seg_node {
	struct seg_node *_Atomic next;
	uint64_t key;
	_Atomic uint64_t word[];
};

/* Address of the chain's first node, with SEG_LOCKED and SEG_MOVED in the two
   lowest bits. */
typedef _Atomic uintptr_t seg_bin;

/* The bins of a segment, if SEG_GROWS. */
struct seg_table {
	uint64_t mask; /* number of bins - 1 */
	seg_bin bins[];
};

/* The fields that lookups use and those that writes use are in separate pairs
   of cache lines. */
struct seg_segment {
	/* constant; NULL if SEG_GROWS */
	_Alignas(2 * RM_CACHE_LINE) seg_bin *bins;
	_Atomic(struct seg_table *) table; /* NULL unless SEG_GROWS */
	_Atomic bool growing; /* true while one thread grows the segment */
	/* number of entries */
	_Alignas(2 * RM_CACHE_LINE) _Atomic uint64_t count;
	/* counted in the stats build only */
	_Atomic uint64_t cas_inserts, locks, lock_waits;
	/* number of bins, for callers that have not joined and so may not read
	   `table` */
	_Atomic uint64_t bins_now;
};

struct seg_map {
	struct seg_segment segment[SEG_SEGMENTS];
	/* the members below are constant; mask: bins per segment - 1 */
	uint64_t mask;
	uint64_t seed;
	struct rm_shape shape;
	struct epoch *epoch;
};

RM_HOT struct seg_map *seg_map_of(void *thread)
{
	return ((struct epoch_record *)thread)->owner;
}

/* The bins of a segment at some time. */
struct seg_bins {
	seg_bin *at;
	uint64_t mask;
};

RM_HOT struct seg_bins seg_bins_of(
        const struct seg_map *map, struct seg_segment *segment)
{
	struct seg_table *table;

	if (!SEG_GROWS)
		return (struct seg_bins){ segment->bins, map->mask };
	/* seq_cst: publishes the copies and continues the order of
	   seg_unlock() in the new table */
	table = atomic_load_explicit(&segment->table, memory_order_seq_cst);
	return (struct seg_bins){ table->bins, table->mask };
}

RM_HOT size_t seg_node_bytes(struct rm_shape shape, size_t length)
{
	return sizeof(struct seg_node) + seg_value_size(shape) +
	       (shape.str ? sizeof(uint64_t) + length : 0);
}

/* Returns the word with a string's length; its bytes follow. */
RM_HOT _Atomic uint64_t *seg_node_string(
        struct rm_shape shape, struct seg_node *node)
{
	return &node->word[seg_value_size(shape) / 8];
}

RM_HOT size_t seg_node_length(struct rm_shape shape, struct seg_node *node)
{
	/* relaxed: constant */
	return shape.str ? atomic_load_explicit(seg_node_string(shape, node),
	                           memory_order_relaxed)
	                 : 0;
}

RM_HOT char *seg_node_key(struct rm_shape shape, struct seg_node *node)
{
	return (char *)(seg_node_string(shape, node) + 1);
}

RM_HOT void seg_value_load(struct rm_shape shape, const struct seg_node *node,
        struct rm_value *value)
{
	if (SEG_ENCODES) {
		seg_decode(shape, node->word, value);
		return;
	}
	if (RM_VALUE_WORDS > 3 && shape.value_bytes == RM_VALUE_LONG) {
		/* constant, like the words of a 24-byte value */
		memcpy(value, (const void *)node->word, sizeof(*value));
		return;
	}
	/* acquire: pairs with the release in seg_value_store(), so that a
	   thread that sees a write also sees the writer's earlier writes */
	value->word[0] =
	        atomic_load_explicit(&node->word[0], memory_order_acquire);
	if (shape.value_bytes == 8)
		return;
	/* relaxed: a 24-byte value never changes once its node is in a chain */
	value->word[1] =
	        atomic_load_explicit(&node->word[1], memory_order_relaxed);
	value->word[2] =
	        atomic_load_explicit(&node->word[2], memory_order_relaxed);
}

RM_HOT void seg_value_store(struct rm_shape shape, struct seg_node *node,
        const struct rm_value *value)
{
	if (SEG_ENCODES) {
		seg_encode(shape, value, node->word);
		return;
	}
	if (RM_VALUE_WORDS > 3 && shape.value_bytes == RM_VALUE_LONG) {
		memcpy((void *)node->word, value, sizeof(*value));
		return;
	}
	/* release: pairs with the acquire in seg_value_load() */
	atomic_store_explicit(
	        &node->word[0], value->word[0], memory_order_release);
	if (shape.value_bytes == 8)
		return;
	/* relaxed: before the node is published */
	atomic_store_explicit(
	        &node->word[1], value->word[1], memory_order_relaxed);
	atomic_store_explicit(
	        &node->word[2], value->word[2], memory_order_relaxed);
}

/* A write cannot report "out of memory", so this aborts; the trial fails. */
static __attribute__((noinline)) struct seg_node *seg_node_new(
        struct rm_shape shape, struct rm_key key, uint64_t hash,
        const struct rm_value *value)
{
	const size_t length = shape.str ? key.length : 0;
	struct seg_node *node = malloc(seg_node_bytes(shape, length));

	if (!node)
		abort();
	atomic_init(&node->next, NULL);
	node->key = shape.str ? hash : key.word;
	seg_value_store(shape, node, value);
	if (shape.str)
		/* relaxed: before the node is published */
		atomic_store_explicit(seg_node_string(shape, node), length,
		        memory_order_relaxed);
	if (length)
		memcpy(seg_node_key(shape, node), key.bytes, length);
	return node;
}

static void epoch_free(void *owner, unsigned kind, void *pointer)
{
	(void)owner, (void)kind;
	free(pointer);
}

/* The hash is unsigned. The article takes the absolute value of a signed hash,
   which is not a valid index for the most negative integer. */
RM_HOT struct seg_segment *seg_segment_of(struct seg_map *map, uint64_t hash)
{
	return &map->segment[hash >> SEG_SHIFT];
}

/* Uses bits of the hash that do not choose the segment. */
RM_HOT seg_bin *seg_bin_of(
        const struct seg_map *map, struct seg_segment *segment, uint64_t hash)
{
	const struct seg_bins bins = seg_bins_of(map, segment);

	return &bins.at[hash & bins.mask];
}

RM_HOT struct seg_node *seg_untag(uintptr_t head)
{
	return (struct seg_node *)(head & ~(SEG_GROWS ? SEG_LOCKED | SEG_MOVED
	                                              : SEG_LOCKED));
}

/* Locks a bin, which may be empty, and sets `*first` to its first node. Returns
   false if the bin was moved: retry in the segment's current table. */
RM_HOT bool seg_lock(
        struct seg_segment *segment, seg_bin *bin, struct seg_node **first)
{
	unsigned looks = 0;

	RM_LOCK_BEGIN(RM_LOCK_WRITE);
	RM_STAT_ADD(segment->locks, 1);
	for (;;) {
		/* relaxed: the compare-exchange below orders the accesses */
		uintptr_t head =
		        atomic_load_explicit(bin, memory_order_relaxed);

		if (SEG_GROWS && head & SEG_MOVED) {
			RM_LOCK_END();
			return false;
		}
		/* acquire: pairs with seg_unlock(); relaxed if it fails: no
		   lock was taken */
		if (!(head & SEG_LOCKED) &&
		        atomic_compare_exchange_weak_explicit(bin, &head,
		                head | SEG_LOCKED, memory_order_acquire,
		                memory_order_relaxed)) {
			RM_LOCK_END();
			*first = seg_untag(head);
			return true;
		}
		RM_STAT_ADD(segment->lock_waits, 1);
		spin_wait(&looks);
	}
}

/* Unlocks a bin and sets its first node. */
RM_HOT void seg_unlock(seg_bin *bin, struct seg_node *first)
{
	/* seq_cst: publishes nodes to seg_head(). If two threads each write one
	   key and then look up the other's, they do not both miss the other's
	   write. */
	atomic_store_explicit(bin, (uintptr_t)first, memory_order_seq_cst);
}

/* Returns the first node of a bin. */
RM_HOT struct seg_node *seg_head(seg_bin *bin)
{
	/* seq_cst: see seg_unlock() */
	return seg_untag(atomic_load_explicit(bin, memory_order_seq_cst));
}

/* Returns a number of bins of which evenly spread keys fill at most three
   quarters. */
static uint64_t seg_bins_for(const struct rm_sizing *sizing)
{
	const size_t keys = sizing->keys;
	uint64_t bins = 1;

	if (SEG_GROWS && !sizing->presize)
		return SEG_FEW_BINS;
	while (bins * SEG_SEGMENTS / 4 * 3 < keys)
		bins *= 2;
	return bins;
}

static void seg_free_chain(struct seg_node *node)
{
	while (node) {
		/* relaxed: no other thread is left */
		struct seg_node *next =
		        atomic_load_explicit(&node->next, memory_order_relaxed);

		free(node);
		node = next;
	}
}

static void seg_destroy(void *opaque)
{
	struct seg_map *map = opaque;

	epoch_destroy(map->epoch, map);
	for (size_t s = 0; s < SEG_SEGMENTS; s++) {
		struct seg_segment *segment = &map->segment[s];
		/* relaxed: no other thread is left */
		struct seg_table *table = atomic_load_explicit(
		        &segment->table, memory_order_relaxed);

		if (table || segment->bins) {
			const struct seg_bins bins = seg_bins_of(map, segment);

			for (uint64_t i = 0; i <= bins.mask; i++)
				seg_free_chain(seg_head(&bins.at[i]));
		}
		free(segment->bins);
		free(table);
	}
	free(map);
}

/* Returns a table of empty bins, or NULL if memory runs out. */
static struct seg_table *seg_table_new(uint64_t mask)
{
	struct seg_table *table =
	        calloc(1, sizeof(*table) + (mask + 1) * sizeof(seg_bin));

	if (table)
		table->mask = mask;
	return table;
}

/* Returns false if memory runs out. */
static bool seg_segment_init(
        const struct seg_map *map, struct seg_segment *segment)
{
	struct seg_table *table;

	if (!SEG_GROWS) {
		segment->bins = calloc(map->mask + 1, sizeof(seg_bin));
		return segment->bins != NULL;
	}
	table = seg_table_new(map->mask);
	atomic_init(&segment->table, table);
	atomic_init(&segment->bins_now, map->mask + 1);
	return table != NULL;
}

static void *seg_create(const struct rm_sizing *sizing)
{
	struct seg_map *map =
	        aligned_alloc(_Alignof(struct seg_map), sizeof(*map));
	bool failed = false;

	if (!map)
		return NULL;
	*map = (struct seg_map){ .mask = seg_bins_for(sizing) - 1,
		.seed = sizing->seed,
		.shape = sizing->shape };
	for (size_t s = 0; s < SEG_SEGMENTS; s++)
		failed |= !seg_segment_init(map, &map->segment[s]);
	map->epoch = epoch_create(
	        sizing->threads, sizing->retired_limit_bytes, false);
	if (map->epoch && !failed)
		return map;
	seg_destroy(map);
	return NULL;
}

#endif /* RM_SHARD_SEG_LAYOUT_H */
