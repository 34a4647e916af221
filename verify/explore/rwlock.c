/* SPDX-License-Identifier: Apache-2.0 */
/* rwlock.c - reader-writer locks (locks.h). */
#include "runner/sim/guest/guest.h"
#include "verify/explore/locks.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define SITE __builtin_return_address(0)

enum { DEPTH_MOST = 15 }; /* maximum of a 4-bit counter */

_Static_assert(sizeof(struct rm_explore_rwlock) <= sizeof(pthread_rwlock_t),
        "the model of a lock fits into a real one");

static struct rm_explore_rwlock *rwlock_of(pthread_rwlock_t *opaque)
{
	return (struct rm_explore_rwlock *)(void *)opaque;
}

int rm_sim_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attr)
{
	int kind = PTHREAD_RWLOCK_PREFER_READER_NP;

	if (attr)
		pthread_rwlockattr_getkind_np(attr, &kind);
	rm_explore_lock_step(lock, sizeof(pthread_rwlock_t), SITE);
	memset(lock, 0, sizeof(pthread_rwlock_t));
	rwlock_of(lock)->kind = (uint32_t)kind;
	return 0;
}

int rm_sim_rwlock_destroy(pthread_rwlock_t *lock)
{
	rm_explore_lock_step(lock, sizeof(pthread_rwlock_t), SITE);
	if (rwlock_of(lock)->writer || rwlock_of(lock)->readers)
		rm_explore_misuse("destroys a lock that is held", SITE);
	return 0;
}

/* True if a waiting writer has priority over new readers. */
static bool writer_first(const struct rm_explore_rwlock *rwlock)
{
	if (rwlock->kind != PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP)
		return false;
	for (unsigned i = 1; i < rm_explore.lanes; i++)
		if (rm_explore.lane[i].wait == RM_EXPLORE_FOR_WRITE &&
		        rm_explore.lane[i].waits_for == rwlock)
			return true;
	return false;
}

/* Returns how often this lane holds the lock as a reader. */
static unsigned depth_of(const struct rm_explore_rwlock *rwlock)
{
	return rwlock->depth >> 4 * rm_sim_self() & DEPTH_MOST;
}

/* Readers acquire the writers' clock, given[0]. Writers also acquire the
   readers' clock, given[1]. So readers do not synchronise with each other. */
static int lock_to_read(pthread_rwlock_t *opaque, bool waits, const void *site)
{
	struct rm_explore_rwlock *rwlock = rwlock_of(opaque);

	rm_explore_lock_step(rwlock, sizeof(pthread_rwlock_t), site);
	if (depth_of(rwlock) == DEPTH_MOST)
		return EAGAIN;
	while (rwlock->writer || writer_first(rwlock)) {
		if (!waits)
			return EBUSY;
		rm_explore_block(RM_EXPLORE_FOR_READ, rwlock, site);
	}
	rwlock->readers |= 1U << rm_sim_self();
	rwlock->depth += 1U << 4 * rm_sim_self();
	rm_explore_acquire(&rwlock->given[0]);
	return 0;
}

int rm_sim_rwlock_rdlock(pthread_rwlock_t *opaque)
{
	return lock_to_read(opaque, true, SITE);
}

int rm_sim_rwlock_tryrdlock(pthread_rwlock_t *opaque)
{
	return lock_to_read(opaque, false, SITE);
}

static int lock_to_write(pthread_rwlock_t *opaque, bool waits, const void *site)
{
	struct rm_explore_rwlock *rwlock = rwlock_of(opaque);

	rm_explore_lock_step(rwlock, sizeof(pthread_rwlock_t), site);
	while (rwlock->writer || rwlock->readers) {
		if (!waits)
			return EBUSY;
		rm_explore_block(RM_EXPLORE_FOR_WRITE, rwlock, site);
	}
	rwlock->writer = rm_sim_self() + 1;
	rm_explore_acquire(&rwlock->given[0]);
	rm_explore_acquire(&rwlock->given[1]);
	return 0;
}

int rm_sim_rwlock_wrlock(pthread_rwlock_t *opaque)
{
	return lock_to_write(opaque, true, SITE);
}

int rm_sim_rwlock_trywrlock(pthread_rwlock_t *opaque)
{
	return lock_to_write(opaque, false, SITE);
}

int rm_sim_rwlock_unlock(pthread_rwlock_t *opaque)
{
	struct rm_explore_rwlock *rwlock = rwlock_of(opaque);
	uint32_t bit = 1U << rm_sim_self();

	rm_explore_lock_step(rwlock, sizeof(pthread_rwlock_t), SITE);
	rm_explore_note_unlocks();
	if (rwlock->writer == rm_sim_self() + 1) {
		rm_explore_release(&rwlock->given[0]);
		rwlock->writer = 0;
	} else if (rwlock->readers & bit) {
		rm_explore_release(&rwlock->given[1]);
		rwlock->depth -= 1U << 4 * rm_sim_self();
		if (!depth_of(rwlock))
			rwlock->readers &= ~bit;
	} else {
		rm_explore_misuse("unlocks a lock that it does not hold", SITE);
	}
	rm_explore_wake(RM_EXPLORE_FOR_WRITE, rwlock, UINT_MAX);
	rm_explore_wake(RM_EXPLORE_FOR_READ, rwlock, UINT_MAX);
	return 0;
}
