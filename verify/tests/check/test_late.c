/* SPDX-License-Identifier: Apache-2.0 */
/* A check whose time is over does a little of what it was asked for, and ends:
   by the count of its operations, which load does not change. */
#include "runner/impl.h"
#include "tests/unit/tap.h"
#include "verify/check/check.h"

#include <string.h>

/* What one does however late it is; without the end of its time each ends
   300,000 operations or more. litmus ends between two batches only. How much is
   written beside the scans depends on who runs: of one map there are 12 scans,
   of all 180. */
enum { A_LITTLE = 1 << 14, A_BATCH = 1 << 18 };

static const struct {
	const char *name;
	uint64_t most;
	const char *says;
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

	printf("# each of these ends early, and accuses nobody:\n");
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		struct rm_check_done done = { .rounds = 0 };
		struct rm_error said = { "" };
		enum rm_check_verdict verdict = rm_check_run(
		        rm_check_find(late[i].name), &c, &limits, &done, &said);

		printf("# %llu operations\n",
		        (unsigned long long)done.operations);
		CHECK(verdict == RM_CHECK_OK && done.operations &&
		                done.operations < late[i].most &&
		                strstr(said.text, late[i].says),
		        late[i].name);
	}
	return DONE();
}
