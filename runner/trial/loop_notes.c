/* SPDX-License-Identifier: Apache-2.0 */
/* loop_notes.c - records the durations of single steps in the loops of
   loop_*.c. */

#include "runner/trial/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* True if this thread records durations. In the loops scan and stall, only some
   threads do. */
static bool records_times(const struct rm_member *member)
{
	const struct rm_cell *cell = &member->team->request->cell;

	if (cell->loop.kind == RM_LOOP_SCAN)
		return member->worker.slot < cell->loop.args[0];
	return cell->loop.kind != RM_LOOP_STALL || !member->worker.slot;
}

int rm_loop_notes_create(struct rm_member *member)
{
	const struct rm_trial_loop *loop = member->team->loop;

	for (int kind = 0;
	        loop && records_times(member) && kind < RM_LOOP_TIMES; kind++) {
		if (!(loop->times & 1U << kind))
			continue;
		member->notes.times[kind] = rm_histogram_create();
		if (!member->notes.times[kind])
			return -ENOMEM;
	}
	return 0;
}

void rm_loop_notes_free(struct rm_loop_notes *notes)
{
	for (int kind = 0; kind < RM_LOOP_TIMES; kind++)
		free(notes->times[kind]);
}

void rm_loop_notes_clear(struct rm_loop_notes *notes)
{
	for (int kind = 0; kind < RM_LOOP_TIMES; kind++)
		if (notes->times[kind])
			rm_histogram_clear(notes->times[kind]);
	notes->visited = 0;
	notes->rss_first_bytes = notes->rss_peak_bytes = 0;
	/* both relaxed: a barrier separates this phase from the next */
	atomic_store_explicit(&notes->round, 0, memory_order_relaxed);
	atomic_store_explicit(&notes->stopped, false, memory_order_relaxed);
}

void rm_loop_note_kind(
        struct rm_loop_notes *notes, enum rm_loop_time kind, uint64_t ns)
{
	rm_histogram_record(notes->times[kind], ns);
}

void rm_loop_note(struct rm_loop_notes *notes, uint64_t ns)
{
	rm_loop_note_kind(notes, RM_TIME_STEP, ns);
}

static void emit_stat(const char *name, const char *suffix, const char *unit,
        double value, rm_stat_fn *emit, void *context)
{
	char full[RM_NAME_BYTES];

	snprintf(full, sizeof(full), "%s_%s", name, suffix);
	emit(context, full, unit, value);
}

/* Emits the merged records of all threads, because it is irrelevant which
   thread scanned. */
static void emit_times(const struct rm_histogram *sum, const char *name,
        rm_stat_fn *emit, void *context)
{
	static const struct {
		const char *name;
		double share;
	} quantiles[] = { { "p50", .5 }, { "p99", .99 }, { "p999", .999 } };

	emit_stat(name, "count", "1", (double)sum->count, emit, context);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(*quantiles); i++)
		emit_stat(name, quantiles[i].name, "ns",
		        (double)rm_histogram_quantile(sum, quantiles[i].share),
		        emit, context);
	emit_stat(name, "max", "ns", (double)sum->max_ns, emit, context);
}

static struct rm_histogram *merged(
        const struct rm_team *team, enum rm_loop_time kind)
{
	struct rm_histogram *sum = rm_histogram_create();

	for (unsigned i = 0; sum && i < team->request->cell.threads; i++) {
		const struct rm_histogram *one =
		        team->members[i].notes.times[kind];

		if (one)
			rm_histogram_merge(sum, one);
	}
	return sum;
}

void rm_loop_emit_times(const struct rm_team *team, const char *name,
        rm_stat_fn *emit, void *context)
{
	struct rm_histogram *sum = merged(team, RM_TIME_STEP);

	if (sum)
		emit_times(sum, name, emit, context);
	free(sum);
}

void rm_loop_emit_kind(const struct rm_team *team, enum rm_loop_time kind,
        const char *name, rm_stat_fn *emit, void *context)
{
	struct rm_histogram *sum = merged(team, kind);

	if (sum && sum->count)
		emit_times(sum, name, emit, context);
	free(sum);
}
