/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ck_limbo.h - the common part of the maps on Concurrency Kit's tables and
 * sets: one writer at a time, its retired memory, and the threads that may be
 * reading it.
 *
 * The includer defines ck_table, table_init() and table_end().
 *
 * One ck_epoch record per thread marks what the thread may be reading. The
 * record's section is open from join to leave, except in quiesce, park and
 * writes. A writer needs no section, since no other thread frees. Above the
 * limit a writer waits for a grace period, with its own section closed, like
 * those of writers that wait for the mutex. One more record, under the mutex,
 * keeps the retired memory.
 */
#ifndef RM_CK_LIMBO_H
#define RM_CK_LIMBO_H

#include "impls/support/hash.h"
#include "impls/support/lock_pthread.h"
#include "runner/map.h"

#include <ck_epoch.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECLAIM_EVERY = 64, LIMIT_BYTES = 256 << 20, TABLE_SMALLEST = 8 };

/* Head of each piece of memory that may be retired. It is the first member of
   nodes and precedes tables. */
struct block {
	_Alignas(RM_CACHE_LINE / 2) ck_epoch_entry_t limbo; /* first member */
	size_t bytes;
};

struct thread {
	ck_epoch_record_t record;
	struct map *map;
};

struct map {
	/* read by lookups */
	_Alignas(RM_CACHE_LINE) ck_table table;
	struct node *_Atomic reserved[2]; /* ck_ht: values of the keys 0 and
	                                     ~0 */
	uint64_t seed;
	struct rm_shape shape;
	struct thread *threads;
	ck_epoch_t epoch;
	/* members that writers write */
	_Alignas(RM_CACHE_LINE) pthread_mutex_t writer;
	size_t limbo_bytes, limit_bytes, peak_bytes;
	uint64_t retired, freed, waits, growths;
	ck_epoch_record_t limbo;
};

static void retire(struct map *map, struct block *block)
{
	/* no callback, since reclaim() takes the blocks from the deferred
	   stack */
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

/* The library's allocator has no context argument, but memory that a growing
   table frees must be retired in this map. So this variable points to the map
   during each call that may grow the table. The writers' mutex is held then. */
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

/* Closes the thread's section. Otherwise a writer that waits for this thread's
   section would wait forever. */
RM_HOT void write_begin(struct thread *self)
{
	ck_epoch_end(&self->record, NULL);
	lock_mutex(&self->map->writer);
}

RM_HOT void write_end(struct thread *self)
{
	struct map *map = self->map;

	if (map->limbo.n_pending >= RECLAIM_EVERY)
		reclaim(map);
	if (map->limbo_bytes > map->limit_bytes)
		wait_for_grace(map);
	pthread_mutex_unlock(&map->writer);
	ck_epoch_begin(&self->record, NULL);
}

static void *thread_join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	ck_epoch_begin(&map->threads[slot].record, NULL);
	return map->threads + slot;
}

static void thread_park(void *thread)
{
	ck_epoch_end(&((struct thread *)thread)->record, NULL);
}

static void thread_unpark(void *thread)
{
	ck_epoch_begin(&((struct thread *)thread)->record, NULL);
}

RM_HOT void thread_quiesce(void *thread)
{
	ck_epoch_end(&((struct thread *)thread)->record, NULL);
	ck_epoch_begin(&((struct thread *)thread)->record, NULL);
}

static void map_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct map *map = opaque;

	pthread_mutex_lock(&map->writer);
	emit(context, "retired", "1", rm_stat_value(map->retired));
	emit(context, "freed", "1", rm_stat_value(map->freed));
	emit(context, "limbo", "bytes", (double)map->limbo_bytes);
	emit(context, "limbo_peak", "bytes", (double)map->peak_bytes);
	emit(context, "grace_waits", "1", (double)map->waits);
	emit(context, "growths", "1", (double)map->growths);
	pthread_mutex_unlock(&map->writer);
}

static bool table_init(struct map *map, const struct rm_sizing *sizing);

static void *map_new(const struct rm_sizing *sizing)
{
	struct map *map = aligned_alloc(_Alignof(struct map), sizeof(*map));

	if (!map)
		return NULL;
	memset(map, 0, sizeof(*map));
	map->threads = aligned_alloc(_Alignof(struct thread),
	        sizing->threads * sizeof(*map->threads));
	if (!map->threads || !table_init(map, sizing)) {
		free(map->threads);
		free(map);
		return NULL;
	}
	map->shape = sizing->shape;
	map->seed = sizing->seed;
	map->limit_bytes = sizing->retired_limit_bytes
	                           ? sizing->retired_limit_bytes
	                           : LIMIT_BYTES;
	pthread_mutex_init(&map->writer, NULL);
	ck_epoch_init(&map->epoch);
	ck_epoch_register(&map->epoch, &map->limbo, NULL);
	for (size_t i = 0; i < sizing->threads; i++) {
		map->threads[i].map = map;
		ck_epoch_register(&map->epoch, &map->threads[i].record, NULL);
	}
	return map;
}

/* Frees the table and all its contents. No thread may be reading. */
static void table_end(struct map *map);

static void map_free(void *opaque)
{
	struct map *map = opaque;

	while (map->limbo.n_pending)
		reclaim(map);
	table_end(map);
	pthread_mutex_destroy(&map->writer);
	free(map->threads);
	free(map);
}

#endif /* RM_CK_LIMBO_H */
