/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_stands_still.c - the check that others go on while one thread stands in
 * an operation (progress.c): how often, held to what, and how many stops refute
 * a promise. Who is stopped and who is stuck is played (test_stopper.c has the
 * rest); the threads and their operations are real.
 */
#include "tests/unit/tap.h"
#include "verify/check/thread_stopper.h"
#include "verify/tests/check/played_map.h"

#include <malloc.h>
#include <sched.h>
#include <unistd.h>

enum { STOPS = 27, OPS = (STOPS - 1) * 4000 };

static struct {
	unsigned inits, stops, released, looks, freed;
	unsigned misses; /* signals that find the victim elsewhere, first */
	unsigned stuck, stuck_after; /* so many looks, after so many others */
	bool each, whole, standing;
	uint64_t enough;
} seen;

int rm_stopper_init(struct rm_stopper *stopper, uintptr_t code)
{
	*stopper = (struct rm_stopper){ .low = code };
	seen.inits++;
	seen.whole &= code == (uintptr_t)upsert;
	return 0;
}

void rm_stopper_free(struct rm_stopper *stopper)
{
	(void)stopper;
	seen.freed++;
}

bool rm_stopper_stop(struct rm_stopper *stopper)
{
	seen.whole &= stopper->victim != 0 && !seen.standing;
	if (seen.misses) {
		seen.misses--;
		return false;
	}
	/* sooner or later it is seen within an operation */
	while (!seen.stops && !atomic_load(&stopper->inside))
		sched_yield();
	seen.standing = true;
	seen.stops++;
	return true;
}

void rm_stopper_release(struct rm_stopper *stopper)
{
	(void)stopper;
	seen.whole &= seen.standing;
	seen.standing = false;
	seen.released++;
}

bool rm_stopper_others_go_on(
        struct rm_bystander *others, unsigned count, uint64_t enough, bool each)
{
	const unsigned look = seen.looks++;

	/* each of them operates, and goes on doing so */
	for (unsigned i = 0; !look && i < count; i++)
		while (!atomic_load(&others[i].done))
			sched_yield();
	seen.each = each;
	seen.enough = enough;
	seen.whole &= seen.standing && count == 2;
	for (unsigned i = 0; i < count; i++)
		seen.whole &=
		        others[i].started && others[i].tid && others[i].id;
	return look < seen.stuck_after || look >= seen.stuck_after + seen.stuck;
}

static struct rm_error error;

static int run(const char *progress, unsigned caps, unsigned stuck,
        unsigned stuck_after)
{
	const struct rm_impl impl = { .id = "played",
		.caps = caps,
		.guarantees = "none",
		.progress = progress,
		.ops = &played_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X8,
		.seed = 12,
		.ops = OPS,
		.threads = 2 };
	const unsigned misses = seen.misses;
	int code;

	play(none);
	memset(&seen, 0, sizeof(seen));
	seen.whole = true;
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
	                !strcmp(error.text, "others went on after each of 27 "
	                                    "stops"),
	        "others that go on are not accused");
	CHECK(seen.stops == STOPS && seen.looks == STOPS &&
	                seen.released == STOPS && seen.whole,
	        "a stop for so many operations, and each is let go");
	CHECK(seen.inits == 1 && seen.freed == 1 && played.created == 2 &&
	                played.destroyed == 2 && played.most_joined == 4,
	        "25 stops of a map, of a victim, two others and who looks");
	CHECK(seen.enough == 50 && !seen.each,
	        "lock-free: fifty operations of all together");
	CHECK(!run("wait-free", 0, 0, 0) && seen.each, "wait-free: of each");
	CHECK(!played.while_parked, "who looks is parked, and does not act");
}

static void they_are_stuck(void)
{
	CHECK(run("lock-free", 0, 3, 0) == -1 && seen.stops == 3 &&
	                strstr(error.text,
	                        "the map says lock-free, but while a thread "
	                        "stood in the middle of ") &&
	                strstr(error.text,
	                        " of the others ended for 2 s; 3 times"),
	        "three stops that stick refute a promise, and are enough");
	CHECK(seen.released == 3 && seen.freed == 1 &&
	                played.destroyed == played.created,
	        "nobody is left standing");
	CHECK(!run("lock-free", 0, 2, 0),
	        "two, among others with the same kinds, do not");
	/* the two that stuck, and 25 more of the same two kinds */
	CHECK(seen.stops == 1 + 25 + (STOPS - 1),
	        "though the same kinds are tried a map's worth of times more");
	CHECK(!run("lock-free", 0, 0, 5) && seen.stops == STOPS,
	        "where none sticks none is tried again");
	CHECK(run("wait-free", 0, 3, 10) == -1 && seen.stops == 13 &&
	                strstr(error.text, "says wait-free"),
	        "they may be found after others that did not");
}

/* Of one writer the victim writes, and the others only look. */
static void one_writer(void)
{
	CHECK(run("lock-free", RM_CAP_SINGLE_WRITER, 3, 0) == -1 &&
	                strstr(error.text, ", no lookup of the others ended"),
	        "beside one writer others look up");
}

static void who_is_not_met(void)
{
	seen.misses = 10;
	CHECK(!run("lock-free", 0, 0, 0) && seen.stops == STOPS,
	        "a signal that finds the victim elsewhere is sent again");
	seen.misses = 200;
	CHECK(!run("lock-free", 0, 0, 0) && seen.stops == STOPS - 1 &&
	                strstr(error.text, "each of 26 stops"),
	        "two hundred times at most, and the stop does not count");
	CHECK(!seen.misses, "then comes the next");
}

/* The first calls fill what malloc() keeps for later ones of their sizes. */
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
	        "what a call needs it gives back");
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
