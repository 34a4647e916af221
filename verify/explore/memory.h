/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - models of memory that is not sequentially consistent: what an
 * atomic access does under them. Inside verify/explore only.
 *
 * access.c calls these where an atomic access takes effect, behind its step.
 * Plain accesses are the program's own and take effect at once: one that races
 * is reported as a race, and one that does not cannot tell. A *place* is an
 * address that was accessed atomically, and by how many bytes; a plain write
 * to it ends it. What lies on a stack, is longer than 8 bytes, or belongs to
 * nobody is no place, and is sequentially consistent under each model.
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
	uint32_t next;    /* another one in the same 8 bytes; 0: none */
	const void *site; /* who came first, and where */
	uint32_t lane;
};

/* A place is known by its number, from 1, since it may move in memory. */
struct rm_explore_model {
	/* Before each schedule; false: no memory. */
	bool (*begin)(void);
	rm_explore_value (*load)(
	        const struct rm_explore_atomic *access, uint32_t place);
	void (*store)(const struct rm_explore_atomic *access, uint32_t place,
	        rm_explore_value value);
	/* Before a read-modify-write, which then finds in memory what it is to
	   change, and changes it there. */
	void (*change)(const struct rm_explore_atomic *access, uint32_t place);
	/* Before a comparison that would change: whether it fails, with what it
	   saw; `access` has the order of a failure. */
	bool (*fails)(const struct rm_explore_atomic *access, uint32_t place,
	        rm_explore_value expected, rm_explore_value *seen);
	void (*fence)(int order);
	/* Before a plain access to a place. */
	void (*plain)(uintptr_t address, unsigned bytes, bool write);
	/* An operation of the running lane begins or ends. */
	void (*boundary)(void);
	/* A place begins. */
	void (*made)(uint32_t place);
	/* Both only while rm_explore.buffers says that one has stores. The
	   buffer of a lane gives up to `most` of them to memory, the oldest
	   first; how many. */
	unsigned (*drain)(unsigned lane, unsigned most);
	/* Before these bytes are freed: the running lane's store may not be on
	   its way from here. */
	void (*drain_before)(uintptr_t address, size_t bytes);
};

extern const struct rm_explore_model rm_explore_tso, rm_explore_c11;

/* The model of this name; NULL: sequentially consistent. */
const struct rm_explore_model *rm_explore_model_of(
        enum rm_explore_memory memory);

/* --- memory.c: what access.c calls where rm_explore.model is not NULL --- */

rm_explore_value rm_explore_weak_load(const struct rm_explore_atomic *access);
void rm_explore_weak_store(
        const struct rm_explore_atomic *access, rm_explore_value value);
void rm_explore_weak_change(const struct rm_explore_atomic *access);
bool rm_explore_weak_fails(const struct rm_explore_atomic *access,
        rm_explore_value expected, rm_explore_value *seen);
void rm_explore_weak_fence(int order, const void *site);
/* A plain access, just before it is done. */
void rm_explore_weak_plain(uintptr_t address, unsigned bytes, bool write);

/* An operation of the running lane begins or ends: its stamp is taken. */
static inline void rm_explore_boundary(void)
{
	if (rm_explore.model && !rm_explore.alone)
		rm_explore.model->boundary();
}

/* Before a schedule, once rm_explore.model is what it shall be; false: no
   memory. */
bool rm_explore_places_reset(void);

/* What is in memory. */
rm_explore_value rm_explore_peek(uintptr_t at, unsigned bytes);
void rm_explore_poke(uintptr_t at, unsigned bytes, rm_explore_value value);

/* The same as without a model: load, store, change of what is no place. */
rm_explore_value rm_explore_plain_load(const struct rm_explore_atomic *access);

/* All stores of the running lane's buffer, where the machine would: locks,
   system calls. */
static inline void rm_explore_drain_own(void)
{
	if (__builtin_expect(rm_explore.buffers != 0, 0))
		rm_explore.model->drain(rm_explore.running->id, UINT32_MAX);
}

#endif /* RM_EXPLORE_MEMORY_H */
