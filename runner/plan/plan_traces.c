/* SPDX-License-Identifier: Apache-2.0 */
/* plan_traces.c - cells whose operations are a recorded trace. */
#include "runner/plan/internal.h"

#include "runner/trace/trace.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Names are relative to the folder of the workload, as those of includes. */
static int name(const struct rm_workload *workload, unsigned i,
        struct rm_plan_trace *trace)
{
	const char *slash = strrchr(workload->file, '/');
	int folder = slash && workload->values[i].trace[0] != '/'
	                     ? (int)(slash + 1 - workload->file)
	                     : 0;

	return snprintf(trace->file, sizeof(trace->file), "%.*s%s", folder,
	               workload->file,
	               workload->values[i].trace) >= (int)sizeof(trace->file)
	               ? -ENAMETOOLONG
	               : 0;
}

static void describe(
        const struct rm_trace *trace, struct rm_plan_trace *planned)
{
	double writes = (double)(trace->sets + trace->dels);

	planned->operations = trace->count;
	planned->keys = trace->peak ? trace->peak : 1;
	/* for people: ten thousandths are enough; some are never none */
	planned->write_share = ceil(1e4 * writes / (double)trace->count) / 1e4;
	planned->checksum = trace->checksum;
	planned->in_place = trace->in_place;
}

/* A damaged trace is the workload's mistake and would cost a campaign: it is
   read here, long before a trial needs it. Its entries are not kept. */
static int load(const struct rm_planning *planning,
        const struct rm_workload *workload, unsigned i,
        struct rm_plan_trace *planned)
{
	struct rm_error why = { "" };
	struct rm_trace trace = { 0 };
	int failed = name(workload, i, planned);

	if (failed)
		rm_error_set(&why, failed,
		        "file:%.60s...: the name is too long",
		        workload->values[i].trace);
	else
		failed = rm_trace_load(planned->file, &trace, &why);
	if (failed)
		rm_error_set(planning->error, -EINVAL, "%s: keys = %.380s",
		        workload->where[RM_KEY_KEYS], why.text);
	else
		describe(&trace, planned);
	rm_trace_clear(&trace);
	return failed ? -EINVAL : 0;
}

int rm_plan_traces_load(const struct rm_planning *planning,
        const struct rm_workload *workload,
        struct rm_plan_trace traces[RM_LIST_MAX])
{
	int failed = 0;

	for (unsigned i = 0; rm_workload_traced(workload) && !failed &&
	                     i < workload->count[RM_KEY_KEYS];
	        i++)
		failed = load(planning, workload, i, &traces[i]);
	return failed;
}

void rm_plan_trace_fill(const struct rm_plan_trace *trace,
        const struct rm_workload *workload, struct rm_cell *cell)
{
	uint64_t all = trace->operations * workload->values[0].trace_passes;

	if (!trace->file[0])
		return;
	strcpy(cell->trace, trace->file);
	cell->trace_checksum = trace->checksum;
	cell->trace_passes = workload->values[0].trace_passes;
	cell->dist = RM_DIST_TRACE;
	cell->keys = trace->keys;
	cell->write_share = trace->write_share;
	cell->write_kind = trace->in_place ? RM_UPDATE : RM_CHURN;
	cell->window_ops = (all + cell->threads - 1) / cell->threads;
}
