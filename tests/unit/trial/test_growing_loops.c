/* SPDX-License-Identifier: Apache-2.0 */
/* Tests loops that start with an empty map (grow, lazy), routes, and slices of
   an open loop, with correct maps and with wrong ones. */
#include "runner/impl.h"
#include "tests/unit/trial/run_trial.h"

static struct rm_request request_of(const char *map, const char *loop)
{
	struct rm_request request = loop_request(map, loop);

	request.cell.presize = false;
	return request;
}

static json_t *run(const char *map, const char *loop)
{
	struct rm_request request = request_of(map, loop);

	return run_on(&request, rm_impl_find(map));
}

/* True if all answers are correct. On a busy machine the trial may be void. */
static bool is_right(const json_t *result)
{
	const json_t *verification = json_object_get(result, "verification");
	bool so = !strcmp(text_of(verification, "status"), "ok") &&
	          strcmp(text_of(result, "status"), "failed") != 0;

	if (!so)
		printf("# %s: %s\n", text_of(result, "status"),
		        text_of(result, "reason"));
	return so;
}

static void growth_is_in_the_window(void)
{
	static const char *const maps[] = { "gomap_rw", "shard_grow",
		"shard_grow_stop", "shard_grow_timed", "shard_seg_grow",
		"syncmap" };

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		json_t *result = run(maps[i], "grow:3:2");

		CHECK(is_right(result) &&
		                number_of(result, "keys_before") == 0 &&
		                number_of(result, "keys_after") == 1000,
		        "grow fills the map from no keys to all keys");
		CHECK(stat_of(result, "insert_count") == 1000 &&
		                stat_of(result, "lookup_count") == 3000 &&
		                stat_of(result, "update_count") == 2000 &&
		                number_of(result, "lookups") == 3000 &&
		                number_of(result, "hits") == 3000 &&
		                number_of(result, "writes") == 3000 &&
		                number_of(result, "ops") == 6000,
		        "grow makes the requested operations per insert");
		CHECK(stat_of(result, "lookup_p999") >=
		                        stat_of(result, "lookup_p50") &&
		                stat_of(result, "lookup_max") >=
		                        stat_of(result, "lookup_p999") &&
		                stat_of(result, "insert_p999") > 0,
		        "each kind is timed, including P99.9 and maximum");
		CHECK(json_array_size(json_object_get(result, "longest")) == 16,
		        "the longest operations are reported");
		json_decref(result);
	}
}

/* Returns the number of bins of segments, which grow with the map or are fixed
   by presizing. */
static double bins_of(const char *map, bool presize)
{
	struct rm_request request = request_of(map, "grow:0");
	json_t *result;
	double bins;

	request.cell.keys = 20000;
	request.cell.presize = presize;
	result = run_on(&request, rm_impl_find(map));
	bins = is_right(result) ? stat_of(result, "bins") : -1;
	json_decref(result);
	return bins;
}

static void segments_grow_to_where_presized_ones_are(void)
{
	CHECK(bins_of("shard_seg_grow", true) == 512 * 64 &&
	                bins_of("shard_seg", true) == 512 * 64,
	        "presized segments have all bins from the start");
	CHECK(bins_of("shard_seg_grow", false) == 512 * 64,
	        "segments that start with 16 bins reach the same number");
}

/* In this variant of shard_seg one look-up misses its key. That must be
   detected, although later look-ups find the key. */
static atomic_bool forgot;

static bool forgetful(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	if (key.word == rm_scatter(77) && !atomic_exchange(&forgot, true))
		return false;
	return rm_impl_find("shard_seg")
	        ->ops->lookup(thread, shape, key, value);
}

static void a_lookup_beside_must_hit(void)
{
	struct rm_request request = request_of("shard_seg", "grow:50");
	struct rm_impl impl = *rm_impl_find("shard_seg");
	struct rm_map_ops ops = *impl.ops;
	json_t *result;

	ops.lookup = forgetful;
	impl.ops = &ops;
	result = run_on(&request, &impl);
	CHECK(is(result, "failed", "missed keys that were never removed"),
	        "an inserted key that is not found fails the trial");
	json_decref(result);
}

static void what_is_missed_is_loaded(void)
{
	static const char *const maps[] = { "shard_rw_32", "shard_rw_32_mask",
		"shard_seg", "syncmap" };

	for (size_t i = 0; i < 4; i++) {
		json_t *result = run(maps[i], "lazy");

		CHECK(is_right(result) && number_of(result, "keys_before") == 0,
		        "lazy starts with an empty map, and its keys add up");
		CHECK(stat_of(result, "load_count") ==
		                        number_of(result, "misses_absent") &&
		                stat_of(result, "hit_count") ==
		                        number_of(result, "hits"),
		        "each look-up is a hit or a load, and timed as such");
		CHECK(number_of(result, "inserts") > 900 &&
		                number_of(result, "inserts") <=
		                        stat_of(result, "load_count") &&
		                number_of(result, "inserts") -
		                                number_of(result, "removes") ==
		                        number_of(result, "keys_after"),
		        "loaded keys that were not removed are held");
		json_decref(result);
	}
}

static void addresses_mislead(void)
{
	json_t *right = run("route_fnv1a", "route:500");
	json_t *wrong = run("route_address", "route:500");

	CHECK(is_right(right) && stat_of(right, "lookups") == 200 &&
	                stat_of(right, "lookups_lost") == 0 &&
	                stat_of(right, "shards_used") == 64,
	        "a hash finds its keys and uses all shards");
	CHECK(is_right(wrong) && stat_of(wrong, "lookups") == 200 &&
	                stat_of(wrong, "lookups_lost") > 0 &&
	                stat_of(wrong, "shards_used") <= 4,
	        "an address as hash loses keys, and uses one shard per stack");
	CHECK(number_of(wrong, "ops") == 12800 &&
	                number_of(wrong, "elapsed_ns") > 0,
	        "a route by address is measured as well");
	json_decref(right);
	json_decref(wrong);
}

static uint64_t counted(const json_t *result)
{
	uint64_t count = 0;
	json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(result, "latency"), i, entry)
		if (!strcmp(text_of(entry, "clock"), "intended"))
			count += (uint64_t)number_of(entry, "count");
	return count;
}

static double longest_of(const json_t *list)
{
	double most = 0;
	json_t *entry;
	size_t i;

	json_array_foreach (list, i, entry)
		if (number_of(entry, "max_ns") > most)
			most = number_of(entry, "max_ns");
	return most;
}

/* Adds samples by hand and checks their slices. */
static void samples_go_to_the_slice_of_their_start(void)
{
	struct rm_request request = request_of("gomap_rw", "paced");
	struct rm_member member = { .worker = { .slot = 0 } };
	struct rm_team team = { .request = &request, .members = &member };
	struct rm_slices *slices = rm_slices_create(100);
	json_t *list;

	request.cell.threads = 1;
	request.cell.window_ns = 2 * RM_SLICE_NS;
	member.pace.slices = slices;
	rm_slices_begin(slices, 1000, request.cell.window_ns);
	for (unsigned i = 0; i < 98; i++)
		rm_slices_note(slices, 1000 + RM_SLICE_NS + i, 500);
	/* due in the first slice and ended in the second, because of a pause */
	rm_slices_note(slices, 1000 + RM_SLICE_NS - 1, 30000000);
	/* due after the end, so it belongs to the last slice */
	rm_slices_note(slices, 1000 + 3 * RM_SLICE_NS, 700);
	rm_slices_note(slices, 1000 + RM_SLICE_NS, 600);
	list = rm_team_slices(&team);
	CHECK(json_array_size(list) == 2 &&
	                number_of(json_array_get(list, 0), "operations") == 1 &&
	                number_of(json_array_get(list, 0), "p99_ns") > 2.9e7,
	        "a late operation is in the slice in which it was due");
	CHECK(number_of(json_array_get(list, 1), "operations") == 100 &&
	                number_of(json_array_get(list, 1), "p50_ns") == 500 &&
	                number_of(json_array_get(list, 1), "p99_ns") == 600 &&
	                number_of(json_array_get(list, 1), "max_ns") == 700,
	        "P99 and maximum are those of the slice");
	json_decref(list);
	while (slices->count <= slices->room)
		rm_slices_note(slices, 1000, 1);
	list = rm_team_slices(&team);
	CHECK(json_is_null(list), "if samples do not fit, slices are null");
	json_decref(list);
	rm_slices_free(slices);
	json_decref(request.counters);
}

static void a_window_is_told_in_slices(void)
{
	struct rm_request request = request_of("gomap_rw", "paced");
	uint64_t operations = 0;
	json_t *result, *slices, *slice;
	size_t i;
	bool plain = true;

	request.cell.window_ops = 0;
	request.cell.window_ns = 220000000;
	request.cell.rate_per_s = 20000;
	request.cell.measure = RM_MEASURE_LATENCY;
	result = run_on(&request, rm_impl_find("gomap_rw"));
	slices = json_object_get(result, "slices");
	CHECK(is_right(result) && json_array_size(slices) == 5,
	        "220 ms are five slices of 50 ms, the last one shorter");
	json_array_foreach (slices, i, slice) {
		operations += (uint64_t)number_of(slice, "operations");
		plain &= number_of(slice, "at_ns") == (double)i * 5e7 &&
		         number_of(slice, "p50_ns") <=
		                 number_of(slice, "p99_ns") &&
		         number_of(slice, "p99_ns") <=
		                 number_of(slice, "max_ns") &&
		         json_is_null(json_object_get(slice, "bytes")) &&
		         json_is_null(json_object_get(slice, "pauses"));
	}
	CHECK(operations == counted(result) && operations > 3000,
	        "slices contain every operation of the window once");
	CHECK(plain, "quantiles are in order; this build counts no causes");
	/* tolerance: a bucket is 0.1 % wide */
	CHECK(longest_of(slices) <=
	                        longest_of(json_object_get(result, "latency")) *
	                                1.001 &&
	                longest_of(slices) * 1.001 >=
	                        longest_of(json_object_get(result, "latency")),
	        "the longest operation is in one of the slices");
	json_decref(result);
}

int main(void)
{
	growth_is_in_the_window();
	segments_grow_to_where_presized_ones_are();
	a_lookup_beside_must_hit();
	what_is_missed_is_loaded();
	addresses_mislead();
	a_window_is_told_in_slices();
	samples_go_to_the_slice_of_their_start();
	return DONE();
}
