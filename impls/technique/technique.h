/* SPDX-License-Identifier: Apache-2.0 */
/* technique.h - what techniques share: a thread's handle where it is the
   subject itself, the loop's end and numbers, memory, a pause. */
#ifndef RM_SUPPORT_TECHNIQUE_H
#define RM_SUPPORT_TECHNIQUE_H

#include "runner/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline void *technique_join(void *subject, size_t slot)
{
	(void)slot;
	return subject;
}

static inline void technique_leave(void *thread)
{
	(void)thread;
}

static inline void technique_quiesce(void *thread)
{
	(void)thread;
}

/* Whether the loop shall do another iteration; counts it. */
RM_HOT bool technique_turn(struct rm_worker *worker)
{
	bool more = !rm_stopped(worker) &&
	            worker->counts.iterations < worker->iterations_limit;

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

#endif /* RM_SUPPORT_TECHNIQUE_H */
