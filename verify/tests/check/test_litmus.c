/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_litmus.c - what each of the short loops of two threads is there to find,
 * by a map that lies in that way whenever it is asked. Whether rare orders of
 * real maps are met is not for this file.
 */
#include "tests/unit/tap.h"
#include "verify/tests/check/played_map.h"

enum {
	OPS = 4000,
	ROUNDS = OPS / 20 + 1,
	BEYOND = 8 /* keys of growth alone */
};

static struct rm_error error;
static struct rm_map_ops ops;

static int run(unsigned caps, struct rm_shape shape, uint64_t count,
        struct lie lie, uint64_t late_writes)
{
	const struct rm_impl impl = {
		.id = "played", .caps = caps, .guarantees = "none", .ops = &ops
	};
	const struct rm_check_case c = { .impl = &impl,
		.shape = shape,
		.seed = 9,
		.ops = count,
		.threads = 2 };

	play(lie);
	played.late_slot = 1;
	played.late_writes = late_writes;
	error = (struct rm_error){ "" };
	return rm_check_litmus(&c, &error);
}

static bool found(unsigned caps, struct lie lie, const char *says)
{
	const int code = run(caps, RM_U64X24, OPS, lie, 0);

	printf("# %s\n", error.text);
	return code == -1 && strstr(error.text, says) &&
	       played.created == played.destroyed;
}

/* Loops of each batch: the last needs a map for each thousand rounds. */
static void loops_are_run(void)
{
	CHECK(!run(0, RM_U64X24, OPS, none, 0) && played.created == 5 &&
	                played.most_joined == 2,
	        "a right map gets five loops of two threads");
	/* upserts of the loops: both threads' and two before; one's and two
	   before; one and a half's and two; one's; and those of growth */
	CHECK(played.calls[UPSERT] == 2 * ROUNDS + 2 + 2 * ROUNDS + 2 + ROUNDS +
	                                      (ROUNDS + 1) / 2 + 2 + ROUNDS +
	                                      1000 + 500,
	        "each of as many rounds as there are operations for");
	CHECK(!run(0, RM_U64X8, OPS, none, 0) && played.created == 4,
	        "values of one word cannot be torn");
	CHECK(!run(RM_CAP_SINGLE_WRITER, RM_U64X24, OPS, none, 0) &&
	                played.created == 3 && played.writers == 1,
	        "two loops need two writers");
	CHECK(!run(0, RM_U64X8, 50000, none, 0) &&
	                played.created == 3 + (50000 / 20 + 1 + 999) / 1000,
	        "growth has many maps");
}

static void orders_that_cannot_be(void)
{
	CHECK(found(0, (struct lie){ LOOKUP, ZERO, -1, 2, 0, 0 },
	              "store buffering: both threads wrote and then read what "
	              "the other had already overwritten, e.g. X = "),
	        "writes that neither thread sees of the other");
	/* the flag is seen, the data never are; the reader waits for some */
	play(none);
	CHECK(run(RM_CAP_SINGLE_WRITER, RM_U64X24, OPS,
	              (struct lie){ LOOKUP, NO_DATA, 1, 2, 0, 0 }, 50) == -1 &&
	                strstr(error.text, "thread 1: message passing: read "
	                                   "flag ") &&
	                strstr(error.text, ", then data 0, which was written "
	                                   "before it"),
	        "a flag without what was written before it");
	CHECK(found(RM_CAP_SINGLE_WRITER,
	              (struct lie){ LOOKUP, TORN, 1, 2, 0, 0 },
	              "lookup of rank 1 gave a torn value"),
	        "a torn value");
}

static void prizes(void)
{
	CHECK(found(0, (struct lie){ TAKE, KEEPS, -1, 2, 0, 0 }, "take: "),
	        "a value that is taken out twice");
	CHECK(found(0, (struct lie){ TAKE, SAYS_NO, -1, 2, 0, 0 },
	              "a remove had two winners or none"),
	        "one that is taken out, but not said to be");
	CHECK(found(0, (struct lie){ TAKE, OTHER, -1, 2, 0, 0 },
	              "take of rank 7 gave the value of rank 8"),
	        "another key's value");
	ops.take = NULL;
	CHECK(found(0, (struct lie){ REMOVE, SAYS_NO, -1, 2, 0, 0 },
	              "a remove had two winners or none"),
	        "the same of a map that does not say what it took out");
	CHECK(!run(0, RM_U64X24, OPS, none, 0) && played.calls[REMOVE],
	        "which is not accused where it is right");
	ops.take = played_ops.take;
	CHECK(found(0, (struct lie){ UPSERT, SAYS_YES, 0, 2, 0, 7 }, "take: "),
	        "an insert that says the key was there");
}

static void keys_of_a_map_that_grows(void)
{
	CHECK(found(0, (struct lie){ LOOKUP, SAYS_NO, 1, 2, 0, BEYOND },
	              "thread 1: growth: key "),
	        "a key that is missed while the map grows");
	CHECK(found(0, (struct lie){ LOOKUP, SAYS_NO, -1, 1, 0, 1999 },
	              "growth: key 999 of thread 0 was inserted, and is not "
	              "there") == false,
	        "one that was never inserted is not asked for");
	CHECK(found(0, (struct lie){ LOOKUP, SAYS_NO, -1, 1, 0, 1998 },
	              "growth: key 999 of thread 0 was inserted, and is not "
	              "there"),
	        "the last one that is missed at the end");
	CHECK(found(0, (struct lie){ UPSERT, SAYS_YES, 0, 2, 0, BEYOND },
	              "thread 0: growth: new key 4 was there"),
	        "a new one that is said to be there");
}

int main(void)
{
	ops = played_ops;
	loops_are_run();
	orders_that_cannot_be();
	prizes();
	keys_of_a_map_that_grows();
	return DONE();
}
