/* SPDX-License-Identifier: Apache-2.0 */
/* sentinel_before_link.c - a split-ordered list (idea: Shalev and Shavit 2006):
 * all keys are in one lock-free list (Harris 2001), ordered by their
 * bit-reversed hashes. A bucket is a pointer to a sentinel in the list, which
 * is inserted when a write first needs it. To double the table, only the number
 * of buckets is doubled. Nodes never change; a replacement is linked after the
 * old node by the same compare-and-swap that marks it. Unlinked nodes are
 * retired.
 *
 * Bug: to have only one sentinel per bucket, a thread first stores it in the
 * table by a compare-and-swap, and then links it into the list. Until
 * then, other threads start at a sentinel without successors: they do not find
 * the bucket's keys, and their inserts are lost. Corrected version: the sentinel is linked
 * first, or an existing one is found, and then stored in the table. Lookups do
 * not write to shared memory. */
#ifndef ID
#define ID sentinel_before_link
#endif
#include "impls/support/hash.h"
#include "verify/corpora/unseen/limbo.h"

enum { SEGMENTS = 48, LOAD = 2 };

/* A pointer to a node; + 1 if the node that contains it is removed. */
typedef _Atomic uintptr_t link_type;

struct node {
	struct retired retired;
	link_type next;
	uint64_t order; /* odd for a key, even for a sentinel */
	uint64_t key;
	struct rm_value value;
};

struct map {
	/* must be first: the pointer to the limbo is the pointer to the map */
	struct limbo limbo;
	/* segment 0 has bucket 0, segment s the buckets from 2^(s - 1) on */
	_Atomic(link_type *) segment[SEGMENTS];
	_Atomic size_t mask;
	_Atomic int64_t count; /* exact while no thread writes */
	uint64_t seed;
};

static struct node *node_of(uintptr_t link)
{
	return (struct node *)(link & ~(uintptr_t)1);
}

static struct map *map_of(void *handle)
{
	return (struct map *)((struct limbo_thread *)handle)->limbo;
}

static uint64_t backwards(uint64_t x)
{
	uint64_t y = 0;

	for (int i = 0; i < 64; i++)
		y |= (x >> i & 1) << (63 - i);
	return y;
}

/* Returns a new node, not linked yet. */
static struct node *node_new(struct rm_shape shape, uint64_t order,
        uint64_t key, const struct rm_value *value)
{
	struct node *node = broken_need(calloc(1, sizeof(*node)));

	node->order = order;
	node->key = key;
	if (value)
		broken_copy(shape, &node->value, value);
	return node;
}

static size_t highest_bit(size_t x)
{
	while (x & (x - 1))
		x &= x - 1;
	return x;
}

/* Returns the bucket in the table; NULL: its segment does not exist yet. */
static link_type *bucket_at(struct map *map, size_t bucket, bool make)
{
	const size_t first = highest_bit(bucket);
	const int s = bucket ? 64 - __builtin_clzll(bucket) : 0;
	link_type *segment = atomic_load(&map->segment[s]);

	if (!segment && make) {
		link_type *fresh =
		        broken_need(calloc(first ? first : 1, sizeof(*fresh)));

		if (atomic_compare_exchange_strong(
		            &map->segment[s], &segment, fresh))
			segment = fresh;
		else
			free(fresh);
	}
	return segment ? &segment[bucket - first] : NULL;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;
	link_type *first = atomic_load(&map->segment[0]);
	struct node *node = first ? node_of(atomic_load(first)) : NULL;

	while (node) {
		struct node *next = node_of(atomic_load(&node->next));

		free(node);
		node = next;
	}
	for (int s = 0; s < SEGMENTS; s++)
		free(atomic_load(&map->segment[s]));
	limbo_end(&map->limbo);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	map->seed = sizing->seed;
	atomic_init(&map->mask,
	        broken_power(2, sizing->presize ? sizing->keys : 0) - 1);
	atomic_init(&map->count, 0);
	for (int s = 0; s < SEGMENTS; s++)
		atomic_init(&map->segment[s], NULL);
	if (!limbo_init(&map->limbo, sizing->threads)) {
		destroy(map);
		return NULL;
	}
	atomic_store(bucket_at(map, 0, true),
	        (uintptr_t)node_new(RM_U64X8, 0, 0, NULL));
	return map;
}

static void *join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	return limbo_join(&map->limbo, slot);
}

static bool is_before(const struct node *node, uint64_t order, uint64_t key)
{
	return node->order < order || (node->order == order && node->key < key);
}

/* A place in the list: *link points to `node`, the first that is not before the
 * searched one, or to NULL. */
struct place {
	link_type *link;
	struct node *node;
	uintptr_t next; /* next pointer of `node`, without the mark */
	bool found;
};

/* Returns the place, and unlinks marked nodes on the way. */
static struct place find(
        void *thread, struct node *start, uint64_t order, uint64_t key)
{
	struct place place;
again:
	place.link = &start->next;
	place.node = node_of(atomic_load(place.link));
	while (place.node) {
		struct node *node = place.node;
		uintptr_t expected = (uintptr_t)node;

		place.next = atomic_load(&node->next);
		if (place.next & 1) {
			if (!atomic_compare_exchange_strong(
			            place.link, &expected, place.next - 1))
				goto again;
			limbo_retire(thread, &node->retired);
			place.node = node_of(place.next);
			continue;
		}
		if (!is_before(node, order, key))
			break;
		place.link = &node->next;
		place.node = node_of(place.next);
	}
	place.found = place.node && place.node->order == order &&
	              place.node->key == key;
	return place;
}

/* Inserts `node` at this place. */
static bool link_at(const struct place *place, struct node *node)
{
	uintptr_t expected = (uintptr_t)place->node;

	atomic_store(&node->next, expected);
	return atomic_compare_exchange_strong(
	        place->link, &expected, (uintptr_t)node);
}

/* Links a bucket's sentinel, unless the list already has one; returns the
 * sentinel in the list. */
static struct node *link_sentinel(
        void *thread, struct node *start, struct node *sentinel)
{
	struct place place;

	do {
		place = find(thread, start, sentinel->order, 0);
		if (place.found) {
			free(sentinel);
			return place.node;
		}
	} while (!link_at(&place, sentinel));
	return sentinel;
}

/* Returns the bucket's sentinel, for a write; creates it if needed. */
static struct node *sentinel_of(void *thread, size_t bucket)
{
	link_type *at = bucket_at(map_of(thread), bucket, true);
	uintptr_t there = atomic_load(at);

	if (there)
		return node_of(there);

	struct node *start = sentinel_of(thread, bucket & ~highest_bit(bucket));
	struct node *sentinel = node_new(RM_U64X8, backwards(bucket), 0, NULL);

	if (RIGHT) {
		sentinel = link_sentinel(thread, start, sentinel);
		atomic_store(at, (uintptr_t)sentinel);
		return sentinel;
	}
	if (atomic_compare_exchange_strong(at, &there, (uintptr_t)sentinel))
		return link_sentinel(thread, start, sentinel);
	free(sentinel);
	return node_of(there);
}

RM_HOT uint64_t hash_of(void *thread, struct rm_key key)
{
	return rm_hash(RM_U64X8, key, map_of(thread)->seed);
}

static struct place find_key(void *thread, uint64_t hash, struct rm_key key)
{
	const size_t mask = atomic_load(&map_of(thread)->mask);

	return find(thread, sentinel_of(thread, hash & mask),
	        backwards(hash) | 1, key.word);
}

/* Starts at the nearest existing sentinel; changes nothing. */
RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = map_of(thread);
	const uint64_t hash = hash_of(thread, key);
	const uint64_t order = backwards(hash) | 1;
	size_t bucket = hash & atomic_load(&map->mask);
	link_type *at = bucket_at(map, bucket, false);

	while (!at || !atomic_load(at)) {
		bucket &= ~highest_bit(bucket);
		at = bucket_at(map, bucket, false);
	}

	struct node *node = node_of(atomic_load(at));
	for (; node; node = node_of(atomic_load(&node->next))) {
		if (is_before(node, order, key.word))
			continue;
		if (node->order != order || node->key != key.word)
			return false;
		if (atomic_load(&node->next) & 1)
			continue; /* the node that replaces it follows */
		broken_copy(shape, value, &node->value);
		return true;
	}
	return false;
}

static RM_COLD void grow(struct map *map, size_t mask)
{
	if (mask < SIZE_MAX >> 20)
		atomic_compare_exchange_strong(&map->mask, &mask, 2 * mask + 1);
}

/* If `expected` is not NULL, writes only if the key has this value. */
static bool put(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value,
        struct rm_value *old)
{
	struct map *map = map_of(thread);
	const uint64_t hash = hash_of(thread, key);
	struct node *fresh =
	        node_new(shape, backwards(hash) | 1, key.word, value);

	for (;;) {
		struct place place = find_key(thread, hash, key);
		struct node *node = place.node;

		if (expected &&
		        (!place.found ||
		                !broken_same(shape, &node->value, expected))) {
			free(fresh);
			return false;
		}
		if (!place.found && link_at(&place, fresh)) {
			const size_t mask = atomic_load(&map->mask);

			if (atomic_fetch_add(&map->count, 1) >
			        LOAD * (int64_t)mask)
				grow(map, mask);
			return false;
		}
		if (!place.found)
			continue;
		atomic_store(&fresh->next, place.next);
		if (atomic_compare_exchange_strong(
		            &node->next, &place.next, (uintptr_t)fresh + 1)) {
			broken_copy(shape, old, &node->value);
			/* unlinks the marked node */
			find_key(thread, hash, key);
			return true;
		}
	}
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
	const uint64_t hash = hash_of(thread, key);
	struct place place;

	do {
		place = find_key(thread, hash, key);
		if (!place.found)
			return false;
	} while (!atomic_compare_exchange_strong(
	        &place.node->next, &place.next, place.next + 1));
	broken_copy(shape, old, &place.node->value);
	atomic_fetch_sub(&map_of(thread)->count, 1);
	find_key(thread, hash, key); /* unlinks the marked node */
	return true;
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = limbo_park,
	.lookup = lookup,
	.upsert = upsert,
	.quiesce = limbo_quiesce,
	.park = limbo_park,
	.unpark = limbo_unpark,
	.exchange = exchange,
	.take = take,
	.compare_swap = compare_swap,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("free", "rcu-qsbr", "none", "lock-free"),
};
