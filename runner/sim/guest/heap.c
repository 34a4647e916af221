/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.c - malloc, compiled with instrumentation: its own accesses count.
 *
 * What decides cache counts is where blocks lie, and that is glibc's
 * (malloc/malloc.c, 2.36): a header of 8 bytes before each block, addresses
 * that are multiples of 16, chunks of at least 32 bytes; freed chunks of up to
 * 1040 bytes go to a cache of the thread, last in, first out, seven of a size;
 * 128 KiB and more are pages of their own. Each core has an arena (glibc: up
 * to 8 per CPU) in segments of 64 MiB. Left out: the coalescing and splitting
 * of chunks: a chunk keeps its size for ever, and is found by it. So which
 * blocks share a line differs where a map frees arrays while it allocates
 * entries (docs/simulated-machine.md has the figures).
 */
#include "runner/sim/guest/heap.h"
#include "runner/sim/guest/guest.h"
#include "runner/sim/guest/space.h"

#include "runner/sim/mach.h"

#include <errno.h>
#include <string.h>

enum {
	CHUNK_MIN = 32,
	CACHED_MAX = 1040, /* glibc: tcache_max_bytes, as a chunk size */
	CACHED_SIZES = (CACHED_MAX - CHUNK_MIN) / RM_SIM_GRAIN + 1,
	CACHED_EACH = 7,
	PAGES_HEADER = 16,
	SIZES = (RM_SIM_PAGES_MIN + 2 * RM_SIM_GRAIN) / RM_SIM_GRAIN,
	/* where in its page glibc puts a thread's first block: after the
	   heap's header, the arena's state and the thread's cache; it decides
	   which blocks share a line */
	FIRST_BLOCK = 0xb70,
	PAGE = 4096,
	/* the heaps of two cores do not share the sets of a shared cache */
	STAGGER_BYTES = 17 * PAGE,
};

/* A free block; in use, all but the header is the user's. */
struct block {
	struct block *next;
	uint64_t key; /* glibc: against double free */
};

struct cache {
	uint16_t count[CACHED_SIZES];
	struct block *entry[CACHED_SIZES];
};

struct arena {
	pthread_mutex_t lock; /* all but `cache`, which is the core's alone */
	char *top, *end;      /* what no chunk has had yet */
	struct cache cache;
	struct block *bin[SIZES]; /* by chunk size */
};

/* At the start of each segment. */
struct segment {
	_Alignas(RM_SIM_GRAIN) struct arena *arena;
};

static struct arena *arenas[RM_SIM_CORES_MAX + 1];

static struct arena *arena_of(void *block)
{
	uintptr_t at =
	        (uintptr_t)block & ~(uintptr_t)(RM_SIM_SEGMENT_BYTES - 1);

	return ((struct segment *)at)->arena;
}

static size_t whole_grains(size_t bytes)
{
	return (bytes + RM_SIM_GRAIN - 1) & ~(size_t)(RM_SIM_GRAIN - 1);
}

/* Gives the arena a segment whose first block lies at `first`. */
static void use(struct arena *arena, struct segment *segment, size_t first)
{
	segment->arena = arena;
	/* blocks are multiples of 16, their headers end where they start */
	arena->top = (char *)segment + first - RM_SIM_HEADER;
	arena->end = (char *)segment + RM_SIM_SEGMENT_BYTES;
}

static int extend(struct arena *arena)
{
	struct segment *segment = rm_sim_space_segment();

	if (!segment)
		return -ENOMEM;
	use(arena, segment, whole_grains(sizeof(*segment)) + RM_SIM_GRAIN);
	return 0;
}

static struct arena *make_arena(unsigned self)
{
	struct segment *segment = rm_sim_space_segment();
	size_t skip = PAGE + self * STAGGER_BYTES;
	struct arena *arena;
	size_t end;

	if (!segment)
		return NULL;
	arena = (struct arena *)(void *)((char *)segment + skip);
	end = skip + sizeof(*arena) + PAGE;
	use(arena, segment, end - end % PAGE + FIRST_BLOCK);
	arenas[self] = arena;
	return arena;
}

static struct arena *own_arena(void)
{
	unsigned self = rm_sim_self();

	return arenas[self] ? arenas[self] : make_arena(self);
}

static void put(struct arena *arena, struct block *block, size_t size)
{
	size_t i = size / RM_SIM_GRAIN;

	block->next = arena->bin[i];
	arena->bin[i] = block;
}

/* A chunk that starts at the arena's top; under its lock. NULL: no memory.
   `alignment` of the block: the gap before it is lost to a bin. */
static void *carve(struct arena *arena, size_t size, size_t alignment)
{
	char *block;
	size_t gap;

	if ((size_t)(arena->end - arena->top) < size + 2 * alignment &&
	        extend(arena))
		return NULL;
	block = arena->top + RM_SIM_HEADER;
	gap = -(uintptr_t)block & (alignment - 1);
	if (gap && gap < CHUNK_MIN)
		gap += alignment;
	if (gap) {
		struct block *first = (struct block *)(void *)block;

		*rm_sim_heap_header(first) = gap;
		put(arena, first, gap);
		block += gap;
	}
	*rm_sim_heap_header(block) = size;
	arena->top = block - RM_SIM_HEADER + size;
	return block;
}

/* The first of a few chunks of this size that is aligned; under the lock. */
static void *take_aligned(struct arena *arena, size_t size, size_t alignment)
{
	enum { LOOK = 8 };
	struct block **link = &arena->bin[size / RM_SIM_GRAIN];

	for (int i = 0; *link && i < LOOK; i++, link = &(*link)->next)
		if (!((uintptr_t)*link & (alignment - 1))) {
			struct block *block = *link;

			*link = block->next;
			return block;
		}
	return NULL;
}

static void *from_arena(size_t size, size_t alignment)
{
	struct arena *arena = own_arena();
	void *block;

	if (!arena)
		return NULL;
	rm_sim_mutex_lock(&arena->lock);
	block = take_aligned(arena, size, alignment);
	if (!block)
		block = carve(arena, size, alignment);
	rm_sim_mutex_unlock(&arena->lock);
	return block;
}

void *rm_sim_heap_pages(size_t bytes, size_t alignment)
{
	size_t before = alignment > PAGES_HEADER ? alignment : PAGES_HEADER;
	uint64_t *block;
	char *pages;

	if (bytes > RM_SIM_HEAP_BYTES)
		return NULL;
	bytes = whole_grains(bytes); /* room for the flags */
	pages = rm_sim_space_map(bytes + before);
	if (!pages)
		return NULL;
	/* pages are aligned to 4096; a greater alignment is not offered */
	block = (uint64_t *)(void *)(pages + before);
	block[-1] = (bytes + before) | RM_SIM_MAPPED;
	block[-2] = before;
	return block;
}

static size_t chunk_bytes(size_t bytes)
{
	size_t size = whole_grains(bytes + RM_SIM_HEADER);

	return size < CHUNK_MIN ? CHUNK_MIN : size;
}

void *rm_sim_malloc(size_t bytes)
{
	size_t size;
	struct arena *arena;

	if (bytes >= RM_SIM_PAGES_MIN)
		return rm_sim_heap_pages(bytes, RM_SIM_GRAIN);
	size = chunk_bytes(bytes);
	arena = own_arena();
	if (arena && size <= CACHED_MAX) {
		struct cache *cache = &arena->cache;
		size_t i = (size - CHUNK_MIN) / RM_SIM_GRAIN;

		if (cache->count[i]) {
			struct block *block = cache->entry[i];

			cache->entry[i] = block->next;
			cache->count[i]--;
			block->key = 0;
			return block;
		}
	}
	return from_arena(size, RM_SIM_GRAIN);
}

void *rm_sim_heap_chunk(size_t bytes, size_t alignment)
{
	return from_arena(chunk_bytes(bytes), alignment);
}

static void free_pages(void *block)
{
	uint64_t *words = block;
	size_t before = words[-2];

	rm_sim_space_unmap(
	        (char *)block - before, words[-1] & ~(uint64_t)RM_SIM_FLAGS);
}

void rm_sim_free(void *opaque)
{
	struct block *block = opaque;
	struct arena *arena;
	uint64_t header;

	if (!block)
		return;
	header = *rm_sim_heap_header(block);
	if (header & RM_SIM_MAPPED) {
		free_pages(block);
		return;
	}
	arena = own_arena();
	if (arena && header <= CACHED_MAX) {
		struct cache *cache = &arena->cache;
		size_t i = (header - CHUNK_MIN) / RM_SIM_GRAIN;

		if (cache->count[i] < CACHED_EACH) {
			block->key = (uintptr_t)cache;
			block->next = cache->entry[i];
			cache->entry[i] = block;
			cache->count[i]++;
			return;
		}
	}
	arena = arena_of(block);
	rm_sim_mutex_lock(&arena->lock);
	put(arena, block, header);
	rm_sim_mutex_unlock(&arena->lock);
}
