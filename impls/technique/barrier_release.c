/* SPDX-License-Identifier: Apache-2.0 */
/* barrier_release.c - a store with release order: a plain move on x86, which
   may stay in the store buffer while later loads execute. */
#include "runner/map.h"

RM_HOT void barrier_write(_Atomic(uint64_t) *word, uint64_t was, uint64_t now)
{
	(void)was;
	/* release: does not order later loads, which the test shows */
	atomic_store_explicit(word, now, memory_order_release);
}

#include "impls/technique/barrier.h"

const struct rm_impl rm_impl_barrier_release = {
	.id = "barrier_release",
	.label = "words written by a release store",
	.sync = "none",
	.source = "the store buffering test",
	TECHNIQUE("lock-free", barrier_ops, barrier_loops),
};
