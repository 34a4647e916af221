/* SPDX-License-Identifier: Apache-2.0 */
/* grace.h - grace periods for threads that announce quiescent states. `now` is
 * the epoch, from 1 on. A thread's `at` is the epoch of its last announcement,
 * or 0 while it is parked or has not joined. `now` advances only after each
 * thread that is not parked has announced the current epoch. Objects retired in
 * epoch e are freed when `now` becomes e + 2. All threads announced e + 1
 * before that, and after the retirement, so they cannot find the object any
 * more. All atomics are sequentially consistent, because this code need not be
 * fast. No thread ever waits. */
#ifndef BROKEN_GRACE_H
#define BROKEN_GRACE_H

#include "verify/corpora/broken/broken.h"

/* The number of slots that a grace period checks; a file may define another
 * rule before it includes this. */
#ifndef GRACE_SLOTS
#define GRACE_SLOTS(grace) ((grace)->threads)
#endif

/* Called for the slot of a thread that leaves; a file may define another rule
 * before it includes this. */
#ifndef GRACE_LEAVE
#define GRACE_LEAVE(thread) grace_park(thread)
#endif

/* First member of retired objects. */
struct retired {
	struct retired *next;
};

/* A thread's handle. */
struct grace_thread {
	_Alignas(128) _Atomic uint64_t at;
	struct grace *grace;
};

struct grace {
	_Atomic uint64_t now;
	_Atomic size_t joined;
	/* protects the limbo lists and the increment of `now` */
	pthread_mutex_t lock;
	/* lists of retired objects, indexed by epoch of retirement */
	struct retired *limbo[3];
	size_t threads;
	struct grace_thread *thread;
};

static inline bool grace_init(struct grace *grace, size_t threads)
{
	atomic_init(&grace->now, 1);
	atomic_init(&grace->joined, 0);
	pthread_mutex_init(&grace->lock, NULL);
	grace->threads = threads;
	grace->thread = aligned_alloc(128, threads * sizeof(*grace->thread));
	for (size_t i = 0; grace->thread && i < threads; i++) {
		atomic_init(&grace->thread[i].at, 0);
		grace->thread[i].grace = grace;
	}
	return grace->thread != NULL;
}

static inline void grace_free(struct grace *grace, uint64_t epoch)
{
	struct retired *object = grace->limbo[epoch % 3];

	grace->limbo[epoch % 3] = NULL;
	while (object) {
		struct retired *next = object->next;

		free(object);
		object = next;
	}
}

static inline void grace_end(struct grace *grace)
{
	for (uint64_t i = 0; i < 3; i++)
		grace_free(grace, i);
	free(grace->thread);
	pthread_mutex_destroy(&grace->lock);
}

/* From this call on, the thread may hold references. */
static inline void grace_unpark(void *handle)
{
	struct grace_thread *thread = handle;
	uint64_t now, again = atomic_load(&thread->grace->now);

	do {
		now = again;
		atomic_store(&thread->at, now);
		again = atomic_load(&thread->grace->now);
		/* the epoch advanced before this store became visible */
	} while (again != now);
}

static inline void grace_park(void *handle)
{
	struct grace_thread *thread = handle;

	atomic_store(&thread->at, 0);
}

/* `now` cannot be two ahead of a thread that is not parked, so one read is
 * enough. */
static inline void grace_quiesce(void *handle)
{
	struct grace_thread *thread = handle;

	atomic_store(&thread->at, atomic_load(&thread->grace->now));
}

static inline void *grace_join(struct grace *grace, size_t slot)
{
	atomic_fetch_add(&grace->joined, 1);
	grace_unpark(&grace->thread[slot]);
	return &grace->thread[slot];
}

static inline void grace_leave(void *handle)
{
	struct grace_thread *thread = handle;

	GRACE_LEAVE(thread);
	atomic_fetch_sub(&thread->grace->joined, 1);
}

/* If all threads have announced `now`, advances it and frees a list. The caller
 * holds the lock. */
static inline void grace_move(struct grace *grace)
{
	const uint64_t now = atomic_load(&grace->now);

	for (size_t i = 0; i < GRACE_SLOTS(grace); i++) {
		const uint64_t at = atomic_load(&grace->thread[i].at);

		if (at != 0 && at != now)
			return;
	}
	atomic_store(&grace->now, now + 1);
	/* objects retired in now - 1 are in this list */
	grace_free(grace, now + 2);
}

/* `object` must be unreachable for operations that begin after this call. */
static inline void grace_retire(void *handle, struct retired *object)
{
	struct grace *grace = ((struct grace_thread *)handle)->grace;

	pthread_mutex_lock(&grace->lock);
	struct retired **limbo = &grace->limbo[atomic_load(&grace->now) % 3];
	object->next = *limbo;
	*limbo = object;
	grace_move(grace);
	pthread_mutex_unlock(&grace->lock);
}

#endif /* BROKEN_GRACE_H */
