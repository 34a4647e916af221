/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spin.h - waiting without sleeping, yet not for ever.
 *
 * A lock that spins assumes that who holds it is running. With more threads
 * than CPUs that is wrong: the holder may wait for the very CPU on which it is
 * waited for. So a wait gives the CPU away after SPIN_PAUSES looks, and before
 * each further one: some microseconds, longer than any map holds a lock.
 */
#ifndef RM_SUPPORT_SPIN_H
#define RM_SUPPORT_SPIN_H

#include "runner/map.h"

#include <sched.h>
#include <stdatomic.h>

enum { SPIN_PAUSES = 100 };

/* Tells the processor that this is a wait, where the compiler knows how. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_ia32_pause)
#define SPIN_PAUSE() __builtin_ia32_pause()
#elif __has_builtin(__builtin_arm_yield)
#define SPIN_PAUSE() __builtin_arm_yield()
#endif
#endif
#ifndef SPIN_PAUSE
/* seq_cst: no partner, the compiler only must not move the next look up */
#define SPIN_PAUSE() atomic_signal_fence(memory_order_seq_cst)
#endif

/* Between two looks at what is waited for; `looks` is 0 before the first. */
RM_HOT void spin_wait(unsigned *looks)
{
	RM_LOCK_WAITS();
	if (*looks < SPIN_PAUSES) {
		++*looks;
		SPIN_PAUSE();
	} else {
		sched_yield();
	}
}

#endif /* RM_SUPPORT_SPIN_H */
