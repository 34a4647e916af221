/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_inline.h - sync.Map: an entry's cell is the value itself, 64 bits.
 * Inner part of syncmap.h.
 *
 * Without a box, a store does not allocate, and a lookup loads one line less.
 * But two of the 2^64 values mean "no value". A store of one of them prints an
 * error and ends the process.
 */
#ifndef RM_SYNCMAP_INLINE_H
#define RM_SYNCMAP_INLINE_H

#include "impls/gomap/gomap_ops.h"

enum { SYNCMAP_BOXED = 0 };

/* Cells without a value: the key is removed, or it is removed and the entry is
   not in dirty. Both are arbitrary words that are not 0, all ones, a pointer or
   a value of the driver. */
#define SYNCMAP_NIL      0xb7e151628aed2a6aU
#define SYNCMAP_EXPUNGED (SYNCMAP_NIL + 1)

/* True if the cell has a value. */
RM_HOT bool syncmap_live(uint64_t cell)
{
	return cell - SYNCMAP_NIL > 1;
}

GOMAP_RARE _Noreturn void syncmap_reserved(void)
{
	fputs("fatal: syncmap_inline reserves this value\n", stderr);
	abort();
}

RM_HOT uint64_t syncmap_cell_new(
        struct rm_shape shape, const struct rm_value *value)
{
	(void)shape;
	if (__builtin_expect(!syncmap_live(value->word[0]), 0))
		syncmap_reserved();
	return value->word[0];
}

static inline void syncmap_cell_free(uint64_t cell)
{
	(void)cell;
}

/* Never called, since boxes do not exist. */
RM_HOT void *syncmap_box(uint64_t cell)
{
	(void)cell;
	return NULL;
}

RM_HOT void syncmap_cell_read(
        struct rm_shape shape, uint64_t cell, struct rm_value *value)
{
	(void)shape;
	value->word[0] = cell;
}

/* True if a live cell holds this value. */
RM_HOT bool syncmap_cell_is(
        struct rm_shape shape, uint64_t cell, const struct rm_value *expected)
{
	(void)shape;
	return cell == expected->word[0];
}

#endif /* RM_SYNCMAP_INLINE_H */
