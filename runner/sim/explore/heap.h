/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.h - blocks that are never had twice in one schedule, so that each
 * access can be told to be in one, behind one, or in one that was freed.
 * Inside runner/sim/explore only.
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

/* The heap's lowest byte; of each granule what it is. */
extern uintptr_t rm_explore_heap;
extern uint8_t *rm_explore_shadow;

int rm_explore_heap_open(struct rm_error *error);

/* All blocks are gone; before each schedule. */
void rm_explore_heap_reset(void);

/* Stops the schedule: these bytes are not all in a block. */
_Noreturn void rm_explore_heap_fault(
        uintptr_t address, size_t bytes, bool write, const void *site);

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

#endif /* RM_EXPLORE_HEAP_H */
