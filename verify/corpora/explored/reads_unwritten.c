/* SPDX-License-Identifier: Apache-2.0 */
/* reads_unwritten.c - insert_if_absent allocates a node by malloc() without
 * setting its list pointer, and take checks whether a node hangs on it. */
#ifndef PLANTED_ID
#define PLANTED_ID reads_unwritten
#endif
#include "verify/corpora/planted/planted.h"

static inline bool half_a_node(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	const struct node *node = find(map, key);

	if (node) {
		copy(shape, present, &node->value);
	} else {
		struct node *made = malloc(sizeof(*made));

		copy(shape, &made->value, value);
		if (twin)
			made->next = NULL;
		put(map, key, made);
	}
	pthread_mutex_unlock(&map->lock);
	return node;
}

static inline bool take_all(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	const struct node *node = find(map, key);

	/* never true here */
	if (node && node->next)
		abort();
	pthread_mutex_unlock(&map->lock);
	return base_take(thread, shape, key, old);
}

#define PLANTED_INSERT half_a_node
#define PLANTED_TAKE   take_all
#include "verify/corpora/planted/planted_impl.h"
