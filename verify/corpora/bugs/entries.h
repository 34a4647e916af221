/* SPDX-License-Identifier: Apache-2.0 */
/* entries.h - tables whose entries are written in place: each has a header with
 * a sequence, a live bit and a busy bit. Writers of a bucket exclude each
 * other. Lookups read an entry without a lock, and read it again if its header
 * has changed. Entries stay until destroy, and a new key reuses a dead entry of
 * its bucket. So no memory is reclaimed, and only the memory order can be
 * wrong. A file may define the number of sequence bits and the memory orders
 * before it includes this. */
#ifndef RM_BUG_ENTRIES_H
#define RM_BUG_ENTRIES_H

#include "verify/corpora/bugs/bug.h"

#ifndef SEQUENCE_BITS
#define SEQUENCE_BITS 62
#endif
/* release: readers that see a word also see the busy bit stored before it */
#ifndef WORD_STORE
#define WORD_STORE memory_order_release
#endif
/* acquire: no word is read after the second read of the header */
#ifndef WORD_LOAD
#define WORD_LOAD memory_order_acquire
#endif
/* release, acquire: readers that see the end of a write see its words */
#ifndef END_STORE
#define END_STORE memory_order_release
#endif
#ifndef BEGIN_LOAD
#define BEGIN_LOAD memory_order_acquire
#endif

enum { BUSY = 1, LIVE = 2, SEQUENCE_AT = 2 };

struct entry {
	_Atomic uint64_t header; /* sequence, LIVE, BUSY */
	_Atomic uint64_t key;
	_Atomic uint64_t word[3];
	_Atomic(struct entry *) next; /* set once */
};

struct bucket {
	pthread_mutex_t lock; /* held by writers */
	_Atomic(struct entry *) first;
};

struct entries {
	size_t mask;
	struct bucket buckets[];
};

enum found { OTHER, FOUND, CHANGED };

RM_HOT struct bucket *bucket_of(void *thread, struct rm_key key)
{
	struct entries *map = thread;

	return map->buckets + (hash_of(key) & map->mask);
}

RM_HOT struct entry *next_of(_Atomic(struct entry *) *link)
{
	/* acquire: pairs with the release in append() */
	return atomic_load_explicit(link, memory_order_acquire);
}

/* Reads an entry once. CHANGED: a write was concurrent, so the caller must
 * retry. */
RM_HOT enum found read_entry(struct entry *entry, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct rm_value read = { { 0 } };
	/* pairs with END_STORE in write_entry() */
	const uint64_t header =
	        atomic_load_explicit(&entry->header, BEGIN_LOAD);
	/* both pair with WORD_STORE in write_entry() */
	const uint64_t word = atomic_load_explicit(&entry->key, WORD_LOAD);

	for (unsigned i = 0; i < shape.value_bytes / 8; i++)
		read.word[i] = atomic_load_explicit(&entry->word[i], WORD_LOAD);
	/* relaxed: earlier accesses were loads with WORD_LOAD */
	if (header & BUSY || atomic_load_explicit(&entry->header,
	                             memory_order_relaxed) != header)
		return CHANGED;
	if (!(header & LIVE) || word != key.word)
		return OTHER;
	memcpy(value, &read, shape.value_bytes);
	return FOUND;
}

RM_HOT bool entries_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct entry *entry = next_of(&bucket_of(thread, key)->first);

	while (entry) {
		switch (read_entry(entry, shape, key, value)) {
		case FOUND:
			return true;
		case OTHER:
			entry = next_of(&entry->next);
			break;
		case CHANGED:
			sched_yield();
		}
	}
	return false;
}

/* The following functions are called under the bucket's lock. Their relaxed
 * loads read only data that lock holders write. */

static inline bool is_live(struct entry *entry)
{
	return atomic_load_explicit(&entry->header, memory_order_relaxed) &
	       LIVE;
}

/* Returns the key's entry. If the key has no entry, returns a dead entry or
 * NULL. */
static inline struct entry *find(struct bucket *bucket, struct rm_key key)
{
	struct entry *dead = NULL;

	for (struct entry *entry = next_of(&bucket->first); entry;
	        entry = next_of(&entry->next)) {
		if (!is_live(entry))
			dead = entry;
		else if (atomic_load_explicit(
		                 &entry->key, memory_order_relaxed) == key.word)
			return entry;
	}
	return dead;
}

/* If `value` is NULL, the entry becomes dead. */
static inline void write_entry(struct entry *entry, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	const uint64_t most = ((uint64_t)1 << SEQUENCE_BITS) - 1;
	const uint64_t header =
	        atomic_load_explicit(&entry->header, memory_order_relaxed);
	const uint64_t sequence = ((header >> SEQUENCE_AT) + 1) & most;

	/* relaxed: the words are stored with WORD_STORE after it */
	atomic_store_explicit(
	        &entry->header, header | BUSY, memory_order_relaxed);
	/* both pair with WORD_LOAD in read_entry() */
	atomic_store_explicit(&entry->key, key.word, WORD_STORE);
	for (unsigned i = 0; value && i < shape.value_bytes / 8; i++)
		atomic_store_explicit(
		        &entry->word[i], value->word[i], WORD_STORE);
	/* pairs with BEGIN_LOAD in read_entry() */
	atomic_store_explicit(&entry->header,
	        sequence << SEQUENCE_AT | (value ? LIVE : 0), END_STORE);
}

static inline void read_old(
        struct entry *entry, struct rm_shape shape, struct rm_value *old)
{
	for (unsigned i = 0; old && i < shape.value_bytes / 8; i++)
		old->word[i] = atomic_load_explicit(
		        &entry->word[i], memory_order_relaxed);
}

static inline struct entry *append(struct bucket *bucket)
{
	struct entry *entry = bug_alloc(sizeof(*entry));
	_Atomic(struct entry *) *link = &bucket->first;

	for (struct entry *last; (last = next_of(link)); link = &last->next)
		;
	/* release: pairs with the acquire in next_of() */
	atomic_store_explicit(link, entry, memory_order_release);
	return entry;
}

/* Operations of writers, which lock the bucket. */

static inline bool entries_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct bucket *bucket = bucket_of(thread, key);

	pthread_mutex_lock(&bucket->lock);
	struct entry *entry = find(bucket, key);
	const bool was_there = entry && is_live(entry);

	if (was_there)
		read_old(entry, shape, old);
	write_entry(entry ? entry : append(bucket), shape, key, value);
	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static inline bool entries_take(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct bucket *bucket = bucket_of(thread, key);

	pthread_mutex_lock(&bucket->lock);
	struct entry *entry = find(bucket, key);
	const bool was_there = entry && is_live(entry);

	if (was_there) {
		read_old(entry, shape, old);
		write_entry(entry, shape, key, NULL);
	}
	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static inline bool entries_insert(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct bucket *bucket = bucket_of(thread, key);

	pthread_mutex_lock(&bucket->lock);
	struct entry *entry = find(bucket, key);
	const bool was_there = entry && is_live(entry);

	if (was_there)
		read_old(entry, shape, present);
	else
		write_entry(entry ? entry : append(bucket), shape, key, value);
	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static inline void *entries_create(const struct rm_sizing *sizing)
{
	size_t buckets = 64;

	while (buckets < sizing->keys)
		buckets *= 2;
	struct entries *map =
	        bug_alloc(sizeof(*map) + buckets * sizeof(map->buckets[0]));

	map->mask = buckets - 1;
	for (size_t i = 0; i < buckets; i++)
		pthread_mutex_init(&map->buckets[i].lock, NULL);
	return map;
}

static inline void entries_destroy(void *opaque)
{
	struct entries *map = opaque;

	for (size_t i = 0; i <= map->mask; i++) {
		struct entry *entry = next_of(&map->buckets[i].first);

		for (struct entry *next; entry; entry = next) {
			next = next_of(&entry->next);
			free(entry);
		}
		pthread_mutex_destroy(&map->buckets[i].lock);
	}
	free(map);
}

#define BUG_SYNC     "sequence per entry, mutex for writes"
#define BUG_CREATE   entries_create
#define BUG_DESTROY  entries_destroy
#define BUG_EXCHANGE entries_exchange
#define BUG_TAKE     entries_take

#endif /* RM_BUG_ENTRIES_H */
