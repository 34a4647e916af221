/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_program.c - tests the program of a schedule: it satisfies the
   options or the program file, and drawn values are within their limits. */
#include "runner/impl.h"
#include "tests/unit/tap.h"
#include "verify/explore/menu.h"
#include "verify/explore/program.h"
#include "verify/explore/program_file.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 4000, SHAPES = 1 << 0 | 1 << 2 | 1 << 3, SHAPES_COUNT = 3 };

/* Never called; only its presence matters. */
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

static bool follows(const struct rm_explore_program *program,
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

/* Only fair schedules have programs with one key, and many have. */
static void one_key(void)
{
	struct rm_explore_options options = options_of();
	unsigned fair = 0, others = 0;

	for (uint64_t number = 0; number < NUMBERS; number++) {
		struct rm_explore_program program;

		rm_explore_program_make(&options, number, &program);
		if (program.keys > 1)
			continue;
		if (rm_explore_is_fair(&options, number))
			fair++;
		else
			others++;
	}
	CHECK(fair > NUMBERS / RM_EXPLORE_FAIR_EVERY / 4 && !others,
	        "many fair programs have one key");
}

static void drawn(void)
{
	struct rm_explore_options options = options_of();
	unsigned followed = 0, shapes[4] = { 0 }, more = 0, large = 0,
	         looks = 0, presized = 0, rejoins = 0, sound = 0;

	for (uint64_t number = 0; number < NUMBERS; number++) {
		struct rm_explore_program program, again;

		rm_explore_program_make(&options, number, &program);
		rm_explore_program_make(&options, number, &again);
		followed += follows(&program, &options);
		for (unsigned i = 0; i < 4; i++)
			shapes[i] += is_shape(&program, i);
		sound += program.threads == 5 && program.keys >= 1 &&
		         program.keys <= RM_EXPLORE_KEYS_MAX &&
		         !(program.resident >> program.keys) &&
		         !memcmp(&program.op, &again.op, sizeof(again.op)) &&
		         program.map_seed == again.map_seed;
		more += program.ops[0] == 6;
		large += program.keys >= 5;
		looks += program.looks;
		presized += program.presize;
		rejoins += program.rejoins;
	}
	CHECK(followed == NUMBERS, "each program follows the options");
	CHECK(sound == NUMBERS, "each program is valid and reproducible");
	CHECK(!shapes[1] && shapes[0] > NUMBERS / 4 &&
	                shapes[2] > NUMBERS / 4 && shapes[3] > NUMBERS / 4,
	        "only the given shapes are used, in turn");
	/* a quarter of 4,000 is 1,000 +- 27, a half is 2,000 +- 32 */
	CHECK(large > 800 && large < 1200 && looks > 800 && looks < 1200,
	        "one in four has many keys, and one in four uses the whole "
	        "map");
	CHECK(more > NUMBERS * 7 / 16 - 200 && more < NUMBERS * 7 / 16 + 200,
	        "programs with many keys or roles are twice as long");
	CHECK(presized > 1800 && presized < 2200,
	        "half of the programs are presized");
	CHECK(rejoins > 200 && rejoins < 300,
	        "in one program in 16, threads leave and join again");
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
	CHECK(within == 100,
	        "no program exceeds the maximum number of operations");
}

/* Fillers leave one to four insertions until a table grows. */
static void filled(void)
{
	struct rm_explore_options options = options_of();
	unsigned count = 0, apt = 0, fit = 0;

	for (uint64_t number = 0; number < NUMBERS; number++) {
		struct rm_explore_program program, bare;

		options.growth = (struct rm_explore_growth){ 0 };
		rm_explore_program_make(&options, number, &bare);
		options.growth = (struct rm_explore_growth){ 2, { 100, 1000 } };
		rm_explore_program_make(&options, number, &program);
		const unsigned keys =
		        program.fillers +
		        (unsigned)__builtin_popcount(program.resident);

		apt += !memcmp(program.op, bare.op, sizeof(bare.op)) &&
		       program.keys == bare.keys && !bare.fillers;
		if (!program.fillers)
			continue;
		count++;
		fit += !program.keyset && !program.presize &&
		       ((keys >= 96 && keys <= 100) ||
		               (keys >= 996 && keys <= 1000));
	}
	CHECK(apt == NUMBERS, "fillers change no operation");
	CHECK(count > NUMBERS / 16 && count < NUMBERS / 6 && fit == count,
	        "some programs have fillers, until the map is about to grow");
}

static void written(void)
{
	struct rm_explore_options options = options_of();
	struct rm_explore_program_file text = { .program = { .keys = 3,
		                                        .resident = 5,
		                                        .threads = 2,
		                                        .presize = true,
		                                        .ops = { 1, 1 } } };
	unsigned followed = 0, same = 0, presized = 0, sized = 0, shapes = 0;
	uint64_t seed = 0;

	options.written = &text;
	for (unsigned number = 0; number < NUMBERS; number++) {
		struct rm_explore_program program;

		text.sized = number % 2;
		rm_explore_program_make(&options, number, &program);
		followed += follows(&program, &options);
		same += program.keys == 3 && program.resident == 5 &&
		        program.threads == 2 && program.ops[0] == 1;
		shapes += is_shape(&program, 0) || is_shape(&program, 2) ||
		          is_shape(&program, 3);
		sized += text.sized && program.presize;
		presized += !text.sized && program.presize;
		seed |= program.map_seed;
	}
	CHECK(followed == NUMBERS, "a program file keeps the options");
	CHECK(same == NUMBERS, "the program is the one in the file");
	CHECK(shapes == NUMBERS && seed,
	        "the shape and the seed are drawn if the file sets none");
	CHECK(sized == NUMBERS / 2 && presized > 850 && presized < 1150,
	        "presize is drawn if the file does not set it");
}

static bool prints(struct rm_explore_op op, const char *words)
{
	char text[64];

	rm_explore_format_op(&op, text, sizeof(text));
	return !strcmp(text, words);
}

static void words(void)
{
	CHECK(prints((struct rm_explore_op){ RM_HISTORY_INSERT_IF_ABSENT, 2,
	                     0 },
	              "insert_if_absent 2") &&
	                prints((struct rm_explore_op){ RM_HISTORY_LOOKUP, 23,
	                               1 },
	                        "lookup 23"),
	        "an operation is printed with its name and key");
	CHECK(prints((struct rm_explore_op){ RM_HISTORY_UPSERT, 0, 128 },
	              "128 x upsert 0") &&
	                prints((struct rm_explore_op){ RM_EXPLORE_UPDATE, 1,
	                               2 },
	                        "2 x update 1"),
	        "repeats are printed before the operation");
	CHECK(prints((struct rm_explore_op){ RM_HISTORY_SCAN, 4, 0 }, "scan") &&
	                prints((struct rm_explore_op){ RM_HISTORY_CLEAR, 4, 3 },
	                        "3 x clear"),
	        "an operation on the whole map is printed without a key");
}

/* The absent key of 1 to 3 goes round. */
static void moves(void)
{
	const struct rm_explore_program program = { .keys = 4 };
	const struct rm_explore_op move = { RM_EXPLORE_MOVE, 1, 6 };
	const uint8_t keys[] = { 1, 2, 3, 1, 2, 3 };
	bool right = prints(move, "6 x move 1");

	for (unsigned i = 0; i < 6; i++) {
		const struct rm_explore_op one =
		        rm_explore_execution(&program, &move, i);

		right &= one.key == keys[i] &&
		         one.kind == (i % 2 ? RM_HISTORY_UPSERT
		                            : RM_HISTORY_REMOVE);
	}
	CHECK(right, "a move removes a key, and inserts the absent one");
}

int main(void)
{
	moves();
	drawn();
	one_key();
	long_ones();
	filled();
	written();
	words();
	return DONE();
}
