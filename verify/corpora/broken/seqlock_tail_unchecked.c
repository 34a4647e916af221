/* SPDX-License-Identifier: Apache-2.0 */
/* seqlock_tail_unchecked.c - linear probing in an array of fixed size. One
 * version counts the steps of all writes and is odd during a write; readers
 * that see it change retry.
 *
 * Bug: a reader checks the version after it has read the slot and the first
 * word of the value, and copies the other words of a long value after the
 * check. These words may belong to another value. Corrected version: it checks
 * after the last word. Lookups do not write to shared memory, unless they take
 * the mutex after a hundred failures. */
#ifndef ID
#define ID seqlock_tail_unchecked
#endif
#include "impls/support/hash.h"
#include "impls/support/no_handle.h"
#include "verify/corpora/broken/broken.h"

enum { TRIES = 100 };

struct slot {
	_Atomic bool live;
	_Atomic uint64_t key;
	_Atomic uint64_t word[RM_VALUE_WORDS];
};

struct map {
	pthread_mutex_t lock; /* held by writers */
	_Atomic uint64_t version;
	struct slot *slot;
	size_t mask;
	uint64_t seed;
};

static void destroy(void *opaque)
{
	struct map *map = opaque;

	pthread_mutex_destroy(&map->lock);
	free(map->slot);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	pthread_mutex_init(&map->lock, NULL);
	map->seed = sizing->seed;
	map->mask = broken_power(64, 2 * sizing->keys) - 1;
	map->slot = calloc(map->mask + 1, sizeof(*map->slot));
	if (map->slot)
		return map;
	destroy(map);
	return NULL;
}

static size_t home(const struct map *map, uint64_t word)
{
	return rm_hash(RM_U64X8, (struct rm_key){ .word = word }, map->seed) &
	       map->mask;
}

/* Returns the key's slot, or the free slot at the end of the search, or any
 * slot during a write. */
static struct slot *find(struct map *map, uint64_t word)
{
	size_t i = home(map, word);

	for (size_t n = 0; n < map->mask; n++) {
		if (!atomic_load(&map->slot[i].live) ||
		        atomic_load(&map->slot[i].key) == word)
			break;
		i = (i + 1) & map->mask;
	}
	return &map->slot[i];
}

static void get_words(
        struct slot *slot, struct rm_value *value, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		value->word[i] = atomic_load(&slot->word[i]);
}

static void put_words(
        struct slot *slot, const struct rm_value *value, size_t words)
{
	for (size_t i = 0; i < words; i++)
		atomic_store(&slot->word[i], value->word[i]);
}

/* Makes one attempt. Returns false if a write was concurrent. */
static bool try_lookup(struct map *map, struct rm_shape shape,
        struct rm_key key, struct rm_value *value, bool *was_there)
{
	const uint64_t before = atomic_load(&map->version);
	const size_t words = shape.value_bytes / 8;
	struct slot *slot = find(map, key.word);

	*was_there =
	        atomic_load(&slot->live) && atomic_load(&slot->key) == key.word;
	get_words(slot, value, 0, RIGHT ? words : 1);
	if (before % 2 || atomic_load(&map->version) != before)
		return false;
	if (!RIGHT)
		get_words(slot, value, 1, words);
	return true;
}

static inline bool lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct map *map = thread;
	struct rm_value copy;
	bool was_there = false, done = false;

	for (int i = 0; !done && i < TRIES; i++)
		done = try_lookup(map, shape, key, &copy, &was_there);
	if (!done) {
		pthread_mutex_lock(&map->lock);
		try_lookup(map, shape, key, &copy, &was_there);
		pthread_mutex_unlock(&map->lock);
	}
	if (was_there)
		broken_copy(shape, value, &copy);
	return was_there;
}

static void begin(struct map *map)
{
	pthread_mutex_lock(&map->lock);
	atomic_fetch_add(&map->version, 1);
}

static void end(struct map *map)
{
	atomic_fetch_add(&map->version, 1);
	pthread_mutex_unlock(&map->lock);
}

static inline bool exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	const size_t words = shape.value_bytes / 8;

	begin(map);
	struct slot *slot = find(map, key.word);
	const bool was_there = atomic_load(&slot->live);
	if (was_there && old)
		get_words(slot, old, 0, words);
	atomic_store(&slot->key, key.word);
	put_words(slot, value, words);
	atomic_store(&slot->live, true);
	end(map);
	return was_there;
}

/* Frees slot `hole`; moves entries that it had displaced back. */
static void close_hole(struct map *map, size_t hole, size_t words)
{
	size_t i = hole;
	struct rm_value value;

	for (;;) {
		i = (i + 1) & map->mask;
		if (!atomic_load(&map->slot[i].live))
			break;
		const uint64_t key = atomic_load(&map->slot[i].key);
		const size_t pushed = (i - home(map, key)) & map->mask;

		if (pushed < ((i - hole) & map->mask))
			continue;
		get_words(&map->slot[i], &value, 0, words);
		put_words(&map->slot[hole], &value, words);
		atomic_store(&map->slot[hole].key, key);
		hole = i;
	}
	atomic_store(&map->slot[hole].live, false);
}

static inline bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	const size_t words = shape.value_bytes / 8;

	begin(map);
	struct slot *slot = find(map, key.word);
	const bool was_there = atomic_load(&slot->live);
	if (was_there && old)
		get_words(slot, old, 0, words);
	if (was_there)
		close_hole(map, (size_t)(slot - map->slot), words);
	end(map);
	return was_there;
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("lock", "seqlock", "none", "blocking"),
	.caps = RM_CAP_FIXED_SIZE,
};
