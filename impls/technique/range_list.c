/* SPDX-License-Identifier: Apache-2.0 */
/*
 * range_list.c - the next chunk of a connection is found in the list of all
 * ranges sent so far.
 *
 * This is a misuse for two reasons: a request inspects every range, which takes
 * O(n), and two concurrent requests may send the same chunk, while other
 * numbers are skipped. range_counter avoids both. One request in 1000 sleeps
 * between search and entry, so that requests overlap in every run. Words are
 * relaxed atomics, so results are wrong, but defined.
 */
#include "impls/technique/technique.h"

#include <stdatomic.h>

enum { SENT_CHUNKS = 100, SENT_GIVES_WAY = 1000 };

struct sent_record {
	_Atomic uint64_t base;  /* first number of the connection */
	_Atomic uint64_t count; /* number of ranges */
	_Atomic uint64_t end[]; /* ends of ranges; each range starts at the end
	                           of another */
};

static size_t sent_record_bytes(uint64_t chunks)
{
	return sizeof(struct sent_record) + chunks * sizeof(uint64_t);
}

/* both relaxed: the missing order is part of the misuse */
#define sent_get(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define sent_set(field, value) \
	atomic_store_explicit(&(field), (value), memory_order_relaxed)

RM_HOT uint64_t sent_next(struct sent_record *record, uint64_t chunks,
        uint64_t request, uint64_t *looked_at)
{
	const uint64_t base = sent_get(record->base);
	const uint64_t count = sent_get(record->count);
	uint64_t next = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t end = sent_get(record->end[i]);

		if (end > next)
			next = end;
	}
	*looked_at = count;
	if (request % SENT_GIVES_WAY == 1)
		technique_sleep();
	sent_set(record->end[count], next + 1);
	if (count + 1 < chunks) {
		sent_set(record->count, count + 1);
	} else { /* starts the next connection */
		sent_set(record->base, base + chunks);
		sent_set(record->count, 0);
	}
	return base + next;
}

#include "impls/technique/sent.h"

const struct rm_impl rm_impl_range_list = {
	.id = "range_list",
	.label = "list of ranges",
	.sync = "none",
	.source = "a scan of ranges per request: impls/technique/sent.h",
	.system = "M16",
	TECHNIQUE("wait-free", sent_ops, sent_loops),
	.misuse = "check: skipped and repeated; measured: ranges_looked_at",
};
