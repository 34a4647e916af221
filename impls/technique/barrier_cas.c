/* SPDX-License-Identifier: Apache-2.0 */
/* barrier_cas.c - a compare-and-set with acquire and release order, a locked
   exchange on x86. The language promises no more than that; only the
   instruction prevents later loads from moving before it. */
#include "runner/map.h"

RM_HOT void barrier_write(_Atomic(uint64_t) *word, uint64_t was, uint64_t now)
{
	/* acq_rel: no stronger order, so that only the instruction adds a
	   barrier. relaxed if it fails: it cannot fail, since there is one
	   writer */
	atomic_compare_exchange_strong_explicit(
	        word, &was, now, memory_order_acq_rel, memory_order_relaxed);
}

#include "impls/technique/barrier.h"

const struct rm_impl rm_impl_barrier_cas = {
	.id = "barrier_cas",
	.label = "words written by compare-and-set",
	.sync = "cas",
	.source = "the store buffering test",
	TECHNIQUE("lock-free", barrier_ops, barrier_loops),
};
