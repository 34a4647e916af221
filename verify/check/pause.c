/* SPDX-License-Identifier: Apache-2.0 */
/* pause.c - the function that RM_PAUSE() in a map calls (runner/map.h). In a
 * check it takes a random time, so that other threads run between two
 * instructions. tests/cli/gdb.sh links this file without the rest of the
 * check. */
#include "verify/check/internal.h"

#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "runner/map.h"

#include <sched.h>

/* Per thread, so that a pause adds no memory order between threads. 0: pauses
 * take no time, as in trials of a map that was built with them. */
static _Thread_local uint64_t state;

void rm_pause_seed(uint64_t seed)
{
	state = seed;
}

/* Usually returns immediately, sometimes spins for about the length of an
 * operation, and rarely yields. */
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
