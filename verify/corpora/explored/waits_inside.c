/* SPDX-License-Identifier: Apache-2.0 */
/* waits_inside.c - a remove waits for running exchanges while it holds the lock
 * that they need: it spins forever. */
#ifndef PLANTED_ID
#define PLANTED_ID waits_inside
#endif
#include "verify/corpora/planted/planted.h"

RM_HOT bool exchange_announced(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;
	_Atomic uint64_t *running = map->extra;

	++*running;
	const bool was_there = base_exchange(thread, shape, key, value, old);

	--*running;
	return was_there;
}

RM_HOT bool take_waiting(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct planted *map = thread;
	_Atomic uint64_t *running = map->extra;

	if (!twin)
		pthread_mutex_lock(&map->lock);
	while (*running)
		sched_yield();
	if (!twin)
		pthread_mutex_unlock(&map->lock);
	return base_take(thread, shape, key, old);
}

#define PLANTED_EXTRA    _Atomic uint64_t
#define PLANTED_EXCHANGE exchange_announced
#define PLANTED_TAKE     take_waiting
#include "verify/corpora/planted/planted_impl.h"
