/* SPDX-License-Identifier: Apache-2.0 */
/* mover_starves.c - the map's own thread inspects the table repeatedly and
 * never releases a mutex, so check() never gets it. The corrected version
 * releases the mutex and sleeps after each inspection. */
#ifndef PLANTED_ID
#define PLANTED_ID mover_starves
#endif
#include "runner/base/clock.h"
#include "verify/corpora/planted/planted.h"

enum { SLOTS_AT_ONCE = 8, REST_NS = 100000 };

struct mover {
	pthread_t thread;
	pthread_mutex_t busy;
	atomic_bool ended;
	uint64_t keys; /* number of keys found; protected by busy */
};

/* Inspects all slots; releases the map's lock after every few slots. */
static void look(struct planted *map, struct mover *mover)
{
	for (size_t i = 0, all = 1; i < all; i += SLOTS_AT_ONCE) {
		pthread_mutex_lock(&map->lock);
		all = map->table.mask + 1;
		for (size_t j = i; j < i + SLOTS_AT_ONCE && j < all; j++)
			mover->keys +=
			        map->table.slots[j *
			                         probe_stride(PLANTED_SLOT)] !=
			        0;
		pthread_mutex_unlock(&map->lock);
	}
}

static void *move(void *opaque)
{
	struct planted *map = opaque;
	struct mover *mover = map->extra;

	pthread_mutex_lock(&mover->busy);
	while (!mover->ended) {
		look(map, mover);
		if (!twin)
			continue;
		pthread_mutex_unlock(&mover->busy);
		rm_sleep_until(rm_now_ns() + REST_NS);
		pthread_mutex_lock(&mover->busy);
	}
	pthread_mutex_unlock(&mover->busy);
	return NULL;
}

static void *create_mover(const struct rm_sizing *sizing)
{
	struct planted *map = base_create(sizing);
	struct mover *mover = xcalloc(1, sizeof(*mover));

	map->extra = mover;
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
	pthread_mutex_destroy(&mover->busy);
	base_destroy(map);
}

static bool check_idle(void *opaque, char *why, size_t size)
{
	struct mover *mover = ((struct planted *)opaque)->extra;

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
