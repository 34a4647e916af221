/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_seg.c - 64 segments of bins: CAS into empty bins, else a lock per bin.
 *
 * What article S2 takes from Java: many concurrent hash maps, all allocated up
 * front and never resized; it calls them lock-free, and lookups are. A lookup
 * writes nothing shared; a write locks one bin of one segment, or none. The
 * capacity comes from the number of keys, also where a workload says not to
 * presize. impls/shard/seg_map.h tells the rest.
 */
#include "impls/shard/seg_more.h"
#include "runner/driver.h"

static void *join(void *opaque, size_t slot)
{
	struct seg_map *map = opaque;

	return epoch_join(map->epoch, slot, map);
}

static void leave(void *thread)
{
	epoch_leave(thread);
}

RM_HOT bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	return seg_exchange(thread, shape, key, value, NULL);
}

RM_HOT bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	return seg_take(thread, shape, key, NULL);
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

static const struct rm_map_ops ops = {
	.create = seg_create,
	.destroy = seg_destroy,
	.join = join,
	.leave = leave,
	.lookup = seg_lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = quiesce,
	.park = park,
	.unpark = unpark,
	.exchange = seg_exchange,
	.take = seg_take,
	.insert_if_absent = seg_insert_if_absent,
	.compare_swap = seg_compare_swap,
	.compare_remove = seg_compare_remove,
	.update = seg_update,
	.scan = seg_scan,
	.length = seg_length,
	.clear = seg_clear,
	.stats = seg_stats,
	.check = seg_check,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_shard_seg = {
	.id = "shard_seg",
	.label = "64 segments, CAS bins",
	.family = "shard",
	.sync = "epoch, bin locks",
	.source = "segmented ConcurrentHashMap of article S2; JDK 8 bins",
	.system = "M6",
	.shapes = RM_ALL_SHAPES,
	.guarantees = "once-if-present",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &ops,
	.drive = RM_ALL_DRIVES,
};
