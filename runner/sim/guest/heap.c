/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.c - malloc, compiled with instrumentation, so that its own accesses are
 * counted.
 *
 * Blocks are placed as in glibc, since their positions affect the cache counts
 * (malloc/malloc.c, 2.36). Each block has a header of 8 bytes before it and an
 * address that is a multiple of 16; chunks have at least 32 bytes. Freed chunks
 * of up to 1040 bytes go to a thread cache (last in, first out, at most seven
 * of each size), all others to their arena (heap_arena.c, heap_bins.c). Large
 * chunks get their own pages. When such a chunk is freed, its size becomes the
 * minimum size of large chunks. Each core has an arena (glibc: up to 8 per CPU)
 * in segments of 64 MiB.
 */
#include "runner/sim/guest/chunk.h"
#include "runner/sim/guest/guest.h"
#include "runner/sim/guest/space.h"

#include "runner/sim/sim.h"

#include <errno.h>
#include <string.h>

enum {
	PAGES_HEADER = 16,
	/* glibc's threshold starts at 128 KiB, but the trial has already freed
	   a buffer of 1 MiB (runner/map_program/trial.c) */
	PAGES_MIN = (1 << 20) + RM_SIM_PAGE,
	PAGES_MIN_MAX = 32 << 20,
	/* glibc: offset of a thread's first block in its page, after the heap's
	   header, the arena's state and the thread's cache. The offset
	   determines which blocks share a cache line. */
	FIRST_BLOCK = 0xb70,
	/* shifts the heaps of two cores to different sets of a shared cache */
	STAGGER_BYTES = 17 * RM_SIM_PAGE,
};

/* Header of each segment. */
struct segment {
	_Alignas(RM_SIM_GRAIN) struct rm_sim_arena *arena;
};

static struct rm_sim_arena *arenas[RM_SIM_CORES_MAX + 1];

/* Minimum size of chunks with their own pages, in bytes. */
static _Atomic size_t pages_min = PAGES_MIN;

/* relaxed: the value publishes no other data */
static size_t read_pages_min(void)
{
	return atomic_load_explicit(&pages_min, memory_order_relaxed);
}

static struct rm_sim_arena *arena_of(void *block)
{
	uintptr_t at =
	        (uintptr_t)block & ~(uintptr_t)(RM_SIM_SEGMENT_BYTES - 1);

	return ((struct segment *)at)->arena;
}

/* Adds a segment to the arena. Its first block is at offset `first`. */
static void add_segment(
        struct rm_sim_arena *arena, struct segment *segment, size_t first)
{
	char *start = (char *)segment;

	segment->arena = arena;
	rm_sim_arena_extend(arena, start + first,
	        start + rm_sim_heap_pages(first + RM_SIM_TOP_RESERVE),
	        start + RM_SIM_SEGMENT_BYTES);
}

static struct rm_sim_arena *make_arena(unsigned self)
{
	struct segment *segment = rm_sim_space_segment();
	size_t skip = RM_SIM_PAGE + self * STAGGER_BYTES;
	struct rm_sim_arena *arena;

	if (!segment)
		return NULL;
	arena = (struct rm_sim_arena *)(void *)((char *)segment + skip);
	rm_sim_bins_init(arena);
	add_segment(arena, segment,
	        rm_sim_heap_pages(skip + sizeof(*arena)) + FIRST_BLOCK);
	arenas[self] = arena;
	return arena;
}

static struct rm_sim_arena *own_arena(void)
{
	unsigned self = rm_sim_self();

	return arenas[self] ? arenas[self] : make_arena(self);
}

/* Maps pages for a chunk of `size` bytes and aligns its block. */
static void *map_pages(size_t size, size_t alignment)
{
	size_t before = alignment > PAGES_HEADER ? alignment : PAGES_HEADER;
	size_t bytes = rm_sim_heap_pages(size + before);
	uint64_t *block;
	char *pages;

	if (size > RM_SIM_HEAP_BYTES)
		return NULL;
	pages = rm_sim_space_map(bytes);
	if (!pages)
		return NULL;
	/* Pages are aligned to 4096 bytes. Larger alignments are not
	   supported. */
	block = (uint64_t *)(void *)(pages + before);
	block[-1] = bytes | RM_SIM_MAPPED;
	block[-2] = before;
	return block;
}

static void free_pages(void *block)
{
	size_t bytes = rm_sim_heap_bytes(block);

	/* As in glibc: a program that frees this size will probably allocate it
	   again. */
	if (bytes > read_pages_min() && bytes <= PAGES_MIN_MAX)
		/* relaxed: see read_pages_min() */
		atomic_store_explicit(&pages_min, bytes, memory_order_relaxed);
	rm_sim_space_unmap(
	        (char *)block - rm_sim_heap_header(block)[-1], bytes);
}

/* Frees a chunk of this arena. The lock is held, unless the chunk is small. */
static void free_chunk(struct rm_sim_arena *arena, struct rm_sim_block *block)
{
	size_t bytes = rm_sim_heap_bytes(block);

	if (bytes <= RM_SIM_FAST_MAX)
		rm_sim_arena_give_fast(arena, block, bytes);
	else
		rm_sim_arena_give(arena, block, 2 * read_pages_min());
}

/* Allocates a chunk from the arena, whose lock is held. NULL: the caller must
   map pages. */
static struct rm_sim_block *take_chunk(struct rm_sim_arena *arena, size_t size)
{
	enum { FIRST = 2 * RM_SIM_GRAIN };
	struct rm_sim_block *block =
	        rm_sim_arena_take(arena, &arena->cache, size);

	if (block || size >= read_pages_min())
		return block;
	if (!rm_sim_arena_grow(arena, size)) {
		struct segment *segment = rm_sim_space_segment();

		if (!segment)
			return NULL;
		add_segment(arena, segment, FIRST);
		rm_sim_arena_grow(arena, size);
	}
	return rm_sim_arena_take(arena, &arena->cache, size);
}

/* Reduces a used chunk to `size` bytes from `block` on, and frees the rest
   before and after it (glibc: _int_memalign). */
static void *trim_to(struct rm_sim_arena *arena, struct rm_sim_block *chunk,
        struct rm_sim_block *block, size_t size)
{
	size_t before = (size_t)((char *)block - (char *)chunk);
	size_t left = rm_sim_heap_bytes(chunk) - before;

	if (before) {
		*rm_sim_heap_header(block) = left | RM_SIM_BEFORE_USED;
		*rm_sim_heap_header(chunk) -= left;
		if (!rm_sim_cache_put(&arena->cache, chunk, before))
			free_chunk(arena, chunk);
	}
	if (left >= size + RM_SIM_CHUNK_MIN) {
		struct rm_sim_block *rest = (void *)((char *)block + size);

		*rm_sim_heap_header(rest) = (left - size) | RM_SIM_BEFORE_USED;
		*rm_sim_heap_header(block) -= left - size;
		if (!rm_sim_cache_put(&arena->cache, rest, left - size))
			free_chunk(arena, rest);
	}
	return block;
}

static size_t chunk_bytes(size_t bytes)
{
	size_t size = (bytes + RM_SIM_HEADER + RM_SIM_GRAIN - 1) &
	              ~(size_t)(RM_SIM_GRAIN - 1);

	return size < RM_SIM_CHUNK_MIN ? RM_SIM_CHUNK_MIN : size;
}

static struct rm_sim_block *take_aligned(
        struct rm_sim_arena *arena, size_t size, size_t alignment)
{
	struct rm_sim_block *chunk, *block;

	if (alignment <= RM_SIM_GRAIN)
		return take_chunk(arena, size);
	/* as in glibc, which treats a chunk size as a request size and rounds
	   it again */
	chunk = take_chunk(
	        arena, chunk_bytes(size + alignment + RM_SIM_CHUNK_MIN));
	if (!chunk)
		return NULL;
	block = (void *)(((uintptr_t)chunk + alignment - 1) & -alignment);
	/* the freed part at the start must be a valid chunk */
	if (block != chunk && (char *)block - (char *)chunk < RM_SIM_CHUNK_MIN)
		block = (void *)((char *)block + alignment);
	return trim_to(arena, chunk, block, size);
}

/* Allocates a block without the core's cache; `alignment` is at most 4096.
   NULL: out of memory. */
static void *allocate_uncached(size_t bytes, size_t alignment)
{
	struct rm_sim_arena *arena = own_arena();
	void *block = NULL;

	if (bytes > RM_SIM_HEAP_BYTES)
		return NULL;
	bytes = chunk_bytes(bytes);
	if (arena) {
		rm_sim_mutex_lock(&arena->lock);
		block = take_aligned(arena, bytes, alignment);
		rm_sim_mutex_unlock(&arena->lock);
	}
	return block ? block : map_pages(bytes, alignment);
}

void *rm_sim_malloc(size_t bytes)
{
	struct rm_sim_arena *arena = own_arena();
	void *block = NULL;

	if (arena && bytes <= RM_SIM_CACHED_MAX)
		block = rm_sim_cache_get(&arena->cache, chunk_bytes(bytes));
	return block ? block : allocate_uncached(bytes, RM_SIM_GRAIN);
}

void rm_sim_free(void *opaque)
{
	struct rm_sim_block *block = opaque;
	struct rm_sim_arena *arena;
	size_t bytes;

	if (!block)
		return;
	if (*rm_sim_heap_header(block) & RM_SIM_MAPPED) {
		free_pages(block);
		return;
	}
	arena = own_arena();
	bytes = rm_sim_heap_bytes(block);
	if (arena && rm_sim_cache_put(&arena->cache, block, bytes))
		return;
	arena = arena_of(block);
	if (bytes <= RM_SIM_FAST_MAX) {
		free_chunk(arena, block);
		return;
	}
	rm_sim_mutex_lock(&arena->lock);
	free_chunk(arena, block);
	rm_sim_mutex_unlock(&arena->lock);
}

static size_t usable_bytes(void *block)
{
	uint64_t header = *rm_sim_heap_header(block);

	return (size_t)(header & ~(uint64_t)RM_SIM_FLAGS) -
	       (header & RM_SIM_MAPPED ? (size_t)rm_sim_heap_header(block)[-1]
	                               : RM_SIM_HEADER);
}

void *rm_sim_calloc(size_t count, size_t bytes)
{
	size_t all;
	void *block;

	if (__builtin_mul_overflow(count, bytes, &all))
		return NULL;
	/* as in glibc, calloc() does not use the core's cache */
	block = allocate_uncached(all, RM_SIM_GRAIN);
	/* new pages are zeroed */
	if (block && !(*rm_sim_heap_header(block) & RM_SIM_MAPPED))
		memset(block, 0, all);
	return block;
}

void *rm_sim_realloc(void *old, size_t bytes)
{
	void *block;

	if (!old)
		return rm_sim_malloc(bytes);
	if (bytes <= usable_bytes(old) && bytes >= usable_bytes(old) / 2)
		return old;
	block = rm_sim_malloc(bytes);
	if (block) {
		size_t had = usable_bytes(old);

		memcpy(block, old, had < bytes ? had : bytes);
		rm_sim_free(old);
	}
	return block;
}

void *rm_sim_aligned_alloc(size_t alignment, size_t bytes)
{
	if (alignment & (alignment - 1) || alignment > RM_SIM_PAGE)
		rm_sim_reject(
		        "an alignment that is not a power of two up to 4096");
	if (alignment <= RM_SIM_GRAIN)
		return rm_sim_malloc(bytes);
	return allocate_uncached(bytes, alignment);
}

int rm_sim_posix_memalign(void **out, size_t alignment, size_t bytes)
{
	void *block = rm_sim_aligned_alloc(alignment, bytes);

	if (!block)
		return ENOMEM;
	*out = block;
	return 0;
}
