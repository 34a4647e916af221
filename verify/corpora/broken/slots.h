/* SPDX-License-Identifier: Apache-2.0 */
/* slots.h - correct linear probing under one reader-writer lock. The words 0
 * and all ones mark empty slots and tombstones; as keys they have their own
 * places outside the table. Files with a bug replace an operation. */
#ifndef BROKEN_SLOTS_H
#define BROKEN_SLOTS_H

#include "impls/support/hash.h"
#include "impls/support/no_handle.h"
#include "verify/corpora/broken/broken.h"

#define EMPTY UINT64_C(0)
#define GRAVE UINT64_MAX

struct slot {
	uint64_t key;
	struct rm_value value;
};

struct map {
	pthread_rwlock_t lock;
	struct slot *slot;
	size_t mask;
	/* number of keys in the table; number of keys and tombstones */
	size_t live, used;
	bool there[2];      /* true if the key 0 or all ones is present */
	struct slot own[2]; /* slots of these two keys */
	uint64_t seed;
};

static void destroy(void *opaque)
{
	struct map *map = opaque;

	pthread_rwlock_destroy(&map->lock);
	free(map->slot);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));
	const size_t keys = sizing->presize ? sizing->keys : 0;

	if (!map)
		return NULL;
	pthread_rwlock_init(&map->lock, NULL);
	map->seed = sizing->seed;
	map->mask = broken_power(16, 2 * keys) - 1;
	map->slot = calloc(map->mask + 1, sizeof(*map->slot));
	if (map->slot)
		return map;
	destroy(map);
	return NULL;
}

static inline bool reserved(uint64_t word)
{
	return word == EMPTY || word == GRAVE;
}

static inline size_t home(const struct map *map, uint64_t word)
{
	return rm_hash(RM_U64X8, (struct rm_key){ .word = word }, map->seed) &
	       map->mask;
}

/* Returns the key's slot in the table, or NULL. In the latter case *room, if
 * `room` is not NULL, becomes a slot for the key: the first tombstone of the
 * search, or the empty slot at its end. */
static inline struct slot *find_in_table(
        struct map *map, uint64_t word, struct slot **room)
{
	struct slot *grave = NULL;
	size_t i = home(map, word);

	for (; map->slot[i].key != EMPTY; i = (i + 1) & map->mask) {
		if (map->slot[i].key == word)
			return &map->slot[i];
		if (map->slot[i].key == GRAVE && !grave)
			grave = &map->slot[i];
	}
	if (room)
		*room = grave ? grave : &map->slot[i];
	return NULL;
}

static inline struct slot *find(
        struct map *map, uint64_t word, struct slot **room)
{
	if (!reserved(word))
		return find_in_table(map, word, room);
	if (room)
		*room = &map->own[word & 1];
	return map->there[word & 1] ? &map->own[word & 1] : NULL;
}

/* Makes `room` the slot of a new key. The caller holds the write lock. */
static inline void fill(struct map *map, struct slot *room,
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	if (reserved(key.word)) {
		map->there[key.word & 1] = true;
	} else {
		map->used += room->key == EMPTY;
		map->live++;
	}
	room->key = key.word;
	broken_copy(shape, &room->value, value);
}

/* Called before an insert: ensures that an eighth of the slots stays empty. The
 * caller holds the write lock. */
static inline void make_room(struct map *map)
{
	const size_t slots = map->mask + 1;
	struct slot *old = map->slot;

	if (map->used + 1 <= slots - slots / 8)
		return;
	map->mask = broken_power(16, 2 * (map->live + 1)) - 1;
	map->slot = broken_need(calloc(map->mask + 1, sizeof(*old)));
	map->used = map->live;
	for (size_t i = 0; i < slots; i++) {
		size_t to = home(map, old[i].key);

		if (reserved(old[i].key))
			continue;
		while (map->slot[to].key != EMPTY)
			to = (to + 1) & map->mask;
		map->slot[to] = old[i];
	}
	free(old);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = thread;

	pthread_rwlock_rdlock(&map->lock);
	const struct slot *slot = find(map, key.word, NULL);
	if (slot)
		broken_copy(shape, value, &slot->value);
	pthread_rwlock_unlock(&map->lock);
	return slot != NULL;
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	struct slot *room = NULL;

	pthread_rwlock_wrlock(&map->lock);
	make_room(map);
	struct slot *slot = find(map, key.word, &room);
	if (slot) {
		broken_copy(shape, old, &slot->value);
		broken_copy(shape, &slot->value, value);
	} else {
		fill(map, room, shape, key, value);
	}
	pthread_rwlock_unlock(&map->lock);
	return slot != NULL;
}

/* The caller holds the write lock. */
static inline void bury(struct map *map, struct slot *slot, uint64_t word)
{
	if (reserved(word)) {
		map->there[word & 1] = false;
		return;
	}
	slot->key = GRAVE;
	map->live--;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;

	pthread_rwlock_wrlock(&map->lock);
	struct slot *slot = find(map, key.word, NULL);
	if (slot) {
		broken_copy(shape, old, &slot->value);
		bury(map, slot, key.word);
	}
	pthread_rwlock_unlock(&map->lock);
	return slot != NULL;
}

/* Holds the read lock throughout, so `fn` must not call this map. */
static inline void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = thread;
	bool more = true;

	(void)shape;
	pthread_rwlock_rdlock(&map->lock);
	for (int i = 0; more && i < 2; i++)
		if (map->there[i])
			more = fn(context,
			        (struct rm_key){ .word = i ? GRAVE : EMPTY },
			        &map->own[i].value);
	for (size_t i = 0; more && i <= map->mask; i++)
		if (!reserved(map->slot[i].key))
			more = fn(context,
			        (struct rm_key){ .word = map->slot[i].key },
			        &map->slot[i].value);
	pthread_rwlock_unlock(&map->lock);
}

static inline size_t length(void *thread)
{
	struct map *map = thread;

	pthread_rwlock_rdlock(&map->lock);
	const size_t count = map->live + map->there[0] + map->there[1];
	pthread_rwlock_unlock(&map->lock);
	return count;
}

#define SLOTS_OPS                                                 \
	.create = create, .destroy = destroy, .join = map_itself, \
	.leave = nothing, .lookup = lookup, .quiesce = nothing,   \
	.exchange = exchange, .take = take, .scan = scan, .length = length

#endif /* BROKEN_SLOTS_H */
