/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_boxed.h - one or several locked Go maps whose values are pointers to
 * boxes, as in Go's map[string]*value.
 *
 * The inner maps are those of gomap_guarded.h and store addresses. A store
 * allocates a box, exchanges the address and frees the old box. Both allocator
 * calls are outside the lock, as in Go, where the caller makes the value and
 * the collector frees it. A reader copies the value under the read lock. So the
 * writer that exchanged the address under the write lock owns the old box: no
 * other thread can reach it. (gomap_pointers.h instead writes into one record
 * per key.)
 *
 * This is a template like gomap_guarded.h; its operations are `boxed_ops`.
 */
#ifndef RM_GOMAP_BOXED_H
#define RM_GOMAP_BOXED_H

#include "impls/gomap/gomap_guarded.h"

/* Returns the shape of the inner maps, whose values are addresses. */
RM_HOT struct rm_shape box_words(struct rm_shape shape)
{
	return (struct rm_shape){ shape.str, 8 };
}

RM_HOT void *box_at(const struct rm_value *slot)
{
	return (void *)(uintptr_t)slot->word[0];
}

RM_HOT void box_read(struct rm_shape shape, const struct rm_value *slot,
        struct rm_value *value)
{
	memcpy(value, box_at(slot), shape.value_bytes);
}

/* Stores the value of a removed slot in `old`, if not NULL, and frees its
   box. */
RM_HOT void box_drop(struct rm_shape shape, const struct rm_value *slot,
        struct rm_value *old)
{
	if (old)
		box_read(shape, slot, old);
	free(box_at(slot));
}

RM_HOT bool boxed_lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct shard *shard = shard_of(guard_map(thread), shape, key);
	struct rm_value slot;

	guard_read(&shard->guard, thread);
	const bool was_there =
	        gomap_lookup(shard->inner, box_words(shape), key, &slot);

	if (was_there)
		box_read(shape, &slot, value);
	guard_read_end(&shard->guard, thread);
	return was_there;
}

RM_HOT bool boxed_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	void *box = malloc(shape.value_bytes);
	const struct rm_value slot = { { (uintptr_t)box } };
	struct rm_value replaced;

	if (__builtin_expect(!box, 0))
		gomap_no_memory();
	memcpy(box, value, shape.value_bytes);

	const bool was_there =
	        exchange(thread, box_words(shape), key, &slot, &replaced);

	if (was_there)
		box_drop(shape, &replaced, old);
	return was_there;
}

RM_HOT bool boxed_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct rm_value removed;
	const bool was_there = take(thread, box_words(shape), key, &removed);

	if (was_there)
		box_drop(shape, &removed, old);
	return was_there;
}

struct boxed_visit {
	struct rm_shape shape;
	rm_scan_fn *fn;
	void *context;
};

static bool boxed_visit(
        void *context, struct rm_key key, const struct rm_value *slot)
{
	const struct boxed_visit *visit = context;
	struct rm_value value;

	box_read(visit->shape, slot, &value);
	return visit->fn(visit->context, key, &value);
}

static void boxed_scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct boxed_visit visit = { shape, fn, context };

	scan(thread, box_words(shape), boxed_visit, &visit);
}

static void *boxed_create(const struct rm_sizing *sizing)
{
	struct rm_sizing words = *sizing;

	words.shape = box_words(sizing->shape);
	return create(&words);
}

static bool box_free(
        void *context, struct rm_key key, const struct rm_value *slot)
{
	(void)context, (void)key;
	free(box_at(slot));
	return true;
}

static bool box_is_there(
        void *context, struct rm_key key, const struct rm_value *slot)
{
	(void)context, (void)key;
	return box_at(slot) != NULL;
}

/* Visits all slots of a map that no other thread uses. */
static bool boxed_slots(struct map *map, rm_scan_fn *fn)
{
	bool more = true;

	for (size_t i = 0; more && i < SHARDS; i++) {
		struct gomap *inner = map->shard[i].inner;

		more = gomap_scan(inner, inner->extra->shape, fn, NULL);
	}
	return more;
}

static void boxed_destroy(void *map)
{
	boxed_slots(map, box_free);
	destroy(map);
}

static bool boxed_check(void *map, char *why, size_t size)
{
	if (!check(map, why, size))
		return false;
	if (boxed_slots(map, box_is_there))
		return true;
	snprintf(why, size, "a key has no box");
	return false;
}

static const struct rm_map_ops boxed_ops = {
	.create = boxed_create,
	.destroy = boxed_destroy,
	.join = join,
	.leave = nothing,
	.lookup = boxed_lookup,
	.quiesce = nothing,
	.exchange = boxed_exchange,
	.take = boxed_take,
	.scan = boxed_scan,
	.length = length,
	.stats = stats,
	.check = boxed_check,
	.dump = dump,
};

#endif /* RM_GOMAP_BOXED_H */
