/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_grow.h - shards whose number grows: shards, routing, how to get at
 * the shard of a key. Inner part of shard_grow_ops.h.
 *
 * The includer defines before, as constants,
 *
 *	GROW_SHARDS    shards of a map that is not presized, a power of two
 *	GROW_CAPACITY  keys that a shard is for
 *	GROW_BATCH     keys that one operation moves at most
 *	GROW_STOP      1: all shards grow at once, and everybody waits
 *	GROW_TIMED     1: a thread of the map splits them (shard_grow_timed.h)
 *
 * A shard of depth d has the keys whose route ends with its id, d bits long.
 * Above 3/4 of its capacity it is split: by the next bit of the route into the
 * shards id and id + 2^d (hash mod 2N by low bits; by high bits they would be
 * 2 id and 2 id + 1). A split shard stays as an inner node of a tree, without
 * its keys: who came too late finds the way down. There are fewer split shards
 * than others, so this is no leak. The routing table (directory) is the short
 * cut: one load leads to the shard. A thread may have an old one; then it
 * walks down from a split shard.
 *
 * Locks: a shard's RWMutex protects its members, and those of its children
 * until it is split, since until then nobody else can reach them. Order: shard,
 * then directory_lock; with GROW_STOP directory_lock, then all shards by id.
 */
#ifndef RM_SUPPORT_SHARD_GROW_H
#define RM_SUPPORT_SHARD_GROW_H

#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_ops.h"
#include "impls/support/fnv.h"
#include "impls/support/lock_go.h"

enum {
	GROW_LIMIT = GROW_CAPACITY / 4 * 3, /* load factor 0.75 */
	GROW_MAX_DEPTH = 32, /* bits of a route that differ enough */
	GROW_SPARSE = 8,     /* table entries per shard, at most */
};

/* A shard that is being split. */
struct grow_move {
	struct gomap_iterator cursor; /* in the old map; all before is copied */
};

struct grow_shard {
	_Alignas(2 * RM_CACHE_LINE) struct go_rwmutex lock;
	uint32_t depth;      /* constant */
	struct gomap *inner; /* NULL: split */
	size_t limit;        /* a write that leaves as many keys must grow; 0:
	                         it is moving, each write must help, or be
	                         done in both places */
	uint64_t id;         /* constant, below 2^depth */
	struct grow_move *move;      /* NULL: not moving */
	struct grow_shard *child[2]; /* constant once split */
	bool routed; /* set under both locks: the table knows the split */
};
static_assert(sizeof(struct grow_shard) == 2 * RM_CACHE_LINE,
        "a shard's header is its own pair of lines");

/* One routing table. Older ones stay for threads that have just read them. */
struct grow_directory {
	struct grow_directory *older;
	uint64_t mask; /* entries - 1 */
	uint32_t log2_entries;
	struct grow_shard *_Atomic entry[];
};

struct grow_map {
	_Alignas(2 * RM_CACHE_LINE) struct grow_directory *_Atomic directory;
	/* from here on: not read by operations */
	_Alignas(RM_CACHE_LINE) _Atomic uint32_t directory_lock;
	struct grow_directory *roots; /* the first one: its shards are all */
	struct rm_shape shape;
	uint64_t seed;
	uint64_t leaves; /* shards that are not split */
	_Atomic uint64_t splits, moved, largest_move;
};

RM_HOT uint64_t grow_route(struct rm_shape shape, struct rm_key key)
{
	uint64_t hash = rm_fnv1a_key(shape, key);

	return hash ^ hash >> 32; /* see rm_fnv1a_shard() */
}

/* Which child of a shard of that depth: the next bit of the route. */
RM_HOT unsigned grow_side(uint64_t route, uint32_t depth)
{
	return route >> depth & 1;
}

/* The id of a child: i and i + N for shard i of N = 2^depth. */
GOMAP_PLAIN uint64_t grow_child_id(uint64_t id, uint32_t depth, unsigned side)
{
	return id + ((uint64_t)side << depth);
}

/* What the routing table says. */
RM_HOT struct grow_shard *grow_entry(struct grow_map *map, uint64_t route)
{
	/* acquire: pairs with the release in grow_double() */
	struct grow_directory *directory =
	        atomic_load_explicit(&map->directory, memory_order_acquire);

	/* acquire: pairs with the release in grow_publish() */
	return atomic_load_explicit(&directory->entry[route & directory->mask],
	        memory_order_acquire);
}

/* From a split shard, locked, to the one below it, locked. */
static RM_COLD struct grow_shard *grow_read_below(
        struct grow_shard *shard, uint64_t route)
{
	do {
		struct grow_shard *child =
		        shard->child[grow_side(route, shard->depth)];

		go_rwmutex_read_unlock(&shard->lock);
		shard = child;
		lock_go_to_read(&shard->lock);
	} while (!shard->inner);
	return shard;
}

static RM_COLD struct grow_shard *grow_write_below(
        struct grow_shard *shard, uint64_t route)
{
	do {
		struct grow_shard *child =
		        shard->child[grow_side(route, shard->depth)];

		go_rwmutex_unlock(&shard->lock);
		shard = child;
		lock_go_to_write(&shard->lock);
	} while (!shard->inner);
	return shard;
}

/* The shard of a route, locked for reading. */
RM_HOT struct grow_shard *grow_read(struct grow_map *map, uint64_t route)
{
	struct grow_shard *shard = grow_entry(map, route);

	lock_go_to_read(&shard->lock);
	if (__builtin_expect(!shard->inner, 0))
		shard = grow_read_below(shard, route);
	return shard;
}

/* ... locked for writing. Unlock it with grow_write_end(). */
RM_HOT struct grow_shard *grow_write(struct grow_map *map, uint64_t route)
{
	struct grow_shard *shard = grow_entry(map, route);

	lock_go_to_write(&shard->lock);
	if (__builtin_expect(!shard->inner, 0))
		shard = grow_write_below(shard, route);
	return shard;
}

/* A shard without keys, or NULL. `hint`: keys that it will have soon. */
static inline struct grow_shard *grow_shard_create(
        const struct grow_map *map, uint64_t id, uint32_t depth, size_t hint)
{
	struct grow_shard *shard =
	        aligned_alloc(2 * RM_CACHE_LINE, sizeof(*shard));

	if (!shard)
		return NULL;
	memset((void *)shard, 0, sizeof(*shard));
	shard->id = id;
	shard->depth = depth;
	shard->limit =
	        !GROW_TIMED && depth < GROW_MAX_DEPTH ? GROW_LIMIT : SIZE_MAX;
	shard->inner = gomap_create(
	        hint, map->shape, rm_seed(map->seed, id << 6 | depth));
	if (shard->inner)
		return shard;
	free(shard);
	return NULL;
}

/* With everything below it; NULL does nothing. */
static inline void grow_shard_destroy(struct grow_shard *shard)
{
	if (!shard)
		return;
	grow_shard_destroy(shard->child[0]);
	grow_shard_destroy(shard->child[1]);
	gomap_destroy(shard->inner);
	free(shard->move);
	free(shard);
}

/* A routing table without entries, or NULL. */
static inline struct grow_directory *grow_directory_create(
        uint32_t log2_entries, struct grow_directory *older)
{
	const size_t entries = (size_t)1 << log2_entries;
	struct grow_directory *directory = calloc(
	        1, sizeof(*directory) + entries * sizeof(directory->entry[0]));

	if (!directory)
		return NULL;
	directory->older = older;
	directory->mask = entries - 1;
	directory->log2_entries = log2_entries;
	return directory;
}

#endif /* RM_SUPPORT_SHARD_GROW_H */
