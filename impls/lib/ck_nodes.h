/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ck_nodes.h - the memory of ck_ht.c: nodes, tables, and when they are freed.
 *
 * One ck_epoch record, under the writers' mutex, keeps what was retired.
 */
#ifndef RM_CK_NODES_H
#define RM_CK_NODES_H

#include "impls/support/hash.h"
#include "impls/support/lock_pthread.h"
#include "runner/map.h"

#include <ck_epoch.h>
#include <ck_ht.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECLAIM_EVERY = 64, LIMIT_BYTES = 256 << 20, TABLE_SMALLEST = 8 };

/* Head of all that is retired: of nodes, and in front of the tables. */
struct block {
	_Alignas(RM_CACHE_LINE / 2) ck_epoch_entry_t limbo; /* first member */
	size_t bytes;
};

struct node {
	struct block block; /* first member */
	struct rm_value value;
	size_t length;
	char bytes[];
};

struct thread {
	ck_epoch_record_t record;
	struct map *map;
};

struct map {
	/* Read by lookups. */
	_Alignas(RM_CACHE_LINE) ck_ht_t table;
	struct node *_Atomic reserved[2]; /* of the keys 0 and ~0, or NULL */
	uint64_t seed;
	struct rm_shape shape;
	struct thread *threads;
	ck_epoch_t epoch;
	/* Written by writers. */
	_Alignas(RM_CACHE_LINE) pthread_mutex_t writer;
	size_t limbo_bytes, limit_bytes, peak_bytes;
	uint64_t retired, freed, waits, growths;
	ck_epoch_record_t limbo;
};

static void retire(struct map *map, struct block *block)
{
	/* no callback: reclaim() takes them from the deferred stack */
	ck_epoch_call(&map->limbo, &block->limbo, NULL);
	RM_STAT_LOCKED(map->retired, 1);
	map->limbo_bytes += block->bytes;
	if (map->limbo_bytes > map->peak_bytes)
		map->peak_bytes = map->limbo_bytes;
}

static void reclaim(struct map *map)
{
	ck_stack_t dead = CK_STACK_INITIALIZER;
	ck_stack_entry_t *at, *next;

	ck_epoch_poll_deferred(&map->limbo, &dead);
	CK_STACK_FOREACH_SAFE(&dead, at, next)
	{
		char *entry =
		        (char *)at - offsetof(ck_epoch_entry_t, stack_entry);
		struct block *block = (struct block *)(void *)entry;

		map->limbo_bytes -= block->bytes;
		RM_STAT_LOCKED(map->freed, 1);
		free(block);
	}
}

static RM_COLD void wait_for_grace(struct map *map)
{
	const uint64_t start_ns = RM_EVENT_CLOCK();

	map->waits++;
	while (map->limbo_bytes > map->limit_bytes) {
		sched_yield();
		reclaim(map);
	}
	RM_EVENT_SPAN(RM_EVENT_GRACE_WAIT, start_ns, 0);
}

static struct block *block_new(size_t bytes)
{
	const size_t unit = _Alignof(struct block);
	struct block *block =
	        aligned_alloc(unit, (bytes + unit - 1) / unit * unit);

	if (block)
		block->bytes = bytes;
	return block;
}

static RM_COLD struct node *node_new(
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	const size_t length = shape.str ? key.length : 0;
	struct node *node = (struct node *)block_new(sizeof(*node) + length);

	if (!node)
		abort(); /* the contract has no "out of memory" for a write */
	memcpy(&node->value, value, shape.value_bytes);
	node->length = length;
	if (length)
		memcpy(node->bytes, key.bytes, length);
	return node;
}

/*
 * The library's allocator has no context argument, but what it frees while
 * a table grows must be retired into this map: hence the one variable, set
 * around the one call that grows, under the writers' mutex.
 */
static _Thread_local struct map *growing;

static void *table_malloc(size_t bytes)
{
	struct block *block = block_new(sizeof(*block) + bytes);

	return block ? block + 1 : NULL;
}

static void table_free(void *memory, size_t bytes, bool defer)
{
	struct block *block = (struct block *)memory - 1;

	(void)bytes;
	if (!defer) {
		free(block);
		return;
	}
	growing->growths++;
	retire(growing, block);
}

/* `entry` becomes the one it replaced, or empty. */
static RM_COLD void table_set(
        struct map *map, ck_ht_hash_t hash, ck_ht_entry_t *entry)
{
	const uint64_t start_ns = RM_EVENT_CLOCK();
	const uint64_t growths = map->growths;

	growing = map;
	if (!ck_ht_set_spmc(&map->table, hash, entry))
		abort();
	growing = NULL;
	if (map->growths != growths)
		RM_EVENT_SPAN(
		        RM_EVENT_RESIZE, start_ns, ck_ht_count(&map->table));
}

/* Only asked by ck_ht_hash*(), which we do not call: hashes come from us. */
static void table_hash(
        ck_ht_hash_t *hash, const void *key, size_t length, uint64_t seed)
{
	(void)hash, (void)key, (void)length, (void)seed;
	abort();
}

#endif /* RM_CK_NODES_H */
