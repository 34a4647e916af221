/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_grow.c - grow:LOOKUPS:UPDATES. The threads insert all keys into an empty
 * map. Between inserts, they read and write keys. The map grows within the
 * window. Every operation is timed, also those that growth delays.
 */
#include "runner/base/clock.h"
#include "runner/trial/internal.h"

static void record_operation(struct rm_member *member, enum rm_loop_time kind,
        uint64_t start_ns, enum rm_operation operation)
{
	const uint64_t end_ns = rm_now_ns();

	rm_loop_note_kind(&member->notes, kind, end_ns - start_ns);
	rm_pace_keep_slow(
	        &member->pace, &(struct rm_slow){ .start_ns = start_ns,
	                               .end_ns = end_ns,
	                               .operation = operation,
	                               .was_there = kind != RM_TIME_STEP });
	member->worker.counts.iterations++;
}

/* Draws a rank that this thread has inserted. No thread removes such ranks. */
static uint64_t inserted_rank(struct rm_worker *worker, uint64_t inserted)
{
	return worker->slot +
	       rm_below(rm_next(&worker->rng), inserted) * worker->threads;
}

static void run_other_operations(struct rm_member *member, uint64_t inserted)
{
	const struct rm_cell *cell = &member->team->request->cell;
	const struct rm_map_ops *ops = member->team->impl->ops;
	struct rm_worker *worker = &member->worker;

	for (uint64_t i = 0; i < cell->loop.args[0]; i++) {
		uint64_t rank = inserted_rank(worker, inserted);
		uint64_t start_ns = rm_now_ns();

		worker->counts.wrong |=
		        rm_read(ops, cell->shape, worker, false, 0, rank);
		record_operation(member, RM_TIME_LOOKUP, start_ns, RM_LOOKUP);
	}
	for (uint64_t i = 0; i < cell->loop.args[1]; i++) {
		uint64_t rank = inserted_rank(worker, inserted);
		uint64_t start_ns = rm_now_ns();

		rm_write_upsert(ops, cell->shape, worker, rank);
		record_operation(member, RM_TIME_UPDATE, start_ns, RM_UPSERT);
	}
}

/* The ranks of the threads are interleaved, so that the threads grow the map
   together. */
static void run(struct rm_member *member)
{
	const struct rm_cell *cell = &member->team->request->cell;
	const struct rm_map_ops *ops = member->team->impl->ops;
	struct rm_worker *worker = &member->worker;
	uint64_t inserted = 0;

	for (uint64_t rank = worker->slot; rank < cell->keys;
	        rank += cell->threads) {
		uint64_t start_ns = rm_now_ns();

		rm_write_upsert(ops, cell->shape, worker, rank);
		record_operation(member, RM_TIME_STEP, start_ns, RM_UPSERT);
		run_other_operations(member, ++inserted);
		if (inserted % RM_BATCH == 0)
			ops->quiesce(worker->thread);
	}
}

static void report(const struct rm_team *team, rm_stat_fn *emit, void *context)
{
	/* each time includes two clock readings, see
	   environment.clock_cost_ns */
	rm_loop_emit_times(team, "insert", emit, context);
	rm_loop_emit_kind(team, RM_TIME_LOOKUP, "lookup", emit, context);
	rm_loop_emit_kind(team, RM_TIME_UPDATE, "update", emit, context);
}

const struct rm_trial_loop rm_loop_grow = { .times = 1U << RM_TIME_STEP |
	                                             1U << RM_TIME_LOOKUP |
	                                             1U << RM_TIME_UPDATE,
	.run = run,
	.report = report };
