/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock_go.h - takes Go's RWMutex, or its plain mutex, and counts waits in the
 * stats build.
 *
 * The locks report waits themselves, but a wait is counted only between the
 * hooks here. So statistics miss the waits of operations without these hooks.
 * In measured builds only the calls of the lock remain.
 */
#ifndef RM_SUPPORT_LOCK_GO_H
#define RM_SUPPORT_LOCK_GO_H

#include "impls/support/go_rwmutex.h"
#include "runner/map.h"

RM_HOT void lock_go_to_read(struct go_rwmutex *lock)
{
	RM_LOCK_BEGIN(RM_LOCK_READ);
	go_rwmutex_read_lock(lock);
	RM_LOCK_END();
}

RM_HOT void lock_go_to_write(struct go_rwmutex *lock)
{
	RM_LOCK_BEGIN(RM_LOCK_WRITE);
	go_rwmutex_lock(lock);
	RM_LOCK_END();
}

RM_HOT void lock_go_word(_Atomic uint32_t *w)
{
	RM_LOCK_BEGIN(RM_LOCK_WRITE);
	go_w_lock(w);
	RM_LOCK_END();
}

#endif /* RM_SUPPORT_LOCK_GO_H */
