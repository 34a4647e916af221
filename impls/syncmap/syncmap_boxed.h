/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_boxed.h - sync.Map: an entry's cell is the address of a boxed value,
   like Go's interface. Inner part of syncmap.h. */
#ifndef RM_SYNCMAP_BOXED_H
#define RM_SYNCMAP_BOXED_H

#include "impls/gomap/gomap_ops.h"

/* Allocates memory without pointers, which a collector need not scan. */
#ifndef SYNCMAP_MALLOC_PLAIN
#define SYNCMAP_MALLOC_PLAIN(bytes) malloc(bytes)
#endif

enum { SYNCMAP_BOXED = 1 };

/* Cells without a value: the key is removed, or it is removed and the entry is
   not in dirty. No box has these addresses. */
#define SYNCMAP_NIL      ((uint64_t)0)
#define SYNCMAP_EXPUNGED ((uint64_t)1)

/* True if the cell has a value. */
RM_HOT bool syncmap_live(uint64_t cell)
{
	return cell > SYNCMAP_EXPUNGED;
}

/* Returns the box of a live cell: 1 or 3 words, which never change. */
RM_HOT void *syncmap_box(uint64_t cell)
{
	return (void *)(uintptr_t)cell;
}

/* Returns a new, unpublished cell. If memory runs out, ends the process, since
   writes cannot report an error. The trial is recorded as failed. */
RM_HOT uint64_t syncmap_cell_new(
        struct rm_shape shape, const struct rm_value *value)
{
	void *box = SYNCMAP_MALLOC_PLAIN(shape.value_bytes);

	if (__builtin_expect(!box, 0))
		gomap_no_memory();
	memcpy(box, value, shape.value_bytes);
	return (uintptr_t)box;
}

/* Frees a cell that no other thread can reach. */
static inline void syncmap_cell_free(uint64_t cell)
{
	if (syncmap_live(cell))
		free(syncmap_box(cell));
}

RM_HOT void syncmap_cell_read(
        struct rm_shape shape, uint64_t cell, struct rm_value *value)
{
	memcpy(value, syncmap_box(cell), shape.value_bytes);
}

/* True if a live cell holds this value. */
RM_HOT bool syncmap_cell_is(
        struct rm_shape shape, uint64_t cell, const struct rm_value *expected)
{
	return !memcmp(syncmap_box(cell), expected, shape.value_bytes);
}

#endif /* RM_SYNCMAP_BOXED_H */
