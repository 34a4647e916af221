/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_lazy.c - lazy: a cache that loads missing keys, like the shards of
 * article S4, section 4.2. Each look-up holds the read lock; on a miss, the
 * thread releases it, takes the write lock, looks up again, loads and inserts.
 * The read lock cannot be upgraded. A write removes a key.
 */
#include "runner/base/clock.h"
#include "runner/trial/internal.h"

/* Inserts a key that the look-up missed. If insert_if_absent() finds it,
   another thread has inserted it, and that thread's value is used. */
static void load(struct rm_member *member, uint64_t rank)
{
	const struct rm_cell *cell = &member->team->request->cell;
	struct rm_worker *worker = &member->worker;
	struct rm_key key = rm_key_of(cell->shape, rank, &worker->written);
	struct rm_value present,
	        value = rm_value_of(rank, worker->slot, ++worker->sequence);

	if (member->team->impl->ops->insert_if_absent(
	            worker->thread, cell->shape, key, &value, &present)) {
		worker->counts.wrong |=
		        rm_value_errors(cell->shape, &present, rank);
		return;
	}
	worker->counts.writes++;
	worker->counts.pairs++; /* a pair: the insert follows the look-up */
	worker->counts.inserts++;
	worker->key_sum += rm_rank_mix(rank);
}

static void look_up(struct rm_member *member, uint64_t rank)
{
	const struct rm_cell *cell = &member->team->request->cell;
	struct rm_worker *worker = &member->worker;
	struct rm_key key = rm_key_of(cell->shape, rank, &worker->line);
	uint64_t start_ns = rm_now_ns();
	struct rm_value value;

	if (member->team->impl->ops->lookup(
	            worker->thread, cell->shape, key, &value)) {
		rm_loop_note_kind(
		        &member->notes, RM_TIME_LOOKUP, rm_now_ns() - start_ns);
		worker->counts.wrong |=
		        rm_value_errors(cell->shape, &value, rank);
		return;
	}
	worker->counts.misses_absent++;
	load(member, rank);
	rm_loop_note(&member->notes, rm_now_ns() - start_ns);
}

static void run(struct rm_member *member)
{
	const struct rm_map_ops *ops = member->team->impl->ops;
	const struct rm_shape shape = member->team->request->cell.shape;
	struct rm_worker *worker = &member->worker;

	do {
		uint64_t x = rm_next(&worker->rng);
		uint64_t rank = rm_draw(worker, rm_draws_kind(worker), x,
		        &worker->rng, &worker->position, worker->resident);

		if ((uint32_t)x < worker->write_below)
			rm_write_remove(ops, shape, worker, rank);
		else
			look_up(member, rank);
		if (++worker->counts.iterations % RM_BATCH == 0)
			ops->quiesce(worker->thread);
	} while (!rm_stopped(worker) &&
	         worker->counts.iterations < worker->iterations_limit);
	ops->quiesce(worker->thread);
}

static void report(const struct rm_team *team, rm_stat_fn *emit, void *context)
{
	rm_loop_emit_times(team, "load", emit, context);
	rm_loop_emit_kind(team, RM_TIME_LOOKUP, "hit", emit, context);
}

const struct rm_trial_loop rm_loop_lazy = { .times = 1U << RM_TIME_STEP |
	                                             1U << RM_TIME_LOOKUP,
	.run = run,
	.report = report };
