/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counted_heap.h - how many blocks a header under test holds, and a heap that
 * has no memory left. To be included before that header: what comes after this
 * one allocates through it.
 */
#ifndef RM_TEST_COUNTED_HEAP_H
#define RM_TEST_COUNTED_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

static _Atomic long heap_held;
static _Atomic bool heap_is_full;

static inline void *counted_block(void *memory)
{
	heap_held += memory != NULL;
	return memory;
}

static inline void *counted_malloc(size_t bytes)
{
	return heap_is_full ? NULL : counted_block(malloc(bytes));
}

static inline void *counted_calloc(size_t count, size_t bytes)
{
	return heap_is_full ? NULL : counted_block(calloc(count, bytes));
}

static inline void *counted_aligned(size_t alignment, size_t bytes)
{
	return heap_is_full ? NULL
	                    : counted_block(aligned_alloc(alignment, bytes));
}

static inline void *counted_realloc(void *memory, size_t bytes)
{
	void *larger = heap_is_full ? NULL : realloc(memory, bytes);

	heap_held += larger && !memory;
	return larger;
}

static inline void counted_free(void *memory)
{
	heap_held -= memory != NULL;
	free(memory);
}

#define malloc(bytes)                   counted_malloc(bytes)
#define calloc(count, bytes)            counted_calloc(count, bytes)
#define aligned_alloc(alignment, bytes) counted_aligned(alignment, bytes)
#define realloc(memory, bytes)          counted_realloc(memory, bytes)
#define free(memory)                    counted_free(memory)

#endif /* RM_TEST_COUNTED_HEAP_H */
