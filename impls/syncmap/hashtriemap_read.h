/* SPDX-License-Identifier: Apache-2.0 */
/* hashtriemap_read.h - hash trie: lookup, scan. Inner part of hashtriemap.h. */
#ifndef RM_HASHTRIEMAP_READ_H
#define RM_HASHTRIEMAP_READ_H

#include "impls/syncmap/hashtriemap_layout.h"

RM_HOT bool hashtrie_key_equal(
        struct rm_shape shape, struct hashtrie_entry *entry, struct rm_key key)
{
	if (!shape.str)
		return entry->word == key.word;
	return entry->word == key.length &&
	       (key.length == 0 || !memcmp(hashtrie_bytes(shape, entry),
	                                   key.bytes, key.length));
}

/* The slot for a hash, which is empty or has entries. */
struct hashtrie_place {
	struct hashtrie_inner *inner;
	hashtrie_slot *slot;
	unsigned shift; /* number of bits below those that lead to the slot */
};

/* Descends to the slot of a hash and returns its entry or NULL. The loop ends,
   because keys with equal hashes share a slot. */
RM_HOT struct hashtrie_entry *hashtrie_descend(
        struct hashtrie *map, uint64_t hash, struct hashtrie_place *place)
{
	struct hashtrie_inner *inner = hashtrie_root(map);
	unsigned shift = HASHTRIE_HASH_BITS;

	for (;;) {
		shift -= HASHTRIE_BITS;
		hashtrie_slot *slot = hashtrie_child(inner, hash, shift);
		struct hashtrie_node *node = hashtrie_get(slot);

		if (!node || node->is_entry) {
			*place = (struct hashtrie_place){ inner, slot, shift };
			return (struct hashtrie_entry *)node;
		}
		inner = (struct hashtrie_inner *)node;
	}
}

/* Searches this slot and the chain after it for an entry with the key. Returns
   the slot that points to the entry, or NULL. */
RM_HOT hashtrie_slot *hashtrie_find_link(
        hashtrie_slot *slot, struct rm_shape shape, struct rm_key key)
{
	struct hashtrie_entry *entry;

	for (; (entry = (void *)hashtrie_get(slot)); slot = &entry->overflow)
		if (hashtrie_key_equal(shape, entry, key))
			return slot;
	return NULL;
}

/* Returns the key's entry, or NULL. */
RM_HOT struct hashtrie_entry *hashtrie_find(struct hashtrie *map,
        struct rm_shape shape, struct rm_key key, uint64_t hash)
{
	struct hashtrie_place place;
	struct hashtrie_entry *entry = hashtrie_descend(map, hash, &place);

	while (entry && !hashtrie_key_equal(shape, entry, key))
		entry = (void *)hashtrie_get(&entry->overflow);
	return entry;
}

RM_HOT uint64_t hashtrie_hash(
        const struct hashtrie *map, struct rm_shape shape, struct rm_key key)
{
	return HASHTRIE_HASH(shape, key, map->seed);
}

RM_HOT bool hashtrie_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct hashtrie *map = hashtrie_of(thread);
	struct hashtrie_entry *entry =
	        hashtrie_find(map, shape, key, hashtrie_hash(map, shape, key));

	if (!entry)
		return false;
	memcpy(value, entry->value, shape.value_bytes);
	return true;
}

/* Visits all entries below a node, slot by slot. Returns false if `fn` returned
   false. */
static inline bool hashtrie_walk(struct hashtrie_inner *inner,
        struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	for (size_t i = 0; i < HASHTRIE_CHILDREN; i++) {
		struct hashtrie_node *node = hashtrie_get(&inner->child[i]);

		if (node && !node->is_entry) {
			if (!hashtrie_walk((struct hashtrie_inner *)node, shape,
			            fn, context))
				return false;
			continue;
		}
		while (node) {
			struct hashtrie_entry *entry = (void *)node;
			struct rm_value value;

			memcpy(&value, entry->value, shape.value_bytes);
			if (!fn(context, hashtrie_key(shape, entry), &value))
				return false;
			node = hashtrie_get(&entry->overflow);
		}
	}
	return true;
}

/* Visits entries in the order of their hashes, without a lock. Since that order
   never changes, each key is visited at most once. `fn` may use the map with
   this handle, but must not announce or park. */
static inline void hashtrie_scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct epoch_record *record = thread;

	record->pinned++; /* a write by `fn` must not wait and so park this
			     thread */
	hashtrie_walk(hashtrie_root(hashtrie_of(thread)), shape, fn, context);
	record->pinned--;
	epoch_settle(record);
}

static inline bool hashtrie_count(
        void *context, struct rm_key key, const struct rm_value *value)
{
	(void)key, (void)value;
	++*(size_t *)context;
	return true;
}

/* For checks only, since Go's map does not have this operation. */
static inline size_t hashtrie_length(void *thread)
{
	struct hashtrie *map = hashtrie_of(thread);
	size_t count = 0;

	hashtrie_scan(thread, map->shape, hashtrie_count, &count);
	return count;
}

#endif /* RM_HASHTRIEMAP_READ_H */
