/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rwlock_probe.c - linear probing under one reader-writer lock.
 *
 * This is the obvious first design, and the example in docs/guide/your-map.md;
 * copy this file to start your own map. Readers share the lock, but each lookup
 * still writes the lock's cache line twice. This line limits the throughput;
 * the table does not.
 */
#include "impls/bound/probe.h"
#include "impls/support/lock_pthread.h"
#include "impls/support/no_handle.h"
#include "runner/driver.h"
#include "runner/map.h"

#include <pthread.h>
#include <stdlib.h>

struct map {
	/* Every operation writes the lock and reads the table's header, so both
	   share one cache line. */
	_Alignas(RM_CACHE_LINE) pthread_rwlock_t lock;
	struct probe table;    /* protected by lock */
	struct rm_shape shape; /* needed by destroy() */
};

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = aligned_alloc(RM_CACHE_LINE, sizeof(*map));

	if (!map)
		return NULL;
	*map = (struct map){ .shape = sizing->shape };
	if (probe_init(&map->table, sizing)) {
		free(map);
		return NULL;
	}
	pthread_rwlock_init(&map->lock, NULL);
	return map;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	pthread_rwlock_destroy(&map->lock);
	probe_free(&map->table, map->shape);
	free(map);
}

/* RM_HOT inlines this into the measured loop, where `shape` is a constant and
   branches on it are removed. The hash is computed outside the lock. */
RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = thread;
	const uint64_t tag = probe_tag(&map->table, shape, key);

	lock_to_read(&map->lock);
	const uint64_t *slot = probe_find(&map->table, shape, tag, key);
	const bool was_there = slot[PROBE_TAG] != 0;

	if (was_there)
		probe_read(shape, slot, value);
	pthread_rwlock_unlock(&map->lock);
	return was_there;
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	const uint64_t tag = probe_tag(&map->table, shape, key);

	lock_to_write(&map->lock);
	uint64_t *slot = probe_find(&map->table, shape, tag, key);
	const bool was_there = slot[PROBE_TAG] != 0;

	if (!was_there)
		slot = probe_claim(&map->table, shape, tag, key);
	else if (old)
		probe_read(shape, slot, old);
	probe_write(shape, slot, value);
	pthread_rwlock_unlock(&map->lock);
	return was_there;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	const uint64_t tag = probe_tag(&map->table, shape, key);

	lock_to_write(&map->lock);
	uint64_t *slot = probe_find(&map->table, shape, tag, key);
	const bool was_there = slot[PROBE_TAG] != 0;

	if (was_there && old)
		probe_read(shape, slot, old);
	if (was_there)
		probe_vacate(&map->table, shape, slot);
	pthread_rwlock_unlock(&map->lock);
	return was_there;
}

/* The operations below are optional. */

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct map *map = thread;
	const uint64_t tag = probe_tag(&map->table, shape, key);

	lock_to_write(&map->lock);
	uint64_t *slot = probe_find(&map->table, shape, tag, key);
	const bool was_there = slot[PROBE_TAG] != 0;

	if (was_there)
		probe_read(shape, slot, present);
	else
		probe_write(shape, probe_claim(&map->table, shape, tag, key),
		        value);
	pthread_rwlock_unlock(&map->lock);
	return was_there;
}

static bool compare_swap(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	struct map *map = thread;
	const uint64_t tag = probe_tag(&map->table, shape, key);
	struct rm_value present;

	lock_to_write(&map->lock);
	uint64_t *slot = probe_find(&map->table, shape, tag, key);
	bool swap = slot[PROBE_TAG] != 0;

	if (swap) {
		probe_read(shape, slot, &present);
		swap = !memcmp(&present, expected, shape.value_bytes);
	}
	if (swap)
		probe_write(shape, slot, value);
	pthread_rwlock_unlock(&map->lock);
	return swap;
}

static bool update(void *thread, struct rm_shape shape, struct rm_key key,
        rm_update_fn *fn, void *context)
{
	struct map *map = thread;
	const uint64_t tag = probe_tag(&map->table, shape, key);
	struct rm_value old, value;

	lock_to_write(&map->lock);
	uint64_t *slot = probe_find(&map->table, shape, tag, key);
	const bool was_there = slot[PROBE_TAG] != 0;

	if (was_there)
		probe_read(shape, slot, &old);
	if (fn(context, was_there ? &old : NULL, &value)) {
		if (!was_there)
			slot = probe_claim(&map->table, shape, tag, key);
		probe_write(shape, slot, &value);
	}
	pthread_rwlock_unlock(&map->lock);
	return was_there;
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = thread;

	lock_to_read(&map->lock);
	probe_scan(&map->table, shape, fn, context);
	pthread_rwlock_unlock(&map->lock);
}

static size_t length(void *thread)
{
	struct map *map = thread;

	lock_to_read(&map->lock);
	size_t count = map->table.count;
	pthread_rwlock_unlock(&map->lock);
	return count;
}

static void clear(void *thread)
{
	struct map *map = thread;

	lock_to_write(&map->lock);
	probe_clear(&map->table, map->shape);
	pthread_rwlock_unlock(&map->lock);
}

static void stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct map *map = opaque;

	lock_to_read(&map->lock);
	emit(context, "slots", "1", (double)map->table.mask + 1);
	emit(context, "growths", "1", (double)map->table.growths);
	pthread_rwlock_unlock(&map->lock);
}

static bool check(void *opaque, char *why, size_t size)
{
	const struct map *map = opaque;

	return probe_check(&map->table, map->shape, why, size);
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
	.length = length,
	.insert_if_absent = insert_if_absent,
	.compare_swap = compare_swap,
	.update = update,
	.scan = scan,
	.clear = clear,
	.stats = stats,
	.check = check,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_rwlock_probe = {
	.id = "rwlock_probe",
	.label = "rwlock + probing",
	.family = "lock",
	.sync = "rwlock",
	.source = "Knuth, TAOCP vol. 3, 6.4, algorithms L and R; POSIX rwlock",
	.guarantees = "point-in-time",
	.progress = "blocking",
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline, in the table's slots; freed by the writer",
};
