/* SPDX-License-Identifier: Apache-2.0 */
/* ck_282.c - ck_rhs_fas, which replaces a present key, searches a better place
 * for it, as an insert does. If the table grows because of this, the function
 * reports success, but the new table still contains the old entry. */
#ifndef BUG_ID
#define BUG_ID ck_282
#endif
#include "verify/corpora/bugs/robin.h"

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct robin *map = thread;

	(void)shape;
	pthread_mutex_lock(&map->lock);
	struct slot *slot = find(map, key);
	const bool was_there = slot, fits = plan(map, key);

	restore(map);
	if (was_there)
		store_result(old, slot->word);
	if (!fits) {
		grow(map);
		slot = was_there && twin ? find(map, key) : NULL;
	}
	if (slot)
		slot->word = value->word[0];
	else if (!was_there)
		insert(map, key, value->word[0]);
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

#include "verify/corpora/bugs/bug_impl.h"
