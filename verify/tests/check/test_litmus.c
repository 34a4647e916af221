/* SPDX-License-Identifier: Apache-2.0 */
/* test_litmus.c - tests that each litmus loop finds the fault that it looks for.
 * The mock map commits this fault in every call. It does not test whether the machine produces rare
 * interleavings of real maps. */
#include "tests/unit/tap.h"
#include "verify/tests/check/mock_map.h"

enum {
	OPS = 4000,
	ROUNDS = OPS / 20 + 1,
	BEYOND = 8 /* only growth uses more keys */
};

static struct rm_error error;
static struct rm_map_ops ops;

static int run(unsigned caps, struct rm_shape shape, uint64_t count,
        struct fault fault, uint64_t late_writes)
{
	const struct rm_impl impl = {
		.id = "mock", .caps = caps, .guarantees = "none", .ops = &ops
	};
	const struct rm_check_case c = { .impl = &impl,
		.shape = shape,
		.seed = 9,
		.ops = count,
		.threads = 2 };

	reset_mock(fault);
	mock.late_slot = 1;
	mock.late_writes = late_writes;
	error = (struct rm_error){ "" };
	return rm_check_litmus(&c, &error);
}

static bool found(unsigned caps, struct fault fault, const char *expected)
{
	const int code = run(caps, RM_U64X24, OPS, fault, 0);

	printf("# %s\n", error.text);
	return code == -1 && strstr(error.text, expected) &&
	       mock.created == mock.destroyed;
}

/* Loops of each batch; the last loop needs one map per thousand rounds. */
static void loops_are_run(void)
{
	CHECK(!run(0, RM_U64X24, OPS, none, 0) && mock.created == 5 &&
	                mock.joined_max == 2,
	        "a correct map gets five loops of two threads");
	/* Upserts of the first four loops, per round: 2, 2, 1.5 and 1; three of
	 * them also make two before they start. The fifth loop is the one of
	 * growth. */
	CHECK(mock.calls[UPSERT] == 2 * ROUNDS + 2 + 2 * ROUNDS + 2 + ROUNDS +
	                                    (ROUNDS + 1) / 2 + 2 + ROUNDS +
	                                    1000 + 500,
	        "each loop runs as many rounds as the operations allow");
	CHECK(!run(0, RM_U64X8, OPS, none, 0) && mock.created == 4,
	        "with values of one word the loop for torn values is skipped");
	CHECK(!run(RM_CAP_SINGLE_WRITER, RM_U64X24, OPS, none, 0) &&
	                mock.created == 3 && mock.writers == 1,
	        "two loops need two writers");
	CHECK(!run(0, RM_U64X8, 50000, none, 0) &&
	                mock.created == 3 + (50000 / 20 + 1 + 999) / 1000,
	        "the loop growth uses many maps");
}

static void orders_that_cannot_be(void)
{
	CHECK(found(0, (struct fault){ LOOKUP, ZERO, -1, 2, 0, 0 },
	              "store buffering: both threads wrote, then read a value "
	              "that "
	              "the other had already overwritten, e.g. X = "),
	        "store buffering is found");
	/* the flag is visible, but the data never is; the reader waits for some
	 * writes */
	reset_mock(none);
	CHECK(run(RM_CAP_SINGLE_WRITER, RM_U64X24, OPS,
	              (struct fault){ LOOKUP, ZERO_RANK_0, 1, 2, 0, 0 },
	              50) == -1 &&
	                strstr(error.text, "thread 1: message passing: read "
	                                   "flag ") &&
	                strstr(error.text, ", then data 0, which was written "
	                                   "before it"),
	        "a flag without its data is found");
	CHECK(found(RM_CAP_SINGLE_WRITER,
	              (struct fault){ LOOKUP, TORN, 1, 2, 0, 0 },
	              "lookup of rank 1 returned a torn value"),
	        "a torn value is found");
}

static void prizes(void)
{
	CHECK(found(0, (struct fault){ TAKE, NO_REPLACE, -1, 2, 0, 0 },
	              "take: "),
	        "a value that is removed twice is found");
	CHECK(found(0, (struct fault){ TAKE, ABSENT, -1, 2, 0, 0 },
	              "a remove succeeded twice or not at all"),
	        "a take that returns false is found");
	CHECK(found(0, (struct fault){ TAKE, OTHER_KEY, -1, 2, 0, 0 },
	              "take of rank 7 returned the value of rank 8"),
	        "another key's value is found");
	ops.take = NULL;
	CHECK(found(0, (struct fault){ REMOVE, ABSENT, -1, 2, 0, 0 },
	              "a remove succeeded twice or not at all"),
	        "without take, a remove that returns absent is found");
	CHECK(!run(0, RM_U64X24, OPS, none, 0) && mock.calls[REMOVE],
	        "a correct map without take passes");
	ops.take = mock_ops.take;
	CHECK(found(0, (struct fault){ UPSERT, PRESENT, 0, 2, 0, 7 }, "take: "),
	        "an insert that returns present is found");
}

static void keys_of_a_map_that_grows(void)
{
	CHECK(found(0, (struct fault){ LOOKUP, ABSENT, 1, 2, 0, BEYOND },
	              "thread 1: growth: key "),
	        "a missed key while the map grows is found");
	CHECK(found(0, (struct fault){ LOOKUP, ABSENT, -1, 1, 0, 1999 },
	              "growth: key 999 of thread 0 was inserted, but is "
	              "absent") == false,
	        "a key that was never inserted is not required");
	CHECK(found(0, (struct fault){ LOOKUP, ABSENT, -1, 1, 0, 1998 },
	              "growth: key 999 of thread 0 was inserted, but is "
	              "absent"),
	        "a miss of the last key at the end is found");
	CHECK(found(0, (struct fault){ UPSERT, PRESENT, 0, 2, 0, BEYOND },
	              "thread 0: growth: new key 4 was present"),
	        "a new key that is reported as present is found");
}

int main(void)
{
	ops = mock_ops;
	loops_are_run();
	orders_that_cannot_be();
	prizes();
	keys_of_a_map_that_grows();
	return DONE();
}
