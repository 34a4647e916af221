/* SPDX-License-Identifier: Apache-2.0 */
/* test_histogram.c - the latency histogram, compared with sorted values. */
#include "runner/base/histogram.h"
#include "runner/base/rng.h"
#include "tests/unit/tap.h"

#include <math.h>
#include <stdlib.h>

enum { VALUES = 200000 };

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void buckets_tile_all_values(void)
{
	bool tiled = rm_histogram_low(0) == 0, narrow = true, inverse = true;

	for (unsigned i = 0; i < RM_HISTOGRAM_LENGTH; i++) {
		uint64_t low = rm_histogram_low(i), high = rm_histogram_high(i);

		inverse &= rm_histogram_index(low) == i &&
		           rm_histogram_index(high) == i;
		narrow &= (double)(high - low) <= 0.001 * (double)low;
		if (i + 1 < RM_HISTOGRAM_LENGTH)
			tiled &= rm_histogram_low(i + 1) == high + 1;
	}
	CHECK(tiled, "buckets follow each other without gap or overlap");
	CHECK(inverse, "both edges of a bucket map to it");
	CHECK(narrow, "no bucket is wider than 0.1 % of its values");
	CHECK(rm_histogram_high(RM_HISTOGRAM_LENGTH - 1) == RM_HISTOGRAM_MAX_NS,
	        "the last bucket ends at the highest value");
}

/* Draws values over nine decades, like latencies. */
static uint64_t draw(uint64_t *rng)
{
	return (uint64_t)exp(rm_unit(rm_next(rng)) * log(1e9));
}

static void quantiles_match_sorted_values(void)
{
	static uint64_t values[VALUES];
	static const double shares[] = { 0.001, 0.5, 0.9, 0.99, 0.999, 1 };
	struct rm_histogram *histogram = rm_histogram_create();
	uint64_t rng = 1;
	bool close = true;

	for (int i = 0; i < VALUES; i++) {
		values[i] = draw(&rng);
		rm_histogram_record(histogram, values[i]);
	}
	qsort(values, VALUES, sizeof(values[0]), ascending);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		uint64_t exact = values[(int)ceil(shares[i] * VALUES) - 1];
		uint64_t got = rm_histogram_quantile(histogram, shares[i]);

		close &= got >= exact &&
		         (double)(got - exact) <= 0.001 * (double)exact;
	}
	CHECK(close, "quantiles are at most 0.1 % above the sorted values");
	CHECK(histogram->min_ns == values[0] &&
	                histogram->max_ns == values[VALUES - 1],
	        "minimum and maximum are exact");
	free(histogram);
}

static bool equal(const struct rm_histogram *a, const struct rm_histogram *b)
{
	for (unsigned i = 0; i < RM_HISTOGRAM_LENGTH; i++)
		if (a->counts[i] != b->counts[i])
			return false;
	return a->count == b->count && a->min_ns == b->min_ns &&
	       a->max_ns == b->max_ns && a->saturated == b->saturated;
}

static void merging_loses_nothing(void)
{
	struct rm_histogram *all = rm_histogram_create();
	struct rm_histogram *sum = rm_histogram_create();
	struct rm_histogram *parts[3];
	uint64_t rng = 2;

	for (int i = 0; i < 3; i++)
		parts[i] = rm_histogram_create();
	for (int i = 0; i < VALUES; i++) {
		uint64_t value = i % 1000 ? draw(&rng) : UINT64_MAX;

		rm_histogram_record(all, value);
		rm_histogram_record(parts[i % 3], value);
	}
	for (int i = 0; i < 3; i++) {
		rm_histogram_merge(sum, parts[i]);
		free(parts[i]);
	}
	CHECK(equal(all, sum), "merged parts equal the whole, bit for bit");
	CHECK(sum->saturated == VALUES / 1000,
	        "values above the range are counted as saturated");
	free(all);
	free(sum);
}

/* Bucket 1500 holds only the value 1500 ns. The bucket of 4096 ns holds four
   values. */
static void full_buckets_are_added(void)
{
	struct rm_histogram *histogram = rm_histogram_create();
	const unsigned wide = rm_histogram_index(4096);

	rm_histogram_add(histogram, wide, 0);
	CHECK(histogram->count == 0 && histogram->min_ns == UINT64_MAX &&
	                histogram->max_ns == 0 &&
	                rm_histogram_mean(histogram) == 0,
	        "adding no value leaves the histogram empty");
	rm_histogram_add(histogram, 1500, 3);
	CHECK(histogram->count == 3 && histogram->counts[1500] == 3 &&
	                rm_histogram_mean(histogram) == 1500,
	        "values count in their bucket and in total");
	rm_histogram_add(histogram, wide, 1);
	CHECK(histogram->min_ns == 1500 && histogram->max_ns == 4099,
	        "minimum and maximum are the buckets' edges");
	CHECK(fabs(histogram->sum_ns - (4500 + 4097.5)) < 1e-6,
	        "the sum uses the middle of a wide bucket");
	rm_histogram_add(histogram, 1500, 2);
	rm_histogram_add(histogram, 100, 1);
	CHECK(histogram->count == 7 && histogram->counts[1500] == 5 &&
	                histogram->counts[100] == 1 &&
	                histogram->min_ns == 100 && histogram->max_ns == 4099,
	        "further values are added");
	CHECK(rm_histogram_quantile(histogram, 1. / 7) == 100 &&
	                rm_histogram_quantile(histogram, 6. / 7) == 1500 &&
	                rm_histogram_quantile(histogram, 1) == 4099,
	        "quantiles include added buckets");
	CHECK(histogram->saturated == 0, "no value is saturated");
	free(histogram);
}

static void empty_ones_say_zero(void)
{
	struct rm_histogram *histogram = rm_histogram_create();

	CHECK(rm_histogram_quantile(histogram, 0.99) == 0 &&
	                rm_histogram_mean(histogram) == 0,
	        "an empty histogram has quantile and mean 0");
	free(histogram);
}

static void clearing_leaves_an_empty_one(void)
{
	struct rm_histogram *histogram = rm_histogram_create();
	struct rm_histogram *empty = rm_histogram_create();

	rm_histogram_clear(histogram);
	CHECK(equal(histogram, empty), "an empty histogram stays empty");
	rm_histogram_record(histogram, 3);
	rm_histogram_record(histogram, 5000000);
	rm_histogram_record(histogram, UINT64_MAX);
	rm_histogram_clear(histogram);
	CHECK(equal(histogram, empty) && histogram->sum_ns == 0,
	        "all buckets are empty after a clear");
	free(histogram);
	free(empty);
}

int main(void)
{
	clearing_leaves_an_empty_one();
	buckets_tile_all_values();
	quantiles_match_sorted_values();
	merging_loses_nothing();
	full_buckets_are_added();
	empty_ones_say_zero();
	return DONE();
}
