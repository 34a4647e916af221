/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sim_ctx.c - context switches preserve the registers that the ABI
 * requires, integers and floating-point values, and stack frames. The test is
 * linked with ctx.c, and a second time with its portable version.
 */
#include "tests/unit/tap.h"

#include "runner/sim/guest/ctx.h"

#include <stdint.h>
#include <stdlib.h>

enum { STACKS = 8, STEPS = 20000, STACK_BYTES = 64 << 10, MAIN = STACKS };

enum { VALUES = 5 };

struct state {
	uint64_t n[VALUES];
	double x[VALUES];
};

static struct rm_sim_ctx ctx[STACKS + 1];
static unsigned now;
static unsigned long switches;
static struct state result[STACKS];
static bool ended[STACKS], broken;

static void go(unsigned next)
{
	unsigned self = now;

	now = next;
	switches++;
	rm_sim_ctx_switch(&ctx[self], &ctx[next]);
	broken |= now != self;
}

/* Switches at a depth of `depth` frames; each frame checks its own data. */
static unsigned deep(unsigned depth, unsigned self)
{
	volatile unsigned mark = depth * 31 + self;
	unsigned below;

	if (depth == 0) {
		go((self + 1) % STACKS);
		return 0;
	}
	below = deep(depth - 1, self);
	broken |= mark != depth * 31 + self;
	return below + 1;
}

/* Computes the same values with or without switches. Uses separate variables,
   because the compiler keeps values across a call in preserved registers. */
static struct state compute(unsigned self, bool switching)
{
	uint64_t a = self + 1, b = 3 * a, c = 5 * a, d = 7 * a, e = 9 * a;
	double v = 1 + self, w = 2 + v, x = 3 + v, y = 4 + v, z = 5 + v;

	for (unsigned step = 0; step < STEPS; step++) {
		a = a * 31 + (b >> 7);
		b ^= c + step;
		c = c * 33 + (d >> 9);
		d += e ^ a;
		e = e * 35 + (a >> 5);
		v = v * 0.999 + w * 0.001;
		w = w * 0.998 + x * 0.002;
		x = x * 0.997 + y * 0.003;
		y = y * 0.996 + z * 0.004;
		z = z * 0.995 + v * 0.005;
		if (switching)
			broken |= deep(step % 7, self) != step % 7;
	}
	return (struct state){ { a, b, c, d, e }, { v, w, x, y, z } };
}

static void entry(void)
{
	unsigned self = now, left = 0;

	result[self] = compute(self, true);
	ended[self] = true;
	for (;;) {
		left = 0;
		for (unsigned i = 0; i < STACKS; i++)
			left += !ended[i];
		go(left ? (self + 1) % STACKS : MAIN);
	}
}

int main(void)
{
	char *stacks = aligned_alloc(4096, (size_t)STACKS * STACK_BYTES);
	bool same = true;

	if (!CHECK(stacks != NULL, "memory is available"))
		return DONE();
	for (unsigned i = 0; i < STACKS; i++)
		rm_sim_ctx_make(&ctx[i], stacks + (i + 1) * STACK_BYTES,
		        STACK_BYTES, entry);
	now = 0;
	rm_sim_ctx_switch(&ctx[MAIN], &ctx[0]);
	for (unsigned self = 0; self < STACKS; self++) {
		struct state alone = compute(self, false);

		for (unsigned i = 0; i < VALUES; i++)
			same &= alone.n[i] == result[self].n[i] &&
			        alone.x[i] == result[self].x[i];
	}
	CHECK(same, "values survive switches");
	CHECK(!broken,
	        "frames survive switches, and the target stack continues");
	CHECK(switches > (unsigned long)STACKS * STEPS,
	        "every stack is left and entered in each step");
	free(stacks);
	return DONE();
}
