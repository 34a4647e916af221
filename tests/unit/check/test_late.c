/* SPDX-License-Identifier: Apache-2.0 */
/* A check whose time is over does a little of what it was asked for, and ends:
   by the count of its operations, which load does not change. */
#include "runner/check/check.h"
#include "runner/impl_table.h"
#include "tests/unit/tap.h"

int main(void)
{
	static const char *const names[] = { "readers", "exchange", "upsert",
		"owner", "atomic", "growth", "park", "scan", "litmus",
		"histories", "pairs" };
	const struct rm_check_case c = { .impl = rm_impl_find("gomap_rw"),
		.shape = RM_U64X8,
		.seed = 1,
		.ops = (uint64_t)1 << 23,
		.threads = 4,
		.until_ns = 1 };
	const struct rm_check_limits limits = { .deadline_ns = 600000000000U,
		.memory_bytes = (uint64_t)4 << 30 };

	printf("# each of these ends early, and accuses nobody:\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct rm_check_done done = { .rounds = 0 };
		struct rm_error said = { "" };
		enum rm_check_verdict verdict = rm_check_run(
		        rm_check_find(names[i]), &c, &limits, &done, &said);

		printf("# %llu operations\n",
		        (unsigned long long)done.operations);
		CHECK(verdict == RM_CHECK_OK && done.operations &&
		                done.operations < c.ops / 64,
		        names[i]);
	}
	return DONE();
}
