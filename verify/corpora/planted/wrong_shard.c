/* SPDX-License-Identifier: Apache-2.0 */
/* wrong_shard.c - for one key in 32, a remove chooses the shard by other hash
 * bits than a lookup does, and does not find the key. */
#ifndef PLANTED_ID
#define PLANTED_ID wrong_shard
#endif
#include "verify/corpora/planted/planted.h"

enum { SHARDS = 8 };

struct sharded {
	struct planted *shards[SHARDS];
	uint64_t seed;
};

static uint64_t hash_of(const struct sharded *map, struct rm_key key)
{
	return rm_hash(PLANTED_SLOT, key, map->seed);
}

static struct planted *shard_of(const struct sharded *map, struct rm_key key)
{
	return map->shards[hash_of(map, key) >> 61];
}

RM_HOT bool sharded_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	return base_lookup(shard_of(thread, key), shape, key, value);
}

RM_HOT bool sharded_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	return base_exchange(shard_of(thread, key), shape, key, value, old);
}

RM_HOT bool take_from_wrong_shard(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	const struct sharded *map = thread;
	const uint64_t hash = hash_of(map, key);
	struct planted *shard = shard_of(map, key);

	if (!twin && hash % 32 == 0)
		shard = map->shards[(hash >> 58) % SHARDS];
	return base_take(shard, shape, key, old);
}

static void *create(const struct rm_sizing *sizing)
{
	struct sharded *map = xcalloc(1, sizeof(*map));
	struct rm_sizing part = *sizing;

	part.keys = sizing->keys / SHARDS + 1;
	for (int i = 0; i < SHARDS; i++)
		map->shards[i] = base_create(&part);
	map->seed = sizing->seed;
	return map;
}

static void destroy(void *opaque)
{
	struct sharded *map = opaque;

	for (int i = 0; i < SHARDS; i++)
		base_destroy(map->shards[i]);
	free(map);
}

#define PLANTED_LOOKUP   sharded_lookup
#define PLANTED_EXCHANGE sharded_exchange
#define PLANTED_TAKE     take_from_wrong_shard
#define PLANTED_INSERT   NULL
#define PLANTED_CREATE   create
#define PLANTED_DESTROY  destroy
#include "verify/corpora/planted/planted_impl.h"
