/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle.h - copying a map variable: the loop `handle`.
 *
 * A Go map variable is one pointer to the header. `b = a` copies that word: two
 * variables, one map. Here a is a map of so many keys. Thread 0 adds to key 0
 * through a, over and over; the others make a copy b, write a number of their
 * own to their own key through b, and look whether a has it: then b was no copy.
 * No key is ever new, so that nothing grows and a race has defined results.
 *
 * A template. The includer chooses a guard and defines HANDLE_CLONES: 1: b is
 * a clone made entry by entry under the read lock; 0: b is the assigned word.
 * The third form, a clone that is published and never written, is the map
 * `snapshot`.
 */
#ifndef RM_SUPPORT_HANDLE_H
#define RM_SUPPORT_HANDLE_H

#include "impls/gomap/gomap_ops.h"
#include "impls/technique/technique.h"

#include <inttypes.h>

enum { HANDLE_KEYS = 100 };
static_assert(sizeof(struct gomap *) == sizeof(uint64_t),
        "a map variable is one word: an aligned one does not tear");

struct handle;

struct handle_thread {
	_Alignas(2 * RM_CACHE_LINE) struct handle *handle;
	struct rm_key key;                   /* this thread's own */
	bool writes;                         /* through a */
	_Atomic uint64_t copies, seen, torn; /* one writer */
};

struct handle {
	_Alignas(2 * RM_CACHE_LINE) struct guard guard;
	struct gomap *_Atomic a; /* its content is protected by guard */
	uint64_t keys;
	unsigned log2_buckets; /* of a, constant */
	uint64_t seed;
	size_t threads;
	struct handle_thread *thread;
};

/* The number at a key. */
RM_HOT uint64_t handle_number(const struct gomap *map, struct rm_key key)
{
	struct rm_value value = { { 0 } };

	gomap_lookup(map, RM_U64X8, key, &value);
	return value.word[0];
}

RM_HOT void handle_write(struct gomap *map, struct rm_key key, uint64_t number)
{
	const struct rm_value value = { { number } };

	gomap_exchange(map, RM_U64X8, key, &value, NULL);
}

/* b = a, or a clone. */
static struct gomap *handle_copy(struct handle *handle)
{
	/* relaxed: the variable never changes */
	struct gomap *a = atomic_load_explicit(
	                     &handle->a, memory_order_relaxed),
	             *b;
	struct gomap_iterator it;
	struct rm_key key;
	struct rm_value value;

	if (!HANDLE_CLONES)
		return a;
	b = gomap_create(handle->keys, RM_U64X8, handle->seed);
	if (!b)
		gomap_no_memory();
	guard_read(&handle->guard, handle);
	gomap_iterate_begin(a, &it);
	while (gomap_iterate_next(&it, RM_U64X8, &key, &value))
		gomap_exchange(b, RM_U64X8, key, &value, NULL);
	gomap_iterate_end(&it);
	guard_read_end(&handle->guard, handle);
	return b;
}

/* A header that no map has: some words of before an assignment, some of after. */
static bool handle_torn(const struct handle *handle, const struct gomap *map)
{
	return !gomap_get(map->buckets) || gomap_get(map->oldbuckets) ||
	       gomap_get(map->log2_buckets) != handle->log2_buckets ||
	       gomap_count(map) != handle->keys;
}

static void handle_reader(struct handle_thread *self, uint64_t number)
{
	struct handle *handle = self->handle;
	struct gomap *b = handle_copy(handle);

	rm_stat_own(&self->copies, 1);
	rm_stat_own(&self->torn, handle_torn(handle, b));
	handle_write(b, self->key, number);
	guard_read(&handle->guard, handle);
	/* relaxed: the variable never changes */
	uint64_t found = handle_number(
	        atomic_load_explicit(&handle->a, memory_order_relaxed),
	        self->key);

	guard_read_end(&handle->guard, handle);
	rm_stat_own(&self->seen, found == number);
	if (HANDLE_CLONES)
		gomap_destroy(b);
}

static void handle_writer(struct handle_thread *self, uint64_t number)
{
	struct handle *handle = self->handle;

	guard_write(&handle->guard);
	/* relaxed: the variable never changes */
	handle_write(atomic_load_explicit(&handle->a, memory_order_relaxed),
	        self->key, number);
	guard_write_end(&handle->guard);
}

static void handle_loop(struct rm_worker *worker)
{
	struct handle_thread *self = worker->thread;

	while (technique_turn(worker)) {
		/* with one thread, in turn; never 0, which a begins with */
		uint64_t number = worker->counts.iterations;

		if (self->writes && (worker->threads > 1 || number % 2))
			handle_writer(self, number);
		else
			handle_reader(self, number);
	}
}

static void handle_destroy(void *opaque)
{
	struct handle *handle = opaque;

	/* relaxed: nobody else is left */
	gomap_destroy(atomic_load_explicit(&handle->a, memory_order_relaxed));
	guard_destroy(&handle->guard);
	free(handle->thread);
	free(handle);
}

static void *handle_create(const struct rm_sizing *sizing)
{
	struct handle *handle = technique_new(sizeof(*handle));
	struct gomap *a;
	bool complete;

	if (!handle)
		return NULL;
	handle->keys = technique_arg(sizing, 0, HANDLE_KEYS);
	if (handle->keys < sizing->threads)
		handle->keys = sizing->threads; /* each has its own */
	handle->threads = sizing->threads;
	handle->seed = sizing->seed;
	handle->thread =
	        technique_new(sizing->threads * sizeof(*handle->thread));
	a = gomap_create(handle->keys, RM_U64X8, sizing->seed);
	/* relaxed: nobody else knows of it yet */
	atomic_store_explicit(&handle->a, a, memory_order_relaxed);
	complete = guard_create(&handle->guard, sizing->threads) &&
	           handle->thread && a;
	if (!complete) {
		handle_destroy(handle);
		return NULL;
	}
	gomap_tolerate_conflicts(a);
	for (uint64_t i = 0; i < handle->keys; i++)
		handle_write(a, (struct rm_key){ .word = i }, 0);
	handle->log2_buckets = gomap_get(a->log2_buckets);
	return handle;
}

static void *handle_join(void *opaque, size_t slot)
{
	struct handle *handle = opaque;
	struct handle_thread *self = &handle->thread[slot];

	self->handle = handle;
	self->key = (struct rm_key){ .word = slot };
	self->writes = slot == 0;
	return self;
}

struct handle_sums {
	uint64_t copies, seen, torn;
};

static struct handle_sums handle_add_up(struct handle *handle)
{
	struct handle_sums sums = { 0 };

	for (size_t i = 0; i < handle->threads; i++) {
		sums.copies += rm_stat_read(&handle->thread[i].copies);
		sums.seen += rm_stat_read(&handle->thread[i].seen);
		sums.torn += rm_stat_read(&handle->thread[i].torn);
	}
	return sums;
}

static void handle_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	const struct handle_sums sums = handle_add_up(opaque);

	emit(context, "copies", "1", (double)sums.copies);
	emit(context, "writes_seen_through_original", "1", (double)sums.seen);
	emit(context, "torn_headers", "1", (double)sums.torn);
}

static bool handle_check(void *opaque, char *why, size_t size)
{
	const struct handle_sums sums = handle_add_up(opaque);

	if (sums.seen)
		snprintf(why, size,
		        "two variables, one map: %" PRIu64 " of %" PRIu64
		        " writes through a copy were seen through the original",
		        sums.seen, sums.copies);
	else if (sums.torn)
		snprintf(why, size, "%" PRIu64 " torn headers", sums.torn);
	return !sums.seen && !sums.torn;
}

static const struct rm_map_ops handle_ops = {
	.create = handle_create,
	.destroy = handle_destroy,
	.join = handle_join,
	.leave = technique_leave,
	.quiesce = technique_quiesce,
	.stats = handle_stats,
	.check = handle_check,
};

static const struct rm_own_loop handle_loops[] = {
	{ "handle", handle_loop },
	{ NULL, NULL },
};

#endif /* RM_SUPPORT_HANDLE_H */
