/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap_bins.c - keeps free chunks by size; compiled with instrumentation.
 *
 * Follows glibc 2.36 (malloc/malloc.c, _int_malloc). A freed chunk goes to the
 * unsorted list. The next request sorts that list, takes a chunk that fits
 * exactly, or else splits the smallest one that is large enough. The remainder
 * serves the following small requests in order of address, so new entries are
 * adjacent in memory of a freed array. glibc's list of sizes in large bins is
 * omitted; large bins are searched instead.
 */
#include "runner/sim/guest/chunk.h"

enum {
	UNSORTED = 1,
	SMALL_END = 1024, /* smaller chunks have one size per bin */
	BIN_BITS = 64,
};

static size_t bin_of(size_t bytes)
{
	/* glibc: largebin_index_64, with steps of 64, 512, 4096, 32768 and
	   262144 bytes */
	static const struct {
		unsigned shift, last, base;
	} steps[] = { { 6, 48, 48 }, { 9, 20, 91 }, { 12, 10, 110 },
		{ 15, 4, 119 }, { 18, 2, 124 } };

	if (bytes < SMALL_END)
		return bytes / RM_SIM_GRAIN;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (bytes >> steps[i].shift <= steps[i].last)
			return steps[i].base + (bytes >> steps[i].shift);
	return RM_SIM_BINS - 2;
}

void rm_sim_bins_init(struct rm_sim_arena *arena)
{
	for (size_t i = 0; i < RM_SIM_BINS; i++)
		arena->bin[i].next = arena->bin[i].prev = &arena->bin[i];
}

static void insert_before(struct rm_sim_block *at, struct rm_sim_block *block)
{
	block->next = at;
	block->prev = at->prev;
	at->prev->next = block;
	at->prev = block;
}

void rm_sim_bins_unlink(struct rm_sim_block *block)
{
	block->prev->next = block->next;
	block->next->prev = block->prev;
}

void rm_sim_bins_put(struct rm_sim_arena *arena, struct rm_sim_block *block)
{
	insert_before(arena->bin[UNSORTED].next, block);
}

/* Moves a chunk from the unsorted list to the start of its bin. Large bins are
   ordered by decreasing size. The first chunk of each size remains first. */
static void insert_sorted(
        struct rm_sim_arena *arena, struct rm_sim_block *block, size_t bytes)
{
	size_t i = bin_of(bytes);
	struct rm_sim_block *bin = &arena->bin[i], *at = bin->next;

	if (bytes >= SMALL_END) {
		while (at != bin && rm_sim_heap_bytes(at) > bytes)
			at = at->next;
		if (at != bin && rm_sim_heap_bytes(at) == bytes)
			at = at->next;
	}
	insert_before(at, block);
	arena->bin_used[i / BIN_BITS] |= UINT64_C(1) << i % BIN_BITS;
}

/* Marks an unlinked chunk as used. */
static struct rm_sim_block *mark_used(struct rm_sim_block *block)
{
	*rm_sim_heap_header((char *)block + rm_sim_heap_bytes(block)) |=
	        RM_SIM_BEFORE_USED;
	return block;
}

/* Like mark_used(), but marks only the first `bytes`. The rest becomes a free
   chunk. */
static struct rm_sim_block *split(
        struct rm_sim_arena *arena, struct rm_sim_block *block, size_t bytes)
{
	size_t left = rm_sim_heap_bytes(block) - bytes;
	struct rm_sim_block *rest = (void *)((char *)block + bytes);

	if (left < RM_SIM_CHUNK_MIN)
		return mark_used(block);
	rm_sim_bins_put(arena, rest);
	if (bytes < SMALL_END)
		arena->last_remainder = rest;
	*rm_sim_heap_header(block) = bytes | RM_SIM_BEFORE_USED;
	*rm_sim_heap_header(rest) = left | RM_SIM_BEFORE_USED;
	rm_sim_heap_header((char *)rest + left)[-1] = left;
	return block;
}

/* Takes the oldest chunk of a small bin, and moves others to the cache. */
static struct rm_sim_block *take_small(
        struct rm_sim_arena *arena, struct rm_sim_cache *cache, size_t bytes)
{
	struct rm_sim_block *bin = &arena->bin[bytes / RM_SIM_GRAIN];
	struct rm_sim_block *block = bin->prev, *sibling;

	if (block == bin)
		return NULL;
	rm_sim_bins_unlink(block);
	while ((sibling = bin->prev) != bin &&
	        rm_sim_cache_has_room(cache, bytes)) {
		rm_sim_bins_unlink(sibling);
		rm_sim_cache_put(cache, mark_used(sibling), bytes);
	}
	return mark_used(block);
}

/* Sorts the unsorted list, from the oldest chunk on. Chunks of exactly `bytes`
   go to the cache. Returns the first chunk for which the cache has no space, or
   a cached chunk, or NULL. */
static struct rm_sim_block *sort_unsorted(
        struct rm_sim_arena *arena, struct rm_sim_cache *cache, size_t bytes)
{
	struct rm_sim_block *ring = &arena->bin[UNSORTED], *block;
	bool cached = false;

	while ((block = ring->prev) != ring) {
		size_t chunk_bytes = rm_sim_heap_bytes(block);

		if (bytes < SMALL_END && block->prev == ring &&
		        block == arena->last_remainder &&
		        chunk_bytes > bytes + RM_SIM_CHUNK_MIN) {
			rm_sim_bins_unlink(block);
			return split(arena, block, bytes);
		}
		rm_sim_bins_unlink(block);
		if (chunk_bytes != bytes)
			insert_sorted(arena, block, chunk_bytes);
		else if (!rm_sim_cache_put(cache, mark_used(block), bytes))
			return block;
		else
			cached = true;
	}
	return cached ? rm_sim_cache_get(cache, bytes) : NULL;
}

/* Returns the smallest chunk of at least `bytes` in a large bin, or NULL. */
static struct rm_sim_block *search(struct rm_sim_block *bin, size_t bytes)
{
	struct rm_sim_block *block = bin->prev;
	size_t chunk_bytes;

	if (bin->next == bin || rm_sim_heap_bytes(bin->next) < bytes)
		return NULL;
	while ((chunk_bytes = rm_sim_heap_bytes(block)) < bytes)
		block = block->prev;
	/* takes the second chunk of a size, where insert_sorted() puts the
	   newest */
	while (block->prev != bin && block->prev->prev != bin &&
	        rm_sim_heap_bytes(block->prev) == chunk_bytes &&
	        rm_sim_heap_bytes(block->prev->prev) == chunk_bytes)
		block = block->prev;
	return block;
}

/* Returns the first non-empty bin from number `i` on, or NULL. */
static struct rm_sim_block *next_bin(struct rm_sim_arena *arena, size_t i)
{
	while (i < RM_SIM_BINS) {
		uint64_t *used = &arena->bin_used[i / BIN_BITS];
		uint64_t left = *used >> i % BIN_BITS << i % BIN_BITS;

		if (!left) {
			i = (i / BIN_BITS + 1) * BIN_BITS;
			continue;
		}
		i = i / BIN_BITS * BIN_BITS + (size_t)__builtin_ctzll(left);
		if (arena->bin[i].next != &arena->bin[i])
			return &arena->bin[i];
		*used &= ~(left & -left); /* the bin has become empty */
	}
	return NULL;
}

/* Takes the smallest chunk of at least `bytes` and splits it. */
static struct rm_sim_block *best_fit(struct rm_sim_arena *arena, size_t bytes)
{
	size_t i = bin_of(bytes);
	struct rm_sim_block *block = NULL, *bin;

	if (bytes >= SMALL_END)
		block = search(&arena->bin[i], bytes);
	if (!block && (bin = next_bin(arena, i + 1)))
		block = bin->prev;
	if (!block)
		return NULL;
	rm_sim_bins_unlink(block);
	return split(arena, block, bytes);
}

struct rm_sim_block *rm_sim_bins_take(
        struct rm_sim_arena *arena, struct rm_sim_cache *cache, size_t bytes)
{
	struct rm_sim_block *block = NULL;

	if (bytes < SMALL_END)
		block = take_small(arena, cache, bytes);
	if (!block)
		block = sort_unsorted(arena, cache, bytes);
	return block ? block : best_fit(arena, bytes);
}
