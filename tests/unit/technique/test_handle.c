/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_handle.c - a map variable of several words, on one thread: which header
 * is of no map, and what is seen by one who comes where another gives way.
 */
#include "tests/unit/support/counted_heap.h"
/* after it, so that it is counted */
#include "impls/gomap/gomap_ops.h"
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"
#include "tests/unit/technique/counting_guard.h"

#define HANDLE_FORM HANDLE_HEADER
#include "impls/technique/handle.h"
#include "tests/unit/technique/subject_says.h"

static unsigned pauses;
static void (*in_pause)(void); /* what another thread does then */
static struct handle *subject;

/* In place of the system's: the moment in which others come. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time, (void)left;
	pauses++;
	if (in_pause)
		in_pause();
	return 0;
}

static void begin(size_t threads)
{
	static const uint64_t args[RM_LOOP_ARGS] = { 10, 99 };
	const struct rm_sizing sizing = {
		.threads = threads, .seed = 3, .loop_args = args
	};

	in_pause = NULL;
	subject = handle_ops.create(&sizing);
	pauses = 0;
	guard_took(&subject->guard, 0, 0);
}

static double said(const char *name)
{
	return stat_of(&handle_ops, subject, name);
}

static uint64_t original(uint64_t key)
{
	return handle_number(
	        subject->maps[HANDLE_ORIGINAL], (struct rm_key){ .word = key });
}

static void a_copy_is_written_through(void)
{
	struct handle_thread *self;

	begin(3);
	self = handle_ops.join(subject, 2);
	CHECK(gomap_count(subject->maps[HANDLE_ORIGINAL]) == 10 &&
	                subject->guard.threads == 3,
	        "ten keys were asked for, and three threads");
	CHECK(handle_reader(self, 77) == HANDLE_ORIGINAL && original(2) == 77 &&
	                original(1) == 0,
	        "who has copied the original writes to its own key");
	CHECK(guard_took(&subject->guard, 2, 0) && pauses == 0,
	        "it copies and looks under the lock");
	handle_reader(self, 200);
	CHECK(pauses == 1, "and rests after each hundred");
	CHECK(said("copies") == 2 && said("copies_of_other_maps") == 0 &&
	                said("writes_seen_through_original") == 2 &&
	                said("torn_headers") == 0 &&
	                said("words_of_variable") == 4,
	        "what it wrote is in the original");
	CHECK(check_says(&handle_ops, subject,
	              "two variables, one map: 2 of 2 writes through a copy "
	              "were seen through the original"),
	        "so that it was no copy");
	handle_assign(handle_ops.join(subject, 0), HANDLE_FRESH);
	CHECK(handle_reader(self, 78) == HANDLE_FRESH && original(2) == 200 &&
	                said("copies_of_other_maps") == 1 && subject->other,
	        "a copy of another map is told, and not written");
	handle_ops.destroy(subject);
}

static unsigned met; /* what the one in the pause has copied */

static void copies_once(void)
{
	met = handle_reader(&subject->thread[1], 50);
}

/* Halves of an assignment: no buckets and a logarithm is half of a fresh map,
   and the other half of the one before. */
static void headers_tear(void)
{
	struct handle_thread *self;

	begin(2);
	self = handle_ops.join(subject, 0);
	handle_ops.join(subject, 1);
	in_pause = copies_once;
	handle_assign(self, HANDLE_GROWING);
	CHECK(pauses == 1 && met == HANDLE_MAPS && subject->torn,
	        "the first assignment gives way in its middle, and whoever "
	        "copies then has a header of no map");
	CHECK(said("torn_headers") == 1 && said("torn_nil_buckets") == 0,
	        "that is told");
	for (unsigned i = 0; i < HANDLE_TURN - 1; i++)
		handle_assign(self, HANDLE_GROWING);
	CHECK(pauses == 1, "the next ones do not");
	handle_assign(self, HANDLE_FRESH);
	CHECK(pauses == 2 && met == HANDLE_MAPS && said("torn_headers") == 2 &&
	                said("torn_nil_buckets") == 1,
	        "one in 999 does; no buckets and a logarithm are told apart");
	CHECK(check_says(&handle_ops, subject,
	              "torn headers: 2 of 2 copies were of no map"),
	        "it is found");
	handle_ops.destroy(subject);
	begin(2);
	handle_assign(handle_ops.join(subject, 0), HANDLE_FRESH);
	CHECK(pauses == 1 + HANDLE_WAITS,
	        "where nobody comes it waits for a while");
	handle_ops.destroy(subject);
	begin(1);
	handle_assign(handle_ops.join(subject, 0), HANDLE_FRESH);
	CHECK(pauses == 1, "and alone for nobody");
	handle_ops.destroy(subject);
}

static void a_turn_is_of_three_maps(void)
{
	struct handle_thread *self;

	begin(2);
	self = handle_ops.join(subject, 0);
	handle_ops.join(subject, 1);
	self->assignments = 1; /* none of them gives way */
	subject->torn = true;
	in_pause = copies_once;
	handle_writer(self, 5);
	CHECK(original(0) == 5 && self->assignments == 3 &&
	                handle_reader(&subject->thread[1], 1) ==
	                        HANDLE_ORIGINAL &&
	                subject->assigned && pauses == 0,
	        "a turn writes to the original, assigns another map and it");
	(void)guard_took(&subject->guard, 0, 0);
	handle_writer(self, 499);
	CHECK(pauses == 1 && met == HANDLE_GROWING && subject->other &&
	                guard_took(&subject->guard, 1, 3),
	        "in turn 499 it rests while the variable is the growing map, "
	        "until one has copied that");
	handle_writer(self, 499 + 999);
	CHECK(pauses == 2 && met == HANDLE_FRESH,
	        "and in each 999th after it, which even ones the fresh");
	in_pause = NULL;
	subject->other = false;
	handle_writer(self, 499);
	CHECK(pauses == 3 + HANDLE_WAITS, "where nobody comes for a while");
	handle_ops.destroy(subject);
}

static void ends_a_wait(void)
{
	if (pauses == 5)
		subject->assigned = true;
	if (pauses == 12)
		handle_assign(&subject->thread[0], HANDLE_ORIGINAL);
}

static void readers_begin_with_the_original(void)
{
	struct handle_thread *self, *other;

	begin(3);
	other = handle_ops.join(subject, 0);
	other->assignments = 1;
	self = handle_ops.join(subject, 1);
	handle_assign(other, HANDLE_GROWING);
	in_pause = ends_a_wait;
	handle_begin(self);
	CHECK(pauses == 12 && said("copies") == 8 &&
	                said("copies_of_other_maps") == 7,
	        "a reader waits for the writer, and copies until it has the "
	        "original");
	in_pause = NULL;
	handle_assign(other, HANDLE_GROWING);
	pauses = 0;
	handle_begin(self);
	CHECK(pauses == HANDLE_WAITS && said("copies") == 8 + HANDLE_WAITS,
	        "or for a while");
	handle_ops.destroy(subject);
}

static void run(unsigned slot, unsigned threads, uint64_t iterations)
{
	static atomic_bool stop;
	struct rm_worker worker = { .thread = handle_ops.join(subject, slot),
		.slot = slot,
		.threads = threads,
		.stop = &stop,
		.iterations_limit = iterations };

	handle_loops[0].run(&worker);
}

static void the_first_thread_writes(void)
{
	begin(2);
	subject->torn = subject->assigned = true;
	run(0, 2, 6);
	CHECK(original(0) == 6 && said("copies") == 0,
	        "of several threads the first only writes");
	run(1, 2, 6);
	CHECK(original(0) == 6 && original(1) == 6 && said("copies") == 7,
	        "and the others copy, once before they begin");
	handle_ops.destroy(subject);
	begin(1);
	run(0, 1, 6);
	CHECK(said("copies") == 3 && original(0) == 6,
	        "one that is alone does both in turn");
	handle_ops.destroy(subject);
}

static void maps_have_room(void)
{
	const struct rm_sizing sizing = { .threads = 4 };
	static const uint64_t args[RM_LOOP_ARGS] = { 2 };
	const struct rm_sizing few = { .threads = 4, .loop_args = args };

	subject = handle_ops.create(&sizing);
	CHECK(subject->keys == 100, "unasked there are a hundred keys");
	handle_ops.destroy(subject);
	subject = handle_ops.create(&few);
	CHECK(gomap_count(subject->maps[HANDLE_ORIGINAL]) == 4,
	        "but at least one for each thread");
	handle_ops.destroy(subject);
	guards_are_given_back(&handle_ops, &few, 13);
}

/* The header of map `from` with one word of map `to`: whose is it? */
static bool shows(struct handle *handle, unsigned from, unsigned to, unsigned i)
{
	struct handle_header header = handle->headers[from];
	const bool differs = header.member[i] != handle->headers[to].member[i];

	header.member[i] = handle->headers[to].member[i];
	return handle_whose(handle, &header) == (differs ? HANDLE_MAPS : from);
}

static void words_of_two_maps(uint64_t keys)
{
	const uint64_t args[RM_LOOP_ARGS] = { keys };
	struct rm_sizing sizing = {
		.threads = 2, .seed = 3, .loop_args = args
	};
	struct handle *handle = handle_create(&sizing);
	bool told = true, varies[HANDLE_MEMBERS] = { false };

	for (unsigned from = 0; from < HANDLE_MAPS; from++)
		for (unsigned to = 0; to < HANDLE_MAPS; to++)
			for (unsigned i = 0; i < HANDLE_MEMBERS; i++) {
				told &= shows(handle, from, to, i);
				varies[i] |= handle->headers[from].member[i] !=
				             handle->headers[to].member[i];
			}
	CHECK(told, "a word of another map makes a header of none");
	CHECK(varies[HANDLE_BUCKETS] && varies[HANDLE_OLD] &&
	                varies[HANDLE_LOG2] && varies[HANDLE_COUNT],
	        "assignments change all four words");
	CHECK(!handle->headers[HANDLE_FRESH].member[HANDLE_BUCKETS] &&
	                handle->headers[HANDLE_GROWING].member[HANDLE_LOG2],
	        "no buckets and a logarithm above 0: the article's example");
	handle_destroy(handle);
}

int main(void)
{
	words_of_two_maps(100);
	words_of_two_maps(1);
	words_of_two_maps(5000);
	a_copy_is_written_through();
	headers_tear();
	a_turn_is_of_three_maps();
	readers_begin_with_the_original();
	the_first_thread_writes();
	maps_have_room();
	return DONE();
}
