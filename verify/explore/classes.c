/* SPDX-License-Identifier: Apache-2.0 */
/*
 * classes.c - generates the special classes of programs.
 *
 * few:     two to four keys that collide
 * churn:   each thread inserts and removes keys of its own, so slots that one
 *          thread frees are soon reused, and threads do not wait for each other
 * whole:   scans, lengths and clears concurrent with writes
 * brink:   all keys except a few are present and the others are inserted, so
 *          that a table of any size soon fills up
 * hot:     one key that is present, read by one thread and written repeatedly
 *          by the others, so that retries fail several times in a row
 * crowd:   up to RM_EXPLORE_THREADS_MAX threads with few operations each
 * repeats: one thread repeats one operation 15 to 257 times, while each of up
 *          to six others performs a few
 *
 * Three of SLOTS_OF special programs are from other classes; the first two
 * alternate:
 *
 * pairs:   as churn, but each thread inserts two keys, then removes both, so
 *          that a stack of free slots gets its old head back in between
 * replace: as repeats, but the thread first removes the key and then repeats
 *          writes of another one, so that the slot changes its key while a small
 *          counter wraps
 * moves:   one thread moves keys to each other's place while others read and
 *          write any keys
 * laps:    one thread inserts keys, removes the first, and moves others until it
 *          has made 2^n changes. A list of free slots then has its old head and
 *          a counter its old value, while other threads insert their first key
 *
 * Small counters wrap at powers of two: those of seven and eight bits wrap in
 * `repeats`. For counters of 16 bits, every FAR-th special program repeats
 * often enough. It takes as long as thousands of others, so it is not used
 * under a memory model, or if rm_explore_may_take_long() is false.
 */
#include "verify/explore/menu.h"

#include "runner/base/rng.h"
#include "runner/impl.h"

enum {
	/* one in this many special programs; odd, so that all shapes get
	   some */
	FAR = 255,
	/* one in this many of these programs adds extra repeats */
	FAR_INEXACT = 4,
	FAR_TIMES = 1 << 16,
	/* maximum number of extra repeats in half of the programs that have
	 * any */
	FAR_MORE = 512,
	/* prime, so that all shapes get such programs */
	SLOTS_OF = 11,
	/* an arbitrary value; changing it would change which bugs of the
	 * corpora seed 1 finds */
	SLOTS_TURN = 1,
	MOVES_TURN = 6,
	LAPS_TURN = 9,
	/* minimum number of operations; up to four more are drawn */
	NEAR_BITS = 4,
	FEW_OPS = 6,
	HOT_OPS = 12,
	CHURN_OPS = 12,
	CHURN_KEYS = 3,
};

bool rm_explore_is_special(
        const struct rm_explore_options *options, uint64_t number)
{
	return number % RM_EXPLORE_TURNS == RM_EXPLORE_TURN_SPECIAL &&
	       !options->plain && !options->written &&
	       options->policy != RM_EXPLORE_EXHAUSTIVE;
}

bool rm_explore_may_take_long(
        const struct rm_explore_options *options, uint64_t number)
{
	return options->policy == RM_EXPLORE_MIX &&
	       number > RM_EXPLORE_SCHEDULES_OF_ALL;
}

static uint32_t all_keys(const struct rm_explore_program *program)
{
	return (1U << program->keys) - 1;
}

static uint32_t some_keys(
        const struct rm_explore_program *program, uint64_t *rng)
{
	return (uint32_t)rm_next(rng) & all_keys(program);
}

static void make_few(struct rm_explore_program *program, uint64_t *rng)
{
	program->keys = 2 + rm_explore_draw(rng, 3);
	program->resident = some_keys(program, rng);
	program->collide = true;
	rm_explore_fill_all(
	        program, FEW_OPS, false, rm_explore_draw(rng, 2), rng);
}

/* Each thread inserts its own keys and removes the older of two, or, in pairs,
   inserts two and removes both. */
static struct rm_explore_op churn_op(const struct rm_explore_program *program,
        unsigned t, unsigned i, bool pairs, uint64_t *rng)
{
	static const uint8_t inserts[] = { RM_HISTORY_UPSERT,
		RM_HISTORY_INSERT_IF_ABSENT };
	static const uint8_t removes[] = { RM_HISTORY_REMOVE, RM_HISTORY_TAKE };
	const bool removing = pairs ? i % 4 > 1 : i % 2 == 0 && i;
	const unsigned which = pairs      ? i / 4 * 2 + i % 2
	                       : removing ? i / 2 - 1
	                                  : (i + 1) / 2;
	const unsigned n = rm_explore_draw(rng, 2);
	const uint8_t kind = removing ? removes[n] : inserts[n];
	const bool writes = !t || !(program->impl->caps & RM_CAP_SINGLE_WRITER);
	struct rm_explore_op op = { .kind = RM_HISTORY_LOOKUP,
		.key = (uint8_t)(CHURN_KEYS * t + which % CHURN_KEYS) };

	if (!writes || rm_explore_draw(rng, 8) == 0)
		op.key = (uint8_t)rm_explore_draw(rng, program->keys);
	else if (rm_explore_has_operation(program->impl, kind))
		op.kind = kind;
	else
		op.kind = removing ? RM_HISTORY_REMOVE : RM_HISTORY_UPSERT;
	return op;
}

static void fill_churn(
        struct rm_explore_program *program, bool pairs, uint64_t *rng)
{
	program->threads = 2 + rm_explore_draw(rng, 2);
	program->keys = CHURN_KEYS * program->threads;
	for (unsigned t = 0; t < program->threads; t++) {
		/* a thread may end between the two removals */
		const unsigned ops =
		        CHURN_OPS - (pairs ? rm_explore_draw(rng, 4) : 0);

		while (program->ops[t] < ops) {
			const unsigned i = program->ops[t]++;

			program->op[t][i] = churn_op(program, t, i, pairs, rng);
		}
	}
}

static void make_churn(struct rm_explore_program *program, uint64_t *rng)
{
	fill_churn(program, false, rng);
}

static void make_pairs(struct rm_explore_program *program, uint64_t *rng)
{
	fill_churn(program, true, rng);
}

static void make_whole(struct rm_explore_program *program, uint64_t *rng)
{
	program->looks = true;
	program->threads = 2 + rm_explore_draw(rng, 2);
	program->keys = 2 + rm_explore_draw(rng, 5);
	program->resident = some_keys(program, rng);
	rm_explore_fill_all(program, FEW_OPS, rm_explore_draw(rng, 2),
	        rm_explore_draw(rng, 2), rng);
}

static void make_brink(struct rm_explore_program *program, uint64_t *rng)
{
	const unsigned absent = 1 + rm_explore_draw(rng, 6);

	program->keys =
	        absent + 1 + rm_explore_draw(rng, RM_EXPLORE_KEYS_MAX - absent);
	program->resident = all_keys(program) >> absent;
	program->presize = rm_explore_draw(rng, 4) == 0;
	rm_explore_fill_all(program, FEW_OPS, true, false, rng);
	/* each absent key is inserted by a thread that may write */
	for (unsigned i = 0; i < absent; i++) {
		const bool alone = program->impl->caps & RM_CAP_SINGLE_WRITER;
		const unsigned t =
		        alone ? 0 : rm_explore_draw(rng, program->threads);
		const unsigned at = rm_explore_draw(rng, FEW_OPS);

		program->op[t][at] =
		        (struct rm_explore_op){ .kind = RM_HISTORY_UPSERT,
			        .key = (uint8_t)(program->keys - 1 - i) };
	}
}

static void make_hot(struct rm_explore_program *program, uint64_t *rng)
{
	struct rm_explore_menu menu;

	rm_explore_menu_make(&menu, program->impl, false, false);
	program->keys = 1;
	program->resident = 1;
	program->threads = 2 + rm_explore_draw(rng, 3);
	for (unsigned t = 0; t < program->threads; t++)
		rm_explore_fill(program, t,
		        &(struct rm_explore_fill){ .menu = &menu,
		                .ops = HOT_OPS,
		                .role = true,
		                .reads = t == program->threads - 1 },
		        rng);
}

static void make_crowd(struct rm_explore_program *program, uint64_t *rng)
{
	program->threads = RM_EXPLORE_THREADS + 1 +
	                   rm_explore_draw(rng,
	                           RM_EXPLORE_THREADS_MAX - RM_EXPLORE_THREADS);
	program->keys = 1 + rm_explore_draw(rng, 4);
	program->resident = some_keys(program, rng);
	program->collide = rm_explore_draw(rng, 2);
	rm_explore_fill_all(program, 2 + rm_explore_draw(rng, 3), false,
	        rm_explore_draw(rng, 2), rng);
}

/* Draws any write or, with `overwrites`, one that leaves the key present. */
static uint8_t repeated_kind(const struct rm_explore_program *program,
        const struct rm_explore_menu *menu, bool overwrites, uint64_t *rng)
{
	static const uint8_t kinds[] = { RM_HISTORY_UPSERT, RM_HISTORY_EXCHANGE,
		RM_EXPLORE_UPDATE };
	const uint8_t kind = kinds[rm_explore_draw(rng, 3)];

	if (!overwrites)
		return menu
		        ->kind[menu->reads +
		                rm_explore_draw(rng, menu->all - menu->reads)];
	return rm_explore_has_operation(program->impl, kind)
	               ? kind
	               : RM_HISTORY_UPSERT;
}

/* Thread 1 repeats one operation. The other threads have one to three each,
   most of them on its key. */
static void fill_repeats(struct rm_explore_program *program, uint32_t times,
        bool overwrites, uint64_t *rng)
{
	const unsigned hot = rm_explore_draw(rng, program->keys);
	struct rm_explore_menu menu;
	struct rm_explore_fill how = { .menu = &menu, .hot = hot };

	rm_explore_menu_make(&menu, program->impl, program->looks, false);
	program->op[0][0] = (struct rm_explore_op){
		.kind = repeated_kind(program, &menu, overwrites, rng),
		.key = (uint8_t)hot,
		.times = times,
	};
	program->ops[0] = 1;
	how.ops = rm_explore_draw(rng, 3);
	rm_explore_fill(program, 0, &how, rng);
	how.reads = rm_explore_draw(rng, 4) != 0;
	how.role = rm_explore_draw(rng, 2);
	for (unsigned t = 1; t < program->threads; t++) {
		how.ops = 1 + rm_explore_draw(rng, 3);
		rm_explore_fill(program, t, &how, rng);
	}
}

static void make_repeats(struct rm_explore_program *program, uint64_t *rng)
{
	uint32_t times = 1U << (NEAR_BITS + rm_explore_draw(rng, 5));

	if (rm_explore_draw(rng, 4) == 0)
		times += rm_explore_draw(rng, 3) - 1;
	program->threads =
	        rm_explore_draw(rng, 2)
	                ? RM_EXPLORE_THREADS_MAX
	                : 2 + rm_explore_draw(rng, RM_EXPLORE_THREADS_MAX - 1);
	program->keys = 1 + rm_explore_draw(rng, 3);
	program->resident = rm_explore_draw(rng, 4) ? all_keys(program)
	                                            : some_keys(program, rng);
	program->collide = rm_explore_draw(rng, 2);
	fill_repeats(program, times, rm_explore_draw(rng, 4) != 0, rng);
}

/* Thread 1 removes the key, and its free slot receives the repeated writes of
   another key. */
static void make_replace(struct rm_explore_program *program, uint64_t *rng)
{
	struct rm_explore_op *op = program->op[0];

	make_repeats(program, rng);
	program->keys += program->keys == 1;
	op[1] = (struct rm_explore_op){ .kind = RM_HISTORY_UPSERT,
		.key = (uint8_t)((op[0].key + 1) % program->keys),
		.times = rm_explore_times(op) - 1 };
	op[0] = (struct rm_explore_op){ .kind = RM_HISTORY_REMOVE,
		.key = op[0].key };
	op[2] = (struct rm_explore_op){ .kind = 0 };
	program->ops[0] = 2;
	program->resident = 1U << op[0].key;
	program->collide = true;
}

/* Counters wrap at powers of two, most often of 8 bits. Comparisons of counters
   by difference fail from half of that on. */
static uint32_t lap_times(uint64_t *rng)
{
	const unsigned bits = NEAR_BITS + rm_explore_draw(rng, 6);

	return 1U << (rm_explore_draw(rng, 2) ? 8 : bits);
}

/* Adds threads that perform 1 to 4 operations each, or all they can. */
static void add_others(struct rm_explore_program *program, uint64_t *rng)
{
	struct rm_explore_menu menu;
	struct rm_explore_fill how = { .menu = &menu };

	rm_explore_menu_make(&menu, program->impl, false, false);
	how.hot = rm_explore_draw(rng, program->keys);
	for (unsigned t = 1; t < program->threads; t++) {
		how.ops = rm_explore_draw(rng, 2) ? 1 + rm_explore_draw(rng, 4)
		                                  : RM_EXPLORE_OPS_MAX;
		how.reads = rm_explore_draw(rng, 2);
		rm_explore_fill(program, t, &how, rng);
	}
}

static void make_moves(struct rm_explore_program *program, uint64_t *rng)
{
	const bool few = rm_explore_draw(rng, 3);
	struct rm_explore_op *op = program->op[0];

	program->threads = 2 + rm_explore_draw(rng, RM_EXPLORE_THREADS_MAX - 1);
	program->keys = few ? 2 + rm_explore_draw(rng, 3)
	                    : RM_EXPLORE_KEYS_MAX - rm_explore_draw(rng, 20);
	program->collide = few && rm_explore_draw(rng, 2);
	*op = (struct rm_explore_op){ .kind = RM_EXPLORE_MOVE,
		.times = lap_times(rng) };
	if (rm_explore_draw(rng, 2))
		op->times += rm_explore_draw(rng, op->times);
	/* half of the programs move only the last two keys */
	if (rm_explore_draw(rng, 2))
		op->key = (uint8_t)(program->keys - 2);
	program->resident = all_keys(program) & ~(2U << op->key);
	if (rm_explore_draw(rng, 4) == 0) {
		op->kind = RM_HISTORY_UPSERT;
		op->times /= 2;
	}
	program->ops[0] = 1;
	add_others(program, rng);
}

/* The last two keys are moved. The other threads have one key each. */
static void make_laps(struct rm_explore_program *program, uint64_t *rng)
{
	const bool writes = !(program->impl->caps & RM_CAP_SINGLE_WRITER);
	const uint8_t kind = writes ? RM_HISTORY_UPSERT : RM_HISTORY_LOOKUP;
	const unsigned inserts = 3 + rm_explore_draw(rng, 2);
	struct rm_explore_op *op = program->op[0];
	unsigned i = 0;

	program->threads = 3 + rm_explore_draw(rng, 3);
	program->keys = inserts + program->threads + 1;
	program->resident = 1U << (program->keys - 2);
	for (; i < inserts; i++)
		op[i] = (struct rm_explore_op){ RM_HISTORY_UPSERT, (uint8_t)i,
			0 };
	/* an even number of moves leaves all slots as they were */
	if (inserts % 2 == 0)
		op[i++] = (struct rm_explore_op){ RM_HISTORY_REMOVE, 2, 0 };
	op[i++] = (struct rm_explore_op){ RM_HISTORY_REMOVE, 0, 0 };
	op[i] = (struct rm_explore_op){ RM_EXPLORE_MOVE,
		(uint8_t)(program->keys - 2), lap_times(rng) - i };
	program->ops[0] = i + 1;
	for (unsigned t = 1; t < program->threads; t++) {
		program->ops[t] = 1 + rm_explore_draw(rng, 2);
		for (i = 0; i < program->ops[t]; i++)
			program->op[t][i] = (struct rm_explore_op){ kind,
				(uint8_t)(inserts + t - 1), 0 };
	}
}

/* These programs are rare, so each combines all conditions that may matter:
   colliding keys that are present, writes that keep them present, and the
   maximum number of readers, which may stall at different steps. The extra
   repeats are for counters that must wrap while a reader is stalled that began
   after the first writes. */
static void make_far(struct rm_explore_program *program, uint64_t *rng)
{
	program->threads = RM_EXPLORE_THREADS_MAX;
	program->keys = 4;
	program->resident = all_keys(program);
	program->collide = true;
	fill_repeats(program, FAR_TIMES + 1 + rm_explore_draw(rng, FAR_MORE),
	        true, rng);
}

/* For counters that must return exactly to their old value, so only one thread
   writes. */
static void make_exact(struct rm_explore_program *program, uint64_t *rng)
{
	struct rm_explore_menu menu;

	rm_explore_menu_make(&menu, program->impl, false, false);
	program->threads = RM_EXPLORE_THREADS_MAX;
	program->keys = 1;
	program->resident = 1;
	program->op[0][0] = (struct rm_explore_op){
		.kind = repeated_kind(program, &menu, true, rng),
		.times = FAR_TIMES,
	};
	program->ops[0] = 1;
	for (unsigned t = 1; t < program->threads; t++)
		rm_explore_fill(program, t,
		        &(struct rm_explore_fill){ .menu = &menu,
		                .ops = 2 + rm_explore_draw(rng, 2),
		                .reads = true },
		        rng);
}

void rm_explore_special_make(const struct rm_explore_options *options,
        uint64_t number, struct rm_explore_program *program, uint64_t *rng)
{
	static void (*const make[])(struct rm_explore_program * program,
	        uint64_t * rng) = { make_few, make_churn, make_whole,
		make_brink, make_brink, make_hot, make_crowd, make_repeats,
		make_repeats };
	const uint64_t special = number / RM_EXPLORE_TURNS;

	program->threads = RM_EXPLORE_THREADS;
	if (special % FAR == FAR - 1 && !program->memory &&
	        rm_explore_may_take_long(options, number))
		(special / FAR % FAR_INEXACT ? make_exact : make_far)(
		        program, rng);
	else if (special % SLOTS_OF == SLOTS_TURN)
		(special / SLOTS_OF % 2 ? make_pairs : make_replace)(
		        program, rng);
	else if (special % SLOTS_OF == MOVES_TURN)
		make_moves(program, rng);
	else if (special % SLOTS_OF == LAPS_TURN)
		make_laps(program, rng);
	else
		make[rm_explore_draw(rng, sizeof(make) / sizeof(*make))](
		        program, rng);
}
