/* SPDX-License-Identifier: Apache-2.0 */
/* epoch_guard.h - sections in which a thread may hold references, for maps that
   free memory by epochs. With EPOCH_GUARDED a section costs a load and two plain
   stores to the thread's own line, and threads have no other duty. Without it,
   threads announce quiescence (epoch.h), and a section is empty. Sections do
   not nest. */
#ifndef RM_SUPPORT_EPOCH_GUARD_H
#define RM_SUPPORT_EPOCH_GUARD_H

#include "impls/support/epoch.h"

RM_HOT void epoch_guard_enter(struct epoch_record *record)
{
	uint64_t now;

	if (!EPOCH_GUARDED)
		return;
	/* acquire: U1. release: U2, pairs with A3; see epoch_unpark() */
	now = atomic_load_explicit(&record->epoch->now, memory_order_acquire);
	atomic_store_explicit(&record->seen, now, memory_order_release);
	/* seq_cst: a compiler barrier; membarrier_run() makes it a fence */
	atomic_signal_fence(memory_order_seq_cst);
}

RM_HOT void epoch_guard_leave(struct epoch_record *record)
{
	/* release: P1, pairs with A3 */
	if (EPOCH_GUARDED)
		atomic_store_explicit(&record->seen, 0, memory_order_release);
}

/* Ends a write. Called outside of a section. May free objects and may wait,
   like epoch_settle(). */
RM_HOT void epoch_guard_settle(struct epoch_record *record)
{
	if (EPOCH_GUARDED && __builtin_expect(record->limbo, 0))
		epoch_poll(record);
	epoch_settle(record);
}

#endif /* RM_SUPPORT_EPOCH_GUARD_H */
