/* SPDX-License-Identifier: Apache-2.0 */
/* read_free.h - a correct chained table with lock-free readers that do not
 * write to shared memory. Nodes never change: a write replaces a node and
 * retires the old one (grace.h). Writes to a bucket hold its lock. A file with
 * a bug redefines one of the hooks before it includes this file. */
#ifndef BROKEN_READ_FREE_H
#define BROKEN_READ_FREE_H

#include "impls/support/hash.h"
#include "impls/support/spin.h"
#include "verify/corpora/broken/grace.h"

/* Memory orders of, in this sequence: loads of a search, linking a new key's
 * node, replacing a node, unlinking a node, releasing a bucket's lock. */
#ifndef ORDER_LOAD
#define ORDER_LOAD memory_order_seq_cst
#endif
#ifndef ORDER_INSERT
#define ORDER_INSERT memory_order_seq_cst
#endif
#ifndef ORDER_REPLACE
#define ORDER_REPLACE memory_order_seq_cst
#endif
#ifndef ORDER_UNLINK
#define ORDER_UNLINK memory_order_seq_cst
#endif
#ifndef ORDER_UNLOCK
#define ORDER_UNLOCK memory_order_seq_cst
#endif
/* Disposes of a node that compare_swap() has replaced. */
#ifndef DISPOSE_SWAPPED
#define DISPOSE_SWAPPED(thread, node) grace_retire(thread, &(node)->retired)
#endif

enum { LOCKS = 16 };

struct node {
	struct retired retired;
	_Atomic(struct node *) next;
	uint64_t key;
	struct rm_value value;
};

typedef _Atomic(struct node *) link_type;

struct map {
	/* must be first: the pointer to the grace is the pointer to the map */
	struct grace grace;
	link_type *bucket;
	size_t mask;
	uint64_t seed;
	/* each locks the buckets whose numbers have the same remainder */
	_Atomic bool held[LOCKS];
};

static inline struct map *map_of(void *handle)
{
	return (struct map *)((struct grace_thread *)handle)->grace;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	for (size_t i = 0; map->bucket && i <= map->mask; i++) {
		struct node *node = atomic_load(&map->bucket[i]);

		while (node) {
			struct node *next = atomic_load(&node->next);

			free(node);
			node = next;
		}
	}
	grace_end(&map->grace);
	free(map->bucket);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	map->seed = sizing->seed;
	map->mask = broken_power(LOCKS, sizing->keys / 2) - 1;
	map->bucket = calloc(map->mask + 1, sizeof(*map->bucket));
	for (size_t i = 0; i < LOCKS; i++)
		atomic_init(&map->held[i], false);
	if (grace_init(&map->grace, sizing->threads) && map->bucket)
		return map;
	destroy(map);
	return NULL;
}

static void *join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	return grace_join(&map->grace, slot);
}

RM_HOT size_t bucket_of(struct map *map, struct rm_key key)
{
	return rm_hash(RM_U64X8, key, map->seed) & map->mask;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = map_of(thread);
	struct node *node = atomic_load_explicit(
	        &map->bucket[bucket_of(map, key)], ORDER_LOAD);

	while (node && node->key != key.word)
		node = atomic_load_explicit(&node->next, ORDER_LOAD);
	if (node)
		broken_copy(shape, value, &node->value);
	return node != NULL;
}

/* The place of a key in its locked bucket. */
struct spot {
	_Atomic bool *held;
	link_type *head;   /* the bucket's first link: new keys go there */
	link_type *link;   /* link to `node` */
	struct node *node; /* NULL: the key is absent */
};

static inline struct spot enter(struct map *map, struct rm_key key)
{
	const size_t bucket = bucket_of(map, key);
	struct spot spot = { .held = &map->held[bucket % LOCKS],
		.head = &map->bucket[bucket],
		.link = &map->bucket[bucket] };
	unsigned looks = 0;

	while (atomic_exchange(spot.held, true))
		spin_wait(&looks);
	while ((spot.node = atomic_load(spot.link)) != NULL &&
	        spot.node->key != key.word)
		spot.link = &spot.node->next;
	return spot;
}

static inline void unlock(const struct spot *spot)
{
	/* pairs with the exchange in enter() */
	atomic_store_explicit(spot->held, false, ORDER_UNLOCK);
}

/* Returns a new, unlinked node, with its successor set. */
static inline struct node *node_for(const struct spot *spot,
        struct rm_shape shape, struct rm_key key, const struct rm_value *value)
{
	struct node *node = broken_need(malloc(sizeof(*node)));

	atomic_init(&node->next,
	        atomic_load(spot->node ? &spot->node->next : spot->head));
	node->key = key.word;
	broken_copy(shape, &node->value, value);
	return node;
}

static inline bool exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct spot spot = enter(map_of(thread), key);
	struct node *node = node_for(&spot, shape, key, value);

	if (spot.node) {
		broken_copy(shape, old, &spot.node->value);
		atomic_store_explicit(spot.link, node, ORDER_REPLACE);
	} else {
		atomic_store_explicit(spot.head, node, ORDER_INSERT);
	}
	unlock(&spot);
	if (spot.node)
		grace_retire(thread, &spot.node->retired);
	return spot.node != NULL;
}

static inline bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct spot spot = enter(map_of(thread), key);

	if (spot.node) {
		broken_copy(shape, old, &spot.node->value);
		atomic_store_explicit(
		        spot.link, atomic_load(&spot.node->next), ORDER_UNLINK);
	}
	unlock(&spot);
	if (spot.node)
		grace_retire(thread, &spot.node->retired);
	return spot.node != NULL;
}

static inline bool compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	struct spot spot = enter(map_of(thread), key);
	const bool equal =
	        spot.node && broken_same(shape, &spot.node->value, expected);

	if (equal)
		atomic_store_explicit(spot.link,
		        node_for(&spot, shape, key, value), ORDER_REPLACE);
	unlock(&spot);
	if (equal)
		DISPOSE_SWAPPED(thread, spot.node);
	return equal;
}

/* Does not lock; visits each key that stays present exactly once. */
static inline void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = map_of(thread);
	bool more = true;

	(void)shape;
	for (size_t i = 0; more && i <= map->mask; i++) {
		struct node *node = atomic_load(&map->bucket[i]);

		for (; more && node; node = atomic_load(&node->next))
			more = fn(context, (struct rm_key){ .word = node->key },
			        &node->value);
	}
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = grace_leave,
	.lookup = lookup,
	.quiesce = grace_quiesce,
	.park = grace_park,
	.unpark = grace_unpark,
	.exchange = exchange,
	.take = take,
	.compare_swap = compare_swap,
	.scan = scan,
};

RM_DRIVES_U64(ops)

#define READ_FREE BROKEN_MAP("rcu", "rcu-qsbr", "once-if-present", "blocking")

#endif /* BROKEN_READ_FREE_H */
