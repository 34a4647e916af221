/* SPDX-License-Identifier: Apache-2.0 */
/* probe_reads_relaxed.c - Robin Hood hashing (idea: Celis 1986) with
 * backward-shift deletion, in an array of fixed size. One version counts the
 * steps of all writes and is odd during a write; readers that see it change
 * retry. Bug: a reader loads the version before and after by sequentially
 * consistent loads, and all data in between by relaxed loads. So relaxed loads
 * may take effect after the second load of the version: the reader can see the
 * version from before a write, and parts of that write. Corrected version: the
 * loads acquire what the writer's stores release, so a reader that has read any
 * part of a write sees the odd version. Lookups do not write to shared memory,
 * unless they take the mutex after a hundred failures. */
#ifndef ID
#define ID probe_reads_relaxed
#endif
#include "impls/support/hash.h"
#include "impls/support/no_handle.h"
#include "verify/corpora/broken/broken.h"

enum { TRIES = 100 };

/* a reader's loads between the versions; acquire pairs with STORE */
#define LOAD  (RIGHT ? memory_order_acquire : memory_order_relaxed)
#define STORE memory_order_release /* pairs with the corrected LOAD */

struct slot {
	_Atomic uint64_t rank; /* 0: free; 1: at its hash; 2: one after ... */
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

/* Returns the content of a slot, for the holder of the mutex. */
struct entry {
	uint64_t rank, key;
	struct rm_value value;
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
	map->mask = broken_power(16, 2 * sizing->keys) - 1;
	map->slot = calloc(map->mask + 1, sizeof(*map->slot));
	if (map->slot)
		return map;
	destroy(map);
	return NULL;
}

/* Returns the key's slot, or NULL; in that case *rank is the place at which to
 * insert it. */
static struct slot *find(
        struct map *map, struct rm_key key, size_t *at, uint64_t *rank)
{
	size_t i = rm_hash(RM_U64X8, key, map->seed) & map->mask;
	uint64_t here = 1;

	for (; here <= map->mask + 1; here++, i = (i + 1) & map->mask) {
		struct slot *slot = &map->slot[i];
		const uint64_t other = atomic_load_explicit(&slot->rank, LOAD);

		*at = i;
		*rank = here;
		if (other < here)
			return NULL;
		if (other == here &&
		        atomic_load_explicit(&slot->key, LOAD) == key.word)
			return slot;
	}
	return NULL;
}

static void get_words(struct slot *slot, struct rm_value *value, size_t words)
{
	for (size_t i = 0; i < words; i++)
		value->word[i] = atomic_load_explicit(&slot->word[i], LOAD);
}

static void put_words(
        struct slot *slot, const struct rm_value *value, size_t words)
{
	for (size_t i = 0; i < words; i++)
		atomic_store_explicit(&slot->word[i], value->word[i], STORE);
}

/* Makes one attempt. Returns false if a write was concurrent. */
static bool try_lookup(struct map *map, struct rm_shape shape,
        struct rm_key key, struct rm_value *value, bool *was_there)
{
	const uint64_t before = atomic_load(&map->version);
	size_t at;
	uint64_t rank;
	struct slot *slot = find(map, key, &at, &rank);

	*was_there = slot != NULL;
	if (slot)
		get_words(slot, value, shape.value_bytes / 8);
	return before % 2 == 0 && atomic_load(&map->version) == before;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
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

/* The following functions are called under the mutex, while the version is
 * odd. */
static struct entry get(struct slot *slot, size_t words)
{
	struct entry entry = { .rank = atomic_load(&slot->rank),
		.key = atomic_load(&slot->key) };

	get_words(slot, &entry.value, words);
	return entry;
}

static void put(struct slot *slot, const struct entry *entry, size_t words)
{
	atomic_store_explicit(&slot->rank, entry->rank, STORE);
	atomic_store_explicit(&slot->key, entry->key, STORE);
	put_words(slot, &entry->value, words);
}

/* Inserts `entry`. Entries that are nearer to their hash are displaced in
 * turn. */
static void insert(struct map *map, size_t i, struct entry entry, size_t words)
{
	for (size_t n = 0; n <= map->mask; n++) {
		const struct entry other = get(&map->slot[i], words);

		if (other.rank < entry.rank) {
			put(&map->slot[i], &entry, words);
			if (other.rank == 0)
				return;
			entry = other;
		}
		entry.rank++;
		i = (i + 1) & map->mask;
	}
	abort(); /* more keys than the map was created for */
}

static void close_hole(struct map *map, size_t hole, size_t words)
{
	for (;;) {
		const size_t next = (hole + 1) & map->mask;
		struct entry entry = get(&map->slot[next], words);

		if (entry.rank < 2)
			break;
		entry.rank--;
		put(&map->slot[hole], &entry, words);
		hole = next;
	}
	atomic_store_explicit(&map->slot[hole].rank, 0, STORE);
}

static inline bool exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	const size_t words = shape.value_bytes / 8;
	struct entry entry = { .key = key.word };
	size_t at = 0;

	begin(map);
	struct slot *slot = find(map, key, &at, &entry.rank);
	if (slot && old)
		get_words(slot, old, words);
	if (slot) {
		put_words(slot, value, words);
	} else {
		broken_copy(shape, &entry.value, value);
		insert(map, at, entry, words);
	}
	end(map);
	return slot != NULL;
}

static inline bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	const size_t words = shape.value_bytes / 8;
	size_t at = 0;
	uint64_t rank;

	begin(map);
	struct slot *slot = find(map, key, &at, &rank);
	if (slot && old)
		get_words(slot, old, words);
	if (slot)
		close_hole(map, at, words);
	end(map);
	return slot != NULL;
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("lock", "seqlock", "none", "blocking"),
	.caps = RM_CAP_FIXED_SIZE,
};
