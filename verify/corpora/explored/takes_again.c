/* SPDX-License-Identifier: Apache-2.0 */
/* takes_again.c - a remove locks a mutex that it already holds. With a
 * recursive or an error-checking mutex this is correct; with a normal one the
 * thread waits for itself. */
#ifndef PLANTED_ID
#define PLANTED_ID takes_again
#endif
#include "verify/corpora/planted/planted.h"

#include <errno.h>

struct two_mutexes {
	/* each is named after its kind */
	pthread_mutex_t recursive, errorchecking;
};

static void init_mutex(pthread_mutex_t *mutex, int kind)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, kind);
	pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
}

static void *create_mutexes(const struct rm_sizing *sizing)
{
	struct planted *map = base_create(sizing);
	struct two_mutexes *mutexes = xcalloc(1, sizeof(*mutexes));

	init_mutex(&mutexes->recursive,
	        twin ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
	init_mutex(&mutexes->errorchecking, PTHREAD_MUTEX_ERRORCHECK);
	map->extra = mutexes;
	return map;
}

RM_HOT bool take_relocking(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct planted *map = thread;
	struct two_mutexes *mutexes = map->extra;

	pthread_mutex_lock(&mutexes->errorchecking);
	if (pthread_mutex_lock(&mutexes->errorchecking) != EDEADLK)
		abort();
	pthread_mutex_unlock(&mutexes->errorchecking);
	pthread_mutex_lock(&mutexes->recursive);
	if (pthread_mutex_lock(&mutexes->recursive))
		abort();
	pthread_mutex_unlock(&mutexes->recursive);
	const bool was_there = base_take(thread, shape, key, old);

	pthread_mutex_unlock(&mutexes->recursive);
	return was_there;
}

#define PLANTED_CREATE create_mutexes
#define PLANTED_TAKE   take_relocking
#include "verify/corpora/planted/planted_impl.h"
