/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_walk.c - tests that long work is not reported as a livelock. */
#include "verify/explore/walk.c"

#include "tests/unit/tap.h"

static bool abandoned;

void rm_explore_abandon(void)
{
	abandoned = true;
}

enum { LIMIT = 1000000, TURN = 16, MOST = 1 << 25 };

/* Returns the steps after which a loop over `addresses` words is a livelock. */
static uint64_t steps_until_stuck(uint64_t addresses)
{
	uint64_t steps = LIMIT;

	abandoned = false;
	rm_explore_walk_reset();
	while (steps < MOST &&
	        rm_explore_walks(steps, 4096 + 8 * (steps / TURN % addresses)))
		steps += TURN;
	return steps - LIMIT;
}

static void loops_are_found(void)
{
	CHECK(steps_until_stuck(1) < 100000 && !abandoned,
	        "a loop over one word is a livelock");
	CHECK(steps_until_stuck(500) < 200000 && !abandoned,
	        "a loop over 500 words is a livelock");
}

static void walks_go_on(void)
{
	CHECK(steps_until_stuck(UINT64_MAX) > 4000000,
	        "a thread that accesses new words may go on");
	CHECK(abandoned, "a thread that accesses new words may not go on "
	                 "without end");
}

int main(void)
{
	loops_are_found();
	walks_go_on();
	return DONE();
}
