/* SPDX-License-Identifier: Apache-2.0 */
/* What overlapped what: which pairs are asked for, counted and named. */
#include "tests/unit/tap.h"
#include "verify/check/coverage.h"

#include <string.h>

static struct rm_coverage coverage;

static void ask(uint32_t offered, uint32_t beside_itself, uint32_t classes)
{
	memset(&coverage, 0, sizeof(coverage));
	atomic_init(&coverage.offered, offered);
	atomic_init(&coverage.beside_itself, beside_itself);
	atomic_init(&coverage.classes, classes);
}

static bool says(const char *text)
{
	char said[512];

	rm_coverage_say(&coverage, said, sizeof(said));
	if (strcmp(said, text))
		printf("# %s\n", said);
	return !strcmp(said, text);
}

int main(void)
{
	const uint32_t lookup = 1U << RM_PAIR_LOOKUP;
	const uint32_t upsert = 1U << RM_PAIR_UPSERT;
	const uint32_t edges = 1U << RM_CLASS_EDGES;

	ask(0, 0, 0);
	CHECK(says(""), "nothing is said where nothing is asked for");
	ask(lookup | upsert, lookup | upsert, edges);
	CHECK(says("0 of 3 pairs overlapped at least 100 times, 3 never: "
	           "lookup with lookup on edges keys, lookup with upsert on "
	           "edges keys, upsert with upsert on edges keys"),
	        "pairs that never overlapped are named");
	rm_coverage_add(
	        &coverage, RM_CLASS_EDGES, RM_PAIR_UPSERT, RM_PAIR_LOOKUP, 60);
	rm_coverage_add(
	        &coverage, RM_CLASS_EDGES, RM_PAIR_LOOKUP, RM_PAIR_UPSERT, 40);
	CHECK(says("1 of 3 pairs overlapped at least 100 times, 2 never: "
	           "lookup with lookup on edges keys, upsert with upsert on "
	           "edges keys"),
	        "a pair is one, whoever saw it");
	rm_coverage_add(
	        &coverage, RM_CLASS_EDGES, RM_PAIR_UPSERT, RM_PAIR_UPSERT, 99);
	CHECK(says("1 of 3 pairs overlapped at least 100 times, 1 never: "
	           "lookup with lookup on edges keys"),
	        "99 are not 100, and not none");
	rm_coverage_add(
	        &coverage, RM_CLASS_HUGE, RM_PAIR_LOOKUP, RM_PAIR_LOOKUP, 999);
	CHECK(says("1 of 3 pairs overlapped at least 100 times, 1 never: "
	           "lookup with lookup on edges keys"),
	        "keys that were not asked for do not count");
	ask(lookup | upsert, lookup, edges);
	CHECK(says("0 of 2 pairs overlapped at least 100 times, 2 never: "
	           "lookup with lookup on edges keys, lookup with upsert on "
	           "edges keys"),
	        "of one writer no two writes are asked for");
	return DONE();
}
