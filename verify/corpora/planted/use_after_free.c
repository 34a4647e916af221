/* SPDX-License-Identifier: Apache-2.0 */
/* use_after_free.c - a lookup leaves the critical section with a pointer to the
 * node, and reads the node although a remove may have freed it. */
#ifndef PLANTED_ID
#define PLANTED_ID use_after_free
#endif
#include "verify/corpora/planted/planted.h"

RM_HOT bool late_lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct planted *map = thread;

	if (twin)
		return base_lookup(thread, shape, key, value);
	pthread_mutex_lock(&map->lock);
	const struct node *node = find(map, key);

	pthread_mutex_unlock(&map->lock);
	RM_PAUSE();
	if (node)
		copy(shape, value, &node->value);
	return node;
}

#define PLANTED_LOOKUP late_lookup
#include "verify/corpora/planted/planted_impl.h"
