/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - builds a plan (cells, then rounds), and derives the seeds of
   trials. */
#include "runner/plan/plan.h"
#include "runner/base/rng.h"
#include "runner/plan/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* stream of the campaign's seed; plan_order.c uses stream 1 */
enum { TRIAL_STREAM = 2 };

static uint64_t hash_text(uint64_t seed, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		seed = rm_seed(seed, (unsigned char)text[i]);
	return seed;
}

/* Returns a hash below 2^53, which JSON can represent exactly. */
static uint64_t hash_block(uint64_t seed, unsigned block)
{
	return rm_seed(seed, block) >> 11;
}

/* Derives the seed from an id WORKLOAD/MAP/REST. Ignores map and arm, so that
   all maps and arms of a block execute the same operations on the same keys. */
uint64_t rm_plan_seed(
        const struct rm_plan *plan, const char *cell_id, unsigned block)
{
	uint64_t seed = rm_seed(plan->seed, TRIAL_STREAM);
	const char *map = strchr(cell_id, '/');
	const char *rest = map ? strchr(map + 1, '/') : NULL;

	if (!rest)
		rest = cell_id;
	else
		seed = hash_text(seed, cell_id, (size_t)(map - cell_id));
	return hash_block(hash_text(seed, rest, strlen(rest)), block);
}

uint64_t rm_plan_layout_seed(
        const struct rm_plan *plan, const char *cell_id, unsigned block)
{
	uint64_t seed = rm_seed(plan->seed, TRIAL_STREAM);

	return hash_block(hash_text(seed, cell_id, strlen(cell_id)), block);
}

/* Rejects an unknown simulated machine, with the line of the workload, since
   its trials would fail. */
static int check_machines(
        const struct rm_planning *planning, const struct rm_workload *workload)
{
	struct rm_error why = { 0 };

	for (unsigned i = 0; i < workload->count[RM_KEY_MEASURE]; i++) {
		const struct rm_cell *value = &workload->values[i];

		if (value->measure == RM_MEASURE_SIMULATED &&
		        planning->options->find_machine &&
		        planning->options->find_machine(value->model, &why))
			return rm_error_set(planning->error, -EINVAL,
			        "%s: measure = simulated:%s: %s",
			        workload->where[RM_KEY_MEASURE], value->model,
			        why.text);
	}
	return 0;
}

/* Expands all workloads. Rejects two workloads with the same name, since ids
   contain this name and would be ambiguous. */
static int expand_all(struct rm_planning *planning,
        const struct rm_workload *workloads, size_t workload_count)
{
	for (size_t i = 0; i < workload_count; i++) {
		size_t first = planning->plan->cell_count;
		int failed;

		for (size_t j = 0; j < i; j++)
			if (!strcmp(workloads[i].name, workloads[j].name))
				return rm_error_set(planning->error, -EINVAL,
				        "%s: a second workload named %s, "
				        "expected unique names",
				        workloads[i].file, workloads[i].name);
		failed = check_machines(planning, &workloads[i]);
		if (!failed)
			failed = rm_plan_expand(planning, &workloads[i]);
		if (!failed)
			failed = rm_plan_verify(planning, &workloads[i], first);
		if (!failed)
			failed =
			        rm_plan_control(planning, &workloads[i], first);
		if (failed)
			return failed;
	}
	if (planning->plan->cell_count == 0 && planning->plan->left_out[0])
		return rm_error_set(planning->error, -EINVAL,
		        "nothing to run: this process lacks NUMA nodes for "
		        "placement %s; expected other values, e.g. --set "
		        "placement=cores --set memory=first-touch",
		        planning->plan->left_out);
	if (planning->plan->cell_count == 0)
		return rm_plan_explain_empty(
		        planning, workloads, workload_count);
	return planning->plan->left_out[0]
	               ? 0
	               : rm_plan_check_filter(
	                         planning, workloads->where[RM_KEY_MAPS]);
}

int rm_plan_build(const struct rm_workload *workloads, size_t workload_count,
        const struct rm_topology *topology,
        const struct rm_plan_options *options, struct rm_plan *plan,
        struct rm_error *error)
{
	struct rm_planning planning = {
		.plan = plan,
		.topology = topology,
		.options = options,
		.catalog = options->catalog,
		.error = error,
	};
	int failed;

	*plan = (struct rm_plan){ .seed = options->seed };
	rm_numa_find(topology, &planning.numa);
	if (options->limits)
		planning.limits = *options->limits;
	else
		rm_limits_read(&planning.limits);
	failed = expand_all(&planning, workloads, workload_count);
	free(planning.table);
	if (!failed && options->cells)
		failed = rm_plan_restrict(&planning);
	if (failed)
		return failed;
	if (rm_plan_order(plan))
		return rm_error_set(error, -ENOMEM, "out of memory");
	rm_plan_total(plan);
	return 0;
}

void rm_plan_free(struct rm_plan *plan)
{
	for (size_t i = 0; i < plan->cell_count; i++)
		rm_cell_clear(&plan->cells[i].cell);
	for (unsigned i = 0; plan->rounds && i < plan->round_count; i++)
		free(plan->rounds[i].turns);
	free(plan->cells);
	free(plan->rounds);
	free(plan->same);
	*plan = (struct rm_plan){ 0 };
}
