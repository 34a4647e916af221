/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.h - blocks that are never had twice in one schedule, so that each
 * access can be told to be in one, behind one, or in one that was freed.
 * Inside verify/explore only.
 */
#ifndef RM_EXPLORE_HEAP_H
#define RM_EXPLORE_HEAP_H

#include "runner/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RM_EXPLORE_HEAP_BYTES (UINT64_C(256) << 20)

enum {
	RM_EXPLORE_GRANULE = 8,
	/* of a granule: 0 is in no block, 1 .. 8 bytes are in one, or: */
	RM_EXPLORE_WAS_FREED = 0x80,
};

/* The heap's lowest byte; of each granule what it is, and which of its bytes
   nobody has written since malloc(), as bits. */
extern uintptr_t rm_explore_heap;
extern uint8_t *rm_explore_shadow, *rm_explore_fresh;

int rm_explore_heap_open(struct rm_error *error);

/* All blocks are gone; before each schedule. */
void rm_explore_heap_reset(void);

/* Stops the schedule: these bytes are not all in a block. */
_Noreturn void rm_explore_heap_fault(
        uintptr_t address, size_t bytes, bool write, const void *site);

/* These bytes, up to 8 that nobody is known to have written, are read: stops
   the schedule, if they hold what malloc() left there. The compiler's own
   stores, such as of an empty struct, are not told of. */
void rm_explore_heap_unwritten(
        uintptr_t address, unsigned bytes, const void *site);

/* Bytes up to the first that nobody has had in this schedule. */
uint64_t rm_explore_heap_top(void);

/* Stops the schedule where a block is left. */
void rm_explore_heap_leaks(void);

/* Whether bytes of the heap, at `offset`, are in a block; up to 8 of them. */
static inline bool rm_explore_in_block(uint64_t offset, unsigned bytes)
{
	uint8_t granule = rm_explore_shadow[offset / RM_EXPLORE_GRANULE];

	if (offset % RM_EXPLORE_GRANULE + bytes <= RM_EXPLORE_GRANULE)
		return granule <= RM_EXPLORE_GRANULE &&
		       offset % RM_EXPLORE_GRANULE + bytes <= granule;
	uint8_t next = rm_explore_shadow[offset / RM_EXPLORE_GRANULE + 1];

	return granule == RM_EXPLORE_GRANULE && next <= RM_EXPLORE_GRANULE &&
	       offset % RM_EXPLORE_GRANULE + bytes - RM_EXPLORE_GRANULE <= next;
}

/* Bits of the bytes of an access to 1 .. 8 that lie in its first granule, and
   above them those of the next. */
static inline unsigned rm_explore_bits(uint64_t offset, unsigned bytes)
{
	return ((1U << bytes) - 1) << offset % RM_EXPLORE_GRANULE;
}

/* These bytes are written. */
static inline void rm_explore_wrote(uint64_t offset, unsigned bytes)
{
	uint8_t *fresh = rm_explore_fresh + offset / RM_EXPLORE_GRANULE;
	const unsigned bits = rm_explore_bits(offset, bytes);

	fresh[0] &= (uint8_t)~bits;
	if (bits >> 8)
		fresh[1] &= (uint8_t) ~(bits >> 8);
}

/* Whether none of these bytes was ever written. A part may be: a byte beside
   it belongs to another member, or to none. */
static inline bool rm_explore_is_fresh(uint64_t offset, unsigned bytes)
{
	const uint8_t *fresh = rm_explore_fresh + offset / RM_EXPLORE_GRANULE;
	const unsigned bits = rm_explore_bits(offset, bytes);

	if (__builtin_expect(!(fresh[0] & bits), 1))
		return false;
	return ((fresh[0] | (bits >> 8 ? (unsigned)fresh[1] << 8 : 0)) &
	               bits) == bits;
}

#endif /* RM_EXPLORE_HEAP_H */
