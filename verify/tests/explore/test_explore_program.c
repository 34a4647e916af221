/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_program.c - the program of a schedule: what was asked for is in
   it, drawn or written, and what is drawn keeps within what it may be. */
#include "runner/impl.h"
#include "tests/unit/tap.h"
#include "verify/explore/program.h"
#include "verify/explore/written.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 4000, SHAPES = 1 << 0 | 1 << 2 | 1 << 3, SHAPES_COUNT = 3 };

/* Only whether there is such a function is asked. */
static void called(void)
{
	abort();
}

#define OFFERED(name) \
	.name = (__typeof__(((struct rm_map_ops *)NULL)->name))called

static const struct rm_map_ops ops = { OFFERED(lookup), OFFERED(upsert),
	OFFERED(remove), OFFERED(scan) };
static const struct rm_impl impl = { .id = "map", .ops = &ops };

static struct rm_explore_options options_of(void)
{
	return (struct rm_explore_options){ .impl = &impl,
		.seed = 7,
		.shapes = SHAPES,
		.threads = 5,
		.ops = 3,
		.memory = RM_EXPLORE_C11,
		.plain = true,
		.unstamped = true,
		.unjudged = true };
}

static bool as_asked(const struct rm_explore_program *program,
        const struct rm_explore_options *options)
{
	return program->impl == options->impl &&
	       program->memory == options->memory &&
	       program->unstamped == options->unstamped &&
	       program->unjudged == options->unjudged;
}

static bool is_shape(const struct rm_explore_program *program, unsigned i)
{
	return !memcmp(&program->shape, &rm_shapes[i], sizeof(rm_shapes[i]));
}

static void drawn(void)
{
	struct rm_explore_options options = options_of();
	unsigned asked = 0, shapes[4] = { 0 }, more = 0, large = 0, looks = 0,
	         presized = 0, sound = 0;

	for (uint64_t number = 0; number < NUMBERS; number++) {
		struct rm_explore_program program, again;

		rm_explore_program_make(&options, number, &program);
		rm_explore_program_make(&options, number, &again);
		asked += as_asked(&program, &options);
		for (unsigned i = 0; i < 4; i++)
			shapes[i] += is_shape(&program, i);
		sound += program.threads == 5 && program.keys >= 2 &&
		         program.keys <= RM_EXPLORE_KEYS_MAX &&
		         !(program.resident >> program.keys) &&
		         !memcmp(&program.op, &again.op, sizeof(again.op)) &&
		         program.map_seed == again.map_seed;
		more += program.ops[0] == 6;
		large += program.keys >= 5;
		looks += program.looks;
		presized += program.presize;
	}
	CHECK(asked == NUMBERS, "what was asked for is in each program");
	CHECK(sound == NUMBERS, "each is sound, and the same again");
	CHECK(!shapes[1] && shapes[0] > NUMBERS / 4 &&
	                shapes[2] > NUMBERS / 4 && shapes[3] > NUMBERS / 4,
	        "shapes are those that were asked for, in turn");
	/* of 4,000 a quarter is 1,000 +- 27, a half 2,000 +- 32 */
	CHECK(large > 800 && large < 1200 && looks > 800 && looks < 1200,
	        "one in four has many keys, and one in four looks at the end");
	CHECK(more > NUMBERS * 7 / 16 - 200 && more < NUMBERS * 7 / 16 + 200,
	        "those and the ones with roles are twice as long");
	CHECK(presized > 1800 && presized < 2200, "half are presized");
}

static void long_ones(void)
{
	struct rm_explore_options options = options_of();
	unsigned within = 0;

	options.ops = RM_EXPLORE_OPS_MAX - 1;
	for (uint64_t number = 0; number < 100; number++) {
		struct rm_explore_program program;

		rm_explore_program_make(&options, number, &program);
		within += program.ops[4] == RM_EXPLORE_OPS_MAX ||
		          program.ops[4] == RM_EXPLORE_OPS_MAX - 1;
	}
	CHECK(within == 100, "none has more operations than there is room for");
}

static void written(void)
{
	struct rm_explore_options options = options_of();
	struct rm_explore_written text = { .program = { .keys = 3,
		                                   .resident = 5,
		                                   .threads = 2,
		                                   .presize = true,
		                                   .ops = { 1, 1 } } };
	unsigned asked = 0, own = 0, presized = 0, sized = 0, shapes = 0;
	uint64_t seed = 0;

	options.written = &text;
	for (unsigned number = 0; number < NUMBERS; number++) {
		struct rm_explore_program program;

		text.sized = number % 2;
		rm_explore_program_make(&options, number, &program);
		asked += as_asked(&program, &options);
		own += program.keys == 3 && program.resident == 5 &&
		       program.threads == 2 && program.ops[0] == 1;
		shapes += is_shape(&program, 0) || is_shape(&program, 2) ||
		          is_shape(&program, 3);
		sized += text.sized && program.presize;
		presized += !text.sized && program.presize;
		seed |= program.map_seed;
	}
	CHECK(asked == NUMBERS, "so it is where the program was written");
	CHECK(own == NUMBERS, "whose own it is what was written");
	CHECK(shapes == NUMBERS && seed,
	        "what is not written is drawn, as the shape and the seed");
	CHECK(sized == NUMBERS / 2 && presized > 850 && presized < 1150,
	        "and the size, unless it is written");
}

static bool said(struct rm_explore_op op, const char *words)
{
	char text[64];

	rm_explore_op_words(&op, text, sizeof(text));
	return !strcmp(text, words);
}

static void words(void)
{
	CHECK(said((struct rm_explore_op){ RM_HISTORY_INSERT_IF_ABSENT, 2, 0 },
	              "insert_if_absent 2") &&
	                said((struct rm_explore_op){ RM_HISTORY_LOOKUP, 23, 1 },
	                        "lookup 23"),
	        "an operation is its name and its key");
	CHECK(said((struct rm_explore_op){ RM_HISTORY_UPSERT, 0, 128 },
	              "128 x upsert 0") &&
	                said((struct rm_explore_op){ RM_EXPLORE_UPDATE, 1, 2 },
	                        "2 x update 1"),
	        "with how often it is done");
	CHECK(said((struct rm_explore_op){ RM_HISTORY_SCAN, 4, 0 }, "scan") &&
	                said((struct rm_explore_op){ RM_HISTORY_CLEAR, 4, 3 },
	                        "3 x clear"),
	        "one of the whole map has no key");
}

int main(void)
{
	drawn();
	long_ones();
	written();
	words();
	return DONE();
}
