/* SPDX-License-Identifier: Apache-2.0 */
/* hazard_moves_down.c - a table of lock-free lists (Michael 2002) with hazard
 * pointers: a thread stores in two words its current node and the one before
 * it, and a reclaiming thread first reads the words of all threads. Nodes never
 * change; a replacement is linked after the old node by the same
 * compare-and-swap that marks it.
 *
 * Bug: to advance, a thread copies its word for the current node into its word
 * for the previous one, and then overwrites the first. The word for the
 * previous node comes first in memory, and reclamation reads in that order. It
 * can read the previous word before the copy and the current word after the
 * overwrite. It then finds the node in neither word, and frees it while it is
 * in use. Corrected version: the word for the current node comes first. Lookups
 * write to their own words. */
#ifndef ID
#define ID hazard_moves_down
#endif
#include "impls/support/hash.h"
#include "verify/corpora/broken/broken.h"

enum { AT = RIGHT ? 0 : 1, BEFORE = 1 - AT, WORDS = 2 };

/* A pointer to a node; + 1 if the node that contains it is removed. */
typedef _Atomic uintptr_t link_type;

struct node {
	struct node *retired; /* next in a thread's list of retired nodes */
	link_type next;
	uint64_t key;
	struct rm_value value;
};

/* A thread's handle, and retired nodes of earlier threads of its slot. */
struct hazard {
	_Alignas(128) link_type word[WORDS];
	struct node *retired;
	struct map *map;
};

struct map {
	link_type *bucket;
	size_t mask;
	uint64_t seed;
	size_t threads;
	struct hazard *hazard;
};

static struct node *node_of(uintptr_t link)
{
	return (struct node *)(link & ~(uintptr_t)1);
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	for (size_t i = 0; map->bucket && i <= map->mask; i++)
		for (struct node *node = node_of(atomic_load(&map->bucket[i])),
		                 *next;
		        node; node = next) {
			next = node_of(atomic_load(&node->next));
			free(node);
		}
	for (size_t i = 0; map->hazard && i < map->threads; i++)
		for (struct node *node = map->hazard[i].retired, *next; node;
		        node = next) {
			next = node->retired;
			free(node);
		}
	free(map->hazard);
	free(map->bucket);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	map->seed = sizing->seed;
	map->threads = sizing->threads;
	map->mask = broken_power(4, sizing->keys / 2) - 1;
	map->bucket = calloc(map->mask + 1, sizeof(*map->bucket));
	map->hazard = aligned_alloc(128, map->threads * sizeof(*map->hazard));
	if (!map->bucket || !map->hazard) {
		free(map->hazard);
		free(map->bucket);
		free(map);
		return NULL;
	}
	memset(map->hazard, 0, map->threads * sizeof(*map->hazard));
	for (size_t i = 0; i < map->threads; i++) {
		for (int word = 0; word < WORDS; word++)
			atomic_init(&map->hazard[i].word[word], 0);
		map->hazard[i].map = map;
	}
	return map;
}

/* Returns true if some thread may be using the node. */
static bool is_used(struct map *map, const struct node *node)
{
	for (size_t i = 0; i < map->threads; i++)
		for (int word = 0; word < WORDS; word++)
			if (atomic_load(&map->hazard[i].word[word]) ==
			        (uintptr_t)node)
				return true;
	return false;
}

/* Frees retired nodes that no thread uses. */
static void look(struct hazard *hazard)
{
	struct node **link = &hazard->retired;

	while (*link) {
		struct node *node = *link;

		if (is_used(hazard->map, node)) {
			link = &node->retired;
			continue;
		}
		*link = node->retired;
		free(node);
	}
}

/* Retires a node that this thread has unlinked. */
static void retire(struct hazard *hazard, struct node *node)
{
	node->retired = hazard->retired;
	hazard->retired = node;
	look(hazard);
}

/* Records that the thread no longer uses any node. */
static void go(struct hazard *hazard)
{
	for (int word = 0; word < WORDS; word++)
		atomic_store(&hazard->word[word], 0);
}

static void *join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	/* after all accesses of the thread that had this slot before */
	atomic_exchange(&map->hazard[slot].word[0], 0);
	return &map->hazard[slot];
}

static void leave(void *thread)
{
	look(thread);
	go(thread);
}

static void quiesce(void *thread)
{
	(void)thread;
}

/* A place in a list: *link points to `node`, the first with a key not below the
 * searched one, or to NULL. Both nodes are protected. */
struct place {
	link_type *link;
	struct node *node;
	uintptr_t next; /* next pointer of `node`, without the mark */
};

/* Returns whether the key is present. Unlinks marked nodes on the way. */
static bool find(struct hazard *hazard, struct rm_key key, struct place *place)
{
	struct map *map = hazard->map;
	link_type *head =
	        &map->bucket[rm_hash(RM_U64X8, key, map->seed) & map->mask];
again:
	place->link = head;
	place->node = node_of(atomic_load(head));
	for (;;) {
		struct node *node = place->node;
		uintptr_t expected = (uintptr_t)node;

		atomic_store(&hazard->word[AT], expected);
		if (atomic_load(place->link) != expected)
			goto again; /* another thread may have freed it */
		if (!node)
			return false;
		place->next = atomic_load(&node->next);
		if (place->next & 1) {
			if (!atomic_compare_exchange_strong(
			            place->link, &expected, place->next - 1))
				goto again;
			retire(hazard, node);
			place->node = node_of(place->next);
			continue;
		}
		if (node->key >= key.word)
			return node->key == key.word;
		atomic_store(&hazard->word[BEFORE], expected);
		place->link = &node->next;
		place->node = node_of(place->next);
	}
}

static inline bool lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct place place;
	const bool was_there = find(thread, key, &place);

	if (was_there)
		broken_copy(shape, value, &place.node->value);
	go(thread);
	return was_there;
}

/* If `expected` is not NULL, writes only if the key has this value. */
static bool put(struct hazard *hazard, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value,
        struct rm_value *old)
{
	struct node *fresh = broken_need(calloc(1, sizeof(*fresh)));
	bool was_there, done = false;

	fresh->key = key.word;
	broken_copy(shape, &fresh->value, value);
	do {
		struct place place;
		was_there = find(hazard, key, &place);
		struct node *node = place.node;
		uintptr_t here = (uintptr_t)node;

		if (expected && !(was_there && broken_same(shape, &node->value,
		                                       expected))) {
			free(fresh);
			was_there = false;
			break;
		}
		if (!was_there) {
			atomic_store(&fresh->next, here);
			done = atomic_compare_exchange_strong(
			        place.link, &here, (uintptr_t)fresh);
			continue;
		}
		atomic_store(&fresh->next, place.next);
		done = atomic_compare_exchange_strong(
		        &node->next, &place.next, (uintptr_t)fresh + 1);
		if (done) {
			broken_copy(shape, old, &node->value);
			/* unlinks the removed node */
			find(hazard, key, &place);
		}
	} while (!done);
	go(hazard);
	return was_there;
}

static inline bool exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	return put(thread, shape, key, NULL, value, old);
}

static inline bool upsert(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	return put(thread, shape, key, NULL, value, NULL);
}

static inline bool compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	return put(thread, shape, key, expected, value, NULL);
}

static inline bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct hazard *hazard = thread;
	struct place place;
	bool was_there, done = false;

	do {
		was_there = find(hazard, key, &place);
		if (!was_there)
			break;
		done = atomic_compare_exchange_strong(
		        &place.node->next, &place.next, place.next + 1);
	} while (!done);
	if (done) {
		broken_copy(shape, old, &place.node->value);
		find(hazard, key, &place); /* unlinks the marked node */
	}
	go(hazard);
	return was_there;
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = leave,
	.lookup = lookup,
	.upsert = upsert,
	.quiesce = quiesce,
	.exchange = exchange,
	.take = take,
	.compare_swap = compare_swap,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("free", "hazard", "none", "lock-free"),
};
