/* SPDX-License-Identifier: Apache-2.0 */
/* allocations.c - replaces allocations_stats.c in builds that do not count
   allocator calls. */
#include "runner/trial/trial.h"

void rm_allocations_emit(rm_stat_fn *emit, void *context)
{
	(void)emit;
	(void)context;
}

int64_t rm_allocations_held(void)
{
	return -1;
}
