/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_plan_modes.c - plans with all maps of the tree stay within the budgets.
 *
 * slow: it needs the program of each map.
 */
#include "runner/base/host.h"
#include "runner/machine/machine.h"
#include "runner/plan/internal.h"
#include "tests/unit/made_catalog.h"
#include "tests/unit/plan/spread.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

static struct rm_catalog all_maps;
static const struct rm_limits roomy = { .memory = { (uint64_t)64 << 30, "" },
	.tasks = { UINT64_MAX, "" } };
static const struct rm_plan_options usual = {
	.seed = 7,
	.limits = &roomy,
	/* as on the machine that the estimates are from */
	.counters_reason = "no counters in a virtual machine",
};
static struct rm_error last;

/* Returns the estimate of all trials, including cells whose programs are not
   built yet, since `make bench` builds them for the mode. */
static uint64_t full_estimate_ns(const struct rm_plan *plan)
{
	uint64_t ns = plan->estimate_ns;

	for (size_t i = 0; i < plan->cell_count; i++)
		if (strstr(plan->cells[i].cell.skip, "is not built (make "))
			ns += plan->cells[i].cell.blocks *
			      plan->cells[i].estimate_ns;
	return ns;
}

/* Returns the part of the estimate that is never repeated. */
static uint64_t simulated_ns(const struct rm_plan *plan)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < plan->cell_count; i++)
		if (plan->cells[i].cell.measure == RM_MEASURE_SIMULATED &&
		        !plan->cells[i].cell.skip[0])
			ns += plan->cells[i].cell.blocks *
			      plan->cells[i].estimate_ns;
	return ns;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct rm_map_info *)a)->id,
	        ((const struct rm_map_info *)b)->id);
}

/* Fills all_maps with the maps of this build, and with maps of other languages
   whose compilers are missing. */
static void add_tree(void)
{
	static const char rows[] =
	        "for file in impls/*/maps.tsv; do for id in $(cut -f1 $file | "
	        "sed -n '/#/d; p; s/^go_/go_classic_/p'); do "
	        "awk -v id=$id -f impls/rows.awk $file; done; done";
	char line[4096];
	size_t built;
	FILE *pipe = popen(rows, "r");

	rm_catalog_clear(&all_maps);
	if (rm_catalog_load(
	            rm_host_sibling_path("../readmostly", line, sizeof(line)),
	            &all_maps, &last))
		abort();
	built = all_maps.count;
	while (pipe && fgets(line, sizeof(line), pipe)) {
		struct rm_catalog of_build = { .count = built };

		made_add_text(&all_maps, line);
		of_build.maps = all_maps.maps;
		if (rm_catalog_find(
		            &of_build, all_maps.maps[all_maps.count - 1].id))
			json_decref(all_maps.maps[--all_maps.count].json);
	}
	if (!pipe || pclose(pipe))
		abort();
	qsort(all_maps.maps, all_maps.count, sizeof(*all_maps.maps), by_id);
}

/* Plans a mode with all maps of the tree that could be built. Clear both
   outputs, also after an error. */
static int plan_mode(const char *name, const char *machine,
        struct rm_inputs *inputs, struct rm_plan *plan)
{
	struct rm_plan_options options = usual;
	struct rm_topology topology;
	int failed;

	options.catalog = &all_maps;
	if (strstr(machine, "pack:8"))
		options.counters_reason = NULL; /* a server has counters */
	*plan = (struct rm_plan){ 0 };
	last.text[0] = '\0'; /* clears the error of an earlier mode */
	failed = rm_inputs_load(
	        (struct rm_sources){ .mode = name }, NULL, 0, inputs, &last);
	rm_topology_load(machine, &topology, &last);
	if (!failed)
		failed =
		        rm_plan_build(inputs->workloads, inputs->workload_count,
		                &topology, &options, plan, &last);
	if (failed)
		printf("# %s\n", last.text);
	rm_topology_free(&topology);
	return failed;
}

/* Up to 15 % of the trials may be repeated within the budget. */
static void keeps_its_budget(
        const char *mode, unsigned rounds, const char *machine, double budgets)
{
	const double repeats = 1.15;
	struct rm_inputs inputs;
	struct rm_plan plan;
	int failed = plan_mode(mode, machine, &inputs, &plan);
	double seconds = (double)full_estimate_ns(&plan) / 1e9;
	double once = (double)simulated_ns(&plan) / 1e9;
	double budget = budgets * (double)inputs.budget_ns / 1e9;
	char fact[128];

	snprintf(fact, sizeof(fact),
	        "%s on %s: %.0f s planned and repeats within %.0f s, %u rounds",
	        mode, machine, seconds, budget, plan.round_count);
	CHECK(!failed && plan.round_count == rounds &&
	                repeats * (seconds - once) + once <= budget,
	        fact);
	CHECK(farthest_from_even(&plan) < 1.5 && boards_run_together(&plan),
	        "trials are spread evenly, and maps of a board run together");
	rm_plan_free(&plan);
	rm_inputs_clear(&inputs);
}

/* Budgets apply to two CPUs. With 64 threads, each write of snapshot waits for
   63 others, so smoke may take twice its budget. */
static void modes_keep_their_budgets(void)
{
	static const struct {
		const char *name;
		unsigned rounds;
	} modes[] = { { "smoke", 26 }, { "quick", 13 },
		{ "workloads/modes/articles-quick.conf", 6 },
		{ "standard", 20 }, { "full", 40 },
		{ "workloads/modes/production-quick.conf", 12 },
		{ "workloads/modes/peers-quick.conf", 20 } };
	static const char *const machines[] = { "core:1 pu:1", "core:3 pu:1",
		"core:64 pu:1", "pack:2 [numa] core:16 pu:2" };

	add_tree();
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		keeps_its_budget(
		        modes[i].name, modes[i].rounds, "core:2 pu:1", 1);
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		keeps_its_budget("smoke", 26, machines[i], i < 2 ? 1.1 : 2);
	/* this mode has no repeats */
	keeps_its_budget("standard", 20, "pack:8 [numa] core:16 pu:2", 1.15);
	keeps_its_budget("full", 40, "pack:8 [numa] core:16 pu:2", 1.15);
}

int main(void)
{
	modes_keep_their_budgets();
	rm_catalog_clear(&all_maps);
	return DONE();
}
