/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pairs_act.c - one operation of the check of pairs after the other, on one
 * thread: what it does, what it counts, and which answers it does not accept.
 */
#include "tests/unit/tap.h"
#include "verify/check/pairs_round.h"
#include "verify/tests/check/played_map.h"

enum { FIRST_RANK = 1000, ROOM_OF_OWN = 100, OWN = 1 << 24 };

static struct rm_pairs pairs;
static struct rm_pairs_balance balance[1];
static struct rm_pairs_doing doing[1];
static struct rm_pairs_actor actor;
static struct rm_error error;
static void (*acts)(void);

/* A new round, of keys as those of the measured loop. */
static void on_thread(struct rm_peer *peer)
{
	rm_pairs_actor_init(&actor, peer);
	rm_pairs_make_keys(peer, &pairs);
	acts();
}

static int on_a_map(void (*fn)(void), unsigned caps, struct lie lie)
{
	const struct rm_impl impl = { .id = "played",
		.caps = caps,
		.guarantees = "none",
		.ops = &played_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X24,
		.seed = 6,
		.ops = 1,
		.threads = 1 };
	const struct rm_case_phase phases[] = { { 1, on_thread }, { 0 } };

	play(lie);
	memset(&pairs, 0, sizeof(pairs));
	memset(balance, 0, sizeof(balance));
	pairs.balance = balance;
	pairs.doing = doing;
	pairs.room = ROOM_OF_OWN;
	pairs.focus.key_class = RM_CLASS_SCATTERED;
	pairs.focus.kinds[1] = RM_PAIR_TAKE;
	pairs.focus.first = FIRST_RANK;
	error = (struct rm_error){ "" };
	acts = fn;
	return rm_case_play(&c, 8, false, phases, &pairs, &error);
}

/* What one operation on key 2 adds to what is counted of it. */
static int64_t adds(enum rm_pair_kind kind)
{
	const int64_t before = balance[0].of[2];

	rm_pairs_act(&actor, kind, 2, 1);
	return balance[0].of[2] - before;
}

static uint64_t held(void)
{
	return played.held[FIRST_RANK + 2]
	               ? played.value[FIRST_RANK + 2].word[0]
	               : 0;
}

static uint64_t known(void)
{
	return actor.known[2].word[0];
}

static void each_kind(void)
{
	uint64_t before;

	CHECK(!adds(RM_PAIR_LOOKUP) && !adds(RM_PAIR_REMOVE) &&
	                !adds(RM_PAIR_TAKE) && !adds(RM_PAIR_COMPARE_REMOVE) &&
	                !adds(RM_PAIR_COMPARE_SWAP) && !known(),
	        "nothing is taken out where nothing is");
	CHECK(adds(RM_PAIR_UPSERT) == 1 && !adds(RM_PAIR_UPSERT) && !known(),
	        "upsert inserts once, then replaces");
	before = held();
	CHECK(!adds(RM_PAIR_LOOKUP) && known() == before,
	        "what a lookup sees is known from then on");
	CHECK(!adds(RM_PAIR_COMPARE_SWAP) && held() != before,
	        "so that compare_swap may replace it");
	before = held();
	CHECK(!adds(RM_PAIR_COMPARE_SWAP) && held() == before,
	        "but not what it does not know");
	CHECK(!adds(RM_PAIR_EXCHANGE) && known() == before && held() != before,
	        "exchange replaces, and what it replaced is known");
	before = held();
	CHECK(!adds(RM_PAIR_UPDATE) && known() == before && held() != before,
	        "update, too");
	before = held();
	CHECK(!adds(RM_PAIR_INSERT_IF_ABSENT) && known() == before &&
	                held() == before,
	        "insert_if_absent leaves what is there, and knows it");
	CHECK(adds(RM_PAIR_COMPARE_REMOVE) == -1 && !held(),
	        "compare_remove takes out what is known");
	CHECK(adds(RM_PAIR_INSERT_IF_ABSENT) == 1 &&
	                adds(RM_PAIR_REMOVE) == -1 &&
	                adds(RM_PAIR_UPDATE) == 1 && adds(RM_PAIR_TAKE) == -1 &&
	                adds(RM_PAIR_EXCHANGE) == 1 &&
	                adds(RM_PAIR_REMOVE) == -1,
	        "all that insert and all that take out are counted");
	CHECK(!balance[0].of[0] && !balance[0].of[1] && !balance[0].of[3],
	        "of that key alone");
}

static void own_keys(void)
{
	for (unsigned i = 0; i < 3; i++)
		rm_pairs_act(&actor, RM_PAIR_GROW, 2, 1);
	CHECK(actor.own == 3 && played.count == 3 &&
	                (uint32_t)played.value[2].word[0] == OWN + 2 &&
	                played.calls[LOOKUP] == 3,
	        "a thread's own keys are put there, and looked for");
	rm_pairs_act(&actor, RM_PAIR_SCAN, 2, 1);
	CHECK(played.calls[SCAN] == 1 && !error.text[0],
	        "a scan sees each once");
	rm_pairs_act(&actor, RM_PAIR_SHRINK, 2, 1);
	CHECK(actor.own == 2 && played.count == 2 && !played.held[2],
	        "the newest is taken out");
	rm_pairs_act(&actor, RM_PAIR_SHRINK, 2, 1);
	rm_pairs_act(&actor, RM_PAIR_SHRINK, 2, 1);
	rm_pairs_act(&actor, RM_PAIR_SHRINK, 2, 1);
	CHECK(actor.own == 1 && played.count == 1,
	        "where there is none, one is put there instead");
	for (unsigned i = 1; i <= ROOM_OF_OWN; i++)
		rm_pairs_act(&actor, RM_PAIR_GROW, 2, 1);
	CHECK(actor.own == ROOM_OF_OWN - 1,
	        "where there is no room, one is taken out");
	/* one scan of 1 + 99 / 64 by the bits that decide; else a lookup */
	played.calls[SCAN] = played.calls[LOOKUP] = 0;
	rm_pairs_act(&actor, RM_PAIR_SCAN, 2, 1 << 8);
	CHECK(!played.calls[SCAN] && played.calls[LOOKUP] == 1,
	        "a scan of many is rare, and a lookup in its place");
	rm_pairs_act(&actor, RM_PAIR_SCAN, 2, 2 << 8);
	CHECK(played.calls[SCAN] == 1 && !error.text[0], "but there are some");
	rm_pairs_act(&actor, RM_PAIR_LENGTH, 2, 1);
	rm_pairs_act(&actor, RM_PAIR_REJOIN, 2, 1);
	CHECK(played.calls[LENGTH] == 1 && played.calls[JOIN] == 2 &&
	                played.joined == 1,
	        "a thread asks for the length, leaves and comes back");
	rm_pairs_act(&actor, RM_PAIR_CLEAR, 2, 1);
	CHECK(!played.count, "and clears the map");
}

static void plain_values(void)
{
	struct rm_value value;

	pairs.focus.plain = true;
	rm_pairs_act(&actor, RM_PAIR_UPSERT, 2, 1 << 8);
	value = played.value[FIRST_RANK + 2];
	CHECK(!~value.word[0] && !~value.word[2], "plain values are all ones");
	rm_pairs_act(&actor, RM_PAIR_UPSERT, 2, 2 << 8);
	rm_pairs_act(&actor, RM_PAIR_LOOKUP, 2, 1);
	value = played.value[FIRST_RANK + 2];
	CHECK(!value.word[0] && !value.word[2] && !error.text[0],
	        "or all zeros, and both are right");
}

/* ---- what is not accepted ------------------------------------------------- */

static enum rm_pair_kind kinds[6]; /* what is done; 0 ends: a lookup is last */

static void do_kinds(void)
{
	unsigned i = 0;

	do
		rm_pairs_act(&actor, kinds[i], 2, 1);
	while (kinds[i++] && i < 6);
}

static void do_beside_clears(void)
{
	pairs.focus.any = 1U << RM_PAIR_CLEAR;
	do_kinds();
}

static void do_plain(void)
{
	pairs.focus.plain = true;
	do_kinds();
}

static bool fails(enum rm_pair_kind first, enum rm_pair_kind second,
        struct lie lie, const char *says)
{
	int code;

	kinds[0] = first;
	kinds[1] = second;
	code = on_a_map(do_kinds, 0, lie);
	printf("# %s\n", error.text);
	return code == -1 && strstr(error.text, says);
}

#define LIE(operation, how)                 \
	(struct lie)                        \
	{                                   \
		operation, how, -1, 0, 0, 0 \
	}

static void wrong_answers(void)
{
	CHECK(fails(RM_PAIR_UPSERT, RM_PAIR_LOOKUP, LIE(LOOKUP, OTHER),
	              "lookup of key 0x") &&
	                strstr(error.text,
	                        " gave a value that nobody wrote for it: word "
	                        "0 is 0x1000000003eb; lookup beside take on "
	                        "scattered keys"),
	        "another key's value");
	CHECK(fails(RM_PAIR_UPSERT, RM_PAIR_EXCHANGE, LIE(EXCHANGE, TORN),
	              "exchange of key 0x"),
	        "a torn one");
	CHECK(fails(RM_PAIR_UPSERT, RM_PAIR_UPDATE, LIE(UPDATE, SAYS_NO),
	              "update said absent, but gave its function a value"),
	        "an update that denies what it saw");
	CHECK(fails(RM_PAIR_UPDATE, RM_PAIR_LOOKUP, LIE(UPDATE, SAYS_YES),
	              "update said there, but gave its function no value"),
	        "or says what it did not see");
	CHECK(fails(RM_PAIR_GROW, RM_PAIR_LOOKUP, LIE(UPSERT, SAYS_YES),
	              "upsert said present of rank 16777216, which no other "
	              "thread uses, and of which it has put 0 there"),
	        "a new key of its own that was there");
	CHECK(fails(RM_PAIR_GROW, RM_PAIR_LOOKUP, LIE(LOOKUP, SAYS_NO),
	              "lookup said absent of rank 16777216"),
	        "one that is not there at once");
	CHECK(fails(RM_PAIR_GROW, RM_PAIR_LOOKUP, LIE(LOOKUP, OTHER),
	              "lookup of rank 16777216 gave the value of rank "),
	        "one with another's value");
	CHECK(fails(RM_PAIR_GROW, RM_PAIR_SHRINK, LIE(REMOVE, SAYS_NO),
	              "remove said absent of rank 16777216, which no other "
	              "thread uses, and of which it has put 0 there"),
	        "one that cannot be taken out");
	CHECK(fails(RM_PAIR_GROW, RM_PAIR_SCAN, LIE(SCAN, LOSES),
	              "scan gave 0 keys of this thread's own, which no other "
	              "thread touches; it has 1 there"),
	        "one that a scan leaves out");
	CHECK(fails(RM_PAIR_GROW, RM_PAIR_SCAN, LIE(SCAN, TWICE),
	              "scan gave 2 keys of this thread's own"),
	        "one that it sees twice");
	kinds[0] = RM_PAIR_UPSERT;
	kinds[1] = RM_PAIR_LOOKUP;
	CHECK(on_a_map(do_plain, 0, LIE(LOOKUP, TORN)) == -1,
	        "a value that is neither all zeros nor all ones");
}

static void right_answers(void)
{
	kinds[0] = RM_PAIR_GROW;
	kinds[1] = RM_PAIR_SCAN;
	CHECK(!on_a_map(do_beside_clears, 0, LIE(SCAN, LOSES)) &&
	                !on_a_map(do_beside_clears, 0, LIE(LOOKUP, SAYS_NO)),
	        "beside who clears the map keys may be gone");
	CHECK(!on_a_map(do_kinds, RM_CAP_STALE, LIE(SCAN, LOSES)) &&
	                !on_a_map(do_kinds, RM_CAP_STALE, LIE(LOOKUP, SAYS_NO)),
	        "or not seen where lookups may be late");
	kinds[0] = RM_PAIR_UPSERT;
	CHECK(!on_a_map(do_kinds, 0, none) && !actor.own,
	        "keys that all use are not a thread's own");
}

int main(void)
{
	CHECK(!on_a_map(each_kind, 0, none), "a right map is not accused");
	CHECK(!on_a_map(own_keys, 0, none), "nor by keys of one's own");
	on_a_map(plain_values, 0, none);
	wrong_answers();
	right_answers();
	return DONE();
}
