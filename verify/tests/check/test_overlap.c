/* SPDX-License-Identifier: Apache-2.0 */
/* test_overlap.c - tests which operations are counted as overlapping. One
 * thread acts as both threads of the check `pairs`. */
#include "tests/unit/tap.h"
#include "verify/check/pairs_round.h"

#include <string.h>

enum { ME, OTHER, THREADS };

static struct rm_pairs_activity words[THREADS];
static struct rm_pairs pairs = { .activity = words };
static struct rm_peers peers = { .threads = THREADS };
static struct rm_peer peer[THREADS] = { { .peers = &peers, .slot = ME },
	{ .peers = &peers, .slot = OTHER } };
static struct rm_pairs_actor actor[THREADS] = { { .peer = peer + ME,
	                                                .pairs = &pairs },
	{ .peer = peer + OTHER, .pairs = &pairs } };

/* Begins or ends an operation of the other thread. */
static void other(enum rm_pair_kind kind, unsigned key, bool busy)
{
	actor[OTHER].number += busy;
	rm_pairs_publish(actor + OTHER, kind, key, busy);
}

/* Runs a lookup of key 1, during which the other thread does `meanwhile`;
 * returns the number of overlaps with that kind of operation. */
static uint64_t count_overlaps(enum rm_pair_kind kind, void (*meanwhile)(void))
{
	struct rm_pairs_sample sights[RM_PAIRS_SAMPLED];
	unsigned seen;

	memset(actor[ME].overlapped, 0, sizeof(actor[ME].overlapped));
	seen = rm_pairs_sample_others(actor + ME, sights, 0);
	meanwhile();
	rm_pairs_count_overlaps(actor + ME, RM_PAIR_LOOKUP, 1, sights, seen);
	return actor[ME].overlapped[RM_PAIR_LOOKUP][kind];
}

static void nothing(void)
{
}

static void begin_take(void)
{
	other(RM_PAIR_TAKE, 1, true);
}

static void end_take(void)
{
	other(RM_PAIR_TAKE, 1, false);
}

static void another_key(void)
{
	other(RM_PAIR_TAKE, 2, true);
	other(RM_PAIR_TAKE, 2, false);
}

static void whole_scan(void)
{
	other(RM_PAIR_SCAN, RM_PAIRS_ANY_KEY, true);
	other(RM_PAIR_SCAN, RM_PAIRS_ANY_KEY, false);
}

int main(void)
{
	CHECK(!count_overlaps(RM_PAIR_TAKE, nothing),
	        "an idle thread does not overlap");
	CHECK(count_overlaps(RM_PAIR_TAKE, begin_take) == 1,
	        "an operation that begins overlaps");
	CHECK(count_overlaps(RM_PAIR_TAKE, nothing) == 1,
	        "an operation that runs all the time overlaps");
	CHECK(count_overlaps(RM_PAIR_TAKE, end_take) == 1,
	        "an operation that ends meanwhile overlaps");
	CHECK(!count_overlaps(RM_PAIR_TAKE, nothing),
	        "an operation that had ended before does not overlap");
	CHECK(!count_overlaps(RM_PAIR_TAKE, another_key),
	        "an operation on another key does not overlap");
	CHECK(count_overlaps(RM_PAIR_SCAN, whole_scan) == 1,
	        "an operation on the whole map overlaps all keys");
	actor[ME].pairs->focus.key_class = RM_CLASS_EDGES;
	rm_pairs_finish_round(actor + ME);
	CHECK(atomic_load(&rm_witness()->coverage.overlapped[RM_CLASS_EDGES]
	                                                    [RM_PAIR_LOOKUP]
	                                                    [RM_PAIR_SCAN]) ==
	                1,
	        "the end of a round adds the counts to the coverage");
	return DONE();
}
