/* SPDX-License-Identifier: Apache-2.0 */
/* flurry_86.c - an entry is counted after its bin's lock was released. Another
 * thread can remove the entry and decrement the count before that: the unsigned
 * count wraps below zero, and length is briefly enormous. */
#ifndef BUG_ID
#define BUG_ID flurry_86
#endif
/* all accesses of the count are relaxed, because it orders no other access */
#define ADD(map, change)           \
	atomic_fetch_add_explicit( \
	        &(map)->count, (size_t)(change), memory_order_relaxed)
#define LOCKED_COUNT(map, shard, change)  \
	do {                              \
		if (twin)                 \
			ADD(map, change); \
	} while (0)
#include "verify/corpora/bugs/locked.h"

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	const bool was_there = base_exchange(thread, shape, key, value, old);

	if (!twin && !was_there)
		ADD((struct locked *)thread, 1);
	return was_there;
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	const bool was_there = base_take(thread, shape, key, old);

	if (!twin && was_there)
		ADD((struct locked *)thread, -1);
	return was_there;
}

static size_t length(void *thread)
{
	struct locked *map = thread;

	return atomic_load_explicit(&map->count, memory_order_relaxed);
}

#define BUG_CREATE base_create
#define BUG_LOOKUP base_lookup
#define BUG_LENGTH length
#include "verify/corpora/bugs/bug_impl.h"
