/* SPDX-License-Identifier: Apache-2.0 */
/* reads_unwritten.c - insert_if_absent allocates a node by malloc() without
 * setting its list pointer, and take reads this pointer. */
#ifndef PLANTED_ID
#define PLANTED_ID reads_unwritten
#endif
#include "verify/corpora/planted/planted.h"

static inline bool insert_uninitialised(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	const struct node *node = find(map, key);

	if (node) {
		copy(shape, present, &node->value);
	} else {
		struct node *new_value = malloc(sizeof(*new_value));

		copy(shape, &new_value->value, value);
		if (twin)
			new_value->next = NULL;
		put(map, key, new_value);
	}
	pthread_mutex_unlock(&map->lock);
	return node;
}

static inline bool take_checked(void *thread, struct rm_shape shape,
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

#define PLANTED_INSERT insert_uninitialised
#define PLANTED_TAKE   take_checked
#include "verify/corpora/planted/planted_impl.h"
