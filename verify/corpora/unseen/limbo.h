/* SPDX-License-Identifier: Apache-2.0 */
/* limbo.h - correct grace periods like verify/corpora/broken/grace.h, but
 * without a lock: retired objects stay in the thread's slot, and the thread
 * frees them itself. `now` advances after all slots that are not parked have
 * announced it. Objects retired in epoch e are freed at e + 2. A retirement
 * reads the epoch by a read-modify-write. So a thread that advances `now` from
 * this epoch, or sees a later epoch, also sees that the object is unlinked. */
#ifndef UNSEEN_LIMBO_H
#define UNSEEN_LIMBO_H

#include "verify/corpora/broken/broken.h"

/* First member of retired objects. */
struct retired {
	struct retired *next;
};

/* A thread's handle, and retired objects of earlier threads of its slot. */
struct limbo_thread {
	_Alignas(128) _Atomic uint64_t at; /* 0: parked, or not joined */
	struct limbo *limbo;
	struct retired *list[3]; /* retired objects, one list per epoch */
	uint64_t epoch[3];       /* epoch of each list */
};

/* First member of a map. */
struct limbo {
	_Atomic uint64_t now;
	size_t threads;
	struct limbo_thread *thread;
};

static inline bool limbo_init(struct limbo *limbo, size_t threads)
{
	atomic_init(&limbo->now, 1);
	limbo->threads = threads;
	limbo->thread = aligned_alloc(128, threads * sizeof(*limbo->thread));
	if (!limbo->thread)
		return false;
	memset(limbo->thread, 0, threads * sizeof(*limbo->thread));
	for (size_t i = 0; i < threads; i++) {
		atomic_init(&limbo->thread[i].at, 0);
		limbo->thread[i].limbo = limbo;
	}
	return true;
}

static inline void limbo_free(struct limbo_thread *thread, size_t third)
{
	struct retired *object = thread->list[third];

	thread->list[third] = NULL;
	while (object) {
		struct retired *next = object->next;

		free(object);
		object = next;
	}
}

static inline void limbo_end(struct limbo *limbo)
{
	for (size_t i = 0; limbo->thread && i < limbo->threads; i++)
		for (size_t third = 0; third < 3; third++)
			limbo_free(&limbo->thread[i], third);
	free(limbo->thread);
}

/* From this call on, the thread may hold references. */
static inline void limbo_unpark(void *handle)
{
	struct limbo_thread *thread = handle;
	uint64_t now, again = atomic_load(&thread->limbo->now);

	do {
		now = again;
		atomic_store(&thread->at, now);
		again = atomic_load(&thread->limbo->now);
		/* the epoch advanced before our store became visible */
	} while (again != now);
}

static inline void limbo_park(void *handle)
{
	struct limbo_thread *thread = handle;

	atomic_store(&thread->at, 0);
}

static inline void *limbo_join(struct limbo *limbo, size_t slot)
{
	/* after all accesses of the last thread in this slot */
	atomic_exchange(&limbo->thread[slot].at, 0);
	limbo_unpark(&limbo->thread[slot]);
	return &limbo->thread[slot];
}

/* Frees the objects that are old enough. */
static inline void limbo_look(struct limbo_thread *thread, uint64_t now)
{
	for (size_t third = 0; third < 3; third++)
		if (thread->list[third] && thread->epoch[third] + 2 <= now)
			limbo_free(thread, third);
}

static inline void limbo_quiesce(void *handle)
{
	struct limbo_thread *thread = handle;
	const uint64_t now = atomic_load(&thread->limbo->now);

	atomic_store(&thread->at, now);
	limbo_look(thread, now);
}

static inline void limbo_move(struct limbo *limbo)
{
	uint64_t now = atomic_load(&limbo->now);

	for (size_t i = 0; i < limbo->threads; i++) {
		const uint64_t at = atomic_load(&limbo->thread[i].at);

		if (at != 0 && at != now)
			return;
	}
	atomic_compare_exchange_strong(&limbo->now, &now, now + 1);
}

/* `object` must be unreachable for operations that begin after this call. */
static inline void limbo_retire(void *handle, struct retired *object)
{
	struct limbo_thread *thread = handle;
	const uint64_t now = atomic_fetch_add(&thread->limbo->now, 0);

	/* after this, the list is empty or belongs to epoch `now` */
	limbo_look(thread, now);
	object->next = thread->list[now % 3];
	thread->list[now % 3] = object;
	thread->epoch[now % 3] = now;
	limbo_move(thread->limbo);
}

#endif /* UNSEEN_LIMBO_H */
