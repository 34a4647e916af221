/* SPDX-License-Identifier: Apache-2.0 */
/* test_reclaim.c - tests the check `reclaim`: maps that keep retired memory,
 * and memory that remains after destroy(). Clock and allocator are
 * simulated. */
#include "runner/base/clock.h"

#include <malloc.h>
#include <sched.h>
#include <stdbool.h>

static uint64_t clock_ns;
static unsigned info_calls; /* calls of the allocator's statistics */
static size_t allocated[4]; /* results of these calls; the last one repeats */
/* bytes of large blocks, which are counted separately */
static size_t mapped[4];
static unsigned info_results;

static uint64_t mock_now(void)
{
	return clock_ns += 1000000;
}

static void mock_sleep(uint64_t until_ns)
{
	clock_ns = until_ns;
}

/* Does not yield: on a busy machine each yield would cost a time slice. */
static int mock_yield(void)
{
	return 0;
}

static struct mallinfo2 mock_info(void)
{
	const unsigned at =
	        info_calls < info_results ? info_calls : info_results - 1;

	info_calls++;
	return (struct mallinfo2){ .uordblks = allocated[at],
		.hblkhd = mapped[at] };
}

/* Includes the code under test with these replacements, so its object is not
 * linked. */
#define rm_now_ns      mock_now
#define rm_sleep_until mock_sleep
#define sched_yield    mock_yield
#define mallinfo2()    mock_info()
#define replace        replace_of_check
#include "verify/check/reclaim.c"
#undef rm_now_ns
#undef rm_sleep_until
#undef sched_yield
#undef mallinfo2
#undef replace

#include "tests/unit/tap.h"
#include "verify/tests/check/mock_map.h"

enum { OPS = 40000, THREADS = 2, PATIENCE = WAIT_MAX_S };

static struct rm_error error;

/* The counts that the map reports at each call; the last one repeats. */
static double retired[4], freed[4];
static unsigned stats_calls, stats_results;

static void stats(void *map, rm_stat_fn *emit, void *context)
{
	const unsigned at =
	        stats_calls < stats_results ? stats_calls : stats_results - 1;

	(void)map;
	stats_calls++;
	emit(context, "other", "1", 1e9);
	emit(context, "retired", "1", retired[at]);
	emit(context, "freed", "1", freed[at]);
}

static struct fault fault; /* the fault of the map */
static const char *guarantees = "none";

static int run(const char *sync, unsigned caps, bool has_stats)
{
	struct rm_map_ops ops = mock_ops;
	const struct rm_impl impl = { .id = "mock",
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
	reset_mock(fault);
	clock_ns = 1;
	info_calls = stats_calls = 0;
	error = (struct rm_error){ "" };
	code = rm_check_reclaim(&c, &error);
	printf("# %d, %s\n", code, error.text);
	return code;
}

/* Sets the allocator's results before and after the maps that are measured. */
static void set_allocated(size_t before, size_t after)
{
	allocated[0] = before;
	allocated[1] = after;
	info_results = 2;
}

static void lives_are_lived(void)
{
	set_allocated(1000, 1000);
	CHECK(!run("rcu", 0, false) && mock.created == 4 &&
	                mock.destroyed == 4 && info_calls == 2,
	        "four maps are used; the first only fills caches");
	/* The simulated time is over from the start, so each map gets the
	 * required operations and few more: 4096 plain writes, then other
	 * writes. */
	CHECK(mock.joined_max == THREADS &&
	                mock.calls[UPSERT] == 4 * THREADS * 4096 &&
	                mock.calls[REMOVE] == 4 * THREADS * 4096 / 2 &&
	                mock.calls[EXCHANGE] > 0 && mock.calls[SWAP] > 0 &&
	                mock.calls[INSERT] > 0 && mock.calls[UPDATE] > 0 &&
	                mock.calls[TAKE] > 0 && mock.calls[COMPARE_REMOVE] > 0,
	        "all threads run all kinds of writes");
	/* per map 10,001 iterations: two incomplete batches of plain writes */
	const uint64_t plain = 4 * (4096 + 10001 - 8192);

	CHECK(!run("rcu", RM_CAP_SINGLE_WRITER, false) &&
	                mock.joined_max == THREADS &&
	                mock.calls[UPSERT] >= plain &&
	                mock.calls[UPSERT] < 2 * plain &&
	                mock.calls[LOOKUP] >= 4 * THREADS * 10001,
	        "with one writer, one thread writes and the others read");
	for (unsigned i = 0; i < 4; i++)
		if (mock.sizings[i].keys != 256 || mock.sizings[i].presize)
			error.text[0] = '!';
	CHECK(!error.text[0], "the map is small and grows");
}

static void readers_run(void)
{
	set_allocated(1000, 1000);
	run("rcu", 0, false);
	CHECK(mock.calls[LOOKUP] >= 4 * THREADS * (OPS / 4 / THREADS) &&
	                !mock.calls[LENGTH] && !mock.calls[SCAN],
	        "lookups run during the writes");
	guarantees = "point-in-time";
	run("rcu", 0, false);
	CHECK(mock.calls[LENGTH] > 0 && mock.calls[SCAN] > 0,
	        "length and scan run during the writes, if the map guarantees "
	        "them");
	guarantees = "none";
}

static void what_is_held(void)
{
	set_allocated(1000, 1000 + SLACK_BYTES);
	CHECK(!run("rcu", 0, false), "a small difference is accepted");
	set_allocated(1000, 1001 + SLACK_BYTES);
	CHECK(run("rcu", 0, false) == -1 &&
	                strstr(error.text, "16385 bytes are still allocated "
	                                   "after 3 maps were "
	                                   "destroyed, each after at most ") &&
	                strstr(error.text, " writes by each of 2 threads"),
	        "a difference above 16 KiB is a leak of the maps");
	set_allocated(100000, 50);
	CHECK(!run("rcu", 0, false), "less memory than before passes");
	mapped[1] = 1 + SLACK_BYTES;
	set_allocated(1000, 1000);
	CHECK(run("rcu", 0, false) == -1, "large blocks count");
	mapped[0] = 1;
	CHECK(!run("rcu", 0, false),
	        "large blocks that were allocated before do not count");
	mapped[0] = mapped[1] = 0;
}

static void late_frees(void)
{
	set_allocated(1000, 90000);
	allocated[2] = 90000;
	allocated[3] = 1000;
	info_results = 4;
	CHECK(!run("rcu", RM_CAP_BACKGROUND, false) && info_calls == 4,
	        "the check waits for maps with background threads");
	CHECK(run("rcu", 0, false) == -1,
	        "the check does not wait for maps without background threads");
	set_allocated(1000, 90000);
	CHECK(run("rcu", RM_CAP_BACKGROUND, false) == -1 &&
	                clock_ns > PATIENCE * (uint64_t)1000000000 &&
	                clock_ns < (PATIENCE + 2) * (uint64_t)1000000000,
	        "the check waits for half a minute");
}

static void counts(double all, double of_them)
{
	retired[0] = all;
	freed[0] = of_them;
	stats_results = 1;
}

static void what_is_retired(void)
{
	set_allocated(1000, 1000);
	counts(40000, 20000);
	CHECK(!run("rcu", 0, true) && stats_calls == 4,
	        "half of the retired objects may be unfreed");
	counts(40000, 19999);
	CHECK(run("rcu", 0, true) == -1 &&
	                !strcmp(error.text,
	                        "all threads have left, but of "
	                        "40000 retired objects only 19999 are "
	                        "freed, and the map does not "
	                        "declare a leak") &&
	                clock_ns > PATIENCE * (uint64_t)1000000000 &&
	                mock.destroyed == 1,
	        "more unfreed objects fail after half a minute");
	CHECK(!run("leaks all", 0, true),
	        "unfreed objects pass if the map declares a leak");
	counts(16384, 0);
	CHECK(!run("rcu", 0, true) &&
	                mock.sizings[0].retired_limit_bytes == 65536,
	        "each thread may keep the limit in objects of 8 bytes");
	counts(16385, 0);
	CHECK(run("rcu", 0, true) == -1, "a thread may not keep more than the "
	                                 "limit");
	counts((double)NAN, (double)NAN);
	CHECK(!run("rcu", 0, true), "without counts the check passes");
	counts(40000, 0);
	retired[1] = freed[1] = 40000;
	stats_results = 2;
	CHECK(!run("rcu", 0, true),
	        "the check passes if objects are freed while it waits");
}

static void lives_that_fail(void)
{
	set_allocated(1000, 1000);
	fault = (struct fault){ CREATE, FAILING, -1, 0, 2, 0 };
	CHECK(run("rcu", 0, false) == -1 && mock.created == 3 &&
	                strstr(error.text,
	                        "create() returned NULL for 256 keys"),
	        "a map that cannot be created ends the check");
	fault = (struct fault){ JOIN, FAILING, 1, 0, 0, 0 };
	CHECK(run("rcu", 0, true) == -1 && mock.created == 1 &&
	                mock.destroyed == 1 && !stats_calls &&
	                strstr(error.text, "join() returned NULL"),
	        "a thread that cannot join ends the check");
	fault = none;
}

int main(void)
{
	fault = none;
	lives_are_lived();
	readers_run();
	what_is_held();
	late_frees();
	what_is_retired();
	lives_that_fail();
	return DONE();
}
