/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_grow_timed.h - growing shards that a background thread splits. This is
 * a template: shard_grow.h lists the constants that the includer defines.
 * GROW_TIMED is 1. Another constant must be defined:
 *
 *	GROW_INSPECTION_NS   time between inspections, on the map's clock
 *
 * An inspection compares each shard's number of keys with 3/4 of its capacity.
 * A fuller shard is marked as moving and gets two children. From then on each
 * write goes to both places, and each lookup tries the new one first
 * (shard_grow_split.h, 1 and 2). The thread copies (3) and then verifies
 * GROW_BATCH keys per hold of the shard's lock (timed_step()): each key of the
 * old map must be in its child with the same value. Verified keys stay equal,
 * since every write goes to both places. After the last key the thread compares
 * the numbers of keys. If they are equal, it splits the shard and switches the
 * routing table before it releases the lock.
 *
 * If the maps differ, it drops the children and switches nothing. The next
 * inspection retries. Only a bug here can cause that, so check() then fails.
 *
 * An inspection visits each shard once and splits it at most once. A half that
 * is still too full waits for the next inspection. Inspections start at
 * multiples of GROW_INSPECTION_NS. After each, the thread rests for at least as
 * long as the inspection took, so that it is busy at most half of the time even
 * in a map with very many shards.
 *
 * The thread holds one shard's lock at a time, for one batch, and no other lock
 * while it works. Whenever it releases the lock, the shard satisfies (a) to (c)
 * of shard_grow_split.h. So check() also locks one shard at a time, and never
 * waits for the end of an inspection.
 */
#ifndef RM_SHARD_GROW_TIMED_H
#define RM_SHARD_GROW_TIMED_H

#include "impls/shard/shard_grow_ops.h"
#include "runner/base/clock.h"

#include <pthread.h>

/* How often an injected clock is polled, in real time. */
#define TIMED_POLL_NS ((uint64_t)1000000)

struct grow_timed {
	struct grow_map map; /* first member, since a handle is its address */
	uint64_t (*now_ns)(void); /* NULL: use the monotonic clock */
	uint64_t clock_rate;      /* factor for the time of that clock */
	uint64_t start_ns;
	pthread_t thread;
	pthread_mutex_t sleep; /* protects only `ended` and the sleep, not the
	                          shards */
	pthread_cond_t wake;   /* signalled when `ended` is set */
	atomic_bool ended;
	bool verifying; /* true once the shard is copied; used only by the
	                   thread */
	struct gomap_iterator verified; /* keys before this position are
	                                   equal */
	_Atomic uint64_t looks, passes, failures;
	_Atomic uint64_t most_keys; /* keys of the largest moving shard */
	_Atomic uint64_t hold_ns;   /* longest hold of a shard's lock */
	_Atomic uint64_t cpu_ns;    /* CPU time of the thread up to the end of
	                               its last inspection */
};

/* Returns the time on the map's clock since the map was created. */
static uint64_t timed_now(const struct grow_timed *timed)
{
	return timed->now_ns
	               ? timed->now_ns() - timed->start_ns
	               : (rm_now_ns() - timed->start_ns) * timed->clock_rate;
}

static bool timed_ended(struct grow_timed *timed)
{
	/* relaxed: the map is destroyed after this thread was joined */
	return atomic_load_explicit(&timed->ended, memory_order_relaxed);
}

/* True if the child has this key with this value. */
static bool timed_child_has(const struct grow_shard *shard,
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	const unsigned side = grow_side(grow_route(shape, key), shard->depth);
	struct rm_value other;

	return gomap_lookup(shard->child[side]->inner, shape, key, &other) &&
	       !memcmp(value, &other, shape.value_bytes);
}

/* Drops the children. The old map is complete without them. */
static void timed_drop_children(struct grow_shard *shard)
{
	RM_EVENT_CLOSE(RM_EVENT_GROWTH, shard);
	gomap_iterate_end(&shard->move->cursor);
	free(shard->move);
	shard->move = NULL;
	for (unsigned side = 0; side < 2; side++) {
		grow_shard_destroy(shard->child[side]);
		shard->child[side] = NULL;
	}
	shard->limit = SIZE_MAX;
}

/* Verifies the next batch. After the last key, switches to the children or
   drops them. Returns true if there is more to verify. The caller holds the
   shard's lock. */
static bool timed_verify(struct grow_timed *timed, struct grow_shard *shard)
{
	const struct rm_shape shape = timed->map.shape;
	struct rm_key key;
	struct rm_value value;
	size_t count = 0;
	bool equal = true;

	while (equal && count < GROW_BATCH &&
	        gomap_iterate_next(&timed->verified, shape, &key, &value)) {
		equal = timed_child_has(shard, shape, key, &value);
		count++;
	}
	if (equal && count == GROW_BATCH)
		return true;
	gomap_iterate_end(&timed->verified);
	timed->verifying = false;
	if (equal && gomap_count(shard->inner) ==
	                     gomap_count(shard->child[0]->inner) +
	                             gomap_count(shard->child[1]->inner)) {
		rm_stat_add(&timed->passes, 1);
		grow_switch(&timed->map, shard);
	} else {
		rm_stat_add(&timed->failures, 1);
		timed_drop_children(shard);
	}
	return false;
}

/* Does the work of one hold of the shard's lock: starts a move, copies a batch
   or verifies a batch. Returns true if there is more to do. The caller holds
   the lock. */
static bool timed_work(struct grow_timed *timed, struct grow_shard *shard)
{
	struct grow_map *map = &timed->map;

	rm_stat_max(&timed->most_keys, gomap_count(shard->inner));
	if (!shard->move)
		return grow_begin(map, shard);
	if (timed->verifying)
		return timed_verify(timed, shard);
	if (grow_copy(map, shard, map->shape, GROW_BATCH) < GROW_BATCH) {
		gomap_iterate_begin(shard->inner, &timed->verified);
		timed->verifying = true;
	}
	return true;
}

static bool timed_step(struct grow_timed *timed, struct grow_shard *shard)
{
	lock_go_to_write(&shard->lock);
	const uint64_t start_ns = rm_now_ns();
	const bool more = timed_work(timed, shard);

	rm_stat_max(&timed->hold_ns, rm_now_ns() - start_ns);
	go_rwmutex_unlock(&shard->lock);
	return more;
}

static size_t timed_count(struct grow_shard *shard)
{
	lock_go_to_read(&shard->lock);
	const size_t count = gomap_count(shard->inner);

	go_rwmutex_read_unlock(&shard->lock);
	return count;
}

static void timed_inspect_shard(
        struct grow_timed *timed, struct grow_shard *shard)
{
	if (timed_ended(timed))
		return;
	if (!shard->inner) { /* no lock is needed, as only this thread splits
	                        shards */
		timed_inspect_shard(timed, shard->child[0]);
		timed_inspect_shard(timed, shard->child[1]);
		return;
	}
	if (timed_count(shard) < GROW_LIMIT || shard->depth == GROW_MAX_DEPTH)
		return;
	while (!timed_ended(timed) && timed_step(timed, shard))
		;
}

static void timed_inspect_all(struct grow_timed *timed)
{
	const struct grow_directory *roots = timed->map.roots;

	for (uint64_t i = 0; i <= roots->mask; i++)
		timed_inspect_shard(timed, grow_root(roots, i));
	rm_stat_add(&timed->looks, 1);
	/* relaxed: a statistic orders nothing */
	atomic_store_explicit(
	        &timed->cpu_ns, rm_thread_cpu_ns(), memory_order_relaxed);
}

/* Returns when the next inspection starts after one from `begin_ns` to
   `end_ns`. */
static uint64_t timed_next_inspection(uint64_t begin_ns, uint64_t end_ns)
{
	const uint64_t rested_ns = end_ns + (end_ns - begin_ns);

	return (rested_ns / GROW_INSPECTION_NS + 1) * GROW_INSPECTION_NS;
}

/* Sleeps for at most `ns` on the map's clock. The caller holds `sleep`. */
static void timed_sleep(struct grow_timed *timed, uint64_t ns)
{
	const uint64_t until_ns =
	        rm_now_ns() +
	        (timed->now_ns ? TIMED_POLL_NS : ns / timed->clock_rate + 1);
	const struct timespec until = { .tv_sec =
		                                (time_t)(until_ns / 1000000000),
		.tv_nsec = (long)(until_ns % 1000000000) };

	pthread_cond_timedwait(&timed->wake, &timed->sleep, &until);
}

static void *timed_run(void *opaque)
{
	struct grow_timed *timed = opaque;
	uint64_t due_ns = GROW_INSPECTION_NS;

	pthread_mutex_lock(&timed->sleep);
	while (!timed_ended(timed)) {
		const uint64_t begin_ns = timed_now(timed);

		if (begin_ns < due_ns) {
			timed_sleep(timed, due_ns - begin_ns);
			continue;
		}
		pthread_mutex_unlock(&timed->sleep);
		timed_inspect_all(timed);
		due_ns = timed_next_inspection(begin_ns, timed_now(timed));
		pthread_mutex_lock(&timed->sleep);
	}
	pthread_mutex_unlock(&timed->sleep);
	return NULL;
}

/* Starts the background thread, when all else is initialised. */
static bool timed_start(struct grow_timed *timed)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&timed->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&timed->sleep, NULL);
	if (!pthread_create(&timed->thread, NULL, timed_run, timed))
		return true;
	pthread_cond_destroy(&timed->wake);
	pthread_mutex_destroy(&timed->sleep);
	return false;
}

static void *timed_create(const struct rm_sizing *sizing)
{
	struct grow_timed *timed =
	        aligned_alloc(2 * RM_CACHE_LINE, sizeof(*timed));

	if (!timed)
		return NULL;
	memset((void *)timed, 0, sizeof(*timed));
	timed->now_ns = sizing->now_ns;
	timed->clock_rate = sizing->clock_rate ? sizing->clock_rate : 1;
	timed->start_ns = timed->now_ns ? timed->now_ns() : rm_now_ns();
	if (grow_init(&timed->map, sizing)) {
		if (timed_start(timed))
			return timed;
		grow_free_content(&timed->map);
	}
	free(timed);
	return NULL;
}

/* The thread stops after its current batch; a moving shard stays consistent. */
static void timed_destroy(void *opaque)
{
	struct grow_timed *timed = opaque;

	/* relaxed: the mutex orders this store before a sleep that it must
	   prevent */
	atomic_store_explicit(&timed->ended, true, memory_order_relaxed);
	pthread_mutex_lock(&timed->sleep);
	pthread_cond_signal(&timed->wake);
	pthread_mutex_unlock(&timed->sleep);
	pthread_join(timed->thread, NULL);
	pthread_cond_destroy(&timed->wake);
	pthread_mutex_destroy(&timed->sleep);
	grow_free_content(&timed->map);
	free(timed);
}

/* Returns the number of keys of the fullest shard. */
static size_t timed_max_keys(struct grow_shard *shard)
{
	size_t count = 0;

	lock_go_to_read(&shard->lock);
	const bool split = !shard->inner;

	if (!split)
		count = gomap_count(shard->inner);
	go_rwmutex_read_unlock(&shard->lock);
	for (unsigned side = 0; split && side < 2; side++) {
		const size_t other = timed_max_keys(shard->child[side]);

		count = other > count ? other : count;
	}
	return count;
}

static void timed_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct grow_timed *timed = opaque;
	const struct grow_directory *roots = timed->map.roots;
	uint64_t most = rm_stat_read(&timed->most_keys);

	for (uint64_t i = 0; i <= roots->mask; i++) {
		const size_t count = timed_max_keys(grow_root(roots, i));

		most = count > most ? count : most;
	}
	grow_stats(&timed->map, emit, context);
	emit(context, "looks", "1", (double)rm_stat_read(&timed->looks));
	emit(context, "shard_load_most", "1", (double)most / GROW_CAPACITY);
	emit(context, "verify_passes", "1",
	        (double)rm_stat_read(&timed->passes));
	emit(context, "verify_failures", "1",
	        (double)rm_stat_read(&timed->failures));
	emit(context, "mover_hold_max", "ns",
	        (double)rm_stat_read(&timed->hold_ns));
	emit(context, "mover_cpu", "ns", (double)rm_stat_read(&timed->cpu_ns));
}

static bool timed_check(void *opaque, char *why, size_t size)
{
	struct grow_timed *timed = opaque;

	const bool right = grow_check(&timed->map, why, size);
	const uint64_t failures = rm_stat_read(&timed->failures);

	if (!right || !failures)
		return right;
	snprintf(why, size,
	        "the children of %llu moving shards differed from the old map",
	        (unsigned long long)failures);
	return false;
}

#define GROW_TIMED_OPS                                                  \
	GROW_KEY_OPS, .create = timed_create, .destroy = timed_destroy, \
	              .stats = timed_stats, .check = timed_check

#endif /* RM_SHARD_GROW_TIMED_H */
