/* SPDX-License-Identifier: Apache-2.0 */
/* guard.h - the default lock of a shard: a POSIX reader-writer lock. */
#ifndef BROKEN_GUARD_H
#define BROKEN_GUARD_H

#include "impls/support/no_handle.h"
#include "verify/corpora/broken/broken.h"

struct guard {
	pthread_rwlock_t lock;
};

static inline void guard_init(struct guard *guard)
{
	pthread_rwlock_init(&guard->lock, NULL);
}

static inline void guard_end(struct guard *guard)
{
	pthread_rwlock_destroy(&guard->lock);
}

static inline void guard_read(struct guard *guard, void *thread)
{
	(void)thread;
	pthread_rwlock_rdlock(&guard->lock);
}

static inline void guard_write(struct guard *guard, void *thread)
{
	(void)thread;
	pthread_rwlock_wrlock(&guard->lock);
}

/* Ends a read or a write. */
static inline void guard_leave(struct guard *guard, void *thread)
{
	(void)thread;
	pthread_rwlock_unlock(&guard->lock);
}

static inline void *guard_map(void *thread)
{
	return thread;
}

#endif /* BROKEN_GUARD_H */
