/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_lifecycle.c - lifecycle:T:S:E. Each key is a session. Each thread keeps
 * its share of `keys` open. A step touches one session or, once in T + 1 steps,
 * closes the oldest session and opens a new one. A touch is a look-up, which
 * must find the session; a share `writes` of the touches stores a value
 * instead. If the number of sessions varies (struct rm_session_wave), some
 * steps close two sessions or open two.
 */
#include "runner/base/clock.h"
#include "runner/trial/internal.h"

struct sessions {
	struct rm_member *member;
	const struct rm_map_ops *ops;
	struct rm_shape shape;
	uint64_t threads;
	uint64_t oldest, next; /* session numbers, see rank_of() */
	struct rm_session_wave tide;
};

static uint64_t rank_of(const struct sessions *sessions, uint64_t i)
{
	return sessions->member->worker.slot + sessions->threads * i;
}

static void close_oldest(struct sessions *sessions)
{
	rm_write_remove(sessions->ops, sessions->shape,
	        &sessions->member->worker,
	        rank_of(sessions, sessions->oldest++));
}

static void open_next(struct sessions *sessions)
{
	rm_write_upsert(sessions->ops, sessions->shape,
	        &sessions->member->worker, rank_of(sessions, sessions->next++));
}

static void renew(struct sessions *sessions, uint64_t x)
{
	const int step = rm_session_wave_step(
	        &sessions->tide, x, sessions->next - sessions->oldest);
	uint64_t start_ns = rm_now_ns();

	(step > 0 ? open_next : close_oldest)(sessions);
	(step < 0 ? close_oldest : open_next)(sessions);
	sessions->member->worker.counts.pairs++;
	rm_loop_note(&sessions->member->notes, rm_now_ns() - start_ns);
}

static void touch(struct sessions *sessions, uint64_t x)
{
	struct rm_worker *worker = &sessions->member->worker;
	uint64_t open = sessions->next - sessions->oldest;
	uint64_t rank = rank_of(
	        sessions, sessions->oldest + rm_draw_session(worker, x, open));

	if ((uint32_t)x < worker->write_below)
		rm_write_upsert(sessions->ops, sessions->shape, worker, rank);
	else
		/* offset 0: a miss counts as the miss of a resident key */
		worker->counts.wrong |= rm_read(
		        sessions->ops, sessions->shape, worker, false, rank, 0);
}

static void run(struct rm_member *member)
{
	const struct rm_cell *cell = &member->team->request->cell;
	struct rm_worker *worker = &member->worker;
	const uint64_t steps = cell->loop.args[0] + 1;
	/* the prefill opened ranks 0 .. keys - 1 */
	struct sessions sessions = { member, member->team->impl->ops,
		cell->shape, cell->threads, member->notes.closed,
		member->notes.opened +
		        (cell->keys - 1 - worker->slot) / cell->threads + 1,
		rm_session_wave_start(worker, rm_sessions_held(worker),
		        member->notes.turns) };
	const uint64_t prefilled = sessions.next - member->notes.opened;

	while (!rm_stopped(worker) &&
	        worker->counts.iterations < worker->iterations_limit) {
		uint64_t x = rm_next(&worker->rng);

		if (rm_below(rm_seed(x, 1), steps) == 0)
			renew(&sessions, x);
		else
			touch(&sessions, x);
		if (++worker->counts.iterations % RM_BATCH == 0)
			sessions.ops->quiesce(worker->thread);
	}
	member->notes.turns = sessions.tide.own;
	member->notes.closed = sessions.oldest;
	member->notes.opened = sessions.next - prefilled;
}

static void report(const struct rm_team *team, rm_stat_fn *emit, void *context)
{
	/* time of a close and an open together */
	rm_loop_emit_times(team, "renew", emit, context);
}

const struct rm_trial_loop rm_loop_lifecycle = {
	.times = 1U << RM_TIME_STEP, .run = run, .report = report
};
