/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h - a chained hash table with a fixed number of buckets. It has no
 * lock: the file that includes it must lock. */
#ifndef BROKEN_CHAIN_H
#define BROKEN_CHAIN_H

#include "impls/support/hash.h"
#include "verify/corpora/broken/broken.h"

struct node {
	struct node *next;
	uint64_t key;
	struct rm_value value;
};

struct chain {
	struct node **bucket;
	size_t mask;
	uint64_t seed;
};

static inline bool chain_init(struct chain *chain, size_t keys, uint64_t seed)
{
	chain->mask = broken_power(8, keys / 2) - 1;
	chain->seed = seed;
	chain->bucket = calloc(chain->mask + 1, sizeof(*chain->bucket));
	return chain->bucket != NULL;
}

static inline uint64_t chain_hash(const struct chain *chain, uint64_t word)
{
	return rm_hash(RM_U64X8, (struct rm_key){ .word = word }, chain->seed);
}

/* Returns the link to the key's node, or the NULL link at the end of its
 * bucket. */
RM_HOT struct node **chain_spot(const struct chain *chain, struct rm_key key)
{
	struct node **link =
	        &chain->bucket[chain_hash(chain, key.word) & chain->mask];

	while (*link && (*link)->key != key.word)
		link = &(*link)->next;
	return link;
}

static inline struct node *chain_node(
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	struct node *node = broken_need(malloc(sizeof(*node)));

	node->next = NULL;
	node->key = key.word;
	broken_copy(shape, &node->value, value);
	return node;
}

static inline void chain_drop(struct node **link)
{
	struct node *node = *link;

	*link = node->next;
	free(node);
}

/* Frees all nodes; returns their number. */
static inline size_t chain_empty(struct chain *chain)
{
	size_t count = 0;

	for (size_t i = 0; i <= chain->mask; i++)
		for (; chain->bucket[i]; count++)
			chain_drop(&chain->bucket[i]);
	return count;
}

static inline void chain_end(struct chain *chain)
{
	if (chain->bucket)
		chain_empty(chain);
	free(chain->bucket);
}

static inline bool chain_scan(
        const struct chain *chain, rm_scan_fn *fn, void *context)
{
	bool more = true;

	for (size_t i = 0; more && i <= chain->mask; i++)
		for (struct node *node = chain->bucket[i]; more && node;
		        node = node->next)
			more = fn(context, (struct rm_key){ .word = node->key },
			        &node->value);
	return more;
}

#endif /* BROKEN_CHAIN_H */
