/* SPDX-License-Identifier: Apache-2.0 */
/*
 * locks.h - pthread locks, modelled by their specification instead of an
 * implementation. Locking is one step, unlocking is one step, and the owner is
 * known. Inside verify/explore only.
 *
 * The state of a lock is in the map's own lock object, and zero after static
 * initialisation. A mutex keeps its kind at glibc's offset.
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
	uint32_t writer;  /* lane + 1; 0: none */
	uint32_t readers; /* lanes, as bits */
	uint32_t depth;   /* read locks of each lane, in 4 bits */
	uint32_t kind;
	uint64_t given[2]; /* unused; clocks are attached to the addresses */
};

/* Returns the lanes that hold the lock for which `lane` waits, as bits; 0: no
   lane, or unknown. */
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

/* --- lock_step.c --- */

/* Takes a step on a lock of `bytes` bytes, whose memory must be allocated. */
void rm_explore_lock_step(const void *lock, size_t bytes, const void *site);

/* Stops the schedule. `what` describes the misuse, with the running lane as the
 * subject. */
_Noreturn void rm_explore_misuse(const char *what, const void *site);

/* --- mutex.c --- */

/* Locks a mutex, waiting as long as needed, and unlocks it. Neither is a
   step. */
void rm_explore_lock(struct rm_explore_mutex *mutex, const void *site);
void rm_explore_unlock(struct rm_explore_mutex *mutex, const void *site);

#endif /* RM_EXPLORE_LOCKS_H */
