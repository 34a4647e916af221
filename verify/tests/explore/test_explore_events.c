/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_events.c - the trace of a schedule: which accesses are events of
   whom, and when the value of each is taken. Lanes run as the test says. */
#include "verify/explore/events.c"

#include "tests/unit/tap.h"

enum { ROOM = 6 };

struct rm_explore_world rm_explore;
uintptr_t rm_explore_heap;

static const char code[8];          /* sites */
static uint64_t global = 70, other; /* of the program; of nobody */

uint64_t rm_sim_space_image(const void *address)
{
	return address == &global ? 4096 : 0;
}

static struct rm_explore_event trace[ROOM];
/* The heap is word[1] and up: a stack is far from all globals. */
static uint64_t *word;

static void begin(uint64_t *memory)
{
	word = memory;
	memset(word, 0, 4 * sizeof(*word));
	memset(trace, 0xee, sizeof(trace));
	rm_explore_heap = (uintptr_t)&word[1];
	for (unsigned i = 0; i < RM_EXPLORE_LANES; i++)
		rm_explore.lane[i] = (struct rm_explore_lane){ .id = i,
			.operation = (int)i * 10 };
	rm_explore.lane[3].operation = -1;
	rm_explore.running = &rm_explore.lane[1];
	rm_explore.trace = trace;
	rm_explore.trace_room = ROOM;
	rm_explore.trace_count = rm_explore.trace_lost = 0;
	rm_explore.alone = false;
}

static bool is(size_t i, unsigned lane, enum rm_explore_kind kind,
        int operation, const void *site)
{
	return i < rm_explore.trace_count && trace[i].lane == lane &&
	       trace[i].kind == kind && trace[i].operation == operation &&
	       trace[i].site == site && !trace[i].looks_back &&
	       !trace[i].older_lane && !trace[i].older_site;
}

static bool has(size_t i, uint64_t value, unsigned bytes)
{
	return trace[i].value == value && trace[i].bytes == bytes;
}

static void which(uint64_t *memory)
{
	begin(memory);
	rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	rm_explore.running = &rm_explore.lane[3];
	rm_explore_note(RM_EXPLORE_LOCKS, &code[1]);
	CHECK(rm_explore.trace_count == 2 &&
	                is(0, 1, RM_EXPLORE_LOADS, 10, &code[0]) &&
	                is(1, 3, RM_EXPLORE_LOCKS, -1, &code[1]) &&
	                has(0, 0, 0) && has(1, 0, 0),
	        "an event is its lane's, in its operation, from its site");
	rm_explore.alone = true;
	rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	rm_explore.alone = false;
	rm_explore.running->untold = true;
	rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	CHECK(rm_explore.trace_count == 2,
	        "who is alone, or untold, has no events");
	rm_explore.trace = NULL;
	rm_explore.running->untold = false;
	rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	rm_explore_note_value(1, 8);
	rm_explore_note_place((uintptr_t)&word[1], 8);
	rm_explore_note_waits();
	rm_explore_note_older(2, &code[2]);
	rm_explore_note_leaves(2, &code[2]);
	CHECK(rm_explore.trace_count == 2,
	        "where no trace is kept nothing is noted");
}

static void untold_changes(uint64_t *memory)
{
	begin(memory);
	rm_explore_note(RM_EXPLORE_STORES, &code[0]);
	rm_explore_note_value(5, 4);
	rm_explore.running->untold = true;
	rm_explore_note_value(6, 8);
	rm_explore_note_waits();
	CHECK(has(0, 5, 4) && is(0, 1, RM_EXPLORE_STORES, 10, &code[0]),
	        "what is untold changes no event before it");
}

static void reads(uint64_t *memory)
{
	begin(memory);
	word[1] = 0x1122334455667788;
	rm_explore_note(RM_EXPLORE_READS, &code[0]);
	rm_explore_note_place((uintptr_t)&word[1], 8);
	word[1] = 9;
	rm_explore_note(RM_EXPLORE_READS, &code[0]);
	CHECK(has(0, 0x1122334455667788, 8) && !trace[0].at,
	        "a plain read has what was there just then");
	word[2] = 0x1122334455667788;
	rm_explore_note_place((uintptr_t)&word[2], 2);
	CHECK(has(1, 0x7788, 2), "of so many bytes as it reads");
	rm_explore_note(RM_EXPLORE_READS, &code[0]);
	rm_explore_note_place((uintptr_t)&global, 8);
	CHECK(has(2, 70, 8), "of the program's globals, too");
	rm_explore_note(RM_EXPLORE_READS, &code[0]);
	rm_explore_note_place((uintptr_t)&word[0], 8);
	CHECK(has(3, 0, 0) && !trace[3].at,
	        "memory below the heap is left to the program");
}

static void writes(uint64_t *memory)
{
	begin(memory);
	rm_explore_note(RM_EXPLORE_WRITES, &code[0]);
	rm_explore_note_place((uintptr_t)&word[1], 8);
	CHECK(trace[0].value == 0 && trace[0].at == (uintptr_t)&word[1],
	        "a plain write is told of before it is made");
	word[1] = 77;
	rm_explore_note(RM_EXPLORE_WRITES, &code[1]);
	word[1] = 78;
	CHECK(has(0, 77, 8) && !trace[0].at,
	        "its value is what is there at the next event");
	rm_explore_note_place((uintptr_t)&word[2], 8);
	rm_explore_note_part();
	rm_explore_note(RM_EXPLORE_WRITES, &code[1]);
	CHECK(has(1, 0, 0), "of a part of more, that is not the value");
	rm_explore.trace_count--;
	rm_explore_note_place((uintptr_t)&other, 8);
	rm_explore_note(RM_EXPLORE_LOADS, &code[2]);
	CHECK(has(1, 0, 0) && has(0, 77, 8) && !trace[1].at,
	        "what is nobody's is left to the program");
	while (rm_explore.trace_count < ROOM)
		rm_explore_note(RM_EXPLORE_WRITES, &code[3]);
	rm_explore_note(RM_EXPLORE_WRITES, &code[4]);
	CHECK(rm_explore.trace_count == ROOM &&
	                is(ROOM - 1, 1, RM_EXPLORE_WRITES, 10, &code[3]),
	        "a trace that is full takes no more");
	CHECK(rm_explore.trace_lost == 1, "and counts what it did not take");
}

static void atomics(uint64_t *memory)
{
	begin(memory);
	rm_explore_note_value(3, 8);
	CHECK(!rm_explore.trace_count, "before the first event none has a "
	                               "value");
	rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	rm_explore_note_value(3, 4);
	CHECK(has(0, 3, 4), "an atomic access has its value");
	rm_explore_note_value(4, 16);
	CHECK(has(0, 4, 8), "eight bytes of it at most");
	rm_explore_note_older(2, &code[5]);
	CHECK(trace[0].looks_back && trace[0].older_lane == 2 &&
	                trace[0].older_site == &code[5],
	        "a load that looks back says whose store it reads");
	rm_explore_note(RM_EXPLORE_STORES, &code[1]);
	rm_explore_note_compared(false);
	CHECK(is(1, 1, RM_EXPLORE_LOADS, 10, &code[1]),
	        "a comparison that fails loads");
	rm_explore_note_compared(true);
	CHECK(is(1, 1, RM_EXPLORE_STORES, 10, &code[1]),
	        "and stores where it does not");
	rm_explore_note_waits();
	CHECK(is(1, 1, RM_EXPLORE_WAITS, 10, &code[1]) &&
	                trace[0].kind == RM_EXPLORE_LOADS,
	        "a store that goes into the buffer waits");
}

static void leaves(uint64_t *memory)
{
	begin(memory);
	rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	rm_explore_note_leaves(2, &code[1]);
	rm_explore_note_value(7, 8);
	CHECK(has(0, 7, 8) && has(1, 0, 0),
	        "what leaves a buffer has no value of who runs");
	rm_explore_note_leaves(3, &code[2]);
	CHECK(is(1, 2, RM_EXPLORE_LEAVES, 20, &code[1]) &&
	                is(2, 3, RM_EXPLORE_LEAVES, -1, &code[2]),
	        "a store that leaves a buffer is its own lane's event, whoever "
	        "runs");
	rm_explore_note_value(8, 8);
	CHECK(has(0, 8, 8) && has(1, 0, 0) && has(2, 0, 0),
	        "and however many leave, they hide no event of who runs");
	begin(memory);
	rm_explore_note(RM_EXPLORE_STORES, &code[0]);
	rm_explore_note_leaves(1, &code[1]);
	rm_explore_note_waits();
	CHECK(is(0, 1, RM_EXPLORE_WAITS, 10, &code[0]) &&
	                is(1, 1, RM_EXPLORE_LEAVES, 10, &code[1]),
	        "a store waits for which the oldest has left a full buffer");
	begin(memory);
	rm_explore_note(RM_EXPLORE_WRITES, &code[0]);
	rm_explore_note_leaves(1, &code[1]);
	rm_explore_note_place((uintptr_t)&word[1], 8);
	word[1] = 77;
	rm_explore_note(RM_EXPLORE_LOADS, &code[2]);
	CHECK(has(0, 77, 8) && has(1, 0, 0),
	        "and what is written plainly behind that has its own value");
	begin(memory);
	rm_explore_note_leaves(2, &code[1]);
	rm_explore_note_value(8, 8);
	CHECK(has(0, 0, 0), "where that is all, no event has the value");
	while (rm_explore.trace_count < ROOM)
		rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	rm_explore_note_leaves(2, &code[1]);
	CHECK(is(ROOM - 1, 1, RM_EXPLORE_LOADS, 10, &code[0]),
	        "in a trace that is full it changes nothing");
}

int main(void)
{
	uint64_t memory[4];

	which(memory);
	untold_changes(memory);
	reads(memory);
	writes(memory);
	atomics(memory);
	leaves(memory);
	return DONE();
}
