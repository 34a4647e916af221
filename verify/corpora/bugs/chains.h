/* SPDX-License-Identifier: Apache-2.0 */
/* chains.h - tables of buckets, each with a lock and a chain. Growth copies a
 * table into a larger one. Old tables are kept until destroy, as a garbage
 * collector would keep them for readers. Each file implements growth during
 * writes itself. */
#ifndef RM_BUG_CHAINS_H
#define RM_BUG_CHAINS_H

#include "verify/corpora/bugs/bug.h"

enum { SMALLEST = 4 };

struct node {
	uint64_t key, word;
	struct node *next;
};

struct bucket {
	pthread_mutex_t lock;
	struct node *first; /* protected by the lock */
};

struct table {
	size_t mask;
	struct table *older;
	struct bucket buckets[];
};

RM_HOT struct bucket *bucket_of(struct table *table, struct rm_key key)
{
	return table->buckets + (hash_of(key) & table->mask);
}

static inline struct table *new_table(size_t buckets, struct table *older)
{
	struct table *table =
	        bug_alloc(sizeof(*table) + buckets * sizeof(table->buckets[0]));

	table->mask = buckets - 1;
	table->older = older;
	for (size_t i = 0; i < buckets; i++)
		pthread_mutex_init(&table->buckets[i].lock, NULL);
	return table;
}

/* Frees a table and all older ones. */
static inline void free_tables(struct table *table)
{
	for (struct table *older; table; table = older) {
		older = table->older;
		for (size_t i = 0; i <= table->mask; i++) {
			struct node *node = table->buckets[i].first;

			for (struct node *next; node; node = next) {
				next = node->next;
				free(node);
			}
			pthread_mutex_destroy(&table->buckets[i].lock);
		}
		free(table);
	}
}

/* The following functions are called under the bucket's lock. */

RM_HOT struct node **link_of(struct bucket *bucket, struct rm_key key)
{
	struct node **link = &bucket->first;

	while (*link && (*link)->key != key.word)
		link = &(*link)->next;
	return link;
}

RM_HOT bool chain_read(
        struct bucket *bucket, struct rm_key key, struct rm_value *value)
{
	const struct node *node = *link_of(bucket, key);

	if (node)
		store_result(value, node->word);
	return node;
}

/* Inserts or replaces; returns whether the key was present. */
static inline bool chain_write(struct bucket *bucket, struct rm_key key,
        uint64_t word, struct rm_value *old)
{
	struct node *node = *link_of(bucket, key);
	const bool was_there = node;

	if (was_there) {
		store_result(old, node->word);
	} else {
		node = bug_alloc(sizeof(*node));
		node->key = key.word;
		node->next = bucket->first;
		bucket->first = node;
	}
	node->word = word;
	return was_there;
}

static inline bool chain_remove(
        struct bucket *bucket, struct rm_key key, struct rm_value *old)
{
	struct node **link = link_of(bucket, key), *node = *link;

	if (!node)
		return false;
	store_result(old, node->word);
	*link = node->next;
	free(node);
	return true;
}

/* Copies a bucket into a table that no other thread writes. If `locked`, other
 * threads read that table. */
static inline void copy_bucket(
        const struct bucket *from, struct table *to, bool locked)
{
	for (const struct node *node = from->first; node; node = node->next) {
		struct rm_key key = { .word = node->key };
		struct bucket *bucket = bucket_of(to, key);

		if (locked)
			pthread_mutex_lock(&bucket->lock);
		chain_write(bucket, key, node->word, NULL);
		if (locked)
			pthread_mutex_unlock(&bucket->lock);
	}
}

#endif /* RM_BUG_CHAINS_H */
