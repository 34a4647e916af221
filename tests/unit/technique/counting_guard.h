/* SPDX-License-Identifier: Apache-2.0 */
/* counting_guard.h - a guard of gomap_guarded.h for one thread: it counts who
   comes in, and whether all have gone. */
#ifndef RM_TEST_COUNTING_GUARD_H
#define RM_TEST_COUNTING_GUARD_H

#include "impls/support/guard_handle.h"

struct guard {
	unsigned reads, writes; /* since it was asked last */
	int inside;             /* now */
	size_t threads;
};

static bool guard_fails; /* to be made */
static unsigned guards_destroyed;

static inline bool guard_create(struct guard *guard, size_t threads)
{
	*guard = (struct guard){ .threads = threads };
	return !guard_fails;
}

static inline void guard_destroy(struct guard *guard)
{
	guards_destroyed += !guard->inside;
}

static inline void guard_read(struct guard *guard, void *thread)
{
	(void)thread;
	guard->reads++;
	guard->inside++;
}

static inline void guard_read_end(struct guard *guard, void *thread)
{
	(void)thread;
	guard->inside--;
}

static inline void guard_write(struct guard *guard)
{
	guard->writes++;
	guard->inside++;
}

static inline void guard_write_end(struct guard *guard)
{
	guard->inside--;
}

/* Since it was asked last: so many read and wrote, and nobody is inside. */
static inline bool guard_took(
        struct guard *guard, unsigned reads, unsigned writes)
{
	const bool right = guard->reads == reads && guard->writes == writes &&
	                   !guard->inside;

	guard->reads = guard->writes = 0;
	return right;
}

#endif /* RM_TEST_COUNTING_GUARD_H */
