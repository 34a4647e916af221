/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RM_TOUCH_H
#define RM_TOUCH_H

#include <stddef.h>

enum { RM_PAGE_BYTES = 4096 }; /* smallest page size of supported machines */

/* Writes to each page of memory from calloc(), so that later writes cause no
   page fault. The writes are volatile, since compilers remove a memset() of
   zeroed memory and merge malloc() and memset() into calloc(). */
static inline void rm_touch(void *zeroed, size_t bytes)
{
	volatile char *byte = (volatile char *)zeroed;

	for (size_t i = 0; i < bytes; i += RM_PAGE_BYTES)
		byte[i] = 0;
	if (bytes)
		byte[bytes - 1] = 0;
}

#endif /* RM_TOUCH_H */
