/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ck_map.h - ck_ht.c without its operations: the map, its threads, and the two
 * keys that the library keeps for itself.
 *
 * One ck_epoch record per thread marks what it may be reading: open from
 * join to leave but for quiesce, park and writes. A writer needs no section,
 * for nobody else frees. Above the limit it waits for a grace period: it
 * cannot wait for itself, and writers that queue for the mutex have closed
 * their sections.
 */
#ifndef RM_CK_MAP_H
#define RM_CK_MAP_H

#include "impls/lib/ck_nodes.h"

/* Closes the section, so that a writer that waits for us to pass does not
   wait for ever. */
RM_HOT void write_begin(struct thread *self, size_t key_length)
{
	if (key_length > UINT16_MAX)
		abort();
	ck_epoch_end(&self->record, NULL);
	lock_mutex(&self->map->writer);
}

RM_HOT void write_end(struct thread *self)
{
	struct map *map = self->map;

	if (map->limbo.n_pending >= RECLAIM_EVERY)
		reclaim(map);
	if (map->limbo_bytes > map->limit_bytes)
		wait_for_grace(map);
	pthread_mutex_unlock(&map->writer);
	ck_epoch_begin(&self->record, NULL);
}

/* The two keys that direct mode keeps for itself. */
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

/* Under the mutex. value == NULL: take it out. */
static RM_COLD bool put_reserved(struct map *map, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct node *node = value ? node_new(shape, key, value) : NULL;
	/* release: pairs with the acquire in lookup_reserved() */
	struct node *before = atomic_exchange_explicit(
	        &map->reserved[key.word & 1], node, memory_order_acq_rel);

	if (!before)
		return false;
	if (old)
		memcpy(old, &before->value, shape.value_bytes);
	retire(map, &before->block);
	return true;
}

/* The node of a reserved key. relaxed: under the mutex nobody writes. */
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

static void *thread_join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	ck_epoch_begin(&map->threads[slot].record, NULL);
	return map->threads + slot;
}

static void thread_park(void *thread)
{
	ck_epoch_end(&((struct thread *)thread)->record, NULL);
}

static void thread_unpark(void *thread)
{
	ck_epoch_begin(&((struct thread *)thread)->record, NULL);
}

RM_HOT void thread_quiesce(void *thread)
{
	ck_epoch_end(&((struct thread *)thread)->record, NULL);
	ck_epoch_begin(&((struct thread *)thread)->record, NULL);
}

static void map_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct map *map = opaque;

	pthread_mutex_lock(&map->writer);
	emit(context, "retired", "1", rm_stat_value(map->retired));
	emit(context, "freed", "1", rm_stat_value(map->freed));
	emit(context, "limbo", "bytes", (double)map->limbo_bytes);
	emit(context, "limbo_peak", "bytes", (double)map->peak_bytes);
	emit(context, "grace_waits", "1", (double)map->waits);
	emit(context, "growths", "1", (double)map->growths);
	pthread_mutex_unlock(&map->writer);
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

static void *map_new(const struct rm_sizing *sizing)
{
	struct map *map = aligned_alloc(_Alignof(struct map), sizeof(*map));

	if (!map)
		return NULL;
	memset(map, 0, sizeof(*map));
	map->threads = aligned_alloc(_Alignof(struct thread),
	        sizing->threads * sizeof(*map->threads));
	if (!map->threads || !table_init(map, sizing)) {
		free(map->threads);
		free(map);
		return NULL;
	}
	map->shape = sizing->shape;
	map->seed = sizing->seed;
	map->limit_bytes = sizing->retired_limit_bytes
	                           ? sizing->retired_limit_bytes
	                           : LIMIT_BYTES;
	pthread_mutex_init(&map->writer, NULL);
	ck_epoch_init(&map->epoch);
	ck_epoch_register(&map->epoch, &map->limbo, NULL);
	for (size_t i = 0; i < sizing->threads; i++) {
		map->threads[i].map = map;
		ck_epoch_register(&map->epoch, &map->threads[i].record, NULL);
	}
	return map;
}

/* All sections are closed: the entries' nodes are freed by the caller. */
static void map_free(struct map *map)
{
	while (map->limbo.n_pending)
		reclaim(map);
	free(reserved_node(map, 0));
	free(reserved_node(map, 1));
	ck_ht_destroy(&map->table);
	pthread_mutex_destroy(&map->writer);
	free(map->threads);
	free(map);
}

#endif /* RM_CK_MAP_H */
