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
 *    a) It read seen >= t + 2. What the reader did before that announcement
 *       happens before A3 and hence before F1. What it does after it happens
 *       after the unlinking, by 2, and cannot find x.
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
 */
#ifndef RM_EPOCH_H
#define RM_EPOCH_H

#include "runner/map.h"

#include <pthread.h>
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

	/* relaxed: published by the next line */
	atomic_store_explicit(&record->seen, now, memory_order_relaxed);
	/* acq_rel: U3 of the proof */
	atomic_fetch_add_explicit(&epoch->ticket, 1, memory_order_acq_rel);
}

#include "impls/support/epoch_limbo.h"

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

#include "impls/support/epoch_stats.h"

#endif /* RM_EPOCH_H */
