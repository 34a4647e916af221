/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_scan.c - scan:N. The first N threads repeatedly visit all entries. The
 * others run the loop mix. A scan counts as one operation.
 */
#include "runner/base/clock.h"
#include "runner/trial/internal.h"

struct view {
	struct rm_shape shape;
	uint64_t visited, wrong;
};

static bool visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct view *view = context;

	(void)key;
	view->visited++;
	/* a value contains its rank, and its other words must match this
	   rank */
	view->wrong |=
	        rm_value_errors(view->shape, value, (uint32_t)value->word[0]);
	return true;
}

static void scan(struct rm_member *member)
{
	const struct rm_map_ops *ops = member->team->impl->ops;
	struct rm_worker *worker = &member->worker;
	struct view view = { .shape = member->team->request->cell.shape };

	do {
		uint64_t start_ns = rm_now_ns();

		ops->scan(worker->thread, view.shape, visit, &view);
		rm_loop_note(&member->notes, rm_now_ns() - start_ns);
		worker->counts.iterations++;
		ops->quiesce(worker->thread);
	} while (!rm_stopped(worker) &&
	         worker->counts.iterations < worker->iterations_limit);
	member->notes.visited = view.visited;
	worker->counts.wrong |= view.wrong;
}

static void run(struct rm_member *member)
{
	const struct rm_team *team = member->team;

	if (member->worker.slot < team->request->cell.loop.args[0])
		scan(member);
	else
		team->impl->drive[rm_shape_index(team->request->cell.shape)](
		        &member->worker);
}

static void report(const struct rm_team *team, rm_stat_fn *emit, void *context)
{
	double visited = 0;

	for (unsigned i = 0; i < team->request->cell.threads; i++)
		visited += (double)team->members[i].notes.visited;
	rm_loop_emit_times(team, "scan", emit, context);
	emit(context, "scan_entries", "1", visited);
}

const struct rm_trial_loop rm_loop_scan = {
	.times = 1U << RM_TIME_STEP, .run = run, .report = report
};
