/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.c - makes programs that need progress, and judges it (progress.h).
 *
 * Starvation: thread 1 has a few operations. The others repeat one each until
 * thread 1 has ended. All threads move equally often, so an operation that
 * needs n steps is overtaken about n times at most. Only a thread that tries
 * again and again, or that waits, is overtaken RM_EXPLORE_OVERTAKEN_MOST times.
 *
 * Reclamation: one thread inserts a key, one removes it, and others may read.
 * Each announces a quiescent state after every operation. A correct reclaimer
 * soon frees as much as it gets. If a thread starves, it announces nothing, and
 * the program ends without a verdict.
 */
#include "verify/explore/progress.h"
#include "verify/explore/heap.h"
#include "verify/explore/menu.h"
#include "verify/explore/world.h"

#include "runner/impl.h"

#include <string.h>

enum {
	/* maximum number of repeats; most programs end earlier */
	REPEATS = 4096,
	OPS_OF_FIRST = 3,      /* at most */
	UNANNOUNCED_MOST = 64, /* operations of others during one operation */
	ANSWERED_OPS = 64,     /* of all threads, before memory is judged */
	FEW = 8, /* blocks left per operation, or freed per block made: 1/8 */
};

static struct {
	const struct rm_explore_program *program;
	uint64_t ended; /* operations of all lanes */
	/* value of `ended` at the beginning */
	uint64_t began[RM_EXPLORE_LANES];
	const struct rm_explore_op *op[RM_EXPLORE_LANES]; /* NULL: none */
	bool first_ended;  /* all operations of thread 1 */
	size_t made, live; /* number of blocks when the threads began */
	char note[RM_EXPLORE_NOTE_BYTES];
} progress;

bool rm_explore_is_progress(
        const struct rm_explore_options *options, uint64_t number)
{
	const bool fair = options->policy == RM_EXPLORE_FAIR;
	const unsigned every =
	        fair ? RM_EXPLORE_TURNS : RM_EXPLORE_PROGRESS_EVERY;

	return (fair || options->policy == RM_EXPLORE_MIX) &&
	       number % every == RM_EXPLORE_TURN_FAIR && !options->plain &&
	       !options->written;
}

static void repeat_one(struct rm_explore_program *program, unsigned t,
        uint8_t kind, unsigned key)
{
	program->op[t][program->ops[t]++] = (struct rm_explore_op){
		.kind = kind, .key = (uint8_t)key, .times = REPEATS
	};
}

/* Half of the programs have only readers against thread 1. */
static void make_overtakes(struct rm_explore_program *program, uint64_t *rng)
{
	const bool single = program->impl->caps & RM_CAP_SINGLE_WRITER;
	const bool readers = rm_explore_draw(rng, 2) || single;
	struct rm_explore_menu menu;
	struct rm_explore_fill first = { .menu = &menu,
		.ops = 1 + rm_explore_draw(rng, OPS_OF_FIRST) };

	program->threads = 3 + rm_explore_draw(rng, RM_EXPLORE_THREADS_MAX - 2);
	rm_explore_menu_make(&menu, program->impl, false, false);
	rm_explore_fill(program, 0, &first, rng);
	for (unsigned t = 1; t < program->threads; t++)
		repeat_one(program, t,
		        menu.kind[rm_explore_draw(
		                rng, readers ? menu.reads : menu.all)],
		        rm_explore_draw(rng, program->keys));
}

static void make_reclaims(struct rm_explore_program *program, uint64_t *rng)
{
	const bool single = program->impl->caps & RM_CAP_SINGLE_WRITER;

	program->threads = 2 + rm_explore_draw(rng, 3);
	for (unsigned t = 0; t < program->threads; t++)
		repeat_one(program, t,
		        t == 0              ? RM_HISTORY_UPSERT
		        : t == 1 && !single ? RM_HISTORY_REMOVE
		                            : RM_HISTORY_LOOKUP,
		        0);
}

void rm_explore_progress_make(
        uint64_t number, struct rm_explore_program *program, uint64_t *rng)
{
	const uint64_t every = number / RM_EXPLORE_TURNS;

	program->looks = false;
	program->unjudged = true; /* long, and no harder than others */
	program->keys = 1 + rm_explore_draw(rng, 2);
	program->resident = rm_explore_draw(rng, 1U << program->keys);
	program->question =
	        every / (RM_EXPLORE_PROGRESS_EVERY / RM_EXPLORE_TURNS) % 2
	                ? RM_EXPLORE_RECLAIMS
	                : RM_EXPLORE_OVERTAKES;
	if (program->question == RM_EXPLORE_RECLAIMS)
		make_reclaims(program, rng);
	else
		make_overtakes(program, rng);
}

void rm_explore_progress_begin(const struct rm_explore_program *program)
{
	progress.program = program;
	progress.note[0] = '\0';
	if (!program->question)
		return;
	progress.ended = 0;
	memset(progress.op, 0, sizeof(progress.op));
	progress.first_ended = !program->ops[0];
	progress.made = rm_explore_heap_made();
	progress.live = rm_explore_heap_live();
}

void rm_explore_operation_begins(unsigned lane, const struct rm_explore_op *op)
{
	progress.began[lane] = progress.ended;
	progress.op[lane] = op;
}

static unsigned most_overtaken(void)
{
	return rm_impl_excludes_starvation(progress.program->impl)
	               ? RM_EXPLORE_OVERTAKEN_MOST
	               : RM_EXPLORE_OVERTAKEN_NOTED;
}

/* The lane's operation does not end. */
static void starves(unsigned lane)
{
	const struct rm_impl *impl = progress.program->impl;
	const struct rm_explore_op one = { .kind = progress.op[lane]->kind,
		.key = progress.op[lane]->key };
	char op[48];

	rm_explore_format_op(&one, op, sizeof(op));
	snprintf(progress.note, sizeof(progress.note),
	        "%s of %s was overtaken by %u operations of others", op,
	        rm_explore_lane_name(lane), most_overtaken());
	if (rm_impl_excludes_starvation(impl))
		rm_explore_stop(RM_EXPLORE_STARVATION,
		        rm_explore.lane[lane].wait == RM_EXPLORE_READY
		                ? NULL
		                : rm_explore.lane[lane].waits_site,
		        NULL, "%s, but the map promises to be %s",
		        progress.note, impl->progress);
}

/* Blocks that the threads made and did not free. */
static size_t blocks_left(void)
{
	const size_t live = rm_explore_heap_live();

	return live > progress.live ? live - progress.live : 0;
}

/* A starved thread announces nothing, so memory must wait. */
static bool forget_blocks(void)
{
	progress.made = rm_explore_heap_made();
	progress.live = rm_explore_heap_live();
	return true;
}

bool rm_explore_operation_ends(unsigned lane)
{
	const bool reclaims = progress.program->question == RM_EXPLORE_RECLAIMS;
	const unsigned most = reclaims ? UNANNOUNCED_MOST : most_overtaken();

	progress.ended++;
	progress.op[lane] = NULL;
	/* Up to RM_EXPLORE_LANES operations may have begun before. */
	for (unsigned i = 1; i < rm_explore.lanes; i++)
		if (progress.op[i] && !progress.note[0] &&
		        progress.ended - progress.began[i] >
		                most + RM_EXPLORE_LANES) {
			if (reclaims)
				return forget_blocks();
			starves(i);
		}
	if (reclaims)
		return progress.ended > ANSWERED_OPS &&
		       blocks_left() * FEW < progress.ended;
	return progress.first_ended || progress.note[0];
}

void rm_explore_operations_end(unsigned lane)
{
	progress.first_ended |= lane == 1;
}

void rm_explore_progress_end(void)
{
	const size_t made = rm_explore_heap_made() - progress.made;
	const size_t left = blocks_left();

	/* a reclaimer that collects a batch has freed earlier ones */
	if (progress.program->question != RM_EXPLORE_RECLAIMS ||
	        left < RM_EXPLORE_UNRECLAIMED_MOST ||
	        left < made - made / FEW ||
	        strstr(progress.program->impl->sync, "leak"))
		return;
	rm_explore_stop(RM_EXPLORE_UNRECLAIMED, NULL, NULL,
	        "%zu of %zu blocks that the threads made are left, although "
	        "each thread announced a quiescent state after each of %llu "
	        "operations: the epoch does not advance",
	        left, made, (unsigned long long)progress.ended);
}

const char *rm_explore_progress_note(void)
{
	return progress.note;
}
