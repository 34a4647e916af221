/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_hazard.h - sync.Map: reclaimed by hazard pointers; a thread's handle
 * is its hazard record. Inner part of syncmap.h.
 *
 * Three slots per thread:
 *	SYNCMAP_NAME_HEADER	the header that the operation found
 *	SYNCMAP_NAME_PIN	the header of the scan that it runs in
 *	SYNCMAP_NAME_BOX	the box that it reads
 *
 * A box is retired and named as hazard.h says, one exchange per lookup. A
 * header is named once per batch and then found named, while it is the same.
 *
 * What headers leave behind waits in a queue (below). So a reader
 * that stands still in an operation keeps all later headers, maps and removed
 * entries, but of the boxes only the one that it names.
 *
 * An entry that was in dirty only is freed at once: cells found in dirty are
 * read under the lock.
 */
#ifndef RM_SYNCMAP_HAZARD_H
#define RM_SYNCMAP_HAZARD_H

#include "impls/support/hazard.h"
#include "impls/syncmap/syncmap_layout.h"

/*
 * A header's name protects all that can be reached from it: the map, and the
 * entries, some of which go with a much later header. Therefore what headers
 * leave behind waits in one queue, under the map's lock, and is freed from its
 * head on, up to the first whose header somebody names.
 */

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

static void hazard_free(void *owner, void *pointer)
{
	(void)owner;
	free(pointer);
}

/* Before the map's own memory is made: nothing to do. */
static inline void syncmap_reclamation_start(void)
{
}

static inline void *syncmap_reclamation_create(
        struct syncmap *map, const struct rm_sizing *sizing)
{
	struct syncmap_hazard *own = calloc(1, sizeof(*own));

	(void)map;
	if (own)
		own->hazard = hazard_create(sizing->threads);
	if (own && own->hazard)
		return own;
	free(own);
	return NULL;
}

RM_HOT struct syncmap *syncmap_of(void *thread)
{
	return ((struct hazard_record *)thread)->owner;
}

/* Names the current header. */
GOMAP_CALL struct syncmap_header *syncmap_name_header(
        struct hazard_record *record)
{
	struct syncmap *map = record->owner;
	struct syncmap_header *header, *again;

	/* seq_cst, both: the maps; pairs with syncmap_publish() */
	again = atomic_load_explicit(&map->read, memory_order_seq_cst);
	do {
		header = again;
		hazard_name(record, SYNCMAP_NAME_HEADER, (uintptr_t)header);
		again = atomic_load_explicit(&map->read, memory_order_seq_cst);
	} while (again != header);
	return header;
}

/* The header as an operation without the lock sees it. Named already: it was
   looked at again then, and has not been freed since. */
RM_HOT struct syncmap_header *syncmap_read(void *thread)
{
	struct hazard_record *record = thread;
	/* seq_cst: the maps; pairs with syncmap_publish() */
	struct syncmap_header *header = atomic_load_explicit(
	        &syncmap_of(thread)->read, memory_order_seq_cst);

	if (__builtin_expect(hazard_named(record, SYNCMAP_NAME_HEADER) !=
	                             (uintptr_t)header,
	            0))
		header = syncmap_name_header(record);
	return header;
}

/* An entry's cell, whose content stays until the next one is loaded. */
RM_HOT uint64_t syncmap_load(void *thread, struct syncmap_entry *entry)
{
	/* seq_cst, both: as syncmap_load() of syncmap_unguarded.h */
	uint64_t cell = atomic_load_explicit(&entry->p, memory_order_seq_cst);

	while (syncmap_live(cell)) {
		hazard_name(thread, SYNCMAP_NAME_BOX, cell);
		uint64_t again =
		        atomic_load_explicit(&entry->p, memory_order_seq_cst);

		if (again == cell)
			break;
		cell = again;
	}
	return cell;
}

RM_HOT void syncmap_retire_box(void *thread, void *box, uint64_t bytes)
{
	hazard_retire(thread, box, bytes);
}

RM_HOT void syncmap_retire_entry(
        void *thread, struct syncmap_entry *entry, uint64_t bytes)
{
	(void)thread, (void)bytes;
	syncmap_entry_free(entry);
}

static inline void syncmap_reclamation_destroy(struct syncmap *map)
{
	struct syncmap_hazard *own = map->reclamation;

	while (own->oldest) {
		struct syncmap_grave *grave = own->oldest;

		own->oldest = grave->next;
		syncmap_grave_free(grave);
	}
	free(own->before);
	hazard_destroy(own->hazard, map);
	free(own);
}

static inline void syncmap_reclamation_stats(
        struct syncmap *map, rm_stat_fn *emit, void *context)
{
	struct syncmap_hazard *own = map->reclamation;

	hazard_stats(own->hazard, emit, context);
}

/* Counts a failed CAS. */
RM_HOT void syncmap_retried(void *thread)
{
	RM_STAT_OWN(((struct hazard_record *)thread)->retries, 1);
}

/* Ends a write: no lock is held, no reference but a scan's. */
RM_HOT void syncmap_settle(void *thread)
{
	struct hazard_record *record = thread;

	if (__builtin_expect(!record->due, 1))
		return;
	hazard_name(record, SYNCMAP_NAME_HEADER, 0); /* or it keeps its own */
	syncmap_bury(record);
}

/* From here to unpin() this thread's operations may name other headers. The
   outermost scan's header is the oldest: it keeps all that later ones need. */
static inline void syncmap_pin(void *thread)
{
	struct hazard_record *record = thread;

	if (!record->pins++)
		hazard_name(record, SYNCMAP_NAME_PIN,
		        hazard_named(record, SYNCMAP_NAME_HEADER));
}

static inline void syncmap_unpin(void *thread)
{
	struct hazard_record *record = thread;

	if (!--record->pins)
		hazard_name(record, SYNCMAP_NAME_PIN, 0);
	syncmap_settle(thread);
}

static inline void *syncmap_join(void *opaque, size_t slot)
{
	struct syncmap *map = opaque;
	struct syncmap_hazard *own = map->reclamation;

	return hazard_join(own->hazard, slot, map);
}

RM_HOT void syncmap_quiesce(void *thread)
{
	hazard_quiesce(thread, HAZARD_SLOTS);
}

static inline void syncmap_leave(void *thread)
{
	hazard_leave(thread);
	syncmap_bury(thread);
}

static inline void syncmap_park(void *thread)
{
	hazard_quiesce(thread, HAZARD_SLOTS);
}

static inline void syncmap_unpark(void *thread)
{
	(void)thread;
}

#endif /* RM_SYNCMAP_HAZARD_H */
