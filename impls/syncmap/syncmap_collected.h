/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_collected.h - sync.Map: a garbage collector reclaims memory, as in
 * Go. Inner part of syncmap.h.
 *
 * Nothing is retired: the collector frees unreachable memory. The root block is
 * never collected; it holds the map's address and the handles. All other memory
 * is collected, including replaced tables.
 */
#ifndef RM_SYNCMAP_COLLECTED_H
#define RM_SYNCMAP_COLLECTED_H

#include "impls/support/collector.h"
#include "impls/syncmap/syncmap_layout.h"
#include "impls/syncmap/syncmap_unguarded.h"

/* A thread's handle. */
struct syncmap_thread {
	struct syncmap *map;
	bool registered;          /* true if join() registered the thread */
	_Atomic uint64_t retries; /* written by this thread only, in the stats
	                             build only */
};

struct syncmap_root {
	struct syncmap *map;
	size_t threads;
	uint64_t pauses, pause_ns; /* process totals before this map existed */
	struct syncmap_thread thread[];
};

static inline void syncmap_reclamation_start(void)
{
	collector_start();
}

static inline void *syncmap_reclamation_create(
        struct syncmap *map, const struct rm_sizing *sizing)
{
	struct syncmap_root *root = GC_MALLOC_UNCOLLECTABLE(
	        sizeof(*root) + sizing->threads * sizeof(root->thread[0]));

	if (!root)
		return NULL;
	root->map = map;
	root->threads = sizing->threads;
	root->pauses = rm_stat_read(&collector_pauses.count);
	root->pause_ns = rm_stat_read(&collector_pauses.total_ns);
	return root;
}

static inline void syncmap_reclamation_destroy(struct syncmap *map)
{
	GC_FREE(map->reclamation);
}

/* Emits the pauses of the process, including those for other maps' garbage. */
static inline void syncmap_reclamation_stats(
        struct syncmap *map, rm_stat_fn *emit, void *context)
{
	struct syncmap_root *root = map->reclamation;
	uint64_t retries = 0;

	for (size_t i = 0; i < root->threads; i++)
		retries += rm_stat_read(&root->thread[i].retries);
	emit(context, "retries", "1", rm_stat_value(retries));
	emit(context, "pauses", "1",
	        (double)(rm_stat_read(&collector_pauses.count) - root->pauses));
	emit(context, "pause_ns", "ns",
	        (double)(rm_stat_read(&collector_pauses.total_ns) -
	                 root->pause_ns));
	emit(context, "longest_pause_ns", "ns",
	        (double)rm_stat_read(&collector_pauses.longest_ns));
	emit(context, "heap_bytes", "bytes", (double)GC_get_heap_size());
}

RM_HOT struct syncmap *syncmap_of(void *thread)
{
	return ((struct syncmap_thread *)thread)->map;
}

RM_HOT void syncmap_retire_box(void *thread, void *box, uint64_t bytes)
{
	(void)thread, (void)box, (void)bytes;
}

RM_HOT void syncmap_retire_entry(
        void *thread, struct syncmap_entry *entry, uint64_t bytes)
{
	(void)thread, (void)entry, (void)bytes;
}

static inline void syncmap_retire_remains(
        void *thread, const struct syncmap_remains *remains)
{
	(void)thread, (void)remains;
}

/* Counts a failed CAS. */
RM_HOT void syncmap_count_retry(void *thread)
{
	RM_STAT_OWN(((struct syncmap_thread *)thread)->retries, 1);
}

RM_HOT void syncmap_settle(void *thread)
{
	(void)thread;
}

static inline void syncmap_pin(void *thread)
{
	(void)thread;
}

static inline void syncmap_unpin(void *thread)
{
	(void)thread;
}

/* Registers the thread, so that the collector stops it and scans its stack. A
   thread joins one map of this kind at a time. */
static inline void *syncmap_join(void *opaque, size_t slot)
{
	struct syncmap *map = opaque;
	struct syncmap_root *root = map->reclamation;
	struct GC_stack_base base;

	if (GC_get_stack_base(&base) != GC_SUCCESS)
		return NULL;
	root->thread[slot].map = map;
	root->thread[slot].registered =
	        GC_register_my_thread(&base) == GC_SUCCESS;
	return &root->thread[slot];
}

static inline void syncmap_leave(void *thread)
{
	struct syncmap_thread *handle = thread;

	if (handle->registered) /* false for the main thread */
		GC_unregister_my_thread();
	handle->registered = false;
}

RM_HOT void syncmap_quiesce(void *thread)
{
	(void)thread;
}

static inline void syncmap_park(void *thread)
{
	(void)thread;
}

static inline void syncmap_unpark(void *thread)
{
	(void)thread;
}

#endif /* RM_SYNCMAP_COLLECTED_H */
