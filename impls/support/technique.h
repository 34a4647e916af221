/* SPDX-License-Identifier: Apache-2.0 */
/* technique.h - what techniques that need nothing special share: a thread's
   handle is the subject itself. */
#ifndef RM_SUPPORT_TECHNIQUE_H
#define RM_SUPPORT_TECHNIQUE_H

#include "runner/map.h"
#include "runner/worker.h"

static inline void *technique_join(void *subject, size_t slot)
{
	(void)slot;
	return subject;
}

static inline void technique_leave(void *thread)
{
	(void)thread;
}

static inline void technique_quiesce(void *thread)
{
	(void)thread;
}

/* Whether a thread's share is not done yet. Any number of iterations apart. */
RM_HOT bool technique_goes_on(const struct rm_worker *worker)
{
	/* relaxed: a flag that publishes nothing; join orders the results */
	return !atomic_load_explicit(worker->stop, memory_order_relaxed) &&
	       worker->counts.iterations < worker->iterations_limit;
}

#endif /* RM_SUPPORT_TECHNIQUE_H */
