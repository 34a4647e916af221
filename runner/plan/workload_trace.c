/* SPDX-License-Identifier: Apache-2.0 */
/* workload_trace.c - workloads whose operations are recorded ones. */
#include "runner/plan/number.h"
#include "runner/plan/workload_keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char prefix[] = "file:";
enum { PREFIX_BYTES = sizeof(prefix) - 1 };

static int read_trace(
        struct rm_workload *workload, unsigned i, const char *text)
{
	size_t length = strlen(text);

	if (strncmp(text, prefix, PREFIX_BYTES) || length == PREFIX_BYTES ||
	        length - PREFIX_BYTES >= RM_TRACE_NAME_BYTES)
		return -EINVAL;
	strcpy(workload->traces[i], text + PREFIX_BYTES);
	workload->keys[i] = 0;
	return 0;
}

int rm_workload_read_keys(
        struct rm_workload *workload, unsigned i, const char *text)
{
	uint64_t keys;

	if (!read_trace(workload, i, text))
		return 0;
	if (rm_number_count(text, &keys) || keys == 0 || keys > 1ULL << 31)
		return -EINVAL;
	workload->keys[i] = keys;
	workload->traces[i][0] = '\0';
	return 0;
}

int rm_workload_read_passes(struct rm_workload *workload, const char *text)
{
	char count[RM_NAME_BYTES];
	size_t length = strcspn(text, "p");
	uint64_t passes;

	if (length >= sizeof(count) || (strcmp(text + length, "pass") &&
	                                       strcmp(text + length, "passes")))
		return -EINVAL;
	memcpy(count, text, length);
	count[length] = '\0';
	if (rm_number_whole(count, &passes) || passes == 0 ||
	        passes > RM_TRACE_PASSES_MAX)
		return -EINVAL;
	workload->window_passes = passes;
	return 0;
}

bool rm_workload_traced(const struct rm_workload *workload)
{
	return workload->count[RM_KEY_KEYS] > 0 && workload->traces[0][0];
}

bool rm_workload_trace_says(enum rm_workload_key key)
{
	return key == RM_KEY_WRITES || key == RM_KEY_WRITE_KIND ||
	       key == RM_KEY_MISSES || key == RM_KEY_DIST ||
	       key == RM_KEY_WARM_UP || key == RM_KEY_RATE ||
	       key == RM_KEY_ARRIVALS;
}

static int check_traced(
        const struct rm_workload *workload, struct rm_error *error)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_LOOP]; i++)
		if (workload->loops[i].kind != RM_LOOP_MIX)
			return rm_error_set(error, -EINVAL,
			        "%s: loop = %s with keys = file:..., expected "
			        "mix",
			        workload->where[RM_KEY_LOOP],
			        rm_loop_name(workload->loops[i].kind));
	for (int key = 0; key < RM_WORKLOAD_KEYS; key++)
		if (rm_workload_trace_says((enum rm_workload_key)key) &&
		        workload->count[key])
			return rm_error_set(error, -EINVAL,
			        "%s: %s with keys = file:..., expected it "
			        "without: the trace says it",
			        workload->where[key],
			        rm_workload_keys[key].name);
	if (!workload->window_passes)
		return rm_error_set(error, -EINVAL,
		        "%s: window without passes, expected some with keys = "
		        "file:..., e.g. 1pass, 10passes",
		        workload->where[RM_KEY_WINDOW]);
	for (unsigned i = 0; i < workload->count[RM_KEY_MEASURE]; i++)
		if (workload->measures[i].measure == RM_MEASURE_SIMULATED)
			return rm_error_set(error, -EINVAL,
			        "%s: measure = simulated with keys = file:..., "
			        "expected throughput, counters or causes",
			        workload->where[RM_KEY_MEASURE]);
	return 0;
}

int rm_workload_check_traces(
        const struct rm_workload *workload, struct rm_error *error)
{
	bool traced = rm_workload_traced(workload);

	for (unsigned i = 0; i < workload->count[RM_KEY_KEYS]; i++)
		if ((workload->traces[i][0] != '\0') != traced)
			return rm_error_set(error, -EINVAL,
			        "%s: keys are numbers and traces, expected one "
			        "of them (a trace needs no writes, the other "
			        "does)",
			        workload->where[RM_KEY_KEYS]);
	if (traced)
		return check_traced(workload, error);
	if (workload->window_passes)
		return rm_error_set(error, -EINVAL,
		        "%s: a window of passes without keys = file:..., "
		        "expected a time or a count",
		        workload->where[RM_KEY_WINDOW]);
	return 0;
}
