/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_histories_found.c - recorded histories of a map that lies are no right
 * map's, and are found at once or after thousands that were right; whether rare
 * orders of real maps are met is not for this file.
 */
#include "tests/unit/tap.h"
#include "verify/tests/check/played_map.h"

enum { OPS = 400000, MANY = 2000 /* calls, several maps long */ };

static struct rm_error error;

static int run(unsigned caps, struct lie lie)
{
	const struct rm_impl impl = { .id = "played",
		.caps = caps,
		.guarantees = "point-in-time",
		.ops = &played_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X24,
		.seed = 17,
		.ops = OPS,
		.threads = 2 };
	int code;

	play(lie);
	error = (struct rm_error){ "" };
	code = rm_check_histories(&c, &error);
	printf("# %d, %u maps, %llu lookups: %.200s\n", code, played.created,
	        (unsigned long long)played.calls[LOOKUP], error.text);
	return code;
}

static bool found(enum operation operation, enum how how, uint64_t after)
{
	return run(0, (struct lie){ operation, how, -1, 2, after, 0 }) == -1 &&
	       played.created == played.destroyed &&
	       played.calls[operation] > after;
}

int main(void)
{
	CHECK(!run(0, none) && played.created > 3 &&
	                strstr(error.text, " 0 undecided; stamps: "),
	        "a right map's histories are right, on several maps");
	CHECK(!run(RM_CAP_SINGLE_WRITER, none) && played.writers == 1 &&
	                played.readers == 3,
	        "of one writer one writes");
	CHECK(found(LOOKUP, SAYS_NO, 0), "lookups that miss");
	CHECK(found(LOOKUP, SAYS_NO, MANY), "also after many that did not");
	CHECK(found(UPSERT, NO_WRITE, 0), "upserts that write nothing");
	CHECK(found(TAKE, KEEPS, 0), "a take that leaves what it took");
	CHECK(found(SWAP, NO_WRITE, 0), "a compare_swap that does nothing");
	CHECK(found(COMPARE_REMOVE, SAYS_NO, 0), "a removal that says no");
	CHECK(found(UPDATE, NO_WRITE, 0), "an update that does nothing");
	CHECK(found(INSERT, SAYS_NO, 0), "an insert that replaced nothing");
	CHECK(found(LENGTH, FAILS, 0), "a length that is no moment's");
	CHECK(found(SCAN, TORN, 0), "a scan of torn values");
	return DONE();
}
