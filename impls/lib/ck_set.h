/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ck_set.h - maps on Concurrency Kit's sets of objects: one writer, and
 * concurrent lookups that write no shared memory (ck_limbo.h).
 *
 * An object is a key and a value, both immutable: an update replaces the
 * object.
 *
 * This is a template: include the library's header before it, and define
 *
 *	CK_SET(name)		the library's function or type: ck_hs_##name
 *	CK_SET_MODE		the mode of ck_hs_init()
 *	CK_SET_ITERATOR		an iterator's initialiser
 *	CK_SET_SMALLEST		slots of the smallest table
 */
#ifndef RM_CK_SET_H
#define RM_CK_SET_H

typedef CK_SET(t) ck_table;
#include "impls/lib/ck_limbo.h"

/* The set stores the address of `key`. */
struct object {
	struct block block; /* first member */
	struct rm_key key;
	struct rm_value value;
	char bytes[]; /* bytes of a string key */
};

/* The library hashes objects again when it grows. */
static unsigned long hash_word(const void *key, unsigned long seed)
{
	return rm_hash(RM_U64X8, *(const struct rm_key *)key, seed);
}

static unsigned long hash_bytes(const void *key, unsigned long seed)
{
	return rm_hash(RM_STR16X8, *(const struct rm_key *)key, seed);
}

static bool same_word(const void *a, const void *b)
{
	return ((const struct rm_key *)a)->word ==
	       ((const struct rm_key *)b)->word;
}

static bool same_bytes(const void *a, const void *b)
{
	const struct rm_key *left = a, *right = b;

	return left->length == right->length &&
	       (left->length == 0 ||
	               !memcmp(left->bytes, right->bytes, left->length));
}

static struct object *object_of(void *key)
{
	return (struct object *)(void *)((char *)key -
	                                 offsetof(struct object, key));
}

static struct object *object_new(
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	const size_t length = shape.str ? key.length : 0;
	struct object *object =
	        (struct object *)block_new(sizeof(*object) + length);

	if (!object)
		abort(); /* writes cannot report that memory ran out */
	object->key = (struct rm_key){
		.word = key.word, .bytes = object->bytes, .length = length
	};
	memcpy(&object->value, value, shape.value_bytes);
	if (length)
		memcpy(object->bytes, key.bytes, length);
	return object;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = ((struct thread *)thread)->map;
	void *present =
	        CK_SET(get)(&map->table, rm_hash(shape, key, map->seed), &key);

	if (!present)
		return false;
	memcpy(value, &object_of(present)->value, shape.value_bytes);
	return true;
}

/* The caller holds the writers' mutex. May grow the set. */
static RM_COLD bool put(struct map *map, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct object *object = object_new(shape, key, value);
	const uint64_t start_ns = RM_EVENT_CLOCK();
	const uint64_t growths = map->growths;
	void *previous = NULL;

	growing = map;
	if (!CK_SET(set)(&map->table, rm_hash(shape, key, map->seed),
	            &object->key, &previous))
		abort();
	growing = NULL;
	if (map->growths != growths)
		RM_EVENT_SPAN(
		        RM_EVENT_RESIZE, start_ns, CK_SET(count)(&map->table));
	if (!previous)
		return false;
	if (old)
		memcpy(old, &object_of(previous)->value, shape.value_bytes);
	retire(map, &object_of(previous)->block);
	return true;
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct thread *self = thread;
	bool was_there;

	write_begin(self);
	was_there = put(self->map, shape, key, value, old);
	write_end(self);
	return was_there;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct thread *self = thread;
	struct map *map = self->map;
	void *removed;

	write_begin(self);
	removed = CK_SET(remove)(
	        &map->table, rm_hash(shape, key, map->seed), &key);
	if (removed && old)
		memcpy(old, &object_of(removed)->value, shape.value_bytes);
	if (removed)
		retire(map, &object_of(removed)->block);
	write_end(self);
	return removed != NULL;
}

/* Calls `visit` with each key until it returns false. */
static void visit_all(
        ck_table *set, bool (*visit)(void *, void *), void *context)
{
	CK_SET(iterator_t) at = CK_SET_ITERATOR;
	void *key;

	while (CK_SET(next)(set, &at, &key) && visit(context, key))
		;
}

struct visit {
	struct rm_shape shape;
	rm_scan_fn *fn;
	void *context;
};

static bool visit_one(void *context, void *key)
{
	const struct visit *visit = context;
	struct rm_value value = { { 0 } };

	memcpy(&value, &object_of(key)->value, visit->shape.value_bytes);
	return visit->fn(visit->context, object_of(key)->key, &value);
}

/* Holds the writers' mutex, so all visited entries were present at the same
   time. */
static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct thread *self = thread;
	struct visit visit = { shape, fn, context };

	write_begin(self);
	visit_all(&self->map->table, visit_one, &visit);
	write_end(self);
}

static size_t length(void *thread)
{
	struct thread *self = thread;
	size_t count;

	write_begin(self);
	count = CK_SET(count)(&self->map->table);
	write_end(self);
	return count;
}

static bool table_init(struct map *map, const struct rm_sizing *sizing)
{
	static struct ck_malloc allocator = { .malloc = table_malloc,
		.free = table_free };
	unsigned long slots = CK_SET_SMALLEST;

	while (sizing->presize && slots < sizing->keys * 2)
		slots *= 2;
	return CK_SET(init)(&map->table, CK_SET_MODE,
	        sizing->shape.str ? hash_bytes : hash_word,
	        sizing->shape.str ? same_bytes : same_word, &allocator, slots,
	        sizing->seed);
}

static bool free_one(void *context, void *key)
{
	(void)context;
	free(object_of(key));
	return true;
}

static void table_end(struct map *map)
{
	visit_all(&map->table, free_one, NULL);
	CK_SET(destroy)(&map->table);
}

static const struct rm_map_ops ops = {
	.create = map_new,
	.destroy = map_free,
	.join = thread_join,
	.leave = thread_park,
	.lookup = lookup,
	.quiesce = thread_quiesce,
	.park = thread_park,
	.unpark = thread_unpark,
	.exchange = exchange,
	.take = take,
	.scan = scan,
	.length = length,
	.stats = map_stats,
};

#endif /* RM_CK_SET_H */
