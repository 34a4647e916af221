/* SPDX-License-Identifier: Apache-2.0 */
/* test_handle.c - tests a map variable of several words on one thread: which
   headers are torn, and what a thread sees while another thread sleeps. */
#include "tests/unit/support/counted_heap.h"
/* included after it, so that its allocations are counted */
#include "impls/gomap/gomap_ops.h"
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"
#include "tests/unit/technique/counting_guard.h"

#define HANDLE_FORM HANDLE_HEADER
#include "impls/technique/handle.h"
#include "tests/unit/technique/subject_reports.h"

static unsigned pauses;
static void (*during_pause)(void); /* called in a sleep, acts as another
                                      thread */
static struct handle *subject;

/* Replaces the system's function; other threads run at this moment. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time, (void)left;
	pauses++;
	if (during_pause)
		during_pause();
	return 0;
}

static void begin(size_t threads)
{
	static const uint64_t args[RM_LOOP_ARGS] = { 10, 99 };
	const struct rm_sizing sizing = {
		.threads = threads, .seed = 3, .loop_args = args
	};

	during_pause = NULL;
	subject = handle_ops.create(&sizing);
	pauses = 0;
	guard_counts_are(&subject->guard, 0, 0);
}

static double stat_now(const char *name)
{
	return stat_of(&handle_ops, subject, name);
}

static uint64_t original(uint64_t key)
{
	return handle_number(
	        subject->maps[HANDLE_ORIGINAL], (struct rm_key){ .word = key });
}

static void write_through_copy(void)
{
	struct handle_thread *self;

	begin(3);
	self = handle_ops.join(subject, 2);
	CHECK(gomap_count(subject->maps[HANDLE_ORIGINAL]) == 10 &&
	                subject->guard.threads == 3,
	        "the technique has ten keys and three threads");
	CHECK(handle_reader(self, 77) == HANDLE_ORIGINAL && original(2) == 77 &&
	                original(1) == 0,
	        "a copy of the original is written at the thread's own key");
	CHECK(guard_counts_are(&subject->guard, 2, 0) && pauses == 0,
	        "copy and check take the read lock");
	handle_reader(self, 200);
	CHECK(pauses == 1, "a reader sleeps after each hundred copies");
	CHECK(stat_now("copies") == 2 &&
	                stat_now("copies_of_other_maps") == 0 &&
	                stat_now("writes_seen_through_original") == 2 &&
	                stat_now("torn_headers") == 0 &&
	                stat_now("words_of_variable") == 4,
	        "the write through the copy is in the original");
	CHECK(check_reports(&handle_ops, subject,
	              "two variables, one map: 2 of 2 writes through a copy "
	              "were seen through the original"),
	        "the check reports that a variable was not a copy");
	handle_assign(handle_ops.join(subject, 0), HANDLE_FRESH);
	CHECK(handle_reader(self, 78) == HANDLE_FRESH && original(2) == 200 &&
	                stat_now("copies_of_other_maps") == 1 && subject->other,
	        "a copy of another map is counted and not written");
	handle_ops.destroy(subject);
}

static unsigned copied_map; /* map of the copy that was made during the pause */

static void copies_once(void)
{
	copied_map = handle_reader(&subject->thread[1], 50);
}

/* Copies made in the middle of an assignment are torn: the bucket pointer is of
   one map and the logarithm of the number of buckets of the other. */
static void headers_tear(void)
{
	struct handle_thread *self;

	begin(2);
	self = handle_ops.join(subject, 0);
	handle_ops.join(subject, 1);
	during_pause = copies_once;
	handle_assign(self, HANDLE_GROWING);
	CHECK(pauses == 1 && copied_map == HANDLE_MAPS && subject->torn,
	        "the first assignment sleeps in its middle, and a copy made "
	        "then is torn");
	CHECK(stat_now("torn_headers") == 1 &&
	                stat_now("torn_nil_buckets") == 0,
	        "the torn header is counted");
	for (unsigned i = 0; i < HANDLE_TURN - 1; i++)
		handle_assign(self, HANDLE_GROWING);
	CHECK(pauses == 1, "the next 998 assignments do not sleep");
	handle_assign(self, HANDLE_FRESH);
	CHECK(pauses == 2 && copied_map == HANDLE_MAPS &&
	                stat_now("torn_headers") == 2 &&
	                stat_now("torn_nil_buckets") == 1,
	        "one assignment in 999 sleeps; a torn header without buckets "
	        "is counted separately");
	CHECK(check_reports(&handle_ops, subject,
	              "torn headers: 2 of 2 copies were of no map"),
	        "the check detects torn headers");
	handle_ops.destroy(subject);
	begin(2);
	handle_assign(handle_ops.join(subject, 0), HANDLE_FRESH);
	CHECK(pauses == 1 + HANDLE_WAITS,
	        "without a copy the sleeping assignment gives up");
	handle_ops.destroy(subject);
	begin(1);
	handle_assign(handle_ops.join(subject, 0), HANDLE_FRESH);
	CHECK(pauses == 1, "a single thread does not wait for others");
	handle_ops.destroy(subject);
}

static void turn_assigns_maps(void)
{
	struct handle_thread *self;

	begin(2);
	self = handle_ops.join(subject, 0);
	handle_ops.join(subject, 1);
	self->assignments = 1; /* the next assignments do not sleep */
	subject->torn = true;
	during_pause = copies_once;
	handle_writer(self, 5);
	CHECK(original(0) == 5 && self->assignments == 3 &&
	                handle_reader(&subject->thread[1], 1) ==
	                        HANDLE_ORIGINAL &&
	                subject->assigned && pauses == 0,
	        "a turn writes to the original and assigns another map and the "
	        "original");
	(void)guard_counts_are(&subject->guard, 0, 0);
	handle_writer(self, 499);
	CHECK(pauses == 1 && copied_map == HANDLE_GROWING && subject->other &&
	                guard_counts_are(&subject->guard, 1, 3),
	        "turn 499 sleeps while the variable is the growing map, until "
	        "it is copied");
	handle_writer(self, 499 + 999);
	CHECK(pauses == 2 && copied_map == HANDLE_FRESH,
	        "each 999th turn after it sleeps, even ones with the fresh "
	        "map");
	during_pause = NULL;
	subject->other = false;
	handle_writer(self, 499);
	CHECK(pauses == 3 + HANDLE_WAITS,
	        "without a copy the sleeping turn gives up");
	handle_ops.destroy(subject);
}

static void end_waits(void)
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
	during_pause = end_waits;
	handle_begin(self);
	CHECK(pauses == 12 && stat_now("copies") == 8 &&
	                stat_now("copies_of_other_maps") == 7,
	        "a reader waits for the writer and copies until it has the "
	        "original");
	during_pause = NULL;
	handle_assign(other, HANDLE_GROWING);
	pauses = 0;
	handle_begin(self);
	CHECK(pauses == HANDLE_WAITS && stat_now("copies") == 8 + HANDLE_WAITS,
	        "a reader gives up after a while");
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
	CHECK(original(0) == 6 && stat_now("copies") == 0,
	        "the first of several threads only writes");
	run(1, 2, 6);
	CHECK(original(0) == 6 && original(1) == 6 && stat_now("copies") == 7,
	        "the other threads copy, once more before they begin");
	handle_ops.destroy(subject);
	begin(1);
	run(0, 1, 6);
	CHECK(stat_now("copies") == 3 && original(0) == 6,
	        "a single thread alternates between both roles");
	handle_ops.destroy(subject);
}

static void each_thread_has_a_key(void)
{
	const struct rm_sizing sizing = { .threads = 4 };
	static const uint64_t args[RM_LOOP_ARGS] = { 2 };
	const struct rm_sizing few = { .threads = 4, .loop_args = args };

	subject = handle_ops.create(&sizing);
	CHECK(subject->keys == 100, "the default is a hundred keys");
	handle_ops.destroy(subject);
	subject = handle_ops.create(&few);
	CHECK(gomap_count(subject->maps[HANDLE_ORIGINAL]) == 4,
	        "there is at least one key per thread");
	handle_ops.destroy(subject);
	guards_are_freed(&handle_ops, &few, 13);
}

/* True if the header of map `from` with one word of map `to` is recognised as
   torn or, if both words are equal, as `from`. */
static bool tear_is_recognised(
        struct handle *handle, unsigned from, unsigned to, unsigned i)
{
	struct handle_header header = handle->headers[from];
	const bool differs = header.member[i] != handle->headers[to].member[i];

	header.member[i] = handle->headers[to].member[i];
	return handle_find_map(handle, &header) ==
	       (differs ? HANDLE_MAPS : from);
}

static void mixed_words_are_recognised(uint64_t keys)
{
	const uint64_t args[RM_LOOP_ARGS] = { keys };
	struct rm_sizing sizing = {
		.threads = 2, .seed = 3, .loop_args = args
	};
	struct handle *handle = handle_create(&sizing);
	bool recognised = true, varies[HANDLE_MEMBERS] = { false };

	for (unsigned from = 0; from < HANDLE_MAPS; from++)
		for (unsigned to = 0; to < HANDLE_MAPS; to++)
			for (unsigned i = 0; i < HANDLE_MEMBERS; i++) {
				recognised &=
				        tear_is_recognised(handle, from, to, i);
				varies[i] |= handle->headers[from].member[i] !=
				             handle->headers[to].member[i];
			}
	CHECK(recognised, "a header with a word of another map is torn");
	CHECK(varies[HANDLE_BUCKETS] && varies[HANDLE_OLD] &&
	                varies[HANDLE_LOG2] && varies[HANDLE_COUNT],
	        "assignments change all four words");
	CHECK(!handle->headers[HANDLE_FRESH].member[HANDLE_BUCKETS] &&
	                handle->headers[HANDLE_GROWING].member[HANDLE_LOG2],
	        "the fresh map has no buckets, the growing one a logarithm "
	        "above 0");
	handle_destroy(handle);
}

int main(void)
{
	mixed_words_are_recognised(100);
	mixed_words_are_recognised(1);
	mixed_words_are_recognised(5000);
	write_through_copy();
	headers_tear();
	turn_assigns_maps();
	readers_begin_with_the_original();
	the_first_thread_writes();
	each_thread_has_a_key();
	return DONE();
}
