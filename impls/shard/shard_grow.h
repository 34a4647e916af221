/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shard_grow.h - shards whose number grows: data structures, routing, locking
 * the shard of a key. Private part of shard_grow_ops.h.
 *
 * Define these constants before including this file:
 *
 *	GROW_SHARDS    shards of a map that is not presized, a power of two
 *	GROW_CAPACITY capacity of a shard, in keys
 *	GROW_BATCH     keys that one operation moves at most
 *	GROW_STOP      1: all shards grow at once, and all threads wait
 *	GROW_TIMED     1: a background thread splits (shard_grow_timed.h)
 *
 * A shard of depth d has the keys whose lowest d bits of the route are its id.
 * Above 3/4 of its capacity it is split by the next bit of the route into the
 * shards id and id + 2^d (this is hash mod 2N). A split shard stays as an inner
 * node of a tree, without keys, so that threads that arrive late find the way
 * down. There are fewer split shards than others, so this does not leak. The
 * routing table (directory) is a short cut: one load finds the shard. A thread
 * that has read an old entry walks down from a split shard.
 *
 * Locks: a shard's RWMutex protects its members, and those of its children
 * until it is split, because no other thread can reach them before. The order
 * is first the shard, then directory_lock. With GROW_STOP it is first
 * directory_lock, then all shards by id.
 */
#ifndef RM_SHARD_GROW_H
#define RM_SHARD_GROW_H

#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_ops.h"
#include "impls/support/fnv.h"
#include "impls/support/lock_go.h"

enum {
	GROW_LIMIT = GROW_CAPACITY / 4 * 3, /* load factor 0.75 */
	GROW_MAX_DEPTH = 32, /* enough bits of a route to distinguish keys */
	GROW_SPARSE = 8,     /* most table entries per shard */
};

/* A shard that is being split. */
struct grow_move {
	struct gomap_iterator cursor; /* keys before this position are copied */
};

struct grow_shard {
	_Alignas(2 * RM_CACHE_LINE) struct go_rwmutex lock;
	uint32_t depth;      /* constant */
	struct gomap *inner; /* NULL if the shard is split */
	/* A write grows the shard if it then has at least this many keys. 0:
	   the shard is moving, and each write must help or be repeated in the
	   child. */
	size_t limit;
	uint64_t id;                 /* constant, below 2^depth */
	struct grow_move *move;      /* NULL if the shard is not moving */
	struct grow_shard *child[2]; /* constant once split */
	bool routed; /* true if the routing table has the children; set under
	                both locks */
};
static_assert(sizeof(struct grow_shard) == 2 * RM_CACHE_LINE,
        "a shard's header is its own pair of lines");

/* A routing table. Older tables are kept for threads that may still read
   them. */
struct grow_directory {
	struct grow_directory *older;
	uint64_t mask; /* number of entries - 1 */
	uint32_t log2_entries;
	struct grow_shard *_Atomic entry[];
};

struct grow_map {
	_Alignas(2 * RM_CACHE_LINE) struct grow_directory *_Atomic directory;
	/* operations do not read these members */
	_Alignas(RM_CACHE_LINE) _Atomic uint32_t directory_lock;
	struct grow_directory *roots; /* the first shards, roots of the tree */
	struct rm_shape shape;
	uint64_t seed;
	uint64_t leaves; /* number of shards that are not split */
	_Atomic uint64_t splits, moved, largest_move;
};

RM_HOT uint64_t grow_route(struct rm_shape shape, struct rm_key key)
{
	uint64_t hash = rm_fnv1a_key(shape, key);

	return hash ^ hash >> 32; /* see rm_fnv1a_shard() */
}

/* Returns which child of a shard of that depth has the route. This is the next
   bit of the route. */
RM_HOT unsigned grow_side(uint64_t route, uint32_t depth)
{
	return route >> depth & 1;
}

/* Returns the id of a child: i or i + N for shard i of N = 2^depth. */
GOMAP_PLAIN uint64_t grow_child_id(uint64_t id, uint32_t depth, unsigned side)
{
	return id + ((uint64_t)side << depth);
}

/* Returns the entry of the routing table for a route. */
RM_HOT struct grow_shard *grow_entry(struct grow_map *map, uint64_t route)
{
	/* acquire: pairs with the release in grow_double() */
	struct grow_directory *directory =
	        atomic_load_explicit(&map->directory, memory_order_acquire);

	/* acquire: pairs with the release in grow_publish() */
	return atomic_load_explicit(&directory->entry[route & directory->mask],
	        memory_order_acquire);
}

/* Walks from a split shard, which is locked, down to a leaf. Locks the leaf for
   reading. */
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

/* Returns the shard of a route, locked for reading. */
RM_HOT struct grow_shard *grow_read(struct grow_map *map, uint64_t route)
{
	struct grow_shard *shard = grow_entry(map, route);

	lock_go_to_read(&shard->lock);
	if (__builtin_expect(!shard->inner, 0))
		shard = grow_read_below(shard, route);
	return shard;
}

/* Returns the shard of a route, locked for writing. Unlock it with
   grow_write_end(). */
RM_HOT struct grow_shard *grow_write(struct grow_map *map, uint64_t route)
{
	struct grow_shard *shard = grow_entry(map, route);

	lock_go_to_write(&shard->lock);
	if (__builtin_expect(!shard->inner, 0))
		shard = grow_write_below(shard, route);
	return shard;
}

/* Returns a shard without keys, or NULL if memory runs out. `hint` is the
   expected number of keys. */
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

/* Destroys a shard and its descendants. Ignores NULL. */
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

/* Returns a routing table without entries, or NULL if memory runs out. */
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

#endif /* RM_SHARD_GROW_H */
