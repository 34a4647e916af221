/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clocks.h - what happened before what: vector clocks of lanes and of what
 * they synchronize by, and the last accesses to each 8 bytes, for data races
 * (after FastTrack: Flanagan and Freund, PLDI 2009). Inside verify/explore
 * only.
 */
#ifndef RM_EXPLORE_CLOCKS_H
#define RM_EXPLORE_CLOCKS_H

#include "verify/explore/world.h"

/* How far each lane is known to have come: what a lane knows, or what an
   object gives to who reads it. at[0] is nobody's, since the main thread is
   alone when it moves: memory_c11.c keeps a fence's number there. */
struct rm_explore_clock {
	uint32_t at[RM_EXPLORE_LANES];
};

int rm_explore_clocks_open(struct rm_error *error);

/* Before each schedule: nothing is known of anything. */
void rm_explore_clocks_reset(void);
/* Lane `id` begins after all that lane 0 has done. */
void rm_explore_clocks_fork(unsigned id);

/* Before a write to the program's globals: what they hold is kept, and put
   back after the schedule. Other memory is none of this function's. */
void rm_explore_clocks_keep(const void *address, size_t bytes);
void rm_explore_clocks_undo(void);

/* An access of the running lane to 1 .. 16 bytes; stops the schedule where
   another lane's access to them is not ordered with it and one of the two is
   plain. Not of lane 0 alone. */
void rm_explore_accessed(uintptr_t address, unsigned bytes, bool write,
        bool atomic, const void *site);

/* The running lane has had the first bytes of a new block of the heap zeroed, or
   copied from another one, which is a plain write that nobody can have seen the
   place of yet: no step. */
void rm_explore_clocks_filled(
        uintptr_t address, size_t bytes, const void *site);

/* The running lane is about to free a block of the heap; stops the schedule
   where another lane's access to it is not ordered before that. */
void rm_explore_clocks_freed(uintptr_t address, size_t bytes, const void *site);

/* The running lane's own time, and whether it is ordered behind all that
   another lane had done by that lane's time. */
uint32_t rm_explore_now(void);
bool rm_explore_knows(unsigned lane, uint32_t time);

/* Order of an atomic access to `address` (C11's constants, __ATOMIC_...). What
   lies beside its bytes is another object. */
void rm_explore_loaded(uintptr_t address, unsigned bytes, int order);
void rm_explore_stored(uintptr_t address, unsigned bytes, int order);
void rm_explore_changed(uintptr_t address, unsigned bytes, int order);
void rm_explore_fenced(int order);

/* What the running lane did so far comes before what follows an acquire of
   the same object. */
void rm_explore_release(const void *object);
void rm_explore_acquire(const void *object);

/* --- for models of memory (memory.h) --- */

bool rm_explore_acquires(int order);

void rm_explore_clock_join(
        struct rm_explore_clock *to, const struct rm_explore_clock *from);

/* What the running lane knows. */
struct rm_explore_clock *rm_explore_own_clock(void);

/* What a load of this order takes in: at once, or at the next acquire fence. */
void rm_explore_take_in(const struct rm_explore_clock *given, int order);

/* What a store of this order gives to who reads it. */
struct rm_explore_clock rm_explore_give(int order);

/* What was given by the store that is at this address from now on; no more is
   kept than that. */
void rm_explore_given(uintptr_t address, unsigned bytes,
        const struct rm_explore_clock *given);

/* The first of the places at these 8 bytes (memory.h), 0 in each schedule
   anew; NULL: of memory that nothing is known of, and of stacks, where an
   object's end does not show. */
uint32_t *rm_explore_places_at(uintptr_t address);

#endif /* RM_EXPLORE_CLOCKS_H */
