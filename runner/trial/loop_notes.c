/* SPDX-License-Identifier: Apache-2.0 */
/* loop_notes.c - what the generic loops note: how long single steps took. */

#include "runner/trial/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rm_loop_notes_clear(struct rm_loop_notes *notes)
{
	free(notes->times);
	notes->times = NULL;
	notes->visited = 0;
}

/* Made at the first note: most loops take none, and a histogram is large. */
void rm_loop_note(struct rm_loop_notes *notes, uint64_t ns)
{
	if (!notes->times)
		notes->times = rm_histogram_create();
	if (notes->times)
		rm_histogram_record(notes->times, ns);
}

static void emit_one(const char *name, const char *what, const char *unit,
        double value, rm_stat_fn *emit, void *context)
{
	char full[RM_NAME_BYTES];

	snprintf(full, sizeof(full), "%s_%s", name, what);
	emit(context, full, unit, value);
}

/* Of all threads together: who waits for a scan does not care which thread it
   was. */
void rm_loop_emit_times(const struct rm_team *team, const char *name,
        rm_stat_fn *emit, void *context)
{
	struct rm_histogram *sum = rm_histogram_create();

	if (!sum)
		return;
	for (unsigned i = 0; i < team->request->cell.threads; i++)
		if (team->members[i].notes.times)
			rm_histogram_merge(sum, team->members[i].notes.times);
	emit_one(name, "count", "1", (double)sum->count, emit, context);
	emit_one(name, "p50", "ns", (double)rm_histogram_quantile(sum, 0.5),
	        emit, context);
	emit_one(name, "p99", "ns", (double)rm_histogram_quantile(sum, 0.99),
	        emit, context);
	emit_one(name, "max", "ns", (double)sum->max_ns, emit, context);
	free(sum);
}
