/* SPDX-License-Identifier: Apache-2.0 */
/* technique_kit.h - more that techniques share: numbers, memory, a pause. */
#ifndef RM_SUPPORT_TECHNIQUE_KIT_H
#define RM_SUPPORT_TECHNIQUE_KIT_H

#include "impls/support/technique.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Whether the loop shall do another iteration; counts it. */
RM_HOT bool technique_turn(struct rm_worker *worker)
{
	bool more = technique_goes_on(worker);

	worker->counts.iterations += more;
	return more;
}

/* The loop's number `i`, or `preset` where nobody gave numbers. */
static inline uint64_t technique_arg(
        const struct rm_sizing *sizing, unsigned i, uint64_t preset)
{
	return sizing->loop_args ? sizing->loop_args[i] : preset;
}

/* Zeroed memory in whole pairs of lines: nobody else's data beside it. */
static inline void *technique_new(size_t bytes)
{
	const size_t unit = 2 * RM_CACHE_LINE;
	const size_t room = (bytes + unit - 1) / unit * unit;
	void *memory = aligned_alloc(unit, room);

	if (memory)
		memset(memory, 0, room);
	return memory;
}

/* In the window of a misuse: others shall come in between, in every run. A
   yield would return at once where no other thread waits for this CPU. */
static inline void technique_give_way(void)
{
	const struct timespec moment = { .tv_nsec = 100000 };

	nanosleep(&moment, NULL);
}

#endif /* RM_SUPPORT_TECHNIQUE_KIT_H */
