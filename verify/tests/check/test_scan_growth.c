/* SPDX-License-Identifier: Apache-2.0 */
/* test_scan_growth.c - tests scans that wait at an entry until the map has
 * doubled, and the rules for them. Time is simulated. It stands still while a
 * scan lets other threads write, so that no scan times out on a loaded machine.
 * If the scan blocks writers, each wait advances the time. */
#include "runner/base/clock.h"

#include <sched.h>
#include <stdbool.h>

static uint64_t now_ns = 1; /* clock of the only scanning thread */
static unsigned waits;
static bool time_passes;

static uint64_t mock_now(void)
{
	return now_ns;
}

static void mock_sleep(uint64_t until_ns)
{
	waits++;
	if (time_passes)
		now_ns = until_ns;
	else
		sched_yield();
}

/* Includes the code under test with these replacements, so its object is not
 * linked. */
#define rm_now_ns      mock_now
#define rm_sleep_until mock_sleep
#include "verify/check/scan_growth.c"
#undef rm_now_ns
#undef rm_sleep_until

#include "tests/unit/tap.h"
#include "verify/tests/check/mock_map.h"

static struct rm_error error;

static int run(const char *guarantees, unsigned caps, uint64_t ops,
        unsigned threads, struct fault fault)
{
	const struct rm_impl impl = { .id = "mock",
		.caps = caps,
		.guarantees = guarantees,
		.ops = &mock_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X24,
		.seed = 4,
		.ops = ops,
		.threads = threads };
	int code;

	reset_mock(fault);
	waits = 0;
	error = (struct rm_error){ "" };
	code = rm_check_scan_growth(&c, &error);
	printf("# %d, %s\n", code, error.text);
	return code;
}

static const struct fault gap = { SCAN, OMITS_NEXT, -1, 0, 0, 0 };
static const struct fault old = { SCAN, OMITS_NEW, -1, 0, 0, 0 };

static void open_scans(void)
{
	char expected[100];

	mock.scan_unlocks = true;
	time_passes = false;
	CHECK(!run("point-in-time", 0, 100000, 2, none),
	        "a map whose keys appear in order passes");
	snprintf(expected, sizeof(expected),
	        "the map doubled during %u of %u scans", 4 * mock.created,
	        4 * mock.created);
	CHECK(!strcmp(error.text, expected) && waits,
	        "the map doubles during each of four scans");
	CHECK(!run("once-if-present", 0, 100000, 2, gap),
	        "a key inserted during a scan may be omitted");
	CHECK(run("point-in-time", 0, 100000, 2, gap) == -1 &&
	                strstr(error.text, "which was inserted before it; the "
	                                   "map never had this content"),
	        "a point-in-time map must not omit an inserted key and visit "
	        "the next one");
	CHECK(run("once-if-present", 0, 100000, 2, old) == -1 &&
	                strstr(error.text, " not at all; ranks 0 to "),
	        "a key inserted before a scan must be visited");
	CHECK(!run("once-if-present", RM_CAP_STALE, 100000, 2, old),
	        "a key inserted before a scan may be omitted if lookups may be "
	        "late");
}

/* Sizes are powers of two. */
static void sizes(void)
{
	size_t least = SIZE_MAX, greatest = 0, sum = 0;

	run("once-if-present", 0, 200000, 2, none);
	for (unsigned i = 0; i < mock.created && i < SIZINGS; i++) {
		const size_t keys = mock.sizings[i].keys;

		sum += keys;
		least = keys < least ? keys : least;
		greatest = keys > greatest ? keys : greatest;
	}
	CHECK(least == 16 && greatest == 16 * 1024,
	        "maps begin with 1 to 1024 keys, and grow to sixteen times as "
	        "many");
	CHECK(mock.created <= SIZINGS && sum >= 200000 &&
	                sum < 200000 + 16 * 1024 && mock.calls[UPSERT] == sum,
	        "enough maps are created to use the operations");
	run("once-if-present", RM_CAP_SLOW_WRITES, 200000, 2, none);
	greatest = 0;
	for (unsigned i = 0; i < SIZINGS; i++)
		greatest = mock.sizings[i].keys > greatest
		                   ? mock.sizings[i].keys
		                   : greatest;
	CHECK(greatest == 16 * 32,
	        "at most 32 maps are created if writes are slow");
	CHECK(!run("once-if-present", 0, 100000, 1, none) && !mock.created,
	        "with one thread no map is created");
}

/* A scan that checks every 20 us gives up after 20 ms without inserts. */
static void closed_scans(void)
{
	mock.scan_unlocks = false;
	time_passes = true;
	CHECK(!run("point-in-time", 0, 200000, 2, none),
	        "a map whose scans block writers passes");
	printf("# %u waits, %u scans\n", waits, 4 * mock.created);
	/* A key that was inserted just before the scan may look like growth,
	 * which resets the count of timeouts. */
	CHECK(waits >= 8 * 999 && waits < 4 * mock.created * 999 / 2,
	        "scans time out, and soon no longer wait");
}

int main(void)
{
	open_scans();
	sizes();
	closed_scans();
	return DONE();
}
