/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_found.c - what each check is there to find, it finds, and says what was
 * wrong: by a map that lies in one way whenever it is asked, so that no chance
 * decides. The same map is not accused where it does not lie.
 */
#include "tests/unit/tap.h"
#include "verify/tests/check/played_map.h"

enum { OPS = 16000, THREADS = 2 };

static struct rm_error error;

static const struct rm_impl impl = { .id = "played",
	.sync = "one lock",
	.shapes = RM_ALL_SHAPES,
	.guarantees = "point-in-time",
	.progress = "blocking",
	.ops = &played_ops };

/* Strings of long values: what is compared is longer than a word. */
static int run(const char *check, const struct rm_impl *of, struct lie lie)
{
	const struct rm_check_case c = { .impl = of,
		.shape = RM_STR16X24,
		.seed = 1,
		.ops = OPS,
		.threads = THREADS };

	play(lie);
	error = (struct rm_error){ "" };
	return rm_check_find(check)->run(&c, &error);
}

static void right_is_not_accused(void)
{
	static const char *const checks[] = { "load", "readers", "exchange",
		"upsert", "owner", "atomic", "growth", "park", "scan" };

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		const int code = run(checks[i], &impl, none);

		if (code)
			printf("# %s\n", error.text);
		CHECK(!code && played.created &&
		                played.destroyed == played.created &&
		                !played.joined && !played.while_parked,
		        checks[i]);
	}
}

/* A lie to any thread, of any key, from the first call on. */
#define LIE(operation, how)                 \
	{                                   \
		operation, how, -1, 0, 0, 0 \
	}

static const struct row {
	const char *check, *name;
	struct lie lie;
	const char *says;
} rows[] = {
	/* load */
	{ "load", "a load that fails", LIE(LOAD, FAILS),
	        "load of 0 keys returned -12" },
	{ "load", "a length that is wrong", LIE(LENGTH, FAILS),
	        "length() is 1 after a load of 0 keys" },
	{ "load", "a key that is not loaded", LIE(LOAD, LOSES),
	        "length() is 0 after a load of 1 keys" },
	{ "load", "a value that is not the one loaded", LIE(LOAD, OTHER),
	        "rank 0 has another value" },
	{ "load", "a key that was not loaded", LIE(LOOKUP, SAYS_YES),
	        "rank 0 of 0 is there" },
	{ "load", "one that was, and is not found", LIE(LOOKUP, SAYS_NO),
	        "rank 0 of 1 is not there" },
	{ "load", "one that cannot be removed", LIE(REMOVE, SAYS_NO),
	        "remove of rank 0 differs" },
	{ "load", "a map that is broken", LIE(CHECKS, FAILS),
	        "the map's own check(): its own words" },
	{ "load", "a map that cannot be made", LIE(CREATE, FAILS),
	        "create() returned NULL for 0 keys" },
	/* readers */
	{ "readers", "a lookup that misses", LIE(LOOKUP, SAYS_NO),
	        " is not there" },
	{ "readers", "one that finds what is not there", LIE(LOOKUP, SAYS_YES),
	        " is there" },
	{ "readers", "another key's value", LIE(LOOKUP, OTHER),
	        " gave the value of rank " },
	{ "readers", "a torn value", LIE(LOOKUP, TORN), " gave a torn value" },
	{ "readers", "a thread that cannot join", { JOIN, FAILS, 1, 0, 0, 0 },
	        "join() returned NULL" },
	/* exchange */
	{ "exchange", "another key's value", LIE(EXCHANGE, OTHER),
	        "exchange of rank " },
	{ "exchange", "a write that is lost", LIE(EXCHANGE, KEEPS),
	        "a write was lost or a value returned twice" },
	{ "exchange", "an insert that is lost", LIE(EXCHANGE, NO_WRITE),
	        "a write was lost" },
	{ "exchange", "a take that says no", LIE(TAKE, SAYS_NO),
	        ", but inserts - removes = " },
	{ "exchange", "one that gives another key's value", LIE(TAKE, OTHER),
	        "take of rank " },
	{ "exchange", "a key that is never removed, and is missed",
	        { LOOKUP, SAYS_NO, -1, 2, 0, 0 }, ", which is never removed" },
	{ "exchange", "a torn value", { LOOKUP, TORN, 1, 2, 0, 0 },
	        "lookup of rank " },
	{ "exchange", "a length that is wrong", LIE(LENGTH, FAILS),
	        "length() is " },
	{ "exchange", "a map that is broken", LIE(CHECKS, FAILS),
	        "the map's own check(): its own words" },
	/* upsert */
	{ "upsert", "an insert that says the key was there",
	        LIE(UPSERT, SAYS_YES), ", but inserts - removes = -" },
	{ "upsert", "a replacement that says it inserted", LIE(UPSERT, SAYS_NO),
	        "a write was lost or doubled; thread 0: " },
	{ "upsert", "a removal that says no", LIE(REMOVE, SAYS_NO),
	        ", but inserts - removes = " },
	{ "upsert", "a removal that is none", LIE(REMOVE, NO_WRITE),
	        "is held 1 times, but inserts - removes = " },
	{ "upsert", "another key's value at the end",
	        { LOOKUP, OTHER, -1, 1, 0, 0 }, "last lookup of rank " },
	/* owner */
	{ "owner", "an insert that says the key was there",
	        LIE(UPSERT, SAYS_YES),
	        "upsert of own rank 0 said present after its remove" },
	{ "owner", "a replacement that says it inserted",
	        { UPSERT, SAYS_NO, -1, 2, 0, 0 },
	        " said absent after its insert" },
	{ "owner", "a removal that says no", LIE(REMOVE, SAYS_NO),
	        " said absent after its insert" },
	{ "owner", "a removal that is none", LIE(REMOVE, NO_WRITE),
	        " is there after its own write" },
	{ "owner", "an insert that is none", LIE(UPSERT, NO_WRITE),
	        " said absent after its insert" },
	{ "owner", "a replacement that is lost", LIE(UPSERT, KEEPS),
	        " does not hold the last value written: a write was lost" },
	{ "owner", "a key that the last lookup misses",
	        { LOOKUP, SAYS_NO, -1, 1, 0, 0 },
	        "own rank 0 is not there after its own write" },
	/* atomic */
	{ "atomic", "two that insert one key", LIE(INSERT, SAYS_NO),
	        "insert_if_absent of rank 0 inserted 2 times" },
	{ "atomic", "a key that nobody inserts", LIE(INSERT, SAYS_YES),
	        "insert_if_absent of rank 0 inserted 0 times" },
	{ "atomic", "another key's value", LIE(INSERT, OTHER),
	        "insert_if_absent of rank " },
	{ "atomic", "an update that says the key was there",
	        LIE(UPDATE, SAYS_YES),
	        "update of rank 0 found it absent 0 times" },
	{ "atomic", "two that find a key absent", LIE(UPDATE, SAYS_NO),
	        "update of rank 0 found it absent 2 times" },
	{ "atomic", "an update that is lost", LIE(UPDATE, KEEPS),
	        "rank 0, which was absent, holds 1 after one update of each "
	        "of 2 threads" },
	{ "atomic", "a swap that is none", LIE(SWAP, NO_WRITE),
	        "counter 0 holds 0 after " },
	{ "atomic", "a swap that says it did nothing", LIE(SWAP, SAYS_NO),
	        " after 0 increments" },
	{ "atomic", "another counter's value", { LOOKUP, OTHER, -1, 2, 0, 0 },
	        "lookup of rank " },
	/* after all rounds of 512 keys, which each of the threads updates */
	{ "atomic", "an increment that is lost",
	        { UPDATE, KEEPS, -1, 0, 2 * 8 * 512, 0 },
	        "counter 0 holds 0 after " },
	{ "atomic", "a map that is broken", LIE(CHECKS, FAILS),
	        "the map's own check(): its own words" },
	/* growth */
	{ "growth", "an insert that says the key was there",
	        LIE(UPSERT, SAYS_YES), "upsert of new rank " },
	{ "growth", "an insert that is lost", LIE(UPSERT, NO_WRITE),
	        ", which this thread inserted" },
	{ "growth", "a key of another thread that is missed",
	        LIE(LOOKUP, NOT_MINE), ", which another thread inserted" },
	{ "growth", "another key's value", LIE(LOOKUP, OTHER),
	        "lookup of rank " },
	{ "growth", "a removal that says no", LIE(REMOVE, SAYS_NO),
	        "remove missed rank " },
	{ "growth", "a removal that is none", LIE(REMOVE, NO_WRITE),
	        "removed rank " },
	/* park */
	{ "park", "a key that is lost", LIE(UPSERT, NO_WRITE),
	        "lookup missed rank 64" },
	{ "park", "another key's value", LIE(LOOKUP, OTHER),
	        "lookup of rank 64 " },
	{ "park", "the last key that is missed",
	        { LOOKUP, SAYS_NO, -1, 0, 0, 6063 },
	        "lookup missed rank 6063" },
	/* scan */
	{ "scan", "a key that is left out", LIE(SCAN, LOSES),
	        "rank 0, which is always there, not at all" },
	{ "scan", "a key that is visited twice", LIE(SCAN, TWICE),
	        "rank 0, which is always there, twice" },
	{ "scan", "another key's value", LIE(SCAN, OTHER),
	        "scan gave a key the value of rank 1" },
	{ "scan", "a torn value", LIE(SCAN, TORN),
	        "scan of rank 0 gave a torn value" },
	{ "scan", "no token", LIE(SCAN, NO_TOKEN),
	        "scan saw 0 tokens, no moment of the map" },
	/* from here on while the map grows: after 300 scans of one thread */
	{ "scan", "a key that is left out while the map grows",
	        { SCAN, LOSES, -1, 0, 300, 0 },
	        "scan visited rank 0 not at all; rank 0 to " },
	{ "scan", "a key that is visited twice while it grows",
	        { SCAN, TWICE, -1, 0, 300, 0 },
	        "scan visited rank 0 twice; rank 0 to " },
	{ "scan", "another key's value while it grows",
	        { SCAN, OTHER, -1, 0, 300, 0 },
	        "scan gave a key the value of rank 1" },
	{ "scan", "a torn value while it grows", { SCAN, TORN, -1, 0, 300, 0 },
	        "scan of rank 0 gave a torn value" },
};

static void wrong_is_found(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = rows + i;
		const int code = run(row->check, &impl, row->lie);
		char name[120];

		snprintf(name, sizeof(name), "%s finds %s", row->check,
		        row->name);
		if (!CHECK(code == -1 && strstr(error.text, row->says) &&
		                    played.destroyed + (row->lie.operation ==
		                                               CREATE) ==
		                            played.created,
		            name))
			printf("# %d, %s\n", code, error.text);
	}
}

/* Of a map whose look-ups may be late. */
static void late_is_not_accused(void)
{
	const struct lie others = LIE(LOOKUP, NOT_MINE),
	                 all = LIE(LOOKUP, SAYS_NO);
	struct rm_impl late = impl;

	late.caps = RM_CAP_STALE;
	CHECK(run("growth", &late, others) == 0,
	        "growth asks a map that may be late for no other's key");
	CHECK(run("growth", &late, all) == -1 &&
	                strstr(error.text, ", which this thread inserted"),
	        "but for a thread's own");
}

int main(void)
{
	printf("# a right map is not accused by:\n");
	right_is_not_accused();
	wrong_is_found();
	late_is_not_accused();
	return DONE();
}
