/* SPDX-License-Identifier: Apache-2.0 */
/* loop_fill.c - fill: the threads insert all keys into an empty map, each
   thread its share. Keys are binary or decimal text. random-fill: the threads
   write random keys, the same number. */
#include "runner/base/clock.h"
#include "runner/trial/internal.h"

/* Times each write, because these loops measure pauses that growth causes.
   Builds the key before the timer starts, since formatting digits takes as long
   as some inserts. */
static void write_timed(struct rm_member *member, uint64_t rank)
{
	const struct rm_map_ops *ops = member->team->impl->ops;
	const struct rm_cell *cell = &member->team->request->cell;
	struct rm_worker *worker = &member->worker;
	const struct rm_key key = rm_trial_key(cell, rank, &worker->written);
	const uint64_t inserts = worker->counts.inserts;
	const uint64_t start_ns = rm_now_ns();

	rm_write_key(ops, cell->shape, worker, rank, key);

	const uint64_t end_ns = rm_now_ns();

	rm_loop_note(&member->notes, end_ns - start_ns);
	rm_pace_keep_slow(&member->pace,
	        &(struct rm_slow){ .start_ns = start_ns,
	                .end_ns = end_ns,
	                .operation = RM_UPSERT,
	                .was_there = inserts == worker->counts.inserts });
	if (++worker->counts.iterations % RM_BATCH == 0)
		ops->quiesce(worker->thread);
}

/* The ranks of the threads are interleaved, so that the threads grow the map
   together. */
static void run(struct rm_member *member)
{
	const struct rm_cell *cell = &member->team->request->cell;

	for (uint64_t rank = member->worker.slot; rank < cell->keys;
	        rank += cell->threads)
		write_timed(member, rank);
}

/* Writes n uniformly drawn keys, where n is the number of keys. At first most
   writes insert, later more and more writes update. About n/e keys are never
   drawn. */
static void run_random(struct rm_member *member)
{
	const struct rm_cell *cell = &member->team->request->cell;
	struct rm_worker *worker = &member->worker;

	for (uint64_t turn = worker->slot; turn < cell->keys;
	        turn += cell->threads)
		write_timed(
		        member, rm_below(rm_next(&worker->rng), cell->keys));
}

static void report(const struct rm_team *team, rm_stat_fn *emit, void *context)
{
	/* each time includes two clock readings, see
	   environment.clock_cost_ns */
	rm_loop_emit_times(team, "insert", emit, context);
}

/* Like report(), but for writes whose key may be present. */
static void report_random(
        const struct rm_team *team, rm_stat_fn *emit, void *context)
{
	rm_loop_emit_times(team, "write", emit, context);
}

const struct rm_trial_loop rm_loop_fill = {
	.times = 1U << RM_TIME_STEP, .run = run, .report = report
};
const struct rm_trial_loop rm_loop_random_fill = {
	.times = 1U << RM_TIME_STEP, .run = run_random, .report = report_random
};
