/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clocks.h - happens-before by vector clocks of lanes and of synchronisation
 * objects, and the last accesses to each 8 bytes, for data races (after
 * FastTrack: Flanagan and Freund, PLDI 2009). Inside verify/explore only.
 */
#ifndef RM_EXPLORE_CLOCKS_H
#define RM_EXPLORE_CLOCKS_H

#include "verify/explore/world.h"

/* A vector clock: the progress of each lane that a lane knows, or that an
   object passes on to its readers. at[0] is unused, since the main thread runs
   alone: memory_c11.c keeps a fence's number there. */
struct rm_explore_clock {
	uint32_t at[RM_EXPLORE_LANES];
};

int rm_explore_clocks_open(struct rm_error *error);
/* Places of accesses are stored relative to the image that contains this
   address (rm_sim_space_choose()). */
void rm_explore_clocks_choose(const void *address);

/* Clears all clocks, before each schedule. */
void rm_explore_clocks_reset(void);
/* Orders the start of lane `id` after all earlier work of lane 0. */
void rm_explore_clocks_fork(unsigned id);

/* Saves globals before a write, to be restored after the schedule. Ignores
   other memory. */
void rm_explore_clocks_keep(const void *address, size_t bytes);

/* Calls visit() with the present value of each saved word. */
void rm_explore_clocks_visit(void (*visit)(uint64_t word));
void rm_explore_clocks_undo(void);

/* Records an access of the running lane to 1 .. 16 bytes. Stops the schedule
   if a conflicting access of another lane is not ordered with it and one of
   the two is plain. Not called while lane 0 is alone. */
void rm_explore_accessed(uintptr_t address, unsigned bytes, bool write,
        bool atomic, const void *site);

/* The first bytes of a new heap block were zeroed, or copied from another
   block. It is a plain write but no step, since no other lane can know the
   block's address yet. */
void rm_explore_clocks_filled(
        uintptr_t address, size_t bytes, const void *site);

/* The running lane is about to free a heap block. Stops the schedule if an
   access of another lane is not ordered before that. */
void rm_explore_clocks_freed(uintptr_t address, size_t bytes, const void *site);

/* The first function returns the running lane's own time. The second returns
   true if all work of another lane up to its `time` is ordered before this
   point. */
uint32_t rm_explore_now(void);
bool rm_explore_happened_before(unsigned lane, uint32_t time);

/* Applies the order of an atomic access to `address` (C11's constants,
   __ATOMIC_...). Adjacent bytes are another object. */
void rm_explore_loaded(uintptr_t address, unsigned bytes, int order);
void rm_explore_stored(uintptr_t address, unsigned bytes, int order);
void rm_explore_changed(uintptr_t address, unsigned bytes, int order);
void rm_explore_fenced(int order);

/* Orders the running lane's work so far before all work that follows an acquire
   of the same object. */
void rm_explore_release(const void *object);
void rm_explore_acquire(const void *object);

/* --- for memory models (memory.h) --- */

bool rm_explore_acquires(int order);

void rm_explore_clock_join(
        struct rm_explore_clock *to, const struct rm_explore_clock *from);

struct rm_explore_clock *rm_explore_running_clock(void);

/* Merges the clock that a load read, now or at the next acquire fence. */
void rm_explore_merge_clock(const struct rm_explore_clock *given, int order);

/* Returns the clock that a store of this order passes to its readers. */
struct rm_explore_clock rm_explore_release_clock(int order);

/* Sets the clock of the store that is now the newest at this address. Clocks of
   older stores are discarded. */
void rm_explore_set_clock(uintptr_t address, unsigned bytes,
        const struct rm_explore_clock *given);

/* Returns the first place in these 8 bytes (memory.h), 0 at the start of a
   schedule. Returns NULL for untracked memory, and for stacks, where the end of
   an object's life is not visible. */
uint32_t *rm_explore_places_at(uintptr_t address);

#endif /* RM_EXPLORE_CLOCKS_H */
