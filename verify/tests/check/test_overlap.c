/* SPDX-License-Identifier: Apache-2.0 */
/* Which operations are taken for overlapping: two threads of the check of pairs,
   both played by this one. */
#include "tests/unit/tap.h"
#include "verify/check/pairs_round.h"

#include <string.h>

enum { ME, OTHER, THREADS };

static struct rm_pairs_doing words[THREADS];
static struct rm_pairs pairs = { .doing = words };
static struct rm_peers peers = { .threads = THREADS };
static struct rm_peer peer[THREADS] = { { .peers = &peers, .slot = ME },
	{ .peers = &peers, .slot = OTHER } };
static struct rm_pairs_actor actor[THREADS] = { { .peer = peer + ME,
	                                                .pairs = &pairs },
	{ .peer = peer + OTHER, .pairs = &pairs } };

/* The other thread begins or ends one of its operations. */
static void other(enum rm_pair_kind kind, unsigned key, bool busy)
{
	actor[OTHER].number += busy;
	rm_pairs_say(actor + OTHER, kind, key, busy);
}

/* How often a lookup of key 1 met that kind, if the other did that meanwhile. */
static uint64_t met(enum rm_pair_kind kind, void (*meanwhile)(void))
{
	struct rm_pairs_sight sights[RM_PAIRS_LOOKED_AT];
	unsigned seen;

	memset(actor[ME].met, 0, sizeof(actor[ME].met));
	seen = rm_pairs_look(actor + ME, sights, 0);
	meanwhile();
	rm_pairs_judge(actor + ME, RM_PAIR_LOOKUP, 1, sights, seen);
	return actor[ME].met[RM_PAIR_LOOKUP][kind];
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
	CHECK(!met(RM_PAIR_TAKE, nothing), "who has done nothing is not met");
	CHECK(met(RM_PAIR_TAKE, begin_take) == 1, "one that begins is met");
	CHECK(met(RM_PAIR_TAKE, nothing) == 1, "one that goes on all the time");
	CHECK(met(RM_PAIR_TAKE, end_take) == 1, "and one that ends");
	CHECK(!met(RM_PAIR_TAKE, nothing), "one that has ended is not");
	CHECK(!met(RM_PAIR_TAKE, another_key), "nor one on another key");
	CHECK(met(RM_PAIR_SCAN, whole_scan) == 1,
	        "one of the whole map meets all keys");
	actor[ME].pairs->focus.key_class = RM_CLASS_EDGES;
	rm_pairs_round_ends(actor + ME);
	CHECK(atomic_load(&rm_witness()->coverage.met[RM_CLASS_EDGES]
	                                             [RM_PAIR_LOOKUP]
	                                             [RM_PAIR_SCAN]) == 1,
	        "the round's end adds them to what is said");
	return DONE();
}
