/* SPDX-License-Identifier: Apache-2.0 */
/* counted_heap.h - counts the blocks that a header under test holds, and can
   simulate a full heap. Include it before that header, because only code after
   it allocates through it. Words with the value 1 follow each block, so that an
   overrun reads a value that is neither zero nor large. AddressSanitizer does
   not need them. Uninitialised blocks are filled with HEAP_ANEW, so that code
   that expects zeros fails in every run. */
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

/* `memory` has `bytes` bytes, and HEAP_BEHIND more after them. */
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
