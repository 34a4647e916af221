/* SPDX-License-Identifier: Apache-2.0 */
/* cache_misses_swap.c - shards under reader-writer locks, and a small cache per
 * thread: an entry is valid while the version of its shard is unchanged.
 *
 * Bug: every write increments the version except compare_swap(), which only
 * drops the entry of the calling thread. Other threads keep reading the old
 * value from their caches. Corrected version: it increments the version, too. A
 * cache hit writes nothing shared. */
#ifndef ID
#define ID cache_misses_swap
#endif
#include "verify/corpora/broken/broken.h"

enum { CACHE_ENTRIES = 64 };

struct cache_entry {
	bool used;
	uint64_t key;
	uint64_t version; /* version of the shard when the value was read */
	struct rm_value value;
};

/* A thread's handle. */
struct cache {
	struct map *map;
	struct cache_entry entry[CACHE_ENTRIES];
};

struct guard {
	pthread_rwlock_t lock;
	_Atomic uint64_t version; /* modified under the write lock */
};

static inline void guard_init(struct guard *guard)
{
	pthread_rwlock_init(&guard->lock, NULL);
	atomic_init(&guard->version, 0);
}

static inline void guard_end(struct guard *guard)
{
	pthread_rwlock_destroy(&guard->lock);
}

static inline void guard_read(struct guard *guard, void *thread)
{
	(void)thread;
	pthread_rwlock_rdlock(&guard->lock);
}

/* Readers that still see the old version are ordered before the write. */
static inline void guard_write(struct guard *guard, void *thread)
{
	(void)thread;
	pthread_rwlock_wrlock(&guard->lock);
	atomic_fetch_add(&guard->version, 1);
}

static inline void guard_leave(struct guard *guard, void *thread)
{
	(void)thread;
	pthread_rwlock_unlock(&guard->lock);
}

static inline void *guard_map(void *thread)
{
	return ((struct cache *)thread)->map;
}

#include "verify/corpora/broken/shards.h"

static void *join(void *opaque, size_t slot)
{
	struct cache *cache = calloc(1, sizeof(*cache));

	(void)slot;
	if (cache)
		cache->map = opaque;
	return cache;
}

static void leave(void *thread)
{
	free(thread);
}

static void quiesce(void *thread)
{
	(void)thread;
}

static struct cache_entry *entry_of(struct cache *cache, struct rm_key key)
{
	return &cache->entry[rm_hash(RM_U64X8, key, 0) % CACHE_ENTRIES];
}

static inline bool lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct shard *shard = shard_of(thread, key);
	struct cache_entry *entry = entry_of(thread, key);

	if (entry->used && entry->key == key.word &&
	        entry->version == atomic_load(&shard->guard.version)) {
		broken_copy(shape, value, &entry->value);
		return true;
	}
	guard_read(&shard->guard, thread);
	const struct node *node = *chain_spot(&shard->chain, key);
	if (node) {
		broken_copy(shape, value, &node->value);
		broken_copy(shape, &entry->value, &node->value);
		entry->used = true;
		entry->key = key.word;
		entry->version = atomic_load(&shard->guard.version);
	}
	guard_leave(&shard->guard, thread);
	return node != NULL;
}

/* A failing compare must not invalidate caches. */
static bool compare_swap(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	struct shard *shard = shard_of(thread, key);

	pthread_rwlock_wrlock(&shard->guard.lock);
	struct node *node = *chain_spot(&shard->chain, key);
	const bool equal = node && broken_same(shape, &node->value, expected);
	if (equal) {
		entry_of(thread, key)->used = false;
		if (RIGHT)
			atomic_fetch_add(&shard->guard.version, 1);
		broken_copy(shape, &node->value, value);
	}
	guard_leave(&shard->guard, thread);
	return equal;
}

static const struct rm_map_ops ops = {
	.create = shards_create,
	.destroy = shards_destroy,
	.join = join,
	.leave = leave,
	.lookup = lookup,
	.remove = shards_remove,
	.quiesce = quiesce,
	.exchange = shards_exchange,
	.take = shards_take,
	.compare_swap = compare_swap,
	.scan = shards_scan,
	.length = shards_length,
	.clear = shards_clear,
	.check = shards_check,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "rwlock", "once-if-present", "blocking"),
};
