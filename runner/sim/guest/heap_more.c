/* SPDX-License-Identifier: Apache-2.0 */
/* heap_more.c - the allocator's other entries, compiled with instrumentation. */
#include "runner/sim/guest/guest.h"
#include "runner/sim/guest/heap.h"

#include <errno.h>
#include <string.h>

static size_t usable(void *block)
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
	/* as glibc's: not from the core's cache */
	block = rm_sim_heap_chunk(all, RM_SIM_GRAIN);
	/* pages come zeroed */
	if (block && !(*rm_sim_heap_header(block) & RM_SIM_MAPPED))
		memset(block, 0, all);
	return block;
}

void *rm_sim_realloc(void *old, size_t bytes)
{
	void *block;

	if (!old)
		return rm_sim_malloc(bytes);
	if (bytes <= usable(old) && bytes >= usable(old) / 2)
		return old;
	block = rm_sim_malloc(bytes);
	if (block) {
		size_t had = usable(old);

		memcpy(block, old, had < bytes ? had : bytes);
		rm_sim_free(old);
	}
	return block;
}

void *rm_sim_aligned_alloc(size_t alignment, size_t bytes)
{
	if (alignment & (alignment - 1) || alignment > RM_SIM_PAGE)
		rm_sim_misuse("alignments are powers of two up to 4096");
	if (alignment <= RM_SIM_GRAIN)
		return rm_sim_malloc(bytes);
	return rm_sim_heap_chunk(bytes, alignment);
}

int rm_sim_posix_memalign(void **out, size_t alignment, size_t bytes)
{
	void *block = rm_sim_aligned_alloc(alignment, bytes);

	if (!block)
		return ENOMEM;
	*out = block;
	return 0;
}
