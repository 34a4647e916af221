/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spin.h - waiting without sleeping, but not forever.
 *
 * A spinning lock assumes that its holder is running. With more threads than
 * CPUs that may be wrong: the holder may wait for the CPU of the spinning
 * thread. So a wait yields after SPIN_PAUSES checks, and again before each
 * further check. The first yield comes after some microseconds, which is longer
 * than any map holds a lock.
 */
#ifndef RM_SUPPORT_SPIN_H
#define RM_SUPPORT_SPIN_H

#include "runner/map.h"

#include <sched.h>
#include <stdatomic.h>

enum { SPIN_PAUSES = 100 };

/* Tells the processor that this is a spin wait, if the compiler supports
   that. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_ia32_pause)
#define SPIN_PAUSE() __builtin_ia32_pause()
#elif __has_builtin(__builtin_arm_yield)
#define SPIN_PAUSE() __builtin_arm_yield()
#endif
#endif
#ifndef SPIN_PAUSE
/* seq_cst: a compiler barrier only; the next check must not move up */
#define SPIN_PAUSE() atomic_signal_fence(memory_order_seq_cst)
#endif

/* Pauses, or yields after many calls. Call it between two checks of a
   condition; `looks` must be 0 before the first call. */
RM_HOT void spin_wait(unsigned *looks)
{
	RM_LOCK_WAIT_BEGIN();
	if (*looks < SPIN_PAUSES) {
		++*looks;
		SPIN_PAUSE();
	} else {
		sched_yield();
	}
}

#endif /* RM_SUPPORT_SPIN_H */
