/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_rw_unguarded_delete.c - one Go map under an RWMutex, but for removing.
 *
 * Misuse: a removal takes no lock and meets writers who have it. Go's map sees
 * that now and then by its flag, and dies; here it is counted, and from then on
 * removals take the lock, so that what is wrong stays small and defined. One
 * removal in 16 gives way to others in the middle of it, so that they meet in
 * every run. gomap_rw is the right form.
 *
 * An iterator that stays open keeps all memory that growth would free.
 */
#include "impls/shard/shard_one.h"
#include "impls/support/guard_go_rw.h"

#define ops guarded_ops
#include "impls/gomap/gomap_guarded.h"
#undef ops
#include "impls/technique/technique.h"

enum { GIVES_WAY = 16 };

struct deletes {
	struct map *map; /* of gomap_guarded.h */
	struct gomap_iterator keeps;
	_Atomic uint64_t removals;
};

static void *bare_create(const struct rm_sizing *sizing)
{
	struct deletes *deletes = calloc(1, sizeof(*deletes));

	if (!deletes)
		return NULL;
	deletes->map = guarded_ops.create(sizing);
	if (!deletes->map) {
		free(deletes);
		return NULL;
	}
	gomap_tolerate_conflicts(deletes->map->shard[0].inner);
	gomap_iterate_begin(deletes->map->shard[0].inner, &deletes->keeps);
	return deletes;
}

static void bare_destroy(void *opaque)
{
	struct deletes *deletes = opaque;

	gomap_iterate_end(&deletes->keeps);
	guarded_ops.destroy(deletes->map);
	free(deletes);
}

static void *bare_join(void *opaque, size_t slot)
{
	(void)slot;
	return opaque;
}

RM_HOT struct map *map_of(void *thread)
{
	return ((struct deletes *)thread)->map;
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

/* The misuse. */
RM_HOT bool bare_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct deletes *deletes = thread;
	struct gomap *inner = deletes->map->shard[0].inner;

	if (gomap_get(inner->extra->conflicts))
		return take(deletes->map, shape, key, old);
	/* relaxed: whose turn it is orders nothing */
	if (atomic_fetch_add_explicit(
	            &deletes->removals, 1, memory_order_relaxed) %
	                GIVES_WAY ==
	        0) {
		gomap_write_begin(inner);
		technique_give_way();
		gomap_write_end(inner);
	}
	return gomap_remove(inner, shape, key, old);
}

RM_HOT bool bare_remove(void *thread, struct rm_shape shape, struct rm_key key)
{
	return bare_take(thread, shape, key, NULL);
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
	struct gomap *inner = map_of(opaque)->shard[0].inner;
	const uint64_t conflicts = gomap_get(inner->extra->conflicts);

	if (!conflicts)
		return guarded_ops.check(map_of(opaque), why, size);
	snprintf(why, size, "concurrent map writes: %llu seen",
	        (unsigned long long)conflicts);
	return false;
}

static const struct rm_map_ops ops = {
	.create = bare_create,
	.destroy = bare_destroy,
	.join = bare_join,
	.leave = nothing,
	.lookup = bare_lookup,
	.upsert = bare_upsert,
	.remove = bare_remove,
	.quiesce = nothing,
	.exchange = bare_exchange,
	.take = bare_take,
	.length = bare_length,
	.stats = bare_stats,
	.check = bare_check,
};

RM_DRIVES_U64(ops)

const struct rm_impl rm_impl_gomap_rw_unguarded_delete = {
	.id = "gomap_rw_unguarded_delete",
	.label = "RWMutex, not for delete",
	.family = "lock",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex",
	.system = "M16",
	.shapes = RM_U64_SHAPES,
	.guarantees = "none",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &ops,
	.drive = RM_U64_DRIVES,
	.misuse = "check: concurrent map writes",
};
