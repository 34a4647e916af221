/* SPDX-License-Identifier: Apache-2.0 */
/* hashtriemap_remove.h - hash trie: removing, shrinking, clearing. Inner part of
   hashtriemap.h. */
#ifndef RM_HASHTRIEMAP_REMOVE_H
#define RM_HASHTRIEMAP_REMOVE_H

#include "impls/syncmap/hashtriemap_write.h"

static inline bool hashtrie_is_empty(struct hashtrie_inner *inner)
{
	for (size_t i = 0; i < HASHTRIE_CHILDREN; i++)
		if (hashtrie_get(&inner->child[i]))
			return false;
	return true;
}

/*
 * Cuts off the locked node if it is empty, and what is empty above it, and
 * unlocks. Two locks are held at a time, the lower one taken first: nobody
 * else takes two. `shift` is as in hashtrie_child() of the node.
 */
static inline void hashtrie_shrink(void *thread, struct hashtrie_inner *inner,
        uint64_t hash, unsigned shift)
{
	while (inner->parent && hashtrie_is_empty(inner)) {
		struct hashtrie_inner *parent = inner->parent;

		shift += HASHTRIE_BITS;
		lock_mutex(&parent->lock);
		inner->dead = true;
		hashtrie_set(hashtrie_child(parent, hash, shift), NULL);
		pthread_mutex_unlock(&inner->lock);
		RM_STAT_ADD(hashtrie_of(thread)->cut, 1);
		epoch_retire(thread, HASHTRIE_INNER, inner, sizeof(*inner));
		inner = parent;
	}
	pthread_mutex_unlock(&inner->lock);
}

/* Takes the key out if it has the expected value (NULL: any). Returns its
   entry, out of the tree, or NULL. */
RM_HOT struct hashtrie_entry *hashtrie_cut(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	const uint64_t hash = hashtrie_hash(hashtrie_of(thread), shape, key);
	struct hashtrie_place place;
	hashtrie_slot *link =
	        hashtrie_lock_if(thread, shape, key, hash, expected, &place);

	if (!link)
		return NULL;
	struct hashtrie_entry *entry = (void *)hashtrie_get(link);

	hashtrie_set(link, hashtrie_get(&entry->overflow));
	hashtrie_shrink(thread, place.inner, hash, place.shift);
	return entry;
}

/* take (Go: LoadAndDelete); remove is the same with old == NULL. */
RM_HOT bool hashtrie_take(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct hashtrie_entry *entry = hashtrie_cut(thread, shape, key, NULL);

	if (!entry)
		return false;
	if (old)
		memcpy(old, entry->value, shape.value_bytes);
	hashtrie_retire(thread, shape, entry);
	epoch_settle(thread);
	return true;
}

RM_HOT bool hashtrie_remove(
        void *thread, struct rm_shape shape, struct rm_key key)
{
	return hashtrie_take(thread, shape, key, NULL);
}

static inline bool hashtrie_compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	struct hashtrie_entry *entry =
	        hashtrie_cut(thread, shape, key, expected);

	if (!entry)
		return false;
	hashtrie_retire(thread, shape, entry);
	epoch_settle(thread);
	return true;
}

/* A new root. A write that holds the old one may still end after this; it
   counts as one before. Only the old root's bytes are accounted for: to look
   at all below it would be O(n). */
static inline void hashtrie_clear(void *thread)
{
	struct hashtrie *map = hashtrie_of(thread);
	struct hashtrie_inner *root = hashtrie_inner_new(NULL);

	/* acq_rel: publishes the root, and acquires the old one */
	root = atomic_exchange_explicit(&map->root, root, memory_order_acq_rel);
	epoch_retire(thread, HASHTRIE_TREE, root, sizeof(*root));
	epoch_settle(thread);
}

#endif /* RM_HASHTRIEMAP_REMOVE_H */
