/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_rw_32_back_door.c - 32 shards, and a removal that goes to the inner map.
 *
 * Misuse: who knows the shards takes a shard's Go map out of it and deletes
 * there, beside the methods and their lock. Go's map sees that now and then by
 * its flag, and dies; here it is counted, and from then on removals take the
 * lock, so that what is wrong stays small and defined. One removal in 16 gives
 * way to others in the middle of it, for as long as it takes to be met, 20 ms at
 * most. shard_rw_32 is the right form.
 *
 * Iterators that stay open keep all memory that growth would free.
 */
#include "impls/support/fnv.h"
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 32, SHARD_ALIGN = 128 };

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_shard(shape, key, SHARDS);
}

#define ops guarded_ops
#include "impls/gomap/gomap_guarded.h"
#undef ops
#include "impls/technique/technique.h"

enum { GIVES_WAY = 16, WAITS = 200 };

struct doors {
	struct map *map; /* of gomap_guarded.h */
	struct gomap_iterator keeps[SHARDS];
	_Atomic uint64_t removals;
};

static void *door_create(const struct rm_sizing *sizing)
{
	struct doors *doors = calloc(1, sizeof(*doors));

	if (!doors)
		return NULL;
	doors->map = guarded_ops.create(sizing);
	if (!doors->map) {
		free(doors);
		return NULL;
	}
	for (size_t i = 0; i < SHARDS; i++) {
		struct gomap *inner = doors->map->shard[i].inner;

		gomap_tolerate_conflicts(inner);
		gomap_iterate_begin(inner, &doors->keeps[i]);
	}
	return doors;
}

static void door_destroy(void *opaque)
{
	struct doors *doors = opaque;

	for (size_t i = 0; i < SHARDS; i++)
		gomap_iterate_end(&doors->keeps[i]);
	guarded_ops.destroy(doors->map);
	free(doors);
}

static void *door_join(void *opaque, size_t slot)
{
	(void)slot;
	return opaque;
}

RM_HOT struct map *map_of(void *thread)
{
	return ((struct doors *)thread)->map;
}

RM_HOT bool door_lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	return lookup(map_of(thread), shape, key, value);
}

RM_HOT bool door_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	return exchange(map_of(thread), shape, key, value, old);
}

RM_HOT bool door_upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	return exchange(map_of(thread), shape, key, value, NULL);
}

static uint64_t conflicts_of(struct map *map)
{
	uint64_t conflicts = 0;

	for (size_t i = 0; i < SHARDS; i++)
		conflicts += gomap_get(map->shard[i].inner->extra->conflicts);
	return conflicts;
}

/* In the middle of a write to a shard's map, until another write meets it. */
static RM_COLD void door_wait(struct gomap *inner)
{
	gomap_write_begin(inner);
	for (unsigned i = 0; i < WAITS && !gomap_get(inner->extra->conflicts);
	        i++)
		technique_give_way();
	gomap_write_end(inner);
}

/* The misuse. */
RM_HOT bool door_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct doors *doors = thread;
	struct gomap *inner = shard_of(doors->map, shape, key)->inner;

	if (conflicts_of(doors->map))
		return take(doors->map, shape, key, old);
	/* relaxed: whose turn it is orders nothing */
	if (atomic_fetch_add_explicit(
	            &doors->removals, 1, memory_order_relaxed) %
	                GIVES_WAY ==
	        0)
		door_wait(inner);
	return gomap_remove(inner, shape, key, old);
}

RM_HOT bool door_remove(void *thread, struct rm_shape shape, struct rm_key key)
{
	return door_take(thread, shape, key, NULL);
}

static size_t door_length(void *thread)
{
	return length(map_of(thread));
}

static void door_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	guarded_ops.stats(map_of(opaque), emit, context);
}

static bool door_check(void *opaque, char *why, size_t size)
{
	const uint64_t conflicts = conflicts_of(map_of(opaque));

	if (!conflicts)
		return guarded_ops.check(map_of(opaque), why, size);
	snprintf(why, size, "concurrent map writes: %llu seen",
	        (unsigned long long)conflicts);
	return false;
}

static const struct rm_map_ops ops = {
	.create = door_create,
	.destroy = door_destroy,
	.join = door_join,
	.leave = nothing,
	.lookup = door_lookup,
	.upsert = door_upsert,
	.remove = door_remove,
	.quiesce = nothing,
	.exchange = door_exchange,
	.take = door_take,
	.length = door_length,
	.stats = door_stats,
	.check = door_check,
};

RM_DRIVES_U64(ops)

const struct rm_impl rm_impl_shard_rw_32_back_door = {
	.id = "shard_rw_32_back_door",
	.label = "32 shards, back door",
	.family = "shard",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a shard choice",
	.system = "M16",
	.shapes = RM_U64_SHAPES,
	.guarantees = "none",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &ops,
	.drive = RM_U64_DRIVES,
	.misuse = "check: concurrent map writes",
};
