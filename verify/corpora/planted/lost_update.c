/* SPDX-License-Identifier: Apache-2.0 */
/* lost_update.c - exchange reads the old value and writes the new one in two
 * critical sections: a write in between is overwritten, but no operation
 * returns its value. */
#ifndef PLANTED_ID
#define PLANTED_ID lost_update
#endif
#include "verify/corpora/planted/planted.h"

RM_HOT bool exchange_in_two_steps(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;
	struct rm_value before;
	const bool was_there = base_lookup(thread, shape, key, &before);

	if (twin || !was_there)
		return base_exchange(thread, shape, key, value, old);
	RM_PAUSE();
	pthread_mutex_lock(&map->lock);
	struct node *node = find(map, key);

	if (node)
		copy(shape, &node->value, value);
	pthread_mutex_unlock(&map->lock);
	if (!node) /* the key was removed in between; this case is correct */
		return base_exchange(thread, shape, key, value, old);
	if (old)
		copy(shape, old, &before);
	return true;
}

#define PLANTED_EXCHANGE exchange_in_two_steps
#include "verify/corpora/planted/planted_impl.h"
