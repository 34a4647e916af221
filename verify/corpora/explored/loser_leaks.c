/* SPDX-License-Identifier: Apache-2.0 */
/* loser_leaks.c - insert_if_absent allocates its node before it takes the lock,
 * and leaks it if another insert was first. */
#ifndef PLANTED_ID
#define PLANTED_ID loser_leaks
#endif
#include "verify/corpora/planted/planted.h"

static inline bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct planted *map = thread;

	if (base_lookup(thread, shape, key, present))
		return true;
	struct node *new_value = new_node(shape, value);

	pthread_mutex_lock(&map->lock);
	const struct node *node = find(map, key);

	if (node)
		copy(shape, present, &node->value);
	else
		put(map, key, new_value);
	pthread_mutex_unlock(&map->lock);
	if (node && twin)
		free(new_value);
	return node;
}

#define PLANTED_INSERT insert_if_absent
#include "verify/corpora/planted/planted_impl.h"
