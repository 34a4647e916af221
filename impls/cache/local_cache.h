/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_cache.h - a small cache per thread before one Go map under an RWMutex.
 *
 * A lookup that finds its key in its thread's cache takes no lock. An answer
 * is never older than LOCAL_CACHE_TTL_NS: each line knows when it was read
 * from the map, and each lookup that it answers reads the clock. A line older
 * than LOCAL_CACHE_REFRESH_NS still answers, and is read again by the same
 * lookup after that. Only what is there is cached, not what is absent; string
 * keys of up to 16 bytes.
 *
 * How a cache learns of writes is a constant of the includer:
 *
 *	LOCAL_CACHE_BY_TTL	not at all: an answer may be as old as the TTL
 *	LOCAL_CACHE_BY_LOG	a write adds its key to a log, under the lock;
 *				each thread follows the log when it is
 *				quiescent, and before it answers anything after
 *				a park
 *	LOCAL_CACHE_BY_VERSION	a write counts its key's version up, under the
 *				lock; a lookup asks for the version, and so
 *				every answer is current: the write takes effect
 *				where it counts
 *
 * A thread's own writes always empty its own line.
 *
 * An includer that defines LOCAL_CACHE_REPLICA as true has a second map that a
 * thread of its own keeps up with the first one by the log, and that misses
 * read (local_cache_replica.h). An answer may then be older than the TTL by the
 * replica's lag, which is a statistic.
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

/* Members of struct rm_impl that these maps share. The
   clock is called through a pointer, so that tests own the time. */
#define LOCAL_CACHE_MAP                                          \
	.family = "lock", .sync = "go-rwmutex", .system = "M12", \
	.guarantees = "point-in-time", .progress = "blocking",   \
	.duty = RM_DUTY_ANNOUNCE, .dispatch = "callback"

#endif /* RM_LOCAL_CACHE_H */
