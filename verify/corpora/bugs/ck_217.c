/* SPDX-License-Identifier: Apache-2.0 */
/* ck_217.c - an insert that would move too many entries first tries to grow the
 * table. If memory is exhausted, it moves the entries anyway. But they keep the
 * numbers of probes that the first attempt stored, so a later removal moves one
 * of them in front of its first place, where no search finds it. In this model,
 * growth for this reason always fails. */
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
