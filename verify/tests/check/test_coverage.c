/* SPDX-License-Identifier: Apache-2.0 */
/* test_coverage.c - tests which pairs of operations are expected, counted and
 * named. */
#include "tests/unit/tap.h"
#include "verify/check/coverage.h"

#include <string.h>

static struct rm_coverage coverage;

static void set_pairs(uint32_t offered, uint32_t overlaps_any, uint32_t classes)
{
	memset(&coverage, 0, sizeof(coverage));
	atomic_init(&coverage.offered, offered);
	atomic_init(&coverage.overlaps_any, overlaps_any);
	atomic_init(&coverage.classes, classes);
}

static bool is_weak;

static bool formats_as(const char *text)
{
	char formatted[512];

	is_weak = rm_coverage_format(&coverage, formatted, sizeof(formatted));
	if (strcmp(formatted, text))
		printf("# %s\n", formatted);
	return !strcmp(formatted, text);
}

int main(void)
{
	const uint32_t lookup = 1U << RM_PAIR_LOOKUP;
	const uint32_t upsert = 1U << RM_PAIR_UPSERT;
	const uint32_t edges = 1U << RM_CLASS_EDGES;

	set_pairs(0, 0, 0);
	CHECK(formats_as("") && !is_weak, "without pairs the summary is empty");
	set_pairs(lookup | upsert, lookup | upsert, edges);
	CHECK(formats_as(
	              "0 of 3 pairs overlapped at least 100 times, 3 never: "
	              "lookup with lookup on edges keys, lookup with upsert on "
	              "edges keys, upsert with upsert on edges keys"),
	        "pairs that never overlapped are named");
	CHECK(is_weak, "a check without overlaps is weak");
	rm_coverage_add(
	        &coverage, RM_CLASS_EDGES, RM_PAIR_UPSERT, RM_PAIR_LOOKUP, 60);
	rm_coverage_add(
	        &coverage, RM_CLASS_EDGES, RM_PAIR_LOOKUP, RM_PAIR_UPSERT, 40);
	CHECK(formats_as(
	              "1 of 3 pairs overlapped at least 100 times, 2 never: "
	              "lookup with lookup on edges keys, upsert with upsert on "
	              "edges keys"),
	        "the order of a pair does not matter");
	CHECK(!is_weak,
	        "a check in which a third of the pairs overlapped is not");
	rm_coverage_add(
	        &coverage, RM_CLASS_EDGES, RM_PAIR_UPSERT, RM_PAIR_UPSERT, 99);
	CHECK(formats_as("1 of 3 pairs overlapped at least 100 times, 1 never: "
	                 "lookup with lookup on edges keys"),
	        "99 overlaps are neither 100 nor none");
	rm_coverage_add(
	        &coverage, RM_CLASS_HUGE, RM_PAIR_LOOKUP, RM_PAIR_LOOKUP, 999);
	CHECK(formats_as("1 of 3 pairs overlapped at least 100 times, 1 never: "
	                 "lookup with lookup on edges keys"),
	        "classes of keys that are not used do not count");
	set_pairs(lookup | upsert, lookup, edges);
	CHECK(formats_as(
	              "0 of 2 pairs overlapped at least 100 times, 2 never: "
	              "lookup with lookup on edges keys, lookup with upsert on "
	              "edges keys"),
	        "with one writer no pair of two writes is expected");
	return DONE();
}
