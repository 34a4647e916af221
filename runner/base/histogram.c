/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/histogram.h"

#include "runner/base/touch.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { HALF_BITS = 10 }; /* log2(RM_HISTOGRAM_HALF) */

struct rm_histogram *rm_histogram_create(void)
{
	struct rm_histogram *histogram = calloc(1, sizeof(*histogram));

	if (!histogram)
		return NULL;
	rm_touch(histogram, sizeof(*histogram));
	histogram->min_ns = UINT64_MAX;
	return histogram;
}

void rm_histogram_clear(struct rm_histogram *histogram)
{
	if (histogram->count) {
		unsigned first = rm_histogram_index(histogram->min_ns);
		unsigned last = rm_histogram_index(histogram->max_ns);

		memset(&histogram->counts[first], 0,
		        (last - first + 1) * sizeof(histogram->counts[0]));
	}
	memset(histogram, 0, offsetof(struct rm_histogram, counts));
	histogram->min_ns = UINT64_MAX;
}

/* Returns how often the bucket width has doubled at this value: 0 for values
   below 2048. */
static unsigned doubling(uint64_t value)
{
	uint64_t at_least = value | (2 * RM_HISTOGRAM_HALF - 1);

	return 63 - HALF_BITS - (unsigned)__builtin_clzll(at_least);
}

unsigned rm_histogram_index(uint64_t value)
{
	if (value > RM_HISTOGRAM_MAX_NS)
		value = RM_HISTOGRAM_MAX_NS;

	unsigned shift = doubling(value);

	return (shift << HALF_BITS) + (unsigned)(value >> shift);
}

uint64_t rm_histogram_low(unsigned index)
{
	if (index < 2 * RM_HISTOGRAM_HALF)
		return index;

	unsigned shift = (index >> HALF_BITS) - 1;
	uint64_t sub = (index & (RM_HISTOGRAM_HALF - 1)) + RM_HISTOGRAM_HALF;

	return sub << shift;
}

uint64_t rm_histogram_high(unsigned index)
{
	return rm_histogram_low(index + 1) - 1;
}

void rm_histogram_record(struct rm_histogram *histogram, uint64_t value)
{
	if (value > RM_HISTOGRAM_MAX_NS) {
		histogram->saturated++;
		value = RM_HISTOGRAM_MAX_NS;
	}
	histogram->counts[rm_histogram_index(value)]++;
	histogram->count++;
	histogram->sum_ns += (double)value;
	if (value < histogram->min_ns)
		histogram->min_ns = value;
	if (value > histogram->max_ns)
		histogram->max_ns = value;
}

void rm_histogram_merge(
        struct rm_histogram *into, const struct rm_histogram *from)
{
	if (!from->count)
		return;
	for (unsigned i = rm_histogram_index(from->min_ns);
	        i <= rm_histogram_index(from->max_ns); i++)
		into->counts[i] += from->counts[i];
	into->count += from->count;
	into->saturated += from->saturated;
	into->sum_ns += from->sum_ns;
	if (from->min_ns < into->min_ns)
		into->min_ns = from->min_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
}

void rm_histogram_add(
        struct rm_histogram *histogram, unsigned index, uint64_t count)
{
	uint64_t low = rm_histogram_low(index), high = rm_histogram_high(index);

	if (!count)
		return;
	histogram->counts[index] += count;
	histogram->count += count;
	histogram->sum_ns += (double)count * ((double)low + (double)high) / 2;
	if (low < histogram->min_ns)
		histogram->min_ns = low;
	if (high > histogram->max_ns)
		histogram->max_ns = high;
}

uint64_t rm_histogram_quantile(
        const struct rm_histogram *histogram, double share)
{
	uint64_t wanted = (uint64_t)ceil(share * (double)histogram->count);
	uint64_t seen = 0;

	if (!wanted)
		wanted = 1;
	for (unsigned i = 0; i < RM_HISTOGRAM_LENGTH; i++) {
		seen += histogram->counts[i];
		if (seen >= wanted) {
			uint64_t high = rm_histogram_high(i);

			return high < histogram->max_ns ? high
			                                : histogram->max_ns;
		}
	}
	return histogram->max_ns;
}

double rm_histogram_mean(const struct rm_histogram *histogram)
{
	return histogram->count ? histogram->sum_ns / (double)histogram->count
	                        : 0;
}
