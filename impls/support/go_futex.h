/* SPDX-License-Identifier: Apache-2.0 */
/*
 * go_futex.h - the basis of Go's locks: waiting, waking, and a minimal mutex
 * whose waiters sleep.
 *
 * GO_WAITS selects the implementation. go_futex_wait(word, value) waits while
 * *word == value and may return early, so callers check again; go_futex_wake()
 * wakes.
 */
#ifndef RM_SUPPORT_GO_FUTEX_H
#define RM_SUPPORT_GO_FUTEX_H

#include "runner/map.h"

#include <stdatomic.h>

#ifndef GO_WAITS
#define GO_WAITS "impls/support/go_waits_kernel.h"
#endif
#include GO_WAITS

#define GO_CALL static __attribute__((noinline, unused))

/* A plain mutex in one word: 0 free, 1 held, 2 held and waited for. */
GO_CALL void go_w_lock_slow(_Atomic uint32_t *w)
{
	RM_LOCK_WAIT_BEGIN();
	/* acquire: pairs with the release in go_w_unlock(). State 2 means that
	   some thread, not necessarily this one, may sleep. */
	while (atomic_exchange_explicit(w, 2, memory_order_acquire) != 0)
		go_futex_wait(w, 2);
}

static inline void go_w_lock(_Atomic uint32_t *w)
{
	uint32_t free = 0;

	/* acquire: pairs with the release in go_w_unlock(); relaxed if it
	   failed: the slow path orders */
	if (!atomic_compare_exchange_strong_explicit(
	            w, &free, 1, memory_order_acquire, memory_order_relaxed))
		go_w_lock_slow(w);
}

static inline void go_w_unlock(_Atomic uint32_t *w)
{
	/* release: the next holder sees the work of this holder */
	if (atomic_exchange_explicit(w, 0, memory_order_release) == 2)
		go_futex_wake(w, 1);
}

#endif /* RM_SUPPORT_GO_FUTEX_H */
