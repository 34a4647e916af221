/* SPDX-License-Identifier: Apache-2.0 */
/*
 * increment.h - threads that increment values of one Go map: the loop
 * `increment`. Thread i increments key i modulo the number of keys. All keys
 * are inserted at the start, so the map never grows.
 *
 * This is a template: the includer selects a guard and defines two constants.
 * If INCREMENT_SLEEPS is 1, one increment in 1000 sleeps in the middle of the
 * write, so that writers without a lock overlap in every run. (Go aborts when
 * it detects that; here it is counted.) If INCREMENT_REPORTS_ONLY is 1, only
 * statistics report errors, so runs with and without errors are equally valid.
 */
#ifndef RM_TECHNIQUE_INCREMENT_H
#define RM_TECHNIQUE_INCREMENT_H

#include "impls/gomap/gomap_ops.h"
#include "impls/technique/technique.h"

#include <inttypes.h>
#include <math.h>

enum { INCREMENT_KEYS = 10, INCREMENT_TURN = 1000 };

struct increment;

struct increment_thread {
	_Alignas(2 * RM_CACHE_LINE) struct increment *increment;
	struct rm_key key;
	_Atomic uint64_t done; /* written by this thread only */
};

struct increment {
	_Alignas(2 * RM_CACHE_LINE) struct guard guard;
	struct gomap *map; /* protected by guard */
	uint64_t keys;
	size_t threads;
	struct increment_thread *thread;
	_Atomic uint64_t
	        first_after; /* increments before the first conflict; 0 if there
	                        was none */
};

/* Adds 1 to a value by one assignment, like m[key]++ in Go. */
RM_HOT void increment_once(struct increment_thread *self, bool gives_way)
{
	struct increment *increment = self->increment;
	bool was_there;

	guard_write(&increment->guard);

	uint64_t hash =
	        gomap_write_begin_at(increment->map, RM_U64X8, self->key);
	_Atomic uint64_t *words = gomap_assign_begun(
	        increment->map, RM_U64X8, self->key, hash, &was_there);
	uint64_t value = gomap_get(*words);

	if (gives_way)
		technique_sleep();
	gomap_set(*words, value + 1);
	gomap_write_end(increment->map);
	guard_write_end(&increment->guard);
}

/* Records once the number of increments before the first conflict. */
static inline void increment_record_conflict(struct increment *increment)
{
	uint64_t none = 0, done = 1;

	/* all relaxed: a statistic orders nothing */
	if (!gomap_get(increment->map->extra->conflicts) ||
	        atomic_load_explicit(
	                &increment->first_after, memory_order_relaxed))
		return;
	for (size_t i = 0; i < increment->threads; i++)
		done += rm_stat_read(&increment->thread[i].done);
	atomic_compare_exchange_strong_explicit(&increment->first_after, &none,
	        done, memory_order_relaxed, memory_order_relaxed);
}

static void increment_loop(struct rm_worker *worker)
{
	struct increment_thread *self = worker->thread;

	while (technique_turn(worker)) {
		increment_once(self,
		        INCREMENT_SLEEPS == 1 &&
		                worker->counts.iterations % INCREMENT_TURN ==
		                        0);
		increment_record_conflict(self->increment);
		rm_stat_own(&self->done, 1);
	}
}

static void increment_destroy(void *opaque)
{
	struct increment *increment = opaque;

	gomap_destroy(increment->map);
	guard_destroy(&increment->guard);
	free(increment->thread);
	free(increment);
}

static void *increment_create(const struct rm_sizing *sizing)
{
	struct increment *increment = technique_new(sizeof(*increment));
	const struct rm_value zero = { { 0 } };
	bool complete;

	if (!increment)
		return NULL;
	increment->keys = technique_arg(sizing, 0, INCREMENT_KEYS);
	increment->threads = sizing->threads;
	increment->thread =
	        technique_new(sizing->threads * sizeof(*increment->thread));
	increment->map = gomap_create(increment->keys, RM_U64X8, sizing->seed);
	complete = guard_create(&increment->guard, sizing->threads) &&
	           increment->thread && increment->map;
	if (!complete) {
		increment_destroy(increment);
		return NULL;
	}
	gomap_tolerate_conflicts(increment->map);
	for (uint64_t i = 0; i < increment->keys; i++)
		gomap_exchange(increment->map, RM_U64X8,
		        (struct rm_key){ .word = i }, &zero, NULL);
	return increment;
}

static void *increment_join(void *opaque, size_t slot)
{
	struct increment *increment = opaque;
	struct increment_thread *self = &increment->thread[slot];

	self->increment = increment;
	self->key = (struct rm_key){ .word = slot % increment->keys };
	return self;
}

/* Adds up the increments that were made and, separately, the values in the map.
   No thread may write. */
static void increment_sums(
        struct increment *increment, uint64_t *done, uint64_t *map_sum)
{
	*done = *map_sum = 0;
	for (size_t i = 0; i < increment->threads; i++)
		*done += rm_stat_read(&increment->thread[i].done);
	for (uint64_t i = 0; i < increment->keys; i++) {
		_Atomic uint64_t *words = gomap_find(
		        increment->map, RM_U64X8, (struct rm_key){ .word = i });

		*map_sum += words ? gomap_get(*words) : 0;
	}
}

static void increment_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct increment *increment = opaque;
	const uint64_t first_after = rm_stat_read(&increment->first_after);
	const uint64_t conflicts = gomap_get(increment->map->extra->conflicts);
	uint64_t done, map_sum;

	increment_sums(increment, &done, &map_sum);
	emit(context, "increments", "1", (double)done);
	emit(context, "increments_lost", "1",
	        (double)(int64_t)(done - map_sum));
	emit(context, "conflicts", "1", (double)conflicts);
	/* whether Go would have aborted, and after how many writes */
	emit(context, "flag_fired", "1", conflicts > 0);
	emit(context, "first_conflict_after", "1",
	        first_after ? (double)first_after : (double)NAN);
}

static bool increment_check(void *opaque, char *why, size_t size)
{
	struct increment *increment = opaque;
	const uint64_t conflicts = gomap_get(increment->map->extra->conflicts);
	uint64_t done, map_sum;

	increment_sums(increment, &done, &map_sum);
	if (INCREMENT_REPORTS_ONLY == 1 ? done >= map_sum
	                                : !conflicts && done == map_sum)
		return true;
	snprintf(why, size,
	        "concurrent map writes: %" PRIu64 " seen, %" PRId64
	        " of %" PRIu64 " increments lost",
	        conflicts, (int64_t)(done - map_sum), done);
	return false;
}

TECHNIQUE_TABLES(increment, increment_destroy, increment_join, "increment",
        increment_loop)

#endif /* RM_TECHNIQUE_INCREMENT_H */
