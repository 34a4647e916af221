/* SPDX-License-Identifier: Apache-2.0 */
/* writer_starves.c - a lock that readers share while a writer waits, in a map
 * that promises that no operation starves. The corrected version is a queue: a
 * ticket for each lookup and each write. */
#ifndef PLANTED_ID
#define PLANTED_ID writer_starves
#endif
#include "verify/corpora/planted/planted.h"

struct guard {
	_Atomic uint64_t readers; /* UINT64_MAX: a writer */
	_Atomic uint64_t ticket, serving;
};

static void *create_guard(const struct rm_sizing *sizing)
{
	struct planted *map = base_create(sizing);

	map->extra = xcalloc(1, sizeof(struct guard));
	return map;
}

static void destroy_guard(void *opaque)
{
	struct planted *map = opaque;

	free(map->extra);
	base_destroy(map);
}

RM_HOT void queue_up(struct guard *guard)
{
	const uint64_t ticket = guard->ticket++;

	while (guard->serving != ticket)
		sched_yield();
}

RM_HOT bool lookup_shared(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct planted *map = thread;
	struct guard *guard = map->extra;
	uint64_t readers = guard->readers;

	if (twin)
		queue_up(guard);
	while (!twin && (readers == UINT64_MAX ||
	                        !atomic_compare_exchange_strong(&guard->readers,
	                                &readers, readers + 1)))
		readers = guard->readers;
	const struct node *node = find(map, key);

	if (node)
		copy(shape, value, &node->value);
	if (twin)
		++guard->serving;
	else
		--guard->readers;
	return node;
}

RM_HOT void enter(struct guard *guard)
{
	uint64_t none = 0;

	if (twin)
		queue_up(guard);
	while (!twin && !atomic_compare_exchange_strong(
	                        &guard->readers, &none, UINT64_MAX)) {
		none = 0;
		sched_yield();
	}
}

RM_HOT void leave(struct guard *guard)
{
	if (twin)
		++guard->serving;
	else
		guard->readers = 0;
}

RM_HOT bool exchange_alone(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;

	enter(map->extra);
	const bool was_there = exchange_locked(map, shape, key, value, old);

	leave(map->extra);
	return was_there;
}

RM_HOT bool take_alone(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct planted *map = thread;

	enter(map->extra);
	struct node *node = take_locked(map, shape, key, old);
	const bool was_there = node;

	leave(map->extra);
	free(node);
	return was_there;
}

static bool insert_alone(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *present)
{
	struct planted *map = thread;

	enter(map->extra);
	const struct node *node = find(map, key);

	if (node)
		copy(shape, present, &node->value);
	else
		put(map, key, new_node(shape, value));
	leave(map->extra);
	return node;
}

#define PLANTED_CREATE   create_guard
#define PLANTED_DESTROY  destroy_guard
#define PLANTED_LOOKUP   lookup_shared
#define PLANTED_EXCHANGE exchange_alone
#define PLANTED_TAKE     take_alone
#define PLANTED_INSERT   insert_alone
#define PLANTED_PROGRESS "starvation-free"
#include "verify/corpora/planted/planted_impl.h"
