/* SPDX-License-Identifier: Apache-2.0 */
/* hashtriemap_layout.h - hash trie: nodes, entries, creation and destruction.
   Inner part of hashtriemap.h. */
#ifndef RM_HASHTRIEMAP_LAYOUT_H
#define RM_HASHTRIEMAP_LAYOUT_H

#include "impls/support/epoch.h"
#include "impls/support/hash.h"
#include "impls/support/lock_pthread.h"
#include "runner/map.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tests of the tree's form define a hash of their own. */
#ifndef HASHTRIE_HASH
#define HASHTRIE_HASH rm_hash
#endif

enum {
	HASHTRIE_BITS = 4, /* bits of the hash that each level uses, from the
	                      top */
	HASHTRIE_CHILDREN = 1 << HASHTRIE_BITS,
	HASHTRIE_HASH_BITS = 64,
};

/* An inner node or an entry; slots point to these. */
struct hashtrie_node {
	bool is_entry;
};

typedef _Atomic(struct hashtrie_node *) hashtrie_slot;

/* An inner node has sixteen slots. A thread that changes a slot holds the lock.
   This is glibc's mutex instead of Go's (syncmap_mutex.h), so it takes 40 bytes
   instead of 8. */
struct hashtrie_inner {
	struct hashtrie_node node;
	bool dead; /* true if the node was cut off and must not be changed;
	              protected by the lock */
	struct hashtrie_inner *parent; /* NULL for the root */
	pthread_mutex_t lock;
	hashtrie_slot child[HASHTRIE_CHILDREN];
};

/* A key and its value, both immutable. (In Go both are interfaces, whose words
   are elsewhere: see hashtriemap.c.) */
struct hashtrie_entry {
	struct hashtrie_node node;
	hashtrie_slot overflow; /* an entry of the same hash, or NULL */
	uint64_t word;          /* the key; its length in string shapes */
	uint64_t value[]; /* 1 or 3 words, then the bytes of a string key */
};

struct hashtrie {
	_Alignas(EPOCH_PAD) _Atomic(struct hashtrie_inner *) root;
	struct epoch *epoch; /* the members below are constant */
	struct rm_shape shape;
	uint64_t seed;
	/* statistics, which any thread increments in the stats build */
	_Alignas(EPOCH_PAD) _Atomic uint64_t made, cut, overflows;
};

/* Kinds of retired objects. */
enum {
	HASHTRIE_ENTRY,
	HASHTRIE_INNER, /* empty */
	HASHTRIE_TREE,  /* a root with its whole tree */
};

RM_HOT struct hashtrie *hashtrie_of(void *thread)
{
	return ((struct epoch_record *)thread)->owner;
}

/* Returns the node in a slot, or NULL. */
RM_HOT struct hashtrie_node *hashtrie_get(hashtrie_slot *slot)
{
	/* seq_cst: pairs with hashtrie_set(), which gives the reason */
	return atomic_load_explicit(slot, memory_order_seq_cst);
}

RM_HOT void hashtrie_set(hashtrie_slot *slot, struct hashtrie_node *node)
{
	/* release: publishes the node's content; pairs with hashtrie_get(). If
	   two threads each write one key and then look up the other's, at least
	   one must see the other's write. C11 requires seq_cst for that, an
	   exchange on x86. On x86 the release suffices, because the unlock of
	   the mutex, a locked instruction, separates the write from the lookup.
	   AArch64 does not reorder stlr and ldar. If hashtrie_get() only
	   acquired, it would compile to ldapr on CPUs with RCpc. */
	atomic_store_explicit(slot, node, memory_order_release);
}

RM_HOT struct hashtrie_inner *hashtrie_root(struct hashtrie *map)
{
	/* acquire: pairs with the exchange in hashtrie_clear() */
	return atomic_load_explicit(&map->root, memory_order_acquire);
}

/* Returns the slot for this hash. `shift` bits are below those that the node
   uses. */
RM_HOT hashtrie_slot *hashtrie_child(
        struct hashtrie_inner *inner, uint64_t hash, unsigned shift)
{
	return &inner->child[hash >> shift & (HASHTRIE_CHILDREN - 1)];
}

/* If memory runs out, ends the process, since writes cannot report an error.
   The trial is recorded as failed. */
static inline void *hashtrie_new(size_t bytes)
{
	void *memory = calloc(1, bytes);

	if (memory)
		return memory;
	fputs("fatal: no memory for another entry\n", stderr);
	abort();
}

static inline struct hashtrie_inner *hashtrie_inner_new(
        struct hashtrie_inner *parent)
{
	struct hashtrie_inner *inner = hashtrie_new(sizeof(*inner));

	inner->parent = parent;
	pthread_mutex_init(&inner->lock, NULL);
	return inner;
}

static inline void hashtrie_inner_free(struct hashtrie_inner *inner)
{
	pthread_mutex_destroy(&inner->lock);
	free(inner);
}

RM_HOT char *hashtrie_bytes(struct rm_shape shape, struct hashtrie_entry *entry)
{
	return (char *)entry->value + shape.value_bytes;
}

RM_HOT size_t hashtrie_entry_bytes(struct rm_shape shape, size_t key_length)
{
	return sizeof(struct hashtrie_entry) + shape.value_bytes +
	       (shape.str ? key_length : 0);
}

static inline struct hashtrie_entry *hashtrie_entry_new(
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	struct hashtrie_entry *entry =
	        hashtrie_new(hashtrie_entry_bytes(shape, key.length));

	entry->node.is_entry = true;
	entry->word = shape.str ? key.length : key.word;
	memcpy(entry->value, value, shape.value_bytes);
	if (shape.str && key.length)
		memcpy(hashtrie_bytes(shape, entry), key.bytes, key.length);
	return entry;
}

/* Returns an entry's key as a struct rm_key. */
RM_HOT struct rm_key hashtrie_key(
        struct rm_shape shape, struct hashtrie_entry *entry)
{
	if (!shape.str)
		return (struct rm_key){ .word = entry->word };
	return (struct rm_key){ .bytes = hashtrie_bytes(shape, entry),
		.length = entry->word };
}

/* Frees a tree with its entries. No other thread can reach it. */
static inline void hashtrie_tree_free(struct hashtrie_inner *inner)
{
	for (size_t i = 0; i < HASHTRIE_CHILDREN; i++) {
		struct hashtrie_node *node = hashtrie_get(&inner->child[i]);

		if (node && !node->is_entry) {
			hashtrie_tree_free((struct hashtrie_inner *)node);
			continue;
		}
		while (node) {
			struct hashtrie_entry *entry = (void *)node;

			node = hashtrie_get(&entry->overflow);
			free(entry);
		}
	}
	hashtrie_inner_free(inner);
}

static void epoch_free(void *owner, unsigned kind, void *pointer)
{
	(void)owner;
	if (kind == HASHTRIE_ENTRY)
		free(pointer);
	else if (kind == HASHTRIE_INNER)
		hashtrie_inner_free(pointer);
	else
		hashtrie_tree_free(pointer);
}

static inline void hashtrie_destroy(void *opaque)
{
	struct hashtrie *map = opaque;

	epoch_destroy(map->epoch, map);
	hashtrie_tree_free(hashtrie_root(map));
	free(map);
}

/* Like Go's map, this one starts with one node, whatever `sizing` requests. */
static inline void *hashtrie_create(const struct rm_sizing *sizing)
{
	struct hashtrie *map = aligned_alloc(EPOCH_PAD, sizeof(*map));

	if (!map)
		return NULL;
	*map = (struct hashtrie){ .shape = sizing->shape,
		.seed = sizing->seed };
	atomic_init(&map->root, hashtrie_inner_new(NULL));
	map->epoch = epoch_create(
	        sizing->threads, sizing->retired_limit_bytes, false);
	if (map->epoch)
		return map;
	hashtrie_destroy(map);
	return NULL;
}

#endif /* RM_HASHTRIEMAP_LAYOUT_H */
