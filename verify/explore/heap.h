/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.h - a heap that finds accesses outside of blocks and to freed blocks. It
 * reuses memory within a schedule only on request. Inside verify/explore only.
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
};

/* The heap's lowest byte. For each granule: how many of its bytes (0 to 8) are
   in a block in use, and a bit for each byte not written since malloc(). */
extern uintptr_t rm_explore_heap;
extern uint8_t *rm_explore_shadow, *rm_explore_fresh;
/* The heap's first bytes are kept in every schedule; their contents are
   restored after it. */
extern uint64_t rm_explore_kept_bytes;

int rm_explore_heap_open(struct rm_error *error);

/* Removes all blocks except the kept ones, before each schedule, and reuses no
   memory. */
void rm_explore_heap_reset(void);

/* True: in this schedule, an allocation takes the block of the same size that
   was freed last. Only with sequentially consistent memory. */
void rm_explore_heap_reuse(bool reuses);

/* Keeps all present blocks in every schedule, like globals. */
void rm_explore_heap_keep(void);

/* Like malloc() and free(), with the place of the call. NULL: the block is too
 * large. */
void *rm_explore_allocate(size_t alignment, size_t bytes, const void *site);
void rm_explore_free(void *block, const void *site);

/* Stops the schedule, because some of these bytes are in no block. */
_Noreturn void rm_explore_heap_fault(
        uintptr_t address, size_t bytes, bool write, const void *site);

/* Called for a read of up to 8 bytes without a recorded write. Stops the
   schedule only if all bytes have malloc()'s fill value, because the compiler
   does not instrument some stores, for example of an empty struct. */
void rm_explore_heap_unwritten(
        uintptr_t address, unsigned bytes, const void *site);

/* Returns the offset of the first byte not allocated in this schedule. */
uint64_t rm_explore_heap_top(void);

/* Return the number of blocks made in this schedule, and of those not freed. */
size_t rm_explore_heap_made(void);
size_t rm_explore_heap_live(void);

/* Bytes of the largest block made after the first `made` blocks; or 0. */
uint64_t rm_explore_heap_largest(size_t made);

/* Stops the schedule if an unfreed block remains that no global variable
 * reaches. */
void rm_explore_heap_leaks(void);

/* True if up to 8 bytes at this heap offset are in one granule and in a
   block. */
static inline bool rm_explore_in_granule(uint64_t offset, unsigned bytes)
{
	return offset % RM_EXPLORE_GRANULE + bytes <=
	       rm_explore_shadow[offset / RM_EXPLORE_GRANULE];
}

/* True if up to 8 bytes at this heap offset are in a block. */
static inline bool rm_explore_in_block(uint64_t offset, unsigned bytes)
{
	const uint8_t *shadow = rm_explore_shadow + offset / RM_EXPLORE_GRANULE;

	return rm_explore_in_granule(offset, bytes) ||
	       (shadow[0] == RM_EXPLORE_GRANULE &&
	               offset % RM_EXPLORE_GRANULE + bytes <=
	                       RM_EXPLORE_GRANULE + (unsigned)shadow[1]);
}

/* Returns one bit for each byte of an access to 1 .. 8 bytes: bits 0 .. 7 for
   its first granule, bits from 8 on for the next. */
static inline unsigned rm_explore_bits(uint64_t offset, unsigned bytes)
{
	return ((1U << bytes) - 1) << offset % RM_EXPLORE_GRANULE;
}

/* Marks these bytes as initialised. */
static inline void rm_explore_mark_written(uint64_t offset, unsigned bytes)
{
	uint8_t *fresh = rm_explore_fresh + offset / RM_EXPLORE_GRANULE;
	const unsigned bits = rm_explore_bits(offset, bytes);

	if (__builtin_expect(!(fresh[0] | fresh[1]), 1))
		return;
	fresh[0] &= (uint8_t)~bits;
	if (bits >> 8)
		fresh[1] &= (uint8_t) ~(bits >> 8);
}

/* True if none of these bytes was ever written. If only some were written, a
   read is accepted: the other bytes may be padding or another member. */
static inline bool rm_explore_is_fresh(uint64_t offset, unsigned bytes)
{
	const uint8_t *fresh = rm_explore_fresh + offset / RM_EXPLORE_GRANULE;
	const unsigned bits = rm_explore_bits(offset, bytes);

	if (__builtin_expect(!fresh[0], 1) || !(fresh[0] & bits))
		return false;
	return ((fresh[0] | (bits >> 8 ? (unsigned)fresh[1] << 8 : 0)) &
	               bits) == bits;
}

#endif /* RM_EXPLORE_HEAP_H */
