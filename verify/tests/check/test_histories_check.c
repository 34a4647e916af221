/* SPDX-License-Identifier: Apache-2.0 */
/* test_histories_check.c - tests that recorded histories show each fault of the
 * mock map, both from the first call on and after thousands of correct calls.
 * It does not test whether the machine produces rare interleavings of real
 * maps. */
#include "tests/unit/tap.h"
#include "verify/tests/check/mock_map.h"

enum {
	OPS = 400000,
	MANY = 2000 /* number of calls, for which several maps are used */
};

static struct rm_error error;

static int run(unsigned caps, struct fault fault)
{
	const struct rm_impl impl = { .id = "mock",
		.caps = caps,
		.guarantees = "point-in-time",
		.ops = &mock_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X24,
		.seed = 17,
		.ops = OPS,
		.threads = 2 };
	int code;

	reset_mock(fault);
	error = (struct rm_error){ "" };
	code = rm_check_histories(&c, &error);
	printf("# %d, %u maps, %llu lookups: %.200s\n", code, mock.created,
	        (unsigned long long)mock.calls[LOOKUP], error.text);
	return code;
}

static bool found(
        enum operation operation, enum fault_kind kind, uint64_t after)
{
	return run(0, (struct fault){ operation, kind, -1, 2, after, 0 }) ==
	               -1 &&
	       mock.created == mock.destroyed && mock.calls[operation] > after;
}

int main(void)
{
	CHECK(!run(0, none) && mock.created > 3 &&
	                strstr(error.text, " 0 undecided; stamps: "),
	        "histories of a correct map pass, on several maps");
	CHECK(!run(RM_CAP_SINGLE_WRITER, none) && mock.writers == 1 &&
	                mock.readers == 3,
	        "if a map allows one writer, only one thread writes");
	CHECK(found(LOOKUP, ABSENT, 0), "lookups that miss are found");
	CHECK(found(LOOKUP, ABSENT, MANY),
	        "lookups that miss after many correct ones are found");
	CHECK(found(UPSERT, NO_WRITE, 0),
	        "upserts that write nothing are found");
	CHECK(found(TAKE, NO_REPLACE, 0),
	        "a take that leaves the value that it returned is found");
	CHECK(found(SWAP, NO_WRITE, 0),
	        "a compare_swap that does nothing is found");
	CHECK(found(COMPARE_REMOVE, ABSENT, 0),
	        "a removal that returns false is found");
	CHECK(found(UPDATE, NO_WRITE, 0),
	        "an update that does nothing is found");
	CHECK(found(INSERT, ABSENT, 0),
	        "an insert_if_absent that returns absent is found");
	CHECK(found(LENGTH, FAILING, 0),
	        "a length that the map never had is found");
	CHECK(found(SCAN, TORN, 0), "a scan of torn values is found");
	return DONE();
}
