/* SPDX-License-Identifier: Apache-2.0 */
/* test_pairs_act.c - tests single operations of the check `pairs`, on one
 * thread: their effects, their counts, and the results that they reject. */
#include "tests/unit/tap.h"
#include "verify/check/pairs_round.h"
#include "verify/tests/check/mock_map.h"

enum { FIRST_RANK = 1000, ROOM_OF_OWN = 100, OWN = 1 << 24 };

static struct rm_pairs pairs;
static struct rm_pairs_balance balance[1];
static struct rm_pairs_activity activity[1];
static struct rm_pairs_actor actor;
static struct rm_error error;
static void (*actions)(void);

/* Starts a new round with keys of the measured loop. */
static void on_thread(struct rm_peer *peer)
{
	rm_pairs_actor_init(&actor, peer);
	rm_pairs_make_keys(peer, &pairs);
	actions();
}

static int on_a_map(void (*fn)(void), unsigned caps, struct fault fault)
{
	const struct rm_impl impl = { .id = "mock",
		.caps = caps,
		.guarantees = "none",
		.ops = &mock_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X24,
		.seed = 6,
		.ops = 1,
		.threads = 1 };
	const struct rm_case_phase phases[] = { { 1, on_thread }, { 0 } };

	reset_mock(fault);
	memset(&pairs, 0, sizeof(pairs));
	memset(balance, 0, sizeof(balance));
	pairs.balance = balance;
	pairs.activity = activity;
	pairs.own_max = ROOM_OF_OWN;
	pairs.focus.key_class = RM_CLASS_SCATTERED;
	pairs.focus.kinds[1] = RM_PAIR_TAKE;
	pairs.focus.first = FIRST_RANK;
	error = (struct rm_error){ "" };
	actions = fn;
	return rm_case_play(&c, 8, false, phases, &pairs, &error);
}

/* Returns the change of key 2's balance by one operation. */
static int64_t added(enum rm_pair_kind kind)
{
	const int64_t before = balance[0].per_key[2];

	rm_pairs_act(&actor, kind, 2, 1);
	return balance[0].per_key[2] - before;
}

static uint64_t held(void)
{
	return mock.held[FIRST_RANK + 2] ? mock.value[FIRST_RANK + 2].word[0]
	                                 : 0;
}

static uint64_t known(void)
{
	return actor.known[2].word[0];
}

static void each_kind(void)
{
	uint64_t before;

	CHECK(!added(RM_PAIR_LOOKUP) && !added(RM_PAIR_REMOVE) &&
	                !added(RM_PAIR_TAKE) &&
	                !added(RM_PAIR_COMPARE_REMOVE) &&
	                !added(RM_PAIR_COMPARE_SWAP) && !known(),
	        "nothing is removed from an empty map");
	CHECK(added(RM_PAIR_UPSERT) == 1 && !added(RM_PAIR_UPSERT) && !known(),
	        "upsert inserts once, then replaces");
	before = held();
	CHECK(!added(RM_PAIR_LOOKUP) && known() == before,
	        "the value that a lookup returns becomes known");
	CHECK(!added(RM_PAIR_COMPARE_SWAP) && held() != before,
	        "compare_swap can replace a known value");
	before = held();
	CHECK(!added(RM_PAIR_COMPARE_SWAP) && held() == before,
	        "compare_swap cannot replace an unknown value");
	CHECK(!added(RM_PAIR_EXCHANGE) && known() == before && held() != before,
	        "exchange replaces, and the old value becomes known");
	before = held();
	CHECK(!added(RM_PAIR_UPDATE) && known() == before && held() != before,
	        "update replaces, and the old value becomes known");
	before = held();
	CHECK(!added(RM_PAIR_INSERT_IF_ABSENT) && known() == before &&
	                held() == before,
	        "insert_if_absent keeps the value, which becomes known");
	CHECK(added(RM_PAIR_COMPARE_REMOVE) == -1 && !held(),
	        "compare_remove removes the known value");
	CHECK(added(RM_PAIR_INSERT_IF_ABSENT) == 1 &&
	                added(RM_PAIR_REMOVE) == -1 &&
	                added(RM_PAIR_UPDATE) == 1 &&
	                added(RM_PAIR_TAKE) == -1 &&
	                added(RM_PAIR_EXCHANGE) == 1 &&
	                added(RM_PAIR_REMOVE) == -1,
	        "all inserts and removes are counted");
	CHECK(!balance[0].per_key[0] && !balance[0].per_key[1] &&
	                !balance[0].per_key[3],
	        "inserts and removes are counted for their key only");
}

static void own_keys(void)
{
	for (unsigned i = 0; i < 3; i++)
		rm_pairs_act(&actor, RM_PAIR_GROW, 2, 1);
	CHECK(actor.own_keys == 3 && mock.count == 3 &&
	                (uint32_t)mock.value[2].word[0] == OWN + 2 &&
	                mock.calls[LOOKUP] == 3,
	        "private keys are inserted and looked up");
	rm_pairs_act(&actor, RM_PAIR_SCAN, 2, 1);
	CHECK(mock.calls[SCAN] == 1 && !error.text[0],
	        "a scan sees each private key once");
	rm_pairs_act(&actor, RM_PAIR_SHRINK, 2, 1);
	CHECK(actor.own_keys == 2 && mock.count == 2 && !mock.held[2],
	        "shrink removes the newest private key");
	rm_pairs_act(&actor, RM_PAIR_SHRINK, 2, 1);
	rm_pairs_act(&actor, RM_PAIR_SHRINK, 2, 1);
	rm_pairs_act(&actor, RM_PAIR_SHRINK, 2, 1);
	CHECK(actor.own_keys == 1 && mock.count == 1,
	        "without private keys, shrink inserts one");
	for (unsigned i = 1; i <= ROOM_OF_OWN; i++)
		rm_pairs_act(&actor, RM_PAIR_GROW, 2, 1);
	CHECK(actor.own_keys == ROOM_OF_OWN - 1,
	        "at the maximum number of private keys, grow removes one");
	/* bits of `random` select one operation in 1 + 99 / 64 to be a scan;
	 * the others are lookups */
	mock.calls[SCAN] = mock.calls[LOOKUP] = 0;
	rm_pairs_act(&actor, RM_PAIR_SCAN, 2, 1 << 8);
	CHECK(!mock.calls[SCAN] && mock.calls[LOOKUP] == 1,
	        "scans of large maps are rare; lookups replace them");
	rm_pairs_act(&actor, RM_PAIR_SCAN, 2, 2 << 8);
	CHECK(mock.calls[SCAN] == 1 && !error.text[0],
	        "some scans of large maps run");
	rm_pairs_act(&actor, RM_PAIR_LENGTH, 2, 1);
	rm_pairs_act(&actor, RM_PAIR_REJOIN, 2, 1);
	CHECK(mock.calls[LENGTH] == 1 && mock.calls[JOIN] == 2 &&
	                mock.joined == 1,
	        "length, leave and join are called");
	rm_pairs_act(&actor, RM_PAIR_CLEAR, 2, 1);
	CHECK(!mock.count, "clear empties the map");
}

static void plain_values(void)
{
	struct rm_value value;

	pairs.focus.plain = true;
	rm_pairs_act(&actor, RM_PAIR_UPSERT, 2, 1 << 8);
	value = mock.value[FIRST_RANK + 2];
	CHECK(!~value.word[0] && !~value.word[2], "plain values are all ones");
	rm_pairs_act(&actor, RM_PAIR_UPSERT, 2, 2 << 8);
	rm_pairs_act(&actor, RM_PAIR_LOOKUP, 2, 1);
	value = mock.value[FIRST_RANK + 2];
	CHECK(!value.word[0] && !value.word[2] && !error.text[0],
	        "plain values are all zeros, too, and both pass");
}

/* ---- rejected results
 * ----------------------------------------------------- */

static enum rm_pair_kind
        kinds[6]; /* operations to run, ended by 0; the last one is a lookup */

static void do_kinds(void)
{
	unsigned i = 0;

	do
		rm_pairs_act(&actor, kinds[i], 2, 1);
	while (kinds[i++] && i < 6);
}

static void do_beside_clears(void)
{
	pairs.focus.kinds_allowed = 1U << RM_PAIR_CLEAR;
	do_kinds();
}

static void do_plain(void)
{
	pairs.focus.plain = true;
	do_kinds();
}

static bool fails(enum rm_pair_kind first, enum rm_pair_kind second,
        struct fault fault, const char *expected)
{
	int code;

	kinds[0] = first;
	kinds[1] = second;
	code = on_a_map(do_kinds, 0, fault);
	printf("# %s\n", error.text);
	return code == -1 && strstr(error.text, expected);
}

#define FAULT(operation, kind)               \
	(struct fault)                       \
	{                                    \
		operation, kind, -1, 0, 0, 0 \
	}

static void wrong_answers(void)
{
	CHECK(fails(RM_PAIR_UPSERT, RM_PAIR_LOOKUP, FAULT(LOOKUP, OTHER_KEY),
	              "lookup of key 0x") &&
	                strstr(error.text,
	                        " returned a value that was never written for "
	                        "it: "
	                        "word "
	                        "0 is 0x1000000003eb; lookup with take on "
	                        "scattered keys"),
	        "another key's value is rejected");
	CHECK(fails(RM_PAIR_UPSERT, RM_PAIR_EXCHANGE, FAULT(EXCHANGE, TORN),
	              "exchange of key 0x"),
	        "a torn value is rejected");
	CHECK(fails(RM_PAIR_UPSERT, RM_PAIR_UPDATE, FAULT(UPDATE, ABSENT),
	              "update returned absent, but passed its callback a "
	              "value"),
	        "an update that returns absent after an old value is rejected");
	CHECK(fails(RM_PAIR_UPDATE, RM_PAIR_LOOKUP, FAULT(UPDATE, PRESENT),
	              "update returned present, but passed its callback no "
	              "value"),
	        "an update that returns present without an old value is "
	        "rejected");
	CHECK(fails(RM_PAIR_GROW, RM_PAIR_LOOKUP, FAULT(UPSERT, PRESENT),
	              "upsert returned present of private rank 16777216, which "
	              "no "
	              "other thread uses; this thread has 0 keys present"),
	        "a new private key that was present is rejected");
	CHECK(fails(RM_PAIR_GROW, RM_PAIR_LOOKUP, FAULT(LOOKUP, ABSENT),
	              "lookup returned absent of private rank 16777216"),
	        "a private key that is absent at once is rejected");
	CHECK(fails(RM_PAIR_GROW, RM_PAIR_LOOKUP, FAULT(LOOKUP, OTHER_KEY),
	              "lookup of rank 16777216 returned the value of rank "),
	        "a private key with another key's value is rejected");
	CHECK(fails(RM_PAIR_GROW, RM_PAIR_SHRINK, FAULT(REMOVE, ABSENT),
	              "remove returned absent of private rank 16777216, which "
	              "no "
	              "other thread uses; this thread has 0 keys present"),
	        "a private key that cannot be removed is rejected");
	CHECK(fails(RM_PAIR_GROW, RM_PAIR_SCAN, FAULT(SCAN, OMITS),
	              "scan yielded 0 private keys of this thread, which no "
	              "other thread uses; 1 are present"),
	        "a scan that omits a private key is rejected");
	CHECK(fails(RM_PAIR_GROW, RM_PAIR_SCAN, FAULT(SCAN, TWICE),
	              "scan yielded 2 private keys of this thread"),
	        "a scan that gives a private key twice is rejected");
	kinds[0] = RM_PAIR_UPSERT;
	kinds[1] = RM_PAIR_LOOKUP;
	CHECK(on_a_map(do_plain, 0, FAULT(LOOKUP, TORN)) == -1,
	        "a value that is neither all zeros nor all ones is rejected");
}

static void right_answers(void)
{
	kinds[0] = RM_PAIR_GROW;
	kinds[1] = RM_PAIR_SCAN;
	CHECK(!on_a_map(do_beside_clears, 0, FAULT(SCAN, OMITS)) &&
	                !on_a_map(do_beside_clears, 0, FAULT(LOOKUP, ABSENT)),
	        "with clear, private keys may be absent");
	CHECK(!on_a_map(do_kinds, RM_CAP_STALE, FAULT(SCAN, OMITS)) &&
	                !on_a_map(
	                        do_kinds, RM_CAP_STALE, FAULT(LOOKUP, ABSENT)),
	        "if lookups may be late, private keys may be absent");
	kinds[0] = RM_PAIR_UPSERT;
	CHECK(!on_a_map(do_kinds, 0, none) && !actor.own_keys,
	        "shared keys are not private keys");
}

int main(void)
{
	CHECK(!on_a_map(each_kind, 0, none),
	        "a correct map passes on shared keys");
	CHECK(!on_a_map(own_keys, 0, none),
	        "a correct map passes on private keys");
	on_a_map(plain_values, 0, none);
	wrong_answers();
	right_answers();
	return DONE();
}
