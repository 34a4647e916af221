/* SPDX-License-Identifier: Apache-2.0 */
/* workload_check.c - checks that the keys of a workload are consistent. */
#include "runner/plan/internal.h"

#include <errno.h>
#include <string.h>

bool rm_workload_traced(const struct rm_workload *workload)
{
	return workload->count[RM_KEY_KEYS] > 0 && workload->values[0].trace[0];
}

bool rm_workload_trace_sets(enum rm_workload_key key)
{
	return key == RM_KEY_WRITES || key == RM_KEY_WRITE_KIND ||
	       key == RM_KEY_MISSES || key == RM_KEY_DIST ||
	       key == RM_KEY_WARM_UP || key == RM_KEY_RATE ||
	       key == RM_KEY_ARRIVALS;
}

bool rm_workload_draws_writes(const struct rm_workload *workload)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_LOOP]; i++)
		if (rm_loop_draws_writes(workload->values[i].loop.kind))
			return true;
	return false;
}

static int check_missing(
        const struct rm_workload *workload, struct rm_error *error)
{
	for (int key = 0; key < RM_WORKLOAD_KEYS; key++) {
		bool needed = key == RM_KEY_KEYS || key == RM_KEY_THREADS ||
		              (key == RM_KEY_WRITES &&
		                      !rm_workload_traced(workload) &&
		                      rm_workload_draws_writes(workload));

		if (needed && workload->count[key] == 0)
			return rm_error_set(error, -EINVAL,
			        "%s: %s is missing, expected %s",
			        workload->file, rm_factors[key].key,
			        rm_factors[key].expected);
	}
	return 0;
}

static int check_traced(
        const struct rm_workload *workload, struct rm_error *error)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_LOOP]; i++)
		if (workload->values[i].loop.kind != RM_LOOP_MIX)
			return rm_error_set(error, -EINVAL,
			        "%s: loop = %s with keys = file:..., expected "
			        "mix",
			        workload->where[RM_KEY_LOOP],
			        rm_loop_name(workload->values[i].loop.kind));
	for (int key = 0; key < RM_WORKLOAD_KEYS; key++)
		if (rm_workload_trace_sets((enum rm_workload_key)key) &&
		        workload->count[key])
			return rm_error_set(error, -EINVAL,
			        "%s: %s with keys = file:..., expected no "
			        "such line: the trace determines it",
			        workload->where[key], rm_factors[key].key);
	if (!workload->values[0].trace_passes)
		return rm_error_set(error, -EINVAL,
		        "%s: window without passes, expected some with keys = "
		        "file:..., e.g. 1pass, 10passes",
		        workload->where[RM_KEY_WINDOW]);
	for (unsigned i = 0; i < workload->count[RM_KEY_MEASURE]; i++)
		if (workload->values[i].measure == RM_MEASURE_SIMULATED)
			return rm_error_set(error, -EINVAL,
			        "%s: measure = simulated with keys = file:..., "
			        "expected throughput, counters or causes",
			        workload->where[RM_KEY_MEASURE]);
	return 0;
}

static int check_traces(
        const struct rm_workload *workload, struct rm_error *error)
{
	bool traced = rm_workload_traced(workload);

	for (unsigned i = 0; i < workload->count[RM_KEY_KEYS]; i++)
		if ((workload->values[i].trace[0] != '\0') != traced)
			return rm_error_set(error, -EINVAL,
			        "%s: keys are numbers and traces: expected "
			        "only one of them (traces need no `writes`, "
			        "numbers do)",
			        workload->where[RM_KEY_KEYS]);
	if (traced)
		return check_traced(workload, error);
	if (workload->values[0].trace_passes)
		return rm_error_set(error, -EINVAL,
		        "%s: a window of passes without keys = file:..., "
		        "expected a time or a count",
		        workload->where[RM_KEY_WINDOW]);
	return 0;
}

bool rm_workload_measures(enum rm_loop_kind loop, enum rm_measure measure)
{
	if (measure == RM_MEASURE_CAUSES)
		return true;
	if (measure == RM_MEASURE_LATENCY)
		return loop == RM_LOOP_PACED || rm_loop_is_timed(loop);
	return loop != RM_LOOP_PACED;
}

/* True if the measure is possible with at least one of the loops. */
static bool has_measure(
        const struct rm_workload *workload, enum rm_measure measure)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_LOOP]; i++)
		if (rm_workload_measures(
		            workload->values[i].loop.kind, measure))
			return true;
	return false;
}

static bool has_paced(const struct rm_workload *workload)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_LOOP]; i++)
		if (workload->values[i].loop.kind == RM_LOOP_PACED)
			return true;
	return false;
}

static int check_loops(
        const struct rm_workload *workload, struct rm_error *error)
{
	bool paced = has_paced(workload);

	if (paced && workload->count[RM_KEY_RATE] == 0)
		return rm_error_set(error, -EINVAL,
		        "%s: loop = paced without a rate, expected %s",
		        workload->where[RM_KEY_LOOP],
		        rm_factors[RM_KEY_RATE].expected);
	for (int key = 0; key < RM_WORKLOAD_KEYS; key++)
		if (!paced && rm_factors[key].paced && workload->count[key])
			return rm_error_set(error, -EINVAL,
			        "%s: %s without loop = paced, expected no such "
			        "line (or add loop = paced)",
			        workload->where[key], rm_factors[key].key);
	if (paced && workload->values[0].window_ops)
		return rm_error_set(error, -EINVAL,
		        "%s: a counted window with loop = paced, expected a "
		        "time",
		        workload->where[RM_KEY_WINDOW]);
	return 0;
}

/* Returns the line that sets `key`; if `key` has its default, the line that
   sets `other`. */
static const char *location_of(const struct rm_workload *workload,
        enum rm_workload_key key, enum rm_workload_key other)
{
	bool preset = !strcmp(workload->where[key], "default");

	return workload->where[preset ? other : key];
}

static int check_measures(
        const struct rm_workload *workload, struct rm_error *error)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_MEASURE]; i++) {
		enum rm_measure measure = workload->values[i].measure;
		bool latency = measure == RM_MEASURE_LATENCY;

		if (measure == RM_MEASURE_SIMULATED &&
		        !workload->values[0].window_ops)
			return rm_error_set(error, -EINVAL,
			        "%s: measure = simulated with a window of "
			        "time: expected a count, e.g. 10000ops (a "
			        "simulated machine has no real time)",
			        location_of(workload, RM_KEY_WINDOW,
			                RM_KEY_MEASURE));
		if (has_measure(workload, measure))
			continue;
		return rm_error_set(error, -EINVAL, "%s: measure = %s%s",
		        workload->where[RM_KEY_MEASURE],
		        rm_measure_name(measure),
		        latency ? " without loop = paced, stock or hold, "
		                  "expected throughput, counters or causes (a "
		                  "closed loop has no latency)"
		                : " with loop = paced only, expected latency "
		                  "or causes (the rate fixes the throughput of "
		                  "an open loop)");
	}
	return 0;
}

static int check_misses(
        const struct rm_workload *workload, struct rm_error *error)
{
	const char *where = workload->where[RM_KEY_MISSES];
	double misses = 0;
	uint64_t keys = 0;

	for (unsigned i = 0; i < workload->count[RM_KEY_MISSES]; i++)
		if (workload->values[i].miss_share > misses)
			misses = workload->values[i].miss_share;
	for (unsigned i = 0; i < workload->count[RM_KEY_KEYS]; i++)
		if (workload->values[i].keys > keys)
			keys = workload->values[i].keys;
	for (unsigned i = 0; i < workload->count[RM_KEY_WRITE_KIND]; i++)
		if (misses > 0 && workload->values[i].write_kind == RM_FRESH)
			return rm_error_set(error, -EINVAL,
			        "%s: misses with write-kind = fresh, expected "
			        "0%% (misses need update or churn)",
			        where);
	/* Values contain 32 bits of the rank, so the loop draws from at most
	   2^32 ranks. */
	if ((double)keys / (1 - misses) > 0x1p32)
		return rm_error_set(error, -EINVAL,
		        "%s: keys / (1 - misses) is above 2^32: expected fewer "
		        "keys or misses",
		        where);
	return 0;
}

static int check_deadline(
        const struct rm_workload *workload, struct rm_error *error)
{
	static const enum rm_workload_key keys[] = { RM_KEY_DEADLINE,
		RM_KEY_WINDOW, RM_KEY_WARM_UP };
	int source = 0;

	const struct rm_cell *cell = &workload->values[0];
	const double seconds =
	        (double)(cell->warm_up_ns + cell->window_ns) / 1e9;

	if (cell->deadline_ns > cell->warm_up_ns + cell->window_ns)
		return 0;
	/* report a line of a file if possible, not a default */
	while (source < 2 && !strcmp(workload->where[keys[source]], "default"))
		source++;
	return rm_error_set(error, -EINVAL,
	        "%s: warm-up and window take %g s and reach the deadline of "
	        "%g s, expected a later one, e.g. deadline = %.0fs",
	        workload->where[keys[source]], seconds,
	        (double)cell->deadline_ns / 1e9, 2 * seconds + 1);
}

/* Rejects --set shape=... if a line of the file replaces a part of the
   shape. */
static int check_shape(
        const struct rm_workload *workload, struct rm_error *error)
{
	char shape[RM_VALUE_BYTES], part[RM_VALUE_BYTES];

	if (strcmp(workload->where[RM_KEY_SHAPE], "--set shape") != 0)
		return 0;
	rm_factor_text(RM_KEY_SHAPE, &workload->values[0], shape);
	for (int key = RM_KEY_KEY_BYTES; key <= RM_KEY_VALUE_BYTES; key++) {
		rm_factor_text(
		        (enum rm_workload_key)key, &workload->values[0], part);
		if (strcmp(part, "shape") != 0 &&
		        strncmp(workload->where[key], "--set", 5) != 0)
			return rm_error_set(error, -EINVAL,
			        "%s: %s = %s replaces this part of --set "
			        "shape=%s; add --set %s=shape",
			        workload->where[key], rm_factors[key].key, part,
			        shape, rm_factors[key].key);
	}
	return 0;
}

int rm_workload_check(
        const struct rm_workload *workload, struct rm_error *error)
{
	int failed = check_missing(workload, error);

	if (!failed)
		failed = check_shape(workload, error);
	if (!failed)
		failed = check_traces(workload, error);
	if (!failed)
		failed = check_loops(workload, error);
	if (!failed)
		failed = check_measures(workload, error);
	if (!failed)
		failed = check_misses(workload, error);
	if (!failed)
		failed = check_deadline(workload, error);
	return failed;
}
