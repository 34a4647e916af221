/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slow: its largest map holds thousands of keys that equal nothing, which each
 * Range visits.
 *
 * test_equal_floats.c - compares a native map of float64 in C with Go's: the
 * same operations on numbers, both zeros and NaN, which equals nothing
 * (docs/go-equality.md).
 *
 * Both Go and the port draw a new hash for each such key. So the test does not
 * compare positions, but the results of operations and the number of entries. A
 * Range adds up the entries that were present when it began, and inserts at the
 * same time; some begin before a growth, some in the middle of one.
 */
#define GOMAP_KEYS "tests/unit/gomap/gomap_keys_float.h"
#include "impls/gomap/gomap_check.h"
#include "impls/gomap/gomap_ops.h"

#include "tests/go/compare.h"

enum { STEPS = 20000 };

static const struct trace_plan plans[] = {
	{ "floats-3", TRACE_FLOATS, false, 3, STEPS, 0, 1 },
	{ "floats-40", TRACE_FLOATS, false, 40, STEPS, 0, 1 },
	{ "floats-500", TRACE_FLOATS, false, 500, STEPS, 100, 1 },
	{ "floats-1500", TRACE_FLOATS, false, 1500, STEPS, 0, 1 },
};

/* Numbers of the tested events in all replays. */
static struct {
	uint64_t growths, ranges_in_growth, ranges_through_growth, unequal,
	        cleared;
} seen;

static uint64_t word_of(double number)
{
	uint64_t word;

	memcpy(&word, &number, sizeof(word));
	return word;
}

/* Returns the key of a rank. Every fourth key is a NaN, with either sign and a
   fraction of its own. The keys of ranks 1 and 2 are the zeros. */
static struct rm_key float_of(uint64_t rank)
{
	if (rank % 4 == 0)
		return (struct rm_key){ .word = rank << 61 |
			                        (uint64_t)0x7ff8 << 48 | rank };
	if (rank == 1 || rank == 2)
		return (struct rm_key){ .word = (rank - 1) << 63 };
	return (struct rm_key){ .word = word_of((double)rank) };
}

/* Go's math.NaN(). */
static const struct rm_key nan_key = { .word = 0x7ff8000000000001 };

/* Adds up the entries that were present at the start. At each of the first
   step->rank entries, inserts another one, so that the map grows during the
   iteration. */
static uint64_t range(struct gomap *map, const struct trace_step *step)
{
	const struct rm_value fresh = { { step->value } };
	const uint64_t growths = gomap_get(map->extra->growths);
	uint64_t sum = 0, left = step->rank;
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;

	seen.ranges_in_growth += gomap_get(map->oldbuckets) != NULL;
	gomap_iterate_begin(map, &it);
	while (gomap_iterate_next(&it, RM_U64X8, &key, &value)) {
		if (value.word[0] >= step->value)
			continue;
		sum += rm_seed(key.word, value.word[0]);
		if (left > 0) {
			left--;
			gomap_exchange(map, RM_U64X8, nan_key, &fresh, NULL);
		}
	}
	gomap_iterate_end(&it);
	seen.ranges_through_growth += gomap_get(map->extra->growths) != growths;
	return sum;
}

/* Executes one step and adds its result to the digest. */
static uint64_t do_step(
        struct gomap *map, const struct trace_step *step, uint64_t results)
{
	const struct rm_key key = float_of(step->rank);
	const struct rm_value value = { { step->value } };
	struct rm_value got = { { 0 } };
	bool ok = false;

	switch (step->operation) {
	case TRACE_LOAD:
		ok = gomap_lookup(map, RM_U64X8, key, &got);
		break;
	case TRACE_STORE:
		seen.unequal += step->rank % 4 == 0;
		gomap_exchange(map, RM_U64X8, key, &value, NULL);
		break;
	case TRACE_DELETE:
		gomap_remove(map, RM_U64X8, key, NULL);
		break;
	case TRACE_RANGE:
		got.word[0] = range(map, step);
		break;
	default:
		seen.cleared += gomap_count(map) > 0;
		gomap_clear(map, RM_U64X8);
	}
	return rm_seed(results, got.word[0] << 1 | ok);
}

static bool replay(const struct trace_plan *plan, struct reference *reference)
{
	struct gomap *map = gomap_create(plan->hint, RM_U64X8, 1);
	struct trace trace = trace_open(plan);
	struct trace_step step;
	uint64_t fields[2] = { 0 };
	const char *broken;
	bool equal = true;

	while (equal && trace_next(&trace, &step)) {
		fields[1] = do_step(map, &step, fields[1]);
		fields[0] = gomap_count(map);
		equal = reference_state(
		        reference, trace.step, fields, 2, false);
	}
	broken = gomap_check(map);
	if (broken)
		printf("# broken at the end: %s\n", broken);
	seen.growths += gomap_get(map->extra->growths);
	gomap_destroy(map);
	trace_close(&trace);
	return equal && !broken;
}

int main(int argc, char **argv)
{
	enum { PLANS = sizeof(plans) / sizeof(plans[0]) };

	compare_run(argc, argv, plans, PLANS, replay);
	if (argc > 1)
		return tap_count ? DONE() : 0;
	printf("# %llu growths, %llu ranges begun in one, %llu through one, "
	       "%llu keys that equal nothing, %llu maps cleared\n",
	        (unsigned long long)seen.growths,
	        (unsigned long long)seen.ranges_in_growth,
	        (unsigned long long)seen.ranges_through_growth,
	        (unsigned long long)seen.unequal,
	        (unsigned long long)seen.cleared);
	CHECK(seen.growths >= 30 && seen.ranges_in_growth >= 30 &&
	                seen.ranges_through_growth >= 30 && seen.cleared >= 30,
	        "growths, iterations begun during and before growths, "
	        "cleared maps: at least 30 of each");
	return DONE();
}
