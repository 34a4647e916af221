/* SPDX-License-Identifier: Apache-2.0 */
/* Tests kernel statistics of this process. The peak of memory includes freed
   memory. */
#include "runner/trial/trial.h"
#include "tests/unit/tap.h"
#include "tests/unit/trial/played_clock.h"

#include <errno.h>
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
	/* tolerance, since kernels count resident memory in batches per CPU */
	CHECK(held + SLACK >= before + HELD && after + HELD <= held + SLACK,
	        "resident memory rises and falls by 64 MiB");
	CHECK(rm_usage_peak_rss_bytes() + SLACK >= held,
	        "the peak stays when the memory is freed");
}

/* On the simulated clock a reading takes 100 ns. */
static void the_clock_costs_what_it_costs(void)
{
	double cost_ns;
	uint64_t step_ns;

	rm_usage_measure_clock(&cost_ns, &step_ns);
	CHECK(cost_ns == PLAYED_READING_NS && step_ns == PLAYED_READING_NS,
	        "cost and step of the clock are those of one reading");
}

/* If a policy were misread, the trial would measure another placement. */
static void a_placement_is_a_whole_word(void)
{
	static const char *const wrong[] = { "bind:", "bind:0x", "bind: 0",
		"bind:-0", "bind:1048576", "interleaved", "" };
	size_t refused = 0;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct rm_error error = { "" };

		refused +=
		        rm_memory_policy_apply(wrong[i], &error) == -EINVAL &&
		        strstr(error.text, wrong[i]);
	}
	CHECK(refused == sizeof(wrong) / sizeof(*wrong),
	        "an invalid placement is rejected by name");
	CHECK(rm_memory_policy_apply("first-touch", NULL) == 0,
	        "a placement that needs no action succeeds");
}

int main(void)
{
	a_placement_is_a_whole_word();
	a_peak_outlives_what_was_freed();
	the_clock_costs_what_it_costs();
	return DONE();
}
