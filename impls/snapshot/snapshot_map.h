/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot_map.h - maps that are immutable once published, and how they are
 * copied.
 *
 * All maps share one copy of the bytes of each string key, which is allocated
 * when the key is inserted and retired when it is removed. Older maps that
 * still refer to the bytes were retired earlier, so no reader holds them longer
 * than the bytes.
 *
 * A clone is sized for its entries, so it never grows, and an iteration visits
 * the bytes of each key once. (13/2 entries per bucket need fewer overflow
 * buckets than buckets.)
 *
 * If the includer defines SNAPSHOT_NUMBERED as true, each map is published with
 * a version, in a separate object {version, map}. Versions count up from 1.
 */
#ifndef RM_SNAPSHOT_MAP_H
#define RM_SNAPSHOT_MAP_H

#include "impls/gomap/gomap.h"
#include "impls/gomap/gomap_ops.h"
#include "impls/support/epoch.h"
#include "impls/support/lock_pthread.h"
#include "runner/map.h"

#ifndef SNAPSHOT_NUMBERED
#define SNAPSHOT_NUMBERED false
#endif

/* The object that is published if SNAPSHOT_NUMBERED. Immutable. */
struct snapshot_numbered {
	uint64_t version;
	struct gomap *map;
};

struct snapshot {
	/* a struct snapshot_numbered, or the struct gomap itself */
	_Alignas(EPOCH_PAD) _Atomic(void *) now;
	_Alignas(EPOCH_PAD) pthread_mutex_t lock;
	uint64_t clones, cloned_entries;         /* protected by the lock */
	_Alignas(EPOCH_PAD) struct epoch *epoch; /* the members below are
	                                            constant */
	struct rm_shape shape;
	uint64_t seed;
	size_t hint;
};

/* Kinds of retired objects. */
enum {
	SNAPSHOT_KEY,      /* bytes of a string key */
	SNAPSHOT_MAP,      /* without the keys' bytes */
	SNAPSHOT_FULL_MAP, /* with the keys' bytes; retired by clear() */
};

static RM_COLD void snapshot_full_map_free(struct gomap *full)
{
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;

	gomap_iterate_begin(full, &it);
	while (gomap_iterate_next(&it, full->extra->shape, &key, &value))
		free((void *)(uintptr_t)key.bytes); /* NULL for a 64-bit key */
	gomap_iterate_end(&it);
	gomap_destroy(full);
}

/* Returns the map of the published object. */
RM_HOT struct gomap *snapshot_map_of(void *published)
{
	return SNAPSHOT_NUMBERED ? ((struct snapshot_numbered *)published)->map
	                         : published;
}

static void epoch_free(void *owner, unsigned kind, void *pointer)
{
	(void)owner;
	if (kind == SNAPSHOT_KEY) {
		free(pointer);
		return;
	}
	if (kind == SNAPSHOT_MAP)
		gomap_destroy(snapshot_map_of(pointer));
	else
		snapshot_full_map_free(snapshot_map_of(pointer));
	if (SNAPSHOT_NUMBERED)
		free(pointer);
}

/* Returns the object to publish. This is the map or, if SNAPSHOT_NUMBERED, the
   map with this version. If memory runs out, frees the map and returns NULL. */
static void *snapshot_publication(struct gomap *made, uint64_t version)
{
	struct snapshot_numbered *numbered;

	if (!SNAPSHOT_NUMBERED || !made)
		return made;
	numbered = malloc(sizeof(*numbered));
	if (numbered)
		*numbered = (struct snapshot_numbered){ version, made };
	else
		gomap_destroy(made);
	return numbered;
}

/* Returns an empty map for `count` entries, or NULL if memory runs out. */
static struct gomap *snapshot_map_new(struct snapshot *map, size_t count)
{
	struct gomap *made = gomap_create(count > map->hint ? count : map->hint,
	        map->shape, rm_seed(map->seed, map->clones));

	if (made)
		gomap_borrow_keys(made);
	return made;
}

static uint64_t snapshot_bytes_of(const struct gomap *content)
{
	const struct rm_shape shape = content->extra->shape;
	struct gomap_stats sum = { 0 };

	gomap_stats_add(content, &sum);
	if (gomap_boxes(shape))
		sum.array_bytes += gomap_count(content) * shape.value_bytes;
	return sizeof(*content) + sizeof(*content->extra) + sum.array_bytes;
}

/* Frees everything in the map, but not the map itself. */
static void snapshot_free_content(struct snapshot *map)
{
	/* relaxed: no other thread is left */
	void *last = atomic_load_explicit(&map->now, memory_order_relaxed);

	epoch_destroy(map->epoch, map);
	if (last)
		epoch_free(map, SNAPSHOT_FULL_MAP, last);
	pthread_mutex_destroy(&map->lock);
}

/* Returns false if memory runs out; call snapshot_free_content() in any
   case. */
static bool snapshot_init(struct snapshot *map, const struct rm_sizing *sizing)
{
	*map = (struct snapshot){ .shape = sizing->shape,
		.seed = sizing->seed };
	map->hint = sizing->presize ? sizing->keys : 0;
	pthread_mutex_init(&map->lock, NULL);
	map->epoch = epoch_create(
	        sizing->threads, sizing->retired_limit_bytes, false);
	atomic_init(
	        &map->now, snapshot_publication(snapshot_map_new(map, 0), 1));
	/* relaxed: not published yet */
	return map->epoch &&
	       atomic_load_explicit(&map->now, memory_order_relaxed);
}

RM_HOT void *snapshot_published(void *thread)
{
	struct epoch_record *record = thread;
	struct snapshot *map = record->owner;

	/* seq_cst: acquires the map's content; pairs with snapshot_publish() */
	return atomic_load_explicit(&map->now, memory_order_seq_cst);
}

RM_HOT struct gomap *snapshot_current(void *thread)
{
	return snapshot_map_of(snapshot_published(thread));
}

/* Publishes the next map and retires the current one. The caller holds the
   lock. */
static void snapshot_publish(struct epoch_record *record, struct gomap *next,
        unsigned kind, uint64_t extra_bytes)
{
	struct snapshot *map = record->owner;
	void *old = snapshot_published(record), *published = next;

	if (SNAPSHOT_NUMBERED) {
		const struct snapshot_numbered *numbered = old;

		published = snapshot_publication(next, numbered->version + 1);
		if (!published)
			gomap_no_memory();
		extra_bytes += sizeof(*numbered);
	}
	/* seq_cst: publishes the map's content. If two threads each write one
	   key and then look up the other's, they do not both miss the other's
	   write. On x86 this is an exchange, which costs far less than the
	   copy. */
	atomic_store_explicit(&map->now, published, memory_order_seq_cst);
	epoch_retire(record, kind, old,
	        snapshot_bytes_of(snapshot_map_of(old)) + extra_bytes);
}

RM_HOT bool snapshot_same_key(
        struct rm_shape shape, struct rm_key a, struct rm_key b)
{
	if (!shape.str)
		return a.word == b.word;
	return a.length == b.length &&
	       (a.length == 0 || !memcmp(a.bytes, b.bytes, a.length));
}

RM_HOT void snapshot_put(struct gomap *into, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	gomap_exchange(into, shape, key, value, NULL);
}

/* Copies the current map, with space for `extra_entries` entries. If `excluded`
   is not NULL, leaves that key out and sets *bytes to its bytes. The caller
   holds the lock. */
RM_HOT struct gomap *snapshot_copy(struct snapshot *map, struct gomap *old,
        struct rm_shape shape, size_t extra_entries,
        const struct rm_key *excluded, const char **bytes)
{
	const uint64_t start_ns = RM_EVENT_CLOCK();
	struct gomap *next =
	        snapshot_map_new(map, gomap_count(old) + extra_entries);
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;

	if (!next)
		gomap_no_memory();
	gomap_iterate_begin(old, &it);
	while (gomap_iterate_next(&it, shape, &key, &value)) {
		if (excluded && snapshot_same_key(shape, key, *excluded))
			*bytes = key.bytes;
		else
			snapshot_put(next, shape, key, &value);
	}
	gomap_iterate_end(&it);
	map->clones++;
	map->cloned_entries += gomap_count(old);
	RM_EVENT_SPAN(RM_EVENT_CLONE, start_ns, gomap_count(old));
	return next;
}

/* Returns the key with a copy of its bytes, which the map owns. */
RM_HOT struct rm_key snapshot_copy_key(struct rm_shape shape, struct rm_key key)
{
	char *bytes;

	if (!shape.str)
		return key;
	bytes = malloc(key.length + !key.length);
	if (!bytes)
		gomap_no_memory();
	if (key.length)
		memcpy(bytes, key.bytes, key.length);
	key.bytes = bytes;
	return key;
}

#endif /* RM_SNAPSHOT_MAP_H */
