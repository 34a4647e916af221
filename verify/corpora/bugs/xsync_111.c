/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsync_111.c - a writer that has locked its bucket asks whether there is a
 * newer table, and then whether somebody resizes. A resize that ends between
 * the two questions is seen by neither: the write goes to a bucket that has
 * been copied, and is lost. Its end publishes the table and then clears the
 * mark, so the questions must come the other way round.
 */
#ifndef BUG_ID
#define BUG_ID xsync_111
#endif
#include "verify/corpora/bugs/resizing.h"

static bool still_ours(struct resizing *map, struct table *table)
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
