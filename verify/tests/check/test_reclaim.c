/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_reclaim.c - who holds back what was retired, and what is held when the
 * map is gone: with time that is played, and an allocator that says what this
 * test wants it to.
 */
#include "runner/base/clock.h"

#include <malloc.h>
#include <sched.h>
#include <stdbool.h>

static uint64_t clock_ns;
static unsigned asked;   /* how often the allocator was */
static size_t lent[4];   /* what it says at each time; the last stays */
static size_t mapped[4]; /* and that large blocks have, which is beside it */
static unsigned answers;

static uint64_t played_now(void)
{
	return clock_ns += 1000000;
}

static void played_sleep(uint64_t until_ns)
{
	clock_ns = until_ns;
}

/* Nobody else is waited for; on a busy machine each would take a slice. */
static int played_yield(void)
{
	return 0;
}

static struct mallinfo2 played_info(void)
{
	const unsigned at = asked < answers ? asked : answers - 1;

	asked++;
	return (struct mallinfo2){ .uordblks = lent[at], .hblkhd = mapped[at] };
}

/* The code itself, with these: the library's object is then not linked. */
#define rm_now_ns      played_now
#define rm_sleep_until played_sleep
#define sched_yield    played_yield
#define mallinfo2()    played_info()
#define replace        replace_of_check
#include "verify/check/reclaim.c"
#undef rm_now_ns
#undef rm_sleep_until
#undef sched_yield
#undef mallinfo2
#undef replace

#include "tests/unit/tap.h"
#include "verify/tests/check/played_map.h"

enum { OPS = 40000, THREADS = 2, PATIENCE = PATIENCE_S };

static struct rm_error error;

/* What the map says of itself, at each time it is asked; the last stays. */
static double retired[4], freed[4];
static unsigned stats_asked, stats_answers;

static void stats(void *map, rm_stat_fn *emit, void *context)
{
	const unsigned at =
	        stats_asked < stats_answers ? stats_asked : stats_answers - 1;

	(void)map;
	stats_asked++;
	emit(context, "other", "1", 1e9);
	emit(context, "retired", "1", retired[at]);
	emit(context, "freed", "1", freed[at]);
}

static struct lie lie; /* that the map tells */
static const char *guarantees = "none";

static int run(const char *sync, unsigned caps, bool has_stats)
{
	struct rm_map_ops ops = played_ops;
	const struct rm_impl impl = { .id = "played",
		.sync = sync,
		.caps = caps,
		.guarantees = guarantees,
		.ops = &ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X8,
		.seed = 2,
		.ops = OPS,
		.threads = THREADS };
	int code;

	ops.stats = has_stats ? stats : NULL;
	ops.clear = NULL;
	play(lie);
	clock_ns = 1;
	asked = stats_asked = 0;
	error = (struct rm_error){ "" };
	code = rm_check_reclaim(&c, &error);
	printf("# %d, %s\n", code, error.text);
	return code;
}

/* The allocator says so before and after the lives that count. */
static void holds(size_t before, size_t after)
{
	lent[0] = before;
	lent[1] = after;
	answers = 2;
}

static void lives_are_lived(void)
{
	holds(1000, 1000);
	CHECK(!run("rcu", 0, false) && played.created == 4 &&
	                played.destroyed == 4 && asked == 2,
	        "four maps live, of which the first is for the caches");
	/* the clock of this test is past its end for a real one: a life has
	   what is asked for, and hardly more: 4096 plain writes, then others */
	CHECK(played.most_joined == THREADS &&
	                played.calls[UPSERT] == 4 * THREADS * 4096 &&
	                played.calls[REMOVE] == 4 * THREADS * 4096 / 2 &&
	                played.calls[EXCHANGE] > 0 && played.calls[SWAP] > 0 &&
	                played.calls[INSERT] > 0 && played.calls[UPDATE] > 0 &&
	                played.calls[TAKE] > 0 &&
	                played.calls[COMPARE_REMOVE] > 0,
	        "with all kinds of writes, by all threads");
	/* of each life 10,001 turns: two batches of plain writes, not whole */
	const uint64_t plain = 4 * (4096 + 10001 - 8192);

	CHECK(!run("rcu", RM_CAP_SINGLE_WRITER, false) &&
	                played.most_joined == THREADS &&
	                played.calls[UPSERT] >= plain &&
	                played.calls[UPSERT] < 2 * plain &&
	                played.calls[LOOKUP] >= 4 * THREADS * 10001,
	        "of one writer by one, beside whom the others read");
	for (unsigned i = 0; i < 4; i++)
		if (played.sizings[i].keys != 256 || played.sizings[i].presize)
			error.text[0] = '!';
	CHECK(!error.text[0], "the map is small, and grows");
}

static void who_reads_beside(void)
{
	holds(1000, 1000);
	run("rcu", 0, false);
	CHECK(played.calls[LOOKUP] >= 4 * THREADS * (OPS / 4 / THREADS) &&
	                !played.calls[LENGTH] && !played.calls[SCAN],
	        "beside each write somebody looks a key up");
	guarantees = "point-in-time";
	run("rcu", 0, false);
	CHECK(played.calls[LENGTH] > 0 && played.calls[SCAN] > 0,
	        "and asks for the length and a scan, if these are promised");
	guarantees = "none";
}

static void what_is_held(void)
{
	holds(1000, 1000 + SLACK_BYTES);
	CHECK(!run("rcu", 0, false), "a little is the C library's");
	holds(1000, 1001 + SLACK_BYTES);
	CHECK(run("rcu", 0, false) == -1 &&
	                strstr(error.text,
	                        "16385 bytes are not freed after 3 maps were "
	                        "destroyed, each after at most ") &&
	                strstr(error.text, " writes of each of 2 threads"),
	        "more is what the maps have not freed");
	holds(100000, 50);
	CHECK(!run("rcu", 0, false), "less than before is none of it");
	mapped[1] = 1 + SLACK_BYTES;
	holds(1000, 1000);
	CHECK(run("rcu", 0, false) == -1, "large blocks count");
	mapped[0] = 1;
	CHECK(!run("rcu", 0, false), "those from before do not");
	mapped[0] = mapped[1] = 0;
}

static void late_frees(void)
{
	holds(1000, 90000);
	lent[2] = 90000;
	lent[3] = 1000;
	answers = 4;
	CHECK(!run("rcu", RM_CAP_BACKGROUND, false) && asked == 4,
	        "a map with threads of its own is waited for");
	CHECK(run("rcu", 0, false) == -1, "another is not");
	holds(1000, 90000);
	CHECK(run("rcu", RM_CAP_BACKGROUND, false) == -1 &&
	                clock_ns > PATIENCE * (uint64_t)1000000000 &&
	                clock_ns < (PATIENCE + 2) * (uint64_t)1000000000,
	        "for half a minute");
}

static void counts(double all, double of_them)
{
	retired[0] = all;
	freed[0] = of_them;
	stats_answers = 1;
}

static void what_is_retired(void)
{
	holds(1000, 1000);
	counts(10000, 5000);
	CHECK(!run("rcu", 0, true) && stats_asked == 4,
	        "half of what was retired may be held back");
	counts(10000, 4999);
	CHECK(run("rcu", 0, true) == -1 &&
	                !strcmp(error.text, "all threads have left, and of "
	                                    "10000 retired only 4999 are "
	                                    "freed, but the map does not call "
	                                    "itself leaking") &&
	                clock_ns > PATIENCE * (uint64_t)1000000000 &&
	                played.destroyed == 1,
	        "less freed than that is told, after half a minute");
	CHECK(!run("leaks all", 0, true),
	        "but not of a map that calls itself leaking");
	counts(5000, 0);
	CHECK(!run("rcu", 0, true), "nor of few that were retired");
	counts(5001, 0);
	CHECK(run("rcu", 0, true) == -1, "which ends at 5000");
	counts((double)NAN, (double)NAN);
	CHECK(!run("rcu", 0, true), "nor where nothing is counted");
	counts(10000, 0);
	retired[1] = freed[1] = 10000;
	stats_answers = 2;
	CHECK(!run("rcu", 0, true), "nor where it is freed by and by");
}

static void lives_that_fail(void)
{
	holds(1000, 1000);
	lie = (struct lie){ CREATE, FAILS, -1, 0, 2, 0 };
	CHECK(run("rcu", 0, false) == -1 && played.created == 3 &&
	                strstr(error.text,
	                        "create() returned NULL for 256 keys"),
	        "a map that cannot be made is told, and no other is");
	lie = (struct lie){ JOIN, FAILS, 1, 0, 0, 0 };
	CHECK(run("rcu", 0, true) == -1 && played.created == 1 &&
	                played.destroyed == 1 && !stats_asked &&
	                strstr(error.text, "join() returned NULL"),
	        "so is a thread that cannot join it");
	lie = none;
}

int main(void)
{
	lie = none;
	lives_are_lived();
	who_reads_beside();
	what_is_held();
	late_frees();
	what_is_retired();
	lives_that_fail();
	return DONE();
}
