/* SPDX-License-Identifier: Apache-2.0 */
/* tombstone_revived.c - a removed key keeps its node as a tombstone with the
 * old value; an insert revives it first and then writes the value. */
#ifndef PLANTED_ID
#define PLANTED_ID tombstone_revived
#endif
#include "verify/corpora/planted/planted.h"

RM_HOT bool lookup_living(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	const struct node *node = find(map, key);
	const bool was_there = node && !node->dead;

	if (was_there)
		copy(shape, value, &node->value);
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

RM_HOT bool exchange_and_revive(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	struct node *node = find(map, key);
	const bool was_there = node && !node->dead;

	if (!node) {
		put(map, key, new_node(shape, value));
		pthread_mutex_unlock(&map->lock);
		return false;
	}
	if (was_there && old)
		copy(shape, old, &node->value);
	node->dead = false;
	if (!twin && !was_there) {
		pthread_mutex_unlock(&map->lock);
		RM_PAUSE();
		pthread_mutex_lock(&map->lock);
	}
	copy(shape, &node->value, value); /* nodes live as long as the map */
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

RM_HOT bool take_and_bury(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	struct node *node = find(map, key);
	const bool was_there = node && !node->dead;

	if (was_there && old)
		copy(shape, old, &node->value);
	if (was_there)
		node->dead = true;
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

#define PLANTED_LOOKUP   lookup_living
#define PLANTED_EXCHANGE exchange_and_revive
#define PLANTED_TAKE     take_and_bury
#define PLANTED_INSERT   NULL
#include "verify/corpora/planted/planted_impl.h"
