/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collector.h - uses the Boehm collector instead of malloc and free, and
 * measures for how long it stops all threads. Include it before any code that
 * allocates.
 *
 * Code included after this header allocates collected memory, as the
 * collector's manual proposes; free() does nothing. The collector finds memory
 * through the stacks of registered threads, static data, and their pointers,
 * but not through memory of the real malloc().
 *
 * There is one collector per process, so its counts are static. The collector
 * has no threads of its own: it marks in the thread whose allocation started
 * the collection.
 */
#ifndef RM_COLLECTOR_H
#define RM_COLLECTOR_H

#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS /* threads call GC_register_my_thread() when they
                                  join */

#include "runner/base/clock.h"
#include "runner/map.h"

#include <gc/gc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define malloc(bytes)                   GC_MALLOC(bytes)
#define calloc(count, bytes)            GC_MALLOC((count) * (bytes))
#define realloc(memory, bytes)          GC_REALLOC(memory, bytes)
#define aligned_alloc(alignment, bytes) GC_memalign(alignment, bytes)
#define free(memory)                    ((void)(memory))
/* Memory without pointers, which the collector does not scan. */
#define SYNCMAP_MALLOC_PLAIN(bytes) GC_MALLOC_ATOMIC(bytes)

/* The collector writes these counts, in one thread at a time; any thread may
   read them. */
struct collector_pauses {
	uint64_t since_ns; /* start of the current stop */
	_Atomic uint64_t count, total_ns, longest_ns;
};

static struct collector_pauses collector_pauses;

/* The collector calls this before and after it stops the threads. */
static void GC_CALLBACK collector_event(GC_EventType event)
{
	struct collector_pauses *pauses = &collector_pauses;

	if (event == GC_EVENT_PRE_STOP_WORLD) {
		pauses->since_ns = rm_now_ns();
	} else if (event == GC_EVENT_POST_START_WORLD) {
		uint64_t pause_ns = rm_now_ns() - pauses->since_ns;

		rm_stat_own(&pauses->count, 1);
		rm_stat_own(&pauses->total_ns, pause_ns);
		if (pause_ns > rm_stat_read(&pauses->longest_ns))
			/* relaxed: a statistic */
			atomic_store_explicit(&pauses->longest_ns, pause_ns,
			        memory_order_relaxed);
	}
}

/* Starts the collector, once per process. The first call must be on the main
   thread, since the collector must find its stack. */
static inline void collector_start(void)
{
	if (!GC_is_init_called()) {
		GC_set_handle_fork(1); /* needed because checks run in a forked
		                          child */
		GC_set_markers_count(1);
		/* suppresses warnings about large blocks */
		GC_set_warn_proc(GC_ignore_warn_proc);
		GC_INIT();
		GC_allow_register_threads();
	}
	GC_set_on_collection_event(collector_event);
	/* relaxed: a statistic */
	atomic_store_explicit(
	        &collector_pauses.longest_ns, 0, memory_order_relaxed);
}

#endif /* RM_COLLECTOR_H */
