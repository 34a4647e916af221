/* SPDX-License-Identifier: Apache-2.0 */
/* combiner_passes_by.c - a chained table on which one thread at a time works
 * for all (idea: flat combining, Hendler, Incze, Shavit and Tzafrir 2010). A
 * thread stores its request in its own record. The thread that gets the lock
 * executes the requests of all records.
 *
 * Bug: a thread tries the lock only once, after it has stored its request. If
 * the lock is held, it waits until its request is done. But the holder may
 * already have passed that record, and then releases the lock. The thread then
 * waits until another one combines, or forever. Corrected version: the waiting
 * thread tries the lock each time it checks its request. Lookups write to their
 * record, and to all records whose requests they execute. */
#ifndef ID
#define ID combiner_passes_by
#endif
#include "impls/support/spin.h"
#include "verify/corpora/broken/chain.h"

enum wish { LOOKUP, EXCHANGE, TAKE, COMPARE_SWAP, COMPARE_REMOVE, LENGTH };

/* A thread's handle with its request. The flag `asked` transfers the other
 * members: the thread writes them while it is false, the combiner while it is
 * true. */
struct record {
	_Alignas(128) _Atomic bool asked;
	struct map *map;
	enum wish wish;
	struct rm_shape shape;
	struct rm_key key;
	const struct rm_value *value, *expected;
	struct rm_value *old;
	bool yes;     /* result of all operations except LENGTH */
	size_t count; /* result of LENGTH */
};

struct map {
	_Atomic bool locked;
	struct chain chain; /* protected by the lock */
	size_t count;       /* number of keys; under the lock */
	size_t threads;
	struct record *record;
};

static void destroy(void *opaque)
{
	struct map *map = opaque;

	chain_end(&map->chain);
	free(map->record);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	atomic_init(&map->locked, false);
	map->threads = sizing->threads;
	map->record = aligned_alloc(128, map->threads * sizeof(*map->record));
	for (size_t i = 0; map->record && i < map->threads; i++) {
		memset(&map->record[i], 0, sizeof(map->record[i]));
		atomic_init(&map->record[i].asked, false);
		map->record[i].map = map;
	}
	if (chain_init(&map->chain, sizing->keys, sizing->seed) && map->record)
		return map;
	destroy(map);
	return NULL;
}

static void *join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	/* after all accesses of the last thread in this slot */
	atomic_exchange(&map->record[slot].asked, false);
	return &map->record[slot];
}

static void leave(void *thread)
{
	struct record *record = thread;

	atomic_store(&record->asked, false);
}

/* A request ends before its operation returns, so nothing is left to do. */
static void quiesce(void *thread)
{
	(void)thread;
}

/* Executes the request of a record. The caller holds the lock. */
static void serve(struct map *map, struct record *record)
{
	struct node **link = record->wish == LENGTH
	                             ? NULL
	                             : chain_spot(&map->chain, record->key);
	struct node *node = link ? *link : NULL;

	record->yes = node && (!record->expected ||
	                              broken_same(record->shape, &node->value,
	                                      record->expected));
	if (record->yes)
		broken_copy(record->shape, record->old, &node->value);
	if (record->wish == LENGTH) {
		record->count = map->count;
	} else if (record->wish == EXCHANGE && !node) {
		*link = chain_node(record->shape, record->key, record->value);
		map->count++;
	} else if (record->yes && record->value) {
		broken_copy(record->shape, &node->value, record->value);
	} else if (record->yes && record->wish != LOOKUP) {
		chain_drop(link);
		map->count--;
	}
}

/* If the lock is free: executes the requests of all records, including this
 * thread's. */
static void try_combine(struct map *map)
{
	if (atomic_load(&map->locked) || atomic_exchange(&map->locked, true))
		return;
	for (size_t i = 0; i < map->threads; i++) {
		struct record *record = &map->record[i];

		if (!atomic_load(&record->asked))
			continue;
		serve(map, record);
		atomic_store(&record->asked, false);
	}
	atomic_store(&map->locked, false);
}

/* Stores a request and waits for its result. */
static bool ask(void *thread, enum wish wish, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value, struct rm_value *old)
{
	struct record *record = thread;
	unsigned looks = 0;

	record->wish = wish;
	record->shape = shape;
	record->key = key;
	record->expected = expected;
	record->value = value;
	record->old = old;
	atomic_store(&record->asked, true);
	try_combine(record->map);
	while (atomic_load(&record->asked)) {
		spin_wait(&looks);
		if (RIGHT)
			try_combine(record->map);
	}
	return record->yes;
}

static inline bool lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	return ask(thread, LOOKUP, shape, key, NULL, NULL, value);
}

static inline bool exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	return ask(thread, EXCHANGE, shape, key, NULL, value, old);
}

static inline bool upsert(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	return ask(thread, EXCHANGE, shape, key, NULL, value, NULL);
}

static inline bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	return ask(thread, TAKE, shape, key, NULL, NULL, old);
}

static inline bool remove_key(
        void *thread, struct rm_shape shape, struct rm_key key)
{
	return ask(thread, TAKE, shape, key, NULL, NULL, NULL);
}

static inline bool compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	return ask(thread, COMPARE_SWAP, shape, key, expected, value, NULL);
}

static inline bool compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	return ask(thread, COMPARE_REMOVE, shape, key, expected, NULL, NULL);
}

static inline size_t length(void *thread)
{
	const struct record *record = thread;

	ask(thread, LENGTH, RM_U64X8, (struct rm_key){ .word = 0 }, NULL, NULL,
	        NULL);
	return record->count;
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = leave,
	.lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = quiesce,
	.exchange = exchange,
	.take = take,
	.compare_swap = compare_swap,
	.compare_remove = compare_remove,
	.length = length,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("lock", "flat-combining", "point-in-time", "blocking"),
};
