/* SPDX-License-Identifier: Apache-2.0 */
/* dashmap_304.c - shrink_to_fit shrinks a shard to a size that depends on the
 * length of the whole map. To compute the length, it locks all shards,
 * including the shard that it has already locked, and waits for itself forever.
 * This project's interface has no such operation, so clear() shrinks here. */
#ifndef BUG_ID
#define BUG_ID dashmap_304
#endif
#define LOCKED_COUNT(map, shard, change) ((shard)->size += (size_t)(change))
#include "verify/corpora/bugs/locked.h"

/* DashMap's lock waits for its own thread; a pthread lock may return an error
 * instead. */
static void lock_to_read(struct shard *shard)
{
	while (pthread_rwlock_rdlock(&shard->lock) == EDEADLK)
		sched_yield();
}

static size_t length(void *thread)
{
	struct locked *map = thread;
	size_t sum = 0;

	for (int i = 0; i < SHARDS; i++) {
		lock_to_read(map->shards + i);
		sum += map->shards[i].size;
		pthread_rwlock_unlock(&map->shards[i].lock);
	}
	return sum;
}

/* Shrinks an empty shard. The caller holds its lock. */
static void shrink(struct locked *map, struct shard *shard)
{
	const struct rm_sizing sizing = { .shape = SLOT,
		.seed = shard->table.seed,
		.keys = twin ? shard->size : length(map),
		.presize = true };

	probe_free(&shard->table, SLOT);
	if (probe_init(&shard->table, &sizing))
		abort();
}

static void clear(void *thread)
{
	struct locked *map = thread;

	for (int i = 0; i < SHARDS; i++) {
		struct shard *shard = map->shards + i;

		pthread_rwlock_wrlock(&shard->lock);
		probe_clear(&shard->table, SLOT);
		shard->size = 0;
		shrink(map, shard);
		pthread_rwlock_unlock(&shard->lock);
	}
}

#define BUG_CREATE   base_create
#define BUG_LOOKUP   base_lookup
#define BUG_EXCHANGE base_exchange
#define BUG_TAKE     base_take
#define BUG_LENGTH   length
#define BUG_CLEAR    clear
#include "verify/corpora/bugs/bug_impl.h"
