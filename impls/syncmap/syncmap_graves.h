/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_graves.h - sync.Map under hazard pointers: what headers leave behind.
 * Inner part of syncmap_hazard.h.
 *
 * A header's name protects all that can be reached from it: the map, and the
 * entries, some of which go with a much later header. Therefore what headers
 * leave behind waits in one queue, under the map's lock, and is freed from its
 * head on, up to the first whose header somebody names.
 */
#ifndef RM_SYNCMAP_GRAVES_H
#define RM_SYNCMAP_GRAVES_H

#include "impls/support/hazard.h"
#include "impls/syncmap/syncmap_layout.h"

enum {
	SYNCMAP_NAME_HEADER,
	SYNCMAP_NAME_PIN, /* copied from the one before */
	SYNCMAP_NAME_BOX,
};

/* Waits until nobody names one of its headers. */
struct syncmap_grave {
	struct syncmap_grave *next;
	struct syncmap_header *before; /* or NULL: same map, not amended */
	struct syncmap_remains remains;
	uint64_t bytes;
};

struct syncmap_hazard {
	struct hazard *hazard;
	/* under the map's lock */
	struct syncmap_grave *oldest, *newest;
	struct syncmap_header *before; /* had the same map, not amended */
};

static inline uint64_t syncmap_remains_bytes(
        const struct syncmap *map, const struct syncmap_remains *remains)
{
	uint64_t bytes = sizeof(*remains->header);

	if (remains->bare)
		bytes += syncmap_map_bytes(remains->bare);
	if (remains->full)
		bytes += syncmap_full_bytes(map, remains->full);
	if (remains->expunged)
		bytes += syncmap_list_bytes(remains->expunged);
	return bytes;
}

/* Under the lock. A header without its map waits for it, and its writer buries
   what waits: who promoted may be a thread that only looks up, which ends no
   write. */
static inline void syncmap_retire_remains(
        void *thread, const struct syncmap_remains *remains)
{
	struct hazard_record *record = thread;
	struct syncmap *map = record->owner;
	struct syncmap_hazard *own = map->reclamation;

	if (!remains->bare && !remains->full) {
		own->before = remains->header;
		record->due |= own->oldest != NULL;
		return;
	}
	struct syncmap_grave *grave = syncmap_new(sizeof(*grave));

	*grave = (struct syncmap_grave){ .before = own->before,
		.remains = *remains,
		.bytes = syncmap_remains_bytes(map, remains) };
	own->before = NULL;
	if (own->oldest)
		own->newest->next = grave;
	else
		own->oldest = grave;
	own->newest = grave;
	record->due = true;
	RM_STAT_OWN(record->retired, 1);
	RM_STAT_OWN(record->retired_bytes, grave->bytes);
}

static inline void syncmap_grave_free(struct syncmap_grave *grave)
{
	gomap_destroy(grave->remains.bare);
	syncmap_full_map_free(grave->remains.full);
	syncmap_list_free(grave->remains.expunged);
	free(grave->remains.header);
	free(grave->before);
	free(grave);
}

/* Takes the graves off the queue that nobody's name keeps. */
static inline struct syncmap_grave *syncmap_unqueue(struct syncmap *map)
{
	struct syncmap_hazard *own = map->reclamation;
	struct syncmap_grave *first, *last = NULL, *grave;

	syncmap_lock(&map->lock);
	struct hazard_names names = hazard_look(own->hazard);

	first = grave = own->oldest;
	while (grave && !hazard_is_named(&names, grave->remains.header) &&
	        !(grave->before && hazard_is_named(&names, grave->before))) {
		last = grave;
		grave = grave->next;
	}
	own->oldest = grave;
	if (last)
		last->next = NULL;
	syncmap_unlock(&map->lock);
	free(names.table);
	return last ? first : NULL;
}

/* Frees what no header keeps any more. No lock is held. */
static RM_COLD void syncmap_bury(struct hazard_record *record)
{
	record->due = false;
	for (struct syncmap_grave *grave = syncmap_unqueue(record->owner);
	        grave;) {
		struct syncmap_grave *next = grave->next;

		RM_STAT_OWN(record->freed, 1);
		RM_STAT_OWN(record->freed_bytes, grave->bytes);
		syncmap_grave_free(grave);
		grave = next;
	}
}

#endif /* RM_SYNCMAP_GRAVES_H */
