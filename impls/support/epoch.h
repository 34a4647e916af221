/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoch.h - epoch-based reclamation for threads that announce quiescence.
 *
 * A map unlinks an object, then retires it; it is freed when no thread can
 * hold a reference any more. A lookup pays nothing. Once per batch a thread
 * announces that it holds no reference: one load and one plain store.
 *
 * State.  `now` is the current epoch, from 1 on. Each joined thread owns a
 * record; `seen` is the value of `now` at its last quiescent state, 0 while
 * it is parked. Retired objects wait in bags, one open bag per thread.
 * `ticket` is a counter whose value means nothing: every thread whose actions
 * must be ordered does a read-modify-write of it.
 *
 *   close bag:  C1 rmw ticket;  C2 t = now;         the bag's target is t + 2
 *   quiesce:    Q1 n = now;     Q2 seen = n
 *   unpark:     U1 n = now;     U2 seen = n;        U3 rmw ticket
 *   park:       P1 seen = 0
 *   advance:    A1 n = now;     A2 rmw ticket;      A3 no record has
 *               0 < seen < n;   A4 cas now: n -> n + 1
 *   free:       F1 now > target
 *
 * Loads of `now` and `seen` acquire, stores of them release, and each rmw of
 * ticket does both: so of two of them the later one sees all that happened
 * before the earlier one. C2 alone may be relaxed.
 *
 * Why an object is not freed under a reader.  Let x be unlinked before C1 of
 * its bag, let C2 have read t, and let F1 have read at least t + 3. Call the
 * advance that wrote t + 2 "second", the one that wrote t + 3 "third".
 *
 * 1) The second advance's A2 comes after C1. If it came before, then its A1,
 *    which read t + 1, would happen before C2, and C2 could not read t.
 * 2) So the unlinking of x happens before `now` becomes t + 2, and whoever
 *    reads t + 2 or more afterwards finds x unlinked.
 * 3) Let a reader's record be examined by A3 of the third advance.
 *    a) It read seen >= t + 2, stored by Q2 or U2. The reader's accesses
 *       before that store happen before A3 and hence before F1. Its accesses
 *       after it happen after the unlinking, by 2, and cannot find x.
 *    b) It read 0. What the reader did before it parked happens before F1.
 *       If it has unparked since, its U3 comes after the third A2, or else A3
 *       would have read U2. A2 comes after the unlinking (C1, second A2,
 *       second A4, third A1, third A2), hence so does what follows U3.
 *    c) It read something else: A3 refuses, there is no third advance.
 * 4) A bag that changes hands does so under a mutex, after C1.
 *
 * To summarise: 1) the epoch moves when every thread that is not parked has
 * seen it, 2) what is retired in epoch t is out of reach for whoever has seen
 * t + 2, 3) so it is free at t + 3. No fence is needed: the ordering comes
 * from the read-modify-writes of one counter that lookups never touch.
 * A thread that neither announces nor parks stops the epoch: memory then grows
 * up to a limit, above which writers wait. This is the one way to block.
 *
 * Cost.  A thread with something retired reads `seen` of all T threads, and
 * adds to the one `ticket`, when it closes a bag and at each 16th announcement.
 * Each `seen` is in a line of its own that its thread writes: with T threads
 * that write that is T misses a look. A record takes 4 lines, a bag 2 KiB.
 *
 * One file, though a long one: each step of the proof above is a line of it,
 * and fast and slow side call each other.
 */
#ifndef RM_EPOCH_H
#define RM_EPOCH_H

#include "runner/base/clock.h"
#include "runner/map.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	EPOCH_PAD = 128,       /* two lines: the prefetcher fetches pairs */
	EPOCH_BAG_ITEMS = 125, /* with its head a bag has 2 KiB */
	EPOCH_BAG_BYTES = 64 << 10,
	EPOCH_POLL = 16, /* announcements between two looks at the limbo */
	EPOCH_LIMIT = 256 << 20, /* default of retired_limit_bytes */
	EPOCH_KIND_BITS = 8,
};

/* One retired object: pointer, size and how epoch_free() frees it. */
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

/* One thread. Only `seen` and the counters are read by others. */
struct epoch_record {
	_Alignas(EPOCH_PAD) _Atomic uint64_t seen;
	struct epoch *epoch;
	void *owner;     /* the map, for its operations and epoch_free() */
	bool limbo;      /* something is retired and not yet freed */
	bool due;        /* a bag was closed: settle at the operation's end */
	unsigned pinned; /* references outlive an operation: do not wait */
	unsigned polls;  /* announcements since the last look */
	_Alignas(RM_CACHE_LINE) struct epoch_bag *open; /* never NULL */
	struct epoch_bag *oldest, *newest;              /* closed bags */
	struct epoch_bag *spare;                        /* an empty one */
	/* one writer, this thread; read by statistics only. The first line:
	   in the stats build; retries are the map's own, failed CAS */
	_Atomic uint64_t retired, retired_bytes, freed, freed_bytes, retries;
	_Atomic uint64_t waits, wait_ns;
};

struct epoch {
	_Alignas(EPOCH_PAD) _Atomic uint64_t now;
	uint64_t limit_bytes, bag_bytes; /* constants after creation */
	size_t threads;
	bool keep; /* never free before the end: a leak, on purpose */
	_Alignas(EPOCH_PAD) _Atomic uint64_t ticket;
	/* in closed bags; relaxed: a threshold, orders nothing */
	_Atomic uint64_t held_bytes, peak_bytes;
	_Atomic unsigned waiting; /* threads above the limit, now */
	_Alignas(EPOCH_PAD) pthread_mutex_t lock;
	_Atomic(struct epoch_bag *) orphans; /* of threads that left; lock */
	uint64_t swept_at;                   /* epoch of the last look; lock */
	struct epoch_record records[];
};

/*
 * Frees one object. Each file that includes this header defines it, with a
 * switch over its own kinds: a pointer to a function would be an indirect
 * call on the way of a measured write. Called by any joined thread, and by
 * epoch_destroy(). It must not retire.
 */
static void epoch_free(void *owner, unsigned kind, void *pointer);

/* Ends a park: from here on references may be held. */
RM_HOT void epoch_unpark(struct epoch_record *record)
{
	struct epoch *epoch = record->epoch;

	/* acquire: pairs with A4, case 3a of the proof */
	uint64_t now = atomic_load_explicit(&epoch->now, memory_order_acquire);

	/* release: U2, pairs with A3: in C++20 the release sequence of P1 ends
	   here, in C11 it went on */
	atomic_store_explicit(&record->seen, now, memory_order_release);
	/* acq_rel: U3 of the proof */
	atomic_fetch_add_explicit(&epoch->ticket, 1, memory_order_acq_rel);
}

/*
 * The slow side: bags, advancing, waiting. Nothing from here to
 * epoch_settle_slow() runs more often than once per bag or per EPOCH_POLL
 * announcements; the letters are the proof's.
 */

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

/*
 * Creates the reclamation of one map.
 *
 * threads      records; slots are 0 .. threads - 1
 * limit_bytes  above this many retired bytes writers wait; 0: 256 MiB
 * keep         never frees before epoch_destroy()
 *
 * Returns NULL when memory ran out. The caller destroys it.
 */
static struct epoch *epoch_create(
        size_t threads, uint64_t limit_bytes, bool keep)
{
	size_t bytes =
	        sizeof(struct epoch) + threads * sizeof(struct epoch_record);
	struct epoch *epoch = aligned_alloc(EPOCH_PAD, bytes);

	if (!epoch)
		return NULL;
	*epoch = (struct epoch){ .threads = threads, .keep = keep };
	atomic_init(&epoch->now, 1);
	epoch->limit_bytes = limit_bytes ? limit_bytes : EPOCH_LIMIT;
	/* all open bags together stay below a quarter of the limit */
	epoch->bag_bytes = epoch->limit_bytes / (4 * threads);
	if (epoch->bag_bytes > EPOCH_BAG_BYTES)
		epoch->bag_bytes = EPOCH_BAG_BYTES;
	pthread_mutex_init(&epoch->lock, NULL);
	for (size_t i = 0; i < threads; i++)
		epoch->records[i] = (struct epoch_record){ .epoch = epoch };
	return epoch;
}

/* Frees all that is retired, then the reclamation itself. No thread is
   joined. `owner` is passed to epoch_free(). NULL is allowed. */
static void epoch_destroy(struct epoch *epoch, void *owner)
{
	if (!epoch)
		return;
	/* relaxed: nobody else is left */
	epoch_empty(&epoch->records[0], owner,
	        atomic_load_explicit(&epoch->orphans, memory_order_relaxed));
	for (size_t i = 0; i < epoch->threads; i++) {
		struct epoch_record *record = &epoch->records[i];

		epoch_empty(record, owner, record->oldest);
		epoch_empty(record, owner, record->open);
		free(record->spare);
	}
	pthread_mutex_destroy(&epoch->lock);
	free(epoch);
}

/* Starts a park: no reference is held until epoch_unpark(), the epoch moves
   on without this thread. What it has retired is handed over. */
RM_HOT void epoch_park(struct epoch_record *record)
{
	/* release: P1; pairs with A3 */
	atomic_store_explicit(&record->seen, 0, memory_order_release);
	if (record->limbo)
		epoch_hand_over(record);
}

/* Announces a quiescent state: no reference is held. Never blocks; may free
   what this thread and threads that left have retired. */
RM_HOT void epoch_quiesce(struct epoch_record *record)
{
	/* acquire: Q1, pairs with A4. release: Q2, pairs with A3 */
	uint64_t now =
	        atomic_load_explicit(&record->epoch->now, memory_order_acquire);

	atomic_store_explicit(&record->seen, now, memory_order_release);
	if (__builtin_expect(record->limbo, 0))
		epoch_poll(record);
}

/* Makes the calling thread known. `owner` is the map. Returns the thread's
   record, or NULL when memory ran out. */
static struct epoch_record *epoch_join(
        struct epoch *epoch, size_t slot, void *owner)
{
	struct epoch_record *record = &epoch->records[slot];

	record->owner = owner;
	if (!record->open)
		record->open = calloc(1, sizeof(*record->open));
	if (!record->open)
		return NULL;
	epoch_unpark(record);
	return record;
}

/* The thread holds nothing any more; its limbo is handed over. The last one
   that leaves frees everything. */
static void epoch_leave(struct epoch_record *record)
{
	epoch_park(record);
	epoch_last_call(record);
}

/*
 * Retires an object that is unlinked already: from now on no lookup can find
 * it, and it is the caller who unlinked it. May be called under a lock; the
 * caller calls epoch_settle() after it released all of them.
 *
 * kind   0 .. 255, for epoch_free()
 * bytes  what freeing it will give back, for the limit and the statistics
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

/*
 * Ends a write: no lock is held and no reference. Frees what is free; above
 * the limit it waits for a grace period, and counts that.
 */
RM_HOT void epoch_settle(struct epoch_record *record)
{
	if (__builtin_expect(record->due, 0))
		epoch_settle_slow(record);
}

/* rm_map_ops.stats of the reclamation; any thread, also while others run. */
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
