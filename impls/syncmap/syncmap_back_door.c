/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_back_door.c - sync.Map whose users delete directly in its dirty map.
 *
 * Misuse: a removal takes the mutex and deletes the key in dirty, bypassing the
 * methods. If read also has the key, lookups find it there until the next
 * promotion. There is no data race, but only the methods keep both maps
 * consistent. syncmap is the correct version.
 */
#include "impls/syncmap/syncmap.h"
#include "runner/driver.h"

/* If both maps have the entry, deletes it in dirty. Otherwise returns false. */
static RM_COLD bool back_door(void *thread, struct rm_shape shape,
        struct rm_key key, struct syncmap_entry **entry)
{
	const struct rm_shape inner = syncmap_inner(shape);
	struct syncmap *map = syncmap_of(thread);
	bool deleted;

	syncmap_lock(&map->lock);
	*entry = syncmap_find(syncmap_read_locked(map)->map, inner, key);
	deleted = *entry && map->dirty &&
	          gomap_remove(map->dirty, inner, key, NULL);
	syncmap_unlock(&map->lock);
	return deleted;
}

RM_HOT bool back_door_take(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct syncmap_entry *entry;

	if (!back_door(thread, shape, key, &entry))
		return syncmap_take(thread, shape, key, old);
	/* acquire: pairs with the write of this value */
	const uint64_t cell =
	        atomic_load_explicit(&entry->p, memory_order_acquire);
	const bool was_there = syncmap_live(cell);

	if (was_there && old)
		syncmap_cell_read(shape, cell, old);
	return was_there;
}

static const struct rm_map_ops ops = {
	.create = syncmap_create,
	.destroy = syncmap_destroy,
	.join = syncmap_join,
	.leave = syncmap_leave,
	.lookup = syncmap_lookup,
	.upsert = syncmap_upsert,
	.quiesce = syncmap_quiesce,
	.park = syncmap_park,
	.unpark = syncmap_unpark,
	.exchange = syncmap_exchange,
	.take = back_door_take,
	.scan = syncmap_scan,
	.length = syncmap_length,
	.stats = syncmap_stats,
	.check = syncmap_check,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_syncmap_back_door = {
	.id = "syncmap_back_door",
	.label = "C port of sync.Map, back door, waits in the kernel",
	.family = "sync",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go",
	.system = "M16",
	.guarantees = "none",
	.progress = "blocking",
	RM_ALL_OF(ops),
	.misuse = "check: drive",
};
