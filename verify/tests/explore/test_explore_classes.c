/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_classes.c - tests special programs: the numbers that have them,
   their limits, and the repeats of operations. */
#include "runner/impl.h"
#include "tests/unit/tap.h"
#include "verify/explore/menu.h"

#include <stdlib.h>

enum { NUMBERS = 100000, WRAPS = 1 << 16 };

/* This function is never called; only its presence matters. */
static void called(void)
{
	abort();
}

#define OFFERED(name) \
	.name = (__typeof__(((struct rm_map_ops *)NULL)->name))called

static const struct rm_map_ops ops = { OFFERED(lookup), OFFERED(upsert),
	OFFERED(remove), OFFERED(exchange), OFFERED(scan) };

static const struct rm_impl many = { .id = "many", .ops = &ops };
static const struct rm_impl single = {
	.id = "single", .ops = &ops, .caps = RM_CAP_SINGLE_WRITER
};

static struct rm_explore_options options_of(const struct rm_impl *impl)
{
	return (struct rm_explore_options){ .impl = impl,
		.seed = 1,
		.shapes = 1,
		.threads = RM_EXPLORE_THREADS,
		.ops = RM_EXPLORE_OPS,
		.policy = RM_EXPLORE_MIX };
}

static bool only_reads(const struct rm_explore_program *program, unsigned t)
{
	for (unsigned i = 0; i < program->ops[t]; i++)
		if (program->op[t][i].kind != RM_HISTORY_LOOKUP &&
		        program->op[t][i].kind != RM_HISTORY_SCAN)
			return false;
	return true;
}

/* True if a program is within all limits, the map offers its operations, and
   only thread 0 writes if the map has one writer. */
static bool is_sound(const struct rm_explore_program *program)
{
	bool sound = program->threads >= 2 &&
	             program->threads <= RM_EXPLORE_THREADS_MAX &&
	             program->keys >= 1 &&
	             program->keys <= RM_EXPLORE_KEYS_MAX &&
	             !(program->resident >> program->keys) &&
	             rm_explore_total_times(program) <= RM_EXPLORE_TIMES_MAX;

	for (unsigned t = 0; t < program->threads; t++) {
		sound &= program->ops[t] <= RM_EXPLORE_OPS_MAX;
		for (unsigned i = 0; i < program->ops[t]; i++)
			sound &= program->op[t][i].key < program->keys &&
			         rm_explore_has_operation(
			                 program->impl, program->op[t][i].kind);
		if (t && program->impl->caps & RM_CAP_SINGLE_WRITER)
			sound &= only_reads(program, t);
	}
	return sound;
}

static unsigned longest(const struct rm_explore_program *program)
{
	unsigned most = 0;

	for (unsigned t = 0; t < program->threads; t++)
		for (unsigned i = 0; i < program->ops[t]; i++)
			if (rm_explore_times(&program->op[t][i]) > most)
				most = rm_explore_times(&program->op[t][i]);
	return most;
}

/* True if thread 1 removes a key and repeats writes of another in its place, so
   that a counter of 7 or 8 bits wraps exactly. */
static bool replaces_key(const struct rm_explore_program *program)
{
	const struct rm_explore_op *op = program->op[0];
	const unsigned times = rm_explore_times(op + 1) + 1;

	return program->collide && program->ops[0] == 2 &&
	       op[0].kind == RM_HISTORY_REMOVE &&
	       op[1].kind == RM_HISTORY_UPSERT && op[0].key != op[1].key &&
	       program->resident == 1U << op[0].key &&
	       (times == 1 << 7 || times == 1 << 8);
}

/* True if the program's threads insert two keys and then remove both. */
static bool removes_pairs(const struct rm_explore_program *program)
{
	const struct rm_explore_op *op = program->op[0];

	return program->ops[0] > 3 && op[2].kind == RM_HISTORY_REMOVE &&
	       op[3].kind == RM_HISTORY_REMOVE && op[2].key == op[0].key &&
	       op[3].key == op[1].key && op[2].key != op[3].key &&
	       op[0].kind == RM_HISTORY_UPSERT &&
	       op[1].kind == RM_HISTORY_UPSERT;
}

/* True if thread 1 makes 2^n changes, which remove key 0 before the moves. Each
   of them inserts an absent key or removes a present one. */
static bool makes_a_lap(const struct rm_explore_program *program)
{
	const struct rm_explore_op *op = program->op[0];
	const struct rm_explore_op *end = op + program->ops[0];
	uint32_t present = program->resident;
	unsigned changes = 0, times = 0;

	if (end < op + 2 || end[-1].kind != RM_EXPLORE_MOVE || end[-2].key)
		return false;
	for (; op < end; op++)
		for (unsigned i = 0; i < rm_explore_times(op); i++) {
			const struct rm_explore_op one =
			        rm_explore_execution(program, op, i);

			changes += (one.kind == RM_HISTORY_REMOVE) ==
			           (present >> one.key & 1);
			present ^= 1U << one.key;
			times++;
		}
	return changes == times && !(changes & (changes - 1));
}

/* True if the first move changes something. */
static bool moves_keys(const struct rm_explore_program *program)
{
	const struct rm_explore_op *op = program->op[0];

	return program->ops[0] == 1 && op->kind == RM_EXPLORE_MOVE &&
	       (program->resident >> op->key & 3) == 1;
}

/* True if keys below all that the threads use are present and collide with
   them. */
static bool has_neighbours(const struct rm_explore_program *program)
{
	unsigned lowest = program->keys;

	for (unsigned t = 0; t < program->threads; t++)
		for (unsigned i = 0; i < program->ops[t]; i++)
			if (!rm_history_is_whole_map(program->op[t][i].kind) &&
			        program->op[t][i].key < lowest)
				lowest = program->op[t][i].key;
	return program->collide && program->presize && lowest > 3 &&
	       !(~program->resident & ((1U << lowest) - 1));
}

/* True if a program that repeats often fulfils all conditions that may matter
 * (classes.c). */
static bool is_full(const struct rm_explore_program *program)
{
	if (longest(program) == WRAPS)
		return program->threads == RM_EXPLORE_THREADS_MAX &&
		       program->keys == 1 && program->resident == 1;
	return program->threads == RM_EXPLORE_THREADS_MAX &&
	       program->keys == 4 && program->resident == 0xf &&
	       program->collide && longest(program) <= WRAPS + 512;
}

static void test_all(const struct rm_impl *impl)
{
	const struct rm_explore_options options = options_of(impl);
	unsigned special = 0, colliding = 0, crowds = 0, near = 0, exact = 0,
	         more = 0, early = 0, sound = 0, full = 0, replaced = 0,
	         pairs = 0, laps = 0, moves = 0, reuses = 0, filled = 0;

	for (uint64_t number = 0; number < NUMBERS; number++) {
		struct rm_explore_program program;
		unsigned most;

		rm_explore_program_make(&options, number, &program);
		sound += is_sound(&program);
		most = longest(&program);
		special += rm_explore_is_special(&options, number);
		colliding += program.collide;
		crowds += program.threads == RM_EXPLORE_THREADS_MAX;
		replaced += replaces_key(&program);
		pairs += removes_pairs(&program);
		laps += makes_a_lap(&program);
		moves += moves_keys(&program);
		reuses += program.reuses;
		filled += has_neighbours(&program);
		near += most >= 255 && most <= 257;
		exact += most == WRAPS;
		more += most > WRAPS;
		full += most >= WRAPS && is_full(&program);
		early += (most >= WRAPS || program.before.times) &&
		         number < RM_EXPLORE_SCHEDULES_OF_ALL;
	}
	CHECK(sound == NUMBERS, "all programs are within the limits");
	CHECK(special == NUMBERS / 4, "every fourth program is special");
	CHECK(colliding > NUMBERS / 16, "many programs have keys that collide");
	CHECK(crowds > NUMBERS / 32,
	        "many programs have the maximum of threads");
	CHECK(near > 500, "some programs wrap an 8-bit counter");
	CHECK(replaced > 100, "some programs wrap it while another key takes a "
	                      "removed one's place");
	CHECK(pairs > 300, "some programs insert two keys and remove both");
	CHECK(reuses > NUMBERS / 9 && reuses < NUMBERS / 7,
	        "one program in 8 reuses freed memory");
	CHECK(filled > NUMBERS / 100,
	        "some programs fill a bucket with keys that no thread uses");
	CHECK(laps > 2000 && moves > 1500,
	        "some programs change 2^n entries, and some move keys");
	CHECK(exact >= 5 && more >= 5, "a few programs wrap a 16-bit counter");
	CHECK(full == exact + more,
	        "programs that wrap 16 bits have all threads, and one present "
	        "key or four that collide");
	CHECK(early == 0,
	        "`explore all` runs no program that wraps a 16-bit counter");
}

static void test_extremes(const struct rm_impl *impl)
{
	const struct rm_explore_options options = options_of(impl);
	unsigned before = 0, edges = 0, chains = 0;

	for (uint64_t number = 0; number < NUMBERS; number++) {
		struct rm_explore_program program;

		rm_explore_program_make(&options, number, &program);
		before += program.before.times > WRAPS - 8 &&
		          program.before.times <= WRAPS;
		edges += program.keyset == RM_KEYS_EDGES;
		chains += program.keyset == RM_KEYS_CHAIN;
	}
	CHECK(before > 20,
	        "some programs begin when a 16-bit counter is about to wrap");
	CHECK(edges > NUMBERS / 20 && chains > NUMBERS / 20,
	        "one program in 16 has extreme keys, and one in 16 keys of "
	        "equal hashes");
}

static void test_plain(void)
{
	struct rm_explore_options options = options_of(&many);
	unsigned special = 0, repeated = 0;

	options.plain = true;
	for (uint64_t number = 0; number < NUMBERS; number++) {
		struct rm_explore_program program;

		rm_explore_program_make(&options, number, &program);
		special += rm_explore_is_special(&options, number) ||
		           program.collide ||
		           program.threads != options.threads;
		repeated += longest(&program) > 1;
	}
	CHECK(special == 0 && repeated == 0,
	        "all programs are plain if a size is given");
	options.plain = false;
	options.policy = RM_EXPLORE_EXHAUSTIVE;
	CHECK(!rm_explore_is_special(&options, 1),
	        "exhaustive programs are plain");
	options.policy = RM_EXPLORE_MIX;
	options.memory = RM_EXPLORE_TSO;
	for (uint64_t number = 0; number < NUMBERS; number++) {
		struct rm_explore_program program;

		rm_explore_program_make(&options, number, &program);
		repeated += longest(&program) >= WRAPS;
	}
	CHECK(repeated == 0,
	        "under a memory model no program wraps a 16-bit counter");
}

/* Returns, as bits, the models that programs of this shape have. */
static unsigned models_of_shape[4];

static void test_models(void)
{
	struct rm_explore_options options = options_of(&many);
	unsigned other = 0, special = 0;

	options.mixed = true;
	options.shapes = 0xf;
	for (uint64_t number = 0; number < NUMBERS; number++) {
		struct rm_explore_program program;

		rm_explore_program_make(&options, number, &program);
		models_of_shape[rm_shape_index(program.shape)] |=
		        1U << program.memory;
		other += program.memory != RM_EXPLORE_SC;
		special += program.memory &&
		           rm_explore_is_special(&options, number);
	}
	CHECK(other > NUMBERS / 16 && other < NUMBERS / 12 && !special,
	        "a default run tries weak memory in one plain program of 14");
	CHECK((models_of_shape[0] & models_of_shape[1] & models_of_shape[2] &
	              models_of_shape[3]) == 7,
	        "each shape meets each model");
}

int main(void)
{
	test_models();
	test_all(&many);
	test_extremes(&many);
	test_all(&single);
	test_extremes(&single);
	test_plain();
	return DONE();
}
