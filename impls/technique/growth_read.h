/* SPDX-License-Identifier: Apache-2.0 */
/*
 * growth_read.h - looks up keys that are always present while their Go map
 * grows: the loop `audit` (article S1). Thread 0 inserts, and all others look
 * up. There is an array of maps, each with KEYS keys from the start. The writer
 * makes each map 16 times as large and then takes the next one, so that some
 * map is always growing. After the last map it idles.
 *
 * A reader copies the map's header word by word, like a lookup, and searches
 * with the copy. If the copy's number of buckets does not match its array, the
 * header mixes two states, and Go would read beyond the array. Here both such
 * headers and keys that are not found are counted. Each map has an open
 * iterator during the whole loop, which keeps all memory from being freed. So
 * results may be wrong, but are defined.
 *
 * This is a template: the includer selects a guard.
 */
#ifndef RM_TECHNIQUE_GROWTH_READ_H
#define RM_TECHNIQUE_GROWTH_READ_H

#include "impls/gomap/gomap_ops.h"
#include "impls/technique/technique.h"
#include "runner/base/rng.h"

enum { GROWTH_KEYS = 100, GROWTH_MAPS = 512, GROWTH_FACTOR = 16 };

struct growth;

struct growth_thread {
	_Alignas(2 * RM_CACHE_LINE) struct growth *growth;
	uint64_t inserted; /* number of inserts into the current map */
	_Atomic uint64_t looked_up, lost, mixed; /* written by this thread
	                                            only */
};

struct growth {
	_Alignas(2 * RM_CACHE_LINE) struct guard guard;
	_Atomic uint64_t current;
	/* the members below are constant */
	_Alignas(2 * RM_CACHE_LINE) uint64_t keys;
	size_t threads;
	struct gomap *map[GROWTH_MAPS];
	struct gomap_iterator keeper[GROWTH_MAPS];
	struct growth_thread *thread;
};

/* Copies the header word by word. Returns false if the copy mixes two
   states. */
static bool growth_view(const struct gomap *map, struct gomap *view)
{
	struct gomap_bucket *buckets, *old;
	unsigned log2_buckets, same_size;

	gomap_set(view->count, gomap_get(map->count));
	gomap_set(view->hash0, gomap_get(map->hash0));
	view->extra = map->extra;
	old = gomap_get(map->oldbuckets);
	log2_buckets = gomap_get(map->log2_buckets);
	same_size = (gomap_get(map->flags) & GOMAP_SAME_SIZE) != 0;
	buckets = gomap_get(map->buckets);
	gomap_set(view->oldbuckets, old);
	gomap_set(view->log2_buckets, (uint8_t)log2_buckets);
	gomap_set(view->flags, same_size ? GOMAP_SAME_SIZE : 0);
	gomap_set(view->buckets, buckets);
	return gomap_array_of(buckets)->log2_buckets == log2_buckets &&
	       (!old || gomap_array_of(old)->log2_buckets + !same_size ==
	                        log2_buckets);
}

static void growth_lookup(struct growth_thread *self, uint64_t number)
{
	struct growth *growth = self->growth;
	const struct rm_key key = { .word = number % growth->keys };
	struct rm_value value = { { UINT64_MAX } };
	struct gomap view;
	bool whole, found = false;

	memset((void *)&view, 0, sizeof(view));
	guard_read(&growth->guard, growth);
	/* relaxed: all maps are older than the threads */
	whole = growth_view(growth->map[atomic_load_explicit(
	                            &growth->current, memory_order_relaxed)],
	        &view);
	if (whole)
		found = gomap_lookup(&view, RM_U64X8, key, &value);
	guard_read_end(&growth->guard, growth);
	rm_stat_own(&self->looked_up, 1);
	rm_stat_own(&self->mixed, !whole);
	rm_stat_own(
	        &self->lost, whole && (!found || value.word[0] != key.word));
}

static void growth_write(struct growth_thread *self)
{
	struct growth *growth = self->growth;
	/* relaxed: this is the only writer */
	const uint64_t current =
	        atomic_load_explicit(&growth->current, memory_order_relaxed);
	const struct rm_value value = { { 0 } };

	if (self->inserted == growth->keys * (GROWTH_FACTOR - 1)) {
		if (current + 1 == GROWTH_MAPS)
			return;
		/* relaxed: all maps are older than the threads */
		atomic_store_explicit(
		        &growth->current, current + 1, memory_order_relaxed);
		self->inserted = 0;
		return;
	}
	guard_write(&growth->guard);
	gomap_exchange(growth->map[current], RM_U64X8,
	        (struct rm_key){ .word = growth->keys + self->inserted++ },
	        &value, NULL);
	guard_write_end(&growth->guard);
}

static void growth_loop(struct rm_worker *worker)
{
	struct growth_thread *self = worker->thread;

	while (technique_turn(worker))
		if (worker->slot == 0)
			growth_write(self);
		else
			growth_lookup(self, rm_next(&worker->rng));
}

static void growth_destroy(void *opaque)
{
	struct growth *growth = opaque;

	for (unsigned i = 0; i < GROWTH_MAPS && growth->map[i]; i++) {
		gomap_iterate_end(&growth->keeper[i]);
		gomap_destroy(growth->map[i]);
	}
	guard_destroy(&growth->guard);
	free(growth->thread);
	free(growth);
}

static bool growth_fill(struct growth *growth, uint64_t seed)
{
	for (unsigned m = 0; m < GROWTH_MAPS; m++) {
		struct gomap *map = gomap_create(0, RM_U64X8, seed + m);

		if (!map)
			return false;
		gomap_tolerate_conflicts(map);
		for (uint64_t i = 0; i < growth->keys; i++) {
			const struct rm_value value = { { i } };

			gomap_exchange(map, RM_U64X8,
			        (struct rm_key){ .word = i }, &value, NULL);
		}
		growth->map[m] = map;
		gomap_iterate_begin(map, &growth->keeper[m]);
	}
	return true;
}

static void *growth_create(const struct rm_sizing *sizing)
{
	struct growth *growth = technique_new(sizeof(*growth));

	if (!growth)
		return NULL;
	growth->keys = technique_arg(sizing, 0, GROWTH_KEYS);
	growth->threads = sizing->threads;
	growth->thread =
	        technique_new(sizing->threads * sizeof(*growth->thread));
	if (guard_create(&growth->guard, sizing->threads) && growth->thread &&
	        growth_fill(growth, sizing->seed))
		return growth;
	growth_destroy(growth);
	return NULL;
}

static void *growth_join(void *opaque, size_t slot)
{
	struct growth *growth = opaque;

	growth->thread[slot].growth = growth;
	return &growth->thread[slot];
}

static void growth_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct growth *growth = opaque;
	uint64_t looked_up = 0, lost = 0, mixed = 0, growths = 0;

	for (size_t i = 0; i < growth->threads; i++) {
		looked_up += rm_stat_read(&growth->thread[i].looked_up);
		lost += rm_stat_read(&growth->thread[i].lost);
		mixed += rm_stat_read(&growth->thread[i].mixed);
	}
	for (unsigned i = 0; i < GROWTH_MAPS; i++)
		growths += gomap_get(growth->map[i]->extra->growths);
	emit(context, "growths", "1", (double)growths);
	emit(context, "lookups_of_present_keys", "1", (double)looked_up);
	emit(context, "lookups_lost", "1", (double)lost);
	emit(context, "headers_of_two_moments", "1", (double)mixed);
}

/* Checks that all initial keys exist. Misses are only counted. */
static bool growth_check(void *opaque, char *why, size_t size)
{
	struct growth *growth = opaque;
	struct rm_value value;

	for (unsigned m = 0; m < GROWTH_MAPS; m++)
		for (uint64_t i = 0; i < growth->keys; i++)
			if (!gomap_lookup(growth->map[m], RM_U64X8,
			            (struct rm_key){ .word = i }, &value) ||
			        value.word[0] != i) {
				snprintf(why, size, "a key is gone");
				return false;
			}
	return true;
}

TECHNIQUE_TABLES(growth, growth_destroy, growth_join, "audit", growth_loop)

#endif /* RM_TECHNIQUE_GROWTH_READ_H */
