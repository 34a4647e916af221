/* SPDX-License-Identifier: Apache-2.0 */
/* aba.c - nodes come from a lock-free stack of free ones, whose pop compares
 * only the head's address. If, in the meantime, the head was popped and pushed
 * back, and its successor was popped, the pop makes the successor the new head
 * although it is in use. */
#ifndef PLANTED_ID
#define PLANTED_ID aba
#endif
#include "verify/corpora/planted/planted.h"

struct cell {
	struct node node;
	struct cell *_Atomic below; /* next in the stack */
	struct cell *older;         /* next in the list of all nodes */
};

struct pool {
	struct cell *_Atomic head;
	struct cell *all; /* protected by the map's lock */
	pthread_mutex_t popping;
};

/* Memory orders: seq_cst throughout, since the bug is not in the order. */
static struct cell *pop(struct pool *pool)
{
	struct cell *head = atomic_load(&pool->head);

	while (head) {
		struct cell *below = atomic_load(&head->below);

		RM_PAUSE();
		if (atomic_compare_exchange_weak(&pool->head, &head, below))
			break;
	}
	return head;
}

static void push(struct pool *pool, struct cell *cell)
{
	struct cell *head = atomic_load(&pool->head);

	do
		atomic_store(&cell->below, head);
	while (!atomic_compare_exchange_weak(&pool->head, &head, cell));
}

/* If only one thread pops at a time, the head cannot be popped concurrently. */
static struct node *get(struct planted *map)
{
	struct pool *pool = map->extra;
	struct cell *cell;

	if (twin)
		pthread_mutex_lock(&pool->popping);
	cell = pop(pool);
	if (twin)
		pthread_mutex_unlock(&pool->popping);
	if (cell)
		return &cell->node;
	cell = xcalloc(1, sizeof(*cell));
	pthread_mutex_lock(&map->lock);
	cell->older = pool->all;
	pool->all = cell;
	pthread_mutex_unlock(&map->lock);
	return &cell->node;
}

/* Every write takes a new node and frees the old one. */
RM_HOT bool pooled_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;
	struct node *node = get(map), *before;

	copy(shape, &node->value, value);
	pthread_mutex_lock(&map->lock);
	before = find(map, key);
	if (before && old)
		copy(shape, old, &before->value);
	put(map, key, node);
	pthread_mutex_unlock(&map->lock);
	if (before)
		push(map->extra, (struct cell *)before);
	return before;
}

RM_HOT bool pooled_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	struct node *node = find(map, key);

	if (node && old)
		copy(shape, old, &node->value);
	if (node)
		unlink_key(map, key);
	pthread_mutex_unlock(&map->lock);
	if (node)
		push(map->extra, (struct cell *)node);
	return node;
}

static void *create(const struct rm_sizing *sizing)
{
	struct planted *map = base_create(sizing);
	struct pool *pool = xcalloc(1, sizeof(*pool));

	pthread_mutex_init(&pool->popping, NULL);
	map->extra = pool;
	return map;
}

static void destroy(void *opaque)
{
	struct planted *map = opaque;
	struct pool *pool = map->extra;

	for (struct cell *cell = pool->all, *older; cell; cell = older) {
		older = cell->older;
		free(cell);
	}
	pthread_mutex_destroy(&pool->popping);
	/* the nodes are already freed */
	probe_clear(&map->table, PLANTED_SLOT);
	base_destroy(map);
}

#define PLANTED_EXCHANGE pooled_exchange
#define PLANTED_TAKE     pooled_take
#define PLANTED_INSERT   NULL
#define PLANTED_CREATE   create
#define PLANTED_DESTROY  destroy
#include "verify/corpora/planted/planted_impl.h"
