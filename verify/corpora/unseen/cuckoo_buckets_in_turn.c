/* SPDX-License-Identifier: Apache-2.0 */
/* cuckoo_buckets_in_turn.c - cuckoo hashing (ideas: Pagh and Rodler 2001;
 * versions as in MemC3, 2013): a key is in one of two slots, or in a short
 * stash. Writers hold a mutex. A write increments a version before and after it
 * changes the data; readers that see a change retry.
 *
 * Bug: a reader checks the version of each place right after it has searched
 * that place. If a key moves from its second slot to its first after the reader
 * has searched the first, the reader finds it in neither, although it was
 * always in the map. Corrected version: all versions are checked together at
 * the end. Lookups do not write to shared memory, unless they take the mutex
 * after a hundred failures. */
#ifndef ID
#define ID cuckoo_buckets_in_turn
#endif
#include "impls/support/hash.h"
#include "impls/support/no_handle.h"
#include "verify/corpora/broken/broken.h"

enum { TRIES = 100, PLACES = 3, VERSIONS = 64, PATH_MOST = 16 };

struct slot {
	_Atomic bool live;
	_Atomic uint64_t key;
	_Atomic uint64_t word[RM_VALUE_WORDS];
};

struct map {
	pthread_mutex_t lock;                   /* held by writers */
	_Atomic uint64_t version[VERSIONS + 1]; /* slots, then the stash */
	struct slot *slot;                      /* followed by the stash */
	size_t mask;
	size_t stash_most;
	_Atomic size_t stashed; /* the stash has no holes */
	uint64_t seed;
};

/* A place of a key: the slots from `first` to `end` - 1. */
struct place {
	size_t first, end;
	_Atomic uint64_t *version;
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
	map->mask = broken_power(8, 2 * sizing->keys) - 1;
	map->stash_most = 2 * sizing->keys + sizing->threads + 64;
	map->slot = calloc(map->mask + 1 + map->stash_most, sizeof(*map->slot));
	if (map->slot)
		return map;
	destroy(map);
	return NULL;
}

static struct place place_of(struct map *map, uint64_t word, int number)
{
	const struct rm_key key = { .word = word };
	const uint64_t hash = rm_hash(RM_U64X8, key, map->seed);
	const size_t slots = map->mask + 1;
	size_t i = hash & map->mask;

	if (number == 2)
		return (struct place){ slots,
			slots + atomic_load(&map->stashed),
			&map->version[VERSIONS] };
	if (number == 1) /* a slot other than the first */
		i ^= 1 + (hash >> 40) % map->mask;
	return (struct place){ i, i + 1, &map->version[i % VERSIONS] };
}

/* Returns the key's slot in this place, or NULL. */
static struct slot *find_in(
        struct map *map, const struct place *place, uint64_t word)
{
	for (size_t i = place->first; i < place->end; i++)
		if (atomic_load(&map->slot[i].live) &&
		        atomic_load(&map->slot[i].key) == word)
			return &map->slot[i];
	return NULL;
}

static void get_words(struct slot *slot, struct rm_value *value, size_t words)
{
	for (size_t i = 0; i < words; i++)
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
	_Atomic uint64_t *version[PLACES];
	uint64_t before[PLACES];
	int places = 0;

	*was_there = false;
	while (places < PLACES && !*was_there) {
		const int n = places++;
		version[n] = place_of(map, key.word, n).version;
		before[n] = atomic_load(version[n]);

		const struct place place = place_of(map, key.word, n);
		struct slot *slot = find_in(map, &place, key.word);
		if (slot) {
			get_words(slot, value, shape.value_bytes / 8);
			*was_there = true;
		}
		if (before[n] % 2 || atomic_load(version[n]) != before[n])
			return false;
	}
	for (int n = 0; RIGHT && !*was_there && n < places; n++)
		if (atomic_load(version[n]) != before[n])
			return false;
	return true;
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

/* The following functions are called under the mutex. */
static _Atomic uint64_t *version_of(struct map *map, const struct slot *slot)
{
	const size_t i = (size_t)(slot - map->slot);

	return &map->version[i > map->mask ? VERSIONS : i % VERSIONS];
}

static void set(struct map *map, struct slot *slot, uint64_t word,
        const struct rm_value *value, size_t words)
{
	_Atomic uint64_t *version = version_of(map, slot);

	atomic_fetch_add(version, 1);
	atomic_store(&slot->key, word);
	put_words(slot, value, words);
	atomic_store(&slot->live, true);
	atomic_fetch_add(version, 1);
}

static void copy_slot(
        struct map *map, struct slot *to, struct slot *from, size_t words)
{
	struct rm_value value;

	get_words(from, &value, words);
	set(map, to, atomic_load(&from->key), &value, words);
}

/* Removes the entry; in the stash the last entry takes its place. */
static void drop(struct map *map, struct slot *slot, size_t words)
{
	_Atomic uint64_t *version = version_of(map, slot);
	struct slot *last = slot;

	if (version == &map->version[VERSIONS]) {
		last = &map->slot[map->mask + atomic_load(&map->stashed)];
		if (last != slot)
			copy_slot(map, slot, last, words);
	}
	atomic_fetch_add(version, 1);
	atomic_store(&last->live, false);
	if (version == &map->version[VERSIONS])
		atomic_fetch_sub(&map->stashed, 1);
	atomic_fetch_add(version, 1);
}

static struct slot *find(struct map *map, uint64_t word)
{
	struct slot *slot = NULL;

	for (int n = 0; !slot && n < PLACES; n++) {
		const struct place place = place_of(map, word, n);
		slot = find_in(map, &place, word);
	}
	return slot;
}

/* Returns a free slot for a new key. Keys on the path move to their other
 * slots, the last one first, so that each key can be found at any time. */
static struct slot *make_room(struct map *map, uint64_t word, size_t words)
{
	size_t path[PATH_MOST], i = place_of(map, word, 0).first;
	int length = 0;

	if (atomic_load(&map->slot[i].live))
		i = place_of(map, word, 1).first;
	for (;; i = place_of(map, word, 0).first == i
	                    ? place_of(map, word, 1).first
	                    : place_of(map, word, 0).first) {
		for (int n = 0; n < length; n++)
			if (path[n] == i)
				return NULL;
		if (length == PATH_MOST)
			return NULL;
		path[length++] = i;
		if (!atomic_load(&map->slot[i].live))
			break;
		word = atomic_load(&map->slot[i].key);
	}
	for (int n = length - 1; n > 0; n--)
		copy_slot(map, &map->slot[path[n]], &map->slot[path[n - 1]],
		        words);
	return &map->slot[path[0]];
}

static void insert(struct map *map, uint64_t word, const struct rm_value *value,
        size_t words)
{
	struct slot *slot = make_room(map, word, words);

	if (!slot) {
		const size_t stashed = atomic_load(&map->stashed);

		if (stashed == map->stash_most)
			abort(); /* more keys than the map was created for */
		slot = &map->slot[map->mask + 1 + stashed];
		set(map, slot, word, value, words);
		/* a separate change: readers did not search this slot before */
		atomic_fetch_add(&map->version[VERSIONS], 1);
		atomic_fetch_add(&map->stashed, 1);
		atomic_fetch_add(&map->version[VERSIONS], 1);
		return;
	}
	set(map, slot, word, value, words);
}

static inline bool exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	const size_t words = shape.value_bytes / 8;

	pthread_mutex_lock(&map->lock);
	struct slot *slot = find(map, key.word);
	if (slot && old)
		get_words(slot, old, words);
	if (slot)
		set(map, slot, key.word, value, words);
	else
		insert(map, key.word, value, words);
	pthread_mutex_unlock(&map->lock);
	return slot != NULL;
}

static inline bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	const size_t words = shape.value_bytes / 8;

	pthread_mutex_lock(&map->lock);
	struct slot *slot = find(map, key.word);
	if (slot && old)
		get_words(slot, old, words);
	if (slot)
		drop(map, slot, words);
	pthread_mutex_unlock(&map->lock);
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
