/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_plan_modes.c - modes planned with all maps of the tree keep their budgets.
 *
 * slow: it is linked with each map of the build.
 */
#include "runner/base/host.h"
#include "runner/machine/machine.h"
#include "runner/plan/internal.h"
#include "tests/unit/find_map.h"
#include "tests/unit/made_catalog.h"
#include "tests/unit/plan/spread.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

static struct rm_catalog own_maps;
static const struct rm_plan_options usual = {
	.seed = 7,
	.available_bytes = (uint64_t)64 << 30,
	/* as on the machine that estimates are of */
	.counters_reason = "no counters in a virtual machine",
};
static struct rm_error last;

/* Of all trials, also of the cells whose programs are not beside this test: the
   mode runs them where `make bench` has built these. */
static uint64_t whole_estimate_ns(const struct rm_plan *plan)
{
	uint64_t ns = plan->estimate_ns;

	for (size_t i = 0; i < plan->cell_count; i++)
		if (strstr(plan->cells[i].cell.skip, "is not built (make "))
			ns += plan->cells[i].cell.blocks *
			      plan->cells[i].estimate_ns;
	return ns;
}

static void add_linked(const struct rm_impl *impl)
{
	made_add(&own_maps, impl, NULL);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct rm_map_info *)a)->id,
	        ((const struct rm_map_info *)b)->id);
}

/* Fills own_maps with the maps of this build and with all in other languages. */
static void add_tree(void)
{
	static const char rows[] =
	        "for file in impls/*/maps.tsv; do for id in $(cut -f1 $file | "
	        "sed -n '/#/d; p; s/^go_/go_classic_/p'); do "
	        "awk -v id=$id -f impls/rows.awk $file; done; done";
	char line[4096];
	FILE *pipe = popen(rows, "r");

	/* the names of all maps, which missing libraries have, too */
	rm_catalog_clear(&own_maps);
	if (rm_catalog_load(rm_host_beside("../readmostly", line, sizeof(line)),
	            &own_maps, &last))
		abort();
	while (own_maps.count)
		json_decref(own_maps.maps[--own_maps.count].json);
	each_map(add_linked);
	while (pipe && fgets(line, sizeof(line), pipe))
		made_add_text(&own_maps, line);
	if (!pipe || pclose(pipe))
		abort();
	qsort(own_maps.maps, own_maps.count, sizeof(*own_maps.maps), by_id);
}

/* With all maps of the tree that could be built. Both outs are to be cleared,
   also after an error. */
static int plan_mode(const char *name, const char *machine,
        struct rm_inputs *inputs, struct rm_plan *plan)
{
	struct rm_plan_options options = usual;
	struct rm_topology topology;
	int failed;

	options.catalog = &own_maps;
	*plan = (struct rm_plan){ 0 };
	last.text[0] = '\0'; /* of the mode before */
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

/* Three in twenty trials may be repeated within the budget. */
static void keeps_its_budget(
        const char *mode, unsigned rounds, const char *machine, double budgets)
{
	const double repeats = 1.15;
	struct rm_inputs inputs;
	struct rm_plan plan;
	int failed = plan_mode(mode, machine, &inputs, &plan);
	double seconds = (double)whole_estimate_ns(&plan) / 1e9;
	double budget = budgets * (double)inputs.budget_ns / 1e9;
	char fact[128];

	snprintf(fact, sizeof(fact),
	        "%s on %s: %.0f s planned and repeats within %.0f s, %u rounds",
	        mode, machine, seconds, budget, plan.round_count);
	CHECK(!failed && plan.round_count == rounds &&
	                repeats * seconds <= budget,
	        fact);
	CHECK(farthest_from_even(&plan) < 1.5 && boards_run_together(&plan),
	        "trials are spread evenly, and maps of a board run together");
	rm_plan_free(&plan);
	rm_inputs_clear(&inputs);
}

/* Budgets are for two CPUs. If snapshot has 64 threads, each write waits for 63
   others: smoke may take twice its budget there. The modes name the maps that they want. */
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
}

int main(void)
{
	modes_keep_their_budgets();
	rm_catalog_clear(&own_maps);
	return DONE();
}
