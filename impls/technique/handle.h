/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle.h - copies a map variable while another thread assigns it: the loop
 * `handle`.
 *
 * A Go map variable is one pointer to the header. `b = a` copies that word: two
 * variables, one map. Here thread 0 writes to key 0 of the original map and
 * then assigns: a = another map, a = the original. The other map is alternately
 * a larger one in the middle of its growth and a new one that has no buckets
 * yet. The other threads repeatedly copy a header through a and compare it with
 * the headers of the three maps. These differ in buckets, logarithms and
 * counts, and one map has old buckets. If it is the header of the original map,
 * the thread writes a unique number to its own key through this copy b, and
 * then checks whether the original map has the number. If so, b was not a copy.
 * No write inserts a key, so nothing grows and races have defined results.
 *
 * To make threads overlap in every run, the others begin when thread 0 has
 * begun, copy until they have seen the original once, and sleep after each
 * hundred copies. In one of 999 turns thread 0 sleeps while a is another map,
 * until some thread has copied that map once.
 *
 * This is a template. The includer selects a guard and defines HANDLE_FORM:
 *
 *	HANDLE_WORD	a is one word, and b a copy of it, as in Go
 *	HANDLE_HEADER	a variable is the header itself, assigned and copied
 *			word by word, as the article claims. One assignment in
 *			999 sleeps between two words until another thread has
 *			seen a torn copy, for at most a second
 *	HANDLE_CLONE	b is a clone, copied entry by entry under the read lock;
 *			a is assigned under the write lock
 *
 * The map `snapshot` is another form: a clone that is published and then
 * immutable.
 */
#ifndef RM_TECHNIQUE_HANDLE_H
#define RM_TECHNIQUE_HANDLE_H

#include "impls/gomap/gomap_ops.h"
#include "impls/technique/technique.h"

#include <inttypes.h>

enum {
	HANDLE_KEYS = 100,
	HANDLE_TURN = 999, /* odd, so that both other maps are used */
	HANDLE_REST = 100,
	HANDLE_WAITS = 10000
};
/* Values of HANDLE_FORM. */
#define HANDLE_WORD   0
#define HANDLE_HEADER 1
#define HANDLE_CLONE  2
/* The maps that are assigned to a. */
enum { HANDLE_ORIGINAL, HANDLE_GROWING, HANDLE_FRESH, HANDLE_MAPS };

static_assert(sizeof(struct gomap *) == sizeof(uint64_t),
        "a map variable is one word: an aligned one does not tear");

/* The members of a header, as words. */
enum { HANDLE_BUCKETS, HANDLE_OLD, HANDLE_LOG2, HANDLE_COUNT, HANDLE_MEMBERS };

struct handle_header {
	uint64_t member[HANDLE_MEMBERS];
};

struct handle;

struct handle_thread {
	_Alignas(2 * RM_CACHE_LINE) struct handle *handle;
	struct rm_key key;    /* key that only this thread writes */
	bool writes;          /* true if this thread writes through a */
	uint64_t assignments; /* assignments made so far */
	/* written by this thread only */
	_Atomic uint64_t copies, others, seen, torn, nil;
};

struct handle {
	_Alignas(2 * RM_CACHE_LINE) struct guard guard;
	/* The variable: a word or, with HANDLE_HEADER, a whole header. */
	struct gomap *_Atomic a;
	_Atomic uint64_t words[HANDLE_MEMBERS];
	atomic_bool assigned; /* true once thread 0 has begun the loop */
	atomic_bool torn;     /* true once a thread has seen a torn copy */
	atomic_bool other;    /* true once a thread has copied another map */
	/* the members below are constant */
	_Alignas(2 * RM_CACHE_LINE) uint64_t keys;
	uint64_t seed;
	size_t threads;
	struct gomap *maps[HANDLE_MAPS];
	struct handle_header headers[HANDLE_MAPS]; /* constant */
	struct handle_thread *thread;
};

/* Returns the value of a key in a map. */
RM_HOT uint64_t handle_number(const struct gomap *map, struct rm_key key)
{
	struct rm_value value = { { 0 } };

	gomap_lookup(map, RM_U64X8, key, &value);
	return value.word[0];
}

RM_HOT void handle_write(struct gomap *map, struct rm_key key, uint64_t number)
{
	const struct rm_value value = { { number } };

	gomap_exchange(map, RM_U64X8, key, &value, NULL);
}

RM_HOT struct handle_header handle_header_of(const struct gomap *map)
{
	return (struct handle_header){ {
		(uintptr_t)gomap_get(map->buckets),
		(uintptr_t)gomap_get(map->oldbuckets),
		gomap_get(map->log2_buckets),
		gomap_count(map),
	} };
}

/* Waits until a flag is set, for at most a second. */
static void handle_wait_for(const atomic_bool *flag)
{
	/* relaxed: a hint */
	for (unsigned i = 0; i < HANDLE_WAITS &&
	                     !atomic_load_explicit(flag, memory_order_relaxed);
	        i++)
		technique_sleep();
}

/* Sleeps in the middle of an assignment, so that other threads see it half
   done. */
static void handle_sleep_torn(struct handle *handle)
{
	technique_sleep();
	if (handle->threads > 1)
		handle_wait_for(&handle->torn);
}

/* Assigns a map to `a`. */
static void handle_assign(struct handle_thread *self, unsigned which)
{
	struct handle *handle = self->handle;
	const bool gives_way = ++self->assignments % HANDLE_TURN == 1;

	guard_write(&handle->guard);
	/* all relaxed: the maps are older than the threads */
	if (HANDLE_FORM != HANDLE_HEADER)
		atomic_store_explicit(
		        &handle->a, handle->maps[which], memory_order_relaxed);
	for (unsigned i = 0; HANDLE_FORM == HANDLE_HEADER && i < HANDLE_MEMBERS;
	        i++) {
		if (gives_way && i == HANDLE_MEMBERS / 2)
			handle_sleep_torn(handle);
		atomic_store_explicit(&handle->words[i],
		        handle->headers[which].member[i], memory_order_relaxed);
	}
	guard_write_end(&handle->guard);
}

/* Reads the header through `a`. The caller holds the guard. */
RM_HOT struct handle_header handle_read(struct handle *handle)
{
	struct handle_header header;

	/* all relaxed: the maps are older than the threads */
	if (HANDLE_FORM != HANDLE_HEADER)
		return handle_header_of(
		        atomic_load_explicit(&handle->a, memory_order_relaxed));
	for (unsigned i = 0; i < HANDLE_MEMBERS; i++)
		header.member[i] = atomic_load_explicit(
		        &handle->words[i], memory_order_relaxed);
	return header;
}

/* Returns the map of a header, or HANDLE_MAPS if it is torn: some words are
   from before an assignment and some from after it. */
static unsigned handle_find_map(
        const struct handle *handle, const struct handle_header *header)
{
	unsigned which = 0;

	while (which < HANDLE_MAPS &&
	        memcmp(&handle->headers[which], header, sizeof(*header)))
		which++;
	return which;
}

/* Clones the original map. The caller holds the guard. */
static struct gomap *handle_clone(struct handle *handle)
{
	struct gomap *b = gomap_create(handle->keys, RM_U64X8, handle->seed);
	struct gomap_iterator it;
	struct rm_key key;
	struct rm_value value;

	if (!b)
		gomap_no_memory();
	gomap_iterate_begin(handle->maps[HANDLE_ORIGINAL], &it);
	while (gomap_iterate_next(&it, RM_U64X8, &key, &value))
		gomap_exchange(b, RM_U64X8, key, &value, NULL);
	gomap_iterate_end(&it);
	return b;
}

/* Writes through b and reads through the original. */
static void handle_write_through(
        struct handle_thread *self, struct gomap *b, uint64_t number)
{
	struct handle *handle = self->handle;

	handle_write(b, self->key, number);
	guard_read(&handle->guard, handle);
	uint64_t found =
	        handle_number(handle->maps[HANDLE_ORIGINAL], self->key);

	guard_read_end(&handle->guard, handle);
	rm_stat_own(&self->seen, found == number);
}

/* Makes one copy and returns the map that it is a copy of. */
static unsigned handle_reader(struct handle_thread *self, uint64_t number)
{
	struct handle *handle = self->handle;
	struct gomap *b = handle->maps[HANDLE_ORIGINAL];

	guard_read(&handle->guard, handle);
	const struct handle_header header = handle_read(handle);
	const unsigned which = handle_find_map(handle, &header);

	if (HANDLE_FORM == HANDLE_CLONE && which == HANDLE_ORIGINAL)
		b = handle_clone(handle);
	guard_read_end(&handle->guard, handle);
	rm_stat_own(&self->copies, 1);
	rm_stat_own(&self->others,
	        which == HANDLE_GROWING || which == HANDLE_FRESH);
	rm_stat_own(&self->torn, which == HANDLE_MAPS);
	/* the article's example of a torn copy */
	rm_stat_own(&self->nil, which == HANDLE_MAPS &&
	                                !header.member[HANDLE_BUCKETS] &&
	                                header.member[HANDLE_LOG2]);
	if (which == HANDLE_ORIGINAL)
		handle_write_through(self, b, number);
	if (b != handle->maps[HANDLE_ORIGINAL])
		gomap_destroy(b);
	if (which == HANDLE_MAPS) /* relaxed: a hint */
		atomic_store_explicit(
		        &handle->torn, true, memory_order_relaxed);
	if (which == HANDLE_GROWING || which == HANDLE_FRESH)
		/* relaxed: a hint */
		atomic_store_explicit(
		        &handle->other, true, memory_order_relaxed);
	if (number % HANDLE_REST == 0)
		technique_sleep();
	return which;
}

/* Waits for thread 0, then for a copy of the original. */
static void handle_begin(struct handle_thread *self)
{
	handle_wait_for(&self->handle->assigned);
	for (unsigned i = 0; i < HANDLE_WAITS &&
	                     handle_reader(self, UINT64_MAX) != HANDLE_ORIGINAL;
	        i++)
		technique_sleep();
}

static void handle_writer(struct handle_thread *self, uint64_t number)
{
	struct handle *handle = self->handle;

	/* relaxed: a hint */
	atomic_store_explicit(&handle->assigned, true, memory_order_relaxed);
	guard_write(&handle->guard);
	handle_write(handle->maps[HANDLE_ORIGINAL], self->key, number);
	guard_write_end(&handle->guard);
	handle_assign(self, number % 2 ? HANDLE_GROWING : HANDLE_FRESH);
	if (number % HANDLE_TURN == HANDLE_TURN / 2)
		technique_sleep();
	if (number == HANDLE_TURN / 2 && handle->threads > 1)
		handle_wait_for(&handle->other);
	handle_assign(self, HANDLE_ORIGINAL);
}

static void handle_loop(struct rm_worker *worker)
{
	struct handle_thread *self = worker->thread;

	if (!self->writes)
		handle_begin(self);
	while (technique_turn(worker)) {
		/* a single thread alternates between both roles; the number is
		   never 0, the initial value */
		uint64_t number = worker->counts.iterations;

		if (self->writes && (worker->threads > 1 || number % 2))
			handle_writer(self, number);
		else
			handle_reader(self, number);
	}
}

static void handle_destroy(void *opaque)
{
	struct handle *handle = opaque;

	for (unsigned i = 0; i < HANDLE_MAPS; i++)
		gomap_destroy(handle->maps[i]);
	guard_destroy(&handle->guard);
	free(handle->thread);
	free(handle);
}

/* Creates the three maps. The headers of the maps differ in every member,
   except that only one has old buckets. */
static bool handle_fill(struct handle *handle)
{
	struct gomap **maps = handle->maps;

	for (unsigned i = 0; i < HANDLE_MAPS; i++) {
		maps[i] = gomap_create(i == HANDLE_ORIGINAL ? handle->keys : 0,
		        RM_U64X8, handle->seed);
		if (!maps[i])
			return false;
		gomap_tolerate_conflicts(maps[i]);
	}
	for (uint64_t i = 0; i < handle->keys; i++)
		handle_write(
		        maps[HANDLE_ORIGINAL], (struct rm_key){ .word = i }, 0);
	for (uint64_t i = 0; i <= handle->keys ||
	                     !gomap_get(maps[HANDLE_GROWING]->oldbuckets);
	        i++)
		handle_write(
		        maps[HANDLE_GROWING], (struct rm_key){ .word = i }, 0);
	for (unsigned i = 0; i < HANDLE_MAPS; i++)
		handle->headers[i] = handle_header_of(maps[i]);
	return true;
}

static void *handle_create(const struct rm_sizing *sizing)
{
	struct handle *handle = technique_new(sizeof(*handle));
	struct handle_thread first = { .handle = handle, .assignments = 1 };

	if (!handle)
		return NULL;
	handle->keys = technique_arg(sizing, 0, HANDLE_KEYS);
	if (handle->keys < sizing->threads)
		handle->keys = sizing->threads; /* one per thread */
	handle->threads = sizing->threads;
	handle->seed = sizing->seed;
	handle->thread =
	        technique_new(sizing->threads * sizeof(*handle->thread));
	if (!guard_create(&handle->guard, sizing->threads) || !handle->thread ||
	        !handle_fill(handle)) {
		handle_destroy(handle);
		return NULL;
	}
	handle_assign(&first, HANDLE_ORIGINAL);
	return handle;
}

static void *handle_join(void *opaque, size_t slot)
{
	struct handle *handle = opaque;
	struct handle_thread *self = &handle->thread[slot];

	self->handle = handle;
	self->key = (struct rm_key){ .word = slot };
	self->writes = slot == 0;
	return self;
}

struct handle_sums {
	uint64_t copies, others, seen, torn, nil;
};

static struct handle_sums handle_add_up(struct handle *handle)
{
	struct handle_sums sums = { 0 };

	for (size_t i = 0; i < handle->threads; i++) {
		sums.copies += rm_stat_read(&handle->thread[i].copies);
		sums.others += rm_stat_read(&handle->thread[i].others);
		sums.seen += rm_stat_read(&handle->thread[i].seen);
		sums.torn += rm_stat_read(&handle->thread[i].torn);
		sums.nil += rm_stat_read(&handle->thread[i].nil);
	}
	return sums;
}

static void handle_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	const struct handle_sums sums = handle_add_up(opaque);

	emit(context, "copies", "1", (double)sums.copies);
	emit(context, "copies_of_other_maps", "1", (double)sums.others);
	emit(context, "writes_seen_through_original", "1", (double)sums.seen);
	emit(context, "torn_headers", "1", (double)sums.torn);
	emit(context, "torn_nil_buckets", "1", (double)sums.nil);
	emit(context, "words_of_variable", "1",
	        HANDLE_FORM == HANDLE_HEADER ? HANDLE_MEMBERS : 1);
}

static bool handle_check(void *opaque, char *why, size_t size)
{
	const struct handle_sums sums = handle_add_up(opaque);

	if (sums.torn)
		snprintf(why, size,
		        "torn headers: %" PRIu64 " of %" PRIu64
		        " copies were of no map",
		        sums.torn, sums.copies);
	else if (sums.seen)
		snprintf(why, size,
		        "two variables, one map: %" PRIu64 " of %" PRIu64
		        " writes through a copy were seen through the original",
		        sums.seen, sums.copies);
	return !sums.seen && !sums.torn;
}

TECHNIQUE_TABLES(handle, handle_destroy, handle_join, "handle", handle_loop)

#endif /* RM_TECHNIQUE_HANDLE_H */
