/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chunk.h - chunks, per-core caches and arenas of the simulated allocator.
 * heap.c calls heap_arena.c, which calls heap_bins.c.
 */
#ifndef RM_SIM_CHUNK_H
#define RM_SIM_CHUNK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RM_SIM_GRAIN = 16,
	RM_SIM_HEADER = 8,
	RM_SIM_CHUNK_MIN = 32,
	RM_SIM_PAGE = 4096,
	/* flags in a chunk's header */
	RM_SIM_BEFORE_USED = 1, /* the previous chunk is in use */
	RM_SIM_MAPPED = 2,      /* the chunk has its own pages */
	RM_SIM_FLAGS = 15,

	RM_SIM_CACHED_MAX = 1040, /* glibc: tcache_max_bytes, as a chunk size */
	RM_SIM_CACHED_SIZES =
	        (RM_SIM_CACHED_MAX - RM_SIM_CHUNK_MIN) / RM_SIM_GRAIN + 1,
	RM_SIM_CACHED_EACH = 7,
	RM_SIM_FAST_MAX = 128, /* glibc: global_max_fast */
	RM_SIM_FAST_SIZES =
	        (RM_SIM_FAST_MAX - RM_SIM_CHUNK_MIN) / RM_SIM_GRAIN + 1,
	RM_SIM_BINS = 128,
	RM_SIM_TOP_RESERVE = 128 << 10, /* glibc: top_pad */
};

/* Contents of the user part of a free chunk. */
struct rm_sim_block {
	struct rm_sim_block *next;
	union {
		struct rm_sim_block *prev; /* in a bin */
		uint64_t key; /* set in a core's cache, to detect double
		                 frees */
	};
};

/* Chunks that a core has freed, by size. The last freed chunk is used first. */
struct rm_sim_cache {
	uint16_t count[RM_SIM_CACHED_SIZES];
	struct rm_sim_block *entry[RM_SIM_CACHED_SIZES];
};

/* Corresponds to glibc's malloc_state. */
struct rm_sim_arena {
	pthread_mutex_t lock; /* guards all members except `fast` and `cache` */
	/* any core pushes without the lock; the lock's holder pops */
	_Atomic uint32_t fast_used;
	_Atomic(struct rm_sim_block *) fast[RM_SIM_FAST_SIZES];
	struct rm_sim_block *top; /* last chunk; never allocated */
	struct rm_sim_block *last_remainder;
	struct rm_sim_block bin[RM_SIM_BINS]; /* circular lists */
	uint64_t bin_used[RM_SIM_BINS / 64];  /* bit 0: the list is empty */
	char *end, *limit;         /* end of the top chunk; its maximum */
	struct rm_sim_cache cache; /* only its core uses it */
};

/* Returns the header of a block, located before it: size of the chunk, and
   flags. */
static inline uint64_t *rm_sim_heap_header(void *block)
{
	return (uint64_t *)block - 1;
}

static inline size_t rm_sim_heap_bytes(void *block)
{
	return *rm_sim_heap_header(block) & ~(uint64_t)RM_SIM_FLAGS;
}

static inline size_t rm_sim_heap_pages(size_t bytes)
{
	return (bytes + RM_SIM_PAGE - 1) & ~(size_t)(RM_SIM_PAGE - 1);
}

static inline bool rm_sim_cache_has_room(
        const struct rm_sim_cache *cache, size_t bytes)
{
	return bytes <= RM_SIM_CACHED_MAX &&
	       cache->count[(bytes - RM_SIM_CHUNK_MIN) / RM_SIM_GRAIN] <
	               RM_SIM_CACHED_EACH;
}

/* Puts a chunk into the core's cache. Returns false if the cache is full. */
static inline bool rm_sim_cache_put(
        struct rm_sim_cache *cache, struct rm_sim_block *block, size_t bytes)
{
	size_t i = (bytes - RM_SIM_CHUNK_MIN) / RM_SIM_GRAIN;

	if (!rm_sim_cache_has_room(cache, bytes))
		return false;
	block->key = (uintptr_t)cache;
	block->next = cache->entry[i];
	cache->entry[i] = block;
	cache->count[i]++;
	return true;
}

/* Returns the most recently cached chunk of `bytes`, or NULL. */
static inline struct rm_sim_block *rm_sim_cache_get(
        struct rm_sim_cache *cache, size_t bytes)
{
	size_t i = (bytes - RM_SIM_CHUNK_MIN) / RM_SIM_GRAIN;
	struct rm_sim_block *block;

	if (bytes > RM_SIM_CACHED_MAX || !cache->count[i])
		return NULL;
	block = cache->entry[i];
	cache->entry[i] = block->next;
	cache->count[i]--;
	block->key = 0;
	return block;
}

/* --- heap_arena.c; the arena's lock is held --- */

/* Makes the memory from the block `first` to `end` the arena's top, which may
   grow up to `limit`. The rest of the old top becomes a free chunk. */
void rm_sim_arena_extend(
        struct rm_sim_arena *arena, char *first, char *end, char *limit);

/* Allocates a chunk of `bytes` (a multiple of 16, at least RM_SIM_CHUNK_MIN)
   from the free chunks or the top. NULL: neither has enough. Other chunks of
   this size may move to the core's `cache`. */
struct rm_sim_block *rm_sim_arena_take(
        struct rm_sim_arena *arena, struct rm_sim_cache *cache, size_t bytes);

/* Grows the top so that a chunk of `bytes` fits. Returns false if the limit is
   reached. */
bool rm_sim_arena_grow(struct rm_sim_arena *arena, size_t bytes);

/* Frees a chunk of more than RM_SIM_FAST_MAX bytes without using a cache. A top
   of at least `trim_bytes` shrinks. */
void rm_sim_arena_give(struct rm_sim_arena *arena, struct rm_sim_block *block,
        size_t trim_bytes);

/* Frees a chunk of up to RM_SIM_FAST_MAX bytes; needs no lock. */
void rm_sim_arena_give_fast(
        struct rm_sim_arena *arena, struct rm_sim_block *block, size_t bytes);

/* --- heap_bins.c; the arena's lock is held --- */

void rm_sim_bins_init(struct rm_sim_arena *arena);
/* Puts a free chunk with a valid header into the unsorted bin. */
void rm_sim_bins_put(struct rm_sim_arena *arena, struct rm_sim_block *block);
void rm_sim_bins_unlink(struct rm_sim_block *block);
/* Like rm_sim_arena_take(), but only from the bins. */
struct rm_sim_block *rm_sim_bins_take(
        struct rm_sim_arena *arena, struct rm_sim_cache *cache, size_t bytes);

#endif /* RM_SIM_CHUNK_H */
