/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hashtriemap.h - a concurrent hash trie, the design of Go 1.24's sync.Map.
 *
 * Written from a description of the design, not from code. A node has sixteen
 * slots, selected by four bits of the hash, from the top. A slot is empty or
 * points to a node or an entry. Entries with equal 64-bit hashes form a list
 * ("overflow"). An entry never changes. To replace a value, a new entry
 * replaces the old one in its slot.
 *
 * Lookups take no lock and write nothing. A write descends to a slot without a
 * lock, locks its node and checks again. If the slot now has a node, or the
 * slot's own node was cut off ("dead"), the write starts over. If two keys meet
 * in one slot, one node is added for each group of bits that is equal in their
 * hashes. A removal cuts off the nodes that it empties, from the bottom up. It
 * holds the lock of a node while it takes the lock of its parent. clear()
 * replaces the root.
 *
 * Invariants, checked by hashtrie_check(): an entry is where its hash leads; a
 * list has one hash and no duplicate key; a node in the tree is not dead, has
 * the correct parent and, below the root, is not empty.
 *
 * The map never rehashes. An insert that collides with another key adds one or
 * several nodes (statistic nodes_made) and emits no event of runner/event.h.
 *
 * Entries, nodes and the trees removed by clear() are reclaimed by epochs.
 * Functions here are the operations of struct rm_map_ops; their handle is the
 * thread's epoch record.
 */
#ifndef RM_HASHTRIEMAP_H
#define RM_HASHTRIEMAP_H

#include "impls/syncmap/hashtriemap_check.h"
#include "impls/syncmap/hashtriemap_layout.h"
#include "impls/syncmap/hashtriemap_read.h"
#include "impls/syncmap/hashtriemap_write.h"

static inline void *hashtrie_join(void *opaque, size_t slot)
{
	struct hashtrie *map = opaque;

	return epoch_join(map->epoch, slot, map);
}

static inline void hashtrie_leave(void *thread)
{
	epoch_leave(thread);
}

RM_HOT void hashtrie_quiesce(void *thread)
{
	epoch_quiesce(thread);
}

static inline void hashtrie_park(void *thread)
{
	epoch_park(thread);
}

static inline void hashtrie_unpark(void *thread)
{
	epoch_unpark(thread);
}

#endif /* RM_HASHTRIEMAP_H */
