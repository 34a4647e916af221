/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_epoch.h - sync.Map: epochs reclaim memory. The handle of a thread is
 * its epoch record. Inner part of syncmap.h.
 *
 * Operations announce nothing, since pointers that a thread found stay valid
 * until it is quiescent.
 */
#ifndef RM_SYNCMAP_EPOCH_H
#define RM_SYNCMAP_EPOCH_H

#include "impls/support/epoch.h"
#include "impls/syncmap/syncmap_layout.h"
#include "impls/syncmap/syncmap_unguarded.h"

/* Kinds of retired objects, for epoch_free(). */
enum {
	SYNCMAP_BLOCK,    /* boxes and headers, freed by one free() */
	SYNCMAP_ENTRY,    /* an entry with its key, without its box */
	SYNCMAP_MAP,      /* a map without its entries */
	SYNCMAP_FULL_MAP, /* a map with entries and boxes, from clear() */
	SYNCMAP_LIST,     /* a list of expunged entries and the entries in it */
};

static void epoch_free(void *owner, unsigned kind, void *pointer)
{
	(void)owner;
	switch (kind) {
	case SYNCMAP_BLOCK:
		free(pointer);
		break;
	case SYNCMAP_ENTRY:
		syncmap_entry_free(pointer);
		break;
	case SYNCMAP_MAP:
		gomap_destroy(pointer);
		break;
	case SYNCMAP_FULL_MAP:
		syncmap_full_map_free(pointer);
		break;
	default:
		syncmap_list_free(pointer);
	}
}

/* Functions that return the record and the map of a handle. If several maps
   share an epoch scheme, a handle is a struct syncmap_member. */
#ifdef SYNCMAP_MEMBERS
/*
 * Several sync.Maps that share one epoch scheme, so that a thread announces
 * itself once for all of them.
 *
 * A handle consists of the map and the thread's record. The owner of the maps
 * creates the scheme, joins, announces quiescence, and settles after each
 * write. An operation of a map does not wait, since its caller may hold a lock.
 */

struct syncmap_member {
	struct syncmap *map;
	struct epoch_record *record;
};

RM_HOT struct epoch_record *syncmap_record(void *thread)
{
	return ((struct syncmap_member *)thread)->record;
}

RM_HOT struct syncmap *syncmap_of(void *thread)
{
	return ((struct syncmap_member *)thread)->map;
}

RM_HOT void syncmap_settle(void *thread)
{
	(void)thread;
}

static inline void syncmap_reclamation_start(void)
{
}

/* The result is unused, but must not be NULL, which would mean that memory ran
   out. */
static inline void *syncmap_reclamation_create(
        struct syncmap *map, const struct rm_sizing *sizing)
{
	(void)sizing;
	return map;
}

static inline void syncmap_reclamation_destroy(struct syncmap *map)
{
	(void)map;
}

static inline void syncmap_reclamation_stats(
        struct syncmap *map, rm_stat_fn *emit, void *context)
{
	(void)map, (void)emit, (void)context;
}
#else
RM_HOT struct epoch_record *syncmap_record(void *thread)
{
	return thread;
}

RM_HOT struct syncmap *syncmap_of(void *thread)
{
	return syncmap_record(thread)->owner;
}

/* Ends a write. The caller holds no lock and no reference. */
RM_HOT void syncmap_settle(void *thread)
{
	epoch_settle(thread);
}

/* Runs before the map's own allocations; there is nothing to do. */
static inline void syncmap_reclamation_start(void)
{
}

static inline void *syncmap_reclamation_create(
        struct syncmap *map, const struct rm_sizing *sizing)
{
	(void)map;
	return epoch_create(sizing->threads, sizing->retired_limit_bytes,
	        syncmap_rules.leaks);
}

static inline void syncmap_reclamation_destroy(struct syncmap *map)
{
	epoch_destroy(map->reclamation, map);
}

static inline void syncmap_reclamation_stats(
        struct syncmap *map, rm_stat_fn *emit, void *context)
{
	epoch_stats(map->reclamation, emit, context);
}
#endif

RM_HOT void syncmap_retire_box(void *thread, void *box, uint64_t bytes)
{
	epoch_retire(syncmap_record(thread), SYNCMAP_BLOCK, box, bytes);
}

/* Retires an entry that was only in dirty and was removed from it. */
RM_HOT void syncmap_retire_entry(
        void *thread, struct syncmap_entry *entry, uint64_t bytes)
{
	epoch_retire(syncmap_record(thread), SYNCMAP_ENTRY, entry, bytes);
}

/* The caller holds the lock. */
static inline void syncmap_retire_remains(
        void *thread, const struct syncmap_remains *remains)
{
	struct epoch_record *record = syncmap_record(thread);

	epoch_retire(record, SYNCMAP_BLOCK, remains->header,
	        sizeof(*remains->header));
	if (remains->bare)
		epoch_retire(record, SYNCMAP_MAP, remains->bare,
		        syncmap_map_bytes(remains->bare));
	if (remains->full)
		epoch_retire(record, SYNCMAP_FULL_MAP, remains->full,
		        syncmap_full_bytes(syncmap_of(thread), remains->full));
	if (remains->expunged)
		epoch_retire(record, SYNCMAP_LIST, remains->expunged,
		        syncmap_list_bytes(remains->expunged));
}

/* Counts a failed CAS. */
RM_HOT void syncmap_count_retry(void *thread)
{
	RM_STAT_OWN(syncmap_record(thread)->retries, 1);
}

/* Until unpin(), references outlive this thread's operations. */
static inline void syncmap_pin(void *thread)
{
	syncmap_record(thread)->pinned++;
}

static inline void syncmap_unpin(void *thread)
{
	syncmap_record(thread)->pinned--;
	epoch_settle(syncmap_record(thread));
}

#ifndef SYNCMAP_MEMBERS
static inline void *syncmap_join(void *opaque, size_t slot)
{
	struct syncmap *map = opaque;

	return epoch_join(map->reclamation, slot, map);
}

static inline void syncmap_leave(void *thread)
{
	epoch_leave(thread);
}

/* A map that leaks by design need not announce quiescence. */
RM_HOT void syncmap_quiesce(void *thread)
{
	if (!syncmap_rules.leaks)
		epoch_quiesce(thread);
}

static inline void syncmap_park(void *thread)
{
	if (!syncmap_rules.leaks)
		epoch_park(thread);
}

static inline void syncmap_unpark(void *thread)
{
	if (!syncmap_rules.leaks)
		epoch_unpark(thread);
}
#endif /* not SYNCMAP_MEMBERS */

#endif /* RM_SYNCMAP_EPOCH_H */
