/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pause.c - the hook that RM_PAUSE() of a map calls (runner/map.h): in a check it
 * takes time at random, so that other threads come between two instructions
 * that would else never be parted. Linked alone into tests/cli/gdb.sh.
 */
#include "verify/check/internal.h"

#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "runner/map.h"

#include <sched.h>

/* Per thread, so that a pause orders nothing between threads. 0: no pauses,
   as in a trial of a map that was built with them. */
static _Thread_local uint64_t state;

void rm_pause_seed(uint64_t seed)
{
	state = seed;
}

/* Mostly nothing; sometimes about as long as an operation of another thread;
   rarely until others have had this CPU. */
void rm_pause(void)
{
	if (!state)
		return;
	uint64_t x = rm_next(&state);

	if (x % 16 == 0)
		sched_yield();
	else if (x % 4 == 0)
		for (uint64_t n = x >> 32 & 127; n; n--)
			rm_cpu_relax();
}
