/* SPDX-License-Identifier: Apache-2.0 */
/*
 * barrier_release.c - a store with the order of a release: a plain move on
 * x86, which may wait in the store buffer while later loads are done.
 */
#include "runner/map.h"

RM_HOT void barrier_write(_Atomic(uint64_t) *word, uint64_t was, uint64_t now)
{
	(void)was;
	/* release: the order whose want of a barrier is shown */
	atomic_store_explicit(word, now, memory_order_release);
}

#include "impls/technique/barrier.h"

const struct rm_impl rm_impl_barrier_release = {
	.id = "barrier_release",
	.label = "words written by a release store",
	.sync = "none",
	.source = "the store buffering test",
	.system = "",
	TECHNIQUE("lock-free", barrier_ops, barrier_loops),
};
