/* SPDX-License-Identifier: Apache-2.0 */
/* counting_guard.h - a guard for gomap_guarded.h that counts locks and unlocks
   of one thread. */
#ifndef RM_TEST_COUNTING_GUARD_H
#define RM_TEST_COUNTING_GUARD_H

#include "impls/support/guard_handle.h"
#include "tests/unit/support/counted_heap.h"
#include "tests/unit/tap.h"

struct guard {
	unsigned reads, writes; /* counts since the last guard_counts_are() */
	int inside;             /* number of locks that are held */
	size_t threads;
};

static bool guard_fails; /* true if guard_create() is to fail */
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

/* True if these were the counts since the last call and no lock is held. */
static inline bool guard_counts_are(
        struct guard *guard, unsigned reads, unsigned writes)
{
	const bool right = guard->reads == reads && guard->writes == writes &&
	                   !guard->inside;

	guard->reads = guard->writes = 0;
	return right;
}

/* Called after the last technique of a test. Checks that all memory and
   `guards` locks are freed, and that create() fails if memory runs out or if it
   gets no lock. */
static inline void guards_are_freed(const struct rm_map_ops *ops,
        const struct rm_sizing *sizing, unsigned guards)
{
	CHECK(heap_held == 0 && guards_destroyed == guards,
	        "all memory and locks are freed");
	heap_is_full = true;
	CHECK(!ops->create(sizing), "if memory runs out, create returns NULL");
	heap_is_full = false;
	guard_fails = true;
	CHECK(!ops->create(sizing) && heap_held == 0,
	        "without a lock, create returns NULL");
}

#endif /* RM_TEST_COUNTING_GUARD_H */
