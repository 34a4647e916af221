/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock_pthread.h - takes POSIX locks, and counts waits in the stats build.
 *
 * The locks do not report waits, so the stats build tries first. In measured
 * builds only the library's calls remain.
 */
#ifndef RM_SUPPORT_LOCK_PTHREAD_H
#define RM_SUPPORT_LOCK_PTHREAD_H

#include "runner/map.h"

#include <pthread.h>

RM_HOT void lock_mutex(pthread_mutex_t *lock)
{
	RM_LOCK_BEGIN(RM_LOCK_WRITE);
	if (!RM_STATS_BUILT || pthread_mutex_trylock(lock)) {
		RM_LOCK_WAIT_BEGIN();
		pthread_mutex_lock(lock);
	}
	RM_LOCK_END();
}

RM_HOT void lock_to_read(pthread_rwlock_t *lock)
{
	RM_LOCK_BEGIN(RM_LOCK_READ);
	if (!RM_STATS_BUILT || pthread_rwlock_tryrdlock(lock)) {
		RM_LOCK_WAIT_BEGIN();
		pthread_rwlock_rdlock(lock);
	}
	RM_LOCK_END();
}

RM_HOT void lock_to_write(pthread_rwlock_t *lock)
{
	RM_LOCK_BEGIN(RM_LOCK_WRITE);
	if (!RM_STATS_BUILT || pthread_rwlock_trywrlock(lock)) {
		RM_LOCK_WAIT_BEGIN();
		pthread_rwlock_wrlock(lock);
	}
	RM_LOCK_END();
}

#endif /* RM_SUPPORT_LOCK_PTHREAD_H */
