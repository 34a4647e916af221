/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.c - generates small programs from the operations of a map.
 *
 * Most have two to four keys, so that threads conflict. One in four has up to
 * RM_EXPLORE_KEYS_MAX keys and more inserts, so that tables grow and shrink
 * during reads. One in four uses operations on the whole map. In one of four,
 * each thread repeats one operation, since some failures occur only if a thread
 * is obstructed several times in a row. Programs that grow or repeat are twice
 * as long.
 *
 * Half of the programs whose keys collide have NEIGHBOURS more such keys at
 * most, which fill the first slots of a bucket, and which no thread uses.
 * One in FILLED_OF has fillers, so that the map is about to grow. In one of
 * REJOINS_OF, threads leave and join again. In one of REUSES_OF, the heap reuses
 * memory.
 *
 * These are the plain programs. Every fourth program is special, and a few test
 * progress (menu.h).
 */
#include "verify/explore/menu.h"
#include "verify/explore/program_file.h"

#include "runner/base/rng.h"
#include "runner/impl.h"

#include <stdio.h>

enum {
	/* makes these random numbers differ from others with the same seed */
	EXTREMES = 0x6578,
	KEYSET_OF = 16,
	BEFORE_OF = 512,
	/* The last two of this many programs use another memory model. The
	   number is odd, so that this happens with all shapes. The first
	   programs use the run's model. */
	MODELS_OF = 7,
	/* maximum number of writes that are left until the counter wraps */
	BEFORE_LEAVES = 8,
	CROWDED = 0x63726f77, /* like EXTREMES */
	NEIGHBOURS = 7,
	FILLERS = 0x66696c6c, /* like EXTREMES */
	REJOINS = 0x6a6f696e, /* like EXTREMES */
	REJOINS_OF = 16,
	REUSES = 0x72657573, /* like EXTREMES */
	REUSES_OF = 8,
	FILLED_OF = 8,
	FILLED_LEAVES = 4,  /* maximum number of keys until the map grows */
	FILLED_TIMES = 256, /* maximum number of operations */
};

/* Returns the n-th set bit of the map's shapes, n from 0. */
static unsigned shape_of(unsigned shapes, uint64_t n)
{
	while (n--)
		shapes &= shapes - 1;
	return (unsigned)__builtin_ctz(shapes);
}

/* One program in KEYSET_OF has extreme keys, and one in KEYSET_OF keys of equal
   hashes. One in BEFORE_OF has so many writes before its threads that a counter
   of 16 or 15 bits is about to wrap. Such programs take long, so they are left
   out whenever the far programs of classes.c are left out. All other fields are
   drawn earlier and do not depend on this. */
static void draw_extremes(
        struct rm_explore_program *program, bool may_take_long, uint64_t rng)
{
	struct rm_explore_before *before = &program->before;
	const unsigned key = rm_explore_draw(&rng, program->keys);
	const unsigned keyset = rm_explore_draw(&rng, KEYSET_OF);

	if (keyset < RM_KEYSETS)
		program->keyset = (enum rm_keyset)keyset;
	if (!may_take_long || rm_explore_draw(&rng, BEFORE_OF))
		return;
	before->times = (1U << (16 - rm_explore_draw(&rng, 2))) -
	                rm_explore_draw(&rng, BEFORE_LEAVES);
	before->ops = 1 + rm_explore_draw(&rng, 2);
	before->op[0] =
	        (struct rm_explore_op){ RM_HISTORY_UPSERT, (uint8_t)key, 0 };
	before->op[1] =
	        (struct rm_explore_op){ RM_HISTORY_REMOVE, (uint8_t)key, 0 };
}

static void draw_neighbours(struct rm_explore_program *program, uint64_t rng)
{
	const unsigned more = 1 + rm_explore_draw(&rng, NEIGHBOURS);
	struct rm_explore_before *before = &program->before;

	if (!program->collide || program->keyset || rm_explore_draw(&rng, 2) ||
	        program->keys + more > RM_EXPLORE_KEYS_MAX ||
	        rm_explore_total_times(program) > FILLED_TIMES)
		return;
	for (unsigned t = 0; t < program->threads; t++)
		for (unsigned i = 0; i < program->ops[t]; i++)
			program->op[t][i].key += (uint8_t)more;
	for (unsigned i = 0; i < before->ops; i++)
		before->op[i].key += (uint8_t)more;
	program->resident = program->resident << more | ((1U << more) - 1);
	program->keys += more;
	program->presize = true; /* otherwise the bucket would be split */
}

static bool may_be_filled(const struct rm_explore_program *program)
{
	return !program->keyset && !program->before.times &&
	       !program->collide && !program->question &&
	       !rm_explore_clears(program) &&
	       rm_explore_total_times(program) <= FILLED_TIMES;
}

/* Adds fillers such that the map grows after a few more keys. Small tables are
   more frequent, since large ones take long to grow. Does not presize, because
   the growth was found without it. */
static void draw_fillers(const struct rm_explore_growth *growth,
        struct rm_explore_program *program, uint64_t rng)
{
	const unsigned present =
	        (unsigned)__builtin_popcount(program->resident);
	const unsigned absent = program->keys - present;
	unsigned one, other, left;

	if (!growth->count || rm_explore_draw(&rng, FILLED_OF) ||
	        !may_be_filled(program))
		return;
	one = rm_explore_draw(&rng, growth->count);
	other = rm_explore_draw(&rng, growth->count);
	left = 1 + rm_explore_draw(&rng, FILLED_LEAVES);
	left = present + (left < absent ? left : absent);
	if (other < one)
		one = other;
	if (growth->keys[one] <= left)
		return;
	program->fillers = growth->keys[one] - left;
	program->presize = false;
}

/* Uses a program file; values that the file does not set are drawn. */
static void make_written(const struct rm_explore_program_file *written,
        struct rm_explore_program *program)
{
	struct rm_explore_program drawn = *program;

	*program = written->program;
	program->impl = drawn.impl;
	program->shape = drawn.shape;
	program->memory = drawn.memory;
	program->unstamped = drawn.unstamped;
	program->unjudged = drawn.unjudged;
	program->map_seed = drawn.map_seed;
	if (!written->sized)
		program->presize = drawn.presize;
}

/* Special programs, and programs about progress, use the run's own model, since
   their schedules take long or must be fair. */
static enum rm_explore_memory memory_of(
        const struct rm_explore_options *options, uint64_t number)
{
	const uint64_t turn = number / RM_EXPLORE_TURNS % MODELS_OF;

	if (!options->mixed || turn < MODELS_OF - 2 ||
	        number % RM_EXPLORE_TURNS ||
	        rm_explore_is_special(options, number) ||
	        rm_explore_is_progress(options, number))
		return options->memory;
	return turn == MODELS_OF - 1 ? RM_EXPLORE_C11 : RM_EXPLORE_TSO;
}

static unsigned draw_keys(bool grows, bool is_fair, uint64_t *rng)
{
	if (grows)
		return 5 + rm_explore_draw(rng, RM_EXPLORE_KEYS_MAX - 4);
	const unsigned keys = 2 + rm_explore_draw(rng, 3);

	return is_fair && rm_explore_draw(rng, 2) ? 1 : keys;
}

static void make_drawn(const struct rm_explore_options *options,
        uint64_t number, struct rm_explore_program *program)
{
	uint64_t rng = rm_seed(options->seed, 2 * number);
	unsigned shapes = (unsigned)__builtin_popcount(options->shapes);
	bool grows = rm_explore_draw(&rng, 4) == 0;
	bool roles = rm_explore_draw(&rng, 4) == 0;
	unsigned ops = grows || roles ? 2 * options->ops : options->ops;

	*program = (struct rm_explore_program){ .impl = options->impl,
		/* shifted, to combine each shape with each scheduler */
		.shape = rm_shapes[shape_of(options->shapes,
		        (number + number / RM_EXPLORE_TURNS) % shapes)],
		.memory = memory_of(options, number),
		.unstamped = options->unstamped,
		.unjudged = options->unjudged,
		.map_seed = rm_next(&rng),
		.presize = rm_explore_draw(&rng, 2),
		/* even for maps without guarantees for scans: these must not
		   crash, race or invent entries */
		.looks = rm_explore_draw(&rng, 4) == 0,
		.threads = options->threads };
	if (options->written) {
		make_written(options->written, program);
		return;
	}
	if (rm_explore_is_special(options, number)) {
		rm_explore_special_make(options, number, program, &rng);
		return;
	}
	if (rm_explore_is_progress(options, number)) {
		rm_explore_progress_make(number, program, &rng);
		return;
	}
	program->keys =
	        draw_keys(grows, rm_explore_is_fair(options, number), &rng);
	program->resident =
	        (uint32_t)rm_next(&rng) & ((1U << program->keys) - 1);
	if (ops > RM_EXPLORE_OPS_MAX)
		ops = RM_EXPLORE_OPS_MAX;
	rm_explore_fill_all(program, ops, grows, roles, &rng);
}

static void draw_heap_and_joins(const struct rm_explore_options *options,
        uint64_t number, struct rm_explore_program *program)
{
	program->rejoins =
	        !rm_below(rm_seed(options->seed ^ REJOINS, number), REJOINS_OF);
	program->reuses =
	        !rm_below(rm_seed(options->seed ^ REUSES, number), REUSES_OF);
}

void rm_explore_program_make(const struct rm_explore_options *options,
        uint64_t number, struct rm_explore_program *program)
{
	make_drawn(options, number, program);
	if (!options->written && !program->question) {
		draw_extremes(program,
		        rm_explore_may_take_long(options, number),
		        rm_seed(options->seed ^ EXTREMES, number));
		draw_neighbours(
		        program, rm_seed(options->seed ^ CROWDED, number));
		if (options->policy != RM_EXPLORE_EXHAUSTIVE)
			draw_heap_and_joins(options, number, program);
	}
	if (program->keyset == RM_KEYS_CHAIN)
		program->map_seed = rm_keyset_seed(program->map_seed);
	if (!options->written && options->policy != RM_EXPLORE_EXHAUSTIVE)
		draw_fillers(&options->growth, program,
		        rm_seed(options->seed ^ FILLERS, number));
}

uint32_t rm_explore_longest(const struct rm_explore_program *program)
{
	uint32_t times = 0;

	for (unsigned t = 0; t < program->threads; t++)
		for (unsigned i = 0; i < program->ops[t]; i++)
			if (program->op[t][i].times > times)
				times = program->op[t][i].times;
	return times;
}

size_t rm_explore_more_scans(const struct rm_explore_program *program)
{
	size_t most = 0;

	for (unsigned t = 0; t < program->threads; t++) {
		size_t more = 0;

		for (unsigned i = 0; i < program->ops[t]; i++)
			if (program->op[t][i].kind == RM_HISTORY_SCAN)
				more += rm_explore_times(&program->op[t][i]) -
				        1;
		if (more > most)
			most = more;
	}
	return most;
}

struct rm_explore_op rm_explore_execution(
        const struct rm_explore_program *program,
        const struct rm_explore_op *op, unsigned i)
{
	const unsigned keys = program->keys - op->key;
	const unsigned back = i / 2 % keys;

	if (op->kind != RM_EXPLORE_MOVE)
		return *op;
	return (struct rm_explore_op){ .kind = i % 2 ? RM_HISTORY_UPSERT
		                                     : RM_HISTORY_REMOVE,
		.key = (uint8_t)(op->key + (keys - back + i % 2) % keys) };
}

void rm_explore_format_op(
        const struct rm_explore_op *op, char *text, size_t size)
{
	char times[16] = "";

	if (rm_explore_times(op) > 1)
		snprintf(times, sizeof(times), "%u x ", op->times);
	if (op->kind >= RM_HISTORY_KINDS)
		snprintf(text, size, "%s%s %u", times,
		        op->kind == RM_EXPLORE_MOVE ? "move" : "update",
		        op->key);
	else if (rm_history_is_whole_map(op->kind))
		snprintf(text, size, "%s%s", times,
		        rm_history_kind_name(op->kind));
	else
		snprintf(text, size, "%s%s %u", times,
		        rm_history_kind_name(op->kind), op->key);
}
