/* SPDX-License-Identifier: Apache-2.0 */
/*
 * critnib.c - critnib, a radix tree of words. It is the reference for ordered
 * maps.
 *
 * needs: critnib
 *
 * A lookup takes no lock and writes nothing shared. It starts over if the nodes
 * that it read have been reused in the meantime. The library's writers take a
 * mutex. Since the library does not report a key's presence or old value, a
 * write first looks up the key. It does so under a mutex of this map, so no
 * writer waits for the library's.
 *
 * Keys and values are pointers, so only u64x8 is supported. Nothing is hashed.
 */
#include "impls/support/lock_pthread.h"
#include "impls/support/no_handle.h"
#include "runner/driver.h"
#include "runner/map.h"

#include <critnib.h>
#include <stdlib.h>

struct map {
	critnib *tree;
	_Alignas(RM_CACHE_LINE) pthread_mutex_t writer;
	size_t count; /* protected by the mutex */
};

/* Unlike critnib_get(), this function distinguishes the value 0 from an absent
   key. */
RM_HOT bool find(struct map *map, uint64_t word, struct rm_value *value)
{
	uintptr_t key;
	void *held;

	if (!critnib_find(map->tree, word, FIND_EQ, &key, &held))
		return false;
	value->word[0] = (uintptr_t)held;
	return true;
}

RM_HOT bool lookup(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	(void)shape;
	return find(opaque, key.word, value);
}

RM_HOT bool exchange(void *opaque, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = opaque;
	struct rm_value before = { { 0 } };
	bool was_there;

	(void)shape;
	lock_mutex(&map->writer);
	was_there = find(map, key.word, &before);
	if (critnib_insert(
	            map->tree, key.word, (void *)(uintptr_t)value->word[0], 1))
		abort();
	map->count += !was_there;
	pthread_mutex_unlock(&map->writer);
	if (was_there && old)
		old->word[0] = before.word[0];
	return was_there;
}

RM_HOT bool take(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = opaque;
	struct rm_value before = { { 0 } };
	bool was_there;

	(void)shape;
	lock_mutex(&map->writer);
	was_there = find(map, key.word, &before);
	critnib_remove(map->tree, key.word);
	map->count -= was_there;
	pthread_mutex_unlock(&map->writer);
	if (was_there && old)
		old->word[0] = before.word[0];
	return was_there;
}

struct visit {
	rm_scan_fn *fn;
	void *context;
};

static int visit_one(uintptr_t word, void *held, void *opaque)
{
	struct visit *visit = opaque;
	struct rm_value value = { { (uintptr_t)held } };

	return !visit->fn(
	        visit->context, (struct rm_key){ .word = word }, &value);
}

/* Writers wait, so all visited entries were present at the same time. Visits
   keys in order. */
static void scan(
        void *opaque, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = opaque;
	struct visit visit = { fn, context };

	(void)shape;
	critnib_iter(map->tree, 0, UINTPTR_MAX, visit_one, &visit);
}

static size_t length(void *opaque)
{
	struct map *map = opaque;
	size_t count;

	lock_mutex(&map->writer);
	count = map->count;
	pthread_mutex_unlock(&map->writer);
	return count;
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = aligned_alloc(_Alignof(struct map), sizeof(*map));

	(void)sizing;
	if (!map)
		return NULL;
	*map = (struct map){ .tree = critnib_new() };
	if (!map->tree) {
		free(map);
		return NULL;
	}
	pthread_mutex_init(&map->writer, NULL);
	return map;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	critnib_delete(map->tree);
	pthread_mutex_destroy(&map->writer);
	free(map);
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
	.length = length,
	.scan = scan,
};

RM_DRIVE(ops, u64x8, RM_U64X8)

const struct rm_impl rm_impl_critnib = {
	.id = "critnib",
	.label = "critnib, ordered",
	.family = "free",
	.sync = "seqlock, mutex for writes",
	.source = "Borowski, critnib: crit-bit and radix trees",
	.shapes = 1,
	.guarantees = "point-in-time",
	.progress = "blocking", /* writers block; lookups may start over */
	.ops = &ops,
	.drive = { drive_u64x8, NULL, NULL, NULL },
};
