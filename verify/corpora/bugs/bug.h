/* SPDX-License-Identifier: Apache-2.0 */
/* bug.h - parts shared by all models of published bugs (README.md).
 *
 * NAME.c defines BUG_ID, includes this or a header based on it, implements the
 * operations of the library's map with the library's bug, and ends with
 * bug_impl.h. If `twin` is true the bug is corrected: NAME_twin.c defines
 * BUG_TWIN and includes NAME.c, so that only the correction differs. */
#ifndef RM_BUG_H
#define RM_BUG_H

#include "impls/support/hash.h"
#include "impls/support/no_handle.h"
#include "runner/driver.h"
#include "runner/map.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#ifdef BUG_TWIN
enum { twin = 1 };
#else
enum { twin = 0 };
#endif

/* Returns zeroed memory, or ends the process: a write cannot return an
 * error. */
static inline void *bug_alloc(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

/* Like bug_alloc(), aligned to a cache line. */
static inline void *bug_alloc_lines(size_t size)
{
	const size_t whole = (size + RM_CACHE_LINE - 1) & ~(RM_CACHE_LINE - 1U);
	void *memory = aligned_alloc(RM_CACHE_LINE, whole);

	if (!memory)
		abort();
	return memset(memory, 0, whole);
}

RM_HOT uint64_t hash_of(struct rm_key key)
{
	return rm_hash(RM_U64X8, key, 0);
}

/* Stores a result unless the out parameter is NULL. */
RM_HOT void store_result(struct rm_value *to, uint64_t word)
{
	if (to)
		to->word[0] = word;
}

#endif /* RM_BUG_H */
