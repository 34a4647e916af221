/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_mutex.c - Go's map under one mutex.
 *
 * Each call holds the mutex, lookups too: a lookup writes the lock's line
 * twice and excludes all others. The mutex is pthread's default one.
 */
#include "runner/map.h"

#include <pthread.h>

struct guard {
	pthread_mutex_t lock;
};

enum { SHARDS = 1, SHARD_ALIGN = RM_CACHE_LINE };

static inline void guard_create(struct guard *guard)
{
	pthread_mutex_init(&guard->lock, NULL);
}

static inline void guard_destroy(struct guard *guard)
{
	pthread_mutex_destroy(&guard->lock);
}

RM_HOT void guard_read(struct guard *guard)
{
	pthread_mutex_lock(&guard->lock);
}

RM_HOT void guard_read_end(struct guard *guard)
{
	pthread_mutex_unlock(&guard->lock);
}

RM_HOT void guard_write(struct guard *guard)
{
	pthread_mutex_lock(&guard->lock);
}

RM_HOT void guard_write_end(struct guard *guard)
{
	pthread_mutex_unlock(&guard->lock);
}

#include "impls/support/gomap_guarded.h" /* the operations */

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap_mutex = {
	.id = "gomap_mutex",
	.label = "Go map + mutex",
	.family = "lock",
	.sync = "mutex",
	.source = "Go runtime, map before 1.24; POSIX mutex",
	.system = "M2",
	.shapes = RM_ALL_SHAPES,
	.guarantees = "point-in-time",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &ops,
	.drive = RM_ALL_DRIVES,
};
