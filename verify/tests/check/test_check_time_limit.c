/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_time_limit.c - tests that a check whose time is over does a little
 * work and then ends. The test counts operations, which do not depend on
 * load. */
#include "runner/impl.h"
#include "tests/unit/tap.h"
#include "verify/check/check.h"

#include <string.h>

/* Operations that a check may do after its time is over; without a limit each
 * would do 300,000 or more. litmus ends only between two batches. The writes
 * during scans depend on the scheduler, so scans are counted: 12 on one map,
 * 180 on all. */
enum { A_LITTLE = 1 << 14, A_BATCH = 1 << 18 };

static const struct {
	const char *name;
	uint64_t operations_max;
	const char *expected;
} late[] = {
	{ "readers", A_LITTLE, "" },
	{ "exchange", A_LITTLE, "" },
	{ "upsert", A_LITTLE, "" },
	{ "owner", A_LITTLE, "" },
	{ "atomic", A_LITTLE, "" },
	{ "growth", A_LITTLE, "" },
	{ "park", A_LITTLE, "" },
	{ "reclaim", A_LITTLE, "" },
	{ "scan", UINT64_MAX, " of 12 scans" },
	{ "litmus", A_BATCH, "" },
	{ "histories", A_LITTLE, "" },
	{ "pairs", A_LITTLE, "" },
};

int main(void)
{
	const struct rm_check_case c = { .impl = rm_impl_find("gomap_rw"),
		.shape = RM_U64X8,
		.seed = 1,
		.ops = (uint64_t)1 << 23,
		.threads = 4,
		.until_ns = 1 };
	const struct rm_check_limits limits = { .deadline_ns = 600000000000U,
		.memory_bytes = (uint64_t)4 << 30 };

	printf("# each of these ends early and passes:\n");
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		struct rm_check_result done = { .rounds = 0 };
		struct rm_error reported = { "" };
		enum rm_check_verdict verdict =
		        rm_check_run(rm_check_find(late[i].name), &c, &limits,
		                &done, &reported);

		printf("# %llu operations\n",
		        (unsigned long long)done.operations);
		CHECK(verdict == RM_CHECK_OK && done.operations &&
		                done.operations < late[i].operations_max &&
		                strstr(reported.text, late[i].expected),
		        late[i].name);
	}
	return DONE();
}
