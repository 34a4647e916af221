/* SPDX-License-Identifier: Apache-2.0 */
/* range_counter.c - the next chunk of a connection comes from a counter. A
   request reads one word and replaces it by compare-and-swap. Connection and
   chunk are the quotient and remainder of the word. A request takes O(1), and
   each number is returned exactly once. */
#include "impls/technique/technique.h"

#include <stdatomic.h>

enum { SENT_CHUNKS = 100 };

struct sent_record {
	_Atomic uint64_t next;
};

static size_t sent_record_bytes(uint64_t chunks)
{
	(void)chunks;
	return sizeof(struct sent_record);
}

RM_HOT uint64_t sent_next(struct sent_record *record, uint64_t chunks,
        uint64_t request, uint64_t *looked_at)
{
	/* all relaxed: the number orders nothing else */
	uint64_t next =
	        atomic_load_explicit(&record->next, memory_order_relaxed);

	(void)chunks, (void)request;
	while (!atomic_compare_exchange_weak_explicit(&record->next, &next,
	        next + 1, memory_order_relaxed, memory_order_relaxed))
		;
	*looked_at = 1;
	return next;
}

#include "impls/technique/sent.h"

const struct rm_impl rm_impl_range_counter = {
	.id = "range_counter",
	.label = "counter of chunks",
	.sync = "cas",
	.source = "an atomic sequence counter: impls/technique/sent.h",
	.system = "M16",
	TECHNIQUE("lock-free", sent_ops, sent_loops),
};
