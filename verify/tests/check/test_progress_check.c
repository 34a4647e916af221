/* SPDX-License-Identifier: Apache-2.0 */
/* test_progress_check.c - tests the check `progress`: the number of stops, its
 * criteria, and the number of blocked stops that refute a claim. Stops and
 * stuck threads are simulated (test_thread_stopper.c tests that part). Threads
 * and operations are real. */
#include "tests/unit/tap.h"
#include "verify/check/thread_stopper.h"
#include "verify/tests/check/mock_map.h"

#include <malloc.h>
#include <sched.h>
#include <unistd.h>

enum { STOPS = 27, OPS = (STOPS - 1) * 4000 };

static struct {
	unsigned inits, stops, released, checks, freed;
	/* number of first signals that find the victim outside of the map */
	unsigned misses;
	/* number of waits that report stuck threads, after this many that do
	 * not */
	unsigned stuck, stuck_after;
	bool each, consistent, standing;
	uint64_t enough;
} seen;

int rm_stopper_init(struct rm_stopper *stopper, uintptr_t code)
{
	*stopper = (struct rm_stopper){ .low = code };
	seen.inits++;
	seen.consistent &= code == (uintptr_t)lookup;
	return 0;
}

void rm_stopper_free(struct rm_stopper *stopper)
{
	(void)stopper;
	seen.freed++;
}

bool rm_stopper_stop(struct rm_stopper *stopper)
{
	seen.consistent &= stopper->victim != 0 && !seen.standing;
	if (seen.misses) {
		seen.misses--;
		return false;
	}
	/* waits until the victim is inside an operation */
	while (!seen.stops && !atomic_load(&stopper->inside))
		sched_yield();
	seen.standing = true;
	seen.stops++;
	return true;
}

void rm_stopper_release(struct rm_stopper *stopper)
{
	(void)stopper;
	seen.consistent &= seen.standing;
	seen.standing = false;
	seen.released++;
}

bool rm_stopper_others_proceed(
        struct rm_bystander *others, unsigned count, uint64_t enough, bool each)
{
	const unsigned look = seen.checks++;

	/* waits until each other thread has completed an operation */
	for (unsigned i = 0; !look && i < count; i++)
		while (!atomic_load(&others[i].done))
			sched_yield();
	seen.each = each;
	seen.enough = enough;
	seen.consistent &= seen.standing && count == 2;
	for (unsigned i = 0; i < count; i++)
		seen.consistent &=
		        others[i].started && others[i].tid && others[i].id;
	return look < seen.stuck_after || look >= seen.stuck_after + seen.stuck;
}

static struct rm_error error;

static int run(const char *progress, unsigned caps, unsigned stuck,
        unsigned stuck_after)
{
	const struct rm_impl impl = { .id = "mock",
		.caps = caps,
		.guarantees = "none",
		.progress = progress,
		.ops = &mock_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X8,
		.seed = 12,
		.ops = OPS,
		.threads = 2 };
	const unsigned misses = seen.misses;
	int code;

	reset_mock(none);
	memset(&seen, 0, sizeof(seen));
	seen.consistent = true;
	seen.misses = misses;
	seen.stuck = stuck;
	seen.stuck_after = stuck_after;
	error = (struct rm_error){ "" };
	code = rm_check_progress(&c, &error);
	printf("# %d, %s\n", code, error.text);
	return code;
}

static void they_go_on(void)
{
	CHECK(!run("lock-free", 0, 0, 0) &&
	                !strcmp(error.text,
	                        "the other threads proceeded during each of 27 "
	                        "stops"),
	        "a map passes if the others proceed");
	CHECK(seen.stops == STOPS && seen.checks == STOPS &&
	                seen.released == STOPS && seen.consistent,
	        "there is a stop per 4000 operations, and each ends");
	CHECK(seen.inits == 1 && seen.freed == 1 && mock.created == 2 &&
	                mock.destroyed == 2 && mock.joined_max == 4,
	        "25 stops per map, with a victim, two others and a director");
	CHECK(seen.enough == 50 && !seen.each,
	        "lock-free: fifty operations of all together are required");
	CHECK(!run("wait-free", 0, 0, 0) && seen.each,
	        "wait-free: fifty operations of each other thread are "
	        "required");
	CHECK(!mock.parked_calls,
	        "the director is parked and does not operate");
}

static void they_are_stuck(void)
{
	CHECK(run("lock-free", 0, 3, 0) == -1 && seen.stops == 3 &&
	                strstr(error.text, "the map claims to be lock-free, "
	                                   "but while a thread "
	                                   "was stopped in the middle of ") &&
	                strstr(error.text, " of another thread completed in 2 "
	                                   "s (3 times)"),
	        "three blocked stops refute a claim");
	CHECK(seen.released == 3 && seen.freed == 1 &&
	                mock.destroyed == mock.created,
	        "no thread stays stopped");
	CHECK(!run("lock-free", 0, 2, 0),
	        "two blocked stops among others with the same kinds do not "
	        "refute a claim");
	/* the two blocked stops, and 25 more with the same kinds */
	CHECK(seen.stops == 1 + 25 + (STOPS - 1),
	        "after a blocked stop the same kinds get up to 25 more stops");
	CHECK(!run("lock-free", 0, 0, 5) && seen.stops == STOPS,
	        "without a blocked stop no kinds are repeated");
	CHECK(run("wait-free", 0, 3, 10) == -1 && seen.stops == 13 &&
	                strstr(error.text, "claims to be wait-free"),
	        "blocked stops are found after stops that did not block");
}

/* If the map permits one writer, the victim writes, and the others only look
 * up. */
static void one_writer(void)
{
	CHECK(run("lock-free", RM_CAP_SINGLE_WRITER, 3, 0) == -1 &&
	                strstr(error.text,
	                        ", no lookup of another thread completed"),
	        "with one writer the others look up");
}

static void who_is_not_met(void)
{
	seen.misses = 10;
	CHECK(!run("lock-free", 0, 0, 0) && seen.stops == STOPS,
	        "a signal that finds the victim elsewhere is repeated");
	seen.misses = 200;
	CHECK(!run("lock-free", 0, 0, 0) && seen.stops == STOPS - 1 &&
	                strstr(error.text, "each of 26 stops"),
	        "a signal is repeated at most two hundred times; then the stop "
	        "does not count");
	CHECK(!seen.misses,
	        "after a stop that does not count, the next one follows");
}

/* The first calls fill the caches of malloc(). */
static void nothing_is_kept(void)
{
	enum { FILLING = 8, CALLS = 16 };
	size_t held = 0;

	for (unsigned i = 0; i < FILLING + CALLS; i++) {
		if (i == FILLING)
			held = mallinfo2().uordblks;
		run("lock-free", 0, 0, 0);
	}
	CHECK(mallinfo2().uordblks < held + CALLS * sizeof(struct rm_stopper),
	        "the check frees its memory");
}

int main(void)
{
	alarm(120);
	they_go_on();
	they_are_stuck();
	one_writer();
	who_is_not_met();
	nothing_is_kept();
	return DONE();
}
