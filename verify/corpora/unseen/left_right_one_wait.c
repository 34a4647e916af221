/* SPDX-License-Identifier: Apache-2.0 */
/* left_right_one_wait.c - two copies of a chained table (idea: Left-Right,
 * Ramalhete and Correia 2013). Readers read one of them and register in one of
 * two counts. A writer changes the other copy, directs readers to it, waits
 * until all readers have left the first copy, and then changes that copy, too.
 * Bug: the writer switches readers to the other count and waits until the old
 * one is 0. But the other count may not have been 0: a reader may have chosen
 * it long ago and register late. The next writer does not wait for this reader,
 * and changes and frees nodes that it reads. Corrected version: the writer also
 * waits for the other count before it switches. Lookups write to a shared
 * count. */
#ifndef ID
#define ID left_right_one_wait
#endif
#include "impls/support/no_handle.h"
#include "impls/support/spin.h"
#include "verify/corpora/broken/chain.h"

struct inside {
	_Alignas(128) _Atomic size_t readers;
};

struct map {
	struct inside inside[2];
	pthread_mutex_t lock;  /* held by writers */
	_Atomic unsigned side; /* the copy that readers use */
	_Atomic unsigned door; /* the count in which readers register */
	struct chain chain[2];
	size_t count[2];
};

static void destroy(void *opaque)
{
	struct map *map = opaque;

	chain_end(&map->chain[0]);
	chain_end(&map->chain[1]);
	pthread_mutex_destroy(&map->lock);
	free(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = aligned_alloc(128, sizeof(*map));

	if (!map)
		return NULL;
	memset(map, 0, sizeof(*map));
	pthread_mutex_init(&map->lock, NULL);
	atomic_init(&map->side, 0);
	atomic_init(&map->door, 0);
	atomic_init(&map->inside[0].readers, 0);
	atomic_init(&map->inside[1].readers, 0);
	const bool made =
	        chain_init(&map->chain[0], sizing->keys, sizing->seed);
	if (chain_init(&map->chain[1], sizing->keys, sizing->seed) && made)
		return map;
	destroy(map);
	return NULL;
}

/* Registers a reader and returns the side that it must read; `door` must be
 * passed to go_out(). */
RM_HOT unsigned come_in(struct map *map, unsigned *door)
{
	*door = atomic_load(&map->door);
	atomic_fetch_add(&map->inside[*door].readers, 1);
	return atomic_load(&map->side);
}

RM_HOT void go_out(struct map *map, unsigned door)
{
	atomic_fetch_sub(&map->inside[door].readers, 1);
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct map *map = thread;
	unsigned door;
	const unsigned side = come_in(map, &door);
	const struct node *node = *chain_spot(&map->chain[side], key);
	const bool was_there = node != NULL;

	if (was_there)
		broken_copy(shape, value, &node->value);
	go_out(map, door);
	return was_there;
}

static inline void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = thread;
	unsigned door;
	const unsigned side = come_in(map, &door);

	(void)shape;
	chain_scan(&map->chain[side], fn, context);
	go_out(map, door);
}

static inline size_t length(void *thread)
{
	struct map *map = thread;
	unsigned door;
	const unsigned side = come_in(map, &door);
	const size_t count = map->count[side];

	go_out(map, door);
	return count;
}

static void wait_until_out(struct map *map, unsigned door)
{
	unsigned looks = 0;

	while (atomic_load(&map->inside[door].readers))
		spin_wait(&looks);
}

/* Directs readers to the other side and waits until no reader is left on this
 * side. The caller holds the lock. */
static void change_sides(struct map *map)
{
	const unsigned door = atomic_load(&map->door);

	atomic_store(&map->side, 1 - atomic_load(&map->side));
	if (RIGHT)
		wait_until_out(map, 1 - door);
	atomic_store(&map->door, 1 - door);
	wait_until_out(map, door);
}

/* Returns the side without readers. The caller holds the lock. */
static unsigned begin(struct map *map)
{
	pthread_mutex_lock(&map->lock);
	return 1 - atomic_load(&map->side);
}

static void put_one(struct map *map, unsigned side, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	struct node **link = chain_spot(&map->chain[side], key);

	if (*link) {
		broken_copy(shape, &(*link)->value, value);
		return;
	}
	*link = chain_node(shape, key, value);
	map->count[side]++;
}

static void put_both(struct map *map, unsigned side, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	put_one(map, side, shape, key, value);
	change_sides(map);
	put_one(map, 1 - side, shape, key, value);
}

static inline bool exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct map *map = thread;
	const unsigned side = begin(map);
	const struct node *node = *chain_spot(&map->chain[side], key);
	const bool was_there = node != NULL;

	if (was_there)
		broken_copy(shape, old, &node->value);
	put_both(map, side, shape, key, value);
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

static inline bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct map *map = thread;
	const unsigned side = begin(map);
	struct node **link = chain_spot(&map->chain[side], key);
	const bool was_there = *link != NULL;

	if (was_there) {
		broken_copy(shape, old, &(*link)->value);
		chain_drop(link);
		map->count[side]--;
		change_sides(map);
		chain_drop(chain_spot(&map->chain[1 - side], key));
		map->count[1 - side]--;
	}
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

static inline bool compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	struct map *map = thread;
	const unsigned side = begin(map);
	const struct node *node = *chain_spot(&map->chain[side], key);
	const bool equal = node && broken_same(shape, &node->value, expected);

	if (equal)
		put_both(map, side, shape, key, value);
	pthread_mutex_unlock(&map->lock);
	return equal;
}

static const struct rm_map_ops ops = {
	NO_HANDLE_OPS,
	.compare_swap = compare_swap,
	.scan = scan,
	.length = length,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("rcu", "left-right", "point-in-time", "blocking"),
};
