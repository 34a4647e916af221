/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map_race.h - tests with many threads on few keys that no write is lost or
 * counted twice.
 *
 * Every value that goes in is added to a sum, and every value that an operation
 * returns is subtracted. What remains must be the sum of the map's values. This
 * detects a lost update, or a value that is returned twice, for any
 * interleaving.
 */
#ifndef RM_TEST_MAP_RACE_H
#define RM_TEST_MAP_RACE_H

#include "runner/base/rng.h"
#include "runner/keys.h"
#include "runner/map.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#include <pthread.h>
#include <sched.h>

enum { RACE_THREADS = 4 };

struct race_worker {
	pthread_t id;
	const struct rm_impl *impl;
	void *map;
	struct rm_shape shape;
	unsigned slot;
	size_t steps;
	uint64_t ranks;
	uint64_t sum, count, wrong; /* values in - values out, modulo 2^64 */
};

static bool race_ignore(
        void *context, struct rm_key key, const struct rm_value *value)
{
	(void)key, (void)value;
	return --*(int *)context > 0;
}

static void race_write(struct race_worker *worker, void *thread, unsigned kind,
        uint64_t rank, struct rm_key key, const struct rm_value *value)
{
	const struct rm_map_ops *ops = worker->impl->ops;
	struct rm_value old = { { 0 } };
	bool was = false, put = true, out = false;

	if (kind < 4) {
		was = out =
		        ops->exchange(thread, worker->shape, key, value, &old);
	} else if (kind < 7) {
		was = out = ops->take(thread, worker->shape, key, &old);
		put = false;
	} else if (kind < 8 || !ops->compare_swap) {
		was = ops->insert_if_absent(
		        thread, worker->shape, key, value, &old);
		put = !was;
	} else if (!ops->lookup(thread, worker->shape, key, &old)) {
		return;
	} else if (ops->compare_remove && value->word[0] >> 44 & 1) {
		was = out =
		        ops->compare_remove(thread, worker->shape, key, &old);
		put = false;
	} else {
		was = out = put = ops->compare_swap(
		        thread, worker->shape, key, &old, value);
	}
	if (was)
		worker->wrong |= rm_value_errors(worker->shape, &old, rank);
	worker->sum += (put ? value->word[0] : 0) - (out ? old.word[0] : 0);
	worker->count += put - (uint64_t)out;
}

static void race_step(struct race_worker *worker, void *thread, uint64_t x)
{
	const struct rm_map_ops *ops = worker->impl->ops;
	uint64_t rank = rm_below(x, worker->ranks);
	struct rm_key_bytes line;
	struct rm_key key = rm_key_of(worker->shape, rank, &line);
	struct rm_value value;
	int visits = 20;

	if ((x & 1023) == 0) {
		ops->scan(thread, worker->shape, race_ignore, &visits);
	} else if ((x & 1023) == 1 && ops->park) {
		ops->park(thread);
		sched_yield();
		ops->unpark(thread);
	} else if ((x & 15) < 9) {
		value = rm_value_of(rank, worker->slot, x >> 12 & 0xfffff);
		race_write(worker, thread, x & 15, rank, key, &value);
	} else if (ops->lookup(thread, worker->shape, key, &value)) {
		worker->wrong |= rm_value_errors(worker->shape, &value, rank);
	}
}

static void *race_work(void *context)
{
	struct race_worker *worker = context;
	const struct rm_map_ops *ops = worker->impl->ops;
	uint64_t rng = rm_seed(3, worker->slot);
	void *thread = ops->join(worker->map, worker->slot);

	for (size_t i = 1; i <= worker->steps; i++) {
		uint64_t x = rm_next(&rng);

		race_step(worker, thread, x);
		if (i % RACE_THREADS == 0)
			ops->quiesce(thread);
		if (i == worker->steps / 2) { /* passes its unfreed objects on
		                                 to other threads */
			ops->leave(thread);
			thread = ops->join(worker->map, worker->slot);
		}
	}
	ops->leave(thread);
	return NULL;
}

struct race_held {
	uint64_t sum, count;
};

static bool race_add(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct race_held *held = context;

	(void)key;
	held->sum += value->word[0];
	held->count++;
	return true;
}

/* Returns a statistic of the map; or -1 if the name is unknown. */
static double race_stat(const struct rm_impl *impl, void *map, const char *name)
{
	struct wanted_stat stat = { name, -1 };

	impl->ops->stats(map, take_wanted, &stat);
	return stat.value;
}

/* Runs the threads on an empty map. Returns true if the sums are right. All
   threads have left the map afterwards. */
static bool race_run(const struct rm_impl *impl, void *map,
        struct rm_shape shape, size_t steps, uint64_t ranks)
{
	struct race_worker workers[RACE_THREADS];
	struct race_held held = { 0 };
	uint64_t wrong = 0;

	for (unsigned i = 0; i < RACE_THREADS; i++) {
		workers[i] = (struct race_worker){ .impl = impl,
			.map = map,
			.shape = shape,
			.slot = i,
			.steps = steps,
			.ranks = ranks };
		pthread_create(&workers[i].id, NULL, race_work, &workers[i]);
	}
	for (unsigned i = 0; i < RACE_THREADS; i++)
		pthread_join(workers[i].id, NULL);

	void *thread = impl->ops->join(map, 0);

	impl->ops->scan(thread, shape, race_add, &held);
	held.count -= held.count == impl->ops->length(thread) ? 0 : 1000;
	impl->ops->leave(thread);
	for (unsigned i = 0; i < RACE_THREADS; i++) {
		held.sum -= workers[i].sum;
		held.count -= workers[i].count;
		wrong |= workers[i].wrong;
	}
	return held.sum == 0 && held.count == 0 && wrong == 0;
}

/* Tests all shapes. If `keeps`, the map frees nothing before it is
   destroyed. */
static inline void race_check(
        const struct rm_impl *impl, size_t steps, bool keeps)
{
	const struct rm_shape shapes[] = { RM_U64X8, RM_U64X24, RM_STR16X8,
		RM_STR16X24 };
	bool sums = true, checks = true, reclaims = true;
	char name[200], why[200] = "";

	for (unsigned i = 0; i < RM_SHAPES; i++) {
		struct rm_sizing sizing = { .keys = 64,
			.threads = RACE_THREADS,
			.retired_limit_bytes = 1 << 16,
			.shape = shapes[i],
			.seed = i };
		void *map = impl->ops->create(&sizing);

		/* few keys give concurrent writes, one key gives collisions */
		sums &= i == 1 ? race_run(impl, map, shapes[i], steps * 6, 1)
		               : race_run(impl, map, shapes[i], steps, 48);
		if (impl->ops->check)
			checks &= impl->ops->check(map, why, sizeof(why));
		double retired = race_stat(impl, map, "retired");

		reclaims &= retired > 0 && race_stat(impl, map, "freed") ==
		                                   (keeps ? 0 : retired);
		impl->ops->destroy(map);
	}
	snprintf(name, sizeof(name), "%s: written - returned = held", impl->id);
	CHECK(sums, name);
	snprintf(name, sizeof(name), "%s: its own check passes", impl->id);
	if (!CHECK(checks, name))
		printf("# %s\n", why);
	snprintf(name, sizeof(name), "%s: after all threads left, %s", impl->id,
	        keeps ? "nothing is freed" : "freed == retired");
	CHECK(reclaims, name);
}

#endif /* RM_TEST_MAP_RACE_H */
