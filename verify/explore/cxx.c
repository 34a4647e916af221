/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cxx.c - C++ runtime functions for explored libraries: operators new and
 * delete, conditions, and the guards of static variables.
 *
 * Operators replace those of the C++ library in the whole process, so that the
 * map can free memory that the library allocated, and the reverse.
 * verify/explore/explored.txt lists the other functions.
 */
#include "runner/sim/guest/guest.h"
#include "verify/explore/heap.h"
#include "verify/explore/locks.h"
#include "verify/explore/memory.h"

#include <limits.h>
#include <stdlib.h>

/* Only compiled maps call these functions, so prototypes would not help. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define SITE __builtin_return_address(0)

/* Read by the C++ library, which uses no atomic operations if this is not 0. */
const char rm_explore_single_threaded = 0;

/* Outside of schedules, calls go to the host's malloc. A map that allocates too
   much is stopped, since no exception can be thrown here. */
static void *allocate(size_t alignment, size_t bytes, const void *site)
{
	void *block;

	if (!rm_explore.running)
		return aligned_alloc(
		        alignment, (bytes + alignment) & -alignment);
	block = rm_explore_allocate(alignment, bytes, site);
	if (!block)
		rm_explore_stop(RM_EXPLORE_MISUSE, site, NULL,
		        "%s: operator new of %zu bytes: out of memory",
		        rm_explore_lane_name(rm_explore.running->id), bytes);
	return block;
}

/* the alignment of operators without an alignment argument */
enum { ALIGNED = 16 };

/* The names come from the C++ ABI. */
void *_Znwm(size_t bytes)
{
	return allocate(ALIGNED, bytes, SITE);
}

void *_ZnwmSt11align_val_t(size_t bytes, size_t alignment)
{
	return allocate(alignment, bytes, SITE);
}

void _ZdlPv(void *block)
{
	if (rm_explore.running)
		rm_explore_free(block, SITE);
	else
		free(block);
}

/* Operators for arrays, and operators with a size or std::nothrow, do the same;
   they ignore further arguments. */
#define RM_EXPLORE_SAME(name, as) \
	__typeof__(as) _Z##name __attribute__((alias(#as)));
RM_EXPLORE_SAME(nam, _Znwm)
RM_EXPLORE_SAME(nwmRKSt9nothrow_t, _Znwm)
RM_EXPLORE_SAME(namRKSt9nothrow_t, _Znwm)
RM_EXPLORE_SAME(namSt11align_val_t, _ZnwmSt11align_val_t)
RM_EXPLORE_SAME(nwmSt11align_val_tRKSt9nothrow_t, _ZnwmSt11align_val_t)
RM_EXPLORE_SAME(namSt11align_val_tRKSt9nothrow_t, _ZnwmSt11align_val_t)
RM_EXPLORE_SAME(daPv, _ZdlPv)
RM_EXPLORE_SAME(dlPvm, _ZdlPv)
RM_EXPLORE_SAME(daPvm, _ZdlPv)
RM_EXPLORE_SAME(dlPvRKSt9nothrow_t, _ZdlPv)
RM_EXPLORE_SAME(daPvRKSt9nothrow_t, _ZdlPv)
RM_EXPLORE_SAME(dlPvSt11align_val_t, _ZdlPv)
RM_EXPLORE_SAME(daPvSt11align_val_t, _ZdlPv)
RM_EXPLORE_SAME(dlPvmSt11align_val_t, _ZdlPv)
RM_EXPLORE_SAME(daPvmSt11align_val_t, _ZdlPv)

/* Defines further names of a runtime function that has several names in C++ or
   in the compiler. The calls are jumps, so the recorded place of the call is in
   the map. */
int64_t rm_explore_system_clock(void)
{
	return rm_sim_clock_now();
}

void *__tsan_memcpy(void *to, const void *from, size_t bytes)
{
	return rm_sim_memcpy(to, from, bytes);
}

void *__tsan_memmove(void *to, const void *from, size_t bytes)
{
	return rm_sim_memmove(to, from, bytes);
}

void *__tsan_memset(void *to, int value, size_t bytes)
{
	return rm_sim_memset(to, value, bytes);
}

void rm_explore_cond_create(pthread_cond_t *cond)
{
	rm_sim_cond_init(cond, NULL);
}

void rm_explore_cond_destroy(pthread_cond_t *cond)
{
	rm_sim_cond_destroy(cond);
}

void rm_explore_notify_one(pthread_cond_t *cond)
{
	rm_sim_cond_signal(cond);
}

void rm_explore_notify_all(pthread_cond_t *cond)
{
	rm_sim_cond_broadcast(cond);
}

/* std::unique_lock<std::mutex> begins with a pointer to its mutex. */
void rm_explore_cond_wait(pthread_cond_t *cond, pthread_mutex_t **lock)
{
	rm_sim_cond_wait(cond, *lock);
}

/* The guard of a static variable in a function. The C++ ABI defines its first
   byte: 1 if the variable is initialised. The second half contains the number,
   plus one, of the lane that initialises the variable; to waiting lanes it is a
   mutex. */
struct guard {
	uint8_t initialised;
	uint32_t owner;
};

void __tsan_atomic8_store(volatile uint8_t *at, uint8_t value, int order);

/* Returns 1 if the caller must initialise the variable. */
int rm_explore_guard_acquire(struct guard *guard)
{
	rm_explore_lock_step(guard, sizeof(*guard), SITE);
	while (guard->owner)
		rm_explore_block(RM_EXPLORE_FOR_MUTEX, &guard->owner, SITE);
	rm_explore_acquire(&guard->owner);
	if (guard->initialised)
		return 0;
	guard->owner = rm_sim_self() + 1;
	return 1;
}

static void open_guard(struct guard *guard)
{
	rm_explore_release(&guard->owner);
	guard->owner = 0;
	rm_explore_wake(RM_EXPLORE_FOR_MUTEX, &guard->owner, UINT_MAX);
}

/* The C++ library stores with an atomic exchange, which empties the store
   buffer. */
void rm_explore_guard_release(struct guard *guard)
{
	__tsan_atomic8_store(&guard->initialised, 1, __ATOMIC_RELEASE);
	rm_explore_drain_own();
	open_guard(guard);
}

void rm_explore_guard_abort(struct guard *guard)
{
	rm_explore_lock_step(guard, sizeof(*guard), SITE);
	open_guard(guard);
}
