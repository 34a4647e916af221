/* SPDX-License-Identifier: Apache-2.0 */
/* xsync_111.c - a writer that has locked its bucket first checks for a newer
 * table, and then for a running resize. If a resize ends between the two
 * checks, neither check detects it, so the write goes to a bucket that was
 * already copied, and is lost. The end of a resize publishes the table and then
 * clears the mark, so the checks must be in the opposite order. */
#ifndef BUG_ID
#define BUG_ID xsync_111
#endif
#include "verify/corpora/bugs/resizing.h"

static bool may_write(struct resizing *map, struct table *table)
{
	if (twin)
		return !atomic_load(&map->busy) &&
		       atomic_load(&map->table) == table;
	return atomic_load(&map->table) == table && !atomic_load(&map->busy);
}

static void end_resize(struct resizing *map)
{
	pthread_mutex_lock(&map->lock);
	atomic_store(&map->busy, false);
	pthread_cond_broadcast(&map->ended);
	pthread_mutex_unlock(&map->lock);
}

#include "verify/corpora/bugs/bug_impl.h"
