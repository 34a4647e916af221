/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_write.h - copy on write: each write makes one copy. */
#ifndef RM_SNAPSHOT_WRITE_H
#define RM_SNAPSHOT_WRITE_H

#include "impls/snapshot/snapshot_ops.h"

/* Implements exchange or, if `only_new`, insert_if_absent. Upsert calls it with
   old == NULL. */
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
			key = snapshot_copy_key(shape, key);
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

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	return replace(thread, shape, key, value, present, true);
}

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

#endif /* RM_SNAPSHOT_WRITE_H */
