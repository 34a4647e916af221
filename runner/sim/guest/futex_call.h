/* SPDX-License-Identifier: Apache-2.0 */
/*
 * futex_call.h - decodes syscall() of simulated code, for the kernels of the
 * simulator and of the explorer. Only futex wait and wake, and membarrier, are
 * supported.
 */
#ifndef RM_SIM_FUTEX_CALL_H
#define RM_SIM_FUTEX_CALL_H

#include "runner/sim/guest/guest.h"

#include <linux/futex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

struct rm_sim_futex_call {
	const void *word;
	uint32_t value; /* wait: sleep while the word has this value; wake:
			 * number of waiters */
	bool wakes;
	bool barrier; /* membarrier; if true, the other members are not set */
};

/* Reads the arguments after `number`. Ends the simulation on any other call. */
static inline struct rm_sim_futex_call rm_sim_futex_call_of(
        long number, va_list arguments)
{
	struct rm_sim_futex_call call = { .barrier = number == SYS_membarrier };
	int operation;

	if (call.barrier)
		return call;
	if (number != SYS_futex)
		rm_sim_reject("a system call other than futex and membarrier");
	/* The analyzer forgets the caller's va_start() at the branch above.
	   NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	call.word = va_arg(arguments, const void *);
	/* within one process, private, shared and clock have no effect */
	operation = va_arg(arguments, int) & FUTEX_CMD_MASK;
	call.value = va_arg(arguments, uint32_t);
	call.wakes = operation == FUTEX_WAKE;
	if (!call.wakes && operation != FUTEX_WAIT)
		rm_sim_reject("a futex operation other than wait and wake");
	/* without this check, the wait would be reported as a deadlock */
	if (!call.wakes && va_arg(arguments, const void *))
		rm_sim_reject("a futex wait with a timeout");
	return call;
}

#endif /* RM_SIM_FUTEX_CALL_H */
