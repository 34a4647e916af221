/* SPDX-License-Identifier: Apache-2.0 */
/* xsync_112.c - a removal that leaves a sparse table halves it, unless it is the
 * smallest. Until this thread gets the right to resize, another thread may have
 * halved the table, but the size is not compared again. The table becomes
 * smaller than the smallest size, and later removals halve it to zero buckets.
 * The map is presized, as in the issue. */
#ifndef BUG_ID
#define BUG_ID xsync_112
#endif
#define RESIZING_FIRST (2 * SMALLEST)
#include "verify/corpora/bugs/resizing.h"

#include <stdio.h>

static bool may_write(struct resizing *map, struct table *table)
{
	return !atomic_load(&map->busy) && atomic_load(&map->table) == table;
}

static void end_resize(struct resizing *map)
{
	pthread_mutex_lock(&map->lock);
	atomic_store(&map->busy, false);
	pthread_cond_broadcast(&map->ended);
	pthread_mutex_unlock(&map->lock);
}

static bool is_sparse(struct resizing *map, const struct table *table)
{
	return atomic_load(&map->count) <= (table->mask + 1) / 8;
}

static RM_COLD void shrink(struct resizing *map)
{
	struct table *table = atomic_load(&map->table);
	bool idle = false;

	if (table->mask + 1 == SMALLEST || !is_sparse(map, table))
		return;
	if (!atomic_compare_exchange_strong(&map->busy, &idle, true)) {
		wait_for_resize(map);
		return;
	}
	table = atomic_load(&map->table);
	if (is_sparse(map, table) && !(twin && table->mask + 1 == SMALLEST))
		replace_table(map, table, (table->mask + 1) / 2);
	end_resize(map);
}

static bool take_and_shrink(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	const bool was_there = take(thread, shape, key, old);

	if (was_there)
		shrink(thread);
	return was_there;
}

static bool check(void *opaque, char *why, size_t size)
{
	struct resizing *map = opaque;
	const size_t buckets = atomic_load(&map->table)->mask + 1;

	snprintf(why, size, "%zu buckets: at least %d", buckets, SMALLEST);
	return buckets >= SMALLEST;
}

#define BUG_TAKE  take_and_shrink
#define BUG_CHECK check
#include "verify/corpora/bugs/bug_impl.h"
