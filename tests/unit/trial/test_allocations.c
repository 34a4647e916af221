/* SPDX-License-Identifier: Apache-2.0 */
/* Allocator calls and bytes are counted exactly. This test is
   linked with the stats objects. */
#include "runner/trial/trial.h"
#include "tests/unit/tap.h"
#include "tests/unit/trial/played_clock.h"
#include "tests/unit/wanted_stat.h"

#include <malloc.h>
#include <math.h>
#include <stdlib.h>

static double stat_of(const char *name)
{
	struct wanted_stat wanted = { name, (double)NAN };

	rm_allocations_emit(take_wanted, &wanted);
	return wanted.value;
}

/* Keeps the compiler from removing an unused block. */
static void *kept(void *block)
{
	void *volatile seen = block;

	return seen;
}

/* Checks that one in 61 allocations is timed. Each reading advances the
   simulated clock. */
static void timed(void)
{
	const double before = stat_of("allocations_timed");
	const double ns = stat_of("allocations_timed_ns");
	const uint64_t looks = atomic_load(&played_ns);

	for (unsigned i = 0; i < 61 * 61; i++)
		free(kept(malloc(24)));
	CHECK(stat_of("allocations_timed") == before + 61 &&
	                atomic_load(&played_ns) ==
	                        looks + 122 * PLAYED_READING_NS,
	        "one call in 61 is timed, by two clock readings");
	CHECK(stat_of("allocations_timed_ns") == ns + 61 * PLAYED_READING_NS,
	        "the time between the two readings is added up");
}

int main(void)
{
	enum { BIG = 8 << 20 };
	static char output[4096];

	/* otherwise stdout would allocate */
	setvbuf(stdout, output, _IOLBF, sizeof(output));
	double calls = stat_of("allocations"), frees = stat_of("frees");
	double all = stat_of("allocated_bytes"), held = stat_of("bytes");

	if (isnan(calls)) { /* a sanitizer has its own malloc */
		SKIP("allocations are counted", "not in this build");
		return DONE();
	}
	char *block = kept(malloc(BIG));
	double usable = (double)malloc_usable_size(block);

	CHECK(stat_of("allocations") == calls + 1 &&
	                stat_of("allocated_bytes") == all + usable &&
	                stat_of("bytes") == held + usable,
	        "a block is counted with its usable size");
	CHECK(stat_of("bytes_peak") >= held + BIG &&
	                stat_of("bytes_peak") <= held + usable + (1 << 20),
	        "the peak includes the block");
	CHECK(stat_of("heap_used_bytes") >= BIG &&
	                stat_of("heap_held_bytes") >=
	                        stat_of("heap_used_bytes"),
	        "the allocator holds at least the used bytes");
	free(block);
	CHECK(stat_of("frees") == frees + 1 && stat_of("bytes") == held,
	        "freed bytes are subtracted");
	CHECK(stat_of("bytes_peak") >= held + BIG, "the peak stays after a "
	                                           "free");
	block = kept(calloc(10, 100));
	block = kept(realloc(block, 5000));
	CHECK(stat_of("allocations") == calls + 3 &&
	                stat_of("frees") == frees + 2,
	        "moving a block is an allocation and a free");
	free(block);
	CHECK(stat_of("bytes") == held, "no bytes are held at the end");
	timed();
	return DONE();
}
