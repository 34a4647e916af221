/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_history_proofs.c - the quick proofs that a key's operations have no
 * order, each alone, with the nearest problem that it must not be fooled by;
 * and how they and the search take turns.
 */
#include "tests/unit/tap.h"
#include "verify/history/judging.h"

#include <string.h>

static const uint64_t never = RM_HISTORY_NEVER;
static const uint8_t unknown = RM_HISTORY_UNKNOWN_THERE;

enum {
	LOOKUP = RM_HISTORY_LOOKUP,
	UPSERT = RM_HISTORY_UPSERT,
	EXCHANGE = RM_HISTORY_EXCHANGE,
	REMOVE = RM_HISTORY_REMOVE,
	TAKE = RM_HISTORY_TAKE,
	INSERT = RM_HISTORY_INSERT_IF_ABSENT,
	SWAP = RM_HISTORY_COMPARE_SWAP,
	COMPARE_REMOVE = RM_HISTORY_COMPARE_REMOVE,
	CLEAR = RM_HISTORY_CLEAR
};

static struct rm_problem problem;
static uint32_t lanes;

static void begin(size_t keys)
{
	rm_problem_begin(&problem, keys);
	lanes = 0;
}

/* Each operation on a thread of its own: only time orders them. */
static void add(struct rm_problem_op op)
{
	op.thread = lanes++;
	rm_problem_add(&problem, &op, NULL);
}

/* A write of unknown answer, a look-up that shows a value, one of absence. */
static void wrote(uint64_t value, uint64_t from, uint64_t to)
{
	add((struct rm_problem_op){ .kind = UPSERT,
	        .value = value,
	        .unknown = unknown,
	        .invoked = from,
	        .returned = to });
}

static void saw(uint64_t value, uint64_t from, uint64_t to)
{
	add((struct rm_problem_op){ .kind = LOOKUP,
	        .there = true,
	        .result = value,
	        .invoked = from,
	        .returned = to });
}

static void missed(uint64_t from, uint64_t to)
{
	add((struct rm_problem_op){
	        .kind = LOOKUP, .invoked = from, .returned = to });
}

/* An insert or a remove that may have been at any time, or not at all: so
   that counting proves nothing. */
static void uncounted(void)
{
	add((struct rm_problem_op){ .kind = UPSERT,
	        .value = 999,
	        .invoked = 0,
	        .returned = never,
	        .optional = true });
	add((struct rm_problem_op){ .kind = REMOVE,
	        .invoked = 0,
	        .returned = never,
	        .optional = true });
}

static bool rejected(void)
{
	bool impossible = false;

	return !rm_problem_finish(&problem) &&
	       !rm_reject(&problem, &impossible) && impossible;
}

/* Whether the search, which knows nothing of proofs, finds an order. */
static bool possible(void)
{
	struct rm_search search = { .depth = 0 };
	enum rm_search_end end =
	        rm_search_run(&search, &problem, 1000000, 1 << 28);

	rm_search_clear(&search);
	return end == RM_POSSIBLE;
}

/* A proof is right if the search finds no order either. */
static bool proved(void)
{
	return rejected() && !possible();
}

static bool may_be(void)
{
	return !rejected() && possible();
}

/* --- values that nobody wrote --- */

static bool unwritten(void)
{
	rm_problem_finish(&problem);
	return rm_reject_unwritten(&problem);
}

static void answers_need_a_writer(void)
{
	begin(1);
	wrote(1, 1, 2);
	saw(1, 3, 4);
	CHECK(!unwritten(), "a value that was written may be seen");
	saw(2, 3, 4);
	CHECK(unwritten(), "one that nobody wrote may not");
	problem.start[0] =
	        (struct rm_problem_cell){ .there = true, .value = 2 };
	CHECK(!unwritten(), "but the one at the start");
	saw(3, 3, 4);
	add((struct rm_problem_op){ .kind = RM_HISTORY_APPEND, .returned = 9 });
	CHECK(!unwritten(), "and any, where values can be joined");
	begin(1);
	rm_problem_add(&problem,
	        &(struct rm_problem_op){ .kind = RM_HISTORY_SCAN,
	                .optional = true,
	                .pairs = 1,
	                .returned = never },
	        &(struct rm_problem_pair){ .value = 5 });
	CHECK(!unwritten(), "and what nobody was answered");
}

/* --- counting: all at the same time, so that no order is excluded --- */

static void changes(int kind, bool there, uint8_t bits, bool optional)
{
	add((struct rm_problem_op){ .kind = (uint8_t)kind,
	        .there = there,
	        .value = 100 + lanes,
	        .unknown = (uint8_t)(bits | RM_HISTORY_UNKNOWN_RESULT),
	        .invoked = 1,
	        .returned = optional ? never : 9,
	        .optional = optional });
}

static void counting_proves(void)
{
	static const int inserting[] = { UPSERT, EXCHANGE, INSERT };
	static const int removing[] = { REMOVE, TAKE };
	bool two = true, one = true, none = true, with = true;

	for (int i = 0; i < 3; i++) {
		begin(1);
		changes(inserting[i], false, 0, false);
		one &= may_be();
		changes(inserting[(i + 1) % 3], false, 0, false);
		two &= proved();
		changes(removing[i % 2], true, 0, false);
		with &= may_be();
		begin(1);
		changes(removing[i % 2], true, 0, false);
		none &= proved();
		changes(inserting[i], false, 0, false);
		with &= may_be();
	}
	CHECK(one && two, "one insert may be, but not two without a remove");
	CHECK(none, "nor a remove of what was never inserted");
	CHECK(with, "with one of the other kind they may be");
	begin(1);
	changes(UPSERT, false, 0, false);
	changes(UPSERT, true, 0, false);
	changes(EXCHANGE, true, 0, false);
	CHECK(may_be(), "what replaced has not inserted");
	begin(1);
	changes(REMOVE, false, 0, false);
	changes(TAKE, false, 0, false);
	CHECK(may_be(), "and what found nothing has not removed");
}

static void counting_knows_the_start(void)
{
	begin(1);
	problem.start[0] =
	        (struct rm_problem_cell){ .there = true, .value = 1 };
	changes(REMOVE, true, 0, false);
	CHECK(may_be(), "what is there at the start can be removed");
	changes(REMOVE, true, 0, false);
	CHECK(proved(), "once");
	begin(1);
	problem.start[0] =
	        (struct rm_problem_cell){ .there = true, .value = 1 };
	changes(UPSERT, false, 0, false);
	CHECK(proved(), "and not be inserted");
}

static void counting_leaves_room_for_doubt(void)
{
	begin(1);
	changes(REMOVE, true, 0, false);
	changes(UPSERT, true, unknown, false);
	CHECK(may_be(), "an upsert of unknown answer may have inserted");
	changes(REMOVE, true, 0, false);
	CHECK(proved(), "once");
	changes(UPSERT, false, 0, true);
	CHECK(may_be(), "as may one that never returned");
	begin(1);
	changes(UPSERT, false, 0, false);
	changes(UPSERT, false, 0, false);
	changes(REMOVE, false, unknown, false);
	CHECK(may_be(), "a remove of unknown answer may have removed");
	changes(UPSERT, false, 0, false);
	CHECK(proved(), "once");
	changes(CLEAR, false, 0, false);
	CHECK(may_be(), "as may a clear");
	changes(LOOKUP, true, 0, false);
	changes(SWAP, true, 0, false);
	CHECK(!rejected(), "look-ups and swaps do not count");
}

static void stand_ins_count_as_many(void)
{
	begin(1);
	for (int i = 0; i < 5; i++)
		changes(UPSERT, false, 0, false);
	CHECK(rejected(), "five inserts are too many");
	add((struct rm_problem_op){
	        .kind = REMOVE, .repeat = true, .invoked = 1, .returned = 9 });
	CHECK(!rejected(), "but not beside what stands for many removes");
	begin(1);
	for (int i = 0; i < 5; i++)
		changes(REMOVE, true, 0, false);
	CHECK(rejected(), "nor are five removes");
	add((struct rm_problem_op){ .kind = UPSERT,
	        .value = 3,
	        .repeat = true,
	        .invoked = 1,
	        .returned = 9 });
	CHECK(!rejected(), "beside what stands for many writes");
}

/* --- zones: value 1 is held from stamp 10 to 20, as in most of these --- */

static void hold(uint64_t value, uint64_t from, uint64_t to)
{
	wrote(value, from - 1, from);
	saw(value, to, to + 1);
}

static void values_exclude_each_other(void)
{
	begin(1);
	hold(1, 10, 20);
	hold(2, 20, 30);
	CHECK(may_be(), "a value may be held from when another one was last");
	hold(3, 29, 31);
	CHECK(proved(), "but not from before");
	begin(1);
	hold(1, 10, 20);
	wrote(2, 10, 11);
	CHECK(may_be(), "a write may touch the beginning of another's time");
	wrote(3, 19, 20);
	CHECK(may_be(), "or its end");
	wrote(4, 11, 19);
	CHECK(proved(), "but not be within");
}

static void absence_excludes_values(void)
{
	bool inside = true, beside = true;

	for (uint64_t at = 10; at <= 50; at += 20) {
		begin(1);
		uncounted();
		hold(2, 30, 40); /* not in the order of time */
		hold(3, 50, 60);
		hold(1, 10, 20);
		missed(at - 2, at + 1);
		missed(at + 9, at + 12);
		beside &= !rejected();
		missed(at + 1, at + 9);
		inside &= rejected();
	}
	CHECK(beside, "a key may be absent around the time of a value");
	CHECK(inside, "and not within it, whichever value it is");
}

static void a_moment_may_be_a_stamp(void)
{
	begin(1);
	uncounted();
	hold(1, 10, 20);
	missed(10, 11);
	missed(19, 20);
	CHECK(!rejected(), "equal stamps overlap: absence at either end");
	missed(11, 12);
	CHECK(rejected(), "one stamp later it is within");
	begin(1);
	uncounted();
	hold(1, 10, 20);
	missed(18, 19);
	CHECK(rejected(), "as one stamp before the end");
}

static void the_start_is_held(void)
{
	begin(1);
	problem.start[0] =
	        (struct rm_problem_cell){ .there = true, .value = 1 };
	uncounted();
	saw(1, 20, 21);
	missed(19, 22);
	CHECK(!rejected(), "the value at the start is held until it is seen");
	missed(1, 19);
	CHECK(rejected(), "from the start on");
}

static void two_writers_prove_nothing(void)
{
	begin(1);
	uncounted();
	hold(1, 10, 20);
	saw(1, 9, 11);
	wrote(1, 14, 15);
	missed(12, 13);
	CHECK(may_be(), "a value that two write may have come back");
}

static void who_never_returned_may_not_have_been(void)
{
	begin(1);
	uncounted();
	add((struct rm_problem_op){ .kind = UPSERT,
	        .value = 1,
	        .invoked = 5,
	        .returned = never,
	        .optional = true });
	saw(1, 8, 10);
	saw(1, 20, 21);
	missed(6, 9);
	missed(20, 30);
	CHECK(may_be(), "an unfinished write is held from when it is seen");
	missed(12, 13);
	CHECK(rejected(), "to when it is seen last");
}

static void an_insert_is_believed_when_it_is_seen(void)
{
	begin(1);
	uncounted();
	add((struct rm_problem_op){ .kind = INSERT,
	        .value = 1,
	        .unknown = unknown,
	        .invoked = 9,
	        .returned = 10 });
	saw(1, 20, 21);
	CHECK(may_be(), "an insert of unknown answer may be seen");
	missed(12, 13);
	CHECK(proved(), "and was there since then");
}

/* An absent text is 0, which an append multiplies. */
static void joined_values_prove_nothing(void)
{
	begin(1);
	uncounted();
	hold(1, 10, 20);
	add((struct rm_problem_op){ .kind = REMOVE,
	        .unknown = unknown,
	        .invoked = 12,
	        .returned = 13 });
	CHECK(proved(), "a value that one wrote does not come back");
	add((struct rm_problem_op){ .kind = RM_HISTORY_APPEND,
	        .unknown = unknown,
	        .expected = 1,
	        .value = 1,
	        .invoked = 14,
	        .returned = 15 });
	CHECK(may_be(), "but by an append");
}

/* What an operation at 12 .. 15 says of value 1, held from 10 to 20. */
static const struct within {
	int kind;
	bool there;
	uint8_t unknown;
	bool may; /* be in that time */
	uint64_t expected, result;
} within[] = {
	{ LOOKUP, true, 0, true, 0, 1 },
	{ LOOKUP, false, 0, false, 0, 0 },
	{ LOOKUP, false, RM_HISTORY_UNKNOWN_THERE, true, 0, 0 },
	{ UPSERT, true, 0, false, 0, 0 },
	{ UPSERT, false, 0, false, 0, 0 },
	{ UPSERT, false, RM_HISTORY_UNKNOWN_THERE, false, 0, 0 },
	{ EXCHANGE, true, 0, false, 0, 1 },
	{ EXCHANGE, true, RM_HISTORY_UNKNOWN_RESULT, false, 0, 0 },
	{ EXCHANGE, false, RM_HISTORY_UNKNOWN_THERE, false, 0, 0 },
	{ REMOVE, true, 0, false, 0, 0 },
	{ REMOVE, false, 0, false, 0, 0 },
	{ REMOVE, false, RM_HISTORY_UNKNOWN_THERE, false, 0, 0 },
	{ TAKE, true, 0, false, 0, 1 },
	{ TAKE, false, 0, false, 0, 0 },
	{ TAKE, false, RM_HISTORY_UNKNOWN_THERE, false, 0, 0 },
	{ CLEAR, false, 0, false, 0, 0 },
	{ INSERT, true, 0, true, 0, 1 },
	{ INSERT, false, 0, false, 0, 0 },
	{ INSERT, false, RM_HISTORY_UNKNOWN_THERE, true, 0, 0 },
	{ SWAP, true, 0, false, 1, 0 },
	{ SWAP, false, 0, true, 7, 0 },
	{ SWAP, false, RM_HISTORY_UNKNOWN_THERE, true, 7, 0 },
	{ COMPARE_REMOVE, true, 0, false, 1, 0 },
	{ COMPARE_REMOVE, false, 0, true, 7, 0 },
	{ COMPARE_REMOVE, false, RM_HISTORY_UNKNOWN_THERE, true, 7, 0 },
};

enum { WITHIN = sizeof(within) / sizeof(within[0]) };

static void put_within(const struct within *what, bool optional, bool repeat)
{
	begin(1);
	uncounted();
	hold(1, 10, 20);
	add((struct rm_problem_op){ .kind = (uint8_t)what->kind,
	        .there = what->there,
	        .unknown = what->unknown,
	        .expected = what->expected,
	        .result = what->result,
	        .value = 50,
	        .invoked = 12,
	        .returned = optional ? never : 15,
	        .optional = optional,
	        .repeat = repeat });
}

static void each_kind_says_what_it_met(void)
{
	bool right = true, optional = true, repeat = true;

	for (size_t i = 0; i < WITHIN; i++) {
		put_within(within + i, false, false);
		if (rejected() == within[i].may ||
		        possible() != within[i].may) {
			printf("# row %zu\n", i);
			right = false;
		}
		put_within(within + i, true, false);
		optional &= may_be();
		put_within(within + i, false, true);
		repeat &= !rejected();
	}
	CHECK(right, "what writes, removes or misses is not in a value's "
	             "time, whichever operation it is");
	CHECK(optional, "what never returned need not have been then");
	CHECK(repeat, "nor what stands for left out writes");
}

/* --- values that follow directly on one another --- */

static void replaced(uint64_t by, uint64_t old, uint64_t from, uint64_t to)
{
	add((struct rm_problem_op){ .kind = EXCHANGE,
	        .there = true,
	        .value = by,
	        .result = old,
	        .invoked = from,
	        .returned = to });
}

static void took(uint64_t old, uint64_t from, uint64_t to)
{
	add((struct rm_problem_op){ .kind = TAKE,
	        .there = true,
	        .result = old,
	        .invoked = from,
	        .returned = to });
}

static void a_value_is_replaced_once(void)
{
	begin(1);
	uncounted();
	wrote(1, 1, 90);
	replaced(2, 1, 1, 90);
	CHECK(may_be(), "a value may be replaced");
	replaced(3, 1, 1, 90);
	CHECK(proved(), "once");
	begin(1);
	uncounted();
	wrote(1, 1, 90);
	replaced(2, 1, 1, 90);
	took(1, 1, 90);
	CHECK(proved(), "or taken out, but not both");
	wrote(1, 1, 90);
	CHECK(may_be(), "unless it was written twice");
	begin(1);
	uncounted();
	wrote(1, 1, 90);
	replaced(1, 1, 1, 90);
	saw(1, 1, 90);
	CHECK(may_be(), "one that replaces itself stays");
}

static void swaps_replace_too(void)
{
	bool right = true;

	for (int i = 0; i < 2; i++) {
		begin(1);
		uncounted();
		wrote(1, 1, 90);
		took(1, 1, 90);
		right &= may_be();
		add((struct rm_problem_op){ .kind = i ? SWAP : COMPARE_REMOVE,
		        .there = true,
		        .expected = 1,
		        .value = 5,
		        .invoked = 1,
		        .returned = 90 });
		right &= proved();
	}
	CHECK(right, "a swap and a conditional remove replace their value");
}

static void circles_have_no_beginning(void)
{
	begin(1);
	uncounted();
	replaced(2, 1, 1, 90);
	replaced(1, 2, 1, 90);
	CHECK(proved(), "two values do not replace each other");
	wrote(2, 1, 90);
	CHECK(may_be(), "unless somebody else began");
}

static void chains_are_held_as_one(void)
{
	begin(1);
	uncounted();
	wrote(1, 1, 2);
	replaced(2, 1, 4, 20);
	replaced(3, 2, 5, 30);
	saw(3, 40, 41);
	hold(9, 43, 44);
	CHECK(may_be(), "another value may come after a chain");
	hold(8, 10, 12);
	CHECK(proved(), "and not in it, though no value of it was surely held "
	                "then");
	begin(1);
	uncounted();
	wrote(1, 1, 2);
	replaced(2, 1, 4, 20);
	replaced(3, 2, 5, 30);
	took(3, 6, 40);
	missed(3, 50);
	CHECK(may_be(), "nor is absence but after it");
	begin(1);
	uncounted();
	wrote(1, 1, 90);
	replaced(2, 1, 1, 90);
	saw(2, 10, 11);
	saw(2, 20, 21);
	CHECK(may_be(), "a chain may begin with slow writes");
	missed(12, 13);
	CHECK(proved(), "and is held from when it is seen");
}

static void chains_end_where_two_write(void)
{
	begin(1);
	uncounted();
	wrote(1, 1, 90);
	wrote(3, 1, 90);
	replaced(2, 1, 1, 90);
	replaced(2, 3, 1, 90);
	CHECK(may_be(), "two values may be replaced by the same");
}

static void chains_are_in_the_order_of_time(void)
{
	begin(1);
	uncounted();
	wrote(1, 1, 2);
	replaced(2, 1, 1, 90);
	saw(2, 10, 11);
	saw(1, 11, 12);
	CHECK(may_be(), "the value before may be seen until the next one is");
	saw(1, 12, 13);
	CHECK(proved(), "and not afterwards");
}

/* --- proofs and search by turns --- */

/* So many writes at the same time that a search that is wrong in the end has
   tried every order of them: 2^writes states and more. */
static void hide_a_contradiction(uint64_t writes)
{
	for (uint64_t i = 0; i < writes; i++)
		wrote(100 + i, 1, 9);
	hold(1, 11, 20);
	missed(13, 14);
}

static enum rm_search_end decide(
        uint64_t states, size_t memory_bytes, uint64_t *visited)
{
	struct rm_search search = { .depth = 0 };
	enum rm_search_end end;

	rm_problem_finish(&problem);
	if (visited)
		*visited = 0;
	end = rm_has_order(&search, &problem, states, memory_bytes, visited);
	rm_search_clear(&search);
	return end;
}

static const size_t roomy_bytes = 1 << 28;

static void easy_ones_are_decided_at_once(void)
{
	struct rm_search search = { .depth = 0 };
	uint64_t visited, first;

	begin(1);
	hold(1, 10, 20);
	rm_problem_finish(&problem);
	rm_search_run(&search, &problem, 100000, roomy_bytes);
	first = search.states;
	rm_search_clear(&search);
	CHECK(decide(100000, roomy_bytes, &visited) == RM_POSSIBLE && first &&
	                visited == first,
	        "what is right is searched once");
	CHECK(decide(100000, roomy_bytes, NULL) == RM_POSSIBLE,
	        "whoever counts the states");
	missed(13, 14);
	CHECK(decide(100000, roomy_bytes, &visited) == RM_IMPOSSIBLE &&
	                visited && visited < 100,
	        "what is wrong in little, too");
	saw(2, 11, 12);
	CHECK(decide(100000, roomy_bytes, &visited) == RM_IMPOSSIBLE &&
	                !visited,
	        "what nobody wrote is found without");
}

static void proofs_spare_the_search(void)
{
	uint64_t visited;

	begin(1);
	hide_a_contradiction(16);
	CHECK(decide(1 << 24, roomy_bytes, &visited) == RM_IMPOSSIBLE &&
	                visited > 100 && visited < 10000,
	        "a contradiction behind 2^16 orders is proved after a short "
	        "search");
	begin(1);
	for (uint64_t i = 0; i < 16; i++)
		changes(UPSERT, i > 1, 0, false);
	CHECK(decide(1 << 24, roomy_bytes, &visited) == RM_IMPOSSIBLE &&
	                visited < 10000,
	        "as are two inserts among as many updates");
}

/* Of two keys there are no proofs. */
static void what_has_no_proof_is_searched_whole(void)
{
	uint64_t visited, whole;

	begin(2);
	hide_a_contradiction(10);
	CHECK(decide(1 << 24, roomy_bytes, &whole) == RM_IMPOSSIBLE &&
	                whole > 3000,
	        "without a proof every order is tried");
	CHECK(decide(2000, roomy_bytes, &visited) == RM_GAVE_UP &&
	                visited >= 2000 && visited < whole,
	        "as many as are allowed");
	CHECK(decide(5, roomy_bytes, &visited) == RM_GAVE_UP && visited <= 6,
	        "were it five");
	CHECK(decide(1 << 24, 1000, &visited) == RM_GAVE_UP,
	        "and as fit in the memory");
}

int main(void)
{
	answers_need_a_writer();
	counting_proves();
	counting_knows_the_start();
	counting_leaves_room_for_doubt();
	stand_ins_count_as_many();
	values_exclude_each_other();
	absence_excludes_values();
	a_moment_may_be_a_stamp();
	the_start_is_held();
	two_writers_prove_nothing();
	who_never_returned_may_not_have_been();
	an_insert_is_believed_when_it_is_seen();
	joined_values_prove_nothing();
	each_kind_says_what_it_met();
	a_value_is_replaced_once();
	swaps_replace_too();
	circles_have_no_beginning();
	chains_are_held_as_one();
	chains_end_where_two_write();
	chains_are_in_the_order_of_time();
	easy_ones_are_decided_at_once();
	proofs_spare_the_search();
	what_has_no_proof_is_searched_whole();
	rm_problem_clear(&problem);
	return DONE();
}
