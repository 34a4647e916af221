/* SPDX-License-Identifier: Apache-2.0 */
/* records.h - tables of slots ("places") that refer to records. A write makes a
 * new record, stores it in the place, and immediately returns the old one to
 * the free list. The next write of any key reuses it. So a lookup must check
 * after reading that the place still refers to the same use of the same record.
 * Records and places are kept until destroy. Each file implements lookup(). */
#ifndef RM_BUG_RECORDS_H
#define RM_BUG_RECORDS_H

#include "verify/corpora/bugs/bug.h"

enum { BUCKETS = 1024 };

struct record {
	/* number of times that the record was taken from the free list */
	_Atomic uint64_t uses;
	_Atomic uint64_t key, word;
	struct record *next; /* next in the list of free records */
	struct record *made; /* list of all records */
};

struct place {
	_Atomic(struct record *) record; /* NULL: free */
	_Atomic(struct place *) next;    /* set once */
};

struct bucket {
	pthread_mutex_t lock; /* held by writers */
	_Atomic(struct place *) first;
};

struct records {
	pthread_mutex_t lock; /* protects the two lists */
	struct record *free, *all;
	struct bucket buckets[BUCKETS];
};

/* The data that a lookup has read from a place. */
struct place_read {
	struct record *record;
	uint64_t key, word;
	/* true if the place now refers to another record or another use */
	bool moved;
};

RM_HOT struct bucket *bucket_of(void *thread, struct rm_key key)
{
	struct records *map = thread;

	return map->buckets + hash_of(key) % BUCKETS;
}

RM_HOT struct place *next_of(_Atomic(struct place *) *link)
{
	/* acquire: pairs with the release in claim() */
	return atomic_load_explicit(link, memory_order_acquire);
}

RM_HOT struct place_read read_place(struct place *place)
{
	/* acquire throughout: the reads keep this order, and reads of a record
	 * pair with the releases in new_record() */
	struct place_read place_read = { .record = atomic_load_explicit(
		                                 &place->record,
		                                 memory_order_acquire) };

	if (!place_read.record)
		return place_read;
	const uint64_t uses = atomic_load_explicit(
	        &place_read.record->uses, memory_order_acquire);

	place_read.moved = atomic_load_explicit(&place->record,
	                           memory_order_acquire) != place_read.record;
	place_read.key = atomic_load_explicit(
	        &place_read.record->key, memory_order_acquire);
	place_read.word = atomic_load_explicit(
	        &place_read.record->word, memory_order_acquire);
	/* relaxed: after acquires; a reused record is detected here */
	place_read.moved |= atomic_load_explicit(&place_read.record->uses,
	                            memory_order_relaxed) != uses;
	return place_read;
}

static inline struct record *new_record(
        struct records *map, struct rm_key key, uint64_t word)
{
	pthread_mutex_lock(&map->lock);
	struct record *record = map->free;

	if (record) {
		map->free = record->next;
	} else {
		record = bug_alloc(sizeof(*record));
		record->made = map->all;
		map->all = record;
	}
	pthread_mutex_unlock(&map->lock);
	/* release: pairs with the acquire in read_place(). A lookup that sees
	 * this use reads its place again and sees that the last use is over. */
	atomic_fetch_add_explicit(&record->uses, 1, memory_order_release);
	/* both release: pair with the acquires in read_place() */
	atomic_store_explicit(&record->key, key.word, memory_order_release);
	atomic_store_explicit(&record->word, word, memory_order_release);
	return record;
}

static inline void free_record(struct records *map, struct record *record)
{
	pthread_mutex_lock(&map->lock);
	record->next = map->free;
	map->free = record;
	pthread_mutex_unlock(&map->lock);
}

/* Returns the key's place, or a free one. Call under the bucket's lock, which
 * protects the data of the relaxed loads. */
static inline struct place *claim(struct bucket *bucket, struct rm_key key)
{
	struct place *empty = NULL, *place;
	_Atomic(struct place *) *link = &bucket->first;

	for (; (place = next_of(link)); link = &place->next) {
		struct record *record = atomic_load_explicit(
		        &place->record, memory_order_relaxed);

		if (!record)
			empty = place;
		else if (atomic_load_explicit(&record->key,
		                 memory_order_relaxed) == key.word)
			return place;
	}
	if (empty)
		return empty;
	place = bug_alloc(sizeof(*place));
	/* release: pairs with the acquire in next_of() */
	atomic_store_explicit(link, place, memory_order_release);
	return place;
}

/* Stores `record` (or NULL) in the place; frees the old record. */
static inline bool set_record(struct records *map, struct place *place,
        struct record *record, struct rm_value *old)
{
	/* acq_rel: the release pairs with the acquire in read_place() */
	struct record *last = atomic_exchange_explicit(
	        &place->record, record, memory_order_acq_rel);

	if (!last)
		return false;
	/* relaxed: the record belongs to this thread until it is freed */
	store_result(
	        old, atomic_load_explicit(&last->word, memory_order_relaxed));
	free_record(map, last);
	return true;
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct bucket *bucket = bucket_of(thread, key);

	(void)shape;
	pthread_mutex_lock(&bucket->lock);
	const bool was_there = set_record(thread, claim(bucket, key),
	        new_record(thread, key, value->word[0]), old);

	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct bucket *bucket = bucket_of(thread, key);

	(void)shape;
	pthread_mutex_lock(&bucket->lock);
	const bool was_there =
	        set_record(thread, claim(bucket, key), NULL, old);

	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static void *create(const struct rm_sizing *sizing)
{
	struct records *map = bug_alloc(sizeof(*map));

	(void)sizing;
	pthread_mutex_init(&map->lock, NULL);
	for (size_t i = 0; i < BUCKETS; i++)
		pthread_mutex_init(&map->buckets[i].lock, NULL);
	return map;
}

static void destroy(void *opaque)
{
	struct records *map = opaque;

	for (size_t i = 0; i < BUCKETS; i++) {
		struct place *place = next_of(&map->buckets[i].first);

		for (struct place *next; place; place = next) {
			next = next_of(&place->next);
			free(place);
		}
		pthread_mutex_destroy(&map->buckets[i].lock);
	}
	for (struct record *record = map->all, *made; record; record = made) {
		made = record->made;
		free(record);
	}
	pthread_mutex_destroy(&map->lock);
	free(map);
}

#define BUG_SYNC "records checked after reading, mutex for writes"

#endif /* RM_BUG_RECORDS_H */
