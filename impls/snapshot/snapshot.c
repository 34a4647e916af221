/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - copy on write: an immutable map behind one atomic pointer.
 *
 * A lookup loads the pointer and searches a Go map that never changes; it
 * writes nothing shared. A write takes a mutex, clones the whole map, changes
 * the clone and publishes it: O(keys) in time and memory. Old maps are retired
 * through epochs. Article S0, section 4.2, numbers its snapshots; here two are
 * told apart by their addresses, as long as a reader holds one, and `clones`
 * counts them.
 */
#include "impls/snapshot/snapshot_ops.h"
#include "runner/driver.h"

static void destroy(void *opaque)
{
	snapshot_end(opaque);
	free(opaque);
}

static void *create(const struct rm_sizing *sizing)
{
	struct snapshot *map = aligned_alloc(EPOCH_PAD, sizeof(*map));

	if (!map || snapshot_begin(map, sizing))
		return map;
	destroy(map);
	return NULL;
}

/* exchange, and with `only_new` insert_if_absent; upsert has old == NULL. */
RM_HOT bool replace(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old, bool only_new)
{
	struct epoch_record *record = thread;
	struct snapshot *map = record->owner;
	struct rm_value present;

	lock_mutex(&map->lock);
	struct gomap *now = snapshot_current(record);
	const bool was_there = gomap_lookup(now, shape, key, &present);

	if (!was_there || !only_new) {
		struct gomap *next =
		        snapshot_copy(map, now, shape, 1, NULL, NULL);

		if (!was_there)
			key = snapshot_own_key(shape, key);
		snapshot_put(next, shape, key, value);
		snapshot_publish(record, next, SNAPSHOT_MAP, 0);
	}
	pthread_mutex_unlock(&map->lock);
	if (was_there && old)
		memcpy(old, &present, shape.value_bytes);
	epoch_settle(record);
	return was_there;
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	return replace(thread, shape, key, value, old, false);
}

RM_HOT bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	return replace(thread, shape, key, value, NULL, false);
}

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	return replace(thread, shape, key, value, present, true);
}

/* take; remove is the same with old == NULL. */
RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct epoch_record *record = thread;
	struct snapshot *map = record->owner;
	const char *bytes = NULL;
	struct rm_value present;

	lock_mutex(&map->lock);
	struct gomap *now = snapshot_current(record);
	const bool was_there = gomap_lookup(now, shape, key, &present);

	if (was_there) {
		struct gomap *next =
		        snapshot_copy(map, now, shape, 0, &key, &bytes);

		snapshot_publish(record, next, SNAPSHOT_MAP, 0);
	}
	if (bytes)
		epoch_retire(record, SNAPSHOT_KEY, (void *)(uintptr_t)bytes,
		        key.length);
	pthread_mutex_unlock(&map->lock);
	if (was_there && old)
		memcpy(old, &present, shape.value_bytes);
	epoch_settle(record);
	return was_there;
}

RM_HOT bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	return take(thread, shape, key, NULL);
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = snapshot_join,
	.leave = snapshot_leave,
	.lookup = snapshot_lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = snapshot_quiesce,
	.park = snapshot_park,
	.unpark = snapshot_unpark,
	.load = snapshot_load,
	.exchange = exchange,
	.take = take,
	.insert_if_absent = insert_if_absent,
	.scan = snapshot_scan,
	.length = snapshot_length,
	.clear = snapshot_clear,
	.stats = snapshot_stats,
	.check = snapshot_check,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_snapshot = {
	.id = "snapshot",
	.label = "snapshot",
	.family = "rcu",
	.sync = "epoch",
	.source = "copy on write, as the articles do with atomic.Value",
	.system = "M9",
	.shapes = RM_ALL_SHAPES,
	.caps = RM_CAP_SLOW_WRITES,
	.guarantees = "point-in-time",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &ops,
	.drive = RM_ALL_DRIVES,
	.value_most = 1024,
	.value_place = "in line to 128 bytes, above by pointer; freed with "
	               "its map, after an epoch",
};
