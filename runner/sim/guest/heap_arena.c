/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap_arena.c - manages the chunks of one arena, compiled with
 * instrumentation.
 *
 * Follows glibc 2.36. Chunks are adjacent; each stores its size and whether the
 * previous one is in use. A free chunk also has its size at its end, so that a
 * freed chunk merges with free neighbours. Chunks of up to 128 bytes do not
 * merge at once: they stay in a list for their size until a large request.
 */
#include "runner/sim/guest/chunk.h"

#include "runner/sim/guest/guest.h"

enum {
	LARGE_MIN = 1024, /* a request of this size or more merges all fast
			   * chunks */
	CONSOLIDATE_MIN = 64 << 10, /* freeing a chunk of this size or more also
				     * merges them */
};

static size_t fast_of(size_t bytes)
{
	return (bytes - RM_SIM_CHUNK_MIN) / RM_SIM_GRAIN;
}

/* Writes a free chunk's size into the two places that its neighbours read. */
static void mark_free(struct rm_sim_block *block, size_t bytes)
{
	uint64_t *after = rm_sim_heap_header((char *)block + bytes);

	*rm_sim_heap_header(block) = bytes | RM_SIM_BEFORE_USED;
	after[-1] = bytes;
	*after &= ~(uint64_t)RM_SIM_BEFORE_USED;
}

/* Merges a freed chunk with its free neighbours. Not for chunks that go to a
   cache. Returns the resulting size. */
static size_t merge(struct rm_sim_arena *arena, struct rm_sim_block *block)
{
	size_t bytes = rm_sim_heap_bytes(block);
	struct rm_sim_block *after = (void *)((char *)block + bytes);
	size_t behind = rm_sim_heap_bytes(after);

	if (!(*rm_sim_heap_header(block) & RM_SIM_BEFORE_USED)) {
		size_t before = rm_sim_heap_header(block)[-1];

		block = (void *)((char *)block - before);
		rm_sim_bins_unlink(block);
		bytes += before;
	}
	if (after == arena->top) {
		bytes += behind;
		*rm_sim_heap_header(block) = bytes | RM_SIM_BEFORE_USED;
		arena->top = block;
		return bytes;
	}
	if (!(*rm_sim_heap_header((char *)after + behind) &
	            RM_SIM_BEFORE_USED)) {
		rm_sim_bins_unlink(after);
		bytes += behind;
	}
	mark_free(block, bytes);
	rm_sim_bins_put(arena, block);
	return bytes;
}

static void merge_fast(struct rm_sim_arena *arena)
{
	/* relaxed: a concurrent free sets it again */
	atomic_store_explicit(&arena->fast_used, 0, memory_order_relaxed);
	for (size_t i = 0; i < RM_SIM_FAST_SIZES; i++) {
		/* acquire: pairs with release in rm_sim_arena_give_fast() */
		struct rm_sim_block *block = atomic_exchange_explicit(
		        &arena->fast[i], NULL, memory_order_acquire);

		while (block) {
			struct rm_sim_block *next = block->next;

			merge(arena, block);
			block = next;
		}
	}
}

void rm_sim_arena_give_fast(
        struct rm_sim_arena *arena, struct rm_sim_block *block, size_t bytes)
{
	_Atomic(struct rm_sim_block *) *list = &arena->fast[fast_of(bytes)];
	struct rm_sim_block *after = (void *)((char *)block + bytes);
	/* both relaxed: the exchange orders them; fast_used is only a hint */
	struct rm_sim_block *first =
	        atomic_load_explicit(list, memory_order_relaxed);

	/* as in glibc; this read may touch one more line */
	if (rm_sim_heap_bytes(after) < RM_SIM_GRAIN)
		rm_sim_reject("a freed block whose end was overwritten");
	atomic_store_explicit(&arena->fast_used, 1, memory_order_relaxed);
	do
		block->next = first;
	/* release: pairs with pop_fast()'s acquire; relaxed if it failed */
	while (!atomic_compare_exchange_weak_explicit(list, &first, block,
	        memory_order_release, memory_order_relaxed));
}

/* Pops one chunk. Only the holder of the lock pops, so no other thread can
   remove and insert the first chunk meanwhile (ABA problem). */
static struct rm_sim_block *pop_fast(_Atomic(struct rm_sim_block *) *list)
{
	/* acquire: pairs with the release in rm_sim_arena_give_fast() */
	struct rm_sim_block *block =
	        atomic_load_explicit(list, memory_order_acquire);

	/* both acquire: as above */
	while (block && !atomic_compare_exchange_weak_explicit(list, &block,
	                        block->next, memory_order_acquire,
	                        memory_order_acquire))
		;
	return block;
}

/* Takes one fast chunk; moves others of its size to the cache. */
static struct rm_sim_block *take_fast(
        struct rm_sim_arena *arena, struct rm_sim_cache *cache, size_t bytes)
{
	_Atomic(struct rm_sim_block *) *list = &arena->fast[fast_of(bytes)];
	struct rm_sim_block *block = pop_fast(list), *sibling;

	while (block && rm_sim_cache_has_room(cache, bytes) &&
	        (sibling = pop_fast(list)))
		rm_sim_cache_put(cache, sibling, bytes);
	return block;
}

static struct rm_sim_block *take_top(struct rm_sim_arena *arena, size_t bytes)
{
	struct rm_sim_block *block = arena->top;
	size_t size = rm_sim_heap_bytes(block);

	if (size < bytes + RM_SIM_CHUNK_MIN)
		return NULL;
	arena->top = (void *)((char *)block + bytes);
	*rm_sim_heap_header(block) = bytes | RM_SIM_BEFORE_USED;
	*rm_sim_heap_header(arena->top) = (size - bytes) | RM_SIM_BEFORE_USED;
	return block;
}

/* relaxed: only a hint, but correct under the lock */
static bool has_fast(struct rm_sim_arena *arena)
{
	return atomic_load_explicit(&arena->fast_used, memory_order_relaxed) !=
	       0;
}

struct rm_sim_block *rm_sim_arena_take(
        struct rm_sim_arena *arena, struct rm_sim_cache *cache, size_t bytes)
{
	struct rm_sim_block *block = NULL;

	if (bytes <= RM_SIM_FAST_MAX)
		block = take_fast(arena, cache, bytes);
	else if (bytes >= LARGE_MIN && has_fast(arena))
		merge_fast(arena);
	while (!block) {
		block = rm_sim_bins_take(arena, cache, bytes);
		if (!block)
			block = take_top(arena, bytes);
		if (block || !has_fast(arena))
			break;
		merge_fast(arena);
	}
	return block;
}

static void set_top(struct rm_sim_arena *arena, char *end)
{
	uint64_t *header = rm_sim_heap_header(arena->top);

	arena->end = end;
	*header = (uint64_t)(end - (char *)header) | RM_SIM_BEFORE_USED;
}

void rm_sim_arena_extend(
        struct rm_sim_arena *arena, char *first, char *end, char *limit)
{
	struct rm_sim_block *old = arena->top;

	arena->top = (void *)first;
	arena->limit = limit;
	set_top(arena, end);
	if (!old)
		return;

	/* two headers remain after the chunk; they mark its end as used */
	size_t left = rm_sim_heap_bytes(old) - RM_SIM_CHUNK_MIN;
	uint64_t *fence = rm_sim_heap_header((char *)old + left);

	fence[0] = RM_SIM_GRAIN | RM_SIM_BEFORE_USED;
	fence[RM_SIM_GRAIN / sizeof(*fence)] = RM_SIM_BEFORE_USED;
	*rm_sim_heap_header(old) = left | RM_SIM_BEFORE_USED;
	if (left >= RM_SIM_CHUNK_MIN)
		merge(arena, old);
}

bool rm_sim_arena_grow(struct rm_sim_arena *arena, size_t bytes)
{
	size_t more = bytes + RM_SIM_CHUNK_MIN - rm_sim_heap_bytes(arena->top);

	more = rm_sim_heap_pages(more);
	if ((size_t)(arena->limit - arena->end) < more)
		return false;
	set_top(arena, arena->end + more);
	return true;
}

/* Releases free memory at the end of the heap, but keeps a reserve (glibc:
   heap_trim). */
static void trim(struct rm_sim_arena *arena, size_t trim_bytes)
{
	size_t size = rm_sim_heap_bytes(arena->top), spare;

	if (size < trim_bytes)
		return;
	spare = size - RM_SIM_CHUNK_MIN - 1 - RM_SIM_TOP_RESERVE;
	set_top(arena, arena->end - spare + spare % RM_SIM_PAGE);
}

void rm_sim_arena_give(struct rm_sim_arena *arena, struct rm_sim_block *block,
        size_t trim_bytes)
{
	if (merge(arena, block) < CONSOLIDATE_MIN)
		return;
	if (has_fast(arena))
		merge_fast(arena);
	trim(arena, trim_bytes);
}
