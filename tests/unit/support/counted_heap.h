/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counted_heap.h - how many blocks a header under test holds, and a heap that
 * has no memory left. To be included before that header: what comes after this
 * one allocates through it. Behind each block are words of 1, so that who goes
 * too far reads what is neither nothing nor much; AddressSanitizer needs none.
 * A block whose bytes nobody promises is full of HEAP_ANEW: who takes it for
 * zeros is seen in every run, not only where the memory was used before.
 */
#ifndef RM_TEST_COUNTED_HEAP_H
#define RM_TEST_COUNTED_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
enum { HEAP_BEHIND = 0 };
#else
enum { HEAP_BEHIND = 512 };
#endif

enum { HEAP_ANEW = 0xa5 };

static _Atomic long heap_held;
static _Atomic bool heap_is_full;

/* `memory` has `bytes`, and HEAP_BEHIND more. */
static inline void *counted_block(void *memory, size_t bytes)
{
	const uint64_t one = 1;

	if (!memory)
		return NULL;
	for (size_t i = 0; i + sizeof(one) <= HEAP_BEHIND; i += sizeof(one))
		memcpy((char *)memory + bytes + i, &one, sizeof(one));
	heap_held++;
	return memory;
}

static inline void *counted_malloc(size_t bytes)
{
	void *memory = heap_is_full ? NULL : malloc(bytes + HEAP_BEHIND);

	if (memory)
		memset(memory, HEAP_ANEW, bytes);
	return counted_block(memory, bytes);
}

static inline void *counted_calloc(size_t count, size_t size)
{
	const size_t bytes = count * size;

	return heap_is_full
	               ? NULL
	               : counted_block(calloc(1, bytes + HEAP_BEHIND), bytes);
}

static inline void *counted_aligned(size_t alignment, size_t bytes)
{
	void *memory = heap_is_full
	                       ? NULL
	                       : aligned_alloc(alignment, bytes + HEAP_BEHIND);

	if (memory)
		memset(memory, HEAP_ANEW, bytes);
	return counted_block(memory, bytes);
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
