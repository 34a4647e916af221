/* SPDX-License-Identifier: Apache-2.0 */
/* copies_unlocked.c - a value of several words is copied after the lock was
 * released, by a memcpy() of constant size. The compiler turns it into plain
 * moves, which only guest/relax.h makes visible. */
#ifndef PLANTED_ID
#define PLANTED_ID copies_unlocked
#endif
#include "verify/corpora/planted/planted.h"

RM_HOT bool lookup_copy_late(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct planted *map = thread;
	const bool late = !twin && shape.value_bytes == 3 * sizeof(uint64_t);

	pthread_mutex_lock(&map->lock);
	const struct node *node = find(map, key);

	if (node && !late)
		copy(shape, value, &node->value);
	pthread_mutex_unlock(&map->lock);
	if (node && late)
		memcpy(value, &node->value, 3 * sizeof(uint64_t));
	return node;
}

#define PLANTED_LOOKUP lookup_copy_late
#include "verify/corpora/planted/planted_impl.h"
