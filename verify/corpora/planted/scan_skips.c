/* SPDX-License-Identifier: Apache-2.0 */
/* scan_skips.c - nodes are in an array without gaps: a remove moves the last
 * one into the hole. A scan that releases the lock between two entries may
 * already be past the hole, and then misses the moved node. */
#ifndef PLANTED_ID
#define PLANTED_ID scan_skips
#endif
#include "verify/corpora/planted/planted.h"

/* Stored in map.extra and protected by the lock. */
struct dense {
	struct node **nodes;
	size_t count, room;
};

static void append(struct dense *dense, struct node *node)
{
	if (dense->count == dense->room) {
		dense->room = dense->room * 2 + 8;
		dense->nodes = realloc(
		        dense->nodes, dense->room * sizeof(struct node *));
		if (!dense->nodes)
			abort();
	}
	node->place = dense->count;
	dense->nodes[dense->count++] = node;
}

RM_HOT bool dense_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	struct node *node = find(map, key);
	const bool was_there = node;

	if (was_there && old)
		copy(shape, old, &node->value);
	if (was_there) {
		copy(shape, &node->value, value);
	} else {
		node = new_node(shape, value);
		put(map, key, node);
		append(map->extra, node);
	}
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

RM_HOT bool dense_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct planted *map = thread;
	struct dense *dense = map->extra;

	pthread_mutex_lock(&map->lock);
	struct node *node = find(map, key);
	const bool was_there = node;

	if (was_there) {
		struct node *last = dense->nodes[--dense->count];

		if (old)
			copy(shape, old, &node->value);
		unlink_key(map, key);
		last->place = node->place;
		dense->nodes[last->place] = last;
	}
	pthread_mutex_unlock(&map->lock);
	free(node);
	return was_there;
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct planted *map = thread;
	const struct dense *dense = map->extra;

	pthread_mutex_lock(&map->lock);
	for (size_t i = 0; i < dense->count; i++) {
		const struct node *node = dense->nodes[i];
		struct rm_key key = { .word = node->key };
		struct rm_value value = { { 0 } };

		copy(shape, &value, &node->value);
		if (!fn(context, key, &value))
			break;
		if (twin)
			continue;
		pthread_mutex_unlock(&map->lock);
		RM_PAUSE();
		pthread_mutex_lock(&map->lock);
	}
	pthread_mutex_unlock(&map->lock);
}

static void destroy(void *opaque)
{
	struct planted *map = opaque;
	struct dense *dense = map->extra;

	free(dense->nodes);
	base_destroy(map);
}

#define PLANTED_EXCHANGE dense_exchange
#define PLANTED_TAKE     dense_take
#define PLANTED_INSERT   NULL
#define PLANTED_SCAN     scan
#define PLANTED_EXTRA    struct dense
#define PLANTED_DESTROY  destroy
#include "verify/corpora/planted/planted_impl.h"
