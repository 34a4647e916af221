/* SPDX-License-Identifier: Apache-2.0 */
/* test_recorder.c - tests how one thread's operations become events of a
 * history, with arguments, results and stamps, and which operations are armed
 * for single steps. The steps are simulated and only counted. */
#include "tests/unit/tap.h"
#include "verify/check/recorder.h"
#include "verify/tests/check/mock_map.h"

#include <malloc.h>

enum { EVENTS = 32, PAIRS = 8, MANY = 100000 };

static struct rm_stamps stamps;
static struct rm_history_recorder recorder;
static struct rm_error error;

/* ---- steps --------------------------------------------------------------- */

static struct {
	unsigned arms, disarms, least, most;
	/* number armed within the first 8 steps, the next 8, 16, 32, ... */
	unsigned within[6];
	unsigned yields[8];
	/* true: steps are armed before the first stamp and end after the
	 * second */
	bool orderly;
	uint64_t armed_at;
} steps;

static uint64_t stamps_taken(void)
{
	/* relaxed: one thread */
	return atomic_load_explicit(&stamps.sequence, memory_order_relaxed);
}

bool rm_step_init(void)
{
	return true;
}

void rm_step_arm(unsigned count, unsigned yields)
{
	unsigned within = 0;

	while (within < 5 && count >= 8 + (8U << within))
		within++;
	steps.within[within]++;
	steps.yields[yields % 8]++;
	if (!steps.arms++ || count < steps.least)
		steps.least = count;
	if (count > steps.most)
		steps.most = count;
	steps.armed_at = stamps_taken();
}

void rm_step_disarm(void)
{
	steps.disarms++;
	steps.orderly &= steps.disarms == steps.arms &&
	                 stamps_taken() == steps.armed_at + 2;
}

/* ---- recorded events
 * ------------------------------------------------------ */

/* Runs fn on a new map. */
static int on_a_map(rm_peer_fn *fn, struct rm_shape shape, struct fault fault)
{
	static const struct rm_impl impl = { .id = "mock", .ops = &mock_ops };
	const struct rm_check_case c = {
		.impl = &impl, .shape = shape, .seed = 3, .ops = 1, .threads = 1
	};
	const struct rm_case_phase phases[] = { { 1, fn }, { 0 } };

	reset_mock(fault);
	error = (struct rm_error){ "" };
	return rm_case_play(&c, 8, false, phases, NULL, &error);
}

static struct rm_history_event *last(void)
{
	return recorder.events + recorder.count - 1;
}

static bool recorded(enum rm_history_kind kind, uint64_t key, bool there)
{
	return last()->kind == kind && last()->key == key &&
	       last()->there == there;
}

static void one_of_each(struct rm_peer *peer)
{
	uint64_t value;

	recorder.peer = peer;
	recorder.first = 5;
	rm_record(&recorder, RM_HISTORY_LOOKUP, 6);
	CHECK(recorded(RM_HISTORY_LOOKUP, 6, false) && !last()->result,
	        "the result of a lookup of an absent key is 0");
	rm_record(&recorder, RM_HISTORY_UPSERT, 6);
	value = last()->value;
	CHECK(recorded(RM_HISTORY_UPSERT, 6, false) && (uint32_t)value == 6,
	        "an upsert writes a value for its key");
	rm_record(&recorder, RM_HISTORY_LOOKUP, 6);
	CHECK(recorded(RM_HISTORY_LOOKUP, 6, true) && last()->result == value,
	        "a lookup of a present key has its value as result");
	rm_record(&recorder, RM_HISTORY_EXCHANGE, 6);
	CHECK(recorded(RM_HISTORY_EXCHANGE, 6, true) &&
	                last()->result == value && last()->value != value,
	        "an exchange writes a new value and returns the old one");
	rm_record(&recorder, RM_HISTORY_COMPARE_SWAP, 6);
	CHECK(recorded(RM_HISTORY_COMPARE_SWAP, 6, false) &&
	                last()->expected == value,
	        "compare_swap expects the value that was read last");
	value = recorder.events[3].value;
	rm_record(&recorder, RM_HISTORY_INSERT_IF_ABSENT, 6);
	CHECK(recorded(RM_HISTORY_INSERT_IF_ABSENT, 6, true) &&
	                last()->result == value,
	        "insert_if_absent returns the present value");
	rm_record(&recorder, RM_HISTORY_COMPARE_SWAP, 6);
	CHECK(recorded(RM_HISTORY_COMPARE_SWAP, 6, true) &&
	                last()->expected == value,
	        "compare_swap replaces the value that insert_if_absent "
	        "returned");
	value = last()->value;
	rm_record(&recorder, (enum rm_history_kind)RM_RECORD_UPDATE, 6);
	CHECK(recorded(RM_HISTORY_EXCHANGE, 6, true) &&
	                last()->result == value && mock.calls[UPDATE] == 1 &&
	                mock.calls[EXCHANGE] == 1,
	        "an update is recorded as an exchange");
	value = last()->value;
	rm_record(&recorder, RM_HISTORY_TAKE, 6);
	CHECK(recorded(RM_HISTORY_TAKE, 6, true) && last()->result == value,
	        "take returns the removed value");
	rm_record(&recorder, RM_HISTORY_REMOVE, 6);
	CHECK(recorded(RM_HISTORY_REMOVE, 6, false) && !last()->result,
	        "remove of an absent key returns absent");
	rm_record(&recorder, RM_HISTORY_UPSERT, 8);
	rm_record(&recorder, RM_HISTORY_REMOVE, 8);
	CHECK(recorded(RM_HISTORY_REMOVE, 8, true) && !mock.count,
	        "remove of a present key returns present");
	rm_record(&recorder, RM_HISTORY_UPSERT, 8);
	rm_record(&recorder, RM_HISTORY_LOOKUP, 8);
	rm_record(&recorder, RM_HISTORY_COMPARE_REMOVE, 8);
	CHECK(recorded(RM_HISTORY_COMPARE_REMOVE, 8, true) && !mock.count &&
	                last()->expected == recorder.events[12].value,
	        "compare_remove expects the last value read for that key");
}

static void whole_map(struct rm_peer *peer)
{
	const struct rm_history_pair *pairs = recorder.pairs;

	recorder.peer = peer;
	recorder.first = 5;
	for (uint64_t rank = 5; rank < 8; rank++)
		rm_record(&recorder, RM_HISTORY_UPSERT, rank);
	rm_record(&recorder, RM_HISTORY_LENGTH, 5);
	CHECK(last()->kind == RM_HISTORY_LENGTH && last()->result == 3,
	        "length records its result");
	rm_record(&recorder, RM_HISTORY_SCAN, 5);
	rm_record(&recorder, RM_HISTORY_SCAN, 5);
	CHECK(last()->first_pair == 3 && last()->pairs == 3 &&
	                last()[-1].first_pair == 0 && last()[-1].pairs == 3 &&
	                pairs[4].key == 6 &&
	                pairs[4].value == recorder.events[1].value,
	        "a scan records its pairs");
	rm_record(&recorder, RM_HISTORY_CLEAR, 5);
	rm_record(&recorder, RM_HISTORY_LENGTH, 5);
	CHECK(last()->result == 0 && last()[-1].kind == RM_HISTORY_CLEAR,
	        "after clear the length is 0");
}

static void begin(size_t events, size_t pairs, bool with_steps)
{
	rm_recorder_free(&recorder);
	rm_recorder_init(&recorder, &stamps, events, pairs);
	recorder.steps = with_steps;
	memset(&steps, 0, sizeof(steps));
	steps.orderly = true;
}

static void operations_are_recorded(struct rm_shape shape)
{
	const uint64_t before = stamps_taken();
	bool order = true, fresh = true;

	begin(EVENTS, PAIRS, false);
	CHECK(recorder.event_max == EVENTS && recorder.pair_max == PAIRS &&
	                !recorder.count &&
	                malloc_usable_size(recorder.events) >=
	                        EVENTS * sizeof(struct rm_history_event) &&
	                malloc_usable_size(recorder.pairs) >=
	                        PAIRS * sizeof(struct rm_history_pair),
	        "a recorder allocates its arrays");
	on_a_map(one_of_each, shape, none);
	CHECK(recorder.count == 15 && !error.text[0],
	        "each operation is one event");
	for (size_t i = 0; i < recorder.count; i++) {
		const struct rm_history_event *event = recorder.events + i;

		order &= event->invoked == before + 2 * i &&
		         event->returned == before + 2 * i + 1 &&
		         !event->thread && !event->unknown && !event->pairs;
		for (size_t k = 0; k < i; k++)
			fresh &= event->value != recorder.events[k].value;
	}
	CHECK(order, "each event lies between two stamps of its thread");
	CHECK(fresh, "no value is written twice");
	CHECK(!steps.arms && !steps.disarms,
	        "without steps no operation is armed");
	begin(EVENTS, PAIRS, false);
	on_a_map(whole_map, shape, none);
}

/* ---- limits and errors
 * ---------------------------------------------------- */

static void too_many(struct rm_peer *peer)
{
	recorder.peer = peer;
	recorder.first = 0;
	for (uint64_t rank = 0; rank < 3; rank++)
		rm_record(&recorder, RM_HISTORY_UPSERT, rank);
}

static void scan_all(struct rm_peer *peer)
{
	too_many(peer);
	rm_record(&recorder, RM_HISTORY_SCAN, 0);
}

static void look(struct rm_peer *peer)
{
	too_many(peer);
	rm_record(&recorder, RM_HISTORY_LOOKUP, 1);
}

static void room_has_an_end(void)
{
	begin(2, PAIRS, false);
	on_a_map(too_many, RM_U64X8, none);
	CHECK(recorder.count == 2 && mock.calls[UPSERT] == 2,
	        "a full recorder neither calls nor records");
	begin(EVENTS, 3, false);
	CHECK(!on_a_map(scan_all, RM_U64X8, none) && recorder.pair_count == 3,
	        "a scan that fills the array passes");
	begin(EVENTS, 2, false);
	CHECK(on_a_map(scan_all, RM_U64X8, none) == -1 &&
	                strstr(error.text,
	                        "more entries than the recorder can store") &&
	                recorder.pair_count == 2,
	        "a larger scan is stopped and fails");
}

static void values_are_verified(void)
{
	begin(EVENTS, PAIRS, false);
	CHECK(on_a_map(look, RM_U64X24,
	              (struct fault){ LOOKUP, OTHER_KEY, -1, 0, 0, 0 }) == -1 &&
	                strstr(error.text, "lookup of rank 1 returned the "
	                                   "value of rank 2"),
	        "a value that was never written for the key fails");
	begin(EVENTS, PAIRS, false);
	CHECK(on_a_map(scan_all, RM_STR16X24,
	              (struct fault){ SCAN, TORN, -1, 0, 0, 0 }) == -1 &&
	                strstr(error.text,
	                        "scan of rank 0 returned a torn value"),
	        "a torn value in a scan fails");
}

/* ---- operations armed for steps
 * -------------------------------------------- */

static void many(struct rm_peer *peer)
{
	recorder.peer = peer;
	recorder.first = 0;
	for (unsigned i = 0; i < MANY; i++) {
		recorder.count = 0;
		rm_record(&recorder, RM_HISTORY_LOOKUP, i % RM_RECORDED);
	}
}

/* The number of steps is uniform up to 8 << k, for one of six values of k. So
 * half of the operations that have not stopped after n steps stop before 2 n
 * steps. */
static void some_stand_aside(void)
{
	bool depths = true;

	begin(EVENTS, PAIRS, true);
	on_a_map(many, RM_U64X8, none);
	CHECK(steps.arms > MANY / 40 && steps.arms < MANY / 32,
	        "one operation of 36 is armed");
	CHECK(steps.orderly && steps.disarms == steps.arms,
	        "an operation is armed from before its first stamp until after "
	        "its last");
	CHECK(steps.least == 8 && steps.most > 8 + 240 && steps.most < 8 + 256,
	        "an operation is stopped after 8 to 263 steps");
	for (unsigned i = 0; i < 6; i++)
		depths &= steps.within[i] > steps.arms / 100;
	CHECK(depths && steps.within[0] > steps.arms / 4 &&
	                steps.within[0] < steps.arms / 2,
	        "most armed operations stop early, and some stop at any depth");
	CHECK(!steps.yields[0] && steps.yields[1] > steps.arms / 5 &&
	                steps.yields[4] > steps.arms / 5 && !steps.yields[5],
	        "armed operations yield one to four times");
}

int main(void)
{
	operations_are_recorded(RM_U64X8);
	operations_are_recorded(RM_STR16X24);
	room_has_an_end();
	values_are_verified();
	some_stand_aside();
	rm_recorder_free(&recorder);
	return DONE();
}
