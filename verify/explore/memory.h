/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - atomic accesses under memory models that are not sequentially
 * consistent. Inside verify/explore only.
 *
 * access.c calls these functions after the step of an atomic access. The
 * program performs plain accesses itself, without delay. If such an access is a
 * race, the race is reported; otherwise no lane could observe a delay. A
 * *place* is an address that is accessed atomically, with the number of bytes.
 * A plain write ends the place. Memory on a stack, accesses of more than 8
 * bytes and untracked memory have no place, and are sequentially consistent
 * under each model.
 */
#ifndef RM_EXPLORE_MEMORY_H
#define RM_EXPLORE_MEMORY_H

#include "verify/explore/clocks.h"
#include "verify/explore/world.h"

__extension__ typedef unsigned __int128 rm_explore_value;

/* One atomic access of the running lane. */
struct rm_explore_atomic {
	uintptr_t at;
	unsigned bytes; /* 1, 2, 4, 8 or 16 */
	int order;      /* C11's constants, __ATOMIC_... */
	const void *site;
};

struct rm_explore_place {
	uintptr_t at;
	unsigned bytes;
	uint32_t next; /* the next one in the same 8 bytes; 0: none */
	/* code site of the first access */
	const void *site;
	uint32_t lane;
};

/* Models refer to a place by number, from 1, since it may move in memory. */
struct rm_explore_model {
	/* Called before each schedule; false: out of memory. */
	bool (*begin)(void);
	rm_explore_value (*load)(
	        const struct rm_explore_atomic *access, uint32_t place);
	void (*store)(const struct rm_explore_atomic *access, uint32_t place,
	        rm_explore_value value);
	/* Called before a read-modify-write, which then reads and changes the
	   value in memory. */
	void (*change)(const struct rm_explore_atomic *access, uint32_t place);
	/* Called before a compare-exchange. Returns true if it fails, with the
	   value read in *seen. `access` has the memory order for failure. */
	bool (*fails)(const struct rm_explore_atomic *access, uint32_t place,
	        rm_explore_value expected, rm_explore_value *seen);
	void (*fence)(int order);
	/* Called before a plain access to a place. */
	void (*plain)(uintptr_t address, unsigned bytes, bool write);
	/* Called when an operation of the running lane begins or ends. */
	void (*boundary)(void);
	/* Called when a place is created. */
	void (*made)(uint32_t place);
	/* The last two are called only while rm_explore.buffers is not 0.
	   drain() moves up to `most` stores of a lane's buffer to memory, the
	   oldest first, and returns their number. */
	unsigned (*drain)(unsigned lane, unsigned most);
	/* Called before these bytes are freed: drains the running lane's buffer
	   if it has a store to them. */
	void (*drain_before)(uintptr_t address, size_t bytes);
};

extern const struct rm_explore_model rm_explore_tso, rm_explore_c11;

/* Returns the model for this enum value; NULL: sequentially consistent. */
const struct rm_explore_model *rm_explore_model_of(
        enum rm_explore_memory memory);

/* --- memory.c: called by access.c if rm_explore.model is not NULL --- */

rm_explore_value rm_explore_weak_load(const struct rm_explore_atomic *access);
void rm_explore_weak_store(
        const struct rm_explore_atomic *access, rm_explore_value value);
void rm_explore_weak_change(const struct rm_explore_atomic *access);
bool rm_explore_weak_fails(const struct rm_explore_atomic *access,
        rm_explore_value expected, rm_explore_value *seen);
void rm_explore_weak_fence(int order, const void *site);
/* Called just before a plain access is performed. */
void rm_explore_weak_plain(uintptr_t address, unsigned bytes, bool write);

/* Called when an operation of the running lane begins or ends, and takes its
 * stamp. */
static inline void rm_explore_boundary(void)
{
	if (rm_explore.model && !rm_explore.alone)
		rm_explore.model->boundary();
}

/* Called before a schedule, after rm_explore.model is set; returns false if
   memory is exhausted. */
bool rm_explore_places_reset(void);

rm_explore_value rm_explore_peek(uintptr_t at, unsigned bytes);
void rm_explore_poke(uintptr_t at, unsigned bytes, rm_explore_value value);

/* Performs a load as if there were no model, for memory without a place. */
rm_explore_value rm_explore_plain_load(const struct rm_explore_atomic *access);

/* Drains the running lane's buffer, as a CPU does at locks and system calls. */
static inline void rm_explore_drain_own(void)
{
	if (__builtin_expect(rm_explore.buffers != 0, 0))
		rm_explore.model->drain(rm_explore.running->id, UINT32_MAX);
}

#endif /* RM_EXPLORE_MEMORY_H */
