/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan.c - plans for synthetic maps on synthetic machines. */
#include "runner/impl.h"
#include "runner/machine/machine.h"
#include "runner/plan/internal.h"
#include "tests/unit/made_catalog.h"
#include "tests/unit/plan/spread.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <hwloc.h>
#include <stdlib.h>
#include <string.h>

#define MINIMAL "writes = 3%\nkeys = 1Ki\nthreads = 1\nbase = plain\n"

static void no_drive(struct rm_worker *worker)
{
	(void)worker;
}

#define MAP(name, bits, ...)                                          \
	static const struct rm_impl name = {                          \
		.id = #name, .caps = (bits), .drive = { __VA_ARGS__ } \
	}
#define ALL no_drive, no_drive, no_drive, no_drive

MAP(plain, 0, ALL);
MAP(other, 0, ALL);
MAP(u64_only, 0, no_drive, no_drive, NULL, NULL);
MAP(unsafe, RM_CAP_UNSAFE, ALL);
MAP(in_place, RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT, ALL);
MAP(single, RM_CAP_SINGLE_WRITER, ALL);
MAP(nothing, RM_CAP_NO_STATE, ALL);
MAP(late, RM_CAP_STALE, ALL);
MAP(copying, RM_CAP_SLOW_WRITES, ALL);
static const struct rm_impl sized = { .id = "sized",
	.shapes = RM_ALL_SHAPES,
	.drive = { ALL },
	.value_most = 256 };
/* Maps whose programs are in another language. */
static const struct rm_impl elsewhere = {
	.id = "elsewhere", .caps = RM_CAP_INEXACT_RETURNS, .drive = { ALL }
};
static const struct rm_impl elsewhere_bare = {
	.id = "elsewhere_bare", .caps = RM_CAP_UNSAFE, .drive = { ALL }
};
static const struct rm_impl elsewhere_paced = { .id = "elsewhere_paced",
	.drive = { ALL } };
static const struct rm_own_loop own_loops[] = { { "stock", no_drive },
	{ NULL, NULL } };
static const struct rm_impl seller = { .id = "seller", .loops = own_loops };

static void no_scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	(void)thread, (void)shape, (void)fn, (void)context;
}

static bool no_insert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *present)
{
	(void)thread, (void)shape, (void)key, (void)value, (void)present;
	return false;
}
static const struct rm_map_ops every_op = { .scan = no_scan,
	.insert_if_absent = no_insert };
static const struct rm_impl able = {
	.id = "able", .ops = &every_op, .drive = { ALL }
};

static const struct rm_impl *const impls[] = { &copying, &in_place, &late,
	&nothing, &other, &plain, &single, &u64_only, &unsafe };
enum { IMPLS = sizeof(impls) / sizeof(*impls) };
static struct rm_map_name names[] = { { .id = "missing_map",
	.missing = true,
	.needs = "libmissing",
	.remedy = "packages: libmissing-dev" } };

/* Three catalogs: all of `impls`, maps with other sizes, and maps of a single
   test. */
static struct rm_catalog usual_maps, sized_maps, test_maps;

static const struct rm_limits roomy = { .memory = { .left = 16ULL << 30,
	                                        .source = "" },
	.tasks = { .left = UINT64_MAX, .source = "" } };
static const struct rm_plan_options usual = {
	.seed = 1, .limits = &roomy, .catalog = &usual_maps
};

/* Plans one workload on a synthetic machine; `last` keeps the error. */
static struct rm_error last;

static int build_on(const char *text, const struct rm_topology *topology,
        const struct rm_plan_options *options, struct rm_plan *plan)
{
	struct rm_workload workload = { .file = NULL };
	int failed;

	last.text[0] = '\0';
	*plan = (struct rm_plan){ 0 };
	failed = rm_workload_parse(
	        "w.conf", text, strlen(text), NULL, 0, &workload, &last);
	if (!failed)
		failed = rm_plan_build(
		        &workload, 1, topology, options, plan, &last);
	if (failed)
		printf("# %s\n", last.text);
	rm_workload_clear(&workload);
	return failed;
}

static int build(const char *text, const char *machine,
        const struct rm_plan_options *options, struct rm_plan *plan)
{
	struct rm_topology topology = { .hwloc = NULL };
	int failed = rm_topology_load(machine, &topology, &last);

	*plan = (struct rm_plan){ 0 };
	if (!failed)
		failed = build_on(text, &topology, options, plan);
	rm_topology_free(&topology);
	return failed;
}

/* Returns the planned cell of a map with this measure and number of threads (0
   for any number), or NULL. */
static const struct rm_cell *cell_of(const struct rm_plan *plan,
        const char *map, enum rm_measure measure, unsigned threads)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;

		if (!strcmp(cell->map, map) && cell->measure == measure &&
		        (threads == 0 || cell->threads == threads))
			return cell;
	}
	return NULL;
}

static size_t count(
        const struct rm_plan *plan, enum rm_measure measure, bool also_skipped)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->cell_count; i++)
		n += plan->cells[i].cell.measure == measure &&
		     (also_skipped || !plan->cells[i].cell.skip[0]);
	return n;
}

static bool same_round(
        const struct rm_plan_round *a, const struct rm_plan_round *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->turns[i].cell != b->turns[i].cell)
			return false;
	return true;
}

static bool same_order(const struct rm_plan *a, const struct rm_plan *b)
{
	if (a->round_count != b->round_count)
		return false;
	for (unsigned i = 0; i < a->round_count; i++)
		if (!same_round(&a->rounds[i], &b->rounds[i]))
			return false;
	return true;
}

static void order_depends_on_the_seed_only(void)
{
	struct rm_plan_options eighth = usual;
	struct rm_plan a, b, c;
	const char *all =
	        "writes = 3%\nthreads = 1\nbase = plain\n"
	        "maps = plain other\nkeys = 1 2 3 4 5 6\nblocks = 4\n";

	eighth.seed = 8;
	build(all, "pu:2", &usual, &a);
	build(all, "pu:2", &usual, &b);
	build(all, "pu:2", &eighth, &c);
	CHECK(a.cell_count == 14 && a.round_count == 4,
	        "12 timed cells and 2 verify cells in 4 rounds");
	CHECK(same_order(&a, &b), "equal seeds give equal orders");
	CHECK(!same_order(&a, &c), "another seed gives another order");
	CHECK(!same_round(&a.rounds[1], &a.rounds[2]),
	        "rounds have different orders");
	CHECK(rm_plan_seed(&a, "x", 0) == rm_plan_seed(&b, "x", 0) &&
	                rm_plan_seed(&a, "x", 0) != rm_plan_seed(&a, "x", 1) &&
	                rm_plan_seed(&a, "x", 0) != rm_plan_seed(&a, "y", 0) &&
	                rm_plan_seed(&a, "x", 0) != rm_plan_seed(&c, "x", 0) &&
	                rm_plan_seed(&a, "x", 0) < 1ULL << 53,
	        "a trial's seed depends on seed, cell and block, below 2^53");
	rm_plan_free(&a);
	rm_plan_free(&b);
	rm_plan_free(&c);
}

/* The cells of four workloads have different numbers of blocks: a few short
   cells have 26 blocks, and many cells have one. */
static void trials_are_spread_evenly(void)
{
	static const struct {
		const char *file, *text;
	} files[] = {
		{ "a.conf", "blocks = 26\nkeys = 1Ki\nwindow = 10ms\n" },
		{ "b.conf", "blocks = 12\nkeys = 1Ki 2Ki 64Ki 1Mi\n" },
		{ "c.conf", "blocks = 5\nkeys = 1Ki 2Ki 4Ki\n" },
		{ "d.conf", "blocks = 1\nkeys = 3 4 5 6 7 8 9 10 11 12 13 14 "
		            "15 16 17 18 19 20\n" },
	};
	enum { FILES = sizeof(files) / sizeof(*files), SEEDS = 50 };
	static struct rm_workload workloads[FILES];
	struct rm_plan_options options = usual;
	struct rm_topology topology = { .hwloc = NULL };
	struct rm_plan plan;
	double farthest = 0;
	bool together = true;

	rm_topology_load("pu:2", &topology, &last);
	for (size_t i = 0; i < FILES; i++) {
		char text[200];

		snprintf(text, sizeof(text),
		        "writes = 3%%\nthreads = 1 2\nbase = plain\n"
		        "maps = plain other copying single\nverify = 1kops\n"
		        "%s",
		        files[i].text);
		if (rm_workload_parse(files[i].file, text, strlen(text), NULL,
		            0, &workloads[i], &last))
			printf("# %s\n", last.text);
	}
	for (options.seed = 0; options.seed < SEEDS; options.seed++) {
		if (rm_plan_build(workloads, FILES, &topology, &options, &plan,
		            &last) ||
		        plan.round_count != 26)
			farthest = INFINITY;
		farthest = fmax(farthest, farthest_from_even(&plan));
		together &= boards_run_together(&plan);
		rm_plan_free(&plan);
	}
	printf("# largest deviation: %.2f of a part\n", farthest);
	CHECK(farthest < 1.5,
	        "trial i of n begins within 1.5 / n of (i + 0.5) / n");
	CHECK(together,
	        "cells that differ only in the map run one after another");
	for (size_t i = 0; i < FILES; i++)
		rm_workload_clear(&workloads[i]);
	rm_topology_free(&topology);
}

/* Returns the order of rounds as text, such as "3 0 | 2 1". */
static const char *order_of(const struct rm_plan *plan, unsigned rounds)
{
	static char text[200];
	size_t used = 0;

	for (unsigned r = 0; r < rounds; r++) {
		for (size_t i = 0; i < plan->rounds[r].count; i++)
			used += (size_t)snprintf(text + used,
			        sizeof(text) - used, "%zu ",
			        plan->rounds[r].turns[i].cell);
		used += (size_t)snprintf(
		        text + used, sizeof(text) - used, "| ");
	}
	printf("# %s\n", text);
	return text;
}

/* A campaign can be repeated from its seed, even in later versions. */
static void seeds_mean_what_they_meant(void)
{
	struct rm_plan plan;
	uint64_t most = 0;

	build("writes = 3%\nthreads = 1\nbase = plain\nmaps = plain other\n"
	      "shape = u64x8 str16x8\nkeys = 1 2\nblocks = 2\n",
	        "pu:2", &usual, &plan);
	CHECK(!strcmp(order_of(&plan, 2), "9 10 8 11 7 6 1 0 3 2 4 5 | "
	                                  "5 4 1 0 7 6 2 3 | "),
	        "the order of a seed never changes");
	CHECK(rm_plan_seed(&plan, "a/b", 3) == 3262073609021524 &&
	                rm_plan_seed(&plan, "\xc3\xa4", 0) == 3602803619677336,
	        "the seed of a trial never changes, also for bytes above 127");
	CHECK(rm_plan_layout_seed(&plan, "a/b/c", 3) !=
	                        rm_plan_seed(&plan, "a/b/c", 3) &&
	                rm_plan_layout_seed(&plan, "a/b", 3) ==
	                        3262073609021524,
	        "the seed of a layout never changes");
	CHECK(rm_plan_seed(&plan, "a/b/c", 3) ==
	                        rm_plan_seed(&plan, "a/d/c", 3) &&
	                rm_plan_seed(&plan, "a/b/c", 3) !=
	                        rm_plan_seed(&plan, "a/b/d", 3) &&
	                rm_plan_seed(&plan, "a/b/c", 3) !=
	                        rm_plan_seed(&plan, "b/b/c", 3) &&
	                rm_plan_layout_seed(&plan, "a/b/c", 3) !=
	                        rm_plan_layout_seed(&plan, "a/d/c", 3),
	        "in one block, cells that differ only in the map have equal "
	        "seeds, and different "
	        "layout seeds");
	CHECK(rm_plan_seed(&plan, "ab", 0) != rm_plan_seed(&plan, "ba", 0),
	        "a seed depends on the order of letters");
	for (unsigned b = 0; b < 100; b++)
		if (rm_plan_seed(&plan, "x", b) > most)
			most = rm_plan_seed(&plan, "x", b);
	CHECK(most >> 52 == 1, "the seed has 53 bits");
	rm_plan_free(&plan);
	CHECK(!plan.cells && !plan.cell_count && !plan.round_count,
	        "a plan is empty after it was freed");
}

/* Skipped cells add no rounds, however many blocks they have. */
static void skipped_cells_make_no_rounds(void)
{
	struct rm_plan_options options = usual;
	struct rm_plan plan;

	options.counters_reason = "no PMU here";
	build(MINIMAL "measure = counters\nmaps = plain\nblocks = 7\n", "pu:2",
	        &options, &plan);
	CHECK(plan.round_count == 1 && plan.trial_count == 1,
	        "if only verifications run there is one round");
	rm_plan_free(&plan);
	build(MINIMAL "measure = counters\nmaps = nothing\nblocks = 7\n",
	        "pu:2", &options, &plan);
	CHECK(plan.cell_count > 0 && !plan.round_count && !plan.trial_count,
	        "if nothing runs there are no rounds");
	rm_plan_free(&plan);
}

static void cells_may_be_named(void)
{
	static const char id[] = "w/plain/u64x8/n1024/w3/update/m0/uniform/t1/"
	                         "cores/throughput\n";
	struct rm_cell_list list = { .file = NULL };
	struct rm_plan_options options = usual;
	struct rm_plan plan;

	options.cells = &list;
	CHECK(!rm_cell_list_parse("list", id, strlen(id), &list, &last) &&
	                !build(MINIMAL, "pu:2", &options, &plan) &&
	                plan.cell_count == 1 &&
	                cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 1),
	        "a plan may be limited to listed cells, without verifications");
	rm_plan_free(&plan);
	rm_cell_list_clear(&list);
}

static int only_zen3(const char *name, struct rm_error *error)
{
	return strcmp(name, "zen3")
	               ? rm_error_set(error, -ENOENT, "no %s here", name)
	               : 0;
}

static void simulated_machines_must_be_there(void)
{
	struct rm_plan_options options = usual;
	struct rm_plan plan;

	options.find_machine = only_zen3;
	CHECK(!build(MINIMAL "measure = throughput simulated:zen3\n"
	                     "window = 1000ops\n",
	              "pu:2", &options, &plan),
	        "an existing simulated machine is accepted");
	CHECK(strstr(cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 0)->skip,
	              "expected at least ") &&
	                !cell_of(&plan, "plain", RM_MEASURE_SIMULATED, 0)
	                         ->skip[0],
	        "a window too short for the clock is skipped if it is timed");
	rm_plan_free(&plan);
	CHECK(build(MINIMAL "measure = throughput simulated:zen3 "
	                    "simulated:zen9\nwindow = 1000ops\n",
	              "pu:2", &options, &plan) == -EINVAL &&
	                !strcmp(last.text,
	                        "w.conf:5: measure = simulated:zen9: "
	                        "no zen9 here"),
	        "an unknown machine is an error at its line, with the reason");
	rm_plan_free(&plan);
}

static void rounds_hold_every_cell_once(void)
{
	struct rm_plan plan;
	bool once = true, verify_first = true, timed = false;

	build(MINIMAL "write-kind = update churn fresh\nshape = u64x8 str16x8\n"
	              "blocks = 5\n",
	        "pu:2", &usual, &plan);
	for (unsigned r = 0; r < plan.round_count; r++) {
		unsigned *seen = calloc(plan.cell_count, sizeof(*seen));

		for (size_t i = 0; i < plan.rounds[r].count; i++)
			seen[plan.rounds[r].turns[i].cell]++;
		for (size_t i = 0; i < plan.cell_count; i++) {
			const struct rm_cell *cell = &plan.cells[i].cell;
			unsigned expected =
			        !cell->skip[0] &&
			        (r == 0 || cell->measure != RM_MEASURE_VERIFY);

			once &= seen[i] == expected;
		}
		free(seen);
	}
	CHECK(plan.round_count == 5 && once,
	        "every timed cell is in each round, a verify cell only in "
	        "round "
	        "round "
	        "0, a skipped one never");
	for (size_t i = 0; i < plan.rounds[0].count; i++) {
		bool verify = !is_timed(&plan, plan.rounds[0].turns[i].cell);

		verify_first &= !(verify && timed);
		timed |= !verify;
	}
	CHECK(verify_first && timed,
	        "all maps are verified before the first timed trial");
	rm_plan_free(&plan);
}

static void verify_once_per_map_shape_and_kind(void)
{
	struct rm_plan plan;
	const struct rm_cell *cell;

	build("writes = 1% 3%\nkeys = 1Ki 2Ki\nthreads = 1 2\nbase = plain\n"
	      "write-kind = update churn\nshape = u64x8 u64x24\nmaps = plain\n"
	      "verify = 100kops\n",
	        "pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == 32 &&
	                count(&plan, RM_MEASURE_VERIFY, true) == 4,
	        "32 timed cells of one map, 2 shapes x 2 kinds of verify");
	cell = cell_of(&plan, "plain", RM_MEASURE_VERIFY, 0);
	CHECK(cell && cell->verify_ops == 100000 && cell->threads == 2 &&
	                cell->keys == 64 && cell->blocks == 1 &&
	                cell->window_ns == 0,
	        "verify runs once, on few keys, with all CPUs");
	rm_plan_free(&plan);
	build(MINIMAL "maps = plain\n", "pu:1", &usual, &plan);
	CHECK(cell_of(&plan, "plain", RM_MEASURE_VERIFY, 2),
	        "on one CPU two threads verify, since one has no contention");
	rm_plan_free(&plan);
	build(MINIMAL "maps = unsafe single nothing\n", "pu:4", &usual, &plan);
	cell = cell_of(&plan, "unsafe", RM_MEASURE_VERIFY, 1);
	CHECK(cell && !cell->skip[0],
	        "an unsynchronised map is verified by one thread");
	CHECK(cell_of(&plan, "single", RM_MEASURE_VERIFY, 1),
	        "a single-writer map is verified by one thread, too");
	cell = cell_of(&plan, "nothing", RM_MEASURE_VERIFY, 0);
	CHECK(cell && strstr(cell->skip, "holds nothing"),
	        "a stateless map is not verified, with a reason");
	rm_plan_free(&plan);
}

static bool skips(const struct rm_plan *plan, const char *map, unsigned threads,
        const char *why)
{
	const struct rm_cell *cell =
	        cell_of(plan, map, RM_MEASURE_THROUGHPUT, threads);

	if (!cell) /* open loops measure no throughput */
		cell = cell_of(plan, map, RM_MEASURE_LATENCY, threads);
	if (!cell)
		return false;
	return why ? strstr(cell->skip, why) != NULL : !cell->skip[0];
}

/* A map without sessions would measure the same under two names. */
static void slots_need_sessions(void)
{
	struct rm_plan plan;

	build("writes = 3%\nkeys = 1Ki\nthreads = 2\nbase = plain\n"
	      "loop = lifecycle:4:64\n",
	        "pu:2", &usual, &plan);
	CHECK(skips(&plan, "plain", 2, "it has no slots"),
	        "a map without sessions has no slots to vary");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 1Ki\nthreads = 2\nbase = plain\n"
	      "loop = lifecycle:64\n",
	        "pu:2", &usual, &plan);
	CHECK(skips(&plan, "plain", 2, NULL), "touches can vary");
	rm_plan_free(&plan);
}

/* The plan must skip cells that would fail or be void in every trial. */
static void litmus_tests_ignore_other_factors(void)
{
	static const char *const kinds[] = { "store-buffering", "take-twice" };
	struct rm_plan plan;
	char text[256];

	for (size_t i = 0; i < 2; i++) {
		snprintf(text, sizeof(text),
		        "keys = 1Ki\nthreads = 1 2\n"
		        "base = plain\nmaps = plain nothing late\n"
		        "loop = litmus:%s\n",
		        kinds[i]);
		build(text, "pu:2", &usual, &plan);
		CHECK(skips(&plan, "plain", 1, "threads work in pairs") &&
		                skips(&plan, "plain", 2, NULL),
		        "a litmus needs two threads");
		CHECK(skips(&plan, "nothing", 2, "holds nothing"),
		        "a litmus needs a map that stores values");
		CHECK(skips(&plan, "late", 2, i ? NULL : "stale values"),
		        "store-buffering needs a map without stale values");
		rm_plan_free(&plan);
	}
}

/* Plans cells for maps in another language and for `plain`. */
static int build_elsewhere(const char *text, struct rm_plan *plan)
{
	struct rm_plan_options options = usual;
	char named[512];

	rm_catalog_clear(&test_maps);
	made_add(&test_maps, &elsewhere,
	        "{\"language\": \"go\", \"program\": \"readmostly-go\", "
	        "\"start_ms\": 400, \"warm_up_most\": 10, "
	        "\"measured_loops\": [\"mix\"]}");
	made_add(&test_maps, &elsewhere_bare,
	        "{\"language\": \"go\", \"program\": \"readmostly-go\", "
	        "\"measured_loops\": [\"fill\"]}");
	made_add(&test_maps, &elsewhere_paced,
	        "{\"language\": \"go\", \"program\": \"readmostly-go\", "
	        "\"measured_loops\": [\"mix\", \"paced\", \"fill\"]}");
	made_add(&test_maps, &plain, NULL);
	options.catalog = &test_maps;
	snprintf(named, sizeof(named), "%s%s", text,
	        strstr(text, "maps =") ? "" : "maps = elsewhere plain\n");
	return build(named, "pu:2", &options, plan);
}

static void returns_that_are_inexact_need_one_thread(void)
{
	struct rm_plan plan;

	build_elsewhere("writes = 3%\nkeys = 1Ki\nthreads = 1 2\n"
	                "base = plain\nwrite-kind = churn\n",
	        &plan);
	CHECK(skips(&plan, "elsewhere", 2, "churn needs one thread, not 2") &&
	                skips(&plan, "plain", 2, NULL),
	        "two threads that remove keys are skipped");
	CHECK(skips(&plan, "elsewhere", 1, NULL) &&
	                cell_of(&plan, "elsewhere", RM_MEASURE_VERIFY, 1) &&
	                !cell_of(&plan, "elsewhere", RM_MEASURE_VERIFY, 2) &&
	                cell_of(&plan, "plain", RM_MEASURE_VERIFY, 2),
	        "one thread runs and verifies in any language");
	rm_plan_free(&plan);
	build_elsewhere("writes = 3%\nkeys = 1Ki\nthreads = 2\nbase = plain\n"
	                "write-kind = fresh\n",
	        &plan);
	CHECK(skips(&plan, "elsewhere", 2, "fresh needs one thread, not 2") &&
	                skips(&plan, "plain", 2, NULL),
	        "two threads with fresh writes are skipped");
	rm_plan_free(&plan);
	build_elsewhere("writes = 3%\nkeys = 1Ki\nthreads = 2\nbase = plain\n"
	                "write-kind = update\n",
	        &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, false) == 2 &&
	                cell_of(&plan, "elsewhere", RM_MEASURE_VERIFY, 2),
	        "updates run and are verified on two threads");
	rm_plan_free(&plan);
	build_elsewhere("writes = 3%\nkeys = 1Ki\nthreads = 2\n"
	                "maps = elsewhere elsewhere_paced\nbase = elsewhere\n"
	                "write-kind = churn\n",
	        &plan);
	CHECK(skips(&plan, "elsewhere", 2, "churn needs one thread") &&
	                skips(&plan, "elsewhere_paced", 2, NULL),
	        "churn runs on two threads if return values are exact");
	rm_plan_free(&plan);
}

static void programs_without_locks_have_one_thread(void)
{
	struct rm_plan plan;

	build_elsewhere("keys = 1Ki\nthreads = 1 2\nloop = fill\n"
	                "maps = elsewhere_bare\nbase = elsewhere_bare\n",
	        &plan);
	CHECK(skips(&plan, "elsewhere_bare", 1, NULL) &&
	                skips(&plan, "elsewhere_bare", 2, "unsafe: "),
	        "an unsynchronised map in another language runs one thread");
	rm_plan_free(&plan);
}

/* For the measure causes, the program's own malloc counts. */
static void causes_need_their_own_malloc(void)
{
	struct rm_plan plan;
	const struct rm_cell *causes, *timed;

	build(MINIMAL "maps = plain\nallocator = jemalloc\n"
	              "measure = throughput causes\n",
	        "pu:2", &usual, &plan);
	causes = cell_of(&plan, "plain", RM_MEASURE_CAUSES, 1);
	timed = cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 1);
	CHECK(causes && strstr(causes->skip, "counts calls of its own malloc"),
	        "causes cannot be counted with another malloc");
	CHECK(timed && !strstr(timed->skip, "of its own malloc"),
	        "throughput is measured with another malloc");
	rm_plan_free(&plan);
	build(MINIMAL "maps = plain\nallocator = glibc\n"
	              "measure = throughput causes\n",
	        "pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_CAUSES, false) == 1 &&
	                count(&plan, RM_MEASURE_THROUGHPUT, false) == 1,
	        "with glibc's malloc causes and throughput are measured");
	rm_plan_free(&plan);
}

/* Loops that the description of a program does not list are skipped. */
static void programs_say_which_loops_they_have(void)
{
	static const char maps[] = "keys = 1Ki\nthreads = 1\n"
	                           "maps = elsewhere elsewhere_paced\n"
	                           "base = elsewhere\n";
	char text[256];
	struct rm_plan plan;

	snprintf(text, sizeof(text),
	        "%swrites = 3%%\nloop = paced\nrate = 10k/s\n", maps);
	build_elsewhere(text, &plan);
	CHECK(skips(&plan, "elsewhere", 1, "throughput of the loop mix") &&
	                skips(&plan, "elsewhere_paced", 1, NULL),
	        "a program without the open loop is skipped, one with it runs");
	rm_plan_free(&plan);
	snprintf(text, sizeof(text), "%sloop = fill\n", maps);
	build_elsewhere(text, &plan);
	CHECK(skips(&plan, "elsewhere", 1, "of the loop mix is measured") &&
	                count(&plan, RM_MEASURE_THROUGHPUT, false) == 1,
	        "a program without the loop fill is skipped, one with it runs");
	rm_plan_free(&plan);
	snprintf(text, sizeof(text), "%sloop = fill:decimal\nshape = str16x8\n",
	        maps);
	build_elsewhere(text, &plan);
	CHECK(skips(&plan, "elsewhere_paced", 1,
	              "of the loop mix, fill and latency of the loop paced"),
	        "decimal keys are skipped, and the reason lists the loops");
	rm_plan_free(&plan);
	snprintf(text, sizeof(text),
	        "%swrites = 3%%\nmeasure = throughput causes\n", maps);
	build_elsewhere(text, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, false) == 2 &&
	                count(&plan, RM_MEASURE_CAUSES, false) == 0,
	        "causes are not counted in another language");
	rm_plan_free(&plan);
}

static void unsafe_maps_run_where_it_is_safe(void)
{
	struct rm_plan plan;

	build("writes = 3%\nkeys = 1Ki\nthreads = 1 2\nbase = plain\n"
	      "write-kind = churn\n",
	        "pu:2", &usual, &plan);
	CHECK(skips(&plan, "unsafe", 1, NULL) &&
	                skips(&plan, "unsafe", 2, "unsafe: "),
	        "two writing threads are skipped, one thread runs");
	CHECK(skips(&plan, "in_place", 2, "unsafe: "),
	        "churn inserts, so an in-place map is skipped, too");
	CHECK(skips(&plan, "single", 1, NULL) &&
	                skips(&plan, "single", 2, "one writer"),
	        "a single-writer map runs one writing thread");
	CHECK(skips(&plan, "copying", 2, NULL),
	        "slow writes are no reason to skip");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 1Ki\nthreads = 2\nbase = plain\n", "pu:2",
	        &usual, &plan);
	CHECK(skips(&plan, "in_place", 2, NULL) &&
	                skips(&plan, "unsafe", 2, "unsafe: "),
	        "updates are safe for in-place maps");
	rm_plan_free(&plan);
	build("writes = 0%\nkeys = 1Ki\nthreads = 2\nbase = plain\n"
	      "write-kind = churn fresh\n",
	        "pu:2", &usual, &plan);
	CHECK(skips(&plan, "unsafe", 2, NULL) &&
	                skips(&plan, "single", 2, NULL),
	        "read-only cells are safe for all maps");
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == IMPLS,
	        "without writes the kind of write does not vary");
	rm_plan_free(&plan);
}

/* 3 % of 16 keys are less than one rank, and one rank of 17 is 5.9 %. */
static void few_keys_have_no_such_share_of_misses(void)
{
	struct rm_plan plan;

	build("writes = 0%\nkeys = 16\nthreads = 1\nbase = plain\n"
	      "misses = 3%\n",
	        "pu:2", &usual, &plan);
	CHECK(skips(&plan, "plain", 1,
	              "3 % misses of 16 uniform keys would be 0 %: 0 absent "
	              "ranks of 16"),
	        "a share of misses that cannot be reached is skipped");
	rm_plan_free(&plan);
	build("writes = 0%\nkeys = 16\nthreads = 1\nbase = plain\n"
	      "misses = 3%\ndist = zipf:0.99\n",
	        "pu:2", &usual, &plan);
	CHECK(skips(&plan, "plain", 1, NULL),
	        "a stream reaches any share of misses");
	rm_plan_free(&plan);
	build("writes = 0%\nkeys = 1Ki\nthreads = 1\nbase = plain\n"
	      "misses = 0% 0.1% 3%\n",
	        "pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == 3 * IMPLS,
	        "1 of 1025 is close enough to 0.1 %");
	rm_plan_free(&plan);
}

/* The length of a decimal number follows from the number, not from a shape. */
static void decimal_text_is_of_strings(void)
{
	static const char *const shapes[] = { "str16x8", "str16x24", "u64x8",
		"str32x8" };
	static const struct rm_impl *const own[] = { &sized };
	struct rm_plan_options options = usual;
	struct rm_plan plan;
	char text[256];

	made_of(&test_maps, own, 1);
	options.catalog = &test_maps;
	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof(text),
		        "writes = 100%%\nkeys = 1001\nthreads = 4\n"
		        "base = sized\nmaps = sized\nshape = %s\n"
		        "loop = fill:decimal\n",
		        shapes[i]);
		build(text, "pu:4", &options, &plan);
		CHECK(skips(&plan, "sized", 4, i < 2 ? NULL : "decimal keys"),
		        "decimal keys need str16 shapes");
		CHECK(plan.cell_count && plan.cells[0].cell.window_ops == 251,
		        "decimal keys have as many inserts as binary keys");
		rm_plan_free(&plan);
	}
}

/* Otherwise the misses would be in the cell's name but not in its trials. */
static void misses_need_a_loop_that_has_them(void)
{
	static const char *const loops[] = { "mix", "alternate", "fill",
		"random-fill", "grow", "lifecycle", "litmus:take-twice" };
	struct rm_plan plan;
	char text[256];

	for (size_t i = 0; i < sizeof(loops) / sizeof(*loops); i++) {
		snprintf(text, sizeof(text),
		        "writes = 50%%\nkeys = 1Ki\nthreads = 2\n"
		        "base = plain\nmaps = plain\nmisses = 10%%\n"
		        "loop = %s\n",
		        loops[i]);
		build(text, "pu:2", &usual, &plan);
		CHECK(skips(&plan, "plain", 2,
		              i < 2 ? NULL : "looks up no absent keys"),
		        "misses need a loop that looks up absent keys");
		rm_plan_free(&plan);
	}
}

/* Otherwise the distribution would be in the cell's name but not in its
   trials. */
static void a_distribution_needs_a_loop_that_draws_by_it(void)
{
	static const char *const by_dist[] = { "mix", "alternate", "lifecycle",
		"scan:1", "stall", "lazy" };
	static const char *const otherwise[] = { "fill", "random-fill", "grow",
		"litmus:take-twice" };
	const size_t drawn = sizeof(by_dist) / sizeof(*by_dist);
	const size_t all = drawn + sizeof(otherwise) / sizeof(*otherwise);
	static const struct rm_impl *const own[] = { &able, &seller };
	struct rm_plan_options options = usual;
	struct rm_plan plan;
	char text[256];

	made_of(&test_maps, own, 2);
	options.catalog = &test_maps;
	for (size_t i = 0; i < 2 * all; i++) {
		bool is_drawn = i / 2 < drawn, uniform = i % 2;

		snprintf(text, sizeof(text),
		        "%skeys = 1Ki\nthreads = 2\n"
		        "base = able\nmaps = able\ndist = %s\nloop = %s\n",
		        is_drawn ? "writes = 50%\n" : "",
		        uniform ? "uniform" : "zipf:0.99",
		        is_drawn ? by_dist[i / 2] : otherwise[i / 2 - drawn]);
		build(text, "pu:2", &options, &plan);
		CHECK(skips(&plan, "able", 2,
		              is_drawn || uniform ? NULL
		                                  : "draws its own keys: "
		                                    "expected dist = uniform"),
		        "a distribution needs a loop that draws keys by it");
		rm_plan_free(&plan);
	}
	build("writes = 0%\nkeys = 1Ki\nthreads = 2\nbase = able\n"
	      "maps = able\ndist = zipf:0.99\nloop = scan:2\n",
	        "pu:2", &options, &plan);
	CHECK(skips(&plan, "able", 2, "none would draw a key"),
	        "a thread must remain that draws keys");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 1Ki\nthreads = 2\nbase = able\n"
	      "maps = seller\ndist = zipf:0.99\nloop = stock\n",
	        "pu:2", &options, &plan);
	CHECK(skips(&plan, "seller", 2, "the loop stock draws its own keys"),
	        "a map's own loop draws its own keys");
	rm_plan_free(&plan);
}

/* Every loop with its fixed share of writes, or NULL if the share is the
   requested one. */
static const struct {
	const char *loop, *share;
} shares[] = { { "mix", NULL }, { "scan:1", NULL }, { "stall", NULL },
	{ "lazy", NULL }, { "lifecycle", NULL }, { "families", NULL },
	{ "paced\nrate = 1k/s", NULL }, { "fill", "100%" },
	{ "fill:decimal\nshape = str16x8", "100%" }, { "random-fill", "100%" },
	{ "alternate", "50%" }, { "alternate\nwrite-kind = churn", "66.67%" },
	{ "alternate\nwrite-kind = fresh", "66.67%" }, { "grow:1", "50%" },
	{ "grow:9", "10%" }, { "grow:3:1", "40%" }, { "grow:1:1", "66.67%" },
	{ "litmus:store-buffering", "50%" }, { "litmus:take-twice", "100%" },
	{ "stock", "0%" }, { "pair", "0%" }, { "hash", "0%" }, { "hold", "0%" },
	{ "range-list", "0%" }, { "increment", "0%" }, { "handle", "0%" },
	{ "cleanup", "0%" }, { "route", "0%" }, { "audit", "0%" },
	{ "tally", "0%" } };
enum { SHARES = sizeof(shares) / sizeof(*shares) };

/* Plans shares[i] on a map with every loop; `writes` may be empty. */
static void build_loop(
        size_t i, const char *writes, const char *beside, struct rm_plan *plan)
{
	static struct rm_own_loop own[RM_LOOP_KINDS + 1];
	static const struct rm_impl every = {
		.id = "every", .ops = &every_op, .loops = own, .drive = { ALL }
	};
	static const struct rm_impl *const one[] = { &every };
	struct rm_plan_options options = usual;
	char text[256];
	size_t owned = 0;

	for (int kind = 0; kind < RM_LOOP_KINDS; kind++)
		if (rm_loop_is_technique((enum rm_loop_kind)kind))
			own[owned++] = (struct rm_own_loop){
				rm_loop_name((enum rm_loop_kind)kind), no_drive
			};
	made_of(&test_maps, one, 1);
	options.catalog = &test_maps;
	snprintf(text, sizeof(text),
	        "%skeys = 1Ki\nthreads = 2\nbase = every\nmaps = every\n"
	        "loop = %s%s\n",
	        writes, beside, shares[i].loop);
	build(text, "pu:2", &options, plan);
}

/* Otherwise the name of the cell would contain 3 %, and its result another
   share. */
static void writes_need_a_loop_that_draws_them(void)
{
	struct rm_plan plan;
	char expected[64];
	unsigned met = 0;

	for (size_t i = 0; i < SHARES; i++) {
		build_loop(i, "writes = 3%\n", "", &plan);
		met |= 1U << plan.cells[0].cell.loop.kind;
		snprintf(expected, sizeof(expected), "expected writes = %s",
		        shares[i].share);
		CHECK(skips(&plan, "every", 2,
		              shares[i].share ? expected : NULL),
		        "writes = 3% needs a loop that draws writes");
		if (shares[i].share)
			CHECK(skips(&plan, "every", 2,
			              rm_loop_name(
			                      plan.cells[0].cell.loop.kind)),
			        "the reason names the loop");
		rm_plan_free(&plan);
	}
	CHECK(met == (1U << RM_LOOP_KINDS) - 1,
	        "every kind of loop was tested");
}

static void a_loop_runs_with_the_share_that_it_has(void)
{
	struct rm_plan plan;
	char writes[64];

	for (size_t i = 0; i < SHARES; i++) {
		if (!shares[i].share)
			continue;
		snprintf(writes, sizeof(writes), "writes = %s\n",
		        shares[i].share);
		build_loop(i, writes, "", &plan);
		CHECK(skips(&plan, "every", 2, NULL),
		        "a loop runs with its fixed share");
		rm_plan_free(&plan);
		build_loop(i, "", "", &plan);
		snprintf(writes, sizeof(writes), "/w%.*s/",
		        (int)strcspn(shares[i].share, "%"), shares[i].share);
		CHECK(skips(&plan, "every", 2, NULL) &&
		                strstr(plan.cells[0].cell.id, writes),
		        "without `writes` the name has the fixed share");
		rm_plan_free(&plan);
	}
}

/* Like `rate`, which applies only to paced loops. */
static void other_loops_have_fixed_writes(void)
{
	struct rm_plan plan;

	for (size_t i = 0; i < SHARES; i++) {
		size_t others = 0, mixed = 0;

		if (!shares[i].share)
			continue;
		build_loop(i, "writes = 3% 7%\n", "mix ", &plan);
		for (size_t j = 0; j < plan.cell_count; j++) {
			const struct rm_cell *cell = &plan.cells[j].cell;

			if (cell->measure == RM_MEASURE_VERIFY)
				continue;
			if (cell->loop.kind == RM_LOOP_MIX)
				mixed += cell->write_share < 0.1;
			else
				others += !cell->skip[0];
		}
		CHECK(mixed == 2 && others == 1,
		        "next to a mix, a loop runs once with its fixed share");
		rm_plan_free(&plan);
	}
}

/* These loops write, whatever the share is. All except the last two insert or
   remove keys, whatever the kind of write is. */
static void loops_that_always_write_are_not_for_unsafe_maps(void)
{
	static const char *const loops[] = { "fill", "random-fill", "grow",
		"lifecycle\nwrites = 0%", "lifecycle\nwrites = 3%",
		"litmus:take-twice", "litmus:store-buffering", "alternate" };
	struct rm_plan plan;
	char text[256];

	for (size_t i = 0; i < sizeof(loops) / sizeof(*loops); i++) {
		bool safe = i >= sizeof(loops) / sizeof(*loops) - 2;

		snprintf(text, sizeof(text),
		        "keys = 1Ki\nthreads = 2\nbase = plain\n"
		        "maps = in_place single unsafe\nloop = %s\n",
		        loops[i]);
		build(text, "pu:2", &usual, &plan);
		CHECK(skips(&plan, "unsafe", 2, "unsafe: ") &&
		                skips(&plan, "single", 2, "one writer") &&
		                skips(&plan, "in_place", 2,
		                        safe ? NULL : "unsafe: "),
		        "two threads of such a loop are unsafe");
		rm_plan_free(&plan);
	}
}

/* The reason that is given on a virtual machine without a PMU. */
static const char long_reason[] =
        "likwid: no msr device; remedy: install liblikwid 5.4 or newer for "
        "this CPU; modprobe msr (kernel >= 5.9: boot with "
        "msr.allow_writes=on; Secure Boot off); a virtual machine also needs "
        "a vPMU; perf: cycles: no hardware PMU on this machine (virtualised "
        "or disabled); remedy: virtual machine: request a vPMU (KVM: host CPU "
        "model and pmu=on; cloud: a bare-metal type); bare metal: enable the "
        "PMU in firmware";

/* Used only in tests of this map, so that it does not affect other tests. */
static const struct rm_impl *const sized_impls[] = { &plain, &sized };
static const struct rm_plan_options with_sized = {
	.seed = 1, .limits = &roomy, .catalog = &sized_maps
};

/* Returns the shapes of a map's timed cells in order, each followed by a
   blank. */
static const char *shapes_of(const struct rm_plan *plan, const char *map)
{
	static char text[400];

	text[0] = '\0';
	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;

		if (strcmp(cell->map, map) ||
		        cell->measure == RM_MEASURE_VERIFY)
			continue;
		strcat(text, rm_cell_shape_name(cell));
		strcat(text, " ");
	}
	return text;
}

static bool skipped_for(
        const struct rm_plan *plan, const char *map, const char *reason)
{
	for (size_t i = 0; i < plan->cell_count; i++)
		if (!strcmp(plan->cells[i].cell.map, map) &&
		        strstr(plan->cells[i].cell.skip, reason))
			return true;
	return false;
}

static void sizes_are_two_dimensions(void)
{
	struct rm_plan plan;

	build(MINIMAL "key-bytes = 8 64\nvalue-bytes = 8 256 1024\n"
	              "maps = sized plain\n",
	        "pu:2", &with_sized, &plan);
	CHECK(!strcmp(shapes_of(&plan, "sized"),
	              "u64x8 u64x256 u64x1024 str64x8 str64x256 str64x1024 "),
	        "each length of keys is combined with each length of values");
	CHECK(skipped_for(&plan, "sized", "str64x1024 is not offered") &&
	                skipped_for(
	                        &plan, "sized", "u64x1024 is not offered") &&
	                skipped_for(
	                        &plan, "plain", "str64x256 is not offered") &&
	                !skipped_for(&plan, "sized", "x256 is not offered"),
	        "longer values than a map supports are skipped");
	CHECK(skipped_for(&plan, "sized",
	              "its program for shape u64x256 is not built"),
	        "a missing program is named");
	rm_plan_free(&plan);
	build(MINIMAL "shape = u64x24 str16x8\nvalue-bytes = shape 64\n"
	              "maps = sized\n",
	        "pu:2", &with_sized, &plan);
	CHECK(!strcmp(shapes_of(&plan, "sized"),
	              "u64x24 u64x64 str16x8 str16x64 "),
	        "a size that is not given comes from the shape");
	rm_plan_free(&plan);
	build(MINIMAL "shape = u64x8 u64x24\nvalue-bytes = 8\nmaps = sized\n",
	        "pu:2", &with_sized, &plan);
	CHECK(!strcmp(shapes_of(&plan, "sized"), "u64x8 "),
	        "equal sizes are one cell");
	rm_plan_free(&plan);
}

/* key-differs is skipped for words, decimal keys and causes. */
static void keys_differ_elsewhere(void)
{
	struct rm_plan plan;

	build(MINIMAL "shape = u64x8 str16x8\nkey-differs = first last\n"
	              "maps = sized\n",
	        "pu:2", &with_sized, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, false) == 2 &&
	                skipped_for(&plan, "sized", "keys of u64x8 are words"),
	        "words are skipped");
	CHECK(skipped_for(&plan, "sized", "make programs NEEDED=placed/sized"),
	        "strings that differ at their end need their own program");
	rm_plan_free(&plan);
	build(MINIMAL "shape = str16x8\nkey-differs = middle\n"
	              "loop = fill:decimal\nmaps = sized\n",
	        "pu:2", &with_sized, &plan);
	CHECK(skipped_for(&plan, "sized", "decide where keys differ"),
	        "decimal keys are skipped");
	rm_plan_free(&plan);
	build(MINIMAL "shape = str16x8\nkey-differs = middle\n"
	              "measure = causes\nmaps = sized\n",
	        "pu:2", &with_sized, &plan);
	CHECK(skipped_for(&plan, "sized", "neither count causes"),
	        "causes are skipped");
	rm_plan_free(&plan);
}

static void shapes_and_counters(void)
{
	struct rm_plan_options none = usual;
	struct rm_plan plan;
	const struct rm_cell *cell;

	build(MINIMAL "shape = str16x8\n", "pu:2", &usual, &plan);
	CHECK(skips(&plan, "u64_only", 1, "str16x8 is not offered"),
	        "a shape that the map lacks is skipped with a reason");
	CHECK(!cell_of(&plan, "u64_only", RM_MEASURE_VERIFY, 0),
	        "a shape that the map lacks is not verified");
	rm_plan_free(&plan);
	none.counters_reason = "no PMU here";
	build(MINIMAL "measure = throughput counters\nblocks = 3\n", "pu:2",
	        &none, &plan);
	cell = cell_of(&plan, "plain", RM_MEASURE_COUNTERS, 1);
	CHECK(cell && !strcmp(cell->skip, "no counters: no PMU here"),
	        "without a back end a counters cell is skipped with the "
	        "reason");
	CHECK(count(&plan, RM_MEASURE_COUNTERS, false) == 0 &&
	                count(&plan, RM_MEASURE_THROUGHPUT, false) == IMPLS,
	        "without a back end throughput is measured");
	rm_plan_free(&plan);
	none.counters_reason = long_reason;
	build(MINIMAL "measure = throughput counters\n", "pu:2", &none, &plan);
	cell = cell_of(&plan, "plain", RM_MEASURE_COUNTERS, 1);
	CHECK(cell && strstr(cell->skip, long_reason),
	        "the reasons of all back ends are complete");
	rm_plan_free(&plan);
	build(MINIMAL "measure = counters\n", "pu:2", &none, &plan);
	CHECK(cell_of(&plan, "plain", RM_MEASURE_VERIFY, 0),
	        "maps are verified just as on a machine with counters");
	rm_plan_free(&plan);
	build(MINIMAL "measure = throughput counters\n", "pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_COUNTERS, false) == IMPLS,
	        "with a back end counters cells run");
	rm_plan_free(&plan);
}

static bool not_other(const char *map, char *why, size_t size)
{
	snprintf(why, size, "it is too odd");
	return strcmp(map, "other") != 0;
}

static void simulated_cells(void)
{
	struct rm_plan_options options = usual;
	struct rm_plan plan;
	const struct rm_cell *cell;

	options.can_simulate = not_other;
	build("writes = 3%\nkeys = 1Ki\nbase = plain\n"
	      "threads = 1 64 200\nplacement = cores none\n"
	      "measure = throughput simulated:zen3 simulated:x\n"
	      "warm-up = 500us\nwindow = 1000ops\n",
	        "pu:2", &options, &plan);
	cell = cell_of(&plan, "plain", RM_MEASURE_SIMULATED, 64);
	CHECK(cell && !cell->skip[0] && !cell->cpus &&
	                !strcmp(cell->model, "zen3"),
	        "a simulated cell may have more cores than this machine");
	CHECK(count(&plan, RM_MEASURE_SIMULATED, true) == 3 * 2 * IMPLS,
	        "models vary, placements do not");
	cell = cell_of(&plan, "other", RM_MEASURE_SIMULATED, 1);
	CHECK(cell && !strcmp(cell->skip, "not simulated: it is too odd"),
	        "a map that cannot be simulated is skipped with the reason");
	cell = cell_of(&plan, "plain", RM_MEASURE_SIMULATED, 200);
	CHECK(cell && strstr(cell->skip, "at most 128 cores"),
	        "a simulated machine has at most 128 cores");
	cell = cell_of(&plan, "unsafe", RM_MEASURE_SIMULATED, 64);
	CHECK(cell && strstr(cell->skip, "unsafe"),
	        "unsafe cells are skipped on simulated machines, too");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 1Mi\nbase = plain\nthreads = 64\n"
	      "measure = simulated:zen3\nwindow = 100000ops\n",
	        "pu:2", &usual, &plan);
	cell = cell_of(&plan, "copying", RM_MEASURE_SIMULATED, 64);
	CHECK(cell && strstr(cell->skip, "half of the deadline"),
	        "cells that would take too long are skipped");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 1Ki\nbase = plain\nthreads = 64\n"
	      "measure = simulated:zen3\nwindow = 1000ops\n",
	        "pu:2", &usual, &plan);
	cell = cell_of(&plan, "plain", RM_MEASURE_SIMULATED, 64);
	CHECK(cell && strstr(cell->skip, "such as warm-up = 500us"),
	        "the usual warm-up of many cores takes too long, as well");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 1Ki\nbase = plain\nthreads = 2\n"
	      "placement = cores none\nmemory = first-touch interleave\n"
	      "measure = simulated:zen3\nwindow = 1000ops\n",
	        "pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_SIMULATED, true) == IMPLS &&
	                plan.same_count == 0,
	        "memory policies do not vary");
	rm_plan_free(&plan);
}

static void equal_cells_run_once(void)
{
	const char *text = MINIMAL "maps = plain\n"
	                           "placement = cores compact smt none\n";
	struct rm_plan plan;

	build(text, "core:4 pu:1", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == 2 &&
	                plan.same_count == 2,
	        "without SMT, cores, compact and smt are equal, none differs");
	CHECK(strstr(plan.same[0].id, "/compact/") &&
	                strstr(plan.cells[plan.same[0].cell].cell.id,
	                        "/cores/"),
	        "the plan maps each equal cell to the cell that runs");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 1Ki\nthreads = 2\nbase = plain\n"
	      "maps = plain\nplacement = cores compact smt none\n",
	        "core:2 pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == 3 &&
	                plan.same_count == 1,
	        "with SMT, cores differs from smt, which equals compact");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 1Ki\nthreads = 1 2 cores cpus cores/2\n"
	      "base = plain\nmaps = plain\nmemory = first-touch interleave\n",
	        "core:2 pu:1", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == 2,
	        "1, 2, cores, cpus and cores/2 of 2 CPUs are two cells");
	CHECK(plan.same_count == 2,
	        "on one node all memory policies are equal");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 1Ki\nthreads = 1 cores/4 cores/2 cores "
	      "cpus\n"
	      "base = plain\nmaps = plain\n",
	        "core:16 pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == 5 &&
	                cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 4) &&
	                cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 32),
	        "on 16 cores with 2 CPUs each the numbers of threads are 1, 4, "
	        "8, 16 and 32");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 1Ki\nthreads = cpus*2 cores*3 cpus*4000\n"
	      "base = plain\nmaps = plain\n",
	        "core:2 pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == 3 &&
	                cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 8) &&
	                cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 6) &&
	                cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 4096),
	        "multiples give more threads than CPUs, at most 4096");
	rm_plan_free(&plan);
}

/* Four caches of 32 MiB hold 8 Mi keys and values of 8 bytes each. */
static void keys_may_fill_the_last_level_cache(void)
{
	const char *text = "writes = 3%\nkeys = llc*4\nthreads = 1\n"
	                   "base = plain\nmaps = plain\ndeadline = 1h\n";
	const char *machine = "l3:2(size=33554432) core:2 pu:1";
	struct rm_limits limits = roomy;
	struct rm_plan_options options = usual;
	struct rm_plan plan;

	options.limits = &limits;
	limits.memory.left = 64ULL << 30;
	build(text, machine, &options, &plan);
	CHECK(plan.cells[0].cell.keys == 8 << 20,
	        "keys and values fill four caches");
	rm_plan_free(&plan);
	limits.memory.left = 1 << 30;
	build(text, machine, &options, &plan);
	CHECK(plan.cells[0].cell.keys == 512 << 10 &&
	                plan.memory_bytes <= (1 << 30) / 4,
	        "keys and values fill a part of the memory, if that is less");
	rm_plan_free(&plan);
}

/* Pages may be on any allowed node, but threads only on usable CPUs. Tests a
   CPU mask and a node that has only memory. */
static void memory_beyond_the_cpus(void)
{
	const char *text = MINIMAL "maps = plain\n"
	                           "memory = first-touch bind:1 interleave\n";
	struct rm_topology topology;
	struct rm_plan plan = { .cells = NULL };
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	bool scanned;

	hwloc_bitmap_only(set, 0);
	scanned =
	        rm_topology_load("numa:2 core:1 pu:1", &topology, &last) == 0 &&
	        hwloc_topology_restrict(topology.hwloc, set, 0) == 0 &&
	        rm_topology_scan(&topology, &last) == 0;
	CHECK(scanned && topology.nodes == 1 &&
	                build_on(text, &topology, &usual, &plan) == 0 &&
	                count(&plan, RM_MEASURE_THROUGHPUT, true) == 3 &&
	                plan.same_count == 0,
	        "memory of a node without usable CPUs is distinct");
	rm_plan_free(&plan);
	hwloc_topology_allow(
	        topology.hwloc, NULL, set, HWLOC_ALLOW_FLAG_CUSTOM);
	CHECK(build_on(MINIMAL "maps = plain\nmemory = first-touch bind:0 "
	                       "interleave\n",
	              &topology, &usual, &plan) == 0 &&
	                count(&plan, RM_MEASURE_THROUGHPUT, true) == 1 &&
	                plan.same_count == 2,
	        "memory policies are equal if that node is forbidden");
	rm_plan_free(&plan);
	hwloc_bitmap_free(set);
	rm_topology_free(&topology);
}

static void windows_of_oversubscription(void)
{
	struct rm_plan plan;

	build("writes = 3%\nkeys = 1Ki\nthreads = 2 1000\nbase = plain\n"
	      "maps = plain\nwindow = 20ms\n",
	        "pu:2", &usual, &plan);
	CHECK(cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 1000)->window_ns ==
	                2000000000,
	        "1000 threads on 2 CPUs get 4 ms x 500 of window");
	CHECK(cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 2)->window_ns ==
	                20000000,
	        "2 threads on 2 CPUs keep their window");
	CHECK(cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 1000)->cpu_count ==
	                1000,
	        "every thread has a CPU");
	rm_plan_free(&plan);
	CHECK(build("writes = 3%\nkeys = 1Ki\nthreads = 4000\nbase = plain\n"
	            "maps = plain\ndeadline = 5s\n",
	              "pu:2", &usual, &plan) == -EINVAL &&
	                strstr(last.text, "w.conf:6: deadline"),
	        "a lengthened window beyond the deadline is rejected");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 1Ki\nthreads = 3\nbase = plain\n"
	      "maps = plain\nwindow = 5ms\n",
	        "pu:2", &usual, &plan);
	CHECK(cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 3)->window_ns ==
	                6000000,
	        "3 threads on 2 CPUs get 4 ms x 3 / 2, not rounded to turns");
	rm_plan_free(&plan);
}

/* A warm-up would use up such loops: a stock would be sold out, a map full. */
static void loops_that_run_once_have_no_warm_up(void)
{
	static const struct rm_impl *const sellers[] = { &seller };
	struct rm_plan_options options = usual;
	struct rm_plan plan;

	build("writes = 3%\nkeys = 1001\nthreads = 4\nbase = plain\n"
	      "maps = plain\nloop = mix fill\nwarm-up = 50ms\n",
	        "pu:4", &usual, &plan);
	CHECK(plan.cell_count >= 2 &&
	                plan.cells[0].cell.warm_up_ns == 50000000 &&
	                plan.cells[1].cell.loop.kind == RM_LOOP_FILL &&
	                plan.cells[1].cell.warm_up_ns == 0,
	        "a fill has no warm-up, but a mix does");
	CHECK(plan.cells[1].cell.window_ns == 0 &&
	                plan.cells[1].cell.window_ops == 251,
	        "the threads of a fill insert all keys together");
	rm_plan_free(&plan);
	made_of(&test_maps, sellers, 1);
	options.catalog = &test_maps;
	build("writes = 3%\nkeys = 1Ki\nthreads = 1\nbase = seller\n"
	      "maps = seller\nloop = stock:1000\nwarm-up = 50ms\n",
	        "pu:4", &options, &plan);
	CHECK(plan.cell_count == 1 &&
	                plan.cells[0].cell.loop.kind == RM_LOOP_STOCK &&
	                plan.cells[0].cell.warm_up_ns == 0 &&
	                plan.cells[0].cell.window_ns > 0,
	        "a stock has no warm-up and keeps its window");
	rm_plan_free(&plan);
}

/* Returns the planned memory of a cell with this number of keys. */
static uint64_t planned_bytes(const char *shape, const char *keys)
{
	struct rm_plan plan;
	char text[200];
	uint64_t bytes;

	snprintf(text, sizeof(text),
	        "writes = 3%%\nthreads = 1\nbase = plain\nmaps = plain\n"
	        "shape = %s\nkeys = %s\n",
	        shape, keys);
	build(text, "pu:2", &usual, &plan);
	bytes = plan.cells[0].memory_bytes;
	rm_plan_free(&plan);
	return bytes;
}

/* While a table grows, it has its entries twice. A node, malloc's overhead and
   empty slots are estimated as 64 bytes per key. */
static void memory_is_planned_for_what_maps_need(void)
{
	struct rm_limits limits = { .memory = { .left = 0,
		                            .source = "/c/memory.max = 7" },
		.tasks = { .left = UINT64_MAX, .source = "" } };
	struct rm_plan_options exact = usual;
	struct rm_plan plan;
	const char *mebi = "writes = 3%\nthreads = 1\nbase = plain\n"
	                   "maps = plain\nkeys = 1Mi\n";
	uint64_t words = planned_bytes("u64x8", "1Mi");

	CHECK(planned_bytes("u64x8", "2Mi") - words == (2 * 16 + 64) << 20 &&
	                planned_bytes("str16x24", "2Mi") -
	                                planned_bytes("str16x24", "1Mi") ==
	                        (2 * 40 + 64) << 20,
	        "each key costs twice its bytes and 64 bytes");
	CHECK(words >= (2 * 16 + 64) << 20, "the estimate includes all keys");
	exact.limits = &limits;
	limits.memory.left = 2 * words;
	build(mebi, "pu:2", &exact, &plan);
	CHECK(!cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 1)->skip[0],
	        "a trial may take half of the memory that is left");
	rm_plan_free(&plan);
	limits.memory.left -= 2;
	build(mebi, "pu:2", &exact, &plan);
	CHECK(rm_plan_is_beyond_limit(
	              cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 1)
	                      ->skip) &&
	                strstr(cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 1)
	                                ->skip,
	                        "memory.max = 7") &&
	                count(&plan, RM_MEASURE_VERIFY, true) == 1,
	        "a larger trial is skipped, the limit is named, and its map is "
	        "verified");
	rm_plan_free(&plan);
}

/* glibc reserves address space for the heap of each thread. */
static void heaps_count_as_address_space(void)
{
	struct rm_limits limits = roomy;
	struct rm_plan_options few = usual;
	struct rm_plan plan;

	few.limits = &limits;
	limits.memory = (struct rm_limit){ .left = 300 << 20,
		.source = "ulimit -v",
		.is_address_space = true };
	build("writes = 3%\nkeys = 1Ki\nthreads = 2 4\nbase = plain\n"
	      "maps = plain\n",
	        "pu:4", &few, &plan);
	CHECK(!cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 2)->skip[0] &&
	                strstr(cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 4)
	                                ->skip,
	                        "ulimit -v"),
	        "300 MiB of address space are enough for the heaps of two "
	        "threads, but not of four");
	rm_plan_free(&plan);
}

/* A trial also has a main thread. */
static void threads_are_planned_for_what_is_left(void)
{
	struct rm_limits limits = roomy;
	struct rm_plan_options few = usual;
	struct rm_plan plan;

	few.limits = &limits;
	limits.tasks =
	        (struct rm_limit){ .left = 64, .source = "/c/pids.max = 70" };
	build("writes = 3%\nkeys = 1Ki\nthreads = 63 64\nbase = plain\n"
	      "maps = plain\n",
	        "pu:2", &few, &plan);
	CHECK(!cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 63)->skip[0] &&
	                strstr(cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT,
	                               64)
	                                ->skip,
	                        "needs 65 processes and threads, 64 are left "
	                        "(/c/pids.max = 70)"),
	        "a cell with too many threads is skipped, and the limit is "
	        "named");
	rm_plan_free(&plan);
}

static void open_loops(void)
{
	struct rm_plan plan;

	build("writes = 2.7%\nkeys = 1Ki\nthreads = 2\nbase = plain\n"
	      "maps = plain\nloop = mix paced\nrate = 80/s 10k/s\n"
	      "measure = throughput latency\n",
	        "pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == 1 &&
	                count(&plan, RM_MEASURE_LATENCY, true) == 2,
	        "rates vary only open loops, and each loop has its measure");
	CHECK(cell_of(&plan, "plain", RM_MEASURE_THROUGHPUT, 2)->rate_per_s ==
	                        0 &&
	                cell_of(&plan, "plain", RM_MEASURE_LATENCY, 2)
	                                ->rate_per_s == 80,
	        "a closed loop has no rate");
	rm_plan_free(&plan);
	build("writes = 2.7%\nkeys = 1Ki\nthreads = 2\nbase = plain\n"
	      "maps = plain\nloop = mix paced\nrate = 80/s 10k/s\n"
	      "measure = latency causes\n",
	        "pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_LATENCY, true) == 2 &&
	                count(&plan, RM_MEASURE_CAUSES, true) == 3,
	        "both kinds of loop have causes");
	rm_plan_free(&plan);
}

static void impossible_plans(void)
{
	struct rm_plan_options filter = usual;
	struct rm_plan plan;

	CHECK(build(MINIMAL "placement = numa:9\n", "pu:2", &usual, &plan) ==
	                        -EINVAL &&
	                strstr(last.text, "w.conf:5: placement = numa:9"),
	        "an unknown node is rejected");
	rm_plan_free(&plan);
	CHECK(build(MINIMAL "memory = bind:9\n", "pu:2", &usual, &plan) ==
	                        -EINVAL &&
	                strstr(last.text, "w.conf:5: memory = bind:9"),
	        "memory of an unknown node is rejected");
	rm_plan_free(&plan);
	CHECK(build(MINIMAL "maps = plan\n", "pu:2", &usual, &plan) ==
	                        -EINVAL &&
	                strstr(last.text, "w.conf:5: no map ") &&
	                strstr(last.text, "`readmostly dev list` prints all"),
	        "an unknown map is rejected with the command that lists maps");
	rm_plan_free(&plan);
	CHECK(build("writes = 3%\nkeys = 1\nthreads = 1\nbase = bass\n", "pu:2",
	              &usual, &plan) == -EINVAL &&
	                strstr(last.text, "w.conf:4: base: "),
	        "an unknown base is rejected");
	rm_plan_free(&plan);
	filter.maps = "nowhere";
	CHECK(build(MINIMAL, "pu:2", &filter, &plan) == -EINVAL &&
	                !strncmp(last.text, "--maps: ", 8),
	        "an unknown map in --maps is rejected");
	rm_plan_free(&plan);
	filter.maps = "other";
	CHECK(build(MINIMAL "maps = plain\n", "pu:2", &filter, &plan) ==
	                        -EINVAL &&
	                strstr(last.text, "w.conf:5: `maps` has no map of "
	                                  "--maps other"),
	        "a plan without maps is rejected");
	rm_plan_free(&plan);
	filter.maps = "missing_map";
	CHECK(build(MINIMAL "maps = missing_map\n", "pu:2", &usual, &plan) ==
	                        -EINVAL &&
	                strstr(last.text, "w.conf:5: missing_map is not built: "
	                                  "needs libmissing (packages: "),
	        "a plan of only a map that is not built names its packages");
	rm_plan_free(&plan);
	CHECK(build(MINIMAL, "pu:2", &filter, &plan) == -EINVAL &&
	                strstr(last.text, "--maps: missing_map is not built: "),
	        "a map that is not built is also reported if --maps selects "
	        "it");
	rm_plan_free(&plan);
}

static void names_of_maps(void)
{
	struct rm_plan_options filter = usual;
	struct rm_plan plan;

	build(MINIMAL "maps = missing_map plain\n", "pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == 1,
	        "a map that is not built is no error");
	rm_plan_free(&plan);
	build(MINIMAL "maps = all ~u* ~in_place\n", "pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == IMPLS - 3,
	        "~ excludes matching maps");
	rm_plan_free(&plan);
	build(MINIMAL "maps = ~plain\n", "pu:2", &usual, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == IMPLS - 1,
	        "exclusions alone start from all maps");
	rm_plan_free(&plan);
	filter.maps = "plain,u*";
	build(MINIMAL "maps = all ~unsafe\n", "pu:2", &filter, &plan);
	CHECK(count(&plan, RM_MEASURE_THROUGHPUT, true) == 2,
	        "--maps keeps maps that both lists select");
	rm_plan_free(&plan);
}

/* Removes the first cell of round 2 from `round`. The cell's blocks are then in
   rounds 0 and 1, as in campaigns of earlier versions, or in other rounds. */
static void read_two_blocks(const json_t *json, size_t round)
{
	struct rm_error error = { "" };
	struct rm_plan plan;
	json_t *copy = json_deep_copy(json);
	json_t *order = json_object_get(copy, "order");
	json_t *at = json_array_get(json_array_get(order, 2), 0);
	size_t cell = (size_t)json_integer_value(at), blocks = 0;
	json_t *cells = json_array_get(order, round);

	for (size_t i = json_array_size(cells); i-- > 0;)
		if (json_equal(json_array_get(cells, i), at)) {
			json_array_remove(cells, i);
			break;
		}
	json_object_set_new(
	        json_array_get(json_object_get(copy, "cells"), cell), "blocks",
	        json_integer(2));
	CHECK(!rm_plan_from_json(copy, &plan, &error),
	        "a cell may have fewer blocks than there are rounds");
	for (unsigned r = 0; r < plan.round_count; r++)
		for (size_t i = 0; i < plan.rounds[r].count; i++)
			if (plan.rounds[r].turns[i].cell == cell)
				blocks = 10 * blocks + 10 * r +
				         plan.rounds[r].turns[i].block;
	CHECK(blocks == (round == 2          ? 11
	                        : round == 1 ? 21
	                                     : 121),
	        "the blocks of a cell are numbered in running order");
	rm_plan_free(&plan);
	json_decref(copy);
}

static void json_both_ways(void)
{
	struct rm_error error = { "" };
	struct rm_plan plan, back;
	json_t *json, *again, *copy, *round;

	build("writes = 3%\nkeys = 1Ki 2Ki\nthreads = 1 2\nbase = plain\n"
	      "placement = cores compact none\nblocks = 3\nwrite-kind = "
	      "churn\n",
	        "core:2 pu:1", &usual, &plan);
	json = rm_plan_to_json(&plan);
	CHECK(json && rm_plan_from_json(json, &back, &error) == 0,
	        "a plan reads back from JSON");
	again = rm_plan_to_json(&back);
	CHECK(json_equal(json, again), "the plan that was read back is equal");
	CHECK(same_order(&plan, &back) && back.seed == plan.seed &&
	                back.trial_count == plan.trial_count &&
	                back.estimate_ns == plan.estimate_ns,
	        "order, seed and totals read back, too");
	rm_plan_free(&back);
	copy = json_deep_copy(json);
	round = json_array_get(json_object_get(copy, "order"), 1);
	json_array_set(round, 0, json_array_get(round, 1));
	CHECK(rm_plan_from_json(copy, &back, &error) == -EINVAL &&
	                strstr(error.text, "order"),
	        "a cell that is twice in a round is rejected");
	json_decref(copy);
	copy = json_deep_copy(json);
	json_array_remove(json_array_get(json_object_get(copy, "order"), 2), 0);
	CHECK(rm_plan_from_json(copy, &back, &error) == -EINVAL,
	        "a cell in fewer rounds than it has blocks is rejected");
	json_decref(copy);
	copy = json_deep_copy(json);
	json_object_set_new(json_array_get(json_object_get(copy, "cells"), 0),
	        "blocks", json_integer(4));
	CHECK(rm_plan_from_json(copy, &back, &error) == -EINVAL,
	        "missing blocks are rejected");
	json_decref(copy);
	for (size_t i = 0; i < 3; i++)
		read_two_blocks(json, i);
	CHECK(rm_plan_from_json(NULL, &back, &error) == -EINVAL,
	        "NULL is not a plan");
	json_decref(json);
	json_decref(again);
	rm_plan_free(&plan);
}

/* Returns, for cells with these threads and this measure, repeat_wait in
   percent, or repeat_most if `most` is set; Returns -1 if they differ. */
static int repeated(const struct rm_plan *plan, unsigned threads,
        enum rm_measure measure, bool most)
{
	int all = -2;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;
		int percent = (int)(100 * cell->repeat_wait + 0.5);
		int one = most ? (int)cell->repeat_most : percent;

		if (cell->threads != threads || cell->measure != measure)
			continue;
		all = all == -2 || all == one ? one : -1;
	}
	return all;
}

/* True if trials with these threads are repeated because of other programs if
   and only if their threads are bound. */
static bool are_bound_if_judged(const struct rm_plan *plan, unsigned threads)
{
	bool all = true;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct rm_cell *cell = &plan->cells[i].cell;

		if (cell->threads == threads &&
		        cell->measure == RM_MEASURE_THROUGHPUT)
			all &= (cell->repeat_wait > 0) == (cell->cpu_count > 0);
	}
	return all;
}

static void repeats(void)
{
	struct rm_plan plan;
	struct rm_error error = { "" };
	json_t *json, *cell, *again;

	build("writes = 3%\nkeys = 1Ki\nthreads = 1 2 3\nbase = plain\n"
	      "placement = cores none\nrepeat-wait = 30%\n"
	      "repeat-most = 2\nrepeat-share = 40%\n"
	      "measure = throughput causes\n",
	        "core:2 pu:1", &usual, &plan);
	CHECK(repeated(&plan, 1, RM_MEASURE_THROUGHPUT, false) == 30 &&
	                repeated(&plan, 2, RM_MEASURE_THROUGHPUT, false) == 30,
	        "timed trials are repeated if threads waited");
	CHECK(repeated(&plan, 3, RM_MEASURE_THROUGHPUT, false) == -1 &&
	                are_bound_if_judged(&plan, 3) &&
	                repeated(&plan, 3, RM_MEASURE_THROUGHPUT, true) == 2,
	        "with more threads than CPUs, only trials with bound threads "
	        "are repeated");
	CHECK(repeated(&plan, 1, RM_MEASURE_CAUSES, false) == 0 &&
	                repeated(&plan, 1, RM_MEASURE_CAUSES, true) == 2,
	        "trials that are not timed are repeated if void");
	CHECK(repeated(&plan, 2, RM_MEASURE_VERIFY, true) == 0,
	        "a verification is not repeated");
	json = rm_plan_to_json(&plan);
	rm_plan_free(&plan);
	cell = json_array_get(json_object_get(json, "cells"), 0);
	json_object_set_new(
	        json_object_get(cell, "repeat"), "most", json_integer(11));
	CHECK(rm_plan_from_json(json, &plan, &error) == -EINVAL &&
	                strstr(error.text, "repeat"),
	        "more repeats than the maximum are rejected");
	json_object_set_new(
	        json_object_get(cell, "repeat"), "most", json_integer(2));
	json_object_set_new(
	        json_object_get(cell, "repeat"), "share", json_real(1.01));
	CHECK(rm_plan_from_json(json, &plan, &error) == -EINVAL &&
	                strstr(error.text, "share"),
	        "a budget of more repeats than trials is rejected");
	json_object_del(json_object_get(cell, "repeat"), "share");
	CHECK(!rm_plan_from_json(json, &plan, &error) &&
	                plan.cells[0].cell.repeat_share == RM_REPEATS_MAX &&
	                plan.cells[1].cell.repeat_share == 0.4,
	        "an older plan without a budget has no limit");
	again = rm_plan_to_json(&plan);
	CHECK(json_equal(json, again), "an older plan writes the same JSON "
	                               "again");
	json_decref(again);
	rm_plan_free(&plan);
	json_object_del(cell, "repeat");
	CHECK(!rm_plan_from_json(json, &plan, &error) &&
	                plan.cells[0].cell.repeat_most == 0,
	        "an older plan without repeats repeats nothing");
	rm_plan_free(&plan);
	json_decref(json);
}

static void estimates_are_the_measured_ones(void)
{
	struct rm_plan plan;

	build("writes = 3%\nkeys = 1Mi\nthreads = 1 1000\nbase = plain\n"
	      "maps = plain\nwarm-up = 0s\nwindow = 1s\n",
	        "pu:1000", &usual, &plan);
	for (size_t i = 0; i < plan.cell_count; i++) {
		const struct rm_plan_cell *planned = &plan.cells[i];
		double ms = (double)planned->estimate_ns / 1e6 - 1000;

		if (planned->cell.measure == RM_MEASURE_VERIFY)
			continue;
		if (planned->cell.threads == 1)
			CHECK(ms > 1400 && ms < 1550,
			        "a trial of 1 Mi keys costs about 1.5 s");
		else
			CHECK(ms > 1500 && ms < 1650,
			        "1000 threads cost about 85 ms more");
	}
	rm_plan_free(&plan);
}

/* Returns the estimate for the cell with these threads, or 0 if it is not
   planned. */
static uint64_t estimate_of(const struct rm_plan *plan, unsigned threads)
{
	for (size_t i = 0; i < plan->cell_count; i++)
		if (plan->cells[i].cell.measure == RM_MEASURE_THROUGHPUT &&
		        plan->cells[i].cell.threads == threads)
			return plan->cells[i].estimate_ns;
	return 0;
}

static void turns_cost_where_threads_share_a_cpu(void)
{
	const uint64_t ms = 1000000;
	struct rm_plan plan;
	uint64_t one, two, three;

	build("writes = 3%\nkeys = 1Ki\nthreads = 1 2 3\nbase = plain\n"
	      "maps = plain\nwindow = 1s\n",
	        "pu:2", &usual, &plan);
	one = estimate_of(&plan, 1);
	two = estimate_of(&plan, 2);
	three = estimate_of(&plan, 3);
	CHECK(one && two > one && two - one < ms,
	        "a thread with its own CPU need not wait for a turn");
	CHECK(three > two + 3 * ms && three < two + 5 * ms,
	        "a thread that shares a CPU adds a turn of a few ms");
	rm_plan_free(&plan);
}

static void renewals_cost_and_write(void)
{
	const uint64_t ms = 1000000;
	struct rm_plan plan;
	uint64_t none, four;

	build("writes = 0%\nkeys = 1Ki\nthreads = 1\nbase = plain\n"
	      "maps = plain\nsettle = yes renewed:4\n",
	        "pu:2", &usual, &plan);
	none = plan.cells[0].estimate_ns;
	four = plan.cells[1].estimate_ns;
	CHECK(four - none >= 2 * ms && four - none < 20 * ms,
	        "4096 renewals add some milliseconds to the estimate");
	rm_plan_free(&plan);
	build("writes = 0%\nkeys = 1Ki\nthreads = 2\nbase = plain\n"
	      "maps = plain unsafe in_place single\nsettle = renewed:1\n",
	        "pu:2", &usual, &plan);
	CHECK(skips(&plan, "plain", 2, NULL) &&
	                skips(&plan, "unsafe", 2, "(renewed keys)") &&
	                skips(&plan, "in_place", 2, "(renewed keys)") &&
	                skips(&plan, "single", 2, "one writer"),
	        "renewals count as writes of all threads");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 1Ki 64Ki\nthreads = 1\nbase = copying\n"
	      "maps = copying\nsettle = renewed:1\n",
	        "pu:2", &usual, &plan);
	CHECK(!plan.cells[0].cell.skip[0] &&
	                strstr(plan.cells[1].cell.skip, "renewing 65536 keys"),
	        "renewals by copying maps are planned only if they are short");
	rm_plan_free(&plan);
	build("writes = 3%\nkeys = 64Ki\nthreads = 128 256\nbase = copying\n"
	      "maps = copying\n",
	        "core:256 pu:1", &usual, &plan);
	CHECK(!plan.cells[0].cell.skip[0] &&
	                strstr(plan.cells[1].cell.skip, "all 256 threads take"),
	        "a cell whose last copies by many threads take too long is "
	        "skipped");
	rm_plan_free(&plan);
	build("keys = 1Ki\nthreads = 1\nbase = plain\nmaps = plain\n"
	      "loop = random-fill\nsettle = renewed:1\n",
	        "pu:2", &usual, &plan);
	CHECK(skips(&plan, "plain", 1, "does not start with keys"),
	        "a loop that starts with an empty map is skipped");
	rm_plan_free(&plan);
}

/* Returns the planned ms of a trial of 64 Ki keys, without its window. */
static double scaled_cost_of(const char *map, const char *loop, double scale)
{
	struct rm_plan_options options = usual;
	char text[256];
	struct rm_plan plan;
	double ms;

	options.cost_scale = scale;

	snprintf(text, sizeof(text),
	        "writes = 3%%\nkeys = 64Ki\nthreads = 2\nbase = %s\n"
	        "maps = %s\nwarm-up = 0s\nwindow = 1s\n%s",
	        map, map, loop);
	build(text, "pu:2", &options, &plan);
	ms = 0;
	for (size_t i = 0; i < plan.cell_count; i++)
		if (plan.cells[i].cell.measure != RM_MEASURE_VERIFY)
			ms = (double)plan.cells[i].estimate_ns / 1e6;
	rm_plan_free(&plan);
	return ms - 1000;
}

/* The gate's history and a resumed search compare hashes of plans. */
static void a_plan_does_not_depend_on_measured_speed(void)
{
	struct rm_plan_options options = usual;
	json_t *json[2];

	for (int i = 0; i < 2; i++) {
		struct rm_plan plan;

		options.cost_scale = 1 + i;
		build("writes = 3%\nkeys = 64Ki\nthreads = 2\nbase = plain\n"
		      "maps = plain\n",
		        "pu:2", &options, &plan);
		json[i] = rm_plan_to_json(&plan);
		rm_plan_free(&plan);
	}
	CHECK(json_equal(json_object_get(json[0], "cells"),
	              json_object_get(json[1], "cells")) &&
	                json_equal(json_object_get(json[0], "order"),
	                        json_object_get(json[1], "order")) &&
	                !json_equal(json[0], json[1]),
	        "the speed of the machine changes only the plan's total time");
	json_decref(json[0]);
	json_decref(json[1]);
}

static double cost_of(const char *map, const char *loop)
{
	return scaled_cost_of(map, loop, 0);
}

/* tests/fixtures/trial-costs.tsv: A trial takes 90 ms if its window is 25
   ms. */
static void costs_depend_on_the_map(void)
{
	static const char paced[] = "loop = paced\nrate = 10k/s\n"
	                            "measure = latency\n";
	double plain_ms = cost_of("plain", "");

	CHECK(plain_ms > 55 && plain_ms < 75,
	        "64 Ki keys and a process take about 64 ms");
	CHECK(cost_of("nothing", "") < 20,
	        "a stateless map takes almost no time for its keys");
	CHECK(cost_of("copying", "") > plain_ms + 50,
	        "a phase ends late if a batch copies all keys");
	CHECK(cost_of("plain", paced) > plain_ms + 10 &&
	                cost_of("plain", paced) < plain_ms + 25,
	        "writing latency histograms takes time");
	CHECK(fabs(scaled_cost_of("plain", "", 0.5) - plain_ms / 2) < 1,
	        "a faster machine needs less time, but not for its window");
}

/* Returns the planned extra time of a trial if the program is in another
   language. */
static uint64_t other_language_ns(const char *text)
{
	struct rm_plan plan;
	uint64_t of[2] = { 0, 0 };

	build_elsewhere(text, &plan);
	for (size_t i = 0; i < plan.cell_count; i++)
		if (plan.cells[i].cell.measure == RM_MEASURE_THROUGHPUT)
			of[strcmp(plan.cells[i].cell.map, "plain") == 0] =
			        plan.cells[i].estimate_ns;
	rm_plan_free(&plan);
	return of[0] - of[1];
}

static void warm_ups_elsewhere_go_on(void)
{
	const uint64_t ms = 1000000;

	CHECK(other_language_ns(MINIMAL "warm-up = 0s\nwindow = 1s\n") ==
	                400 * ms,
	        "starting a program in another language takes time");
	CHECK(other_language_ns(
	              MINIMAL "warm-up = 200ms\nwindow = 1s\n"
	                      "deadline = 60s\n") == (400 + 2000 - 200) * ms,
	        "a program in another language warms up until it is steady");
	CHECK(other_language_ns(
	              MINIMAL "warm-up = 1s\nwindow = 1s\n"
	                      "deadline = 20s\n") == (400 + 5000 - 1000) * ms,
	        "this warm-up takes at most a quarter of the deadline");
	CHECK(other_language_ns(
	              MINIMAL "warm-up = 10ms\nwindow = 1s\n"
	                      "deadline = 60s\n") == (400 + 2000 - 10) * ms,
	        "this warm-up takes 2 s if little is requested");
	CHECK(other_language_ns(
	              MINIMAL "warm-up = 10ms\nwindow = 1s\n"
	                      "deadline = 4s\n") == (400 + 1000 - 10) * ms,
	        "a short deadline limits the warm-up of 2 s to a quarter of "
	        "it");
}

static void two_workloads(void)
{
	struct rm_workload pair[2] = { { .file = NULL }, { .file = NULL } };
	struct rm_topology topology;
	struct rm_plan plan;

	rm_topology_load("pu:2", &topology, &last);
	last.text[0] = '\0';
	for (int i = 0; i < 2; i++)
		rm_workload_parse(i ? "b.conf" : "a.conf", MINIMAL,
		        strlen(MINIMAL), NULL, 0, &pair[i], &last);
	CHECK(rm_plan_build(pair, 2, &topology, &usual, &plan, &last) == 0 &&
	                count(&plan, RM_MEASURE_THROUGHPUT, true) ==
	                        2 * IMPLS &&
	                count(&plan, RM_MEASURE_VERIFY, true) == IMPLS,
	        "two workloads share verifications");
	rm_plan_free(&plan);
	strcpy(pair[1].name, "a");
	CHECK(rm_plan_build(pair, 2, &topology, &usual, &plan, &last) ==
	                        -EINVAL &&
	                strstr(last.text, "second workload named a"),
	        "two workloads with one name are rejected");
	rm_plan_free(&plan);
	rm_workload_clear(&pair[0]);
	rm_workload_clear(&pair[1]);
	rm_topology_free(&topology);
}

/* Returns the first cell with a control, or NULL. */
static const struct rm_plan_cell *controlled(const struct rm_plan *plan)
{
	for (size_t i = 0; i < plan->cell_count; i++)
		if (plan->cells[i].cell.has_control)
			return &plan->cells[i];
	return NULL;
}

#define CONTROLLED                                                          \
	"writes = 3%\nkeys = 1Ki 64Ki 1Mi\nthreads = 1 2 8\nbase = plain\n" \
	"write-kind = update churn\nmaps = plain other\nblocks = 4\n"

static void a_control_is_one_cell(void)
{
	struct rm_error error = { "" };
	struct rm_plan plan, without, back;
	const struct rm_plan_cell *cell;
	size_t cells = 0;
	json_t *json;

	build(CONTROLLED "control = other\n", "pu:2", &usual, &plan);
	build(CONTROLLED, "pu:2", &usual, &without);
	cell = controlled(&plan);
	CHECK(cell && !strcmp(cell->cell.id,
	                      "w/other/u64x8/n65536/w3/update/m0/uniform/t2/"
	                      "cores/throughput"),
	        "the control runs the headline cell of its map: most threads "
	        "with a CPU each, 64 Ki keys, first kind of write");
	for (size_t i = 0; i < plan.cell_count; i++)
		cells += plan.cells[i].cell.has_control;
	CHECK(cells == 1 && !controlled(&without),
	        "only one cell has a control");
	CHECK(same_order(&plan, &without),
	        "the control's trials do not change the order");
	CHECK(cell && plan.trial_count == without.trial_count + 4 &&
	                plan.estimate_ns ==
	                        without.estimate_ns + 4 * cell->estimate_ns,
	        "the control's trials count in the totals, once per block");
	json = rm_plan_to_json(&plan);
	CHECK(!rm_plan_from_json(json, &back, &error) && controlled(&back) &&
	                !strcmp(controlled(&back)->cell.id, cell->cell.id) &&
	                back.trial_count == plan.trial_count,
	        "a resume restores the control");
	json_decref(json);
	rm_plan_free(&back);
	rm_plan_free(&plan);
	rm_plan_free(&without);
}

static void invalid_controls(void)
{
	struct rm_plan_options options = usual;
	struct rm_plan plan;

	build(CONTROLLED "control = none\n", "pu:2", &usual, &plan);
	CHECK(plan.cell_count && !controlled(&plan), "`none` means no control");
	rm_plan_free(&plan);
	options.maps = "plain";
	build(CONTROLLED "control = other\n", "pu:2", &options, &plan);
	CHECK(plan.cell_count && !controlled(&plan),
	        "an excluded map is no control");
	rm_plan_free(&plan);
	options = usual;
	options.has_arms = true;
	build(CONTROLLED "control = other\n", "pu:2", &options, &plan);
	CHECK(plan.cell_count && !controlled(&plan),
	        "arms replace the control");
	rm_plan_free(&plan);
	CHECK(build(CONTROLLED "control = another\n", "pu:2", &usual, &plan) ==
	                        -EINVAL &&
	                strstr(last.text, "control: no map is called"),
	        "an unknown map is rejected");
	rm_plan_free(&plan);
}

int main(void)
{
	made_of(&usual_maps, impls, IMPLS);
	usual_maps.names = names;
	usual_maps.name_count = 1;
	made_of(&sized_maps, sized_impls, 2);
	order_depends_on_the_seed_only();
	seeds_mean_what_they_meant();
	skipped_cells_make_no_rounds();
	cells_may_be_named();
	simulated_machines_must_be_there();
	rounds_hold_every_cell_once();
	trials_are_spread_evenly();
	verify_once_per_map_shape_and_kind();
	slots_need_sessions();
	litmus_tests_ignore_other_factors();
	returns_that_are_inexact_need_one_thread();
	causes_need_their_own_malloc();
	programs_say_which_loops_they_have();
	programs_without_locks_have_one_thread();
	unsafe_maps_run_where_it_is_safe();
	few_keys_have_no_such_share_of_misses();
	decimal_text_is_of_strings();
	misses_need_a_loop_that_has_them();
	a_distribution_needs_a_loop_that_draws_by_it();
	writes_need_a_loop_that_draws_them();
	a_loop_runs_with_the_share_that_it_has();
	other_loops_have_fixed_writes();
	loops_that_always_write_are_not_for_unsafe_maps();
	sizes_are_two_dimensions();
	keys_differ_elsewhere();
	shapes_and_counters();
	simulated_cells();
	equal_cells_run_once();
	keys_may_fill_the_last_level_cache();
	memory_beyond_the_cpus();
	windows_of_oversubscription();
	loops_that_run_once_have_no_warm_up();
	memory_is_planned_for_what_maps_need();
	heaps_count_as_address_space();
	threads_are_planned_for_what_is_left();
	open_loops();
	impossible_plans();
	names_of_maps();
	json_both_ways();
	repeats();
	estimates_are_the_measured_ones();
	a_plan_does_not_depend_on_measured_speed();
	costs_depend_on_the_map();
	turns_cost_where_threads_share_a_cpu();
	renewals_cost_and_write();
	warm_ups_elsewhere_go_on();
	two_workloads();
	a_control_is_one_cell();
	invalid_controls();
	return DONE();
}
