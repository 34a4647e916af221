/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space.h - layout of simulated memory.
 *
 * Heap and stacks are one reservation at a fixed address, so that counts do not
 * depend on host addresses. The model uses *offsets* into this space. It has
 * parts for heap, stacks, and the program's globals, whose pages are numbered
 * at first use.
 */
#ifndef RM_SIM_SPACE_H
#define RM_SIM_SPACE_H

#include "runner/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RM_SIM_BASE UINT64_C(0x100000000000) /* 47 bits, unused on Linux */

#define RM_SIM_HEAP_BYTES    (UINT64_C(12) << 30)
#define RM_SIM_STACKS_AT     RM_SIM_HEAP_BYTES
#define RM_SIM_STACKS_BYTES  (UINT64_C(1) << 30)
#define RM_SIM_MAPPED_BYTES  (RM_SIM_HEAP_BYTES + RM_SIM_STACKS_BYTES)
#define RM_SIM_GLOBALS_AT    RM_SIM_MAPPED_BYTES
#define RM_SIM_GLOBALS_BYTES (UINT64_C(64) << 20)
#define RM_SIM_OFFSETS       (RM_SIM_GLOBALS_AT + RM_SIM_GLOBALS_BYTES)

#define RM_SIM_NOWHERE UINT64_MAX /* offset of memory that is not simulated */

enum { RM_SIM_STACK_BYTES = 256 << 10 };

/* Reserves heap and stacks; host memory is allocated when it is first used.
   Call it once per process. Returns 0, or -errno with `error` if the address is
   in use. */
int rm_sim_space_open(struct rm_error *error);

/* Returns the 16-byte aligned end of stack `n`, 0 .. RM_SIM_CORES_MAX; the main
   thread has the last stack. Each stack has a guard page below it. They start
   at different lines of their pages, as in a real process. */
void *rm_sim_space_stack(unsigned n);

/* Returns the offset of an address in the program's globals, or RM_SIM_NOWHERE
   for memory outside the simulation (the host's libraries). */
uint64_t rm_sim_space_global(uintptr_t address);

/* Returns the offset of any address, or RM_SIM_NOWHERE. */
static inline uint64_t rm_sim_space_offset(uintptr_t address)
{
	uint64_t offset = address - RM_SIM_BASE;

	return __builtin_expect(offset < RM_SIM_MAPPED_BYTES, 1)
	               ? offset
	               : rm_sim_space_global(address);
}

/* Returns the offset of a code address or a global in the program's file; 0 if
   the address is not in the program. */
uint64_t rm_sim_space_image(const void *address);

/* Selects the library that contains this address: from now on, the simulated
   code and its globals are those of the library, not of the program. Returns 0,
   or -E2BIG with `error`. */
int rm_sim_space_choose(const void *address, struct rm_error *error);
/* Returns the path of that library, or "" for the program. */
const char *rm_sim_space_path(void);

/* Allocates zeroed pages downwards from the top of the heap. Uses freed pages
   of the same length first. NULL: the heap is full. */
void *rm_sim_space_map(size_t bytes);
void rm_sim_space_unmap(void *pages, size_t bytes);

/* Allocates the next RM_SIM_SEGMENT_BYTES upwards from the low end of the
   heap. */
enum { RM_SIM_SEGMENT_BYTES = 64 << 20 };
void *rm_sim_space_segment(void);

#endif /* RM_SIM_SPACE_H */
