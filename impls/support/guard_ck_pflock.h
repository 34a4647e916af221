/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard_ck_pflock.h - Concurrency Kit's phase-fair lock. It is a guard for
 * gomap_guarded.h; includers need the comment `needs: ck`.
 *
 * Source: Brandenburg, Anderson, "Spin-Based Reader-Writer Synchronization for
 * Multiprocessor Real-Time Systems", 2010; ck_pflock.h. The lock's words,
 * constants, primitives and unlocking are the library's. The library would spin
 * without end; here waiting threads yield (spin.h).
 */
#ifndef RM_SUPPORT_GUARD_CK_PFLOCK_H
#define RM_SUPPORT_GUARD_CK_PFLOCK_H

#include "impls/support/guard_handle.h"
#include "impls/support/spin.h"

#include <ck_pflock.h>

struct guard {
	ck_pflock_t lock;
};

static inline bool guard_create(struct guard *guard, size_t threads)
{
	(void)threads;
	ck_pflock_init(&guard->lock);
	return true;
}

static inline void guard_destroy(struct guard *guard)
{
	(void)guard;
}

/* Waits until the bits of `*word` in `mask` equal `value` or, if `equal` is
   false, differ from it. */
static __attribute__((noinline, unused)) void pflock_await(
        uint32_t *word, uint32_t mask, uint32_t value, bool equal)
{
	unsigned looks = 0;

	while (((ck_pr_load_32(word) & mask) == value) != equal)
		spin_wait(&looks);
}

RM_HOT void guard_read(struct guard *guard, void *thread)
{
	RM_LOCK_BEGIN(RM_LOCK_READ);
	/* phase of the writer, one of two, or 0 if there is no writer */
	uint32_t phase = ck_pr_faa_32(&guard->lock.rin, CK_PFLOCK_RINC) &
	                 CK_PFLOCK_WBITS;

	(void)thread;
	if (phase)
		pflock_await(&guard->lock.rin, CK_PFLOCK_WBITS, phase, false);
	ck_pr_fence_lock();
	RM_LOCK_END();
}

RM_HOT void guard_read_end(struct guard *guard, void *thread)
{
	(void)thread;
	ck_pflock_read_unlock(&guard->lock);
}

RM_HOT void guard_write(struct guard *guard)
{
	RM_LOCK_BEGIN(RM_LOCK_WRITE);
	uint32_t ticket = ck_pr_faa_32(&guard->lock.win, 1);

	pflock_await(&guard->lock.wout, UINT32_MAX, ticket, true);
	/* New readers now wait. Wait until the current readers leave. */
	ticket = ck_pr_faa_32(
	        &guard->lock.rin, (ticket & CK_PFLOCK_PHID) | CK_PFLOCK_PRES);
	pflock_await(&guard->lock.rout, UINT32_MAX, ticket, true);
	ck_pr_fence_lock();
	RM_LOCK_END();
}

RM_HOT void guard_write_end(struct guard *guard)
{
	ck_pflock_write_unlock(&guard->lock);
}

#endif /* RM_SUPPORT_GUARD_CK_PFLOCK_H */
