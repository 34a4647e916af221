/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recording latencies causes no page fault in the window: the histograms are
 * touched before the window and cleared in place.
 *
 * plain: sanitizers have memory of their own that is touched in the window.
 */
#include "tests/unit/trial/array_map.h"

/* Returns the largest number of minor faults of a thread in the window, or -1
   if the trial failed. The map is an array that create() touches. */
static int faults_of(struct rm_request request)
{
	json_t *result, *thread;
	int most = 0;
	size_t i;

	result = run(&request);
	if (!is(result, "ok", ""))
		most = -1;
	json_array_foreach (json_object_get(result, "by_thread"), i, thread)
		if (most >= 0 && number_of(thread, "minor_faults") > most)
			most = (int)number_of(thread, "minor_faults");
	json_decref(result);
	json_decref(request.counters);
	return most;
}

static struct rm_request paced(enum rm_write_kind kind, double rate_per_s)
{
	struct rm_request request = request_of(kind);

	request.cell.loop.kind = RM_LOOP_PACED;
	request.cell.measure = RM_MEASURE_LATENCY;
	request.cell.arrivals = RM_ARRIVALS_POISSON;
	request.cell.rate_per_s = rate_per_s;
	request.cell.write_share = 0.3;
	request.cell.miss_share = kind == RM_FRESH ? 0 : 0.1;
	request.cell.window_ops = 0;
	request.cell.warm_up_ns = 5000000;
	/* there is space for more samples than the warm-up records */
	request.cell.window_ns = rate_per_s > 100000 ? 200000000 : 30000000;
	return request;
}

static void the_open_loop_faults_no_page(void)
{
	CHECK(faults_of(paced(RM_UPDATE, 20000)) == 0 &&
	                faults_of(paced(RM_UPDATE, 500000)) == 0,
	        "no page fault in a window of updates");
	CHECK(faults_of(paced(RM_CHURN, 20000)) == 0,
	        "no page fault in a window of removals and inserts");
	CHECK(faults_of(paced(RM_FRESH, 20000)) == 0,
	        "no page fault in a window of new keys");
}

/* A histogram has 65 pages. There is no warm-up, so pages of code also cause
   faults. */
static void a_fill_faults_no_page_of_a_histogram(void)
{
	int faults = faults_of(loop_request("array", "fill"));

	CHECK(faults >= 0 && faults < 32,
	        "the loop fill causes no page fault in its histogram");
}

int main(void)
{
	the_open_loop_faults_no_page();
	a_fill_faults_no_page_of_a_histogram();
	return DONE();
}
