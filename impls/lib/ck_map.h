/* SPDX-License-Identifier: Apache-2.0 */
/* ck_map.h - ck_ht.c without its operations: the table, and the two keys that
   the library reserves. */
#ifndef RM_CK_MAP_H
#define RM_CK_MAP_H

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
		abort(); /* writes cannot report that memory ran out */
	memcpy(&node->value, value, shape.value_bytes);
	node->length = length;
	if (length)
		memcpy(node->bytes, key.bytes, length);
	return node;
}

/* `entry` receives the replaced entry, or becomes empty. */
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

/* Used only by ck_ht_hash*(), which this map does not call because it
   computes the hashes itself. */
static void table_hash(
        ck_ht_hash_t *hash, const void *key, size_t length, uint64_t seed)
{
	(void)hash, (void)key, (void)length, (void)seed;
	abort();
}

/* True for the two keys that direct mode reserves. */
RM_HOT bool reserved(uint64_t word)
{
	return word + 1 <= 1;
}

static RM_COLD bool lookup_reserved(struct map *map, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	/* acquire: pairs with the release in put_reserved() */
	struct node *node = atomic_load_explicit(
	        &map->reserved[key.word & 1], memory_order_acquire);

	if (node)
		memcpy(value, &node->value, shape.value_bytes);
	return node != NULL;
}

/* The caller holds the mutex. If `value` is NULL, removes the key. */
static RM_COLD bool put_reserved(struct map *map, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct node *node = value ? node_new(shape, key, value) : NULL;
	/* release: pairs with the acquire in lookup_reserved() */
	struct node *replaced = atomic_exchange_explicit(
	        &map->reserved[key.word & 1], node, memory_order_acq_rel);

	if (!replaced)
		return false;
	if (old)
		memcpy(old, &replaced->value, shape.value_bytes);
	retire(map, &replaced->block);
	return true;
}

/* Returns the node of a reserved key. relaxed: the caller holds the mutex, so
   no thread writes. */
static struct node *reserved_node(struct map *map, int i)
{
	return atomic_load_explicit(&map->reserved[i], memory_order_relaxed);
}

static bool scan_reserved(struct map *map, rm_scan_fn *fn, void *context)
{
	bool more = true;

	for (int i = 0; i < 2 && more; i++) {
		struct node *node = reserved_node(map, i);
		struct rm_key key = { .word = i ? UINT64_MAX : 0 };

		if (node)
			more = fn(context, key, &node->value);
	}
	return more;
}

static size_t count_of(struct map *map)
{
	return ck_ht_count(&map->table) + (reserved_node(map, 0) != NULL) +
	       (reserved_node(map, 1) != NULL);
}

static bool map_check(void *opaque, char *why, size_t size)
{
	struct map *map = opaque;
	ck_ht_iterator_t at = CK_HT_ITERATOR_INITIALIZER;
	ck_ht_entry_t *entry;
	size_t count = 0;

	while (ck_ht_next(&map->table, &at, &entry))
		count++;
	if (count != ck_ht_count(&map->table)) {
		snprintf(why, size, "%zu entries, but count is %zu", count,
		        (size_t)ck_ht_count(&map->table));
		return false;
	}
	if (RM_STATS_BUILT &&
	        map->retired - map->freed != map->limbo.n_pending) {
		snprintf(why, size,
		        "retired - freed is %zu, but %u are pending",
		        (size_t)(map->retired - map->freed),
		        map->limbo.n_pending);
		return false;
	}
	return true;
}

static bool table_init(struct map *map, const struct rm_sizing *sizing)
{
	static struct ck_malloc allocator = { .malloc = table_malloc,
		.free = table_free };
	const unsigned mode =
	        sizing->shape.str ? CK_HT_MODE_BYTESTRING : CK_HT_MODE_DIRECT;
	size_t slots = TABLE_SMALLEST;

	while (sizing->presize && slots < sizing->keys * 2)
		slots *= 2;
	return ck_ht_init(&map->table, mode | CK_HT_WORKLOAD_DELETE, table_hash,
	        &allocator, slots, sizing->seed);
}

static void table_end(struct map *map)
{
	ck_ht_iterator_t at = CK_HT_ITERATOR_INITIALIZER;
	ck_ht_entry_t *entry;
	const bool in_nodes = map->shape.str || map->shape.value_bytes != 8;

	while (in_nodes && ck_ht_next(&map->table, &at, &entry))
		free((void *)entry->value);
	free(reserved_node(map, 0));
	free(reserved_node(map, 1));
	ck_ht_destroy(&map->table);
}

#endif /* RM_CK_MAP_H */
