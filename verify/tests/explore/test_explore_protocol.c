/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_protocol.c - tests those memory orders of the epochs that no
 * schedule of a map exercises. Some pairs of orders each suffice alone. Under
 * the C11 model, the outcomes in tests/fixtures/orders/protocol.tsv occur if
 * both are weakened, and never if only one is. tests/report/test_orders.py
 * checks the same by axioms.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "tests/unit/tap.h"
#include "verify/explore/memory.h"
#include "verify/tests/explore/explore_litmus.h"

#include <inttypes.h>
#include <string.h>

enum { SEED = 1, RUNS = 100000, RUNS_RARE = 400000, NAME = 160 };

static bool is_like(const char *seen, const char *pattern)
{
	for (; *seen && *pattern; seen++, pattern++)
		if (*pattern != '?' && *pattern != *seen)
			return false;
	return !*seen && !*pattern;
}

/* The number of runs with one of the row's outcomes; the rarest occurs in 11 of
   400,000 runs. UINT64_MAX if a run had a finding. */
static uint64_t times(const struct litmus *row, uint64_t runs)
{
	static struct litmus_outcomes had;
	const struct litmus_allowed *wanted = &row->allowed[RM_EXPLORE_C11];
	uint64_t sum = 0;

	litmus_run(row, RM_EXPLORE_C11, SEED, runs, &had);
	for (size_t i = 0; i < had.count; i++)
		for (size_t j = 0; j < wanted->count; j++)
			if (is_like(had.text[i], wanted->text[j]))
				sum += had.times[i];
	return had.stopped ? UINT64_MAX : sum;
}

int main(void)
{
	static struct litmus rows[LITMUS_ROWS];
	size_t count = litmus_read("tests/fixtures/orders/protocol.tsv", rows);
	struct rm_error error = { "" };

	if (count != 12 || rm_explore_open(&error)) {
		CHECK(false, error.text[0] ? error.text : "12 rows are read");
		return DONE();
	}
	for (size_t i = 0; i < count; i++) {
		bool may = !strcmp(rows[i].source, "yes");
		uint64_t came = times(&rows[i], may ? RUNS_RARE : RUNS);
		char name[NAME];

		snprintf(name, sizeof(name), "%.60s: memory is %s",
		        rows[i].name,
		        may ? "freed under a reader" : "never freed too early");
		printf("# %" PRIu64 " times\n", came);
		CHECK(came != UINT64_MAX && (came > 0) == may, name);
	}
	return DONE();
}
