/* SPDX-License-Identifier: Apache-2.0 */
/* folly_1280.c - each shard counts its entries under its lock; length adds the
 * counts without the locks. This is a data race, so the result is undefined. */
#ifndef BUG_ID
#define BUG_ID folly_1280
#endif
#define LOCKED_COUNT(map, shard, change) ((shard)->size += (size_t)(change))
#include "verify/corpora/bugs/locked.h"

static void clear(void *thread)
{
	struct locked *map = thread;

	for (int i = 0; i < SHARDS; i++) {
		pthread_rwlock_wrlock(&map->shards[i].lock);
		probe_clear(&map->shards[i].table, SLOT);
		map->shards[i].size = 0;
		pthread_rwlock_unlock(&map->shards[i].lock);
	}
}

static size_t length(void *thread)
{
	struct locked *map = thread;
	size_t sum = 0;

	for (int i = 0; i < SHARDS; i++) {
		if (twin)
			pthread_rwlock_rdlock(&map->shards[i].lock);
		sum += map->shards[i].size;
		if (twin)
			pthread_rwlock_unlock(&map->shards[i].lock);
	}
	return sum;
}

#define BUG_CREATE   base_create
#define BUG_LOOKUP   base_lookup
#define BUG_EXCHANGE base_exchange
#define BUG_TAKE     base_take
#define BUG_LENGTH   length
#define BUG_CLEAR    clear
#include "verify/corpora/bugs/bug_impl.h"
