/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_scan_growth.c - scans that stand at an entry until the map has doubled,
 * and what they are held to. Time is played: it stands still where the scan of
 * this test's map lets others write, so that no load makes a scan give up; and
 * it passes with each wait where it keeps them out.
 */
#include "runner/base/clock.h"

#include <sched.h>
#include <stdbool.h>

static uint64_t now_ns = 1; /* of the one thread that scans */
static unsigned waits;
static bool time_passes;

static uint64_t played_now(void)
{
	return now_ns;
}

static void played_sleep(uint64_t until_ns)
{
	waits++;
	if (time_passes)
		now_ns = until_ns;
	else
		sched_yield();
}

/* The code itself, with these: the library's object is then not linked. */
#define rm_now_ns      played_now
#define rm_sleep_until played_sleep
#define play           scan_or_write /* the played map has the name */
#include "verify/check/scan_growth.c"
#undef rm_now_ns
#undef rm_sleep_until
#undef play

#include "tests/unit/tap.h"
#include "verify/tests/check/played_map.h"

static struct rm_error error;

static int run(const char *guarantees, unsigned caps, uint64_t ops,
        unsigned threads, struct lie lie)
{
	const struct rm_impl impl = { .id = "played",
		.caps = caps,
		.guarantees = guarantees,
		.ops = &played_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X24,
		.seed = 4,
		.ops = ops,
		.threads = threads };
	int code;

	play(lie);
	waits = 0;
	error = (struct rm_error){ "" };
	code = rm_check_scan_growth(&c, &error);
	printf("# %d, %s\n", code, error.text);
	return code;
}

static const struct lie gap = { SCAN, GAP, -1, 0, 0, 0 };
static const struct lie old = { SCAN, OLD, -1, 0, 0, 0 };

static void open_scans(void)
{
	char said[100];

	played.scan_is_open = true;
	time_passes = false;
	CHECK(!run("point-in-time", 0, 100000, 2, none),
	        "a map whose keys come in order is not accused");
	snprintf(said, sizeof(said), "the map doubled during %u of %u scans",
	        4 * played.created, 4 * played.created);
	CHECK(!strcmp(error.text, said) && waits,
	        "it doubles during each of four scans");
	CHECK(!run("once-if-present", 0, 100000, 2, gap),
	        "a key that comes while a scan runs may be left out");
	CHECK(run("point-in-time", 0, 100000, 2, gap) == -1 &&
	                strstr(error.text, "which was there before it: no "
	                                   "moment of the map"),
	        "but not where the next is visited that came after it, by a "
	        "map that promises a moment");
	CHECK(run("once-if-present", 0, 100000, 2, old) == -1 &&
	                strstr(error.text, " not at all; rank 0 to "),
	        "a key that came before a scan is owed by it");
	CHECK(!run("once-if-present", RM_CAP_STALE, 100000, 2, old),
	        "unless lookups may be late");
}

/* Powers of two: how many keys a map begins with. */
static void sizes(void)
{
	size_t least = SIZE_MAX, greatest = 0, sum = 0;

	run("once-if-present", 0, 200000, 2, none);
	for (unsigned i = 0; i < played.created && i < SIZINGS; i++) {
		const size_t keys = played.sizings[i].keys;

		sum += keys;
		least = keys < least ? keys : least;
		greatest = keys > greatest ? keys : greatest;
	}
	CHECK(least == 16 && greatest == 16 * 1024,
	        "maps begin with 1 to 1024 keys, and hold sixteen times as "
	        "many");
	CHECK(played.created <= SIZINGS && sum >= 200000 &&
	                sum < 200000 + 16 * 1024 && played.calls[UPSERT] == sum,
	        "as many are made as make up the operations, and filled");
	run("once-if-present", RM_CAP_SLOW_WRITES, 200000, 2, none);
	greatest = 0;
	for (unsigned i = 0; i < SIZINGS; i++)
		greatest = played.sizings[i].keys > greatest
		                   ? played.sizings[i].keys
		                   : greatest;
	CHECK(greatest == 16 * 32, "with 32 at most where writes are slow");
	CHECK(!run("once-if-present", 0, 100000, 1, none) && !played.created,
	        "one thread alone has nothing to scan beside");
}

/* Who waits 20 us a time gives up after 20 ms of nothing. */
static void closed_scans(void)
{
	played.scan_is_open = false;
	time_passes = true;
	CHECK(!run("point-in-time", 0, 200000, 2, none),
	        "a map that keeps writers out while it is scanned is right");
	printf("# %u waits, %u scans\n", waits, 4 * played.created);
	/* a key that was inserted before the scan and is told of in it may be
	   all that it waits for: the row of eight begins again */
	CHECK(waits >= 8 * 999 && waits < 4 * played.created * 999 / 2,
	        "its scans stand for nothing, and soon stand no more");
}

int main(void)
{
	open_scans();
	sizes();
	closed_scans();
	return DONE();
}
