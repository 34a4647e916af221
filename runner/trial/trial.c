/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - checks a request, then runs its trial. */
#include "runner/base/clock.h"
#include "runner/impl.h"
#include "runner/trace/trace.h"
#include "runner/trial/internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Size of values for which this program is compiled (rm_cell_size_class()). */
#ifdef RM_SIZED
enum { RM_TRIAL_SIZED = RM_SIZED };
#else
enum { RM_TRIAL_SIZED = 0 };
#endif

#ifdef RM_PLACED
enum { RM_TRIAL_PLACED = 1 };
#else
enum { RM_TRIAL_PLACED = 0 };
#endif

/* Builds a result without measurements, with a status and a reason. */
static json_t *rejection(const struct rm_request *request, const char *status,
        const struct rm_error *error)
{
	return json_pack("{s:i, s:s, s:s, s:s}", "protocol", RM_PROTOCOL,
	        "cell", request->cell.id, "status", status, "reason",
	        error->text);
}

static bool supports_cell(
        const struct rm_impl *impl, const struct rm_cell *cell)
{
	enum rm_loop_kind kind = cell->loop.kind;

	if (rm_impl_own_loop(impl, rm_loop_name(kind)))
		return true;
	if (rm_loop_is_technique(kind) ||
	        !impl->drive[rm_shape_index(cell->shape)])
		return false;
	if (rm_loop_needs_key_per_thread(kind) && cell->keys < cell->threads)
		return false;
	if (kind == RM_LOOP_LAZY && !impl->ops->insert_if_absent)
		return false;
	return !rm_loop_scans(kind) || impl->ops->scan;
}

/* True if this build supports the cell's keys and measure. */
static int check_build(const struct rm_cell *cell, struct rm_error *error)
{
	const bool is_placed = cell->key_differs != RM_DIFFERS_FIRST;

	if (!cell->shape.str && is_placed)
		return rm_error_set(error, -ENOTSUP,
		        "keys of %s are words, expected a string shape",
		        rm_cell_shape_name(cell));
	if (rm_loop_is_decimal(&cell->loop) && RM_TRIAL_PLACED)
		return rm_error_set(error, -ENOTSUP,
		        "decimal keys differ in their digits: expected "
		        "no key_differs");
	if (rm_cell_size_class(cell) != RM_TRIAL_SIZED ||
	        is_placed != RM_TRIAL_PLACED)
		return rm_error_set(error, -ENOTSUP,
		        "shape %s with these keys needs the map's program of "
		        "flavour %s",
		        rm_cell_shape_name(cell), rm_cell_flavour(cell));
	if (!RM_STATS_BUILT && cell->measure == RM_MEASURE_CAUSES)
		return rm_error_set(error, -ENOTSUP,
		        "measure causes needs the map's program of flavour "
		        "stats: this build counts nothing on hot paths");
	if (RM_STATS_BUILT && cell->measure != RM_MEASURE_CAUSES)
		return rm_error_set(error, -ENOTSUP,
		        "this build counts on hot paths: it runs only measure "
		        "causes and no timing");
	return 0;
}

/* True if the cell's factors are compatible. */
static int check_factors(
        const struct rm_request *request, struct rm_error *error)
{
	const struct rm_cell *cell = &request->cell;

	if (cell->write_kind == RM_FRESH && cell->miss_share > 0)
		return rm_error_set(error, -ENOTSUP,
		        "misses need write-kind update or churn");
	if (cell->renewals && (cell->trace[0] || request->recorder ||
	                              cell->measure == RM_MEASURE_VERIFY ||
	                              !rm_loop_draws_absent(cell->loop.kind)))
		return rm_error_set(error, -ENOTSUP,
		        "settle = renewed:%u needs a loop that draws keys of "
		        "the prefill, without trace and verification",
		        cell->renewals);
	if (cell->trace[0] && request->control_extra > 0)
		return rm_error_set(error, -ENOTSUP,
		        "a replay runs only the operations of its trace: "
		        "control_extra must be 0");
	return 0;
}

/* Returns the cell's map if this build supports it. The plan also checks this,
   but other programs may send requests, too. */
static const struct rm_impl *find_map(
        const struct rm_request *request, struct rm_error *error)
{
	const struct rm_cell *cell = &request->cell;
	const struct rm_impl *impl = rm_impl_find(cell->map);

	if (!impl) {
		rm_error_set(error, -ENOENT,
		        "this program has another map than \"%s\": name its "
		        "map by --set maps=ID",
		        cell->map);
		return NULL;
	}
	if (check_build(cell, error))
		return NULL;
	if (!supports_cell(impl, cell)) {
		rm_error_set(error, -ENOTSUP,
		        "%s does not support loop %s with shape %s", cell->map,
		        rm_loop_name(cell->loop.kind),
		        rm_cell_shape_name(cell));
		return NULL;
	}
	return check_factors(request, error) ? NULL : impl;
}

/* Loads the cell's trace, if there is one. Rejects a changed file, since the
   plan has computed ranks and sizes from it. */
static int load_trace(const struct rm_request *request, struct rm_trace *trace,
        struct rm_error *error)
{
	const struct rm_cell *cell = &request->cell;
	int failed;

	*trace = (struct rm_trace){ 0 };
	if (!cell->trace[0])
		return 0;
	failed = rm_trace_load(cell->trace, trace, error);
	if (!failed && trace->checksum != cell->trace_checksum)
		failed = rm_error_set(error, -ESTALE,
		        "%s: checksum %08x, but the plan used a trace with "
		        "%08x",
		        cell->trace, trace->checksum, cell->trace_checksum);
	return failed;
}

static json_t *run(const struct rm_request *request, const struct rm_impl *impl)
{
	struct rm_error error = { "" };
	struct rm_team team;
	uint64_t start_ns;
	json_t *result;

	if (rm_allocator_apply(&request->cell, &error))
		return rejection(request, "failed", &error);
	if (rm_memory_policy_apply(request->cell.memory, &error))
		return rejection(request, "failed", &error);
	/* for trials that users start, since no parent enforces their
	   deadline */
	alarm((unsigned)(request->cell.deadline_ns / 1000000000U) + 1);
	if (rm_team_run(&team, request, impl))
		return rejection(request, "failed", &team.error);
	result = rm_team_counts_check(&team, &error)
	                 ? rejection(request, "failed", &error)
	                 : rm_team_result(&team);
	start_ns = rm_now_ns();
	rm_team_clear(&team);
	if (json_object_get(result, "phases_ns"))
		json_object_set_new(json_object_get(result, "phases_ns"),
		        "destroy",
		        json_integer((json_int_t)(rm_now_ns() - start_ns)));
	return result;
}

json_t *rm_trial_run(struct rm_request *request)
{
	struct rm_error error = { "" };
	const struct rm_impl *impl = find_map(request, &error);
	struct rm_trace trace = { 0 };
	json_t *result;

	if (!impl || load_trace(request, &trace, &error)) {
		rm_trace_clear(&trace);
		return rejection(request, "failed", &error);
	}
	if (request->cell.trace[0])
		request->trace = &trace;
	result = run(request, impl);
	request->trace = NULL;
	rm_trace_clear(&trace);
	return result;
}
