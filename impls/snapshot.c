/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - copy on write: an immutable map behind one atomic pointer.
 *
 * A lookup loads the pointer and searches a Go map that never changes; it
 * writes nothing shared. A write takes a mutex, clones the whole map, changes
 * the clone and publishes it: O(keys) in time and memory. Old maps are retired
 * through epochs.
 */
#include "impls/support/gomap_check.h"
#include "impls/support/snapshot_map.h"
#include "runner/driver.h"

static void *join(void *opaque, size_t slot)
{
	struct snapshot *map = opaque;

	return epoch_join(map->epoch, slot, map);
}

static void leave(void *thread)
{
	epoch_leave(thread);
}

static void quiesce(void *thread)
{
	epoch_quiesce(thread);
}

static void park(void *thread)
{
	epoch_park(thread);
}

static void unpark(void *thread)
{
	epoch_unpark(thread);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	return gomap_lookup(snapshot_current(thread), shape, key, value);
}

/* exchange, and with `only_new` insert_if_absent; upsert has old == NULL. */
RM_HOT bool replace(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old, bool only_new)
{
	struct epoch_record *record = thread;
	struct snapshot *map = record->owner;
	struct rm_value present;

	pthread_mutex_lock(&map->lock);
	struct gomap *now = snapshot_current(record);
	const bool was_there = gomap_lookup(now, shape, key, &present);

	if (!was_there || !only_new) {
		struct gomap *next = snapshot_copy(map, now, shape, NULL, NULL);

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

	pthread_mutex_lock(&map->lock);
	struct gomap *now = snapshot_current(record);
	const bool was_there = gomap_lookup(now, shape, key, &present);

	if (was_there) {
		struct gomap *next =
		        snapshot_copy(map, now, shape, &key, &bytes);

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

/* Builds one map of all entries: by upserts it would be O(n^2). */
static int load(
        void *thread, struct rm_shape shape, const struct rm_source *source)
{
	struct epoch_record *record = thread;
	struct snapshot *map = record->owner;
	struct gomap *next = snapshot_map_new(map, source->count);
	struct rm_value value;
	struct rm_key key;

	if (!next)
		return -ENOMEM;
	for (size_t i = 0; i < source->count; i++) {
		source->at(source, i, &key, &value);
		snapshot_put(next, shape, snapshot_own_key(shape, key), &value);
	}
	pthread_mutex_lock(&map->lock);
	snapshot_publish(record, next, SNAPSHOT_MAP, 0);
	pthread_mutex_unlock(&map->lock);
	epoch_settle(record);
	return 0;
}

/* One snapshot: the entries of one moment. `fn` may write to the map. */
static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct epoch_record *record = thread;

	record->pinned++;
	gomap_scan(snapshot_current(thread), shape, fn, context);
	record->pinned--;
	epoch_settle(record);
}

static size_t length(void *thread)
{
	return gomap_count(snapshot_current(thread));
}

static void clear(void *thread)
{
	struct epoch_record *record = thread;
	struct snapshot *map = record->owner;

	pthread_mutex_lock(&map->lock);
	struct gomap *empty = snapshot_map_new(map, 0);

	if (!empty)
		gomap_no_memory();
	snapshot_publish(record, empty, SNAPSHOT_FULL_MAP,
	        map->shape.str ? gomap_count(snapshot_current(record)) * 16
	                       : 0);
	map->clones++;
	pthread_mutex_unlock(&map->lock);
	epoch_settle(record);
}

static void stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct snapshot *map = opaque;

	pthread_mutex_lock(&map->lock);
	emit(context, "clones", "1", (double)map->clones);
	emit(context, "cloned_entries", "1", (double)map->cloned_entries);
	pthread_mutex_unlock(&map->lock);
	epoch_stats(map->epoch, emit, context);
}

static bool check(void *opaque, char *why, size_t size)
{
	struct snapshot *map = opaque;
	/* relaxed: a check runs alone */
	const struct gomap *now =
	        atomic_load_explicit(&map->now, memory_order_relaxed);

	if (!gomap_get(now->oldbuckets))
		return gomap_check_says(now, why, size);
	snprintf(why, size, "a published map is growing");
	return false;
}

static const struct rm_map_ops ops = {
	.create = snapshot_create,
	.destroy = snapshot_destroy,
	.join = join,
	.leave = leave,
	.lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = quiesce,
	.park = park,
	.unpark = unpark,
	.load = load,
	.exchange = exchange,
	.take = take,
	.insert_if_absent = insert_if_absent,
	.scan = scan,
	.length = length,
	.clear = clear,
	.stats = stats,
	.check = check,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_snapshot = {
	.id = "snapshot",
	.label = "snapshot",
	.family = "rcu",
	.sync = "epoch",
	.source = "copy on write, as with Go's atomic.Value",
	.system = "M9",
	.shapes = RM_ALL_SHAPES,
	.caps = RM_CAP_SLOW_WRITES,
	.guarantees = "point-in-time",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &ops,
	.drive = RM_ALL_DRIVES,
};
