/* SPDX-License-Identifier: Apache-2.0 */
/* copies_on_write.c - a chained table that never changes once it is published.
 * A write copies it under a mutex, with its change, and publishes the copy.
 *
 * Readers do not lock: a reader stores the table's address in its handle,
 * checks that this table is still the published one, and reads. A writer frees
 * replaced tables that are in no handle, so at most one per thread remains.
 * Lookups write only to their thread's own cache line. */
#define ID copies_on_write
#include "impls/support/no_handle.h"
#include "verify/corpora/broken/chain.h"

struct table {
	struct table *next; /* next in the limbo list; under the mutex */
	struct chain chain;
	size_t count;
};

/* A thread's handle. */
struct reader {
	_Alignas(128) _Atomic(struct table *) at; /* NULL: not reading */
	struct map *map;
};

struct map {
	_Atomic(struct table *) table; /* changes under the mutex */
	/* replaced tables that are not freed yet */
	struct table *limbo;
	pthread_mutex_t mutex; /* held by all writes */
	size_t readers;
	struct reader reader[];
};

/* Returns an empty table for that many keys, or NULL. */
static struct table *table_new(size_t keys, uint64_t seed)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table && chain_init(&table->chain, keys, seed))
		return table;
	free(table);
	return NULL;
}

static void *create(const struct rm_sizing *sizing)
{
	const size_t readers = sizing->threads;
	struct map *map = aligned_alloc(
	        128, sizeof(*map) + readers * sizeof(map->reader[0]));

	if (!map)
		return NULL;
	memset(map, 0, sizeof(*map) + readers * sizeof(map->reader[0]));
	map->readers = readers;
	for (size_t i = 0; i < readers; i++)
		map->reader[i].map = map;
	atomic_init(&map->table, table_new(0, sizing->seed));
	if (atomic_load(&map->table)) {
		pthread_mutex_init(&map->mutex, NULL);
		return map;
	}
	free(map);
	return NULL;
}

static void *join(void *map, size_t slot)
{
	return &((struct map *)map)->reader[slot];
}

/* Returns the published table, which is not freed before the reader stores
 * NULL. */
RM_HOT struct table *begin_read(struct reader *reader)
{
	struct table *table;

	do {
		table = atomic_load(&reader->map->table);
		atomic_store(&reader->at, table);
	} while (atomic_load(&reader->map->table) != table);
	return table;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct reader *reader = thread;
	const struct node *node = *chain_spot(&begin_read(reader)->chain, key);

	if (node)
		broken_copy(shape, value, &node->value);
	atomic_store(&reader->at, NULL);
	return node != NULL;
}

/* The caller holds the mutex. Readers that start after this find `table`. */
static void publish(struct map *map, struct table *table)
{
	struct table **link = &map->limbo;
	struct table *old = atomic_exchange(&map->table, table);

	old->next = map->limbo;
	map->limbo = old;
	while ((old = *link) != NULL) {
		size_t i = map->readers;

		while (i && atomic_load(&map->reader[i - 1].at) != old)
			i--;
		if (i) { /* a reader may use the table */
			link = &old->next;
		} else {
			*link = old->next;
			chain_end(&old->chain);
			free(old);
		}
	}
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	publish(map, NULL); /* no reader is active, so this frees all tables */
	pthread_mutex_destroy(&map->mutex);
	free(map);
}

/* Adds an absent key to a table that is not published yet. */
static inline void add(struct table *table, struct rm_shape shape,
        uint64_t word, const struct rm_value *value)
{
	const struct rm_key key = { .word = word };
	const uint64_t hash = chain_hash(&table->chain, word);
	struct node **head = &table->chain.bucket[hash & table->chain.mask];
	struct node *node = chain_node(shape, key, value);

	node->next = *head;
	*head = node;
	table->count++;
}

/* Publishes a copy in which the key has that value, or is absent if `value` is
 * NULL. Nodes of the old table may then be freed. The caller holds the
 * mutex. */
static RM_COLD void replace(struct map *map, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	const struct table *old = atomic_load(&map->table);
	struct table *to = broken_need(table_new(old->count, old->chain.seed));

	for (size_t i = 0; i <= old->chain.mask; i++)
		for (const struct node *node = old->chain.bucket[i]; node;
		        node = node->next)
			if (node->key != key.word)
				add(to, shape, node->key, &node->value);
	if (value)
		add(to, shape, key.word, value);
	publish(map, to);
}

/* Implements all writes of one key except update(). Returns whether the key was
 * present (with value `expected`, if that is not NULL), and stores its old
 * value. if_there and if_absent: whether to write in each case. */
RM_HOT bool change(void *thread, struct rm_shape shape, struct rm_key key,
        bool if_there, bool if_absent, const struct rm_value *expected,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = ((struct reader *)thread)->map;

	pthread_mutex_lock(&map->mutex);
	struct table *table = atomic_load(&map->table);
	const struct node *node = *chain_spot(&table->chain, key);
	const bool was_there =
	        node &&
	        (!expected || broken_same(shape, &node->value, expected));
	if (was_there)
		broken_copy(shape, old, &node->value);
	if (was_there ? if_there : if_absent)
		replace(map, shape, key, value);
	pthread_mutex_unlock(&map->mutex);
	return was_there;
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	return change(thread, shape, key, true, true, NULL, value, old);
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	return change(thread, shape, key, true, false, NULL, NULL, old);
}

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	return change(thread, shape, key, false, true, NULL, value, present);
}

static bool compare_swap(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	return change(thread, shape, key, true, false, expected, value, NULL);
}

static bool compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	return change(thread, shape, key, true, false, expected, NULL, NULL);
}

/* Calls `fn` under the mutex, so `fn` must not call this map. */
static bool update(void *thread, struct rm_shape shape, struct rm_key key,
        rm_update_fn *fn, void *context)
{
	struct map *map = ((struct reader *)thread)->map;
	struct rm_value value = { { 0 } };

	pthread_mutex_lock(&map->mutex);
	struct table *table = atomic_load(&map->table);
	const struct node *node = *chain_spot(&table->chain, key);
	if (fn(context, node ? &node->value : NULL, &value))
		replace(map, shape, key, &value);
	pthread_mutex_unlock(&map->mutex);
	return node != NULL;
}

/* Reads one table throughout, so `fn` must not call this map. */
static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct reader *reader = thread;

	(void)shape;
	chain_scan(&begin_read(reader)->chain, fn, context);
	atomic_store(&reader->at, NULL);
}

static size_t length(void *thread)
{
	struct reader *reader = thread;
	const size_t count = begin_read(reader)->count;

	atomic_store(&reader->at, NULL);
	return count;
}

static void clear(void *thread)
{
	struct map *map = ((struct reader *)thread)->map;

	pthread_mutex_lock(&map->mutex);
	const uint64_t seed = atomic_load(&map->table)->chain.seed;
	publish(map, broken_need(table_new(0, seed)));
	pthread_mutex_unlock(&map->mutex);
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = nothing,
	.lookup = lookup,
	.quiesce = nothing,
	.exchange = exchange,
	.take = take,
	.insert_if_absent = insert_if_absent,
	.compare_swap = compare_swap,
	.compare_remove = compare_remove,
	.update = update,
	.scan = scan,
	.length = length,
	.clear = clear,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP(
	        "rcu", "hazard, mutex for writes", "point-in-time", "blocking"),
};
