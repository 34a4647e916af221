/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_history_judge.c - tests verdicts, the smallest failing history, and
 * messages.
 */
#include "tests/unit/tap.h"
#include "verify/history/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE                                                              \
	"{\"format\":\"readmostly-history\",\"version\":1,\"guarantee\":" \
	"\"none\""
#define ONCE                                                              \
	"{\"format\":\"readmostly-history\",\"version\":1,\"guarantee\":" \
	"\"once-if-present\""
#define POINT                                                             \
	"{\"format\":\"readmostly-history\",\"version\":1,\"guarantee\":" \
	"\"point-in-time\""

/* One operation on key 7: thread, op, invoked, returned, there, other
   members. */
#define OP(t, op, from, to, there, rest)                                    \
	"{\"thread\":" #t ",\"op\":\"" op "\",\"key\":7,\"invoked\":" #from \
	",\"returned\":" #to ",\"there\":" #there rest "}\n"
#define VALUE(v)  ",\"value\":" #v
#define RESULT(v) ",\"result\":" #v

static struct rm_history_judgement judgement;
static struct rm_history history;

/* Judges a text; false if it is not a history. */
static bool judge_within(const char *text, struct rm_history_limits limits)
{
	struct rm_error error = { "" };

	rm_history_judgement_clear(&judgement);
	rm_history_clear(&history);
	if (!rm_history_read("text", text, strlen(text), RM_HISTORY_JSONL,
	            &history, &error) &&
	        !rm_history_judge(&history, &limits, &judgement, &error))
		return true;
	printf("# %s\n", error.text);
	return false;
}

static enum rm_history_verdict judge(const char *text)
{
	struct rm_history_limits limits = RM_HISTORY_LIMITS;

	if (!judge_within(text, limits))
		return RM_HISTORY_UNDECIDED;
	if (judgement.why[0])
		printf("# %s (%zu events left)\n", judgement.why,
		        judgement.smallest.count);
	return judgement.verdict;
}

/* True if the history is broken, `left` operations remain, and the offending
   one was invoked at `invoked`. */
static bool breaks(const char *text, size_t left, uint64_t invoked)
{
	return judge(text) == RM_HISTORY_BROKEN &&
	       judgement.smallest.count == left && judgement.offending < left &&
	       judgement.smallest.events[judgement.offending].invoked ==
	               invoked;
}

static void a_stale_lookup_is_cut_down_to_three(void)
{
	static const char text[] = NONE "}\n" OP(2, "upsert", 1, 2, false,
	        VALUE(5)) OP(0, "upsert", 3, 4, true, VALUE(1)) OP(1, "lookup",
	        5, 6, true, RESULT(1)) OP(0, "upsert", 7, 8, true, VALUE(2))
	        OP(2, "lookup", 9, 10, true, RESULT(1))
	                OP(1, "upsert", 11, 12, true, VALUE(3))
	                        OP(2, "lookup", 13, 14, true, RESULT(4))
	                                OP(0, "upsert", 13, 15, true, VALUE(4));

	CHECK(breaks(text, 3, 9),
	        "two writes and a stale lookup remain of the first failure");
	CHECK(!strcmp(judgement.instead, "2"), "the possible result is given");
	CHECK(judgement.left_out == 2,
	        "omitted operations up to the failing return are counted");
}

static void removes_are_not_explained_by_left_out_writes(void)
{
	static const char text[] =
	        NONE "}\n" OP(0, "upsert", 1, 2, false, VALUE(1))
	                OP(0, "remove", 3, 4, true, "")
	                        OP(1, "remove", 5, 6, true, "");

	CHECK(breaks(text, 2, 5),
	        "a double remove and the write before it remain");
	CHECK(!strcmp(judgement.instead, "absent"),
	        "the second remove should have returned absent");
}

/* True if a value of the remaining history has this name; NULL: no name. */
static bool is_named(uint64_t number, const char *name)
{
	const struct rm_history *left = &judgement.smallest;

	for (size_t i = 0; i < left->value_count; i++)
		if (left->values[i].number == number)
			return name && !strcmp(left->values[i].text, name);
	return !name;
}

/* Tests the names of values that an operation wrote or saw, and of initial
   values. */
static void what_is_left_keeps_its_names(void)
{
	static const char text[] =
	        NONE ",\"initial\":[[7,1]],\"keys\":{\"7\":\"seven\",\"8\":"
	             "\"eight\"},"
	             "\"values\":{\"1\":\"one\",\"2\":\"two\",\"3\":\"three\","
	             "\"4\":\"four\"}}\n" OP(
	                     0, "exchange", 1, 2, true, VALUE(2) RESULT(3));

	CHECK(breaks(text, 1, 1) && judgement.smallest.initial_count == 1,
	        "the exchange and the initial entry remain");
	CHECK(judgement.smallest.key_count == 1 &&
	                judgement.smallest.keys[0].number == 7 &&
	                !strcmp(judgement.smallest.keys[0].text, "seven"),
	        "only the key that is used has its name");
	CHECK(is_named(1, "one") && is_named(2, "two") &&
	                is_named(3, "three") && is_named(4, NULL) &&
	                judgement.smallest.value_count == 3,
	        "initial, written and seen values have their names");
}

/* Adds 60 upserts that overlap all operations. True if the history is still
   broken, by a quick proof: a search would visit more states. */
static bool is_proved_quickly(const char *text)
{
	struct rm_history_limits limits = { 1000000, 1 << 30, true };
	struct rm_error error = { "" };

	if (!judge_within(text, limits))
		return false;
	for (uint32_t i = 0; i < 60; i++) {
		struct rm_history_event upsert = { .invoked = 1,
			.returned = 9,
			.key = 7,
			.value = 100 + i,
			.thread = 10 + i,
			.kind = RM_HISTORY_UPSERT,
			.there = true };

		rm_history_add(&history, &upsert, NULL);
	}
	rm_history_judgement_clear(&judgement);
	return !rm_history_judge(&history, &limits, &judgement, &error) &&
	       judgement.verdict == RM_HISTORY_BROKEN &&
	       judgement.states < 10000;
}

static void lost_updates_have_a_quick_proof(void)
{
	static const char lost[] = NONE ",\"initial\":[[7,1]]}\n" OP(
	        0, "exchange", 1, 9, true, VALUE(2) RESULT(1))
	        OP(1, "exchange", 2, 8, true, VALUE(3) RESULT(1));
	static const char circle[] = NONE ",\"initial\":[[7,1]]}\n" OP(
	        0, "exchange", 1, 9, true, VALUE(2) RESULT(3))
	        OP(1, "exchange", 2, 8, true, VALUE(3) RESULT(2));

	CHECK(is_proved_quickly(lost),
	        "two exchanges cannot replace the same value");
	CHECK(is_proved_quickly(circle),
	        "two exchanges cannot replace each other's values");
}

static void what_never_returned_may_or_may_not_have_been(void)
{
	static const char maybe[] =
	        NONE "}\n" OP(0, "upsert", 1, null, null, VALUE(1))
	                OP(1, "lookup", 2, 3, false, "")
	                        OP(1, "lookup", 4, 5, true, RESULT(1));
	static const char back[] =
	        NONE "}\n" OP(0, "upsert", 1, null, null, VALUE(1))
	                OP(1, "lookup", 2, 3, true, RESULT(1))
	                        OP(1, "lookup", 4, 5, false, "");

	CHECK(judge(maybe) == RM_HISTORY_LINEARIZABLE,
	        "an operation that never returned may take effect late");
	CHECK(judge(back) == RM_HISTORY_BROKEN,
	        "the effect of an operation that never returned cannot be "
	        "undone");
}

#define LENGTH(t, from, to, n)                                    \
	"{\"thread\":" #t ",\"op\":\"length\",\"invoked\":" #from \
	",\"returned\":" #to ",\"result\":" #n "}\n"
#define SCAN(t, from, to, pairs)                                \
	"{\"thread\":" #t ",\"op\":\"scan\",\"invoked\":" #from \
	",\"returned\":" #to ",\"pairs\":" pairs "}\n"
#define TWO ",\"initial\":[[7,1],[8,2]]}\n"

static void lengths_are_between_bounds(void)
{
	/* key 7 is removed before key 9 is inserted */
	static const char turn[] = OP(0, "remove", 2, 3, true,
	        "") "{\"thread\":0,\"op\":\"upsert\",\"key\":9,\"value\":3,"
	            "\"invoked\":4,\"returned\":5,\"there\":false}\n";
	char text[1024];

	CHECK(breaks(NONE TWO LENGTH(1, 1, 2, 1), 3 - 2, 1) &&
	                judgement.smallest.initial_count == 2,
	        "a length that is too low is shown with the present keys");
	CHECK(!strcmp(judgement.instead, "2 to 2"), "the bounds are given");
	CHECK(breaks(ONCE TWO LENGTH(1, 1, 2, 3), 1, 1),
	        "a length that is too high is broken");
	CHECK(judge(NONE TWO LENGTH(1, 1, 2, 2)) == RM_HISTORY_LINEARIZABLE,
	        "a correct length passes");
	for (int n = 1; n <= 3; n++) {
		snprintf(text, sizeof(text),
		        "%s%s%s{\"thread\":1,\"op\":\"length\",\"invoked\":1,"
		        "\"returned\":6,\"result\":%d}\n",
		        ONCE, TWO, turn, n);
		CHECK(judge(text) == RM_HISTORY_LINEARIZABLE,
		        "a weak length may see changes in any order");
	}
	snprintf(text, sizeof(text), "%s%s%s%s", POINT, TWO, turn,
	        LENGTH(1, 1, 6, 3));
	CHECK(breaks(text, 3, 1), "a point-in-time length may not see changes "
	                          "in any order, and all keys are kept");
}

/* Each row has operations on key 7, the stamps of a length with the guarantee
   once-if-present that no write overlaps, and its bounds. */
static const struct {
	const char *operations;
	int there, from, to; /* whether the key is present at first */
	int least, most;
} lengths[] = {
	{ "", 0, 1, 2, 0, 0 },
	{ "", 1, 1, 2, 1, 1 },
	{ OP(0, "upsert", 2, 3, false, VALUE(1)), 0, 0, 1, 0, 0 },
	{ OP(0, "upsert", 2, 3, false, VALUE(1)), 0, 4, 5, 1, 1 },
	{ OP(0, "exchange", 2, 3, false, VALUE(1)), 0, 4, 5, 1, 1 },
	{ OP(0, "insert_if_absent", 2, 3, false, VALUE(2)), 0, 4, 5, 1, 1 },
	{ OP(0, "remove", 2, 3, true, ""), 1, 0, 1, 1, 1 },
	{ OP(0, "remove", 2, 3, true, ""), 1, 4, 5, 0, 0 },
	{ OP(0, "take", 2, 3, true, RESULT(1)), 1, 4, 5, 0, 0 },
	{ OP(0, "upsert", 1, 4, false, VALUE(1))
	                OP(1, "lookup", 2, 3, true, RESULT(1)),
	        0, 5, 6, 1, 1 },
	{ OP(0, "compare_remove", 2, 3, true, ",\"expected\":1"), 1, 4, 5, 0,
	        0 },
	/* two writes overlap; the results show which came last */
	{ OP(0, "upsert", 2, 5, true, VALUE(2)) OP(1, "remove", 3, 4, true, ""),
	        1, 6, 7, 0, 0 },
	{ OP(0, "remove", 2, 9, true, "") OP(1, "upsert", 3, 4, false,
	          VALUE(2)) OP(1, "remove", 5, 6, true, "") OP(1, "upsert", 7,
	          7, false, VALUE(3)) OP(1, "lookup", 10, 11, true, RESULT(3)),
	        1, 12, 13, 1, 1 },
};

static void a_length_is_what_its_key_says(void)
{
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		bool right = true;

		for (int n = 0; n <= 2; n++) {
			char text[1024];
			bool may =
			        n >= lengths[i].least && n <= lengths[i].most;

			snprintf(text, sizeof(text),
			        ONCE "%s}\n%s{\"thread\":9,\"op\":\"length\","
			             "\"invoked\":%d,\"returned\":%d,"
			             "\"result\":%d}\n",
			        lengths[i].there ? ",\"initial\":[[7,1]]" : "",
			        lengths[i].operations, lengths[i].from,
			        lengths[i].to, n);
			right &= judge(text) == (may ? RM_HISTORY_LINEARIZABLE
			                             : RM_HISTORY_BROKEN);
		}
		if (!right)
			printf("# case %zu\n", i);
		CHECK(right, "exactly the lengths within the bounds pass");
	}
}

/* A length that is not point-in-time may have any value, but only if a write
   overlaps it. Each row has the operations, and whether a length of 2 is
   possible for one key. */
static const struct {
	const char *operations;
	bool two;
} besides[] = {
	{ "", false },
	{ OP(0, "lookup", 2, 5, true, RESULT(1)), false },
	{ OP(0, "upsert", 2, 3, true, VALUE(2)), false },
	{ OP(0, "upsert", 7, 8, true, VALUE(2)), false },
	{ OP(0, "upsert", 7, null, null, VALUE(2)), false },
	/* intervals include their ends: at equal stamps any order is
	 * possible */
	{ OP(0, "upsert", 2, 4, true, VALUE(2)), true },
	{ OP(0, "upsert", 6, 8, true, VALUE(2)), true },
	{ OP(0, "upsert", 5, 5, true, VALUE(2)), true },
	{ OP(0, "upsert", 1, 9, true, VALUE(2)), true },
	{ OP(0, "upsert", 1, null, null, VALUE(2)), true },
	/* the result does not matter */
	{ OP(0, "compare_swap", 5, 5, false, VALUE(2) ",\"expected\":9"),
	        true },
	{ OP(0, "compare_remove", 5, 5, false, ",\"expected\":9"), true },
	{ "{\"thread\":0,\"op\":\"clear\",\"invoked\":2,\"returned\":4}\n",
	        true },
	{ "{\"thread\":0,\"op\":\"remove\",\"key\":9,\"invoked\":6,"
	  "\"returned\":8,\"there\":false}\n",
	        true },
	/* only the first write overlaps the length, or both do */
	{ OP(0, "upsert", 1, 2, true, VALUE(2))
	                OP(0, "upsert", 8, 9, true, VALUE(3)),
	        false },
	{ OP(0, "upsert", 1, 4, true, VALUE(2))
	                OP(1, "upsert", 2, 3, true, VALUE(3)),
	        true },
};

static void a_weak_length_is_judged_where_nothing_is_written(void)
{
	for (size_t i = 0; i < 2 * sizeof(besides) / sizeof(*besides); i++) {
		enum rm_history_verdict verdict;
		char text[1024];

		snprintf(text, sizeof(text), "%s,\"initial\":[[7,1]]}\n%s%s",
		        i % 2 ? ONCE : NONE, besides[i / 2].operations,
		        LENGTH(9, 4, 6, 2));
		verdict = judge(text);
		if (!CHECK(verdict == (besides[i / 2].two
		                                      ? RM_HISTORY_LINEARIZABLE
		                                      : RM_HISTORY_BROKEN),
		            "a wrong length passes only if a write overlaps"))
			printf("# case %zu\n", i / 2);
	}
}

static void a_weak_length_is_no_wild_number(void)
{
	CHECK(judge(NONE ",\"initial\":[[7,1]]}\n" OP(0, "upsert", 2, 8, true,
	              VALUE(2)) LENGTH(9, 4, 6, 3)) == RM_HISTORY_BROKEN,
	        "a length above all entries is broken even during a write");
	/* the map adds the threads' counts: this one includes two inserts, but
	 * no removal */
	CHECK(judge(ONCE "}\n" OP(0, "upsert", 2, 3, false, VALUE(1)) OP(
	              1, "remove", 4, 5, true, "") OP(0, "upsert", 6, 7, false,
	              VALUE(2)) OP(1, "remove", 8, 9, true, "")
	                      LENGTH(9, 1, 9, 2)) == RM_HISTORY_LINEARIZABLE,
	        "counters of threads may be added up while they change");
}

static void scans_keep_their_promise(void)
{
	static const char twice[] =
	        ONCE TWO SCAN(0, 1, 2, "[[7,1],[8,2],[7,1]]");
	static const char skips[] = ONCE TWO SCAN(0, 1, 2, "[[7,1]]");
	static const char invents[] = NONE TWO SCAN(0, 1, 2, "[[7,3]]");
	static const char anything[] = NONE TWO SCAN(0, 1, 2, "[[7,1],[7,1]]");
	static const char running[] = NONE TWO OP(
	        1, "upsert", 2, 9, true, VALUE(3)) SCAN(0, 1, 4, "[[7,3]]");
	static const char last[] = NONE TWO SCAN(0, 1, 2, "[[7,3]]")
	        OP(1, "upsert", 2, 4, true, VALUE(3));
	static const char own[] = NONE TWO SCAN(0, 1, 2, "[[7,1],[8,2]]");
	static const char second[] = NONE TWO SCAN(0, 1, 2, "[[8,1]]");
	static const char future[] = NONE TWO SCAN(0, 1, 2, "[[7,3]]")
	        OP(1, "upsert", 3, 4, true, VALUE(3));

	CHECK(breaks(twice, 1, 1) && strstr(judgement.why, "twice"),
	        "a scan must not yield a key twice");
	CHECK(judge(skips) == RM_HISTORY_BROKEN &&
	                strstr(judgement.why, "lookup 8 in a scan of thread 0"),
	        "a scan must not leave out a key");
	CHECK(breaks(invents, 1, 1) &&
	                strstr(judgement.why, "no operation wrote"),
	        "no scan may invent a value");
	CHECK(judge(anything) == RM_HISTORY_LINEARIZABLE,
	        "a scan of \"none\" may skip and repeat");
	CHECK(judge(running) == RM_HISTORY_LINEARIZABLE,
	        "a scan may yield the value of a running write");
	CHECK(judge(last) == RM_HISTORY_LINEARIZABLE,
	        "a scan may yield the value of a write that begins as the scan "
	        "ends");
	CHECK(judge(own) == RM_HISTORY_LINEARIZABLE,
	        "a scan may yield initial values");
	CHECK(judge(second) == RM_HISTORY_BROKEN,
	        "another key's value is invented");
	CHECK(breaks(future, 1, 1) &&
	                strstr(judgement.why, "no operation wrote"),
	        "the value of a later write is invented");
}

/* 64 overlapping swaps between two values, one too many in one direction: there
   is no quick proof, and there are too many states. */
static void giving_up_is_no_pass(void)
{
	struct rm_history many = { .guarantee = RM_HISTORY_NONE };
	struct rm_history_limits few = { 1000, 1 << 30, false };
	struct rm_history_limits small = { 1 << 30, 1 << 20, false };
	struct rm_error error = { "" };

	rm_history_add_initial(&many, 7, 1);
	for (uint32_t i = 0; i < 64; i++) {
		struct rm_history_event swap = { .invoked = i,
			.returned = 1000 + i,
			.key = 7,
			.value = i < 32 ? 2 : 1,
			.expected = i < 32 ? 1 : 2,
			.thread = i,
			.kind = RM_HISTORY_COMPARE_SWAP,
			.there = true };

		rm_history_add(&many, &swap, NULL);
	}
	for (int i = 0; i < 2; i++) {
		many.events[63].expected = i ? 1 : 2;
		many.events[63].value = i ? 2 : 1;
		rm_history_judgement_clear(&judgement);
		CHECK(!rm_history_judge(
		              &many, i ? &few : &small, &judgement, &error) &&
		                judgement.verdict ==
		                        (i ? RM_HISTORY_UNDECIDED
		                           : RM_HISTORY_LINEARIZABLE) &&
		                judgement.undecided_keys == (size_t)i,
		        i ? "a history is undecided after too many states"
		          : "balanced swaps are linearizable");
	}
	rm_history_judgement_clear(&judgement);
	CHECK(!rm_history_judge(&many, &small, &judgement, &error) &&
	                judgement.verdict == RM_HISTORY_UNDECIDED &&
	                strstr(judgement.why, "undecided after"),
	        "a history is undecided with too little memory");
	rm_history_clear(&many);
}

/* If the work would exceed the limit, judging does not begin. */
static void too_many_lengths_are_undecided(void)
{
	struct rm_history many = { .guarantee = RM_HISTORY_NONE };
	struct rm_history_limits limits = RM_HISTORY_LIMITS;
	struct rm_history_event length = { .kind = RM_HISTORY_LENGTH,
		.result = 10000 };

	for (uint64_t k = 0; k < 10000; k++)
		rm_history_add_initial(&many, k, k);
	for (uint64_t i = 0; i < 20001; i++) {
		length.invoked = length.returned = i;
		rm_history_add(&many, &length, NULL);
	}
	rm_history_judgement_clear(&judgement);
	CHECK(!rm_history_judge(&many, &limits, &judgement, NULL) &&
	                judgement.verdict == RM_HISTORY_UNDECIDED,
	        "lengths times keys have a limit");
	rm_history_clear(&many);
}

static void what_is_no_history_is_refused(void)
{
	struct rm_history bad = { .guarantee = RM_HISTORY_NONE };
	struct rm_history_event event = { .invoked = 5, .returned = 4 };
	struct rm_history_limits limits = RM_HISTORY_LIMITS;
	struct rm_error error = { "" };

	rm_history_judgement_clear(&judgement);
	rm_history_add(&bad, &event, NULL);
	CHECK(rm_history_judge(&bad, &limits, &judgement, &error) == -EINVAL &&
	                strstr(error.text, "event 0"),
	        "a return before the invocation is an error");
	rm_history_reset(&bad);
	rm_history_add_initial(&bad, 1, 1);
	rm_history_add_initial(&bad, 1, 2);
	error.text[0] = '\0';
	CHECK(rm_history_judge(&bad, &limits, &judgement, &error) == -EINVAL &&
	                strstr(error.text, "initial entry 1"),
	        "a key twice in the initial state is an error");
	rm_history_clear(&bad);
}

static void many_lanes_become_a_list(void)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	struct rm_history many = { .guarantee = RM_HISTORY_NONE };
	struct rm_history_limits limits = RM_HISTORY_LIMITS;

	for (uint32_t i = 0; i < 10; i++) {
		struct rm_history_event take = { .invoked = i,
			.returned = 20 + i,
			.key = 7,
			.value = i,
			.thread = i,
			.kind = i ? RM_HISTORY_EXCHANGE : RM_HISTORY_TAKE,
			.result = i ? i - 1 : 9,
			.there = i != 1 };

		rm_history_add(&many, &take, NULL);
	}
	many.events[1].result = 0;
	many.events[0].result = 7; /* thread 9 took this value already */
	rm_history_judgement_clear(&judgement);
	CHECK(!rm_history_judge(&many, &limits, &judgement, NULL) &&
	                judgement.verdict == RM_HISTORY_BROKEN &&
	                judgement.smallest.count > 8,
	        "ten threads remain of a chain of ten");
	CHECK(!rm_history_explain(out, &judgement),
	        "a chain of ten threads is printed");
	fclose(out);
	CHECK(strstr(text, "\n> thread 8 ") &&
	                strstr(text, "exchange 7 = 8: replaced 7\n"),
	        "there is a line per operation, the offending one marked");
	free(text);
	rm_history_clear(&many);
}

int main(void)
{
	a_stale_lookup_is_cut_down_to_three();
	removes_are_not_explained_by_left_out_writes();
	what_is_left_keeps_its_names();
	lost_updates_have_a_quick_proof();
	what_never_returned_may_or_may_not_have_been();
	lengths_are_between_bounds();
	a_length_is_what_its_key_says();
	a_weak_length_is_judged_where_nothing_is_written();
	a_weak_length_is_no_wild_number();
	scans_keep_their_promise();
	giving_up_is_no_pass();
	too_many_lengths_are_undecided();
	what_is_no_history_is_refused();
	many_lanes_become_a_list();
	rm_history_judgement_clear(&judgement);
	rm_history_clear(&history);
	return DONE();
}
