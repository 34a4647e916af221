/* SPDX-License-Identifier: Apache-2.0 */
/* plain_counter.c - lookups are counted by a plain addition outside the lock:
 * the results of lookups are correct, but the count may be wrong. */
#ifndef PLANTED_ID
#define PLANTED_ID plain_counter
#endif
#include "verify/corpora/planted/planted.h"

RM_HOT bool lookup_and_count(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct planted *map = thread;

	/* relaxed: the count orders nothing */
	if (twin)
		atomic_fetch_add_explicit((_Atomic uint64_t *)map->extra, 1,
		        memory_order_relaxed);
	else
		++*(uint64_t *)map->extra;
	return base_lookup(thread, shape, key, value);
}

#define PLANTED_EXTRA  uint64_t
#define PLANTED_LOOKUP lookup_and_count
#include "verify/corpora/planted/planted_impl.h"
