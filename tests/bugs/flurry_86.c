/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flurry_86.c - an entry is counted after its bin's lock has been given back.
 * Another thread can find it, remove it and count that first: the unsigned
 * count passes below zero, and length is enormous for a moment.
 */
#ifndef BUG_ID
#define BUG_ID flurry_86
#endif
#include "tests/bugs/locked.h"

/* relaxed, all counts: a number, which orders nothing */
static void add(void *thread, size_t change)
{
	struct locked *map = thread;

	atomic_fetch_add_explicit(&map->count, change, memory_order_relaxed);
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct shard *shard = shard_of(thread, key);

	(void)shape;
	pthread_rwlock_wrlock(&shard->lock);
	uint64_t *slot = find(shard, key);

	if (slot) {
		give(old, *value_of(slot));
		*value_of(slot) = value->word[0];
	} else {
		claim(shard, key, value->word[0]);
		if (twin)
			add(thread, 1);
	}
	pthread_rwlock_unlock(&shard->lock);
	if (!twin && !slot)
		add(thread, 1);
	return slot;
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct shard *shard = shard_of(thread, key);

	(void)shape;
	pthread_rwlock_wrlock(&shard->lock);
	uint64_t *slot = find(shard, key);

	if (slot) {
		give(old, *value_of(slot));
		probe_vacate(&shard->table, SLOT, slot);
		if (twin)
			add(thread, (size_t)-1);
	}
	pthread_rwlock_unlock(&shard->lock);
	if (!twin && slot)
		add(thread, (size_t)-1);
	return slot;
}

static size_t length(void *thread)
{
	struct locked *map = thread;

	return atomic_load_explicit(&map->count, memory_order_relaxed);
}

#define BUG_CREATE base_create
#define BUG_LOOKUP base_lookup
#define BUG_LENGTH length
#include "tests/bugs/bug_impl.h"
