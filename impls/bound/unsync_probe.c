/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unsync_probe.c - linear probing without any synchronisation: a bound.
 *
 * Measures the cost of rwlock_probe's table without its lock. A lookup writes
 * no shared memory. Safe with one thread, with readers only, and with writes of
 * resident keys, which change only the value's word, by one relaxed atomic
 * store. Reads of a 24-byte value could be torn, so those shapes are not
 * offered.
 */
#include "impls/bound/probe.h"
#include "impls/support/no_handle.h"
#include "runner/driver.h"
#include "runner/map.h"

#include <stdlib.h>

struct map {
	_Alignas(RM_CACHE_LINE) struct probe table;
	struct rm_shape shape;
};

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = aligned_alloc(RM_CACHE_LINE, sizeof(*map));

	if (!map)
		return NULL;
	*map = (struct map){ .shape = sizing->shape };
	if (!probe_init(&map->table, sizing))
		return map;
	free(map);
	return NULL;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	probe_free(&map->table, map->shape);
	free(map);
}

/* Returns the only word of a slot that another thread may write
 * concurrently. */
RM_HOT uint64_t *value_word(struct rm_shape shape, uint64_t *slot)
{
	return slot + probe_value_at(shape);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = thread;
	const uint64_t tag = probe_tag(&map->table, shape, key);
	uint64_t *slot = probe_find(&map->table, shape, tag, key);

	if (!slot[PROBE_TAG])
		return false;
	/* relaxed: a single word, which publishes nothing else */
	value->word[0] =
	        __atomic_load_n(value_word(shape, slot), __ATOMIC_RELAXED);
	return true;
}

/* A read-modify-write is needed only if the caller passes `old`. */
RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	const uint64_t tag = probe_tag(&map->table, shape, key);
	uint64_t *slot = probe_find(&map->table, shape, tag, key);

	if (!slot[PROBE_TAG]) {
		slot = probe_claim(&map->table, shape, tag, key);
		probe_write(shape, slot, value);
		return false;
	}
	/* both relaxed: a single word, which publishes nothing else */
	if (old)
		old->word[0] = __atomic_exchange_n(value_word(shape, slot),
		        value->word[0], __ATOMIC_RELAXED);
	else
		__atomic_store_n(value_word(shape, slot), value->word[0],
		        __ATOMIC_RELAXED);
	return true;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	const uint64_t tag = probe_tag(&map->table, shape, key);
	uint64_t *slot = probe_find(&map->table, shape, tag, key);

	if (!slot[PROBE_TAG])
		return false;
	if (old)
		probe_read(shape, slot, old);
	probe_vacate(&map->table, shape, slot);
	return true;
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = thread;

	probe_scan(&map->table, shape, fn, context);
}

static size_t length(void *thread)
{
	const struct map *map = thread;

	return map->table.count;
}

static void clear(void *thread)
{
	struct map *map = thread;

	probe_clear(&map->table, map->shape);
}

static bool check(void *opaque, char *why, size_t size)
{
	const struct map *map = opaque;

	return probe_check(&map->table, map->shape, why, size);
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
	.length = length,
	.scan = scan,
	.clear = clear,
	.check = check,
};

RM_DRIVE(ops, u64x8, RM_U64X8)
RM_DRIVE(ops, str16x8, RM_STR16X8)

const struct rm_impl rm_impl_unsync_probe = {
	.id = "unsync_probe",
	.label = "probing, no lock",
	.family = "bound",
	.sync = "none",
	.source = "Knuth, TAOCP vol. 3, 6.4, algorithms L and R",
	.shapes = 1 << 0 | 1 << 2, /* the shapes with 8-byte values */
	.caps = RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT,
	.guarantees = "none",
	.progress = "wait-free",
	.ops = &ops,
	.drive = { drive_u64x8, NULL, drive_str16x8, NULL },
};
