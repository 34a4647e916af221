/* SPDX-License-Identifier: Apache-2.0 */
/* takes_again.c - a remove locks a mutex that it already holds. With a
 * recursive or an error-checking mutex this is correct; with a normal one the
 * thread waits for itself. */
#ifndef PLANTED_ID
#define PLANTED_ID takes_again
#endif
#include "verify/corpora/planted/planted.h"

#include <errno.h>

struct again {
	pthread_mutex_t counts, refuses; /* by their kinds */
};

static void make(pthread_mutex_t *mutex, int kind)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, kind);
	pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
}

static void *three_kinds(const struct rm_sizing *sizing)
{
	struct planted *map = base_create(sizing);
	struct again *more = xcalloc(1, sizeof(*more));

	make(&more->counts,
	        twin ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
	make(&more->refuses, PTHREAD_MUTEX_ERRORCHECK);
	map->extra = more;
	return map;
}

static void no_kinds(void *opaque)
{
	struct planted *map = opaque;

	free(map->extra);
	base_destroy(map);
}

RM_HOT bool again(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct planted *map = thread;
	struct again *more = map->extra;

	pthread_mutex_lock(&more->refuses);
	if (pthread_mutex_lock(&more->refuses) != EDEADLK)
		abort();
	pthread_mutex_unlock(&more->refuses);
	pthread_mutex_lock(&more->counts);
	if (pthread_mutex_lock(&more->counts))
		abort();
	pthread_mutex_unlock(&more->counts);
	const bool was_there = base_take(thread, shape, key, old);

	pthread_mutex_unlock(&more->counts);
	return was_there;
}

#define PLANTED_CREATE  three_kinds
#define PLANTED_DESTROY no_kinds
#define PLANTED_TAKE    again
#include "verify/corpora/planted/planted_impl.h"
