/* SPDX-License-Identifier: Apache-2.0 */
/* epoch_sum.c - lock-free readers. The epoch advances with each retired object,
 * and a thread's lag is the number of epochs since its last announcement. If
 * the sum of all lags is 0, all retired objects are freed; otherwise those that
 * are older than every announcement.
 *
 * Bug: the sum has eight bits, so it is 0 if a reader lags by 256 epochs.
 * Corrected version: it has 64 bits. */
#ifndef ID
#define ID epoch_sum
#endif
#define BROKEN_GRACE_H /* this file replaces grace.h */
#include "verify/corpora/broken/broken.h"

/* First member of retired objects. */
struct retired {
	struct retired *next;
	uint64_t epoch;
};

/* A thread's handle. */
struct grace_thread {
	_Alignas(128) _Atomic uint64_t at; /* 0: parked, or not joined */
	struct grace *grace;
};

struct grace {
	_Atomic uint64_t now;
	pthread_mutex_t lock;
	/* protected by the lock: retired objects, and the oldest announcement
	   of the last look */
	struct retired *limbo;
	uint64_t oldest;
	size_t threads;
	struct grace_thread *thread;
};

static inline bool grace_init(struct grace *grace, size_t threads)
{
	atomic_init(&grace->now, 1);
	pthread_mutex_init(&grace->lock, NULL);
	grace->limbo = NULL;
	grace->oldest = 0;
	grace->threads = threads;
	grace->thread = aligned_alloc(128, threads * sizeof(*grace->thread));
	for (size_t i = 0; grace->thread && i < threads; i++) {
		atomic_init(&grace->thread[i].at, 0);
		grace->thread[i].grace = grace;
	}
	return grace->thread != NULL;
}

/* Frees the objects of earlier epochs. The caller holds the lock. */
static inline void grace_free(struct grace *grace, uint64_t before)
{
	struct retired **link = &grace->limbo;

	while (*link) {
		struct retired *object = *link;

		if (object->epoch >= before) {
			link = &object->next;
			continue;
		}
		*link = object->next;
		free(object);
	}
}

static inline void grace_end(struct grace *grace)
{
	grace_free(grace, UINT64_MAX);
	pthread_mutex_destroy(&grace->lock);
	free(grace->thread);
}

static inline void grace_quiesce(void *handle)
{
	struct grace_thread *thread = handle;

	atomic_store(&thread->at, atomic_load(&thread->grace->now));
}

static inline void grace_unpark(void *handle)
{
	grace_quiesce(handle);
}

static inline void grace_park(void *handle)
{
	struct grace_thread *thread = handle;

	atomic_store(&thread->at, 0);
}

static inline void *grace_join(struct grace *grace, size_t slot)
{
	grace_unpark(&grace->thread[slot]);
	return &grace->thread[slot];
}

static inline void grace_leave(void *handle)
{
	grace_park(handle);
}

static inline void grace_look(struct grace *grace)
{
	const uint64_t now = atomic_load(&grace->now);
	uint64_t sum = 0, oldest = UINT64_MAX;

	for (size_t i = 0; i < grace->threads; i++) {
		const uint64_t at = atomic_load(&grace->thread[i].at);

		if (!at)
			continue;
		sum += now - at;
		oldest = at < oldest ? at : oldest;
	}
	if (!RIGHT)
		sum = (uint8_t)sum;
	if (sum && oldest == grace->oldest)
		return; /* all objects of earlier epochs are freed */
	grace->oldest = oldest;
	grace_free(grace, sum ? oldest : UINT64_MAX);
}

/* `object` must be unreachable for operations that begin after this call. */
static inline void grace_retire(void *handle, struct retired *object)
{
	struct grace *grace = ((struct grace_thread *)handle)->grace;

	pthread_mutex_lock(&grace->lock);
	object->epoch = atomic_fetch_add(&grace->now, 1);
	object->next = grace->limbo;
	grace->limbo = object;
	grace_look(grace);
	pthread_mutex_unlock(&grace->lock);
}

#include "verify/corpora/broken/read_free.h"

const struct rm_impl BROKEN_SYMBOL(ID) = { READ_FREE };
