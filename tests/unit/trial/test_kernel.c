/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of this process: the peak of its memory is what was
   resident once, not what is resident now. */
#include "runner/trial/trial.h"
#include "tests/unit/tap.h"
#include "tests/unit/trial/played_clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MIB = 1 << 20, HELD = 64 * MIB, SLACK = 8 * MIB };

static void a_peak_outlives_what_was_freed(void)
{
	uint64_t before = rm_usage_rss_bytes(), held, after;
	char *memory = mmap(NULL, HELD, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	memset(memory, 1, HELD);
	held = rm_usage_rss_bytes();
	munmap(memory, HELD);
	after = rm_usage_rss_bytes();
	/* kernels count what is resident in batches for each CPU: the slack */
	CHECK(held + SLACK >= before + HELD && after + HELD <= held + SLACK,
	        "what is resident rises and falls by 64 MiB");
	CHECK(rm_usage_peak_rss_bytes() + SLACK >= held,
	        "the peak stays when the memory is given back");
}

/* On the played clock: a reading takes 100 ns, whatever the machine does. */
static void the_clock_costs_what_it_costs(void)
{
	double cost_ns;
	uint64_t step_ns;

	rm_usage_clock(&cost_ns, &step_ns);
	CHECK(cost_ns == PLAYED_READING_NS && step_ns == PLAYED_READING_NS,
	        "cost and step of the clock are those of one reading");
}

int main(void)
{
	a_peak_outlives_what_was_freed();
	the_clock_costs_what_it_costs();
	return DONE();
}
