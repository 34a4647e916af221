/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ck_nodes.h - the nodes of ck_ht.c, and the one call that grows its table.
 */
#ifndef RM_CK_NODES_H
#define RM_CK_NODES_H

#include <ck_ht.h>

typedef ck_ht_t ck_table;
#include "impls/lib/ck_limbo.h"

struct node {
	struct block block; /* first member */
	struct rm_value value;
	size_t length;
	char bytes[];
};

static RM_COLD struct node *node_new(
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	const size_t length = shape.str ? key.length : 0;
	struct node *node = (struct node *)block_new(sizeof(*node) + length);

	if (!node)
		abort(); /* the contract has no "out of memory" for a write */
	memcpy(&node->value, value, shape.value_bytes);
	node->length = length;
	if (length)
		memcpy(node->bytes, key.bytes, length);
	return node;
}

/* `entry` becomes the one it replaced, or empty. */
static RM_COLD void table_set(
        struct map *map, ck_ht_hash_t hash, ck_ht_entry_t *entry)
{
	const uint64_t start_ns = RM_EVENT_CLOCK();
	const uint64_t growths = map->growths;

	growing = map;
	if (!ck_ht_set_spmc(&map->table, hash, entry))
		abort();
	growing = NULL;
	if (map->growths != growths)
		RM_EVENT_SPAN(
		        RM_EVENT_RESIZE, start_ns, ck_ht_count(&map->table));
}

/* Only asked by ck_ht_hash*(), which we do not call: hashes come from us. */
static void table_hash(
        ck_ht_hash_t *hash, const void *key, size_t length, uint64_t seed)
{
	(void)hash, (void)key, (void)length, (void)seed;
	abort();
}

#endif /* RM_CK_NODES_H */
