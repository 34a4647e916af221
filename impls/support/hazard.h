/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hazard.h - hazard pointers (Michael, 2004).
 *
 * A reader "names" an object: it writes the object's address into its slot and
 * checks that the object is still linked. Only then does it read the object. A
 * thread that has unlinked an object keeps it in a list. When that list is
 * full, the thread reads all slots and frees the objects that no slot names. So
 * a stopped reader retains only the objects that its slots name. The lists
 * bound the unfreed memory: each has at most HAZARD_SLACK + 2 x the slots of
 * all threads. Writers never wait for readers.
 *
 * Cost. A snapshot reads the slots of all T threads, once per at least 64 + 3 T
 * retired objects. A list has 64 + 6 T items of 16 bytes: all lists together
 * take 97 MB with 1,000 threads.
 *
 *	name:	N1 rmw slot = address;	N2 load the link again: unchanged?
 *	free:	F1 unlink (long ago);	F2 rmw slot, of each slot
 *
 * Why no fence is needed. Every change of a slot is a read-modify-write that
 * acquires and releases, and so is F2 of the freeing thread, which adds 0. So
 * of N1 and F2 the later one in the slot's order sees all that happened before
 * the earlier one. F2 after N1: it sees the name or a later one; in the latter
 * case all reads under the name have happened. F2 before N1: N2 sees the
 * unlinking, and the reader retries. A slot may be copied to a higher one of
 * the same thread without a check, since slots are read in ascending order.
 */
#ifndef RM_HAZARD_H
#define RM_HAZARD_H

#include "runner/map.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	HAZARD_PAD = 128,  /* two cache lines, since the prefetcher fetches
	                     pairs */
	HAZARD_SLOTS = 3,  /* per thread */
	HAZARD_SLACK = 64, /* capacity of a list, in addition to twice the
	                      number of slots */
};

/* An object that is retired, but may still be named. */
struct hazard_item {
	void *pointer;
	uint64_t bytes;
};

/* The state of one thread. Other threads use only its slots and counters. */
struct hazard_record {
	_Alignas(HAZARD_PAD) _Atomic uintptr_t slot[HAZARD_SLOTS];
	_Alignas(RM_CACHE_LINE) struct hazard *hazard;
	void *owner;               /* the map, for hazard_free() */
	struct hazard_item *items; /* capacity is hazard->threshold */
	size_t count;
	unsigned pins; /* used by the map: number of nested scans */
	bool due;      /* used by the map: other memory waits to be freed */
	/* written by this thread only, in the stats build only */
	_Atomic uint64_t retired, retired_bytes, freed, freed_bytes, retries;
	_Atomic uint64_t scans; /* counted once per full list, in all builds */
};

struct hazard {
	size_t threads, threshold; /* constants after creation */
	_Alignas(HAZARD_PAD) pthread_mutex_t lock;
	struct hazard_item *orphans; /* items of threads that left; protected by
	                                `lock` */
	size_t orphan_count;
	struct hazard_record records[];
};

/* Frees one object. Each file that includes this header defines this function.
   Any joined thread and hazard_destroy() may call it. */
static void hazard_free(void *owner, void *pointer);

/* An open-addressing hash set of the names in all slots, for one snapshot. */
struct hazard_names {
	uintptr_t *table;
	size_t mask;
};

static inline void *hazard_new(size_t count, size_t bytes)
{
	void *memory = calloc(count, bytes);

	if (!memory)
		abort(); /* a write cannot report an error */
	return memory;
}

/* Returns the index of a name or, if it is absent, of the free place for it. */
static inline size_t hazard_index(
        const struct hazard_names *names, uintptr_t name)
{
	size_t i = (name >> 4) * 0x9e3779b97f4a7c15U >> 20 & names->mask;

	while (names->table[i] && names->table[i] != name)
		i = (i + 1) & names->mask;
	return i;
}

static inline bool hazard_is_named(
        const struct hazard_names *names, const void *pointer)
{
	return names->table[hazard_index(names, (uintptr_t)pointer)] != 0;
}

/* Reads all slots: F2. The caller frees the table. */
static inline struct hazard_names hazard_snapshot(struct hazard *hazard)
{
	struct hazard_names names = { .mask = 1 };

	while (names.mask < 2 * hazard->threads * HAZARD_SLOTS)
		names.mask = names.mask * 2 + 1;
	names.table = hazard_new(names.mask + 1, sizeof(*names.table));
	for (size_t i = 0; i < hazard->threads; i++)
		for (int s = 0; s < HAZARD_SLOTS; s++) {
			/* acq_rel: F2, pairs with N1 */
			uintptr_t name = atomic_fetch_add_explicit(
			        &hazard->records[i].slot[s], 0,
			        memory_order_acq_rel);

			if (name)
				names.table[hazard_index(&names, name)] = name;
		}
	return names;
}

/* Frees the items that no slot names. Returns the number of items left. */
static inline size_t hazard_free_unnamed(struct hazard_record *record,
        const struct hazard_names *names, struct hazard_item *items,
        size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (hazard_is_named(names, items[i].pointer)) {
			items[kept++] = items[i];
			continue;
		}
		hazard_free(record->owner, items[i].pointer);
		RM_STAT_OWN(record->freed, 1);
		RM_STAT_OWN(record->freed_bytes, items[i].bytes);
	}
	return kept;
}

/* Takes a snapshot and frees this thread's unnamed objects and, if it gets the
   lock, those of threads that left. */
static RM_COLD void hazard_scan(struct hazard_record *record)
{
	struct hazard *hazard = record->hazard;
	const uint64_t start_ns = RM_EVENT_CLOCK();
	const bool has_lock = !pthread_mutex_trylock(&hazard->lock);
	struct hazard_names names = hazard_snapshot(hazard);

	rm_stat_own(&record->scans, 1);
	record->count = hazard_free_unnamed(
	        record, &names, record->items, record->count);
	if (has_lock) {
		hazard->orphan_count = hazard_free_unnamed(
		        record, &names, hazard->orphans, hazard->orphan_count);
		pthread_mutex_unlock(&hazard->lock);
	}
	free(names.table);
	RM_EVENT_SPAN(RM_EVENT_RECLAIM, start_ns, record->count);
}

/* Names an object: N1. The caller then checks that the object is still linked
   (N2). Naming 0 removes the name. */
RM_HOT void hazard_name(struct hazard_record *record, int slot, uintptr_t name)
{
	/* acq_rel: N1, pairs with F2 */
	atomic_exchange_explicit(
	        &record->slot[slot], name, memory_order_acq_rel);
}

/* Returns the name in this thread's slot. */
RM_HOT uintptr_t hazard_current_name(struct hazard_record *record, int slot)
{
	/* relaxed: only this thread changes its slots */
	return atomic_load_explicit(&record->slot[slot], memory_order_relaxed);
}

/* Clears the thread's first `slots` slots. */
RM_HOT void hazard_quiesce(struct hazard_record *record, int slots)
{
	for (int s = 0; s < slots; s++)
		if (hazard_current_name(record, s))
			hazard_name(record, s, 0);
}

/* Retires an object that this thread has unlinked. Frees other objects when the
   list is full. Never waits. */
RM_HOT void hazard_retire(
        struct hazard_record *record, void *pointer, uint64_t bytes)
{
	record->items[record->count++] = (struct hazard_item){ pointer, bytes };
	RM_STAT_OWN(record->retired, 1);
	RM_STAT_OWN(record->retired_bytes, bytes);
	if (__builtin_expect(record->count == record->hazard->threshold, 0))
		hazard_scan(record);
}

/* Returns NULL if memory runs out. Threads are numbered 0 .. threads - 1. */
static inline struct hazard *hazard_create(size_t threads)
{
	struct hazard *hazard = aligned_alloc(HAZARD_PAD,
	        sizeof(*hazard) + threads * sizeof(hazard->records[0]));

	if (!hazard)
		return NULL;
	*hazard = (struct hazard){ .threads = threads,
		.threshold = 2 * threads * HAZARD_SLOTS + HAZARD_SLACK };
	pthread_mutex_init(&hazard->lock, NULL);
	for (size_t i = 0; i < threads; i++)
		hazard->records[i] = (struct hazard_record){ .hazard = hazard };
	return hazard;
}

/* Frees all retired objects. Call it only when no thread is registered. */
static inline void hazard_destroy(struct hazard *hazard, void *owner)
{
	for (size_t i = 0; i < hazard->orphan_count; i++)
		hazard_free(owner, hazard->orphans[i].pointer);
	for (size_t i = 0; i < hazard->threads; i++)
		free(hazard->records[i].items);
	free(hazard->orphans);
	pthread_mutex_destroy(&hazard->lock);
	free(hazard);
}

/* Registers the calling thread. Returns NULL if memory runs out. */
static inline struct hazard_record *hazard_join(
        struct hazard *hazard, size_t slot, void *owner)
{
	struct hazard_record *record = &hazard->records[slot];

	record->owner = owner;
	if (!record->items)
		record->items =
		        calloc(hazard->threshold, sizeof(*record->items));
	return record->items ? record : NULL;
}

/* Makes this thread's objects orphans if other threads still name them. A later
   snapshot frees them. The caller holds the lock. */
static inline void hazard_hand_over(struct hazard_record *record)
{
	struct hazard *hazard = record->hazard;
	size_t count = hazard->orphan_count + record->count;
	struct hazard_item *orphans =
	        realloc(hazard->orphans, count * sizeof(*orphans));

	if (!orphans)
		abort();
	hazard->orphans = orphans;
	for (size_t i = 0; i < record->count; i++)
		orphans[hazard->orphan_count++] = record->items[i];
	record->count = 0;
}

/* Ends the registration of a thread. The last thread to leave frees
   everything. */
static inline void hazard_leave(struct hazard_record *record)
{
	struct hazard *hazard = record->hazard;

	hazard_quiesce(record, HAZARD_SLOTS);
	pthread_mutex_lock(&hazard->lock);
	if (record->count)
		hazard_hand_over(record);
	struct hazard_names names = hazard_snapshot(hazard);

	hazard->orphan_count = hazard_free_unnamed(
	        record, &names, hazard->orphans, hazard->orphan_count);
	pthread_mutex_unlock(&hazard->lock);
	free(names.table);
}

/* Reports the statistics of the reclamation, as rm_map_ops.stats does. Any
   thread may call it at any time. */
static inline void hazard_stats(
        struct hazard *hazard, rm_stat_fn *emit, void *context)
{
	uint64_t sum[6] = { 0 };

	for (size_t i = 0; i < hazard->threads; i++) {
		struct hazard_record *record = &hazard->records[i];
		_Atomic uint64_t *const counters[6] = { &record->retired,
			&record->freed, &record->retired_bytes,
			&record->freed_bytes, &record->retries,
			&record->scans };

		for (int c = 0; c < 6; c++)
			sum[c] += rm_stat_read(counters[c]);
	}
	emit(context, "retired", "1", rm_stat_value(sum[0]));
	emit(context, "freed", "1", rm_stat_value(sum[1]));
	emit(context, "retries", "1", rm_stat_value(sum[4]));
	emit(context, "retired_bytes", "bytes", rm_stat_value(sum[2]));
	emit(context, "freed_bytes", "bytes", rm_stat_value(sum[3]));
	emit(context, "hazard_scans", "1", (double)sum[5]);
	emit(context, "hazard_list", "1", (double)hazard->threshold);
}

#endif /* RM_HAZARD_H */
