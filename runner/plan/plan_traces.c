/* SPDX-License-Identifier: Apache-2.0 */
/* plan_traces.c - fills cells whose operations are a recorded trace. */
#include "runner/plan/internal.h"

#include "runner/trace/trace.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Builds the path of a trace, which is relative to the folder of the workload
   file, as in `include`. */
static int build_path(const struct rm_workload *workload, unsigned i,
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

static void copy_properties(
        const struct rm_trace *trace, struct rm_plan_trace *planned)
{
	double writes = (double)(trace->sets + trace->dels);

	planned->operations = trace->count;
	planned->keys = trace->peak ? trace->peak : 1;
	/* Only printed. Rounded up to 1e-4, so that a few writes are never
	   printed as 0. */
	planned->write_share = ceil(1e4 * writes / (double)trace->count) / 1e4;
	planned->checksum = trace->checksum;
	planned->in_place = trace->in_place;
}

/* Reads a trace during planning, so that a damaged trace is an error of the
   workload, not of the campaign. Does not keep the operations. */
static int load_trace(const struct rm_planning *planning,
        const struct rm_workload *workload, unsigned i,
        struct rm_plan_trace *planned)
{
	struct rm_error why = { "" };
	struct rm_trace trace = { 0 };
	int failed = build_path(workload, i, planned);

	if (failed)
		rm_error_set(&why, failed,
		        "file:%.60s...: the path is too long",
		        workload->values[i].trace);
	else
		failed = rm_trace_load(planned->file, &trace, &why);
	if (failed)
		rm_error_set(planning->error, -EINVAL, "%s: keys = %.380s",
		        workload->where[RM_KEY_KEYS], why.text);
	else
		copy_properties(&trace, planned);
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
		failed = load_trace(planning, workload, i, &traces[i]);
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
