/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard_ck_brlock.h - Concurrency Kit's big-reader lock. It is a guard for
 * gomap_guarded.h with one shard; includers need the comment `needs: ck`.
 *
 * Source: I. Molnar, D. S. Miller, Linux 2.4; ck_brlock.h. Each reader has a
 * word on its own cache lines, so lookups write nothing shared, and a writer
 * visits the words of all possible readers. All words are registered at
 * creation, so that a join never waits. The library would spin without end;
 * here a waiting writer yields (spin.h).
 */
#ifndef RM_SUPPORT_GUARD_CK_BRLOCK_H
#define RM_SUPPORT_GUARD_CK_BRLOCK_H

#include "impls/support/spin.h"
#include "runner/map.h"

#include <ck_brlock.h>
#include <stdlib.h>

/* A thread's handle. */
struct reader {
	_Alignas(2 * RM_CACHE_LINE) ck_brlock_reader_t word;
	void *map;
};

struct guard {
	ck_brlock_t lock;
	struct reader *readers;
};

static inline bool guard_create(struct guard *guard, size_t threads)
{
	ck_brlock_init(&guard->lock);
	guard->readers = aligned_alloc(
	        _Alignof(struct reader), threads * sizeof(*guard->readers));
	for (size_t i = 0; guard->readers && i < threads; i++)
		ck_brlock_read_register(&guard->lock, &guard->readers[i].word);
	return guard->readers != NULL;
}

static inline void guard_destroy(struct guard *guard)
{
	free(guard->readers);
}

static inline void *guard_join(struct guard *guard, void *map, size_t slot)
{
	guard->readers[slot].map = map;
	return &guard->readers[slot];
}

RM_HOT void *guard_map(void *thread)
{
	return ((struct reader *)thread)->map;
}

RM_HOT void guard_read(struct guard *guard, void *thread)
{
	struct reader *reader = thread;

	RM_LOCK_BEGIN(RM_LOCK_READ);
	while (!ck_brlock_read_trylock(
	        &guard->lock, &reader->word, SPIN_PAUSES)) {
		RM_LOCK_WAIT_BEGIN();
		sched_yield();
	}
	RM_LOCK_END();
}

RM_HOT void guard_read_end(struct guard *guard, void *thread)
{
	struct reader *reader = thread;

	(void)guard;
	ck_brlock_read_unlock(&reader->word);
}

static __attribute__((noinline, unused)) void guard_write(struct guard *guard)
{
	unsigned looks = 0;

	RM_LOCK_BEGIN(RM_LOCK_WRITE);
	while (ck_pr_fas_uint(&guard->lock.writer, true) == true)
		spin_wait(&looks);
	ck_pr_fence_atomic_load();
	/* New readers now wait. Wait until the current readers leave. */
	for (ck_brlock_reader_t *reader = guard->lock.readers; reader;
	        reader = reader->next)
		for (looks = 0; ck_pr_load_uint(&reader->n_readers) != 0;)
			spin_wait(&looks);
	ck_pr_fence_lock();
	RM_LOCK_END();
}

RM_HOT void guard_write_end(struct guard *guard)
{
	ck_brlock_write_unlock(&guard->lock);
}

#endif /* RM_SUPPORT_GUARD_CK_BRLOCK_H */
