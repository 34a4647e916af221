/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_events.c - tests the trace of a schedule: which accesses of
   which lane are events, and when their values are read. The test simulates the
   lanes. */
#include "verify/explore/events.c"

#include "tests/unit/tap.h"

enum { ROOM = 6 };

struct rm_explore_world rm_explore;
uintptr_t rm_explore_heap;

static const char code[8];          /* sites */
static uint64_t global = 70, other; /* a global; untracked memory */

uint64_t rm_sim_space_image(const void *address)
{
	return address == &global ? 4096 : 0;
}

static struct rm_explore_event trace[ROOM];
/* The heap begins at word[1]; word[0] is memory below it. */
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
	        "an event has its lane, operation and site");
	rm_explore.alone = true;
	rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	rm_explore.alone = false;
	rm_explore.running->untraced = true;
	rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	CHECK(rm_explore.trace_count == 2,
	        "nothing is recorded while alone or excluded from the trace");
	rm_explore.trace = NULL;
	rm_explore.running->untraced = false;
	rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	rm_explore_note_value(1, 8);
	rm_explore_note_place((uintptr_t)&word[1], 8);
	rm_explore_note_waits();
	rm_explore_note_older(2, &code[2]);
	rm_explore_note_leaves(2, &code[2]);
	CHECK(rm_explore.trace_count == 2,
	        "without a trace nothing is recorded");
}

static void untold_changes(uint64_t *memory)
{
	begin(memory);
	rm_explore_note(RM_EXPLORE_STORES, &code[0]);
	rm_explore_note_value(5, 4);
	rm_explore.running->untraced = true;
	rm_explore_note_value(6, 8);
	rm_explore_note_waits();
	CHECK(has(0, 5, 4) && is(0, 1, RM_EXPLORE_STORES, 10, &code[0]),
	        "excluded accesses do not change an earlier event");
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
	        "a plain read has the value at that time");
	word[2] = 0x1122334455667788;
	rm_explore_note_place((uintptr_t)&word[2], 2);
	CHECK(has(1, 0x7788, 2), "a plain read has as many bytes as it reads");
	rm_explore_note(RM_EXPLORE_READS, &code[0]);
	rm_explore_note_place((uintptr_t)&global, 8);
	CHECK(has(2, 70, 8), "reads of globals have values");
	rm_explore_note(RM_EXPLORE_READS, &code[0]);
	rm_explore_note_place((uintptr_t)&word[0], 8);
	CHECK(has(3, 0, 0) && !trace[3].at,
	        "memory below the heap is not read");
}

static void writes(uint64_t *memory)
{
	begin(memory);
	rm_explore_note(RM_EXPLORE_WRITES, &code[0]);
	rm_explore_note_place((uintptr_t)&word[1], 8);
	CHECK(trace[0].value == 0 && trace[0].at == (uintptr_t)&word[1],
	        "a plain write is recorded before it is performed");
	word[1] = 77;
	rm_explore_note(RM_EXPLORE_WRITES, &code[1]);
	word[1] = 78;
	CHECK(has(0, 77, 8) && !trace[0].at,
	        "the value of a plain write is read at the next event");
	rm_explore_note_place((uintptr_t)&word[2], 8);
	rm_explore_note_part();
	rm_explore_note(RM_EXPLORE_WRITES, &code[1]);
	CHECK(has(1, 0, 0), "a part of a longer write gets no value");
	rm_explore.trace_count--;
	rm_explore_note_place((uintptr_t)&other, 8);
	rm_explore_note(RM_EXPLORE_LOADS, &code[2]);
	CHECK(has(1, 0, 0) && has(0, 77, 8) && !trace[1].at,
	        "untracked memory is not read");
	while (rm_explore.trace_count < ROOM)
		rm_explore_note(RM_EXPLORE_WRITES, &code[3]);
	rm_explore_note(RM_EXPLORE_WRITES, &code[4]);
	CHECK(rm_explore.trace_count == ROOM &&
	                is(ROOM - 1, 1, RM_EXPLORE_WRITES, 10, &code[3]),
	        "a full trace accepts no more events");
	CHECK(rm_explore.trace_lost == 1, "lost events are counted");
}

static void atomics(uint64_t *memory)
{
	begin(memory);
	rm_explore_note_value(3, 8);
	CHECK(!rm_explore.trace_count,
	        "a value before the first event is ignored");
	rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	rm_explore_note_value(3, 4);
	CHECK(has(0, 3, 4), "an atomic access has its value");
	rm_explore_note_value(4, 16);
	CHECK(has(0, 4, 8), "a value has at most eight bytes");
	rm_explore_note_older(2, &code[5]);
	CHECK(trace[0].looks_back && trace[0].older_lane == 2 &&
	                trace[0].older_site == &code[5],
	        "a load of an older store has its lane and site");
	rm_explore_note(RM_EXPLORE_STORES, &code[1]);
	rm_explore_note_compared(false);
	CHECK(is(1, 1, RM_EXPLORE_LOADS, 10, &code[1]),
	        "a comparison that fails is a load");
	rm_explore_note_compared(true);
	CHECK(is(1, 1, RM_EXPLORE_STORES, 10, &code[1]),
	        "a comparison that succeeds is a store");
	rm_explore_note_waits();
	CHECK(is(1, 1, RM_EXPLORE_WAITS, 10, &code[1]) &&
	                trace[0].kind == RM_EXPLORE_LOADS,
	        "a store that enters a buffer has its own kind");
}

static void leaves(uint64_t *memory)
{
	begin(memory);
	rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	rm_explore_note_leaves(2, &code[1]);
	rm_explore_note_value(7, 8);
	CHECK(has(0, 7, 8) && has(1, 0, 0),
	        "a store that leaves a buffer does not take a value");
	rm_explore_note_leaves(3, &code[2]);
	CHECK(is(1, 2, RM_EXPLORE_LEAVES, 20, &code[1]) &&
	                is(2, 3, RM_EXPLORE_LEAVES, -1, &code[2]),
	        "a store that leaves a buffer belongs to its own lane, not to "
	        "the running one");
	rm_explore_note_value(8, 8);
	CHECK(has(0, 8, 8) && has(1, 0, 0) && has(2, 0, 0),
	        "several stores that leave a buffer do not hide the running "
	        "lane's event");
	begin(memory);
	rm_explore_note(RM_EXPLORE_STORES, &code[0]);
	rm_explore_note_leaves(1, &code[1]);
	rm_explore_note_waits();
	CHECK(is(0, 1, RM_EXPLORE_WAITS, 10, &code[0]) &&
	                is(1, 1, RM_EXPLORE_LEAVES, 10, &code[1]),
	        "a store enters a buffer after the oldest left the full one");
	begin(memory);
	rm_explore_note(RM_EXPLORE_WRITES, &code[0]);
	rm_explore_note_leaves(1, &code[1]);
	rm_explore_note_place((uintptr_t)&word[1], 8);
	word[1] = 77;
	rm_explore_note(RM_EXPLORE_LOADS, &code[2]);
	CHECK(has(0, 77, 8) && has(1, 0, 0),
	        "a plain write after a buffered store has its own value");
	begin(memory);
	rm_explore_note_leaves(2, &code[1]);
	rm_explore_note_value(8, 8);
	CHECK(has(0, 0, 0), "a value without an event is ignored");
	while (rm_explore.trace_count < ROOM)
		rm_explore_note(RM_EXPLORE_LOADS, &code[0]);
	rm_explore_note_leaves(2, &code[1]);
	CHECK(is(ROOM - 1, 1, RM_EXPLORE_LOADS, 10, &code[0]),
	        "a full trace is not changed by later accesses");
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
