/* SPDX-License-Identifier: Apache-2.0 */
/* stale_read.c - each thread caches its last lookup, which is valid while the
 * map's version is unchanged; but a remove by another thread does not change
 * the version. */
#ifndef PLANTED_ID
#define PLANTED_ID stale_read
#endif
#include "verify/corpora/planted/planted.h"

struct reader {
	struct planted *map;
	uint64_t key, version;
	struct rm_value value;
	bool valid;
};

/* Stored in map.extra; written under the lock. */
struct version {
	_Atomic uint64_t number;
};

static void increment_version(struct planted *map)
{
	struct version *version = map->extra;

	/* seq_cst: ordered before the change, which follows under the same
	 * lock */
	atomic_fetch_add_explicit(&version->number, 1, memory_order_seq_cst);
}

static uint64_t read_version(const struct planted *map)
{
	const struct version *version = map->extra;

	/* seq_cst: readers that see the old number are ordered before the
	 * change */
	return atomic_load_explicit(&version->number, memory_order_seq_cst);
}

RM_HOT bool cached_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct reader *reader = thread;
	struct planted *map = reader->map;
	bool was_there = true;

	if (reader->valid && reader->key == key.word &&
	        reader->version == read_version(map)) {
		copy(shape, value, &reader->value);
		return true;
	}
	pthread_mutex_lock(&map->lock);
	const struct node *node = find(map, key);

	was_there = node;
	if (was_there) {
		copy(shape, value, &node->value);
		reader->version = read_version(map);
	}
	pthread_mutex_unlock(&map->lock);
	reader->valid = was_there;
	if (was_there) {
		reader->key = key.word;
		copy(shape, &reader->value, value);
	}
	return was_there;
}

RM_HOT bool exchange_with_version(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct reader *reader = thread;
	struct planted *map = reader->map;

	pthread_mutex_lock(&map->lock);
	increment_version(map);
	struct node *node = find(map, key);
	const bool was_there = node;

	if (was_there && old)
		copy(shape, old, &node->value);
	if (was_there)
		copy(shape, &node->value, value);
	else
		put(map, key, new_node(shape, value));
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

RM_HOT bool take_without_version(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct reader *reader = thread;
	struct planted *map = reader->map;

	reader->valid = false; /* the writer's own cache is invalidated */
	pthread_mutex_lock(&map->lock);
	if (twin)
		increment_version(map);
	struct node *node = find(map, key);
	const bool was_there = node;

	if (was_there && old)
		copy(shape, old, &node->value);
	if (was_there)
		unlink_key(map, key);
	pthread_mutex_unlock(&map->lock);
	free(node);
	return was_there;
}

static bool insert_with_version(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct reader *reader = thread;

	/* the key was absent, so no cache contains it */
	return base_insert_if_absent(reader->map, shape, key, value, present);
}

static void *join(void *map, size_t slot)
{
	struct reader *reader = xcalloc(1, sizeof(*reader));

	(void)slot;
	reader->map = map;
	return reader;
}

static void leave(void *thread)
{
	free(thread);
}

#define PLANTED_LOOKUP   cached_lookup
#define PLANTED_EXCHANGE exchange_with_version
#define PLANTED_TAKE     take_without_version
#define PLANTED_INSERT   insert_with_version
#define PLANTED_EXTRA    struct version
#define PLANTED_JOIN     join
#define PLANTED_LEAVE    leave
#include "verify/corpora/planted/planted_impl.h"
