/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle.h - copying a map variable while it is assigned: the loop `handle`.
 *
 * A Go map variable is one pointer to the header. `b = a` copies that word: two
 * variables, one map. Here thread 0 adds to key 0 of the original map, and then
 * assigns: a = another map, a = the original; in turn a larger map in the
 * middle of its growth, and a fresh one that has no buckets yet. The others
 * copy a header through a, over and over, and compare it with the three that
 * there are: their buckets, logarithms and counts differ, and one of them has old
 * buckets. Where it is the original's, they make b of it, write a number of their own to their
 * own key through b, and look whether the original has it: then b was no copy.
 * No key is ever new, so that nothing grows and a race has defined results.
 *
 * So that they meet in every run, the others begin when thread 0 has, copy until
 * they have had the original once, and rest after each hundred copies; and
 * thread 0 rests in one turn of 999 while a is another map, until one of them
 * has copied that once.
 *
 * A template. The includer chooses a guard and defines HANDLE_FORM:
 *
 *	HANDLE_WORD	b is the assigned word, and so is a: what Go has
 *	HANDLE_HEADER	a variable is the header itself, assigned and copied
 *			word by word, as the article says. One assignment in
 *			999 gives way to others between two words, until one
 *			of them has seen a torn copy, a second at most
 *	HANDLE_CLONE	b is a clone, made entry by entry under the read lock;
 *			a is assigned under the write lock
 *
 * Another form, a clone that is published and never written, is the map
 * `snapshot`.
 */
#ifndef RM_SUPPORT_HANDLE_H
#define RM_SUPPORT_HANDLE_H

#include "impls/gomap/gomap_ops.h"
#include "impls/technique/technique.h"

#include <inttypes.h>

enum {
	HANDLE_KEYS = 100,
	HANDLE_TURN = 999, /* odd: each map gets its turn */
	HANDLE_REST = 100,
	HANDLE_WAITS = 10000
};
/* HANDLE_FORM */
#define HANDLE_WORD   0
#define HANDLE_HEADER 1
#define HANDLE_CLONE  2
/* The maps that a is assigned. */
enum { HANDLE_ORIGINAL, HANDLE_GROWING, HANDLE_FRESH, HANDLE_MAPS };

static_assert(sizeof(struct gomap *) == sizeof(uint64_t),
        "a map variable is one word: an aligned one does not tear");

/* What a header says of its map, as words. */
enum { HANDLE_BUCKETS, HANDLE_OLD, HANDLE_LOG2, HANDLE_COUNT, HANDLE_MEMBERS };

struct handle_header {
	uint64_t member[HANDLE_MEMBERS];
};

struct handle;

struct handle_thread {
	_Alignas(2 * RM_CACHE_LINE) struct handle *handle;
	struct rm_key key;    /* this thread's own */
	bool writes;          /* through a */
	uint64_t assignments; /* that it has made */
	_Atomic uint64_t copies, others, seen, torn, nil; /* one writer */
};

struct handle {
	_Alignas(2 * RM_CACHE_LINE) struct guard guard;
	/* The variable: a word, or of HANDLE_HEADER all of its header. */
	struct gomap *_Atomic a;
	_Atomic uint64_t words[HANDLE_MEMBERS];
	atomic_bool assigned; /* by thread 0, in the loop */
	atomic_bool torn;     /* somebody has seen it */
	atomic_bool other;    /* somebody has copied another map */
	_Alignas(2 * RM_CACHE_LINE) uint64_t keys; /* constants from here on */
	uint64_t seed;
	size_t threads;
	struct gomap *maps[HANDLE_MAPS];
	struct handle_header headers[HANDLE_MAPS]; /* none ever changes */
	struct handle_thread *thread;
};

/* The number at a key. */
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

/* Until a flag is set, for a second at most. */
static void handle_await(const atomic_bool *flag)
{
	/* relaxed: a hint */
	for (unsigned i = 0; i < HANDLE_WAITS &&
	                     !atomic_load_explicit(flag, memory_order_relaxed);
	        i++)
		technique_give_way();
}

/* In the middle of an assignment: others shall see it. */
static void handle_rest(struct handle *handle)
{
	technique_give_way();
	if (handle->threads > 1)
		handle_await(&handle->torn);
}

/* a = a map. */
static void handle_assign(struct handle_thread *self, unsigned which)
{
	struct handle *handle = self->handle;
	const bool gives_way = ++self->assignments % HANDLE_TURN == 1;

	guard_write(&handle->guard);
	/* relaxed, all: the maps are older than the threads */
	if (HANDLE_FORM != HANDLE_HEADER)
		atomic_store_explicit(
		        &handle->a, handle->maps[which], memory_order_relaxed);
	for (unsigned i = 0; HANDLE_FORM == HANDLE_HEADER && i < HANDLE_MEMBERS;
	        i++) {
		if (gives_way && i == HANDLE_MEMBERS / 2)
			handle_rest(handle);
		atomic_store_explicit(&handle->words[i],
		        handle->headers[which].member[i], memory_order_relaxed);
	}
	guard_write_end(&handle->guard);
}

/* What is found through a; under the guard. */
RM_HOT struct handle_header handle_read(struct handle *handle)
{
	struct handle_header header;

	/* relaxed, all: the maps are older than the threads */
	if (HANDLE_FORM != HANDLE_HEADER)
		return handle_header_of(
		        atomic_load_explicit(&handle->a, memory_order_relaxed));
	for (unsigned i = 0; i < HANDLE_MEMBERS; i++)
		header.member[i] = atomic_load_explicit(
		        &handle->words[i], memory_order_relaxed);
	return header;
}

/* Whose header it is; HANDLE_MAPS: of no map, some of its words are of before
   an assignment and some of after it. */
static unsigned handle_whose(
        const struct handle *handle, const struct handle_header *header)
{
	unsigned which = 0;

	while (which < HANDLE_MAPS &&
	        memcmp(&handle->headers[which], header, sizeof(*header)))
		which++;
	return which;
}

/* A map of its own with the original's entries. Under the guard. */
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

/* Writes through b, looks through the original. */
static void handle_share(
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

/* One copy; returns whose it is. */
static unsigned handle_reader(struct handle_thread *self, uint64_t number)
{
	struct handle *handle = self->handle;
	struct gomap *b = handle->maps[HANDLE_ORIGINAL];

	guard_read(&handle->guard, handle);
	const struct handle_header header = handle_read(handle);
	const unsigned which = handle_whose(handle, &header);

	if (HANDLE_FORM == HANDLE_CLONE && which == HANDLE_ORIGINAL)
		b = handle_clone(handle);
	guard_read_end(&handle->guard, handle);
	rm_stat_own(&self->copies, 1);
	rm_stat_own(&self->others,
	        which == HANDLE_GROWING || which == HANDLE_FRESH);
	rm_stat_own(&self->torn, which == HANDLE_MAPS);
	/* the article's example */
	rm_stat_own(&self->nil, which == HANDLE_MAPS &&
	                                !header.member[HANDLE_BUCKETS] &&
	                                header.member[HANDLE_LOG2]);
	if (which == HANDLE_ORIGINAL)
		handle_share(self, b, number);
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
		technique_give_way();
	return which;
}

/* Begins with thread 0, and with a copy of the original. */
static void handle_begin(struct handle_thread *self)
{
	handle_await(&self->handle->assigned);
	for (unsigned i = 0; i < HANDLE_WAITS &&
	                     handle_reader(self, UINT64_MAX) != HANDLE_ORIGINAL;
	        i++)
		technique_give_way();
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
		technique_give_way();
	if (number == HANDLE_TURN / 2 && handle->threads > 1)
		handle_await(&handle->other);
	handle_assign(self, HANDLE_ORIGINAL);
}

static void handle_loop(struct rm_worker *worker)
{
	struct handle_thread *self = worker->thread;

	if (!self->writes)
		handle_begin(self);
	while (technique_turn(worker)) {
		/* with one thread, in turn; never 0, which a begins with */
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

/* The three maps, of which no two headers have a member in common, but that
   only one is growing. */
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
		handle->keys = sizing->threads; /* each has its own */
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

static const struct rm_map_ops handle_ops = {
	.create = handle_create,
	.destroy = handle_destroy,
	.join = handle_join,
	.leave = nothing,
	.quiesce = nothing,
	.stats = handle_stats,
	.check = handle_check,
};

static const struct rm_own_loop handle_loops[] = {
	{ "handle", handle_loop },
	{ NULL, NULL },
};

#endif /* RM_SUPPORT_HANDLE_H */
