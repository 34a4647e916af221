/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoch.h - epoch-based reclamation for threads that announce quiescence.
 *
 * A map unlinks an object, then retires it. The object is freed when no thread
 * can hold a reference any more. A lookup costs nothing. Once per batch a
 * thread announces that it holds no reference, by one load and one plain store.
 *
 * State. `now` is the current epoch, from 1 on. Each joined thread owns a
 * record; `seen` is the value of `now` at its last quiescent state, 0 while it
 * is parked. Retired objects wait in bags, one open bag per thread. `ticket` is
 * a counter without a meaning: every thread whose actions must be ordered does
 * a read-modify-write (rmw) of it.
 *
 *   close bag:  C1 rmw ticket;  C2 t = now;     the bag's target is t + 2
 *   quiesce:    Q1 n = now;     Q2 seen = n
 *   unpark:     U1 n = now;     U2 seen = n;    U3 rmw ticket
 *   park:       P1 seen = 0
 *   advance:    A1 n = now;     A2 rmw ticket;  A3 no record has
 *               0 < seen < n;   A4 cas now: n -> n + 1
 *   free:       F1 now > target
 *
 * Loads of `now` and `seen` acquire, stores of them release, and each rmw of
 * ticket does both. So of two rmws the later one sees all that happened before
 * the earlier one. Only C2 may be relaxed.
 *
 * Why an object is not freed under a reader. Let x be unlinked before C1 of its
 * bag, let C2 have read t, and let F1 have read at least t + 3. Call the
 * advance that wrote t + 2 "second", the one that wrote t + 3 "third".
 *
 * 1) The second advance's A2 comes after C1. Otherwise its A1, which read
 *    t + 1, would happen before C2, and C2 could not read t.
 * 2) So the unlinking of x happens before `now` becomes t + 2, and a thread
 *    that reads t + 2 or more afterwards finds x unlinked.
 * 3) Let A3 of the third advance examine a reader's record.
 *    a) It read seen >= t + 2, stored by Q2 or U2. The reader's accesses
 *       before that store happen before A3 and hence before F1. Its accesses
 *       after it happen after the unlinking, by 2, and cannot find x.
 *    b) It read 0. The reader's accesses before it parked happen before F1.
 *       If it has unparked since, its U3 comes after the third A2, or else A3
 *       would have read U2. A2 comes after the unlinking (C1, second A2,
 *       second A4, third A1, third A2), hence so do all accesses after U3.
 *    c) It read another value: A3 fails, so there is no third advance.
 * 4) A bag is handed over under a mutex, after C1.
 *
 * Summary: 1) the epoch advances when every thread that is not parked has seen
 * it; 2) objects retired in epoch t are unreachable for a thread that has seen
 * t + 2; 3) so they are free at t + 3. No fence is needed, since the
 * read-modify-writes of one counter, which lookups never touch, give the order.
 * A thread that neither announces nor parks stops the epoch. Memory then grows
 * up to a limit, above which writers wait. Nothing else blocks.
 *
 * Guards (EPOCH_GUARDED, epoch_guard.h). A thread is parked unless it is inside
 * an operation: it unparks without U3 and parks again. A2 is followed by a
 * barrier on all running threads. In 3b a reader that has unparked since, and
 * whose U2 was not read by A3, passed that barrier before U2, and hence sees
 * the unlinking.
 *
 * Cost. When a thread with retired objects closes a bag, and at every 16th
 * announcement, it reads `seen` of all T threads and increments `ticket`. Each
 * `seen` is on a line that its thread writes, so with T writing threads a poll
 * has T misses. A record takes 4 lines, a bag 2 KiB.
 *
 * The file is long because each step of the proof is a line of code, and the
 * fast and slow parts call each other.
 */
#ifndef RM_EPOCH_H
#define RM_EPOCH_H

#include "impls/support/membarrier.h"
#include "runner/base/clock.h"
#include "runner/map.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#ifndef EPOCH_GUARDED
#define EPOCH_GUARDED false
#endif

enum {
	EPOCH_PAD = 128,       /* two cache lines, since the prefetcher fetches
	                    pairs */
	EPOCH_BAG_ITEMS = 125, /* makes a bag, with its head, 2 KiB */
	EPOCH_BAG_BYTES = 64 << 10,
	EPOCH_POLL =
	        16, /* announcements between two attempts to free objects */
	EPOCH_LIMIT = 256 << 20, /* default of retired_limit_bytes */
	EPOCH_KIND_BITS = 8,
};

/* A retired object: its pointer, its size, and its kind for epoch_free(). */
struct epoch_item {
	void *pointer;
	uint64_t bytes_and_kind; /* bytes << EPOCH_KIND_BITS | kind */
};

struct epoch_bag {
	struct epoch_bag *next;
	uint64_t target; /* free when now > target; UINT64_MAX: never */
	uint64_t bytes;
	size_t count;
	struct epoch_item items[EPOCH_BAG_ITEMS];
};

/* The state of one thread. Other threads read only `seen` and the counters. */
struct epoch_record {
	_Alignas(EPOCH_PAD) _Atomic uint64_t seen;
	struct epoch *epoch;
	void *owner; /* the map, for its operations and epoch_free() */
	bool limbo;  /* true if retired objects are not freed yet */
	bool due;    /* a bag was closed, so settle when the operation ends */
	unsigned
	        pinned; /* not 0: references outlive an operation; never wait */
	unsigned polls; /* announcements since the last poll */
	_Alignas(RM_CACHE_LINE) struct epoch_bag *open; /* never NULL */
	struct epoch_bag *oldest, *newest;              /* closed bags */
	struct epoch_bag *spare; /* an empty bag for reuse */
	/* Written only by this thread and read only for statistics. The first
	   line is counted only in the stats build. `retries` counts failed CAS
	   of the map. */
	_Atomic uint64_t retired, retired_bytes, freed, freed_bytes, retries;
	_Atomic uint64_t waits, wait_ns;
};

struct epoch {
	_Alignas(EPOCH_PAD) _Atomic uint64_t now;
	uint64_t limit_bytes, bag_bytes; /* constants after creation */
	size_t threads;
	bool keep; /* deliberate leak: never free before the end */
	_Alignas(EPOCH_PAD) _Atomic uint64_t ticket;
	/* bytes in closed bags; relaxed: a threshold orders nothing */
	_Atomic uint64_t held_bytes, peak_bytes;
	_Atomic unsigned waiting; /* number of threads that wait above the
	                             limit */
	_Alignas(EPOCH_PAD) pthread_mutex_t lock;
	/* protected by `lock`: bags of threads that left, epoch of the last
	   sweep */
	_Atomic(struct epoch_bag *) orphans;
	uint64_t swept_at;
	struct epoch_record records[];
};

/* Frees one object. Each file that includes this header defines this function,
   with a switch over its own kinds. A function pointer would put an indirect
   call into measured writes. Any joined thread and epoch_destroy() may call it.
   It must not retire. */
static void epoch_free(void *owner, unsigned kind, void *pointer);

/* Ends a park: references may be held from now on. */
RM_HOT void epoch_unpark(struct epoch_record *record)
{
	struct epoch *epoch = record->epoch;

	/* acquire: pairs with A4, case 3a of the proof */
	uint64_t now = atomic_load_explicit(&epoch->now, memory_order_acquire);

	/* release: U2, pairs with A3. In C++20 this store ends the release
	   sequence of P1; in C11 the sequence continues. */
	atomic_store_explicit(&record->seen, now, memory_order_release);
	/* acq_rel: U3 of the proof */
	atomic_fetch_add_explicit(&epoch->ticket, 1, memory_order_acq_rel);
}

/* The slow part: closing bags, advancing the epoch, waiting. The functions from
   here to epoch_settle_slow() run at most once per bag or per EPOCH_POLL
   announcements. Labels such as C1 refer to the proof above. */

/* Frees the objects of a list of bags, and the bags. */
static RM_COLD void epoch_free_bags(
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

/* Adds the bytes of a closed bag to the held bytes and updates the peak. */
static void epoch_add_held(struct epoch *epoch, uint64_t bytes)
{
	/* all relaxed: a threshold and a statistic */
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

/* Returns an empty bag. Writes cannot report that memory ran out, so the
   process ends, and the trial is recorded as failed. */
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

/* Closes the open bag and sets its target. */
static RM_COLD void epoch_close(struct epoch_record *record)
{
	struct epoch *epoch = record->epoch;
	struct epoch_bag *bag = record->open;

	record->open = epoch_new_bag(record);
	/* acq_rel: C1, orders the unlinking before the second advance */
	atomic_fetch_add_explicit(&epoch->ticket, 1, memory_order_acq_rel);
	/* relaxed: C2. C1 excludes a value older than the true one */
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
	epoch_add_held(epoch, bag->bytes);
}

/* Advances the epoch if every thread that is not parked has seen it. */
static void epoch_advance(struct epoch *epoch)
{
	/* acquire: A1, pairs with the previous A4 */
	uint64_t now = atomic_load_explicit(&epoch->now, memory_order_acquire);

	/* acq_rel: A2 */
	atomic_fetch_add_explicit(&epoch->ticket, 1, memory_order_acq_rel);
	if (EPOCH_GUARDED)
		membarrier_run();
	for (size_t i = 0; i < epoch->threads; i++) {
		/* acquire: A3, pairs with Q2 and P1 */
		uint64_t seen = atomic_load_explicit(
		        &epoch->records[i].seen, memory_order_acquire);

		if (seen && seen < now)
			return;
	}
	/* acq_rel: A4, pairs with Q1, U1, A1 and F1. relaxed: if it fails,
	   another thread has advanced, and nothing is read. */
	atomic_compare_exchange_strong_explicit(&epoch->now, &now, now + 1,
	        memory_order_acq_rel, memory_order_relaxed);
}

/* Frees objects retired by threads that left. The caller holds the lock. */
static void epoch_sweep_orphans(struct epoch_record *record, uint64_t now)
{
	struct epoch *epoch = record->epoch;
	/* both relaxed: written under the lock */
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
			epoch_free_bags(record, record->owner, bag);
		else
			kept = bag;
		bag = next;
	}
	epoch->swept_at = now;
	atomic_store_explicit(&epoch->orphans, kept, memory_order_relaxed);
}

/* Frees the objects that may be freed, without waiting. */
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
		epoch_free_bags(record, record->owner, bag);
	}
	/* relaxed: only a hint, the list is read under the lock */
	if (atomic_load_explicit(&epoch->orphans, memory_order_relaxed) &&
	        !pthread_mutex_trylock(&epoch->lock)) {
		epoch_sweep_orphans(record, now);
		pthread_mutex_unlock(&epoch->lock);
	}
	record->limbo = record->oldest || record->open->count;
}

/* The slow part of epoch_quiesce(): occasionally tries to free retired
   objects. */
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

/* Makes this thread's retired objects orphans, which the next sweep frees. The
   thread is parked. */
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
	/* both relaxed: the lock is held */
	record->newest->next =
	        atomic_load_explicit(&epoch->orphans, memory_order_relaxed);
	atomic_store_explicit(
	        &epoch->orphans, record->oldest, memory_order_relaxed);
	epoch->swept_at = 0;
	pthread_mutex_unlock(&epoch->lock);
	record->oldest = record->newest = NULL;
	record->limbo = false;
}

/* The end of epoch_leave(). If all other threads are parked or have left, the
   epoch advances freely and the orphans are freed. The last thread that gets
   the lock sees that all others have left. */
static RM_COLD void epoch_sweep_last(struct epoch_record *record)
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

/* Waits until all objects that this thread retired are freed. The thread holds
   no lock and no reference, and counts as parked. */
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
	if (!EPOCH_GUARDED)
		epoch_unpark(record);
	record->due = false;
	epoch_sweep(record);
	RM_EVENT_SPAN(RM_EVENT_GRACE_WAIT, start_ns, 0);
	rm_stat_own(&record->waits, 1);
	rm_stat_own(&record->wait_ns, rm_now_ns() - start_ns);
}

/* The part of epoch_settle() that runs after a bag was closed. */
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

/*
 * Creates the epochs of one map. Returns NULL if memory runs out. The caller
 * calls epoch_destroy().
 *
 *	threads      records; slots are 0 .. threads - 1
 *	limit_bytes  above this many retired bytes writers wait; 0: 256 MiB
 *	keep         never frees before epoch_destroy()
 */
static struct epoch *epoch_create(
        size_t threads, uint64_t limit_bytes, bool keep)
{
	size_t bytes =
	        sizeof(struct epoch) + threads * sizeof(struct epoch_record);
	struct epoch *epoch = aligned_alloc(EPOCH_PAD, bytes);

	if (!epoch)
		return NULL;
	if (EPOCH_GUARDED)
		membarrier_register();
	*epoch = (struct epoch){ .threads = threads, .keep = keep };
	atomic_init(&epoch->now, 1);
	epoch->limit_bytes = limit_bytes ? limit_bytes : EPOCH_LIMIT;
	/* keeps all open bags together below a quarter of the limit */
	epoch->bag_bytes = epoch->limit_bytes / (4 * threads);
	if (epoch->bag_bytes > EPOCH_BAG_BYTES)
		epoch->bag_bytes = EPOCH_BAG_BYTES;
	pthread_mutex_init(&epoch->lock, NULL);
	for (size_t i = 0; i < threads; i++)
		epoch->records[i] = (struct epoch_record){ .epoch = epoch };
	return epoch;
}

/* Frees all retired objects, then the epochs themselves. No thread may be
   joined. Passes `owner` to epoch_free(). Does nothing if `epoch` is NULL. */
static void epoch_destroy(struct epoch *epoch, void *owner)
{
	if (!epoch)
		return;
	/* relaxed: no other thread is left */
	epoch_free_bags(&epoch->records[0], owner,
	        atomic_load_explicit(&epoch->orphans, memory_order_relaxed));
	for (size_t i = 0; i < epoch->threads; i++) {
		struct epoch_record *record = &epoch->records[i];

		epoch_free_bags(record, owner, record->oldest);
		epoch_free_bags(record, owner, record->open);
		free(record->spare);
	}
	pthread_mutex_destroy(&epoch->lock);
	free(epoch);
}

/* Starts a park. The thread holds no reference until epoch_unpark(), and the
   epoch advances without it. Its retired objects are left to other threads. */
RM_HOT void epoch_park(struct epoch_record *record)
{
	/* release: P1; pairs with A3 */
	atomic_store_explicit(&record->seen, 0, memory_order_release);
	if (record->limbo)
		epoch_hand_over(record);
}

/* Announces that the thread holds no reference. Never blocks. May free objects
   of this thread and of threads that left. */
RM_HOT void epoch_quiesce(struct epoch_record *record)
{
	/* acquire: Q1, pairs with A4. release: Q2, pairs with A3 */
	uint64_t now =
	        atomic_load_explicit(&record->epoch->now, memory_order_acquire);

	atomic_store_explicit(&record->seen, now, memory_order_release);
	if (__builtin_expect(record->limbo, 0))
		epoch_poll(record);
}

/* Registers the calling thread. `owner` is the map. Returns the thread's
   record, or NULL if memory runs out. */
static struct epoch_record *epoch_join(
        struct epoch *epoch, size_t slot, void *owner)
{
	struct epoch_record *record = &epoch->records[slot];

	record->owner = owner;
	if (!record->open)
		record->open = calloc(1, sizeof(*record->open));
	if (!record->open)
		return NULL;
	if (!EPOCH_GUARDED)
		epoch_unpark(record);
	return record;
}

/* Ends the registration of a thread. Its retired objects become orphans. The
   last thread to leave frees everything. */
static void epoch_leave(struct epoch_record *record)
{
	epoch_park(record);
	epoch_sweep_last(record);
}

/*
 * Retires an object that the caller has unlinked: no lookup can find it now.
 * May be called while a lock is held. The caller must call epoch_settle() after
 * it has released all locks.
 *
 *	kind   0 .. 255, for epoch_free()
 *	bytes  size of the freed memory, for the limit and the statistics
 */
RM_HOT void epoch_retire(struct epoch_record *record, unsigned kind,
        void *pointer, uint64_t bytes)
{
	struct epoch_bag *bag = record->open;

	bag->items[bag->count++] =
	        (struct epoch_item){ pointer, bytes << EPOCH_KIND_BITS | kind };
	bag->bytes += bytes;
	RM_STAT_OWN(record->retired, 1);
	RM_STAT_OWN(record->retired_bytes, bytes);
	record->limbo = true;
	if (__builtin_expect(bag->count == EPOCH_BAG_ITEMS ||
	                             bag->bytes >= record->epoch->bag_bytes,
	            0))
		epoch_close(record);
}

/* Ends a write. The caller holds no lock and no reference. Frees what may be
   freed. Above the limit, waits for a grace period and counts the wait. */
RM_HOT void epoch_settle(struct epoch_record *record)
{
	if (__builtin_expect(record->due, 0))
		epoch_settle_slow(record);
}

/* Reports the statistics of the reclamation, as rm_map_ops.stats does. Any
   thread may call it at any time. */
static void epoch_stats(struct epoch *epoch, rm_stat_fn *emit, void *context)
{
	uint64_t sum[7] = { 0 };

	for (size_t i = 0; i < epoch->threads; i++) {
		struct epoch_record *record = &epoch->records[i];
		_Atomic uint64_t *const counters[7] = { &record->retired,
			&record->freed, &record->retired_bytes,
			&record->freed_bytes, &record->waits, &record->wait_ns,
			&record->retries };

		for (int c = 0; c < 7; c++)
			sum[c] += rm_stat_read(counters[c]);
	}
	emit(context, "retired", "1", rm_stat_value(sum[0]));
	emit(context, "freed", "1", rm_stat_value(sum[1]));
	emit(context, "retries", "1", rm_stat_value(sum[6]));
	emit(context, "retired_bytes", "bytes", rm_stat_value(sum[2]));
	emit(context, "freed_bytes", "bytes", rm_stat_value(sum[3]));
	emit(context, "retired_peak_bytes", "bytes",
	        (double)atomic_load_explicit(
	                &epoch->peak_bytes, memory_order_relaxed));
	emit(context, "retired_limit_bytes", "bytes",
	        (double)epoch->limit_bytes);
	emit(context, "grace_waits", "1", (double)sum[4]);
	emit(context, "grace_wait_ns", "ns", (double)sum[5]);
	emit(context, "grace_waiting", "1",
	        (double)atomic_load_explicit(
	                &epoch->waiting, memory_order_relaxed));
	emit(context, "epochs", "1",
	        (double)atomic_load_explicit(
	                &epoch->now, memory_order_relaxed));
}

#endif /* RM_EPOCH_H */
