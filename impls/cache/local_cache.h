/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_cache.h - a small cache per thread in front of one Go map under an
 * RWMutex.
 *
 * A cache hit takes no lock. Each line stores the time when it was read from
 * the map, and each hit reads the clock, so an answer is never older than
 * LOCAL_CACHE_TTL_NS. A hit on a line older than LOCAL_CACHE_REFRESH_NS returns
 * the cached value and then reads the line from the map again. Only present
 * keys are cached, and string keys only up to 16 bytes.
 *
 * LOCAL_CACHE_INVALIDATION, defined by the includer, selects how a cache learns
 * about writes by other threads:
 *
 *	LOCAL_CACHE_BY_TTL	never: an answer may be as old as the TTL
 *	LOCAL_CACHE_BY_LOG	a write appends its key to a log, under the
 *				lock; each thread applies the log when it is
 *				quiescent and when it ends a park
 *	LOCAL_CACHE_BY_VERSION	a write increments its key's version, under the
 *				lock; a lookup compares versions, so every
 *				answer is current: the increment is the write's
 *				linearization point
 *
 * A write always invalidates the writer's own line.
 *
 * If the includer defines LOCAL_CACHE_REPLICA as true, misses read a second
 * map, which a background thread updates from the log (local_cache_replica.h).
 * An answer may then be older than the TTL by the lag of the replica, which is
 * reported as a statistic.
 */
#ifndef RM_LOCAL_CACHE_H
#define RM_LOCAL_CACHE_H

#include "impls/cache/local_cache_layout.h"
#include "impls/cache/local_cache_life.h"
#include "impls/cache/local_cache_read.h"
#include "impls/cache/local_cache_stats.h"
#include "impls/cache/local_cache_write.h"

/* Initialisers of struct rm_map_ops. */
#define LOCAL_CACHE_OPS                                                       \
	.create = cache_create, .destroy = cache_destroy, .join = cache_join, \
	.leave = nothing, .lookup = cache_lookup, .upsert = cache_upsert,     \
	.remove = cache_remove, .quiesce = cache_quiesce, .park = nothing,    \
	.unpark = cache_unpark, .exchange = cache_exchange,                   \
	.take = cache_take, .insert_if_absent = cache_insert_if_absent,       \
	.compare_swap = cache_compare_swap,                                   \
	.compare_remove = cache_compare_remove, .update = cache_update,       \
	.scan = cache_scan, .length = cache_length, .clear = cache_clear,     \
	.stats = cache_stats, .check = cache_check

/* Members of struct rm_impl that these maps share. Dispatch is "callback"
   because the clock is called through a pointer, for tests. */
#define LOCAL_CACHE_MAP                                          \
	.family = "lock", .sync = "go-rwmutex", .system = "M12", \
	.guarantees = "point-in-time", .progress = "blocking",   \
	.duty = RM_DUTY_ANNOUNCE, .dispatch = "callback"

#endif /* RM_LOCAL_CACHE_H */
