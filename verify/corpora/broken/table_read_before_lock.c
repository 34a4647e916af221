/* SPDX-License-Identifier: Apache-2.0 */
/* table_read_before_lock.c - a chained table that doubles, under 16 mutexes.
 *
 * Bug: a write reads the pointer to the current table before it locks. If
 * another thread doubles the table while the write waits for the lock, an
 * insert goes to the old table and is lost, and moved keys are not found.
 * Corrected version: it reads the table under the lock. Lookups write to their
 * lock. */
#ifndef ID
#define ID table_read_before_lock
#endif
#include "verify/corpora/broken/growing.h"

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	const uint64_t hash = hash_of(map, key.word);
	struct stripe *stripe = &map->stripe[hash % LOCKS];
	struct table *table = atomic_load(&map->table);

	pthread_mutex_lock(&stripe->lock);
	if (RIGHT)
		table = atomic_load(&map->table);
	struct node **link = spot_in(table, hash, key);
	const bool was_there = put(stripe, link, shape, key, value, old);
	const bool full = is_full(stripe, table);
	pthread_mutex_unlock(&stripe->lock);
	if (full)
		grow(map, table);
	return was_there;
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
	.length = length,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("lock", "mutex", "once-if-present", "blocking"),
};
