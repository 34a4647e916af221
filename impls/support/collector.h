/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collector.h - the Boehm collector in place of malloc and free, and how long
 * it stops the world. To be included before anything that allocates.
 *
 * What is included after this header allocates collected memory, as the
 * collector's manual proposes; free() does nothing. Memory is found through
 * the stacks of registered threads, static data, and what these lead to, not
 * through memory of the real malloc().
 *
 * One collector per process: what is measured of it is static. It marks in the
 * thread whose allocation started it, without threads of its own.
 */
#ifndef RM_COLLECTOR_H
#define RM_COLLECTOR_H

#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS /* threads register where they join */

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
/* Memory without pointers, which is not looked into. */
#define SYNCMAP_MALLOC_PLAIN(bytes) GC_MALLOC_ATOMIC(bytes)

/* Written by the collector, which is one thread at a time; any thread reads. */
struct collector_pauses {
	uint64_t since_ns; /* start of the present one */
	_Atomic uint64_t count, total_ns, longest_ns;
};

static struct collector_pauses collector_pauses;

/* The collector's hook: called around each time that threads are stopped. */
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

/* Starts the collector, once per process: from its main thread, whose stack it
   has to find. */
static inline void collector_start(void)
{
	if (!GC_is_init_called()) {
		GC_set_handle_fork(1); /* a check runs in a forked child */
		GC_set_markers_count(1);
		GC_set_warn_proc(GC_ignore_warn_proc); /* of large blocks */
		GC_INIT();
		GC_allow_register_threads();
	}
	GC_set_on_collection_event(collector_event);
	/* relaxed: a statistic */
	atomic_store_explicit(
	        &collector_pauses.longest_ns, 0, memory_order_relaxed);
}

#endif /* RM_COLLECTOR_H */
