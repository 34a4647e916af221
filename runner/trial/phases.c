/* SPDX-License-Identifier: Apache-2.0 */
/* phases.c - what each member does in each phase of a trial. */
#include "runner/trial/team.h"

#include "runner/base/clock.h"
#include "runner/trace/record.h"
#include "runner/trial/stream.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static const struct rm_cell *cell_of(const struct rm_member *member)
{
	return &member->team->request->cell;
}

void rm_phase_join(struct rm_member *member)
{
	struct rm_team *team = member->team;

	if (!team->map)
		return;
	member->worker.thread =
	        team->impl->ops->join(team->map, member->worker.slot);
	if (!member->worker.thread)
		rm_error_set(&member->error, -ENOMEM,
		        "thread could not join the map: out of memory");
}

struct source_context {
	struct rm_shape shape;
	struct rm_key_bytes *line; /* the current key's bytes */
};

static void source_at(const struct rm_source *source, size_t i,
        struct rm_key *key, struct rm_value *value)
{
	const struct source_context *context = source->context;

	*key = rm_key_of(context->shape, i, context->line);
	*value = rm_value_of(i, 0, 0);
}

/* In bulk by one member: a snapshot filled by upsert would be O(n^2). */
static void load(struct rm_member *member)
{
	struct source_context context = { cell_of(member)->shape,
		&member->worker.written };
	struct rm_source source = { .count = member->team->prefilled,
		.at = source_at,
		.context = &context };
	int status = member->team->impl->ops->load(
	        member->worker.thread, context.shape, &source);

	if (status)
		rm_error_set(&member->error, status, "prefill: %s",
		        strerror(-status));
}

void rm_phase_prefill(struct rm_member *member)
{
	const struct rm_impl *impl = member->team->impl;
	struct rm_worker *worker = &member->worker;
	struct rm_shape shape = cell_of(member)->shape;
	unsigned slot = worker->slot, step = cell_of(member)->threads;

	if (!worker->thread || !member->team->prefilled)
		return;
	if (impl->ops->load) {
		if (!slot)
			load(member);
		return;
	}
	if (impl->caps & (RM_CAP_SINGLE_WRITER | RM_CAP_UNSAFE)) {
		if (slot)
			return;
		step = 1;
	}
	for (uint64_t rank = slot; rank < member->team->prefilled;
	        rank += step) {
		struct rm_key key = rm_key_of(shape, rank, &worker->written);
		struct rm_value value = rm_value_of(rank, 0, 0);

		impl->ops->upsert(worker->thread, shape, key, &value);
		if (rank / step % RM_BATCH == 0)
			impl->ops->quiesce(worker->thread);
	}
}

/*
 * Looks up its share of the resident ranks once: shows that the prefill is
 * exact, and brings maps that settle by use to their steady state (sync.Map
 * moves new keys out of the locked part only by as many misses).
 */
void rm_phase_settle(struct rm_member *member)
{
	const struct rm_impl *impl = member->team->impl;
	struct rm_worker *worker = &member->worker;
	struct rm_shape shape = cell_of(member)->shape;
	unsigned step = cell_of(member)->threads;

	if (!worker->thread || !rm_team_has_keys(member->team))
		return;
	for (uint64_t rank = worker->slot; rank < member->team->prefilled;
	        rank += step) {
		struct rm_key key = rm_key_of(shape, rank, &worker->line);
		struct rm_value value = { { 0 } };

		if (impl->ops->lookup(worker->thread, shape, key, &value)) {
			member->settled++;
			worker->counts.wrong |=
			        rm_value_wrong(shape, &value, rank);
		}
		if (rank / step % RM_BATCH == 0)
			impl->ops->quiesce(worker->thread);
	}
}

static void drive(struct rm_member *member, uint64_t window_ns)
{
	const struct rm_cell *cell = cell_of(member);
	const struct rm_team *team = member->team;
	struct rm_recorder *recorder = team->request->recorder;
	struct rm_worker *worker = &member->worker;

	if (worker->pace)
		rm_pace_begin(worker->pace, rm_now_ns(), window_ns,
		        cell->rate_per_s, worker->slot, cell->threads);
	if (team->own_loop)
		team->own_loop(worker);
	else if (team->loop)
		team->loop->run(member);
	else if (recorder)
		rm_recorder_drive(recorder, team->impl, cell->shape, worker);
	else
		team->impl->drive[rm_shape_index(cell->shape)](worker);
}

void rm_phase_warm_up(struct rm_member *member)
{
	struct rm_worker *worker = &member->worker;

	if (!worker->thread || cell_of(member)->measure == RM_MEASURE_VERIFY)
		return;
	worker->iterations_limit = UINT64_MAX;
	if (cell_of(member)->warm_up_ns)
		drive(member, cell_of(member)->warm_up_ns);
	member->warm_up = worker->counts;
	memset(&worker->counts, 0, sizeof(worker->counts));
	rm_loop_notes_clear(&member->notes);
	worker->measured = true;
	if (member->team->counters) {
		int status = rm_counters_attach(
		        member->team->counters, worker->slot);

		(void)status; /* the reason stands in the counters' result */
	}
	rm_usage_thread_slow(&member->before);
	if (!worker->slot)
		member->team->adds_per_ns[0] = rm_usage_adds_per_ns();
}

/* Iterations of a count window: whole batches, at least one. */
static uint64_t iterations_wanted(const struct rm_member *member)
{
	const struct rm_request *request = member->team->request;
	double wanted =
	        (double)request->cell.window_ops * (1 + request->control_extra);

	if (member->worker.replay)
		return member->replay_operations;
	if (!request->cell.window_ops)
		return UINT64_MAX;
	return wanted < RM_BATCH ? RM_BATCH : (uint64_t)wanted;
}

void rm_phase_window(struct rm_member *member)
{
	struct rm_team *team = member->team;
	struct rm_worker *worker = &member->worker;

	if (!worker->thread)
		return;
	worker->iterations_limit = iterations_wanted(member);
	rm_usage_thread(&member->before);
	member->cpu_start = sched_getcpu();
	if (team->counters)
		rm_counters_enable(team->counters, worker->slot);
	member->start_ns = rm_now_ns();
	if (cell_of(member)->measure == RM_MEASURE_VERIFY)
		rm_account_run(member);
	else
		drive(member, cell_of(member)->window_ns);
	member->end_ns = rm_now_ns();
	if (team->counters)
		rm_counters_disable(team->counters, worker->slot);
	member->cpu_end = sched_getcpu();
	rm_usage_thread(&member->after);
}

/* Looks up this member's share of every rank that may be present. */
void rm_phase_verify(struct rm_member *member)
{
	const struct rm_impl *impl = member->team->impl;
	struct rm_worker *worker = &member->worker;
	struct rm_shape shape = cell_of(member)->shape;

	if (!worker->slot)
		member->team->adds_per_ns[1] = rm_usage_adds_per_ns();
	rm_usage_thread_slow(&member->after);
	if (!worker->thread || !rm_team_has_keys(member->team))
		return;
	for (uint64_t rank = worker->slot; rank < member->team->universe;
	        rank += cell_of(member)->threads) {
		struct rm_key key = rm_key_of(shape, rank, &worker->line);
		struct rm_value value = { { 0 } };

		if (impl->ops->lookup(worker->thread, shape, key, &value)) {
			member->held_keys++;
			member->held_sum += rm_rank_mix(rank);
			member->held_digest +=
			        rm_replay_digest(member->team, rank, &value);
			member->account.held += value.word[0];
			worker->counts.wrong |=
			        rm_value_wrong(shape, &value, rank);
		}
		if (rank / cell_of(member)->threads % RM_BATCH == 0)
			impl->ops->quiesce(worker->thread);
	}
}

void rm_phase_leave(struct rm_member *member)
{
	if (member->worker.thread)
		member->team->impl->ops->leave(member->worker.thread);
	member->worker.thread = NULL;
}
