/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_program_file.c - tests valid and invalid program files. */
#include "tests/unit/tap.h"
#include "verify/explore/program_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse(const char *text, struct rm_explore_program_file *written,
        struct rm_error *error)
{
	error->text[0] = '\0';
	return rm_explore_parse_program(
	        "dir/my.txt", text, strlen(text), written, error);
}

static const struct mistake {
	const char *text, *where, *expected;
} mistakes[] = {
	{ "", "dir/my.txt:", "a line such as `thread 1 = upsert 0`" },
	{ "# nothing\n", "my.txt:", "a line such as `thread 1 = upsert 0`" },
	{ "keys = 3\nresident = 1\n", ":2: ", "a line such as `thread 1" },
	{ "thread 1 upsert 0\n", ":1: ", "expected KEY = VALUE" },
	{ "thread 8 = upsert 0\n", ":1: ", "thread 1 to thread 7" },
	{ "thread 0 = upsert 0\n", ":1: ", "thread 1 to thread 7" },
	{ "thread = upsert 0\n", ":1: ", "thread 1 to thread 7" },
	{ "\nwindow = 3\n", ":2: \"window\"", "expected shape, keys" },
	{ "thread 1 = put 0\n", ":1: \"put\"",
	        "expected an operation: lookup" },
	{ "thread 1 =\n", ":1: ", "expected an operation" },
	{ "thread 1 = upsert 0,\n", ":1: ", "expected an operation" },
	{ "thread 1 = upsert\n", ":1: ", "expected a key, 0 to 23" },
	{ "thread 1 = upsert 24\n", ":1: \"24\"", "expected a key, 0 to 23" },
	{ "thread 1 = upsert -1\n", ":1: ", "expected a key, 0 to 23" },
	{ "thread 1 = upsert key\n", ":1: ", "expected a key, 0 to 23" },
	{ "thread 1 = upsert 1 2\n", ":1: ", "expected a key, 0 to 23" },
	{ "thread 1 = update\n", ":1: ", "expected a key, 0 to 23" },
	{ "thread 1 = scan 1\n", ":1: \"1\"", "expected no key" },
	{ "thread 1 = scan; clear\n", ":1: ", "a semicolon" },
	{ "resident = 0, 1\n", ":1: \"0,\"", "expected a key, 0 to 23" },
	{ "keys = 0\n", ":1: ", "expected a number from 1 to 24" },
	{ "keys = 25\n", ":1: ", "expected a number from 1 to 24" },
	{ "", "my.txt: no operation", "expected a line" },
	{ "keys = 2\nthread 1 = lookup 2\n", ":1: keys = 2, ",
	        "expected at least 3, since key 2 is used" },
	{ "keys = 2\nkeys = 2\n", ":2: second line keys", "is line 1)" },
	{ "presize = maybe\n", ":1: ", "expected yes or no" },
	{ "key set = all\n", ":1: \"all\"", "expected ranks, edges or chain" },
	{ "before = 9 x lookup 0\n", ":1: ", "expected N x upsert KEY" },
	{ "before = upsert 0, upsert 0, upsert 0\n", ":1: \"upsert 0\"",
	        "at most 2 operations before" },
	{ "fillers = 65537\n", ":1: \"65537\"", "a number from 0 to 65536" },
	{ "fillers = 9\nthread 1 = clear\n", ":2: fillers = 9",
	        "expected no key set and no clear" },
	{ "collide = maybe\n", ":1: ", "expected yes or no" },
	{ "thread 1 = 0 x upsert 0\n", ":1: \"0\"", "1 to 131072" },
	{ "thread 1 = 131073 x upsert 0\n", ":1: \"131073\"", "1 to 131072" },
	{ "thread 1 = many x upsert 0\n", ":1: \"many\"", "1 to 131072" },
	{ "thread 1 = 2 x\n", ":1: ", "expected an operation" },
	{ "thread 1 = 131072 x upsert 0\nthread 2 = 68929 x lookup 0\n",
	        "my.txt:2: 200001 operations", "at most 200000" },
	{ "shape = u65x8\n", ":1: \"u65x8\"", "expected a shape" },
	{ "thread 1 = lookup 0,lookup 0,lookup 0,lookup 0,lookup 0,lookup 0\n"
	  "thread 1 = lookup 0,lookup 0,lookup 0,lookup 0,lookup 0,lookup 0\n"
	  "thread 1 = lookup 0,lookup 0,lookup 0,lookup 0,lookup 0\n",
	        ":3: \"lookup 0\"", "expected at most 16 operations" },
};

static void test_mistakes(void)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct rm_explore_program_file written = { .shapes = 77 };
		struct rm_error error;
		int status = parse(mistakes[i].text, &written, &error);

		CHECK(status == -EINVAL && written.shapes == 77 &&
		                strstr(error.text, mistakes[i].where) &&
		                strstr(error.text, mistakes[i].expected),
		        error.text[0] ? error.text : mistakes[i].text);
	}
}

static void test_whole(void)
{
	struct rm_explore_program_file written;
	struct rm_error error;
	const struct rm_explore_program *program = &written.program;
	int status = parse("# Two writers\n"
	                   "shape = u64x24  # words\n"
	                   "presize = yes\n"
	                   "resident =  0  3\n"
	                   "collide = yes\n"
	                   "thread 3 = scan , clear\n"
	                   "thread 1 = insert_if_absent 2,300 x  update 1\n"
	                   "\n"
	                   "thread 1 = length\n",
	        &written, &error);

	CHECK(!status, error.text);
	CHECK(written.shapes ==
	                1U << rm_shape_index((struct rm_shape){ false, 24 }),
	        "the shape is read");
	CHECK(written.sized && program->presize, "presize is read");
	CHECK(program->keys == 4, "the default is the highest key plus one");
	CHECK(program->resident == 9, "keys 0 and 3 are resident");
	CHECK(program->threads == 3, "there are three threads");
	CHECK(program->ops[0] == 3 && program->ops[1] == 0 &&
	                program->ops[2] == 2,
	        "the threads have 3, 0 and 2 operations");
	CHECK(program->op[0][0].kind == RM_HISTORY_INSERT_IF_ABSENT &&
	                program->op[0][0].key == 2,
	        "insert_if_absent 2 is read");
	CHECK(program->op[0][1].kind == RM_EXPLORE_UPDATE &&
	                program->op[0][1].key == 1 &&
	                program->op[0][1].times == 300,
	        "update 1 is read, 300 times");
	CHECK(rm_explore_total_times(program) == 304,
	        "there are 304 operations in total");
	CHECK(program->collide, "collide is read");
	CHECK(program->op[0][2].kind == RM_HISTORY_LENGTH,
	        "a second line of a thread is appended");
	CHECK(program->op[2][0].kind == RM_HISTORY_SCAN &&
	                program->op[2][1].kind == RM_HISTORY_CLEAR,
	        "scan and clear are read");
	CHECK(program->looks, "the map is read as a whole at the end");
}

static void test_left_out(void)
{
	struct rm_explore_program_file written;
	struct rm_error error;

	CHECK(!parse("thread 1 = clear\n", &written, &error), error.text);
	CHECK(!written.shapes && !written.sized && written.program.keys == 1 &&
	                !written.program.resident,
	        "defaults: any shape and size, one key, none resident");
}

static bool same_before(
        const struct rm_explore_before *a, const struct rm_explore_before *b)
{
	bool same = a->times == b->times && a->ops == b->ops;

	for (unsigned i = 0; i < a->ops && same; i++)
		same = a->op[i].kind == b->op[i].kind &&
		       a->op[i].key == b->op[i].key;
	return same;
}

static void test_back(void)
{
	bool same = true;
	struct rm_map_ops ops = { 0 };
	const struct rm_impl impl = { .id = "any", .ops = &ops };
	const struct rm_explore_options options = { .impl = &impl,
		.shapes = RM_ALL_SHAPES,
		.threads = RM_EXPLORE_THREADS_MAX,
		.ops = 11,
		.growth = { 1, { 40 } },
		.seed = 5 };

	/* these numbers include programs with writes before the start of the
	 * threads */
	for (uint64_t i = 20000; i < 22000; i++) {
		struct rm_explore_program program;
		struct rm_explore_program_file written;
		struct rm_error error;
		char *text;

		rm_explore_program_make(&options, i, &program);
		text = rm_explore_program_text(&program);
		same = same && !parse(text, &written, &error) &&
		       written.program.keys == program.keys &&
		       written.program.resident == program.resident &&
		       written.program.presize == program.presize &&
		       written.program.keyset == program.keyset &&
		       written.program.fillers == program.fillers &&
		       written.program.rejoins == program.rejoins &&
		       written.program.reuses == program.reuses &&
		       same_before(&written.program.before, &program.before) &&
		       written.shapes == 1U << rm_shape_index(program.shape) &&
		       !memcmp(written.program.ops, program.ops,
		               sizeof(program.ops)) &&
		       !memcmp(written.program.op, program.op,
		               sizeof(program.op));
		free(text);
	}
	CHECK(same, "2,000 drawn programs are read back unchanged");
}

static void test_unfit(void)
{
	struct rm_map_ops ops = { 0 };
	struct rm_impl impl = { .id = "any", .ops = &ops };
	struct rm_explore_program_file written;
	struct rm_error error;
	char why[128] = "";

	impl.caps = RM_CAP_FIXED_SIZE;
	parse("fillers = 9\nthread 1 = upsert 0\n", &written, &error);
	CHECK(rm_explore_program_misfits(&written, &impl, why, sizeof(why)) &&
	                !strcmp(why, "the map has a fixed size: no fillers"),
	        "a map of fixed size gets no fillers");
	impl.caps = 0;
	parse("thread 1 = upsert 0\nthread 2 = lookup 0, take 0\n", &written,
	        &error);
	CHECK(rm_explore_program_misfits(&written, &impl, why, sizeof(why)) &&
	                !strcmp(why, "the map does not offer take 0"),
	        "an operation that the map lacks is reported");
	parse("thread 1 = upsert 0\nthread 2 = lookup 0, remove 0\n", &written,
	        &error);
	CHECK(!rm_explore_program_misfits(&written, &impl, why, sizeof(why)),
	        "operations that all maps have are accepted");
	impl.caps = RM_CAP_SINGLE_WRITER;
	CHECK(rm_explore_program_misfits(&written, &impl, why, sizeof(why)) &&
	                strstr(why, "thread 2 performs remove 0"),
	        "a second writer of a single-writer map is reported");
	parse("thread 1 = upsert 0\nthread 2 = lookup 0\n", &written, &error);
	CHECK(!rm_explore_program_misfits(&written, &impl, why, sizeof(why)),
	        "readers next to the writer are accepted");
}

int main(void)
{
	test_mistakes();
	test_whole();
	test_left_out();
	test_back();
	test_unfit();
	return DONE();
}
