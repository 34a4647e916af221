/* SPDX-License-Identifier: Apache-2.0 */
/* double_free.c - a remove finds its node in one critical section and frees it
 * in the next, although another remove may have freed it in between. */
#ifndef PLANTED_ID
#define PLANTED_ID double_free
#endif
#include "verify/corpora/planted/planted.h"

RM_HOT bool take_and_free_stale(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct planted *map = thread;

	if (twin)
		return base_take(thread, shape, key, old);
	pthread_mutex_lock(&map->lock);
	struct node *node = find(map, key);

	pthread_mutex_unlock(&map->lock);
	if (!node)
		return false;
	pthread_mutex_lock(&map->lock);
	const bool is_linked = find(map, key) == node;

	if (is_linked) {
		if (old)
			copy(shape, old, &node->value);
		unlink_key(map, key);
	}
	pthread_mutex_unlock(&map->lock);
	free(node);
	return is_linked;
}

#define PLANTED_TAKE take_and_free_stale
#include "verify/corpora/planted/planted_impl.h"
