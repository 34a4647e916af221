/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_alternate.c - alternate: each thread alternates between the look-up of a
 * key and the write of a key. Keys are drawn as in the loop mix, and writes are
 * of the cell's kind.
 *
 * The loop mix draws the kind of each operation, so several look-ups or several
 * writes may follow each other. Article S3, section 1, describes strict
 * alternation.
 */
#include "runner/trial/internal.h"

static void run(struct rm_member *member)
{
	const struct rm_team *team = member->team;
	const struct rm_map_ops *ops = team->impl->ops;
	const struct rm_shape shape = team->request->cell.shape;
	struct rm_worker *worker = &member->worker;
	const enum rm_draws draws = rm_draws_kind(worker);

	while (!rm_stopped(worker) &&
	        worker->counts.iterations < worker->iterations_limit) {
		const uint64_t x = rm_next(&worker->rng);
		const uint64_t y = rm_seed(x, 0); /* for the write */
		uint64_t rank = rm_draw(worker, draws, x, &worker->rng,
		        &worker->position, worker->span);

		worker->counts.wrong |= rm_read(ops, shape, worker, false,
		        rm_lookup_base(worker, rank), rank);
		rank = rm_draw(worker, draws, y, &worker->rng,
		        &worker->position, worker->span);
		rm_write(ops, shape, worker, rank, y);
		worker->counts.iterations += 2;
		if (worker->counts.iterations % RM_BATCH == 0)
			ops->quiesce(worker->thread);
	}
}

static void report(const struct rm_team *team, rm_stat_fn *emit, void *context)
{
	(void)team, (void)emit, (void)context;
}

const struct rm_trial_loop rm_loop_alternate = { .run = run, .report = report };
