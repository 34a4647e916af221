/* SPDX-License-Identifier: Apache-2.0 */
/* xsync_10.c - the end of a resize clears the mark and wakes waiting threads
 * without holding their lock. A thread that has seen the mark but does not
 * sleep yet misses the wake-up and sleeps until the next resize. Finally all
 * threads may sleep. */
#ifndef BUG_ID
#define BUG_ID xsync_10
#endif
#include "verify/corpora/bugs/resizing.h"

/* Reads the mark before the table: see xsync_111.c. */
static bool may_write(struct resizing *map, struct table *table)
{
	return !atomic_load(&map->busy) && atomic_load(&map->table) == table;
}

static void end_resize(struct resizing *map)
{
	if (twin)
		pthread_mutex_lock(&map->lock);
	atomic_store(&map->busy, false);
	pthread_cond_broadcast(&map->ended);
	if (twin)
		pthread_mutex_unlock(&map->lock);
}

#include "verify/corpora/bugs/bug_impl.h"
