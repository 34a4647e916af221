/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_history_proofs.c - tests the quick proofs that a key's operations have
 * no order. Each proof is tested on a problem that only it decides, and on the
 * most similar problem with an order. Also tests how proofs and searches
 * alternate.
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

/* Each operation has its own thread, so only time orders them. */
static void add(struct rm_problem_op op)
{
	op.thread = lanes++;
	rm_problem_add(&problem, &op, NULL);
}

/* A write whose result is unknown, a lookup that saw a value, and a lookup that
   saw absence. */
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

/* An insert and a remove that may have occurred at any time, or not at all, so
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

static bool is_rejected(void)
{
	bool impossible = false;

	return !rm_problem_finish(&problem) &&
	       !rm_prove_impossible(&problem, &impossible) && impossible;
}

/* True if the search, which uses no proofs, finds an order. */
static bool has_order(void)
{
	struct rm_search search = { .depth = 0 };
	enum rm_search_end end =
	        rm_search_run(&search, &problem, 1000000, 1 << 28);

	rm_search_clear(&search);
	return end == RM_POSSIBLE;
}

/* A proof is correct if the search finds no order either. */
static bool is_proved(void)
{
	return is_rejected() && !has_order();
}

static bool is_possible(void)
{
	return !is_rejected() && has_order();
}

/* --- values that were never written --- */

static bool unwritten(void)
{
	rm_problem_finish(&problem);
	return rm_prove_unwritten(&problem);
}

static void answers_need_a_writer(void)
{
	begin(1);
	wrote(1, 1, 2);
	saw(1, 3, 4);
	CHECK(!unwritten(), "a written value may be seen");
	saw(2, 3, 4);
	CHECK(unwritten(), "a value that was never written may not be seen");
	problem.start[0] =
	        (struct rm_problem_cell){ .there = true, .value = 2 };
	CHECK(!unwritten(), "an initial value may be seen");
	saw(3, 3, 4);
	add((struct rm_problem_op){ .kind = RM_HISTORY_APPEND, .returned = 9 });
	CHECK(!unwritten(), "any value may be seen if values can be joined");
	begin(1);
	rm_problem_add(&problem,
	        &(struct rm_problem_op){ .kind = RM_HISTORY_SCAN,
	                .optional = true,
	                .pairs = 1,
	                .returned = never },
	        &(struct rm_problem_pair){ .value = 5 });
	CHECK(!unwritten(), "an unreturned scan shows nothing");
}

/* --- counting: all at the same time, so that any order is possible --- */

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
	bool two = true, single = true, none = true, both = true;

	for (int i = 0; i < 3; i++) {
		begin(1);
		changes(inserting[i], false, 0, false);
		single &= is_possible();
		changes(inserting[(i + 1) % 3], false, 0, false);
		two &= is_proved();
		changes(removing[i % 2], true, 0, false);
		both &= is_possible();
		begin(1);
		changes(removing[i % 2], true, 0, false);
		none &= is_proved();
		changes(inserting[i], false, 0, false);
		both &= is_possible();
	}
	CHECK(single && two,
	        "two inserts need a remove between them, one insert does not");
	CHECK(none, "a remove needs an insert");
	CHECK(both, "an insert and a remove are possible");
	begin(1);
	changes(UPSERT, false, 0, false);
	changes(UPSERT, true, 0, false);
	changes(EXCHANGE, true, 0, false);
	CHECK(is_possible(), "an operation that replaced has not inserted");
	begin(1);
	changes(REMOVE, false, 0, false);
	changes(TAKE, false, 0, false);
	CHECK(is_possible(), "an operation that found nothing has not removed");
}

static void counting_knows_the_start(void)
{
	begin(1);
	problem.start[0] =
	        (struct rm_problem_cell){ .there = true, .value = 1 };
	changes(REMOVE, true, 0, false);
	CHECK(is_possible(), "an initial entry can be removed");
	changes(REMOVE, true, 0, false);
	CHECK(is_proved(), "an initial entry is removed only once");
	begin(1);
	problem.start[0] =
	        (struct rm_problem_cell){ .there = true, .value = 1 };
	changes(UPSERT, false, 0, false);
	CHECK(is_proved(), "an initial entry cannot be inserted");
}

static void counting_leaves_room_for_doubt(void)
{
	begin(1);
	changes(REMOVE, true, 0, false);
	changes(UPSERT, true, unknown, false);
	CHECK(is_possible(), "an upsert of unknown result may have inserted");
	changes(REMOVE, true, 0, false);
	CHECK(is_proved(),
	        "an upsert of unknown result has inserted at most once");
	changes(UPSERT, false, 0, true);
	CHECK(is_possible(), "an upsert that never returned may have inserted");
	begin(1);
	changes(UPSERT, false, 0, false);
	changes(UPSERT, false, 0, false);
	changes(REMOVE, false, unknown, false);
	CHECK(is_possible(), "a remove of unknown result may have removed");
	changes(UPSERT, false, 0, false);
	CHECK(is_proved(),
	        "a remove of unknown result has removed at most once");
	changes(CLEAR, false, 0, false);
	CHECK(is_possible(), "a clear may have removed");
	changes(LOOKUP, true, 0, false);
	changes(SWAP, true, 0, false);
	CHECK(!is_rejected(), "lookups and swaps do not count");
}

static void stand_ins_count_as_many(void)
{
	begin(1);
	for (int i = 0; i < 5; i++)
		changes(UPSERT, false, 0, false);
	CHECK(is_rejected(), "five inserts are too many");
	add((struct rm_problem_op){
	        .kind = REMOVE, .repeat = true, .invoked = 1, .returned = 9 });
	CHECK(!is_rejected(), "a stand-in for removes allows five inserts");
	begin(1);
	for (int i = 0; i < 5; i++)
		changes(REMOVE, true, 0, false);
	CHECK(is_rejected(), "five removes are too many");
	add((struct rm_problem_op){ .kind = UPSERT,
	        .value = 3,
	        .repeat = true,
	        .invoked = 1,
	        .returned = 9 });
	CHECK(!is_rejected(), "a stand-in for writes allows five removes");
}

/* --- zones: in most of these, the map holds value 1 from stamp 10 to 20 --- */

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
	CHECK(is_possible(), "a zone may begin as another one ends");
	hold(3, 29, 31);
	CHECK(is_proved(), "zones must not overlap");
	begin(1);
	hold(1, 10, 20);
	wrote(2, 10, 11);
	CHECK(is_possible(), "a write may touch the beginning of a zone");
	wrote(3, 19, 20);
	CHECK(is_possible(), "a write may touch the end of a zone");
	wrote(4, 11, 19);
	CHECK(is_proved(), "a write must not be inside of a zone");
}

static void absence_excludes_values(void)
{
	bool inside = true, around = true;

	for (uint64_t at = 10; at <= 50; at += 20) {
		begin(1);
		uncounted();
		hold(2, 30, 40); /* the zones are not in order of time */
		hold(3, 50, 60);
		hold(1, 10, 20);
		missed(at - 2, at + 1);
		missed(at + 9, at + 12);
		around &= !is_rejected();
		missed(at + 1, at + 9);
		inside &= is_rejected();
	}
	CHECK(around, "a key may be absent around a zone");
	CHECK(inside, "a key is not absent inside of any zone");
}

static void a_moment_may_be_a_stamp(void)
{
	begin(1);
	uncounted();
	hold(1, 10, 20);
	missed(10, 11);
	missed(19, 20);
	CHECK(!is_rejected(), "absence may touch a zone at equal stamps");
	missed(11, 12);
	CHECK(is_rejected(),
	        "absence may not lie one stamp after the beginning of a zone");
	begin(1);
	uncounted();
	hold(1, 10, 20);
	missed(18, 19);
	CHECK(is_rejected(),
	        "absence may not lie one stamp before the end of a zone");
}

static void the_start_is_held(void)
{
	begin(1);
	problem.start[0] =
	        (struct rm_problem_cell){ .there = true, .value = 1 };
	uncounted();
	saw(1, 20, 21);
	missed(19, 22);
	CHECK(!is_rejected(),
	        "absence may overlap the lookup of an initial value");
	missed(1, 19);
	CHECK(is_rejected(), "an initial value is held from the start");
}

static void two_writers_prove_nothing(void)
{
	begin(1);
	uncounted();
	hold(1, 10, 20);
	saw(1, 9, 11);
	wrote(1, 14, 15);
	missed(12, 13);
	CHECK(is_possible(), "a value with two writers may come back");
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
	CHECK(is_possible(),
	        "the zone of an unfinished write begins when it is seen");
	missed(12, 13);
	CHECK(is_rejected(), "the zone of an unfinished write lasts until the "
	                     "value is last seen");
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
	CHECK(is_possible(), "an insert of unknown result may be seen");
	missed(12, 13);
	CHECK(is_proved(), "the value of an insert of unknown result is held "
	                   "from its return");
}

/* An absent text is 0, which append multiplies. */
static void joined_values_prove_nothing(void)
{
	begin(1);
	uncounted();
	hold(1, 10, 20);
	add((struct rm_problem_op){ .kind = REMOVE,
	        .unknown = unknown,
	        .invoked = 12,
	        .returned = 13 });
	CHECK(is_proved(), "a value with one writer does not come back");
	add((struct rm_problem_op){ .kind = RM_HISTORY_APPEND,
	        .unknown = unknown,
	        .expected = 1,
	        .value = 1,
	        .invoked = 14,
	        .returned = 15 });
	CHECK(is_possible(),
	        "a value with one writer may come back by an append");
}

/* True if an operation at 12 .. 15 contradicts that the map holds value 1 from
 * 10 to 20. */
static const struct within {
	int kind;
	bool there;
	uint8_t unknown;
	bool may; /* they occur in that interval */
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
		if (is_rejected() == within[i].may ||
		        has_order() != within[i].may) {
			printf("# row %zu\n", i);
			right = false;
		}
		put_within(within + i, true, false);
		optional &= is_possible();
		put_within(within + i, false, true);
		repeat &= !is_rejected();
	}
	CHECK(right, "an operation that writes, removes or sees absence cannot "
	             "be inside of a zone");
	CHECK(optional, "an operation that never returned proves nothing");
	CHECK(repeat, "a stand-in for omitted writes proves nothing");
}

/* --- values that follow each other directly --- */

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
	CHECK(is_possible(), "a value may be replaced");
	replaced(3, 1, 1, 90);
	CHECK(is_proved(), "a value is replaced only once");
	begin(1);
	uncounted();
	wrote(1, 1, 90);
	replaced(2, 1, 1, 90);
	took(1, 1, 90);
	CHECK(is_proved(), "a value is not replaced and removed");
	wrote(1, 1, 90);
	CHECK(is_possible(),
	        "a value may be replaced and removed if it was written twice");
	begin(1);
	uncounted();
	wrote(1, 1, 90);
	replaced(1, 1, 1, 90);
	saw(1, 1, 90);
	CHECK(is_possible(), "a value that replaces itself remains");
}

static void swaps_replace_too(void)
{
	bool right = true;

	for (int i = 0; i < 2; i++) {
		begin(1);
		uncounted();
		wrote(1, 1, 90);
		took(1, 1, 90);
		right &= is_possible();
		add((struct rm_problem_op){ .kind = i ? SWAP : COMPARE_REMOVE,
		        .there = true,
		        .expected = 1,
		        .value = 5,
		        .invoked = 1,
		        .returned = 90 });
		right &= is_proved();
	}
	CHECK(right, "swaps and conditional removes replace their value");
}

static void circles_have_no_beginning(void)
{
	begin(1);
	uncounted();
	replaced(2, 1, 1, 90);
	replaced(1, 2, 1, 90);
	CHECK(is_proved(), "two values cannot replace each other");
	wrote(2, 1, 90);
	CHECK(is_possible(), "two values can replace each other if a third "
	                     "operation wrote first");
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
	CHECK(is_possible(), "another value may be held after a chain");
	hold(8, 10, 12);
	CHECK(is_proved(),
	        "no other value is held inside of a chain, even if no "
	        "value of it was surely held then");
	begin(1);
	uncounted();
	wrote(1, 1, 2);
	replaced(2, 1, 4, 20);
	replaced(3, 2, 5, 30);
	took(3, 6, 40);
	missed(3, 50);
	CHECK(is_possible(), "the key may be absent after a chain");
	begin(1);
	uncounted();
	wrote(1, 1, 90);
	replaced(2, 1, 1, 90);
	saw(2, 10, 11);
	saw(2, 20, 21);
	CHECK(is_possible(), "a chain may begin with slow writes");
	missed(12, 13);
	CHECK(is_proved(), "a chain is held from when it is seen");
}

static void chains_end_where_two_write(void)
{
	begin(1);
	uncounted();
	wrote(1, 1, 90);
	wrote(3, 1, 90);
	replaced(2, 1, 1, 90);
	replaced(2, 3, 1, 90);
	CHECK(is_possible(), "one value may replace two values");
}

static void chains_are_in_the_order_of_time(void)
{
	begin(1);
	uncounted();
	wrote(1, 1, 2);
	replaced(2, 1, 1, 90);
	saw(2, 10, 11);
	saw(1, 11, 12);
	CHECK(is_possible(), "the old value may be seen until the new one is");
	saw(1, 12, 13);
	CHECK(is_proved(), "the old value is not seen after the new one");
}

/* --- proofs and searches --- */

/* Adds simultaneous writes. A search must try every order of them, which takes
   at least 2^writes states. */
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
	end = rm_decide_order(&search, &problem, states, memory_bytes, visited);
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
	        "a correct history is searched once");
	CHECK(decide(100000, roomy_bytes, NULL) == RM_POSSIBLE,
	        "the counter of states is optional");
	missed(13, 14);
	CHECK(decide(100000, roomy_bytes, &visited) == RM_IMPOSSIBLE &&
	                visited && visited < 100,
	        "a small wrong history is searched once");
	saw(2, 11, 12);
	CHECK(decide(100000, roomy_bytes, &visited) == RM_IMPOSSIBLE &&
	                !visited,
	        "a value that was never written needs no search");
}

static void proofs_spare_the_search(void)
{
	uint64_t visited;

	begin(1);
	hide_a_contradiction(16);
	CHECK(decide(1 << 24, roomy_bytes, &visited) == RM_IMPOSSIBLE &&
	                visited > 100 && visited < 10000,
	        "a contradiction after 2^16 orders is proved after a short "
	        "search");
	begin(1);
	for (uint64_t i = 0; i < 16; i++)
		changes(UPSERT, i > 1, 0, false);
	CHECK(decide(1 << 24, roomy_bytes, &visited) == RM_IMPOSSIBLE &&
	                visited < 10000,
	        "a contradiction of two inserts among many updates is proved");
}

/* Proofs exist for one key only. */
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
	        "the search ends at the limit of states");
	CHECK(decide(5, roomy_bytes, &visited) == RM_GAVE_UP && visited <= 6,
	        "the search ends at a limit of states below that of the short "
	        "search");
	CHECK(decide(1 << 24, 1000, &visited) == RM_GAVE_UP,
	        "the search ends at the limit of memory");
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
