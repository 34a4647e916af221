/* SPDX-License-Identifier: Apache-2.0 */
/* leaver_keeps_count.c - shards of a chained table under mutexes. The length is
 * counted like percpu_counter in Linux: each thread has its own count, and adds
 * it to a common one when it is large enough. Bug: a leaving thread adds its
 * count to the common one by the ordinary counting function, which does so only
 * from 32 entries on. A smaller count stays in the thread's slot until the next
 * thread joins there and resets it to 0. Corrected version: it adds any count.
 * Lookups write to their lock. */
#ifndef ID
#define ID leaver_keeps_count
#endif
#include "verify/corpora/broken/chain.h"

enum { SHARDS = 8, GATHERED_MOST = 32 };

struct shard {
	_Alignas(128) pthread_mutex_t lock;
	struct chain chain;
};

/* A thread's handle. */
struct counter {
	_Alignas(128) _Atomic int64_t gathered; /* only this thread writes it */
	struct map *map;
};

struct map {
	struct shard shard[SHARDS];
	/* protects `count`; locked after a shard's lock */
	pthread_mutex_t sum;
	/* the common count, which excludes the counts of threads */
	int64_t count;
	uint64_t seed;
	size_t threads;
	struct counter *counter;
};

static void destroy(void *opaque)
{
	struct map *map = opaque;

	for (size_t i = 0; i < SHARDS; i++) {
		chain_end(&map->shard[i].chain);
		pthread_mutex_destroy(&map->shard[i].lock);
	}
	pthread_mutex_destroy(&map->sum);
	free(map->counter);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = aligned_alloc(128, sizeof(*map));

	if (!map)
		return NULL;
	memset(map, 0, sizeof(*map));
	map->seed = sizing->seed;
	map->threads = sizing->threads;
	pthread_mutex_init(&map->sum, NULL);
	map->counter = aligned_alloc(128, map->threads * sizeof(*map->counter));
	bool made = map->counter != NULL;
	for (size_t i = 0; map->counter && i < map->threads; i++) {
		atomic_init(&map->counter[i].gathered, 0);
		map->counter[i].map = map;
	}
	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&map->shard[i].lock, NULL);
		made &= chain_init(&map->shard[i].chain, sizing->keys / SHARDS,
		        sizing->seed + i);
	}
	if (made)
		return map;
	destroy(map);
	return NULL;
}

static void *join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	atomic_store(&map->counter[slot].gathered, 0);
	return &map->counter[slot];
}

static void hand_over(struct counter *counter)
{
	struct map *map = counter->map;

	pthread_mutex_lock(&map->sum);
	map->count += atomic_load(&counter->gathered);
	atomic_store(&counter->gathered, 0);
	pthread_mutex_unlock(&map->sum);
}

static void count(struct counter *counter, int64_t more)
{
	const int64_t gathered = atomic_load(&counter->gathered) + more;

	atomic_store(&counter->gathered, gathered);
	if (gathered >= GATHERED_MOST || gathered <= -GATHERED_MOST)
		hand_over(counter);
}

static void leave(void *thread)
{
	if (RIGHT)
		hand_over(thread);
	else
		count(thread, 0);
}

static void quiesce(void *thread)
{
	(void)thread;
}

/* Exact if no thread writes. If one thread inserts a key and another removes
 * it, the sum may briefly include only the second count, and be negative. */
static size_t length(void *thread)
{
	struct map *map = ((struct counter *)thread)->map;

	pthread_mutex_lock(&map->sum);
	int64_t sum = map->count;
	for (size_t i = 0; i < map->threads; i++)
		sum += atomic_load(&map->counter[i].gathered);
	pthread_mutex_unlock(&map->sum);
	return sum > 0 ? (size_t)sum : 0;
}

/* Locks the key's shard and returns it. */
RM_HOT struct shard *enter(void *thread, struct rm_key key)
{
	struct map *map = ((struct counter *)thread)->map;
	struct shard *shard =
	        &map->shard[rm_hash(RM_U64X8, key, ~map->seed) % SHARDS];

	pthread_mutex_lock(&shard->lock);
	return shard;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct shard *shard = enter(thread, key);
	const struct node *node = *chain_spot(&shard->chain, key);
	const bool was_there = node != NULL;

	if (was_there)
		broken_copy(shape, value, &node->value);
	pthread_mutex_unlock(&shard->lock);
	return was_there;
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct shard *shard = enter(thread, key);
	struct node **link = chain_spot(&shard->chain, key);
	const bool was_there = *link != NULL;

	if (was_there) {
		broken_copy(shape, old, &(*link)->value);
		broken_copy(shape, &(*link)->value, value);
	} else {
		*link = chain_node(shape, key, value);
		count(thread, 1);
	}
	pthread_mutex_unlock(&shard->lock);
	return was_there;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct shard *shard = enter(thread, key);
	struct node **link = chain_spot(&shard->chain, key);
	const bool was_there = *link != NULL;

	if (was_there) {
		broken_copy(shape, old, &(*link)->value);
		chain_drop(link);
		count(thread, -1);
	}
	pthread_mutex_unlock(&shard->lock);
	return was_there;
}

/* Locks one shard at a time. */
static void clear(void *thread)
{
	struct map *map = ((struct counter *)thread)->map;

	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &map->shard[i];

		pthread_mutex_lock(&shard->lock);
		count(thread, -(int64_t)chain_empty(&shard->chain));
		pthread_mutex_unlock(&shard->lock);
	}
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = leave,
	.lookup = lookup,
	.quiesce = quiesce,
	.exchange = exchange,
	.take = take,
	.length = length,
	.clear = clear,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "mutex", "none", "blocking"),
};
