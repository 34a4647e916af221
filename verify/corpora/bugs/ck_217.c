/* SPDX-License-Identifier: Apache-2.0 */
/* ck_217.c - an insert that would move too many entries wants a larger table. If
 * there is no memory for it, the insert moves them anyway. But the entries keep
 * the numbers of probes that the first attempt gave them, so a later removal
 * moves one of them before its first place, where no search finds it. In this
 * model there is never memory for this reason to grow. */
#ifndef BUG_ID
#define BUG_ID ck_217
#endif
#include "verify/corpora/bugs/robin.h"

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct robin *map = thread;

	(void)shape;
	pthread_mutex_lock(&map->lock);
	struct slot *slot = find(map, key);

	if (slot) {
		store_result(old, slot->word);
		slot->word = value->word[0];
	} else {
		if (plan(map, key) || twin)
			restore(map);
		insert(map, key, value->word[0]);
	}
	pthread_mutex_unlock(&map->lock);
	return slot;
}

#include "verify/corpora/bugs/bug_impl.h"
