/* SPDX-License-Identifier: Apache-2.0 */
/* hashtriemap_check.h - hash trie: statistics, and a check of every invariant
   of hashtriemap.h. Inner part of it. */
#ifndef RM_HASHTRIEMAP_CHECK_H
#define RM_HASHTRIEMAP_CHECK_H

#include "impls/syncmap/hashtriemap_read.h"

/* Checks one slot with entries. All must have the same hash, which leads here,
   and different keys. */
static inline const char *hashtrie_check_chain(struct hashtrie *map,
        hashtrie_slot *slot, uint64_t path, unsigned shift)
{
	const struct rm_shape shape = map->shape;
	struct hashtrie_entry *head = (void *)hashtrie_get(slot);
	const uint64_t hash =
	        hashtrie_hash(map, shape, hashtrie_key(shape, head));
	struct hashtrie_entry *entry;

	if (hash >> shift != path >> shift)
		return "an entry is not where its hash leads";
	for (; (entry = (void *)hashtrie_get(slot)); slot = &entry->overflow) {
		struct rm_key key = hashtrie_key(shape, entry);

		if (!entry->node.is_entry)
			return "an entry's overflow is a node";
		if (hashtrie_hash(map, shape, key) != hash)
			return "a chain has two hashes";
		if (hashtrie_find_link(&entry->overflow, shape, key))
			return "a chain has a duplicate key";
	}
	return NULL;
}

/* Checks all nodes and entries below a node. The bits of `path` above `shift`
   lead to this node. */
static inline const char *hashtrie_check_inner(struct hashtrie *map,
        struct hashtrie_inner *inner, uint64_t path, unsigned shift)
{
	const char *why = NULL;
	bool empty = true;

	if (inner->dead)
		return "a node in the tree is dead";
	if (!shift)
		return "a node is deeper than the hash has bits";
	shift -= HASHTRIE_BITS;
	for (uint64_t i = 0; i < HASHTRIE_CHILDREN && !why; i++) {
		struct hashtrie_node *node = hashtrie_get(&inner->child[i]);
		struct hashtrie_inner *below = (void *)node;
		const uint64_t child_path = path | i << shift;

		if (!node)
			continue;
		empty = false;
		if (node->is_entry)
			why = hashtrie_check_chain(
			        map, &inner->child[i], child_path, shift);
		else if (below->parent != inner)
			why = "a node has the wrong parent";
		else
			why = hashtrie_check_inner(
			        map, below, child_path, shift);
	}
	return why                      ? why
	       : empty && inner->parent ? "a node below the root is empty"
	                                : NULL;
}

/* Implements rm_map_ops.check. No other thread may use the map. */
static inline bool hashtrie_check(void *opaque, char *why, size_t size)
{
	struct hashtrie *map = opaque;
	struct hashtrie_inner *root = hashtrie_root(map);
	const char *broken =
	        hashtrie_check_inner(map, root, 0, HASHTRIE_HASH_BITS);

	if (!broken && root->parent)
		broken = "the root has a parent";
	if (broken)
		snprintf(why, size, "%s", broken);
	return !broken;
}

static inline void hashtrie_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct hashtrie *map = opaque;

	emit(context, "nodes_made", "1",
	        rm_stat_value(rm_stat_read(&map->made)));
	emit(context, "nodes_cut", "1", rm_stat_value(rm_stat_read(&map->cut)));
	emit(context, "overflows", "1",
	        rm_stat_value(rm_stat_read(&map->overflows)));
	epoch_stats(map->epoch, emit, context);
}

#endif /* RM_HASHTRIEMAP_CHECK_H */
