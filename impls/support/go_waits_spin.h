/* SPDX-License-Identifier: Apache-2.0 */
/*
 * go_waits_spin.h - Go's locks wait by spinning, without a system call while
 * the other thread runs (see impls/support/spin.h for the limits). One of the
 * choices for GO_WAITS, see go_futex.h.
 *
 * In Go a waiting goroutine is parked and its thread runs another goroutine,
 * also without a system call. The difference from go_waits_kernel.h shows the
 * cost of the kernel.
 */
#ifndef RM_SUPPORT_GO_WAITS_SPIN_H
#define RM_SUPPORT_GO_WAITS_SPIN_H

#include "impls/support/spin.h"

#include <stdint.h>

/* Waits while *word == value. */
static inline void go_futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	unsigned looks = 0;

	/* relaxed: the caller then takes the lock by an exchange */
	while (atomic_load_explicit(word, memory_order_relaxed) == value)
		spin_wait(&looks);
}

static inline void go_futex_wake(_Atomic uint32_t *word, uint32_t threads)
{
	(void)word, (void)threads;
}

#endif /* RM_SUPPORT_GO_WAITS_SPIN_H */
