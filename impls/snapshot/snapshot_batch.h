/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot_batch.h - copy on write, with many writes per copy ("flat
 * combining", Hendler, Incze, Shavit, Tzafrir, 2010).
 *
 * A writer puts its operation into its own slot and takes the lock. The thread
 * that gets the lock performs all waiting operations, one after another, on one
 * copy, publishes the copy and marks the operations as done. A thread that gets
 * the lock later and finds its operation done just returns. A write returns
 * after the publication. All operations of a batch take effect at the
 * publication, in the order in which they were performed, and their results
 * agree with this order.
 */
#ifndef RM_SNAPSHOT_BATCH_H
#define RM_SNAPSHOT_BATCH_H

#include "impls/snapshot/snapshot_ops.h"

enum snapshot_kind {
	SNAPSHOT_EXCHANGE,
	SNAPSHOT_INSERT, /* inserts if the key is absent */
	SNAPSHOT_TAKE,
	SNAPSHOT_SWAP,           /* replaces if the value is as expected */
	SNAPSHOT_COMPARE_REMOVE, /* removes if the value is as expected */
};

/* A requested operation. Its pointers are valid while it waits. */
struct snapshot_operation {
	enum snapshot_kind kind;
	struct rm_key key;
	const struct rm_value *value, *expected;
	struct rm_value *old; /* may be NULL */
};

/* One thread's slot. The thread writes its operation and then sets `waits`. The
   holder of the lock performs the operation and clears `waits`. */
struct snapshot_slot {
	_Alignas(EPOCH_PAD) _Atomic bool waits;
	bool answer;
	struct snapshot_operation wish;
};

/* Bytes of a removed string key. They are retired after the publication. */
struct snapshot_dropped {
	const char *bytes;
	size_t length;
};

struct snapshot_batch {
	struct snapshot map; /* first member: the owner of the epoch records */
	/* the members below are protected by the lock */
	struct snapshot_dropped *dropped; /* one per thread */
	size_t dropped_count;
	uint64_t writes; /* operations that changed the map */
	struct snapshot_slot slot[];
};

/* Returns the bytes of a key that is in the map. */
RM_HOT const char *snapshot_key_bytes(
        const struct gomap *map, struct rm_shape shape, struct rm_key key)
{
	const uint64_t hash = rm_hash(shape, key, gomap_get(map->hash0));
	const struct gomap_place place = gomap_walk(
	        gomap_chain(map, shape, hash), shape, key, gomap_tophash(hash));

	return gomap_key_bytes(gomap_slot_key(place.bucket, shape, place.slot));
}

/* True if the operation would change a map with this entry. */
RM_HOT bool snapshot_would_change(struct rm_shape shape,
        const struct snapshot_operation *wish, bool was_there,
        const struct rm_value *present)
{
	switch (wish->kind) {
	case SNAPSHOT_EXCHANGE:
		return true;
	case SNAPSHOT_INSERT:
		return !was_there;
	case SNAPSHOT_TAKE:
		return was_there;
	default:
		return was_there &&
		       !memcmp(present, wish->expected, shape.value_bytes);
	}
}

/* Applies a changing operation to the copy. */
RM_HOT void snapshot_change(struct snapshot_batch *batch, struct gomap *next,
        struct rm_shape shape, const struct snapshot_operation *wish,
        bool was_there)
{
	RM_STAT_LOCKED(batch->writes, 1);
	if (wish->value) {
		snapshot_put(next, shape,
		        was_there ? wish->key
		                  : snapshot_copy_key(shape, wish->key),
		        wish->value);
		return;
	}
	if (shape.str)
		batch->dropped[batch->dropped_count++] =
		        (struct snapshot_dropped){ snapshot_key_bytes(next,
			                                   shape, wish->key),
			        wish->key.length };
	gomap_remove(next, shape, wish->key, NULL);
}

/* Performs the operation of one slot. Creates the copy, `*next`, when it is
   first needed. */
RM_HOT void snapshot_perform(struct snapshot_batch *batch, struct gomap *now,
        struct gomap **next, struct rm_shape shape, struct snapshot_slot *slot)
{
	const struct snapshot_operation *wish = &slot->wish;
	const size_t threads = batch->map.epoch->threads;
	struct rm_value present;
	const bool was_there =
	        gomap_lookup(*next ? *next : now, shape, wish->key, &present);
	const bool changes =
	        snapshot_would_change(shape, wish, was_there, &present);

	slot->answer = wish->expected ? changes : was_there;
	if (was_there && wish->old)
		memcpy(wish->old, &present, shape.value_bytes);
	if (!changes)
		return;
	if (!*next)
		*next = snapshot_copy(
		        &batch->map, now, shape, threads, NULL, NULL);
	snapshot_change(batch, *next, shape, wish, was_there);
}

/* Performs all waiting operations and publishes the copy. The caller holds the
   lock. */
RM_HOT void snapshot_combine(struct epoch_record *record, struct rm_shape shape)
{
	struct snapshot_batch *batch = record->owner;
	struct gomap *now = snapshot_current(record), *next = NULL;
	const size_t threads = batch->map.epoch->threads;

	for (size_t i = 0; i < threads; i++) {
		struct snapshot_slot *slot = &batch->slot[i];

		/* acquire: makes the operation visible; pairs with
		   snapshot_submit() */
		if (!atomic_load_explicit(&slot->waits, memory_order_acquire))
			continue;
		snapshot_perform(batch, now, &next, shape, slot);
		/* relaxed: its owner reads it under the lock */
		atomic_store_explicit(
		        &slot->waits, false, memory_order_relaxed);
	}
	if (next)
		snapshot_publish(record, next, SNAPSHOT_MAP, 0);
	for (size_t i = 0; i < batch->dropped_count; i++)
		epoch_retire(record, SNAPSHOT_KEY,
		        (void *)(uintptr_t)batch->dropped[i].bytes,
		        batch->dropped[i].length);
	batch->dropped_count = 0;
}

/* Contains one copy of snapshot_combine() per shape. Is not inlined. */
GOMAP_CALL void snapshot_combine_all(struct epoch_record *record)
{
	const struct snapshot *map = record->owner;

	switch (rm_shape_index(map->shape)) {
	case 0:
		snapshot_combine(record, RM_U64X8);
		break;
	case 1:
		snapshot_combine(record, RM_U64X24);
		break;
	case 2:
		snapshot_combine(record, RM_STR16X8);
		break;
	default:
		snapshot_combine(record, RM_STR16X24);
	}
}

/* Submits an operation and waits for it. Returns whether the key was present
   or, if `expected` is given, whether the value matched. */
RM_HOT bool snapshot_submit(void *thread, struct snapshot_operation wish)
{
	struct epoch_record *record = thread;
	struct snapshot_batch *batch = record->owner;
	struct snapshot_slot *slot =
	        &batch->slot[record - batch->map.epoch->records];

	slot->wish = wish;
	/* release: publishes the operation; pairs with snapshot_combine() */
	atomic_store_explicit(&slot->waits, true, memory_order_release);
	lock_mutex(&batch->map.lock);
	/* relaxed: cleared under the lock */
	if (atomic_load_explicit(&slot->waits, memory_order_relaxed))
		snapshot_combine_all(record);
	pthread_mutex_unlock(&batch->map.lock);
	epoch_settle(record);
	return slot->answer;
}

static inline void snapshot_batch_destroy(void *opaque)
{
	struct snapshot_batch *batch = opaque;

	snapshot_free_content(&batch->map);
	free(batch->dropped);
	free(batch);
}

static inline void *snapshot_batch_create(const struct rm_sizing *sizing)
{
	const size_t slots = sizing->threads * sizeof(struct snapshot_slot);
	const size_t bytes = (sizeof(struct snapshot_batch) + EPOCH_PAD - 1) /
	                             EPOCH_PAD * EPOCH_PAD +
	                     slots;
	struct snapshot_batch *batch = aligned_alloc(EPOCH_PAD, bytes);

	if (!batch)
		return NULL;
	memset((void *)batch, 0, bytes);
	batch->dropped = calloc(sizing->threads, sizeof(*batch->dropped));
	if (snapshot_init(&batch->map, sizing) && batch->dropped)
		return batch;
	snapshot_batch_destroy(batch);
	return NULL;
}

static inline void snapshot_batch_stats(
        void *opaque, rm_stat_fn *emit, void *context)
{
	struct snapshot_batch *batch = opaque;

	lock_mutex(&batch->map.lock);
	emit(context, "changes", "1", rm_stat_value(batch->writes));
	pthread_mutex_unlock(&batch->map.lock);
	snapshot_stats(opaque, emit, context);
}

#endif /* RM_SNAPSHOT_BATCH_H */
