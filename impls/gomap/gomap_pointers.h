/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_pointers.h - one Go map of pointers to records, under an RWMutex.
 *
 * Updating a field needs only the read lock: it finds the record and exchanges
 * the field in place, without allocating. Only inserts and removals take the
 * write lock. So the map's values never move. A record consists of one word for
 * the caller and a link.
 *
 * This is a template: the includer defines RECORDS_POOLED. If it is 1, records
 * come from a pool and return to it under the write lock of inserts and
 * removals. The pool allocates 64 records at a time and frees them with the
 * map. If it is 0, each record is allocated separately.
 */
#ifndef RM_GOMAP_POINTERS_H
#define RM_GOMAP_POINTERS_H

#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_ops.h"
#include "impls/support/guard_go_rw.h"
#include "impls/support/no_handle.h"
#include "runner/driver.h"

enum { RECORDS_AT_ONCE = 64 };

struct record {
	_Atomic uint64_t field;
	struct record *next; /* next free record in the pool */
};

struct record_chunk {
	struct record_chunk *next;
	struct record records[RECORDS_AT_ONCE];
};

struct map {
	_Alignas(2 * RM_CACHE_LINE) struct guard guard;
	struct gomap *inner; /* maps a key to its record; protected by guard */
	struct record *pool; /* protected by guard, like `chunks` */
	struct record_chunk *chunks;
};

RM_HOT struct record *record_at(uint64_t word)
{
	return (struct record *)(uintptr_t)word;
}

/* Adds 64 records to the pool. The caller holds the write lock. */
static RM_COLD void record_pool_fill(struct map *map)
{
	struct record_chunk *chunk = malloc(sizeof(*chunk));

	if (!chunk)
		gomap_no_memory();
	chunk->next = map->chunks;
	map->chunks = chunk;
	for (unsigned i = 0; i < RECORDS_AT_ONCE; i++) {
		chunk->records[i].next = map->pool;
		map->pool = &chunk->records[i];
	}
}

RM_HOT struct record *record_new(struct map *map, uint64_t field)
{
	struct record *record;

	if (RECORDS_POOLED == 1) {
		if (__builtin_expect(!map->pool, 0))
			record_pool_fill(map);
		record = map->pool;
		map->pool = record->next;
	} else {
		record = malloc(sizeof(*record));
		if (!record)
			gomap_no_memory();
	}
	atomic_init(&record->field, field);
	return record;
}

/* Frees a record whose key was removed under the write lock, so that no other
   thread can reach it. */
RM_HOT void record_drop(struct map *map, struct record *record)
{
	if (RECORDS_POOLED == 1) {
		record->next = map->pool;
		map->pool = record;
	} else {
		free(record);
	}
}

static void destroy(void *opaque)
{
	struct map *map = opaque;
	struct gomap_iterator it;
	struct rm_key key;
	struct rm_value value;

	if (map->inner) {
		gomap_iterate_begin(map->inner, &it);
		while (RECORDS_POOLED == 0 &&
		        gomap_iterate_next(
		                &it, map->inner->extra->shape, &key, &value))
			free(record_at(value.word[0]));
		gomap_iterate_end(&it);
	}
	while (map->chunks) {
		struct record_chunk *next = map->chunks->next;

		free(map->chunks);
		map->chunks = next;
	}
	gomap_destroy(map->inner);
	guard_destroy(&map->guard);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = aligned_alloc(2 * RM_CACHE_LINE, sizeof(*map));

	if (!map)
		return NULL;
	memset(map, 0, sizeof(*map));
	map->inner = gomap_create(sizing->presize ? sizing->keys : 0,
	        sizing->shape, sizing->seed);
	if (guard_create(&map->guard, sizing->threads) && map->inner)
		return map;
	destroy(map);
	return NULL;
}

/* Returns the key's record or NULL. The caller holds the read or write lock. */
RM_HOT struct record *record_of(
        struct map *map, struct rm_shape shape, struct rm_key key)
{
	const _Atomic uint64_t *words = gomap_find(map->inner, shape, key);

	return words ? record_at(gomap_get(*words)) : NULL;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = thread;

	guard_read(&map->guard, map);
	struct record *record = record_of(map, shape, key);
	const bool was_there = record != NULL;

	/* seq_cst: pairs with the exchange below; nothing else orders threads
	   that hold the read lock. */
	if (was_there)
		value->word[0] = atomic_load_explicit(
		        &record->field, memory_order_seq_cst);
	guard_read_end(&map->guard, map);
	return was_there;
}

/* Inserts a key under the write lock, unless another thread has inserted it in
   the meantime. */
static __attribute__((noinline)) bool insert(struct map *map,
        struct rm_shape shape, struct rm_key key, uint64_t field, uint64_t *old)
{
	bool was_there;

	guard_write(&map->guard);
	_Atomic uint64_t *words =
	        gomap_assign(map->inner, shape, key, &was_there);

	if (!words)
		gomap_no_memory();
	if (was_there) /* seq_cst: see exchange() */
		*old = atomic_exchange_explicit(
		        &record_at(gomap_get(*words))->field, field,
		        memory_order_seq_cst);
	else
		gomap_set(*words, (uintptr_t)record_new(map, field));
	guard_write_end(&map->guard);
	return was_there;
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	uint64_t replaced;

	guard_read(&map->guard, map);
	struct record *record = record_of(map, shape, key);
	bool was_there = record != NULL;

	/* seq_cst: updates of fields have one total order, although several
	   threads hold the read lock together */
	if (was_there)
		replaced = atomic_exchange_explicit(
		        &record->field, value->word[0], memory_order_seq_cst);
	guard_read_end(&map->guard, map);
	if (__builtin_expect(!was_there, 0))
		was_there = insert(map, shape, key, value->word[0], &replaced);
	if (old && was_there)
		old->word[0] = replaced;
	return was_there;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	struct rm_value word;

	guard_write(&map->guard);
	const bool was_there = gomap_remove(map->inner, shape, key, &word);

	if (was_there) {
		struct record *record = record_at(word.word[0]);

		/* relaxed: ordered by the write lock */
		if (old)
			old->word[0] = gomap_get(record->field);
		record_drop(map, record);
	}
	guard_write_end(&map->guard);
	return was_there;
}

/* Holds the read lock, so fields may change during the scan, but keys may
   not. */
static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = thread;
	struct gomap_iterator it;
	struct rm_key key;
	struct rm_value value;

	guard_read(&map->guard, map);
	gomap_iterate_begin(map->inner, &it);
	while (gomap_iterate_next(&it, shape, &key, &value)) {
		/* seq_cst: pairs with the exchange in exchange() */
		value.word[0] = atomic_load_explicit(
		        &record_at(value.word[0])->field, memory_order_seq_cst);
		if (!fn(context, key, &value))
			break;
	}
	gomap_iterate_end(&it);
	guard_read_end(&map->guard, map);
}

static size_t length(void *thread)
{
	struct map *map = thread;

	guard_read(&map->guard, map);
	const size_t count = gomap_count(map->inner);

	guard_read_end(&map->guard, map);
	return count;
}

static void stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct map *map = opaque;
	struct gomap_stats sum = { 0 };

	guard_write(&map->guard);
	gomap_stats_add(map->inner, &sum);
	guard_write_end(&map->guard);
	gomap_stats_emit(&sum, emit, context);
}

static bool check(void *opaque, char *why, size_t size)
{
	struct map *map = opaque;
	struct gomap_iterator it;
	struct rm_key key;
	struct rm_value value;
	bool complete = true;

	if (!gomap_check_report(map->inner, why, size))
		return false;
	gomap_iterate_begin(map->inner, &it);
	while (gomap_iterate_next(&it, map->inner->extra->shape, &key, &value))
		complete &= value.word[0] != 0;
	gomap_iterate_end(&it);
	if (!complete)
		snprintf(why, size, "a key has no record");
	return complete;
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
	.length = length,
	.scan = scan,
	.stats = stats,
	.check = check,
};

/* A field is one word, so only shapes with values of 8 bytes are supported. */
enum { POINTERS_SHAPES = 1 << 0 | 1 << 2 };
RM_DRIVE(ops, u64x8, RM_U64X8)
RM_DRIVE(ops, str16x8, RM_STR16X8)
#define POINTERS_DRIVES                                \
	{                                              \
		drive_u64x8, NULL, drive_str16x8, NULL \
	}

/* Members of struct rm_impl that these maps share. */
#define POINTERS_MAP                                                          \
	.family = "lock", .sync = "go-rwmutex",                               \
	.source = "Go map before 1.24, sync.RWMutex; field updates of "       \
	          "article S0, 3.1",                                          \
	.system = "M16", .shapes = POINTERS_SHAPES,                           \
	.guarantees = "once-if-present", .progress = "blocking", .ops = &ops, \
	.drive = POINTERS_DRIVES

#endif /* RM_GOMAP_POINTERS_H */
