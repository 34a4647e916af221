/* SPDX-License-Identifier: Apache-2.0 */
/* loop_fill.c - fill: an empty map gets all its keys, each thread its share. */
#include "runner/base/clock.h"
#include "runner/trial/internal.h"

/* Ranks by turns, so that all threads grow the same map together from its
   first key to its last. Each insert is timed: the pauses of growth are what
   this loop is for. */
static void run(struct rm_member *member)
{
	const struct rm_cell *cell = &member->team->request->cell;
	const struct rm_map_ops *ops = member->team->impl->ops;
	struct rm_worker *worker = &member->worker;

	for (uint64_t rank = worker->slot; rank < cell->keys;
	        rank += cell->threads) {
		uint64_t start_ns = rm_now_ns();

		rm_write_upsert(ops, cell->shape, worker, rank);

		uint64_t end_ns = rm_now_ns();

		rm_loop_note(&member->notes, end_ns - start_ns);
		rm_pace_keep_slow(
		        &member->pace, &(struct rm_slow){ .start_ns = start_ns,
		                               .end_ns = end_ns,
		                               .operation = RM_UPSERT });
		if (++worker->counts.iterations % RM_BATCH == 0)
			ops->quiesce(worker->thread);
	}
}

static void report(const struct rm_team *team, rm_stat_fn *emit, void *context)
{
	/* each time has two clock readings in it: environment.clock_cost_ns */
	rm_loop_emit_times(team, "insert", emit, context);
}

const struct rm_trial_loop rm_loop_fill = { run, report };
