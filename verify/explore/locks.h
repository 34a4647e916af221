/* SPDX-License-Identifier: Apache-2.0 */
/*
 * locks.h - pthread's locks as they are promised, not as a library makes them:
 * one step to take, one to give back, and it is known who holds what. Inside
 * verify/explore only.
 *
 * A lock's state lies in the map's own object, zero where it was initialised
 * statically; a mutex has its kind where glibc has it.
 */
#ifndef RM_EXPLORE_LOCKS_H
#define RM_EXPLORE_LOCKS_H

#include "verify/explore/clocks.h"
#include "verify/explore/world.h"

#include <string.h>

struct rm_explore_mutex {
	uint32_t owner; /* lane + 1; 0: free */
	uint32_t depth;
	uint32_t unused[2];
	uint32_t kind;
};

struct rm_explore_rwlock {
	uint32_t writer;  /* lane + 1 */
	uint32_t readers; /* lanes, as bits */
	uint32_t depth;   /* 4 bits a lane */
	uint32_t kind;
	uint64_t given[2]; /* nothing: clocks hang on their addresses */
};

/* Which lanes hold what `lane` waits for, as bits; 0: nobody, or unknown. */
static inline uint32_t rm_explore_holders(const struct rm_explore_lane *lane)
{
	const struct rm_explore_rwlock *rwlock = lane->waits_for;
	uint32_t owner;

	if (lane->wait == RM_EXPLORE_FOR_MUTEX) {
		memcpy(&owner, lane->waits_for, sizeof(owner));
		return owner ? 1U << (owner - 1) : 0;
	}
	if (lane->wait != RM_EXPLORE_FOR_READ &&
	        lane->wait != RM_EXPLORE_FOR_WRITE)
		return 0;
	return (rwlock->writer ? 1U << (rwlock->writer - 1) : 0) |
	       rwlock->readers;
}

/* --- reach.c --- */

/* One step on a lock of so many bytes: its memory must be there. */
void rm_explore_reach(const void *lock, size_t bytes, const void *site);

/* Stops the schedule: the running lane does this. */
_Noreturn void rm_explore_misuse(const char *what, const void *site);

/* --- mutex.c --- */

/* Takes a mutex, however long that takes; gives it back. No step. */
void rm_explore_lock(struct rm_explore_mutex *mutex, const void *site);
void rm_explore_unlock(struct rm_explore_mutex *mutex, const void *site);

#endif /* RM_EXPLORE_LOCKS_H */
