/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_unguarded_take.h - locked Go maps whose removals skip the lock: a
 * misuse that is counted instead of fatal.
 *
 * Go's map detects this only sometimes, with a flag, and then ends the program.
 * Here each conflict is counted, and removals take the lock after the first
 * one, so that the damage stays small and defined. One removal in 16 pauses in
 * the middle, so that every run has conflicts. Open iterators keep all memory
 * that growth would free.
 *
 * This is a template. The includer chooses guard and shards as for
 * gomap_guarded.h and defines be_met().
 */
#ifndef RM_GOMAP_UNGUARDED_TAKE_H
#define RM_GOMAP_UNGUARDED_TAKE_H

#define ops guarded_ops
#include "impls/gomap/gomap_guarded.h"
#undef ops
#include "impls/technique/technique.h"

enum { REMOVALS_PER_PAUSE = 16 };

/* Lets other threads run during a write to the map of a shard. */
static void be_met(struct gomap *inner);

struct bare {
	struct map *map; /* the map of gomap_guarded.h */
	struct gomap_iterator keeps[SHARDS];
	_Atomic uint64_t removals;
};

static void *bare_create(const struct rm_sizing *sizing)
{
	struct bare *bare = calloc(1, sizeof(*bare));

	if (!bare)
		return NULL;
	bare->map = guarded_ops.create(sizing);
	if (!bare->map) {
		free(bare);
		return NULL;
	}
	for (size_t i = 0; i < SHARDS; i++) {
		struct gomap *inner = bare->map->shard[i].inner;

		gomap_tolerate_conflicts(inner);
		gomap_iterate_begin(inner, &bare->keeps[i]);
	}
	return bare;
}

static void bare_destroy(void *opaque)
{
	struct bare *bare = opaque;

	for (size_t i = 0; i < SHARDS; i++)
		gomap_iterate_end(&bare->keeps[i]);
	guarded_ops.destroy(bare->map);
	free(bare);
}

RM_HOT struct map *map_of(void *thread)
{
	return ((struct bare *)thread)->map;
}

RM_HOT bool bare_lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	return lookup(map_of(thread), shape, key, value);
}

RM_HOT bool bare_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	return exchange(map_of(thread), shape, key, value, old);
}

RM_HOT bool bare_upsert(void *thread, struct rm_shape shape, struct rm_key key,
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

/* Removes a key without taking the lock, which is the misuse. */
RM_HOT bool bare_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct bare *bare = thread;
	struct gomap *inner = shard_of(bare->map, shape, key)->inner;

	if (conflicts_of(bare->map))
		return take(bare->map, shape, key, old);
	/* relaxed: the count orders nothing */
	if (atomic_fetch_add_explicit(
	            &bare->removals, 1, memory_order_relaxed) %
	                REMOVALS_PER_PAUSE ==
	        0) {
		gomap_require_no_writer(inner);
		gomap_write_begin(inner);
		be_met(inner);
		gomap_write_end(inner);
	}
	return gomap_remove(inner, shape, key, old);
}

static size_t bare_length(void *thread)
{
	return length(map_of(thread));
}

static void bare_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	guarded_ops.stats(map_of(opaque), emit, context);
}

static bool bare_check(void *opaque, char *why, size_t size)
{
	const uint64_t conflicts = conflicts_of(map_of(opaque));

	if (!conflicts)
		return guarded_ops.check(map_of(opaque), why, size);
	snprintf(why, size, "concurrent map writes: %llu seen",
	        (unsigned long long)conflicts);
	return false;
}

static const struct rm_map_ops ops = {
	.create = bare_create,
	.destroy = bare_destroy,
	.join = map_itself,
	.leave = nothing,
	.lookup = bare_lookup,
	.upsert = bare_upsert,
	.quiesce = nothing,
	.exchange = bare_exchange,
	.take = bare_take,
	.length = bare_length,
	.stats = bare_stats,
	.check = bare_check,
};

RM_DRIVES_U64(ops)

#endif /* RM_GOMAP_UNGUARDED_TAKE_H */
