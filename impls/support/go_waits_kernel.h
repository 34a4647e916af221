/* SPDX-License-Identifier: Apache-2.0 */
/*
 * go_waits_kernel.h - Go's locks wait by sleeping in the kernel. One of the
 * choices for GO_WAITS, see go_futex.h.
 *
 * A wait may return early. For example, a wake-up for a finished waiter may
 * reach a new waiter at the same address. So waiters check again.
 */
#ifndef RM_SUPPORT_GO_WAITS_KERNEL_H
#define RM_SUPPORT_GO_WAITS_KERNEL_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sleeps while *word == value; may return early. */
static inline void go_futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static inline void go_futex_wake(_Atomic uint32_t *word, uint32_t threads)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, threads, NULL, NULL, 0);
}

#endif /* RM_SUPPORT_GO_WAITS_KERNEL_H */
