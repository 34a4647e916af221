/* SPDX-License-Identifier: Apache-2.0 */
/* robin.h - ck_rhs: Robin Hood hashing, under one mutex. Each slot has the number
 * of probes that find its entry. An insert moves entries that need fewer probes
 * than the new one. If it had to move more than CHAIN_MOST, the table grows
 * instead.
 *
 * Each file implements exchange(), and may replace can_grow(). */
#ifndef RM_BUG_ROBIN_H
#define RM_BUG_ROBIN_H

#include "verify/corpora/bugs/bug.h"

enum { SMALLEST = 8, CHAIN_MOST = 1 };

struct slot {
	uint64_t key, word;
	size_t probes; /* 0: free; 1: the entry is in its first place */
};

struct robin {
	pthread_mutex_t lock; /* protects everything else */
	struct slot *slots;
	size_t mask, count;
	/* Slots whose numbers of probes plan() has changed, and their old
	 * numbers. */
	struct slot *changed[CHAIN_MOST];
	size_t probes[CHAIN_MOST], changes;
};

/* The following functions are called under the lock. */

static inline struct slot *slot_at(
        struct robin *map, struct rm_key key, size_t probes)
{
	return map->slots + ((hash_of(key) + probes - 1) & map->mask);
}

/* Returns the key's slot, or NULL. The search ends at an entry that needs fewer
   probes than the search has made. */
static inline struct slot *find(struct robin *map, struct rm_key key)
{
	for (size_t probes = 1;; probes++) {
		struct slot *slot = slot_at(map, key, probes);

		if (slot->probes < probes)
			return NULL;
		if (slot->key == key.word)
			return slot;
	}
}

/* Inserts an absent key; the table has a free slot. */
static inline void place(struct robin *map, struct rm_key key, uint64_t word)
{
	struct slot moving = { .key = key.word, .word = word, .probes = 1 };
	struct slot *slot = slot_at(map, key, 1);

	for (; slot->probes; moving.probes++) {
		if (slot->probes < moving.probes) {
			const struct slot displaced = *slot;

			*slot = moving;
			moving = displaced;
		}
		slot = map->slots + ((slot - map->slots + 1) & map->mask);
	}
	*slot = moving;
}

/* Stores the new numbers of probes of the entries that an insert will move.
   Returns false if the insert would move too many. */
static inline bool plan(struct robin *map, struct rm_key key)
{
	struct slot *slot = slot_at(map, key, 1);

	map->changes = 0;
	for (size_t probes = 1; slot->probes; probes++) {
		const size_t old = slot->probes;

		if (old < probes) {
			if (map->changes == CHAIN_MOST)
				return false;
			map->changed[map->changes] = slot;
			map->probes[map->changes++] = old;
			slot->probes = probes;
			probes = old;
		}
		slot = map->slots + ((slot - map->slots + 1) & map->mask);
	}
	return true;
}

static inline void restore(struct robin *map)
{
	while (map->changes) {
		map->changes--;
		map->changed[map->changes]->probes = map->probes[map->changes];
	}
}

static RM_COLD void grow(struct robin *map)
{
	struct slot *old = map->slots;
	const size_t slots = map->mask + 1;

	map->mask = 2 * slots - 1;
	map->slots = bug_alloc(2 * slots * sizeof(*old));
	for (size_t i = 0; i < slots; i++)
		if (old[i].probes)
			place(map, (struct rm_key){ .word = old[i].key },
			        old[i].word);
	free(old);
}

/* Inserts an absent key. */
static inline void insert(struct robin *map, struct rm_key key, uint64_t word)
{
	if (++map->count * 4 > (map->mask + 1) * 3)
		grow(map);
	place(map, key, word);
}

/* Moves the entries after the freed slot back. */
static inline void vacate(struct robin *map, struct slot *slot)
{
	for (;;) {
		struct slot *next =
		        map->slots + ((slot - map->slots + 1) & map->mask);

		slot->probes = 0;
		if (next->probes < 2)
			break;
		*slot = *next;
		slot->probes--;
		slot = next;
	}
	map->count--;
}

static bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct robin *map = thread;

	(void)shape;
	pthread_mutex_lock(&map->lock);
	const struct slot *slot = find(map, key);

	if (slot)
		store_result(value, slot->word);
	pthread_mutex_unlock(&map->lock);
	return slot;
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct robin *map = thread;

	(void)shape;
	pthread_mutex_lock(&map->lock);
	struct slot *slot = find(map, key);

	if (slot) {
		store_result(old, slot->word);
		vacate(map, slot);
	}
	pthread_mutex_unlock(&map->lock);
	return slot;
}

static void *create(const struct rm_sizing *sizing)
{
	struct robin *map = bug_alloc(sizeof(*map));

	(void)sizing;
	pthread_mutex_init(&map->lock, NULL);
	map->mask = SMALLEST - 1;
	map->slots = bug_alloc(SMALLEST * sizeof(map->slots[0]));
	return map;
}

static void destroy(void *opaque)
{
	struct robin *map = opaque;

	pthread_mutex_destroy(&map->lock);
	free(map->slots);
	free(map);
}

#endif /* RM_BUG_ROBIN_H */
