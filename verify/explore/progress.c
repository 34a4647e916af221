/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.c - generates programs that test progress, and judges it
 * (progress.h).
 *
 * Starvation: thread 1 has a few operations. Each other thread repeats one
 * operation until thread 1 has ended. All threads take steps equally often, so
 * an operation that needs n steps is overtaken at most about n times. Only an
 * operation that retries or waits is overtaken RM_EXPLORE_OVERTAKEN_MOST times.
 *
 * Reclamation: one thread inserts a key, one removes it, and others may read.
 * Each announces a quiescent state after every operation. The map must respect
 * retired_limit_bytes of runner/map.h, so a correct reclaimer soon frees as
 * much memory as it receives, even if it collects batches first. Maps of other
 * projects do not promise this limit, so they get a note instead of a finding.
 * If blocks are allocated while a thread starves, which then announces no
 * quiescent state, the program ends without a verdict.
 */
#include "verify/explore/progress.h"
#include "verify/check/internal.h"
#include "verify/explore/heap.h"
#include "verify/explore/menu.h"
#include "verify/explore/world.h"

#include "runner/impl.h"

#include <string.h>

enum {
	/* maximum number of repeats; most programs end earlier. Maps that
	   collect many objects may take long until they free some. */
	REPEATS = 4096,
	REPEATS_RECLAIM = 16384,
	OPS_OF_FIRST = 3,      /* maximum operations of thread 1 */
	UNANNOUNCED_MOST = 64, /* blocks allocated during one operation */
	/* operations of the inserting thread before memory is judged; one
	   program in LONG_OF is long, for epochs that soon wrap */
	ANSWERED_OPS = 64,
	ANSWERED_LONG = 2048,
	LONG_OF = 4,
	/* least ratios of freed to allocated blocks, and of allocated blocks to
	 * operations: 1/8 */
	FEW = 8,
};

static struct {
	const struct rm_explore_program *program;
	uint64_t ended;  /* completed operations of all lanes */
	uint64_t writes; /* completed operations of lane 1 */
	/* values of `ended`, and of all allocated blocks, at the beginning */
	uint64_t began[RM_EXPLORE_LANES];
	size_t had_made[RM_EXPLORE_LANES];
	const struct rm_explore_op *op[RM_EXPLORE_LANES]; /* NULL: none */
	bool first_ended; /* true once thread 1 has ended all its operations */
	/* numbers of blocks, and of writes, from which memory is judged */
	size_t made, live;
	uint64_t since;
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
        uint8_t kind, unsigned key, uint32_t times)
{
	program->op[t][program->ops[t]++] = (struct rm_explore_op){
		.kind = kind, .key = (uint8_t)key, .times = times
	};
}

/* In half of the programs, all threads except thread 1 only read. */
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
		        rm_explore_draw(rng, program->keys), REPEATS);
}

static void make_reclaims(struct rm_explore_program *program, uint64_t *rng)
{
	const bool single = program->impl->caps & RM_CAP_SINGLE_WRITER;

	program->threads = 2 + rm_explore_draw(rng, 3);
	program->lasts = rm_explore_draw(rng, LONG_OF) == 0;
	for (unsigned t = 0; t < program->threads; t++)
		repeat_one(program, t,
		        t == 0              ? RM_HISTORY_UPSERT
		        : t == 1 && !single ? RM_HISTORY_REMOVE
		                            : RM_HISTORY_LOOKUP,
		        0, REPEATS_RECLAIM);
}

void rm_explore_progress_make(
        uint64_t number, struct rm_explore_program *program, uint64_t *rng)
{
	const uint64_t every = number / RM_EXPLORE_TURNS;

	program->looks = false;
	/* these programs are long and add nothing to this question */
	program->unjudged = true;
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
	progress.ended = progress.writes = progress.since = 0;
	memset(progress.op, 0, sizeof(progress.op));
	progress.first_ended = !program->ops[0];
	progress.made = rm_explore_heap_made();
	progress.live = rm_explore_heap_live();
}

void rm_explore_operation_begins(unsigned lane, const struct rm_explore_op *op)
{
	progress.began[lane] = progress.ended;
	progress.had_made[lane] = rm_explore_heap_made();
	progress.op[lane] = op;
}

static unsigned most_overtaken(void)
{
	return rm_impl_excludes_starvation(progress.program->impl)
	               ? RM_EXPLORE_OVERTAKEN_MOST
	               : RM_EXPLORE_OVERTAKEN_NOTED;
}

/* Handles an operation that is overtaken too often. */
static void starves(unsigned lane)
{
	const struct rm_impl *impl = progress.program->impl;
	const struct rm_explore_op one = { .kind = progress.op[lane]->kind,
		.key = progress.op[lane]->key };
	char op[48];

	rm_explore_format_op(&one, op, sizeof(op));
	if (rm_impl_excludes_starvation(impl))
		rm_explore_stop(RM_EXPLORE_STARVATION,
		        rm_explore.lane[lane].wait == RM_EXPLORE_READY
		                ? NULL
		                : rm_explore.lane[lane].waits_site,
		        NULL,
		        "%s of %s was overtaken by %u operations of other "
		        "threads, but the map promises to be %s",
		        op, rm_explore_lane_name(lane), most_overtaken(),
		        impl->progress);
	snprintf(progress.note, sizeof(progress.note),
	        "starvation is possible (the map promises only to be %s): %s "
	        "of %s was overtaken by %u operations of other threads",
	        impl->progress, op, rm_explore_lane_name(lane),
	        most_overtaken());
}

/* Returns the number of blocks that the threads allocated but did not free. */
static size_t blocks_left(void)
{
	const size_t live = rm_explore_heap_live();

	return live > progress.live ? live - progress.live : 0;
}

static size_t blocks_made(void)
{
	return rm_explore_heap_made() - progress.made;
}

/* From now on only newly allocated blocks are judged. */
static void forget_blocks(void)
{
	progress.made = rm_explore_heap_made();
	progress.live = rm_explore_heap_live();
	progress.since = progress.writes;
}

/* True if no more operations are needed to judge memory. */
static bool reclaims(void)
{
	const size_t made = blocks_made();
	const uint64_t writes = progress.writes - progress.since;

	for (unsigned i = 1; i < rm_explore.lanes; i++)
		if (progress.op[i] &&
		        rm_explore_heap_made() - progress.had_made[i] >
		                UNANNOUNCED_MOST) {
			forget_blocks();
			return true;
		}
	if (writes <= ANSWERED_OPS)
		return false;
	if (made * FEW < writes)
		return writes > ANSWERED_OPS * FEW;
	if (blocks_left() * FEW >= made)
		return false;
	forget_blocks();
	return !progress.program->lasts || progress.writes > ANSWERED_LONG;
}

bool rm_explore_operation_ends(unsigned lane)
{
	const unsigned most = most_overtaken();

	progress.ended++;
	progress.writes += lane == 1;
	progress.op[lane] = NULL;
	if (progress.program->question == RM_EXPLORE_RECLAIMS)
		return reclaims();
	/* Up to RM_EXPLORE_LANES operations may have begun before. */
	for (unsigned i = 1; i < rm_explore.lanes; i++)
		if (progress.op[i] && !progress.note[0] &&
		        progress.ended - progress.began[i] >
		                most + RM_EXPLORE_LANES)
			starves(i);
	return progress.first_ended || progress.note[0];
}

void rm_explore_operations_end(unsigned lane)
{
	progress.first_ended |= lane == 1;
}

void rm_explore_progress_end(void)
{
	const struct rm_impl *impl = progress.program->impl;
	const size_t made = blocks_made(), left = blocks_left();

	/* a reclaimer that collects batches has freed earlier batches */
	if (progress.program->question != RM_EXPLORE_RECLAIMS ||
	        left < RM_EXPLORE_UNRECLAIMED_MOST ||
	        left < made - made / FEW || strstr(impl->sync, "leak"))
		return;
	if (rm_foreign_code(impl) == (uintptr_t)impl->ops->lookup)
		rm_explore_stop(RM_EXPLORE_UNRECLAIMED, NULL, NULL,
		        "%zu of %zu blocks that the threads allocated are not "
		        "freed, although each thread announced a quiescent "
		        "state "
		        "after each of %llu operations, and the map has a "
		        "limit of %d retired bytes: the epoch does not advance",
		        left, made, (unsigned long long)progress.ended,
		        RM_EXPLORE_RETIRED_BYTES);
	snprintf(progress.note, sizeof(progress.note),
	        "the threads allocated %zu blocks, and %zu of them are not "
	        "freed: the map frees late, or only when it is destroyed",
	        made, left);
}

const char *rm_explore_progress_note(void)
{
	return progress.note;
}
