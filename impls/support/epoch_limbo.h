/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoch_limbo.h - the slow side of epoch.h: bags, advancing, waiting.
 *
 * Nothing here runs more often than once per bag or per EPOCH_POLL
 * announcements. Included by epoch.h only; the letters are its proof's.
 */
#ifndef RM_EPOCH_LIMBO_H
#define RM_EPOCH_LIMBO_H

#include "runner/base/clock.h"

#include <sched.h>

/* Frees the objects of a list of bags, and the bags. */
static RM_COLD void epoch_empty(
        struct epoch_record *record, void *owner, struct epoch_bag *bag)
{
	while (bag) {
		const uint64_t start_ns = RM_EVENT_CLOCK();
		struct epoch_bag *next = bag->next;

		for (size_t i = 0; i < bag->count; i++)
			epoch_free(owner,
			        bag->items[i].bytes_and_kind &
			                ((1 << EPOCH_KIND_BITS) - 1),
			        bag->items[i].pointer);
		RM_STAT_OWN(record->freed, bag->count);
		RM_STAT_OWN(record->freed_bytes, bag->bytes);
		RM_EVENT_SPAN(RM_EVENT_RECLAIM, start_ns, bag->count);
		/* relaxed: a threshold */
		atomic_fetch_sub_explicit(&record->epoch->held_bytes,
		        bag->bytes, memory_order_relaxed);
		if (record->spare)
			free(bag);
		else
			record->spare = bag;
		bag = next;
	}
}

/* Adds the bytes of a closed bag to what is held, and keeps the peak. */
static void epoch_hold(struct epoch *epoch, uint64_t bytes)
{
	/* relaxed, all: a threshold and a statistic */
	uint64_t held = atomic_fetch_add_explicit(&epoch->held_bytes, bytes,
	                        memory_order_relaxed) +
	                bytes;
	uint64_t peak =
	        atomic_load_explicit(&epoch->peak_bytes, memory_order_relaxed);

	while (peak < held &&
	        !atomic_compare_exchange_weak_explicit(&epoch->peak_bytes,
	                &peak, held, memory_order_relaxed,
	                memory_order_relaxed))
		;
}

/* An empty bag. The contract has no "out of memory" for a write: the process
   ends and the trial is recorded as failed. */
static struct epoch_bag *epoch_new_bag(struct epoch_record *record)
{
	struct epoch_bag *bag = record->spare;

	record->spare = NULL;
	if (!bag)
		bag = malloc(sizeof(*bag));
	if (!bag)
		abort();
	bag->next = NULL;
	bag->bytes = bag->count = 0;
	return bag;
}

/* Closes the open bag: fixes when it will be free. */
static RM_COLD void epoch_close(struct epoch_record *record)
{
	struct epoch *epoch = record->epoch;
	struct epoch_bag *bag = record->open;

	record->open = epoch_new_bag(record);
	/* acq_rel: C1, orders the unlinking before the second advance */
	atomic_fetch_add_explicit(&epoch->ticket, 1, memory_order_acq_rel);
	/* relaxed: C2, an older value than the true one is excluded by C1 */
	bag->target =
	        atomic_load_explicit(&epoch->now, memory_order_relaxed) + 2;
	if (epoch->keep)
		bag->target = UINT64_MAX;
	if (record->oldest)
		record->newest->next = bag;
	else
		record->oldest = bag;
	record->newest = bag;
	record->due = true;
	epoch_hold(epoch, bag->bytes);
}

/* Moves the epoch if every thread that is not parked has seen it. */
static void epoch_advance(struct epoch *epoch)
{
	/* acquire: A1, pairs with the previous A4 */
	uint64_t now = atomic_load_explicit(&epoch->now, memory_order_acquire);

	/* acq_rel: A2 */
	atomic_fetch_add_explicit(&epoch->ticket, 1, memory_order_acq_rel);
	for (size_t i = 0; i < epoch->threads; i++) {
		/* acquire: A3, pairs with Q2 and P1 */
		uint64_t seen = atomic_load_explicit(
		        &epoch->records[i].seen, memory_order_acquire);

		if (seen && seen < now)
			return;
	}
	/* acq_rel: A4, pairs with Q1, U1, A1 and F1; when it fails another
	   thread has advanced, and nothing is read: relaxed */
	atomic_compare_exchange_strong_explicit(&epoch->now, &now, now + 1,
	        memory_order_acq_rel, memory_order_relaxed);
}

/* Frees what threads that left have retired. The caller holds the lock. */
static void epoch_sweep_orphans(struct epoch_record *record, uint64_t now)
{
	struct epoch *epoch = record->epoch;
	/* relaxed, both: written under the lock */
	struct epoch_bag *bag =
	        atomic_load_explicit(&epoch->orphans, memory_order_relaxed);
	struct epoch_bag *kept = NULL;

	if (epoch->swept_at == now)
		return;
	while (bag) {
		struct epoch_bag *next = bag->next;
		const bool is_free = now > bag->target;

		bag->next = is_free ? NULL : kept;
		if (is_free)
			epoch_empty(record, record->owner, bag);
		else
			kept = bag;
		bag = next;
	}
	epoch->swept_at = now;
	atomic_store_explicit(&epoch->orphans, kept, memory_order_relaxed);
}

/* Frees what is free, without waiting for anybody. */
static void epoch_sweep(struct epoch_record *record)
{
	struct epoch *epoch = record->epoch;

	epoch_advance(epoch);
	/* acquire: F1, pairs with A4 */
	uint64_t now = atomic_load_explicit(&epoch->now, memory_order_acquire);

	while (record->oldest && now > record->oldest->target) {
		struct epoch_bag *bag = record->oldest;

		record->oldest = bag->next;
		bag->next = NULL;
		epoch_empty(record, record->owner, bag);
	}
	/* relaxed: only a hint, the list is read under the lock */
	if (atomic_load_explicit(&epoch->orphans, memory_order_relaxed) &&
	        !pthread_mutex_trylock(&epoch->lock)) {
		epoch_sweep_orphans(record, now);
		pthread_mutex_unlock(&epoch->lock);
	}
	record->limbo = record->oldest || record->open->count;
}

/* epoch_quiesce() with a limbo: looks at it now and then. */
static RM_COLD void epoch_poll(struct epoch_record *record)
{
	if (record->epoch->keep ||
	        (!record->due && ++record->polls < EPOCH_POLL))
		return;
	record->polls = 0;
	if (!record->oldest && record->open->count)
		epoch_close(record);
	record->due = false;
	epoch_sweep(record);
}

/* Gives all that this thread has retired to whoever sweeps next. The thread
   is parked. */
static RM_COLD void epoch_hand_over(struct epoch_record *record)
{
	struct epoch *epoch = record->epoch;

	if (record->open->count)
		epoch_close(record);
	record->due = false;
	if (!epoch->keep)
		epoch_sweep(record);
	if (!record->oldest)
		return;
	pthread_mutex_lock(&epoch->lock);
	/* relaxed, both: under the lock */
	record->newest->next =
	        atomic_load_explicit(&epoch->orphans, memory_order_relaxed);
	atomic_store_explicit(
	        &epoch->orphans, record->oldest, memory_order_relaxed);
	epoch->swept_at = 0;
	pthread_mutex_unlock(&epoch->lock);
	record->oldest = record->newest = NULL;
	record->limbo = false;
}

/* The end of epoch_leave(): if all others are parked or have left, the epoch
   moves freely, and the orphans are freed. The last one to get the lock sees
   everybody else gone. */
static RM_COLD void epoch_last_call(struct epoch_record *record)
{
	struct epoch *epoch = record->epoch;

	if (epoch->keep)
		return;
	pthread_mutex_lock(&epoch->lock);
	for (int i = 0; i < 3; i++)
		epoch_advance(epoch);
	/* acquire: F1, pairs with A4 */
	epoch_sweep_orphans(record,
	        atomic_load_explicit(&epoch->now, memory_order_acquire));
	pthread_mutex_unlock(&epoch->lock);
}

/* Waits until all that this thread has retired is free. It holds no lock and
   no reference, and counts as parked meanwhile. */
static RM_COLD void epoch_wait(struct epoch_record *record)
{
	struct epoch *epoch = record->epoch;
	const uint64_t start_ns = rm_now_ns();

	if (record->open->count)
		epoch_close(record);
	const uint64_t target = record->newest ? record->newest->target : 0;

	/* release: P1. relaxed: a statistic. acquire: F1 */
	atomic_store_explicit(&record->seen, 0, memory_order_release);
	atomic_fetch_add_explicit(&epoch->waiting, 1, memory_order_relaxed);
	while (record->oldest && atomic_load_explicit(&epoch->now,
	                                 memory_order_acquire) <= target) {
		epoch_advance(epoch);
		sched_yield();
	}
	atomic_fetch_sub_explicit(&epoch->waiting, 1, memory_order_relaxed);
	epoch_unpark(record);
	record->due = false;
	epoch_sweep(record);
	RM_EVENT_SPAN(RM_EVENT_GRACE_WAIT, start_ns, 0);
	rm_stat_own(&record->waits, 1);
	rm_stat_own(&record->wait_ns, rm_now_ns() - start_ns);
}

/* epoch_settle() after a bag was closed. */
static RM_COLD void epoch_settle_slow(struct epoch_record *record)
{
	struct epoch *epoch = record->epoch;

	record->due = false;
	if (epoch->keep)
		return;
	epoch_sweep(record);
	/* relaxed: a threshold */
	if (!record->pinned &&
	        atomic_load_explicit(&epoch->held_bytes, memory_order_relaxed) >
	                epoch->limit_bytes)
		epoch_wait(record);
}

#endif /* RM_EPOCH_LIMBO_H */
