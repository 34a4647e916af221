/* SPDX-License-Identifier: Apache-2.0 */
/* hashtriemap_write.h - hash trie: inserting, replacing, removing, shrinking
   and clearing. Inner part of hashtriemap.h. */
#ifndef RM_HASHTRIEMAP_WRITE_H
#define RM_HASHTRIEMAP_WRITE_H

#include "impls/syncmap/hashtriemap_read.h"

/* Descends and locks the slot's node. Starts over if the slot now has a node,
   or if the slot's own node was cut off. The caller unlocks place->inner. */
static inline void hashtrie_lock(
        void *thread, uint64_t hash, struct hashtrie_place *place)
{
	struct hashtrie *map = hashtrie_of(thread);

	for (;;) {
		hashtrie_descend(map, hash, place);
		lock_mutex(&place->inner->lock);
		const struct hashtrie_node *node = hashtrie_get(place->slot);

		if ((!node || node->is_entry) && !place->inner->dead)
			return;
		pthread_mutex_unlock(&place->inner->lock);
		RM_STAT_OWN(((struct epoch_record *)thread)->retries, 1);
	}
}

/* Builds a tree for two entries of one slot. `shift` bits are left to
   distinguish them. The tree has one node for each group of equal bits. */
static struct hashtrie_node *hashtrie_expand(struct hashtrie *map,
        const struct hashtrie_place *place, struct hashtrie_entry *old,
        uint64_t old_hash, struct hashtrie_entry *entry, uint64_t hash)
{
	struct hashtrie_inner *top = hashtrie_inner_new(place->inner);
	struct hashtrie_inner *inner = top;
	unsigned shift = place->shift - HASHTRIE_BITS;

	RM_STAT_ADD(map->made, 1);
	while (hashtrie_child(inner, old_hash, shift) ==
	        hashtrie_child(inner, hash, shift)) {
		struct hashtrie_inner *next = hashtrie_inner_new(inner);

		RM_STAT_ADD(map->made, 1);
		hashtrie_set(hashtrie_child(inner, hash, shift), &next->node);
		inner = next;
		shift -= HASHTRIE_BITS;
	}
	hashtrie_set(hashtrie_child(inner, old_hash, shift), &old->node);
	hashtrie_set(hashtrie_child(inner, hash, shift), &entry->node);
	return &top->node;
}

/* Puts a new key's entry into a locked slot. */
static inline void hashtrie_insert(struct hashtrie *map, struct rm_shape shape,
        const struct hashtrie_place *place, struct hashtrie_entry *entry,
        uint64_t hash)
{
	struct hashtrie_entry *old = (void *)hashtrie_get(place->slot);
	struct hashtrie_node *node = &entry->node;

	if (old) {
		const uint64_t old_hash =
		        hashtrie_hash(map, shape, hashtrie_key(shape, old));

		if (old_hash == hash) {
			hashtrie_set(&entry->overflow, &old->node);
			RM_STAT_ADD(map->overflows, 1);
		} else {
			node = hashtrie_expand(
			        map, place, old, old_hash, entry, hash);
		}
	}
	hashtrie_set(place->slot, node);
}

/* Replaces the entry with the same key and returns it. The caller has locked
   the node. */
RM_HOT struct hashtrie_entry *hashtrie_replace(
        hashtrie_slot *link, struct hashtrie_entry *entry)
{
	struct hashtrie_entry *old = (void *)hashtrie_get(link);

	hashtrie_set(&entry->overflow, hashtrie_get(&old->overflow));
	hashtrie_set(link, &entry->node);
	return old;
}

/* Retires an entry that was removed from its chain. */
RM_HOT void hashtrie_retire(
        void *thread, struct rm_shape shape, struct hashtrie_entry *entry)
{
	epoch_retire(thread, HASHTRIE_ENTRY, entry,
	        hashtrie_entry_bytes(shape, shape.str ? entry->word : 0));
}

/* Implements Go's Swap. Returns the replaced entry, or NULL. */
RM_HOT struct hashtrie_entry *hashtrie_swap(void *thread, struct rm_shape shape,
        struct rm_key key, struct hashtrie_entry *entry)
{
	struct hashtrie *map = hashtrie_of(thread);
	const uint64_t hash = hashtrie_hash(map, shape, key);
	struct hashtrie_entry *old = NULL;
	struct hashtrie_place place;

	hashtrie_lock(thread, hash, &place);
	hashtrie_slot *link = hashtrie_find_link(place.slot, shape, key);

	if (link)
		old = hashtrie_replace(link, entry);
	else
		hashtrie_insert(map, shape, &place, entry, hash);
	pthread_mutex_unlock(&place.inner->lock);
	return old;
}

RM_HOT bool hashtrie_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct hashtrie_entry *replaced = hashtrie_swap(
	        thread, shape, key, hashtrie_entry_new(shape, key, value));

	if (replaced && old)
		memcpy(old, replaced->value, shape.value_bytes);
	if (replaced)
		hashtrie_retire(thread, shape, replaced);
	epoch_settle(thread);
	return replaced != NULL;
}

/* Implements Go's LoadOrStore. First looks the key up without the lock. */
static inline bool hashtrie_insert_if_absent(void *thread,
        struct rm_shape shape, struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct hashtrie *map = hashtrie_of(thread);
	const uint64_t hash = hashtrie_hash(map, shape, key);
	struct hashtrie_place place;

	if (hashtrie_lookup(thread, shape, key, present))
		return true;
	struct hashtrie_entry *entry = hashtrie_entry_new(shape, key, value);

	hashtrie_lock(thread, hash, &place);
	hashtrie_slot *link = hashtrie_find_link(place.slot, shape, key);

	if (link)
		memcpy(present,
		        ((struct hashtrie_entry *)hashtrie_get(link))->value,
		        shape.value_bytes);
	else
		hashtrie_insert(map, shape, &place, entry, hash);
	pthread_mutex_unlock(&place.inner->lock);
	if (link)
		free(entry); /* never published */
	epoch_settle(thread);
	return link != NULL;
}

/* If the key has the expected value (NULL: any value), locks its slot and
   returns its link. Otherwise locks nothing and returns NULL. First looks the
   key up without the lock. */
RM_HOT hashtrie_slot *hashtrie_lock_if(void *thread, struct rm_shape shape,
        struct rm_key key, uint64_t hash, const struct rm_value *expected,
        struct hashtrie_place *place)
{
	struct hashtrie_entry *entry =
	        hashtrie_find(hashtrie_of(thread), shape, key, hash);

	if (!entry || (expected && memcmp(entry->value, expected,
	                                   shape.value_bytes) != 0))
		return NULL;
	hashtrie_lock(thread, hash, place);
	hashtrie_slot *link = hashtrie_find_link(place->slot, shape, key);

	if (link) {
		entry = (void *)hashtrie_get(link);
		if (!expected ||
		        !memcmp(entry->value, expected, shape.value_bytes))
			return link;
	}
	pthread_mutex_unlock(&place->inner->lock);
	return NULL;
}

static inline bool hashtrie_compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	const uint64_t hash = hashtrie_hash(hashtrie_of(thread), shape, key);
	struct hashtrie_place place;
	hashtrie_slot *link =
	        hashtrie_lock_if(thread, shape, key, hash, expected, &place);

	if (!link)
		return false;
	struct hashtrie_entry *old =
	        hashtrie_replace(link, hashtrie_entry_new(shape, key, value));

	pthread_mutex_unlock(&place.inner->lock);
	hashtrie_retire(thread, shape, old);
	epoch_settle(thread);
	return true;
}

static inline bool hashtrie_is_empty(struct hashtrie_inner *inner)
{
	for (size_t i = 0; i < HASHTRIE_CHILDREN; i++)
		if (hashtrie_get(&inner->child[i]))
			return false;
	return true;
}

/* Cuts off the locked node and those ancestors that are empty, and unlocks.
   Only this function holds two locks, and it takes the lower one first. `shift`
   is that of hashtrie_child() for the node. */
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

/* Removes the key if it has the expected value (NULL: any value). Returns its
   unlinked entry, or NULL. */
RM_HOT struct hashtrie_entry *hashtrie_remove_entry(void *thread,
        struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected)
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

/* Implements take (Go's LoadAndDelete), and remove if `old` is NULL. */
RM_HOT bool hashtrie_take(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct hashtrie_entry *entry =
	        hashtrie_remove_entry(thread, shape, key, NULL);

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
	        hashtrie_remove_entry(thread, shape, key, expected);

	if (!entry)
		return false;
	hashtrie_retire(thread, shape, entry);
	epoch_settle(thread);
	return true;
}

/* Returns the size of a tree and its entries in bytes. Late writes may still
   change the tree. */
static inline uint64_t hashtrie_tree_bytes(
        struct rm_shape shape, struct hashtrie_inner *inner)
{
	uint64_t bytes = sizeof(*inner);

	for (size_t i = 0; i < HASHTRIE_CHILDREN; i++) {
		struct hashtrie_node *node = hashtrie_get(&inner->child[i]);

		if (node && !node->is_entry) {
			bytes += hashtrie_tree_bytes(shape, (void *)node);
			continue;
		}
		while (node) {
			struct hashtrie_entry *entry = (void *)node;

			bytes += hashtrie_entry_bytes(
			        shape, shape.str ? entry->word : 0);
			node = hashtrie_get(&entry->overflow);
		}
	}
	return bytes;
}

/* Replaces the root. A write that found the old root may end later; it then
   counts as a write before the clear. Go's clear is O(1). This function counts
   the bytes of the old tree, so the limit of retired bytes applies to clears,
   too. */
static inline void hashtrie_clear(void *thread)
{
	struct hashtrie *map = hashtrie_of(thread);
	struct hashtrie_inner *root = hashtrie_inner_new(NULL);

	/* acq_rel: publishes the new root and acquires the old one */
	root = atomic_exchange_explicit(&map->root, root, memory_order_acq_rel);
	epoch_retire(thread, HASHTRIE_TREE, root,
	        hashtrie_tree_bytes(map->shape, root));
	epoch_settle(thread);
}

#endif /* RM_HASHTRIEMAP_WRITE_H */
