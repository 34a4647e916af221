/* SPDX-License-Identifier: Apache-2.0 */
/* last_reference_stays.c - the whole map is a sorted array that never changes:
 * a write makes a new one. Each array counts its references, including the
 * map's, and the thread that drops the last one frees it. A thread takes a
 * reference under a mutex.
 *
 * Bug: to save the read-modify-write of the last reference, a dropping thread
 * frees the array if the count is 1, and otherwise decrements it. Two threads
 * that do so at the same time both read 2 and both decrement, so the array is
 * never freed. Corrected version: it decrements the count and checks the
 * result. Lookups write to the mutex and to the count. */
#ifndef ID
#define ID last_reference_stays
#endif
#include "impls/support/no_handle.h"
#include "verify/corpora/broken/broken.h"

struct entry {
	uint64_t key;
	struct rm_value value;
};

struct array {
	_Atomic size_t references;
	size_t count;
	struct entry entry[];
};

struct map {
	pthread_mutex_t writer; /* held during a whole write */
	pthread_mutex_t lock;   /* protects the next member */
	struct array *array;
};

static struct array *array_new(size_t count)
{
	struct array *array =
	        calloc(1, sizeof(*array) + count * sizeof(array->entry[0]));

	if (!array)
		return NULL;
	atomic_init(&array->references, 1);
	array->count = count;
	return array;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	free(map->array);
	pthread_mutex_destroy(&map->writer);
	pthread_mutex_destroy(&map->lock);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));

	(void)sizing;
	if (!map)
		return NULL;
	pthread_mutex_init(&map->writer, NULL);
	pthread_mutex_init(&map->lock, NULL);
	map->array = array_new(0);
	if (map->array)
		return map;
	destroy(map);
	return NULL;
}

/* Returns the current array, which is not freed before let_go(). */
static struct array *hold(struct map *map)
{
	pthread_mutex_lock(&map->lock);
	struct array *array = map->array;
	atomic_fetch_add(&array->references, 1);
	pthread_mutex_unlock(&map->lock);
	return array;
}

static void let_go(struct array *array)
{
	if (RIGHT) {
		if (atomic_fetch_sub(&array->references, 1) == 1)
			free(array);
		return;
	}
	if (atomic_load(&array->references) == 1)
		free(array);
	else
		atomic_fetch_sub(&array->references, 1);
}

/* Called by the writer: makes `array` the current array. */
static void publish(struct map *map, struct array *array)
{
	pthread_mutex_lock(&map->lock);
	struct array *old = map->array;
	map->array = array;
	pthread_mutex_unlock(&map->lock);
	let_go(old);
}

/* Returns whether the key is present; *place becomes its index, or the index at
 * which to insert it. */
static bool find(const struct array *array, uint64_t word, size_t *place)
{
	size_t low = 0, high = array->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (array->entry[middle].key < word)
			low = middle + 1;
		else
			high = middle;
	}
	*place = low;
	return low < array->count && array->entry[low].key == word;
}

static void copy_entries(struct array *to, size_t to_place,
        const struct array *from, size_t place, size_t count)
{
	if (count)
		memcpy(&to->entry[to_place], &from->entry[place],
		        count * sizeof(from->entry[0]));
}

/* Called by the writer, the only thread that changes map->array. */
static void put(struct map *map, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, size_t place, bool was_there)
{
	const struct array *was = map->array;
	const size_t behind = place + was_there;
	struct array *array =
	        broken_need(array_new(was->count + 1 - was_there));

	copy_entries(array, 0, was, 0, place);
	array->entry[place].key = key.word;
	broken_copy(shape, &array->entry[place].value, value);
	copy_entries(array, place + 1, was, behind, was->count - behind);
	publish(map, array);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct array *array = hold(thread);
	size_t place;
	const bool was_there = find(array, key.word, &place);

	if (was_there)
		broken_copy(shape, value, &array->entry[place].value);
	let_go(array);
	return was_there;
}

static inline bool exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	size_t place;

	pthread_mutex_lock(&map->writer);
	const bool was_there = find(map->array, key.word, &place);
	if (was_there)
		broken_copy(shape, old, &map->array->entry[place].value);
	put(map, shape, key, value, place, was_there);
	pthread_mutex_unlock(&map->writer);
	return was_there;
}

static inline bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct map *map = thread;
	size_t place;

	pthread_mutex_lock(&map->writer);
	const bool was_there = find(map->array, key.word, &place);
	if (was_there)
		broken_copy(shape, present, &map->array->entry[place].value);
	else
		put(map, shape, key, value, place, false);
	pthread_mutex_unlock(&map->writer);
	return was_there;
}

static inline bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	size_t place;

	pthread_mutex_lock(&map->writer);
	const struct array *was = map->array;
	const bool was_there = find(was, key.word, &place);
	if (was_there) {
		struct array *array = broken_need(array_new(was->count - 1));

		broken_copy(shape, old, &was->entry[place].value);
		copy_entries(array, 0, was, 0, place);
		copy_entries(
		        array, place, was, place + 1, array->count - place);
		publish(map, array);
	}
	pthread_mutex_unlock(&map->writer);
	return was_there;
}

static void clear(void *thread)
{
	struct map *map = thread;

	pthread_mutex_lock(&map->writer);
	publish(map, broken_need(array_new(0)));
	pthread_mutex_unlock(&map->writer);
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct array *array = hold(thread);
	bool more = true;

	(void)shape;
	for (size_t i = 0; more && i < array->count; i++)
		more = fn(context,
		        (struct rm_key){ .word = array->entry[i].key },
		        &array->entry[i].value);
	let_go(array);
}

static size_t length(void *thread)
{
	struct array *array = hold(thread);
	const size_t count = array->count;

	let_go(array);
	return count;
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
	.insert_if_absent = insert_if_absent,
	.scan = scan,
	.length = length,
	.clear = clear,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("lock", "refcount", "point-in-time", "blocking"),
	.caps = RM_CAP_SLOW_WRITES,
};
