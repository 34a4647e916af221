/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_hazard.h - sync.Map: hazard pointers reclaim memory. The handle of a
 * thread is its hazard record. Inner part of syncmap.h.
 *
 * Three slots per thread:
 *	SYNCMAP_NAME_HEADER	the header that the operation found
 *	SYNCMAP_NAME_PIN	the header of the current scan
 *	SYNCMAP_NAME_BOX	the box that it reads
 *
 * Boxes are retired and protected as in hazard.h, with one exchange per lookup.
 * A header is named once per batch and stays named until it changes.
 *
 * Memory that only old headers refer to goes into a queue (below). So a reader
 * that stops in an operation keeps all later headers, maps and removed entries,
 * but only one box: the one that it names.
 *
 * An entry that was only in dirty is freed at once, since cells found in dirty
 * are read under the lock.
 */
#ifndef RM_SYNCMAP_HAZARD_H
#define RM_SYNCMAP_HAZARD_H

#include "impls/support/hazard.h"
#include "impls/syncmap/syncmap_layout.h"

/* A header's name protects everything reachable from it: the map and its
   entries, some of which are retired with a much later header. So memory that
   only old headers refer to goes into one queue, under the map's lock. It is
   freed from the head up to the first header that a thread names. */

enum {
	SYNCMAP_NAME_HEADER,
	SYNCMAP_NAME_PIN, /* copied from the header's slot */
	SYNCMAP_NAME_BOX,
};

/* Memory that waits until no thread names one of its headers. */
struct syncmap_queued {
	struct syncmap_queued *next;
	struct syncmap_header *before; /* an earlier header of the same map, not
	                                  amended, or NULL */
	struct syncmap_remains remains;
	uint64_t bytes;
};

struct syncmap_hazard {
	struct hazard *hazard;
	/* protected by the map's lock */
	struct syncmap_queued *oldest, *newest;
	struct syncmap_header *before; /* previous header, if it had the same
	                                  map and was not amended */
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

/* The caller holds the lock. If the map of the header is still in use, the
   header is freed together with it. The thread then frees the queue when its
   write ends, since the thread that queued its elements may only look keys
   up. */
static inline void syncmap_retire_remains(
        void *thread, const struct syncmap_remains *remains)
{
	struct hazard_record *record = thread;
	struct syncmap *map = record->owner;
	struct syncmap_hazard *queue = map->reclamation;

	if (!remains->bare && !remains->full) {
		queue->before = remains->header;
		record->due |= queue->oldest != NULL;
		return;
	}
	struct syncmap_queued *queued = syncmap_new(sizeof(*queued));

	*queued = (struct syncmap_queued){ .before = queue->before,
		.remains = *remains,
		.bytes = syncmap_remains_bytes(map, remains) };
	queue->before = NULL;
	if (queue->oldest)
		queue->newest->next = queued;
	else
		queue->oldest = queued;
	queue->newest = queued;
	record->due = true;
	RM_STAT_OWN(record->retired, 1);
	RM_STAT_OWN(record->retired_bytes, queued->bytes);
}

static inline void syncmap_queued_free(struct syncmap_queued *queued)
{
	gomap_destroy(queued->remains.bare);
	syncmap_full_map_free(queued->remains.full);
	syncmap_list_free(queued->remains.expunged);
	free(queued->remains.header);
	free(queued->before);
	free(queued);
}

/* Removes the unprotected elements from the head of the queue. */
static inline struct syncmap_queued *syncmap_dequeue(struct syncmap *map)
{
	struct syncmap_hazard *queue = map->reclamation;
	struct syncmap_queued *first, *last = NULL, *queued;

	syncmap_lock(&map->lock);
	struct hazard_names names = hazard_snapshot(queue->hazard);

	first = queued = queue->oldest;
	while (queued && !hazard_is_named(&names, queued->remains.header) &&
	        !(queued->before && hazard_is_named(&names, queued->before))) {
		last = queued;
		queued = queued->next;
	}
	queue->oldest = queued;
	if (last)
		last->next = NULL;
	syncmap_unlock(&map->lock);
	free(names.table);
	return last ? first : NULL;
}

/* Frees what headers no longer protect. The caller holds no lock. */
static RM_COLD void syncmap_free_queue(struct hazard_record *record)
{
	record->due = false;
	for (struct syncmap_queued *queued = syncmap_dequeue(record->owner);
	        queued;) {
		struct syncmap_queued *next = queued->next;

		RM_STAT_OWN(record->freed, 1);
		RM_STAT_OWN(record->freed_bytes, queued->bytes);
		syncmap_queued_free(queued);
		queued = next;
	}
}

static void hazard_free(void *owner, void *pointer)
{
	(void)owner;
	free(pointer);
}

/* Runs before the map's own allocations. There is nothing to do. */
static inline void syncmap_reclamation_start(void)
{
}

static inline void *syncmap_reclamation_create(
        struct syncmap *map, const struct rm_sizing *sizing)
{
	struct syncmap_hazard *queue = calloc(1, sizeof(*queue));

	(void)map;
	if (queue)
		queue->hazard = hazard_create(sizing->threads);
	if (queue && queue->hazard)
		return queue;
	free(queue);
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
	struct syncmap_header *header, *current;

	/* both seq_cst: acquire the maps; pair with syncmap_publish() */
	current = atomic_load_explicit(&map->read, memory_order_seq_cst);
	do {
		header = current;
		hazard_name(record, SYNCMAP_NAME_HEADER, (uintptr_t)header);
		current =
		        atomic_load_explicit(&map->read, memory_order_seq_cst);
	} while (current != header);
	return header;
}

/* Returns the header for an operation without the lock. A header that is
   already named was checked after it was named, so it cannot have been freed
   since. */
RM_HOT struct syncmap_header *syncmap_read(void *thread)
{
	struct hazard_record *record = thread;
	/* seq_cst: acquires the maps; pairs with syncmap_publish() */
	struct syncmap_header *header = atomic_load_explicit(
	        &syncmap_of(thread)->read, memory_order_seq_cst);

	if (__builtin_expect(hazard_current_name(record, SYNCMAP_NAME_HEADER) !=
	                             (uintptr_t)header,
	            0))
		header = syncmap_name_header(record);
	return header;
}

/* Returns an entry's cell. Its content stays valid until the next load. */
RM_HOT uint64_t syncmap_load(void *thread, struct syncmap_entry *entry)
{
	/* both seq_cst: as in syncmap_load() in syncmap_unguarded.h */
	uint64_t cell = atomic_load_explicit(&entry->p, memory_order_seq_cst);

	while (syncmap_live(cell)) {
		hazard_name(thread, SYNCMAP_NAME_BOX, cell);
		uint64_t current =
		        atomic_load_explicit(&entry->p, memory_order_seq_cst);

		if (current == cell)
			break;
		cell = current;
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
	struct syncmap_hazard *queue = map->reclamation;

	while (queue->oldest) {
		struct syncmap_queued *queued = queue->oldest;

		queue->oldest = queued->next;
		syncmap_queued_free(queued);
	}
	free(queue->before);
	hazard_destroy(queue->hazard, map);
	free(queue);
}

static inline void syncmap_reclamation_stats(
        struct syncmap *map, rm_stat_fn *emit, void *context)
{
	struct syncmap_hazard *queue = map->reclamation;

	hazard_stats(queue->hazard, emit, context);
}

/* Counts a failed CAS. */
RM_HOT void syncmap_count_retry(void *thread)
{
	RM_STAT_OWN(((struct hazard_record *)thread)->retries, 1);
}

/* Ends a write. The caller holds no lock and no reference, except that of a
   scan. */
RM_HOT void syncmap_settle(void *thread)
{
	struct hazard_record *record = thread;

	if (__builtin_expect(!record->due, 1))
		return;
	/* otherwise this thread would keep the header from being freed */
	hazard_name(record, SYNCMAP_NAME_HEADER, 0);
	syncmap_free_queue(record);
}

/* Until unpin(), this thread's operations may name other headers. The header of
   the outermost scan is the oldest and protects all that later scans need. */
static inline void syncmap_pin(void *thread)
{
	struct hazard_record *record = thread;

	if (!record->pins++)
		hazard_name(record, SYNCMAP_NAME_PIN,
		        hazard_current_name(record, SYNCMAP_NAME_HEADER));
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
	struct syncmap_hazard *queue = map->reclamation;

	return hazard_join(queue->hazard, slot, map);
}

RM_HOT void syncmap_quiesce(void *thread)
{
	hazard_quiesce(thread, HAZARD_SLOTS);
}

static inline void syncmap_leave(void *thread)
{
	hazard_leave(thread);
	syncmap_free_queue(thread);
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
