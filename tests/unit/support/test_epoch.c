/* SPDX-License-Identifier: Apache-2.0 */
/* test_epoch.c - tests when and by which thread retired objects are freed, and
   which threads wait. */
#include "tests/unit/support/epoch_arena.h"
#include "tests/unit/tap.h"

static void retire_one(struct arena *arena, struct epoch_record *record)
{
	epoch_retire(record, 1, object_new(arena), 8);
	epoch_settle(record);
}

/* Announces often enough to try `looks` times to free retired objects. */
static void announce(struct epoch_record *record, int looks)
{
	for (int i = 0; i < looks * EPOCH_POLL; i++)
		epoch_quiesce(record);
}

static void a_silent_thread_holds_everything(void)
{
	struct arena arena;

	arena_open(&arena, 2, 0, false);
	struct epoch_record *writer = join(&arena, 0),
	                    *reader = join(&arena, 1);

	retire_one(&arena, writer);
	announce(writer, 100);
	CHECK(arena.dead == 0,
	        "as long as a thread never announces, nothing is freed");
	epoch_quiesce(reader);
	announce(writer, 1);
	CHECK(arena.dead == 0, "one announcement is not a grace period");
	for (int i = 0; i < 4; i++) {
		epoch_quiesce(reader);
		announce(writer, 1);
	}
	CHECK(arena.dead == 1,
	        "a few announcements of all threads are a grace period");
	epoch_leave(reader);
	epoch_leave(writer);
	arena_close(&arena);
}

static void parked_threads_hold_nothing(void)
{
	struct arena arena;

	arena_open(&arena, 2, 0, false);
	struct epoch_record *writer = join(&arena, 0),
	                    *reader = join(&arena, 1);

	epoch_park(reader);
	retire_one(&arena, writer);
	announce(writer, 5);
	CHECK(arena.dead == 1, "a parked thread does not stop the epoch");
	epoch_unpark(reader);
	retire_one(&arena, writer);
	announce(writer, 100);
	CHECK(arena.dead == 1, "a thread that has unparked stops the epoch");
	epoch_park(writer);
	CHECK(arena.dead == 1, "parking does not free under a reader");
	for (int i = 0; i < 4; i++)
		announce(reader, 1);
	CHECK(arena.dead == 1,
	        "a thread without retired objects does not sweep");
	retire_one(&arena, reader);
	announce(reader, 5);
	CHECK(arena.dead == 3, "a sweep frees objects of a parked thread");
	epoch_leave(reader);
	epoch_leave(writer);
	arena_close(&arena);
}

static void a_bag_is_free_three_epochs_later(void)
{
	struct arena arena;

	arena_open(&arena, 1, 0, false);
	struct epoch_record *writer = join(&arena, 0);

	retire_one(&arena, writer);
	epoch_close(writer);
	uint64_t closed_at = arena.epoch->now;

	CHECK(writer->oldest->target == closed_at + 2, "the target is now + 2");
	for (uint64_t now = closed_at + 1; now <= closed_at + 3; now++) {
		epoch_quiesce(writer);
		epoch_sweep(writer);
		if (arena.epoch->now != now)
			CHECK(false, "each sweep moves the epoch by one");
		if (arena.dead != (now == closed_at + 3))
			CHECK(false, "the bag is free at now + 3, not before");
	}
	CHECK(arena.dead == 1, "the bag was freed three epochs later");
	epoch_leave(writer);
	arena_close(&arena);
}

static void leaving_hands_over(void)
{
	struct arena arena;

	arena_open(&arena, 3, 0, false);
	struct epoch_record *a = join(&arena, 0), *b = join(&arena, 1);
	struct epoch_record *c = join(&arena, 2);

	for (int i = 0; i < 1000; i++) {
		retire_one(&arena, a);
		retire_one(&arena, b);
	}
	epoch_leave(a);
	epoch_leave(b);
	CHECK(arena.dead == 0, "a leaving thread frees nothing under a reader");
	CHECK(stat_of(&arena, "retired") == 2000, "retired objects are "
	                                          "counted");
	epoch_leave(c);
	CHECK(arena.dead == 2000, "the last thread to leave frees everything");
	CHECK(stat_of(&arena, "freed") == stat_of(&arena, "retired"),
	        "freed == retired after all threads left");
	CHECK(stat_of(&arena, "freed_bytes") == 16000, "freed bytes are "
	                                               "counted");
	CHECK(atomic_load(&arena.epoch->held_bytes) == 0, "nothing is held");
	a = join(&arena, 0);
	retire_one(&arena, a);
	epoch_leave(a);
	CHECK(arena.dead == 2001, "a slot can be used again");
	arena_close(&arena);
}

static void keeping_frees_at_the_end_only(void)
{
	struct arena arena;

	arena_open(&arena, 1, 4096, true);
	struct epoch_record *writer = join(&arena, 0);

	for (int i = 0; i < 5000; i++)
		retire_one(&arena, writer);
	announce(writer, 10);
	epoch_leave(writer);
	CHECK(arena.dead == 0 && stat_of(&arena, "freed") == 0,
	        "a map that frees nothing keeps all objects while it exists");
	CHECK(stat_of(&arena, "grace_waits") == 0, "a map that frees nothing "
	                                           "has no limit");
	epoch_destroy(arena.epoch, &arena);
	CHECK(arena.dead == 5000, "the destruction of such a map frees "
	                          "everything");
	free(arena.objects);
}

enum { LIMIT = 64 << 10, BIG = 1 << 10, WRITES = 1000 };

static void *write_much(void *context)
{
	struct arena *arena = context;
	struct epoch_record *record = join(arena, 0);

	for (int i = 0; i < WRITES; i++) {
		epoch_retire(record, 1, object_new(arena), BIG);
		epoch_settle(record);
	}
	epoch_leave(record);
	return NULL;
}

static void the_limit_holds_writers(void)
{
	struct arena arena;
	pthread_t writer;

	arena_open(&arena, 2, LIMIT, false);
	struct epoch_record *reader = join(&arena, 1);

	pthread_create(&writer, NULL, write_much, &arena);
	while (stat_of(&arena, "grace_waiting") == 0 &&
	        stat_of(&arena, "retired") < WRITES)
		sched_yield();
	double retired = stat_of(&arena, "retired");

	CHECK(arena.dead == 0, "a stalled reader makes retired memory grow");
	CHECK(retired * BIG > LIMIT, "retired memory grows up to the limit");
	CHECK(retired * BIG <= LIMIT * 1.25 + BIG, "retired memory does not "
	                                           "grow far above the limit");
	for (int i = 0; i < 1000; i++)
		sched_yield();
	CHECK(stat_of(&arena, "retired") == retired, "the writer waits at the "
	                                             "limit");
	while (stat_of(&arena, "retired") < WRITES) {
		epoch_quiesce(reader);
		sched_yield();
	}
	epoch_leave(reader);
	pthread_join(writer, NULL);
	CHECK(stat_of(&arena, "grace_waits") >= 1, "the wait is counted");
	CHECK(stat_of(&arena, "grace_wait_ns") > 0, "the wait is counted with "
	                                            "its time");
	CHECK(stat_of(&arena, "retired_peak_bytes") <= LIMIT * 1.25 + BIG,
	        "the peak stays at the limit");
	CHECK(arena.dead == WRITES, "after the wait everything is freed");
	arena_close(&arena);
}

int main(void)
{
	a_silent_thread_holds_everything();
	parked_threads_hold_nothing();
	a_bag_is_free_three_epochs_later();
	leaving_hands_over();
	keeping_frees_at_the_end_only();
	the_limit_holds_writers();
	return DONE();
}
