/* SPDX-License-Identifier: Apache-2.0 */
/* scan_counts_upwards.c - a chained table that doubles, under 16 mutexes; scan
 * locks one bucket at a time.
 *
 * Bug: scan visits buckets by ascending number. If the table doubles during the
 * scan, half of the keys of visited buckets move to the upper half of the
 * table, and are visited again. Corrected version: it increments the highest
 * bit first (idea: SCAN of Redis), so that the two halves of a bucket are
 * consecutive. Lookups write to their lock. */
#ifndef ID
#define ID scan_counts_upwards
#endif
#include "verify/corpora/broken/growing.h"

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	const uint64_t hash = hash_of(map, key.word);
	struct stripe *stripe = &map->stripe[hash % LOCKS];

	pthread_mutex_lock(&stripe->lock);
	struct table *table = atomic_load(&map->table);
	struct node **link = spot_in(table, hash, key);
	const bool was_there = put(stripe, link, shape, key, value, old);
	const bool full = is_full(stripe, table);
	pthread_mutex_unlock(&stripe->lock);
	if (full)
		grow(map, table);
	return was_there;
}

/* Returns the bucket after `i` of mask + 1 buckets; 0: `i` was the last one. */
static size_t bucket_after(size_t i, size_t mask)
{
	if (!RIGHT)
		return i < mask ? i + 1 : 0;

	size_t bit = (mask + 1) / 2;

	for (; bit && (i & bit); bit /= 2)
		i -= bit;
	return bit ? i + bit : 0;
}

/* Holds the lock of one bucket at a time, so `fn` must not call this map. */
static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = thread;
	size_t i = 0;
	bool more = true;

	(void)shape;
	do {
		pthread_mutex_t *lock = &map->stripe[i % LOCKS].lock;

		pthread_mutex_lock(lock);
		const struct table *table = atomic_load(&map->table);
		for (struct node *node = table->bucket[i]; more && node;
		        node = node->next)
			more = fn(context, (struct rm_key){ .word = node->key },
			        &node->value);
		i = bucket_after(i, table->mask);
		pthread_mutex_unlock(lock);
	} while (more && i);
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
	.scan = scan,
	.length = length,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("lock", "mutex", "once-if-present", "blocking"),
};
