/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_faults.c - each check finds the faults for which it was written,
 * and its message names them. The mock map has one fault in every call, so the
 * result does not depend on chance. Without a fault the check passes. */
#include "tests/unit/tap.h"
#include "verify/tests/check/mock_map.h"

enum { OPS = 16000, THREADS = 2 };

static struct rm_error error;

static const struct rm_impl impl = { .id = "mock",
	.sync = "one lock",
	.shapes = RM_ALL_SHAPES,
	.guarantees = "point-in-time",
	.progress = "blocking",
	.ops = &mock_ops };

/* Strings and long values, so that comparisons exceed one word. */
static int run(const char *check, const struct rm_impl *map, struct fault fault)
{
	const struct rm_check_case c = { .impl = map,
		.shape = RM_STR16X24,
		.seed = 1,
		.ops = OPS,
		.threads = THREADS };

	reset_mock(fault);
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
		CHECK(!code && mock.created && mock.destroyed == mock.created &&
		                !mock.joined && !mock.parked_calls,
		        checks[i]);
	}
}

/* A fault that affects all threads and keys, from the first call on. */
#define FAULT(operation, kind)               \
	{                                    \
		operation, kind, -1, 0, 0, 0 \
	}

static const struct row {
	const char *check, *name;
	struct fault fault;
	const char *expected;
} rows[] = {
	/* load */
	{ "load", "a failing load", FAULT(LOAD, FAILING),
	        "load of 0 keys returned -12" },
	{ "load", "a wrong length", FAULT(LENGTH, FAILING),
	        "length() is 1 after a load of 0 keys" },
	{ "load", "a key that was not loaded", FAULT(LOAD, OMITS),
	        "length() is 0 after a load of 1 keys" },
	{ "load", "a value other than the loaded one", FAULT(LOAD, OTHER_KEY),
	        "rank 0 has a wrong value" },
	{ "load", "an unknown key that is found", FAULT(LOOKUP, PRESENT),
	        "rank 0 of 0 is there" },
	{ "load", "a loaded key that is not found", FAULT(LOOKUP, ABSENT),
	        "rank 0 of 1 is not there" },
	{ "load", "a key that cannot be removed", FAULT(REMOVE, ABSENT),
	        "remove of rank 0 returned the opposite of lookup" },
	{ "load", "a broken map", FAULT(CHECKS, FAILING),
	        "the map's own check(): reason of the map" },
	{ "load", "a map that cannot be created", FAULT(CREATE, FAILING),
	        "create() returned NULL for 0 keys" },
	/* readers */
	{ "readers", "a missed key", FAULT(LOOKUP, ABSENT), " is not there" },
	{ "readers", "a key that was never inserted", FAULT(LOOKUP, PRESENT),
	        " is there" },
	{ "readers", "another key's value", FAULT(LOOKUP, OTHER_KEY),
	        " returned the value of rank " },
	{ "readers", "a torn value", FAULT(LOOKUP, TORN),
	        " returned a torn value" },
	{ "readers", "a thread that cannot join", { JOIN, FAILING, 1, 0, 0, 0 },
	        "join() returned NULL" },
	/* exchange */
	{ "exchange", "another key's value", FAULT(EXCHANGE, OTHER_KEY),
	        "exchange of rank " },
	{ "exchange", "a lost write", FAULT(EXCHANGE, NO_REPLACE),
	        "a write was lost, or a value was returned twice" },
	{ "exchange", "a lost insert", FAULT(EXCHANGE, NO_WRITE),
	        "a write was lost" },
	{ "exchange", "a take that returns false", FAULT(TAKE, ABSENT),
	        ", but inserts - removes = " },
	{ "exchange", "a take of another key's value", FAULT(TAKE, OTHER_KEY),
	        "take of rank " },
	{ "exchange", "a missed key that is never removed",
	        { LOOKUP, ABSENT, -1, 2, 0, 0 }, ", which is never removed" },
	{ "exchange", "a torn value", { LOOKUP, TORN, 1, 2, 0, 0 },
	        "lookup of rank " },
	{ "exchange", "a wrong length", FAULT(LENGTH, FAILING),
	        "length() is " },
	{ "exchange", "a broken map", FAULT(CHECKS, FAILING),
	        "the map's own check(): reason of the map" },
	/* upsert */
	{ "upsert", "an insert that returns present", FAULT(UPSERT, PRESENT),
	        ", but inserts - removes = -" },
	{ "upsert", "a replacement that returns absent", FAULT(UPSERT, ABSENT),
	        "a write was lost or doubled; thread 0: " },
	{ "upsert", "a removal that returns absent", FAULT(REMOVE, ABSENT),
	        ", but inserts - removes = " },
	{ "upsert", "a removal without effect", FAULT(REMOVE, NO_WRITE),
	        "is present 1 times, but inserts - removes = " },
	{ "upsert", "another key's value at the end",
	        { LOOKUP, OTHER_KEY, -1, 1, 0, 0 }, "last lookup of rank " },
	/* owner */
	{ "owner", "an insert that returns present", FAULT(UPSERT, PRESENT),
	        "upsert of own rank 0 returned present after its remove" },
	{ "owner", "a replacement that returns absent",
	        { UPSERT, ABSENT, -1, 2, 0, 0 },
	        " returned absent after its insert" },
	{ "owner", "a removal that returns absent", FAULT(REMOVE, ABSENT),
	        " returned absent after its insert" },
	{ "owner", "a removal without effect", FAULT(REMOVE, NO_WRITE),
	        " is there after its own write" },
	{ "owner", "an insert without effect", FAULT(UPSERT, NO_WRITE),
	        " returned absent after its insert" },
	{ "owner", "a lost replacement", FAULT(UPSERT, NO_REPLACE),
	        " does not hold the last value written: a write was lost" },
	{ "owner", "a key missed by the last lookup",
	        { LOOKUP, ABSENT, -1, 1, 0, 0 },
	        "own rank 0 is not there after its own write" },
	/* atomic */
	{ "atomic", "two inserts of one key", FAULT(INSERT, ABSENT),
	        "insert_if_absent of rank 0 inserted 2 times" },
	{ "atomic", "a key that no thread inserts", FAULT(INSERT, PRESENT),
	        "insert_if_absent of rank 0 inserted 0 times" },
	{ "atomic", "another key's value", FAULT(INSERT, OTHER_KEY),
	        "insert_if_absent of rank " },
	{ "atomic", "an update that returns present", FAULT(UPDATE, PRESENT),
	        "update of rank 0 found it absent 0 times" },
	{ "atomic", "two updates that find a key absent", FAULT(UPDATE, ABSENT),
	        "update of rank 0 found it absent 2 times" },
	{ "atomic", "a lost update", FAULT(UPDATE, NO_REPLACE),
	        "rank 0 was absent, but holds 1 after one update by each "
	        "of 2 threads" },
	{ "atomic", "a swap without effect", FAULT(SWAP, NO_WRITE),
	        "counter 0 holds 0 after " },
	{ "atomic", "a swap that returns false", FAULT(SWAP, ABSENT),
	        " after 0 increments" },
	{ "atomic", "another counter's value",
	        { LOOKUP, OTHER_KEY, -1, 2, 0, 0 }, "lookup of rank " },
	/* after all rounds of 512 keys, which each thread updates */
	{ "atomic", "a lost increment",
	        { UPDATE, NO_REPLACE, -1, 0, 2 * 8 * 512, 0 },
	        "counter 0 holds 0 after " },
	{ "atomic", "a broken map", FAULT(CHECKS, FAILING),
	        "the map's own check(): reason of the map" },
	/* growth */
	{ "growth", "an insert that returns present", FAULT(UPSERT, PRESENT),
	        "upsert of new rank " },
	{ "growth", "a lost insert", FAULT(UPSERT, NO_WRITE),
	        ", which this thread inserted" },
	{ "growth", "a missed key of another thread",
	        FAULT(LOOKUP, ABSENT_OTHERS),
	        ", which another thread inserted" },
	{ "growth", "another key's value", FAULT(LOOKUP, OTHER_KEY),
	        "lookup of rank " },
	{ "growth", "a removal that returns absent", FAULT(REMOVE, ABSENT),
	        "remove missed rank " },
	{ "growth", "a removal without effect", FAULT(REMOVE, NO_WRITE),
	        "removed rank " },
	/* park */
	{ "park", "a lost key", FAULT(UPSERT, NO_WRITE),
	        "lookup missed rank 64" },
	{ "park", "another key's value", FAULT(LOOKUP, OTHER_KEY),
	        "lookup of rank 64 " },
	{ "park", "a miss of the last key", { LOOKUP, ABSENT, -1, 0, 0, 6063 },
	        "lookup missed rank 6063" },
	/* scan */
	{ "scan", "an omitted key", FAULT(SCAN, OMITS),
	        "rank 0, which is always present, not at all" },
	{ "scan", "a key visited twice", FAULT(SCAN, TWICE),
	        "rank 0, which is always present, twice" },
	{ "scan", "another key's value", FAULT(SCAN, OTHER_KEY),
	        "scan returned the value of rank 1 for another key" },
	{ "scan", "a torn value", FAULT(SCAN, TORN),
	        "scan of rank 0 returned a torn value" },
	{ "scan", "a scan without a token", FAULT(SCAN, NO_TOKEN),
	        "scan yielded 0 tokens, which is possible at no moment" },
	/* the following scans are of a growing map, after 300 scans of one
	 * thread */
	{ "scan", "an omitted key while the map grows",
	        { SCAN, OMITS, -1, 0, 300, 0 },
	        "scan visited rank 0 not at all; ranks 0 to " },
	{ "scan", "a key visited twice while it grows",
	        { SCAN, TWICE, -1, 0, 300, 0 },
	        "scan visited rank 0 twice; ranks 0 to " },
	{ "scan", "another key's value while it grows",
	        { SCAN, OTHER_KEY, -1, 0, 300, 0 },
	        "scan returned the value of rank 1 for another key" },
	{ "scan", "a torn value while it grows", { SCAN, TORN, -1, 0, 300, 0 },
	        "scan of rank 0 returned a torn value" },
};

static void wrong_is_found(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = rows + i;
		const int code = run(row->check, &impl, row->fault);
		char name[120];

		snprintf(name, sizeof(name), "%s finds %s", row->check,
		        row->name);
		if (!CHECK(code == -1 && strstr(error.text, row->expected) &&
		                    mock.destroyed + (row->fault.operation ==
		                                             CREATE) ==
		                            mock.created,
		            name))
			printf("# %d, %s\n", code, error.text);
	}
}

/* A map whose lookups may return old values. */
static void late_is_not_accused(void)
{
	const struct fault others = FAULT(LOOKUP, ABSENT_OTHERS),
	                   all = FAULT(LOOKUP, ABSENT);
	struct rm_impl late = impl;

	late.caps = RM_CAP_STALE;
	CHECK(run("growth", &late, others) == 0,
	        "`growth` does not require keys of other threads of a late "
	        "map");
	CHECK(run("growth", &late, all) == -1 &&
	                strstr(error.text, ", which this thread inserted"),
	        "`growth` requires a thread's own keys of a map with late "
	        "lookups");
}

int main(void)
{
	printf("# a correct map passes these checks:\n");
	right_is_not_accused();
	wrong_is_found();
	late_is_not_accused();
	return DONE();
}
