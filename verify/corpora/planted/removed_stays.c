/* SPDX-License-Identifier: Apache-2.0 */
/* removed_stays.c - a removed entry is kept until destroy(), so a map of
 * constant size uses memory for each key that it has ever contained. */
#ifndef PLANTED_ID
#define PLANTED_ID removed_stays
#endif
#include "verify/corpora/planted/chained.h"

static void keep(struct chained *map, struct entry *entry)
{
	if (twin || !entry) {
		free(entry);
		return;
	}
	pthread_mutex_lock(&map->lock);
	entry->next = map->dropped;
	map->dropped = entry;
	pthread_mutex_unlock(&map->lock);
}

#define CHAINED_DROP keep
#include "verify/corpora/planted/chained_impl.h"
