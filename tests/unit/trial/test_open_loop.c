/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests the open loop with a simulated clock: how a stall affects each
 * quantile, and the result for known values. With the real clock a busy machine
 * could stall the loop, too.
 */
#include "tests/unit/trial/array_map.h"
#include "tests/unit/trial/played_clock.h"

enum { STALL_MS = 50 };

/* Requests one thread with 1000 arrivals per second, one in each ms. */
static struct rm_request paced(void)
{
	struct rm_request request = request_of(RM_UPDATE);

	request.cell.loop.kind = RM_LOOP_PACED;
	request.cell.measure = RM_MEASURE_LATENCY;
	request.cell.rate_per_s = 1000;
	request.cell.arrivals = RM_ARRIVALS_CONSTANT;
	request.cell.threads = 1;
	request.cell.write_share = 0;
	request.cell.window_ops = 0;
	request.cell.window_ns = 1000000000;
	return request;
}

/* Returns the entry of one operation and one clock; or NULL if it is
   missing. */
static const json_t *entry_of(
        const json_t *result, const char *operation, const char *clock)
{
	json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(result, "latency"), i, entry)
		if (!strcmp(text_of(entry, "operation"), operation) &&
		        !strcmp(text_of(entry, "clock"), clock))
			return entry;
	return NULL;
}

static const json_t *lookups_by(const json_t *result, const char *clock)
{
	return entry_of(result, "lookup", clock);
}

static json_t *played(uint64_t stall_ns)
{
	struct rm_request request = paced();
	json_t *result;

	fault = (struct fault){ .stall_ns = stall_ns };
	result = run(&request);
	json_decref(request.counters);
	return result;
}

/* Returns the smallest value that a share of an entry's values does not exceed,
   computed as in the report. */
static json_int_t quantile_ns(const json_t *entry, double share)
{
	struct rm_histogram *histogram;
	struct rm_error error;
	json_int_t ns = -1;

	if (!rm_histogram_from_json(
	            json_object_get(entry, "buckets"), &histogram, &error)) {
		ns = (json_int_t)rm_histogram_quantile(histogram, share);
		free(histogram);
	}
	return ns;
}

static bool within(json_int_t ns, double low_ms, double high_ms)
{
	return (double)ns >= low_ms * 1e6 && (double)ns <= high_ms * 1e6;
}

/*
 * An operation that stalls for 50 ms delays 50 of 1000 arrivals by 50, 49, 48
 * ... ms. One of 1000 may exceed P99.9, so P99.9 is 49 ms. Ten may exceed P99,
 * so P99 is 40 ms. P90 is not affected. Tolerances: 1 us for clock readings,
 * 0.1 % for the width of buckets.
 */
static void a_stall_shows_in_the_open_loop(void)
{
	json_t *stalled = played(STALL_MS * 1000000);
	const json_t *intended = lookups_by(stalled, "intended");
	const json_t *service = lookups_by(stalled, "service");

	CHECK(is(stalled, "ok", "") && number_of(intended, "count") == 1000,
	        "every arrival has an operation");
	CHECK(within(number_of(intended, "max_ns"), 50, 50.1),
	        "the maximum is the length of the stall");
	CHECK(within(quantile_ns(intended, .999), 49, 49.1) &&
	                within(quantile_ns(intended, .99), 40, 40.1),
	        "P99.9 and P99 are those of the delayed arrivals");
	CHECK(within(quantile_ns(intended, .9), 0, 0.01) &&
	                within(quantile_ns(intended, .5), 0, 0.01),
	        "P90 and P50 are not affected");
	CHECK(number_of(stalled, "late_starts") == 49,
	        "49 operations started more than a millisecond late");
	CHECK(within(number_of(service, "max_ns"), 50, 50.1) &&
	                within(quantile_ns(service, .99), 0, 0.01),
	        "only one operation took that long");
	json_decref(stalled);
}

static void without_a_stall_nothing_shows(void)
{
	json_t *calm = played(0);
	const json_t *intended = lookups_by(calm, "intended");

	CHECK(within(number_of(intended, "max_ns"), 0, 0.01) &&
	                number_of(intended, "max_ns") > 0 &&
	                number_of(calm, "late_starts") == 0,
	        "without a stall no operation is late");
	json_decref(calm);
}

/* A pair of writes is due once. Its first operation has a latency from the
   arrival. Its second operation starts when the first one ends, and has only a
   service time. */
static void a_pairs_second_operation_has_no_intended_start(void)
{
	struct rm_request request = paced();
	const json_t *removes, *upserts;
	json_t *result;

	request.cell.write_kind = RM_CHURN;
	request.cell.write_share = 1;
	fault = (struct fault){ .take_ns = 300000 };
	result = run(&request);
	removes = entry_of(result, "remove", "intended");
	upserts = entry_of(result, "upsert", "service");
	CHECK(number_of(removes, "count") == 1000 &&
	                within(quantile_ns(removes, .5), 0.3, 0.31),
	        "a removal of 0.3 ms has a latency of 0.3 ms");
	CHECK(json_array_size(json_object_get(result, "latency")) == 3 &&
	                !entry_of(result, "upsert", "intended"),
	        "the following upsert has no latency from an arrival");
	CHECK(number_of(upserts, "count") == 1000 &&
	                within(number_of(upserts, "max_ns"), 0, 0.01),
	        "the upsert has its own service time");
	CHECK(number_of(json_array_get(json_object_get(result, "slices"), 0),
	              "operations") == 50,
	        "a slice counts arrivals");
	json_decref(result);
	json_decref(request.counters);
}

/* Records values of 1 .. 2000 ns, which have separate buckets. */
static void an_entry_has_every_value(void)
{
	struct rm_request request = paced();
	struct rm_histogram *histogram;
	json_t *result = json_object();
	const json_t *entry;
	struct rm_team team;

	fault = (struct fault){ .stall_ns = 0 };
	rm_team_run(&team, &request, &impl);
	rm_pace_clear(&team.members[0].pace);
	histogram = team.members[0]
	                    .pace.histograms[RM_LOOKUP][1][RM_CLOCK_INTENDED];
	for (uint64_t ns = 1; ns <= 2000; ns++)
		rm_histogram_record(histogram, ns);
	rm_team_latency(&team, result);
	entry = lookups_by(result, "intended");
	CHECK(json_array_size(json_object_get(entry, "buckets")) == 2000 &&
	                quantile_ns(entry, .99) == 1980 &&
	                number_of(entry, "count") == 2000 &&
	                number_of(entry, "min_ns") == 1 &&
	                number_of(entry, "max_ns") == 2000,
	        "count, minimum, maximum and buckets of 1 to 2000 ns");
	json_decref(result);
	rm_team_clear(&team);
	json_decref(request.counters);
}

int main(void)
{
	a_stall_shows_in_the_open_loop();
	without_a_stall_nothing_shows();
	a_pairs_second_operation_has_no_intended_start();
	an_entry_has_every_value();
	return DONE();
}
