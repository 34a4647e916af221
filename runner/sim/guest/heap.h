/* SPDX-License-Identifier: Apache-2.0 */
/* heap.h - what the files of the simulated allocator share (heap.c). */
#ifndef RM_SIM_HEAP_H
#define RM_SIM_HEAP_H

#include <stddef.h>
#include <stdint.h>

enum {
	RM_SIM_GRAIN = 16,
	RM_SIM_HEADER = 8,
	RM_SIM_PAGES_MIN = 128 << 10, /* glibc: the mmap threshold */
	RM_SIM_MAPPED = 2,            /* in a header: pages of its own */
	RM_SIM_FLAGS = 15,
};

/* Size of the chunk and flags; before each block. */
static inline uint64_t *rm_sim_heap_header(void *block)
{
	return (uint64_t *)block - 1;
}

/* A block of RM_SIM_PAGES_MIN bytes or more; `alignment` up to 4096. */
void *rm_sim_heap_pages(size_t bytes, size_t alignment);

/* A block of fewer bytes, not from the core's cache. NULL: no memory. */
void *rm_sim_heap_chunk(size_t bytes, size_t alignment);

#endif /* RM_SIM_HEAP_H */
