/* SPDX-License-Identifier: Apache-2.0 */
/* bucket_copy_kept.c - a bucket is an array that never changes: a write makes a
 * changed copy and replaces the array by a compare-and-swap. Old arrays are
 * retired (limbo.h).
 *
 * Bug: if the compare-and-swap fails and the new bucket needs a copy of the
 * same length, exchange() reuses its copy and only rewrites its own entry. The
 * other entries are from the old bucket, so another thread's change is lost.
 * Corrected version: it copies again each time. Lookups do not write to shared
 * memory. */
#ifndef ID
#define ID bucket_copy_kept
#endif
#include "impls/support/hash.h"
#include "verify/corpora/unseen/limbo.h"

struct entry {
	uint64_t key;
	struct rm_value value;
};

struct array {
	struct retired retired;
	size_t count; /* at least 1, because an empty bucket is NULL */
	struct entry entry[];
};

struct map {
	/* must be first: the pointer to the limbo is the pointer to the map */
	struct limbo limbo;
	_Atomic(struct array *) *bucket;
	size_t mask;
	uint64_t seed;
};

typedef _Atomic(struct array *) link_type;

static void destroy(void *opaque)
{
	struct map *map = opaque;

	for (size_t i = 0; map->bucket && i <= map->mask; i++)
		free(atomic_load(&map->bucket[i]));
	limbo_end(&map->limbo);
	free(map->bucket);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	map->seed = sizing->seed;
	map->mask = broken_power(8, sizing->keys / 2) - 1;
	map->bucket = calloc(map->mask + 1, sizeof(*map->bucket));
	for (size_t i = 0; map->bucket && i <= map->mask; i++)
		atomic_init(&map->bucket[i], NULL);
	if (limbo_init(&map->limbo, sizing->threads) && map->bucket)
		return map;
	destroy(map);
	return NULL;
}

static void *join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	return limbo_join(&map->limbo, slot);
}

RM_HOT link_type *bucket_of(void *handle, struct rm_key key)
{
	struct map *map = (struct map *)((struct limbo_thread *)handle)->limbo;

	return &map->bucket[rm_hash(RM_U64X8, key, map->seed) & map->mask];
}

static inline size_t count_of(const struct array *array)
{
	return array ? array->count : 0;
}

/* Returns the index of the key, or the number of entries if it is absent. */
RM_HOT size_t place_of(const struct array *array, struct rm_key key)
{
	size_t i = 0;

	while (i < count_of(array) && array->entry[i].key != key.word)
		i++;
	return i;
}

static struct array *array_new(size_t count)
{
	struct array *array = broken_need(
	        calloc(1, sizeof(*array) + count * sizeof(array->entry[0])));

	array->count = count;
	return array;
}

static void copy_entries(struct array *to, const struct array *from)
{
	if (from)
		memcpy(to->entry, from->entry,
		        from->count * sizeof(from->entry[0]));
}

static void retire(void *thread, struct array *array)
{
	if (array)
		limbo_retire(thread, &array->retired);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	const struct array *array = atomic_load(bucket_of(thread, key));
	const size_t i = place_of(array, key);
	const bool was_there = i < count_of(array);

	if (was_there)
		broken_copy(shape, value, &array->entry[i].value);
	return was_there;
}

static inline bool exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	link_type *bucket = bucket_of(thread, key);
	struct array *was = atomic_load(bucket), *array = NULL;
	size_t i;

	do {
		i = place_of(was, key);
		const size_t count = count_of(was) + (i == count_of(was));
		const bool fits = array && array->count == count;

		if (!fits) {
			free(array);
			array = array_new(count);
		}
		if (RIGHT || !fits)
			copy_entries(array, was);
		array->entry[i].key = key.word;
		broken_copy(shape, &array->entry[i].value, value);
	} while (!atomic_compare_exchange_strong(bucket, &was, array));

	const bool was_there = i < count_of(was);
	if (was_there)
		broken_copy(shape, old, &was->entry[i].value);
	retire(thread, was);
	return was_there;
}

/* Returns a copy without entry `i`, or NULL if it was the only one. */
static struct array *copy_without(const struct array *was, size_t i)
{
	if (was->count == 1)
		return NULL;

	struct array *array = array_new(was->count - 1);
	memcpy(array->entry, was->entry, i * sizeof(was->entry[0]));
	memcpy(&array->entry[i], &was->entry[i + 1],
	        (array->count - i) * sizeof(was->entry[0]));
	return array;
}

static inline bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	link_type *bucket = bucket_of(thread, key);
	struct array *was = atomic_load(bucket);

	for (;;) {
		const size_t i = place_of(was, key);
		if (i == count_of(was))
			return false;

		struct array *array = copy_without(was, i), *expected = was;
		if (atomic_compare_exchange_strong(bucket, &expected, array)) {
			broken_copy(shape, old, &was->entry[i].value);
			retire(thread, was);
			return true;
		}
		free(array);
		was = expected;
	}
}

static inline bool compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	link_type *bucket = bucket_of(thread, key);
	struct array *was = atomic_load(bucket);

	for (;;) {
		const size_t i = place_of(was, key);
		if (i == count_of(was) ||
		        !broken_same(shape, &was->entry[i].value, expected))
			return false;

		struct array *array = array_new(was->count), *seen = was;
		copy_entries(array, was);
		broken_copy(shape, &array->entry[i].value, value);
		if (atomic_compare_exchange_strong(bucket, &seen, array)) {
			retire(thread, was);
			return true;
		}
		free(array);
		was = seen;
	}
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = limbo_park,
	.lookup = lookup,
	.quiesce = limbo_quiesce,
	.park = limbo_park,
	.unpark = limbo_unpark,
	.exchange = exchange,
	.take = take,
	.compare_swap = compare_swap,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("rcu", "rcu-qsbr", "none", "lock-free"),
};
