/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_ops.h - copy on write: the operations that all variants share. */
#ifndef RM_SNAPSHOT_OPS_H
#define RM_SNAPSHOT_OPS_H

#include "impls/gomap/gomap_check.h"
#include "impls/snapshot/snapshot_map.h"

#include <errno.h>

static inline void *snapshot_join(void *opaque, size_t slot)
{
	struct snapshot *map = opaque;

	return epoch_join(map->epoch, slot, map);
}

static inline void snapshot_leave(void *thread)
{
	epoch_leave(thread);
}

static inline void snapshot_quiesce(void *thread)
{
	epoch_quiesce(thread);
}

static inline void snapshot_park(void *thread)
{
	epoch_park(thread);
}

static inline void snapshot_unpark(void *thread)
{
	epoch_unpark(thread);
}

RM_HOT bool snapshot_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	return gomap_lookup(snapshot_current(thread), shape, key, value);
}

/* Builds one map of all entries, because a sequence of upserts would cost
   O(n^2). */
static inline int snapshot_load(
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
		snapshot_put(
		        next, shape, snapshot_copy_key(shape, key), &value);
	}
	lock_mutex(&map->lock);
	snapshot_publish(record, next, SNAPSHOT_MAP, 0);
	pthread_mutex_unlock(&map->lock);
	epoch_settle(record);
	return 0;
}

/* Visits one snapshot, so all visited entries were present at the same time.
   `fn` may write to the map. */
static inline void snapshot_scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct epoch_record *record = thread;

	record->pinned++;
	gomap_scan(snapshot_current(thread), shape, fn, context);
	record->pinned--;
	epoch_settle(record);
}

static inline size_t snapshot_length(void *thread)
{
	return gomap_count(snapshot_current(thread));
}

/* Returns the size of the string keys that are freed with their map, in
   bytes. */
static inline uint64_t snapshot_bytes_of_keys(
        struct gomap *content, struct rm_shape shape)
{
	uint64_t bytes = 0;
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;

	if (!shape.str)
		return 0;
	gomap_iterate_begin(content, &it);
	while (gomap_iterate_next(&it, shape, &key, &value))
		bytes += key.length;
	gomap_iterate_end(&it);
	return bytes;
}

static inline void snapshot_clear(void *thread)
{
	struct epoch_record *record = thread;
	struct snapshot *map = record->owner;

	lock_mutex(&map->lock);
	struct gomap *empty = snapshot_map_new(map, 0);

	if (!empty)
		gomap_no_memory();
	snapshot_publish(record, empty, SNAPSHOT_FULL_MAP,
	        snapshot_bytes_of_keys(snapshot_current(record), map->shape));
	map->clones++;
	pthread_mutex_unlock(&map->lock);
	epoch_settle(record);
}

static inline void snapshot_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct snapshot *map = opaque;

	pthread_mutex_lock(&map->lock);
	emit(context, "clones", "1", (double)map->clones);
	emit(context, "cloned_entries", "1", (double)map->cloned_entries);
	pthread_mutex_unlock(&map->lock);
	epoch_stats(map->epoch, emit, context);
}

static inline bool snapshot_check(void *opaque, char *why, size_t size)
{
	struct snapshot *map = opaque;
	/* relaxed: a check runs alone */
	const struct gomap *now = snapshot_map_of(
	        atomic_load_explicit(&map->now, memory_order_relaxed));

	if (!gomap_get(now->oldbuckets))
		return gomap_check_report(now, why, size);
	snprintf(why, size, "a published map is growing");
	return false;
}

/* Members of struct rm_impl that these maps share. */
#define SNAPSHOT_SHARED                                             \
	.family = "rcu", .sync = "epoch", .duty = RM_DUTY_ANNOUNCE, \
	.system = "M9", .caps = RM_CAP_SLOW_WRITES,                 \
	.guarantees = "point-in-time", .progress = "blocking"

/* Members of struct rm_map_ops that snapshots share. */
#define SNAPSHOT_SHARED_OPS                                            \
	.join = snapshot_join, .leave = snapshot_leave,                \
	.quiesce = snapshot_quiesce, .park = snapshot_park,            \
	.unpark = snapshot_unpark, .exchange = exchange, .take = take, \
	.insert_if_absent = insert_if_absent, .scan = snapshot_scan,   \
	.length = snapshot_length, .clear = snapshot_clear

#endif /* RM_SNAPSHOT_OPS_H */
