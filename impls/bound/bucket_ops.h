/* SPDX-License-Identifier: Apache-2.0 */
/* bucket_ops.h - the operations of unsync_bucket and unsync_bucket_bulk. */
#ifndef RM_BUCKET_OPS_H
#define RM_BUCKET_OPS_H

#include "impls/bound/bucket.h"
#include "impls/support/no_handle.h"
#include "runner/driver.h"
#include "runner/map.h"

#include <stdlib.h>

struct map {
	_Alignas(RM_CACHE_LINE) struct buckets table;
};

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = aligned_alloc(RM_CACHE_LINE, sizeof(*map));

	if (!map)
		return NULL;
	*map = (struct map){ .table = { .count = 0 } };
	if (!bucket_init(&map->table, sizing))
		return map;
	free(map);
	return NULL;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	free(map->table.line);
	free(map);
}

/* Returns the address of the value, or NULL. */
RM_HOT uint64_t *find(struct map *map, uint64_t word)
{
	if (__builtin_expect(word != 0, 1))
		return bucket_find(&map->table, word);
	return map->table.has_zero ? &map->table.zero : NULL;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	const uint64_t *value_slot = find(thread, key.word);

	(void)shape;
	if (!value_slot)
		return false;
	/* relaxed: a single word, which publishes nothing else */
	value->word[0] = __atomic_load_n(value_slot, __ATOMIC_RELAXED);
	return true;
}

/* Fetches the home lines of all keys before it reads the first. */
RM_HOT uint64_t lookup_many(void *thread, struct rm_shape shape,
        const struct rm_key *keys, unsigned count, struct rm_value *values)
{
	const struct map *map = thread;
	uint64_t found = 0;

	for (unsigned i = 0; i < count; i++)
		__builtin_prefetch(
		        &map->table
		                 .line[bucket_home(&map->table, keys[i].word)]);
	for (unsigned i = 0; i < count; i++)
		found |= (uint64_t)lookup(thread, shape, keys[i], &values[i])
		         << i;
	return found;
}

static RM_COLD void insert_new(struct map *map, uint64_t word, uint64_t value)
{
	if (word) {
		bucket_insert(&map->table, word, value);
	} else {
		map->table.has_zero = true;
		map->table.zero = value;
	}
}

/* A read-modify-write is needed only if the caller passes `old`. */
RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	uint64_t *value_slot = find(thread, key.word);

	(void)shape;
	if (!value_slot) {
		insert_new(thread, key.word, value->word[0]);
		return false;
	}
	/* both relaxed: a single word, which publishes nothing else */
	if (old)
		old->word[0] = __atomic_exchange_n(
		        value_slot, value->word[0], __ATOMIC_RELAXED);
	else
		__atomic_store_n(value_slot, value->word[0], __ATOMIC_RELAXED);
	return true;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	uint64_t *value_slot = find(map, key.word);

	(void)shape;
	if (!value_slot)
		return false;
	if (old)
		old->word[0] = *value_slot;
	if (key.word)
		bucket_vacate(&map->table, value_slot);
	else
		map->table.has_zero = false;
	return true;
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	const struct map *map = thread;

	(void)shape;
	bucket_scan(&map->table, fn, context);
}

static size_t length(void *thread)
{
	const struct map *map = thread;

	return map->table.count + map->table.has_zero;
}

static void clear(void *thread)
{
	struct map *map = thread;

	bucket_clear(&map->table);
}

static bool check(void *opaque, char *why, size_t size)
{
	const struct map *map = opaque;

	return bucket_check(&map->table, why, size);
}

#define BUCKET_OPS                                                     \
	NO_HANDLE_OPS, .length = length, .scan = scan, .clear = clear, \
	               .check = check

/* Members of struct rm_impl that these maps share. */
#define BUCKET_MAP                                                           \
	.family = "bound", .sync = "none",                                   \
	.source = "own; buckets of a line as in CLHT (David et al., ASPLOS " \
	          "2015)",                                                   \
	.shapes = 1 << 0, .caps = RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT,      \
	.guarantees = "none", .progress = "wait-free", .ops = &ops

#endif /* RM_BUCKET_OPS_H */
