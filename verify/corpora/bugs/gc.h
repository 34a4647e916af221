/* SPDX-License-Identifier: Apache-2.0 */
/* gc.h - a small replacement for the garbage collectors and epochs of the
 * libraries. An operation enters, and later leaves. A retired item is freed
 * after all operations that were inside when it was retired have left. A map
 * begins with a struct gc, a retired object with a struct gc_item. */
#ifndef RM_BUG_GC_H
#define RM_BUG_GC_H

#include "verify/corpora/bugs/bug.h"

struct gc_item {
	struct gc_item *next;
	uint64_t stamp;
};

struct gc_thread {
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t seen; /* 0: outside */
	void *map;
};

struct gc {
	pthread_mutex_t lock;
	_Atomic uint64_t now;
	struct gc_item *waiting; /* protected by the lock */
	/* a collection runs after `batch` retired items */
	size_t count, batch;
	size_t threads;
	struct gc_thread *thread;
};

/* Frees one item; each file implements it. It may retire another item. */
static void gc_free(struct gc *gc, struct gc_item *item);

/* seq_cst throughout: an operation that enters after a collection has read its
 * `seen` cannot find items retired before. */
RM_HOT void gc_enter(struct gc_thread *thread)
{
	struct gc *gc = thread->map;

	atomic_exchange(&thread->seen, atomic_load(&gc->now));
}

RM_HOT void gc_leave(struct gc_thread *thread)
{
	atomic_store(&thread->seen, 0);
}

/* Removes items that no operation can still read. The caller holds the lock. */
static inline struct gc_item *gc_ready(struct gc *gc)
{
	struct gc_item *ready = NULL, *item = gc->waiting, *next;
	uint64_t oldest = UINT64_MAX;

	for (size_t i = 0; i < gc->threads; i++) {
		const uint64_t seen = atomic_fetch_add(&gc->thread[i].seen, 0);

		if (seen && seen < oldest)
			oldest = seen;
	}
	gc->waiting = NULL;
	gc->count = 0;
	for (; item; item = next) {
		struct gc_item **list =
		        item->stamp < oldest ? &ready : &gc->waiting;

		next = item->next;
		gc->count += list == &gc->waiting;
		item->next = *list;
		*list = item;
	}
	return ready;
}

static inline void gc_free_list(struct gc *gc, struct gc_item *item)
{
	for (struct gc_item *next; item; item = next) {
		next = item->next;
		gc_free(gc, item);
	}
}

/* Operations that enter after this call must not find the item. */
static RM_COLD void gc_retire(struct gc *gc, struct gc_item *item)
{
	struct gc_item *ready = NULL;

	pthread_mutex_lock(&gc->lock);
	item->stamp = atomic_fetch_add(&gc->now, 1);
	item->next = gc->waiting;
	gc->waiting = item;
	if (++gc->count % gc->batch == 0)
		ready = gc_ready(gc);
	pthread_mutex_unlock(&gc->lock);
	gc_free_list(gc, ready);
}

static inline void gc_create(struct gc *gc, size_t threads, size_t batch)
{
	pthread_mutex_init(&gc->lock, NULL);
	atomic_store(&gc->now, 1);
	gc->threads = threads;
	gc->batch = batch;
	gc->thread = bug_alloc_lines(threads * sizeof(gc->thread[0]));
	for (size_t i = 0; i < threads; i++)
		gc->thread[i].map = gc;
}

/* Called when no operation is inside. */
static inline void gc_destroy(struct gc *gc)
{
	while (gc->waiting)
		gc_free_list(gc, gc_ready(gc));
	pthread_mutex_destroy(&gc->lock);
	free(gc->thread);
}

static inline void *gc_join(void *map, size_t slot)
{
	struct gc *gc = map;

	return gc->thread + slot;
}

#define BUG_JOIN gc_join

#endif /* RM_BUG_GC_H */
