/* SPDX-License-Identifier: Apache-2.0 */
/* clht_8.c - a lookup reads the value, compares the key, and reads the value
 * again. If the value has changed, the lookup returns absent, although the key
 * was present before and after. The original design had no operation that
 * overwrites a value. */
#ifndef BUG_ID
#define BUG_ID clht_8
#endif
#include "verify/corpora/bugs/entries.h"

/* This model checks the header instead of the value, because equal values are
 * also written. */
RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct entry *entry = next_of(&bucket_of(thread, key)->first);

	while (entry) {
		/* both acquire, as in read_entry() */
		const bool same = atomic_load_explicit(&entry->header,
		                          memory_order_acquire) &
		                          LIVE &&
		                  atomic_load_explicit(&entry->key,
		                          memory_order_acquire) == key.word;
		const enum found found = read_entry(entry, shape, key, value);

		if (found == FOUND)
			return true;
		if (found == CHANGED && same && !twin)
			return false;
		if (found == OTHER)
			entry = next_of(&entry->next);
		else
			sched_yield();
	}
	return false;
}

#define BUG_INSERT entries_insert
#include "verify/corpora/bugs/bug_impl.h"
