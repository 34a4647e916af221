/* SPDX-License-Identifier: Apache-2.0 */
/* high_scale_lib_5.c - 0 marks a free slot, so key 0 is stored separately and
 * has its own code. For this key, insert_if_absent is a lookup followed by a
 * write, so two threads can both insert it. */
#ifndef BUG_ID
#define BUG_ID high_scale_lib_5
#endif
#include "verify/corpora/bugs/entries.h"

static bool insert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *present)
{
	if (twin || key.word)
		return entries_insert(thread, shape, key, value, present);
	if (entries_lookup(thread, shape, key, present))
		return true;
	entries_exchange(thread, shape, key, value, NULL);
	return false;
}

#define BUG_LOOKUP entries_lookup
#define BUG_INSERT insert
#include "verify/corpora/bugs/bug_impl.h"
