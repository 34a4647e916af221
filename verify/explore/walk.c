/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk.c - distinguishes long work from endless work.
 *
 * After too many steps without the end of an operation, accessed addresses are
 * sampled, one at each decision. Threads that wait for each other access the
 * same addresses repeatedly. A thread that walks through a long list or a large
 * table, or fills a larger one, continues to access new addresses.
 */
#include "verify/explore/world.h"

#include <string.h>

enum {
	WINDOW_STEPS = 50000,
	SAMPLES_LEAST = 16,
	NEW_SHARE = 4, /* work is a walk if one address in this many is new */
	SEEN_BITS = 16,
	SEEN = 1 << SEEN_BITS,
	WALK_MOST = 1 << 23, /* steps, in addition to the limit */
};

static struct {
	uint64_t seen[SEEN]; /* addresses, in open addressing; 0: empty */
	/* number of entries in `seen`, which is emptied when half full */
	unsigned count;
	unsigned samples, fresh;
	/* steps at the end of sampling; 0: not sampling */
	uint64_t until, most;
} walk;

void rm_explore_walk_reset(void)
{
	walk.until = 0;
}

static void begin(uint64_t steps)
{
	memset(walk.seen, 0, sizeof(walk.seen));
	walk.count = walk.samples = walk.fresh = 0;
	walk.until = steps + WINDOW_STEPS;
	walk.most = steps + WALK_MOST;
}

static void sample(uint64_t address)
{
	uint64_t i = address * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SEEN_BITS);

	walk.samples++;
	while (walk.seen[i] && walk.seen[i] != address)
		i = (i + 1) % SEEN;
	if (walk.seen[i])
		return;
	walk.seen[i] = address;
	walk.fresh++;
	if (++walk.count == SEEN / 2) {
		memset(walk.seen, 0, sizeof(walk.seen));
		walk.count = 0;
	}
}

bool rm_explore_walks(uint64_t steps, uint64_t address)
{
	if (!walk.until)
		begin(steps);
	sample(address + 1); /* 0: no access yet */
	if (steps > walk.most)
		rm_explore_abandon();
	/* a turn, or a sleep, may take many steps */
	if (steps < walk.until || walk.samples < SAMPLES_LEAST)
		return steps <= walk.most;
	if (walk.fresh < walk.samples / NEW_SHARE)
		return false;
	walk.samples = walk.fresh = 0;
	walk.until = steps + WINDOW_STEPS;
	return steps <= walk.most;
}
