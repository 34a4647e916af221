/* SPDX-License-Identifier: Apache-2.0 */
/* seg_ops.h - the table of operations of a segmented map. seg_map.h lists the
   constants to define before including this file. */
#ifndef RM_SHARD_SEG_OPS_H
#define RM_SHARD_SEG_OPS_H

#include "impls/shard/seg_slow_ops.h"
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

/* The table of operations with this create function. */
#define SEG_OPS(create_fn)                                          \
	.create = create_fn, .destroy = seg_destroy, .join = join,  \
	.leave = leave, .lookup = seg_lookup, .quiesce = quiesce,   \
	.park = park, .unpark = unpark, .exchange = seg_exchange,   \
	.take = seg_take, .insert_if_absent = seg_insert_if_absent, \
	.compare_swap = seg_compare_swap,                           \
	.compare_remove = seg_compare_remove, .update = seg_update, \
	.scan = seg_scan, .length = seg_length, .clear = seg_clear, \
	.stats = seg_stats, .check = seg_check

/* Members of struct rm_impl that these maps share. */
#define SEG_MAP                                                               \
	.family = "shard", .sync = "epoch, bin locks",                        \
	.duty = RM_DUTY_ANNOUNCE,                                             \
	.source =                                                             \
	        "Java's ConcurrentHashMap: segments of JDK 5, bins of JDK 8", \
	.system = "M6", .guarantees = "once-if-present",                      \
	.progress = "blocking"

#endif /* RM_SHARD_SEG_OPS_H */
