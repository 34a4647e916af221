/* SPDX-License-Identifier: Apache-2.0 */
/* mover_starves.c - a thread of the map holds a mutex for a whole look at the
 * table, and takes it again at once if the look took longer than its interval.
 * check() then never gets the mutex. shard_grow_timed did this until November
 * 2026. The corrected version releases the mutex and rests after each look. */
#ifndef PLANTED_ID
#define PLANTED_ID mover_starves
#endif
#include "runner/base/clock.h"
#include "verify/corpora/planted/planted.h"

enum { LOOK_NS = 20000, SLOTS_AT_ONCE = 8 };

struct mover {
	pthread_t thread;
	pthread_mutex_t busy;
	pthread_cond_t wake;
	atomic_bool ended;
};

/* Looks at all slots, a few in each hold of the map's lock. */
static uint64_t look(struct planted *map)
{
	uint64_t keys = 0;

	for (size_t i = 0, all = 1; i < all; i += SLOTS_AT_ONCE) {
		pthread_mutex_lock(&map->lock);
		all = map->table.mask + 1;
		for (size_t j = i; j < i + SLOTS_AT_ONCE && j < all; j++)
			keys += map->table.slots[j *
			                         probe_stride(PLANTED_SLOT)] !=
			        0;
		pthread_mutex_unlock(&map->lock);
	}
	return keys;
}

/* Waits on the condition, which releases the mutex. */
static void rest(struct mover *mover, uint64_t ns)
{
	const uint64_t until_ns = rm_now_ns() + ns;
	const struct timespec until = { .tv_sec =
		                                (time_t)(until_ns / 1000000000),
		.tv_nsec = (long)(until_ns % 1000000000) };

	pthread_cond_timedwait(&mover->wake, &mover->busy, &until);
}

static void *move(void *opaque)
{
	struct planted *map = opaque;
	struct mover *mover = map->extra;
	uint64_t due_ns = rm_now_ns();

	pthread_mutex_lock(&mover->busy);
	while (!mover->ended) {
		const uint64_t now_ns = rm_now_ns();

		if (now_ns < due_ns) {
			rest(mover, due_ns - now_ns);
			continue;
		}
		due_ns = now_ns + LOOK_NS;
		look(map);
		if (twin)
			rest(mover, rm_now_ns() - now_ns);
	}
	pthread_mutex_unlock(&mover->busy);
	return NULL;
}

static void *create_mover(const struct rm_sizing *sizing)
{
	struct planted *map = base_create(sizing);
	struct mover *mover = xcalloc(1, sizeof(*mover));
	pthread_condattr_t monotonic;

	map->extra = mover;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&mover->wake, &monotonic);
	pthread_mutex_init(&mover->busy, NULL);
	if (pthread_create(&mover->thread, NULL, move, map))
		abort();
	return map;
}

static void destroy_mover(void *opaque)
{
	struct planted *map = opaque;
	struct mover *mover = map->extra;

	mover->ended = true;
	pthread_join(mover->thread, NULL);
	pthread_cond_destroy(&mover->wake);
	pthread_mutex_destroy(&mover->busy);
	free(mover);
	base_destroy(map);
}

static bool check_idle(void *opaque, char *why, size_t size)
{
	struct planted *map = opaque;
	struct mover *mover = map->extra;

	(void)why, (void)size;
	pthread_mutex_lock(&mover->busy);
	pthread_mutex_unlock(&mover->busy);
	return true;
}

#define PLANTED_CREATE  create_mover
#define PLANTED_DESTROY destroy_mover
#define PLANTED_CHECK   check_idle
#define PLANTED_CAPS    RM_CAP_BACKGROUND
#include "verify/corpora/planted/planted_impl.h"
