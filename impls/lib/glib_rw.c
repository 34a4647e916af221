/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glib_rw.c - GLib's GHashTable under a GRWLock.
 *
 * needs: glib-2.0
 *
 * Readers share the lock, so each lookup writes its cache line twice. The table
 * probes quadratically over arrays of hashes, keys and values. It hashes to 32
 * bits and cannot be sized in advance.
 *
 * 64-bit keys and 8-byte values are stored as the table's pointers; each longer
 * value has a block. A string key has an entry with its bytes and its value,
 * and the table is then a set of entries. A word is stored xored with the seed,
 * since GLib passes only the key to hash functions.
 */
#include "impls/support/hash.h"
#include "impls/support/no_handle.h"
#include "runner/driver.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(void *) == 8, "a pointer must hold a key or a value");

/* A string key. In a search the caller owns `bytes`, otherwise the entry
   does. */
struct name {
	uint64_t hash;
	size_t length;
	const char *bytes;
};

struct entry {
	struct name name; /* must be the first member, because the table passes
	                     only this address to its functions */
	struct rm_value value;
	char own[];
};

struct map {
	GHashTable *table;
	uint64_t seed;
	struct rm_shape shape;
	_Alignas(RM_CACHE_LINE) GRWLock lock;
};

static guint hash_word(gconstpointer key)
{
	return (guint)rm_hash(
	        RM_U64X8, (struct rm_key){ .word = (uintptr_t)key }, 0);
}

static guint hash_name(gconstpointer key)
{
	return (guint)((const struct name *)key)->hash;
}

static gboolean same_name(gconstpointer left, gconstpointer right)
{
	const struct name *a = left, *b = right;

	return a->length == b->length &&
	       (a->length == 0 || !memcmp(a->bytes, b->bytes, a->length));
}

RM_HOT void lock_for_reading(struct map *map)
{
	RM_LOCK_BEGIN(RM_LOCK_READ);
	if (!RM_STATS_BUILT || !g_rw_lock_reader_trylock(&map->lock)) {
		RM_LOCK_WAIT_BEGIN();
		g_rw_lock_reader_lock(&map->lock);
	}
	RM_LOCK_END();
}

RM_HOT void lock_for_writing(struct map *map)
{
	RM_LOCK_BEGIN(RM_LOCK_WRITE);
	if (!RM_STATS_BUILT || !g_rw_lock_writer_trylock(&map->lock)) {
		RM_LOCK_WAIT_BEGIN();
		g_rw_lock_writer_lock(&map->lock);
	}
	RM_LOCK_END();
}

RM_HOT bool in_table(struct rm_shape shape)
{
	return !shape.str && shape.value_bytes == 8;
}

/* The table hashes this word through a callback, which does not receive the
   seed. */
RM_HOT void *word_pointer(const struct map *map, struct rm_key key)
{
	return (void *)(uintptr_t)(key.word ^ map->seed);
}

RM_HOT struct name search_of(
        const struct map *map, struct rm_shape shape, struct rm_key key)
{
	return (struct name){ .hash = rm_hash(shape, key, map->seed),
		.length = key.length,
		.bytes = key.bytes };
}

/* Sets `*held` to the pointer that the table stores for the key. The caller
   holds the lock. */
RM_HOT bool find(const struct map *map, struct rm_shape shape,
        struct rm_key key, void **held)
{
	struct name search;

	if (!shape.str)
		return g_hash_table_lookup_extended(
		        map->table, word_pointer(map, key), NULL, held);
	search = search_of(map, shape, key);
	*held = g_hash_table_lookup(map->table, &search);
	return *held != NULL;
}

/* Returns the place of a value that is not in the table. */
RM_HOT struct rm_value *place_of(struct rm_shape shape, void *held)
{
	return shape.str ? &((struct entry *)held)->value : held;
}

RM_HOT void read_held(struct rm_shape shape, void *held, struct rm_value *value)
{
	if (in_table(shape))
		value->word[0] = (uintptr_t)held;
	else
		memcpy(value, place_of(shape, held), shape.value_bytes);
}

RM_HOT bool lookup(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = opaque;
	void *held;
	bool hit;

	lock_for_reading(map);
	hit = find(map, shape, key, &held);
	if (hit)
		read_held(shape, held, value);
	g_rw_lock_reader_unlock(&map->lock);
	return hit;
}

static RM_COLD void insert_new(struct map *map, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	struct entry *entry;

	if (!shape.str) {
		g_hash_table_insert(map->table, word_pointer(map, key),
		        g_memdup2(value, shape.value_bytes));
		return;
	}
	entry = g_malloc(sizeof(*entry) + key.length);
	entry->name = search_of(map, shape, key);
	if (key.length)
		memcpy(entry->own, key.bytes, key.length);
	entry->name.bytes = entry->own;
	memcpy(&entry->value, value, shape.value_bytes);
	g_hash_table_add(map->table, entry);
}

/* The caller holds the lock. */
RM_HOT bool put(struct map *map, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	void *held;

	/* the search of an insertion also reports the key's presence */
	if (in_table(shape) && !old)
		return !g_hash_table_insert(map->table, word_pointer(map, key),
		        (void *)(uintptr_t)value->word[0]);
	if (!find(map, shape, key, &held)) {
		if (in_table(shape))
			g_hash_table_insert(map->table, word_pointer(map, key),
			        (void *)(uintptr_t)value->word[0]);
		else
			insert_new(map, shape, key, value);
		return false;
	}
	if (old)
		read_held(shape, held, old);
	if (in_table(shape))
		g_hash_table_insert(map->table, word_pointer(map, key),
		        (void *)(uintptr_t)value->word[0]);
	else
		memcpy(place_of(shape, held), value, shape.value_bytes);
	return true;
}

RM_HOT bool exchange(void *opaque, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = opaque;
	bool was_there;

	lock_for_writing(map);
	was_there = put(map, shape, key, value, old);
	g_rw_lock_writer_unlock(&map->lock);
	return was_there;
}

RM_HOT bool take(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = opaque;
	struct name search = { .hash = 0 };
	void *held;
	bool was_there;

	if (shape.str)
		search = search_of(map, shape, key);
	lock_for_writing(map);
	if (old && find(map, shape, key, &held))
		read_held(shape, held, old);
	was_there = g_hash_table_remove(
	        map->table, shape.str ? &search : word_pointer(map, key));
	g_rw_lock_writer_unlock(&map->lock);
	return was_there;
}

static bool insert_if_absent(void *opaque, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct map *map = opaque;
	void *held;
	bool was_there;

	lock_for_writing(map);
	was_there = find(map, shape, key, &held);
	if (was_there)
		read_held(shape, held, present);
	else
		put(map, shape, key, value, NULL);
	g_rw_lock_writer_unlock(&map->lock);
	return was_there;
}

/* Holds the lock, so all visited entries were present at the same time. */
static void scan(
        void *opaque, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = opaque;
	GHashTableIter at;
	void *name, *held;
	bool more = true;

	lock_for_reading(map);
	g_hash_table_iter_init(&at, map->table);
	while (more && g_hash_table_iter_next(&at, &name, &held)) {
		struct rm_key key = { .word = (uintptr_t)name ^ map->seed };
		struct rm_value value = { { 0 } };

		if (shape.str)
			key = (struct rm_key){
				.bytes = ((struct name *)name)->bytes,
				.length = ((struct name *)name)->length
			};
		read_held(shape, held, &value);
		more = fn(context, key, &value);
	}
	g_rw_lock_reader_unlock(&map->lock);
}

static size_t length(void *opaque)
{
	struct map *map = opaque;
	size_t count;

	lock_for_reading(map);
	count = g_hash_table_size(map->table);
	g_rw_lock_reader_unlock(&map->lock);
	return count;
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = aligned_alloc(_Alignof(struct map), sizeof(*map));
	const bool str = sizing->shape.str;

	if (!map)
		return NULL;
	*map = (struct map){ .seed = sizing->seed, .shape = sizing->shape };
	g_rw_lock_init(&map->lock);
	map->table = g_hash_table_new_full(str ? hash_name : hash_word,
	        str ? same_name : NULL, str ? g_free : NULL,
	        str || in_table(sizing->shape) ? NULL : g_free);
	return map;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	g_hash_table_destroy(map->table);
	g_rw_lock_clear(&map->lock);
	free(map);
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
	.length = length,
	.insert_if_absent = insert_if_absent,
	.scan = scan,
};

RM_DRIVES(ops)

const struct rm_impl rm_impl_glib_rw = {
	.id = "glib_rw",
	.label = "GHashTable, rwlock",
	.family = "lock",
	.sync = "rwlock",
	.source = "GLib, GHashTable and GRWLock",
	.guarantees = "point-in-time",
	.progress = "blocking",
	/* dispatch: none in this object, but callbacks in the library */
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "by pointer, in the entry of a string; freed by the "
	               "writer",
};
