/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.c - the malloc of explored maps.
 *
 * The 16 bytes before a block belong to no block and hold its number. In most
 * programs, freed memory stays freed until the schedule ends, so that an access
 * to it cannot hit a newer block. A few programs reuse blocks: an error that
 * compares addresses only (ABA by malloc) needs an address that is used twice.
 */
#include "verify/explore/heap.h"
#include "runner/sim/guest/guest.h"
#include "verify/explore/clocks.h"
#include "verify/explore/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	BEFORE = 16,  /* bytes before a block, which hold its number */
	FRESH = 0xa5, /* content of memory that malloc() returns */
	BLOCKS_FIRST = 1024,
	FREE_LISTS = 64, /* lists of blocks that may be reused, by size */
};
static const uint32_t NO_BLOCK = UINT32_MAX;

struct block {
	uint64_t offset; /* offset of the first byte from the heap's start */
	uint64_t bytes;
	/* addresses of the calls; if `freed` is NULL, the block is in use */
	const void *made, *freed;
	uint32_t made_by, freed_by;
	uint32_t next_free;         /* in its list of free blocks */
	struct block *next_reached; /* used only by the search for leaks */
	bool is_reached;            /* reached from a global variable */
};

uintptr_t rm_explore_heap;
uint8_t *rm_explore_shadow, *rm_explore_fresh;
uint64_t rm_explore_kept_bytes;

static struct {
	struct block *block;
	size_t count, room, live;
	uint64_t top; /* the first byte never allocated */
	size_t kept;  /* number of blocks that exist in every schedule */
	bool reuses;
	uint32_t free[FREE_LISTS]; /* numbers of the newest free blocks */
} heap;

int rm_explore_heap_open(struct rm_error *error)
{
	const size_t granules = RM_EXPLORE_HEAP_BYTES / RM_EXPLORE_GRANULE;
	void *shadow = mmap(NULL, 2 * granules, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	rm_explore_heap = (uintptr_t)rm_sim_space_map(RM_EXPLORE_HEAP_BYTES);
	rm_explore_shadow = shadow;
	rm_explore_fresh = rm_explore_shadow + granules;
	heap.room = BLOCKS_FIRST;
	heap.block = malloc(heap.room * sizeof(*heap.block));
	if (shadow == MAP_FAILED || !rm_explore_heap || !heap.block)
		return rm_error_set(error, -ENOMEM,
		        "no memory for the heap that is explored");
	return 0;
}

static struct block *add_block(void)
{
	if (heap.count == heap.room) {
		heap.block = rm_explore_realloc(
		        heap.block, 2 * heap.room * sizeof(*heap.block));
		heap.room *= 2;
	}
	return &heap.block[heap.count++];
}

static void mark(uint64_t offset, uint64_t bytes)
{
	uint8_t *shadow = rm_explore_shadow + offset / RM_EXPLORE_GRANULE;

	memset(shadow, RM_EXPLORE_GRANULE, bytes / RM_EXPLORE_GRANULE);
	if (bytes % RM_EXPLORE_GRANULE)
		shadow[bytes / RM_EXPLORE_GRANULE] =
		        (uint8_t)(bytes % RM_EXPLORE_GRANULE);
}

static uint32_t *free_list(uint64_t bytes)
{
	return &heap.free[bytes / RM_EXPLORE_GRANULE % FREE_LISTS];
}

/* Takes the block of this size that was freed last, like most allocators.
   Otherwise returns NULL. As in C11, the free is ordered before this
   allocation. */
static void *take_free(size_t alignment, size_t bytes, const void *site)
{
	for (uint32_t *at = free_list(bytes); *at != NO_BLOCK;
	        at = &heap.block[*at].next_free) {
		struct block *block = &heap.block[*at];

		if (block->bytes != bytes || block->offset % alignment)
			continue;
		*at = block->next_free;
		block->made = site;
		block->made_by = rm_explore.running->id;
		block->freed = NULL;
		heap.live++;
		mark(block->offset, bytes);
		memset(rm_explore_fresh + block->offset / RM_EXPLORE_GRANULE, 0,
		        (bytes + RM_EXPLORE_GRANULE - 1) / RM_EXPLORE_GRANULE);
		rm_explore_acquire((void *)(rm_explore_heap + block->offset));
		return (void *)(rm_explore_heap + block->offset);
	}
	return NULL;
}

static void keep_free(struct block *block)
{
	uint32_t *at = free_list(block->bytes);

	/* the free needs the bytes of an object to be ordered by */
	if (!heap.reuses || block->bytes < RM_EXPLORE_GRANULE ||
	        block < heap.block + heap.kept)
		return;
	rm_explore_release((void *)(rm_explore_heap + block->offset));
	block->next_free = *at;
	*at = (uint32_t)(block - heap.block);
}

void rm_explore_heap_reuse(bool reuses)
{
	heap.reuses = reuses;
}

static void *allocate(size_t alignment, size_t bytes, const void *site)
{
	uint64_t offset = (heap.top + BEFORE + alignment - 1) & -alignment;
	struct block *block;
	void *reused = heap.reuses ? take_free(alignment, bytes, site) : NULL;
	uint64_t number = heap.count;

	rm_explore_mark_opaque();
	if (reused)
		return reused;
	if (bytes > RM_EXPLORE_HEAP_BYTES ||
	        offset + bytes + BEFORE > RM_EXPLORE_HEAP_BYTES) {
		rm_explore_abandon();
		return NULL;
	}
	block = add_block();
	*block = (struct block){ .offset = offset,
		.bytes = bytes,
		.made = site,
		.made_by = rm_explore.running->id };
	heap.top = (offset + bytes + RM_EXPLORE_GRANULE - 1) &
	           ~(uint64_t)(RM_EXPLORE_GRANULE - 1);
	heap.live++;
	mark(offset, bytes);
	memcpy((void *)(rm_explore_heap + offset - BEFORE), &number,
	        sizeof(number));
	return (void *)(rm_explore_heap + offset);
}

/* Memory above `top` was never used, so its shadow is still zero. */
void rm_explore_heap_reset(void)
{
	const uint64_t from = rm_explore_kept_bytes / RM_EXPLORE_GRANULE,
	               bytes = heap.top / RM_EXPLORE_GRANULE + 1 - from;

	memset(rm_explore_shadow + from, 0, bytes);
	memset(rm_explore_fresh + from, 0, bytes);
	for (size_t i = 0; i < heap.kept; i++) {
		heap.block[i].freed = NULL;
		mark(heap.block[i].offset, heap.block[i].bytes);
	}
	heap.count = heap.kept;
	heap.live = 0;
	heap.top = rm_explore_kept_bytes;
	heap.reuses = false;
	for (unsigned i = 0; i < FREE_LISTS; i++)
		heap.free[i] = NO_BLOCK;
}

void rm_explore_heap_keep(void)
{
	heap.kept = heap.count;
	rm_explore_kept_bytes = heap.top;
}

/* Returns the block that begins at this address, or NULL. */
static struct block *block_at(const void *address)
{
	uint64_t offset = (uintptr_t)address - rm_explore_heap, number;

	/* the newest block, if it has 0 bytes, begins at the heap's end */
	if (!address || offset < BEFORE || offset > heap.top)
		return NULL;
	memcpy(&number, (const char *)address - BEFORE, sizeof(number));
	return number < heap.count && heap.block[number].offset == offset
	               ? &heap.block[number]
	               : NULL;
}

/* Returns the last block that begins at or before this byte, or NULL. */
static struct block *block_of(uint64_t offset)
{
	size_t low = 0, high = heap.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (heap.block[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &heap.block[low - 1] : NULL;
}

void rm_explore_heap_fault(
        uintptr_t address, size_t bytes, bool write, const void *site)
{
	uint64_t offset = address - rm_explore_heap;
	const struct block *block = block_of(offset);
	const char *self = rm_explore_lane_name(rm_explore.running->id);
	const char *does = write ? "writes" : "reads";

	if (!block)
		rm_explore_stop(RM_EXPLORE_OUTSIDE, site, NULL,
		        "%s %s %zu bytes outside of any block", self, does,
		        bytes);
	if (block->freed && offset < block->offset + block->bytes)
		rm_explore_stop(RM_EXPLORE_FREED, site, block->freed,
		        "%s %s %zu bytes at byte %llu of a block of %llu that "
		        "%s has freed",
		        self, does, bytes,
		        (unsigned long long)(offset - block->offset),
		        (unsigned long long)block->bytes,
		        rm_explore_lane_name(block->freed_by));
	rm_explore_stop(RM_EXPLORE_OUTSIDE, site, block->made,
	        "%s %s %zu bytes at byte %llu of a block of %llu that %s "
	        "allocated",
	        self, does, bytes, (unsigned long long)(offset - block->offset),
	        (unsigned long long)block->bytes,
	        rm_explore_lane_name(block->made_by));
}

void rm_explore_heap_unwritten(
        uintptr_t address, unsigned bytes, const void *site)
{
	uint64_t offset = address - rm_explore_heap;
	const struct block *block = block_of(offset);

	for (unsigned i = 0; i < bytes; i++)
		if (((const uint8_t *)address)[i] != FRESH) {
			rm_explore_mark_written(offset, bytes);
			return;
		}
	rm_explore_stop(RM_EXPLORE_UNINITIALISED, site, block->made,
	        "%s reads %u bytes at byte %llu of a block of %llu that %s "
	        "allocated, but they were never written",
	        rm_explore_lane_name(rm_explore.running->id), bytes,
	        (unsigned long long)(offset - block->offset),
	        (unsigned long long)block->bytes,
	        rm_explore_lane_name(block->made_by));
}

uint64_t rm_explore_heap_top(void)
{
	return heap.top;
}

uint64_t rm_explore_heap_largest(size_t made)
{
	uint64_t largest = 0;

	for (size_t i = made; i < heap.count; i++)
		if (heap.block[i].bytes > largest)
			largest = heap.block[i].bytes;
	return largest;
}

size_t rm_explore_heap_made(void)
{
	return heap.count;
}

size_t rm_explore_heap_live(void)
{
	return heap.live;
}

/* Blocks that were reached, but whose words have not been searched yet. */
static struct block *to_visit;

/* A word may be the address of a byte inside a block, and the map may store
   flags in its upper 16 bits. */
static void reach(uint64_t word)
{
	const uint64_t offset = (word & UINT64_MAX >> 16) - rm_explore_heap;
	struct block *block = offset < heap.top ? block_of(offset) : NULL;

	if (!block || block->freed || block->is_reached ||
	        offset > block->offset + block->bytes)
		return;
	block->is_reached = true;
	block->next_reached = to_visit;
	to_visit = block;
	heap.live--;
}

/* Blocks that global variables reach are not leaks: a library may keep them for
   its next map. */
static void reach_from_globals(void)
{
	rm_explore_clocks_visit(reach);
	while (to_visit) {
		const struct block *block = to_visit;
		const uint64_t *word =
		        (void *)(rm_explore_heap + block->offset);

		to_visit = block->next_reached;
		for (uint64_t i = 0; i < block->bytes / sizeof(*word); i++)
			reach(word[i]);
	}
}

void rm_explore_heap_leaks(void)
{
	const struct block *first = heap.block + heap.kept;

	if (heap.live)
		reach_from_globals();
	if (!heap.live)
		return;
	while (first->freed || first->is_reached)
		first++;
	rm_explore_stop(RM_EXPLORE_LEAK, first->made, NULL,
	        "%zu blocks are not freed after destroy(); the first has %llu "
	        "bytes and was allocated by %s",
	        heap.live, (unsigned long long)first->bytes,
	        rm_explore_lane_name(first->made_by));
}

#define SITE __builtin_return_address(0)

/* Fills a new block and marks it as uninitialised; returns it, or NULL for
   NULL. */
static void *fill_fresh(void *block, size_t bytes)
{
	uint64_t offset = (uintptr_t)block - rm_explore_heap;

	if (!block)
		return NULL;
	memset(rm_explore_fresh + offset / RM_EXPLORE_GRANULE, 0xff,
	        (bytes + RM_EXPLORE_GRANULE - 1) / RM_EXPLORE_GRANULE);
	return memset(block, FRESH, bytes);
}

void *rm_explore_allocate(size_t alignment, size_t bytes, const void *site)
{
	return fill_fresh(
	        allocate(alignment > BEFORE ? alignment : BEFORE, bytes, site),
	        bytes);
}

void *rm_sim_malloc(size_t bytes)
{
	return fill_fresh(allocate(BEFORE, bytes, SITE), bytes);
}

void *rm_sim_calloc(size_t count, size_t bytes)
{
	void *block;

	if (__builtin_mul_overflow(count, bytes, &bytes))
		return NULL;
	block = allocate(BEFORE, bytes, SITE);
	if (!block)
		return NULL;
	rm_explore_clocks_filled((uintptr_t)block, bytes, SITE);
	return memset(block, 0, bytes);
}

static void release(void *address, const void *site)
{
	struct block *block = block_at(address);
	const char *self = rm_explore_lane_name(rm_explore.running->id);

	rm_explore_mark_opaque();
	if (!address)
		return;
	if (!block)
		rm_explore_stop(RM_EXPLORE_BAD_FREE, site, NULL,
		        "%s frees an address at which no block begins", self);
	if (block->freed)
		rm_explore_stop(RM_EXPLORE_BAD_FREE, site, block->freed,
		        "%s frees a block of %llu bytes that %s has freed "
		        "before",
		        self, (unsigned long long)block->bytes,
		        rm_explore_lane_name(block->freed_by));
	rm_explore_clocks_freed((uintptr_t)address, block->bytes, site);
	if (rm_explore.buffers)
		rm_explore.model->drain_before(
		        (uintptr_t)address, block->bytes);
	/* a free conflicts with readers of the block like a write */
	rm_explore.stretch.freed = (uintptr_t)address / RM_EXPLORE_GRANULE;
	rm_explore.stretch.freed_words =
	        (block->bytes + RM_EXPLORE_GRANULE - 1) / RM_EXPLORE_GRANULE;
	block->freed = site;
	block->freed_by = rm_explore.running->id;
	if (block >= heap.block + heap.kept)
		heap.live--;
	memset(rm_explore_shadow + block->offset / RM_EXPLORE_GRANULE, 0,
	        (block->bytes + RM_EXPLORE_GRANULE - 1) / RM_EXPLORE_GRANULE);
	keep_free(block);
}

/* The free is a step, so that other lanes can still use the block before it. */
void rm_explore_free(void *block, const void *site)
{
	rm_explore_step();
	release(block, site);
}

void rm_sim_free(void *opaque)
{
	rm_explore_free(opaque, SITE);
}

/* Copies a block; bytes that were uninitialised stay uninitialised. */
static void move_bytes(void *to, const void *from, size_t bytes)
{
	uint8_t *fresh = rm_explore_fresh +
	                 ((uintptr_t)to - rm_explore_heap) / RM_EXPLORE_GRANULE;
	const uint8_t *was =
	        rm_explore_fresh +
	        ((uintptr_t)from - rm_explore_heap) / RM_EXPLORE_GRANULE;

	memcpy(to, from, bytes);
	memcpy(fresh, was, bytes / RM_EXPLORE_GRANULE);
	if (bytes % RM_EXPLORE_GRANULE)
		fresh[bytes / RM_EXPLORE_GRANULE] =
		        (uint8_t)(was[bytes / RM_EXPLORE_GRANULE] |
		                  0xffU << bytes % RM_EXPLORE_GRANULE);
}

void *rm_sim_realloc(void *old, size_t bytes)
{
	void *block = fill_fresh(allocate(BEFORE, bytes, SITE), bytes);
	const struct block *was = block_at(old);
	size_t kept = was && was->bytes < bytes ? was->bytes : bytes;

	if (!block)
		return NULL;
	if (rm_explore.buffers && was)
		rm_explore.model->drain_before((uintptr_t)old, was->bytes);
	if (was) {
		rm_explore_clocks_filled((uintptr_t)block, kept, SITE);
		move_bytes(block, old, kept);
	}
	rm_explore_step();
	release(old, SITE);
	return block;
}

void *rm_sim_aligned_alloc(size_t alignment, size_t bytes)
{
	return rm_explore_allocate(alignment, bytes, SITE);
}

int rm_sim_posix_memalign(void **out, size_t alignment, size_t bytes)
{
	void *block = rm_explore_allocate(alignment, bytes, SITE);

	if (!block)
		return ENOMEM;
	*out = block;
	return 0;
}
