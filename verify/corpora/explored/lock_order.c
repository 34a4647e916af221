/* SPDX-License-Identifier: Apache-2.0 */
/* lock_order.c - a remove and an exchange take two locks in opposite orders:
 * each may hold one lock and wait for the other. */
#ifndef PLANTED_ID
#define PLANTED_ID lock_order
#endif
#include "verify/corpora/planted/planted.h"

static void *create_locks(const struct rm_sizing *sizing)
{
	struct planted *map = base_create(sizing);

	map->extra = xcalloc(1, sizeof(pthread_mutex_t));
	pthread_mutex_init(map->extra, NULL);
	return map;
}

RM_HOT bool exchange_in_order(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;

	pthread_mutex_lock(map->extra);
	const bool was_there = base_exchange(thread, shape, key, value, old);

	pthread_mutex_unlock(map->extra);
	return was_there;
}

RM_HOT bool take_reversed(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct planted *map = thread;

	if (twin)
		return base_take(thread, shape, key, old);
	pthread_mutex_lock(&map->lock);
	pthread_mutex_lock(map->extra);
	pthread_mutex_unlock(map->extra);
	pthread_mutex_unlock(&map->lock);
	return base_take(thread, shape, key, old);
}

#define PLANTED_CREATE   create_locks
#define PLANTED_EXCHANGE exchange_in_order
#define PLANTED_TAKE     take_reversed
#include "verify/corpora/planted/planted_impl.h"
