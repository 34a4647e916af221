/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hashtriemap.h - a concurrent hash trie, the design of Go 1.24's sync.Map.
 *
 * Written from a description of the design, no code. A node has sixteen slots,
 * chosen by four bits of the hash, from the top. A slot is empty, or leads to
 * a node, or to an entry; entries whose hashes agree in all 64 bits hang on
 * each other ("overflow"). Neither keys nor values change in an entry: a
 * replacement is a new entry in the old one's slot.
 *
 * Lookups take no lock and write nothing. A write goes down to a slot without
 * a lock, locks its node, and looks again: if the slot got a node meanwhile,
 * or its own node was cut off ("dead"), it starts over. Two keys that meet in
 * a slot get as many nodes as their hashes have equal bits. A removal cuts off
 * nodes that it leaves empty, upwards, holding the lower lock while it takes
 * the upper one. clear() replaces the root.
 *
 * Invariants (hashtrie_check() walks them): an entry is where its hash leads;
 * a chain has one hash and no key twice; a node in the tree is not dead, has
 * the parent that leads to it, and, below the root, is not empty.
 *
 * Nothing is ever rehashed: growth is a node or a few for an insert that meets
 * another key (statistic nodes_made), and no event of runner/event.h.
 *
 * Entries, nodes and whole trees of clear() are reclaimed by epochs. Functions
 * here are the operations of struct rm_map_ops on a handle that is the
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
