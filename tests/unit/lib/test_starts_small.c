/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_starts_small.c - a map that is not presized starts small and grows. What
 * it allocates before the first key does not depend on a number of keys and is
 * not a table. A library's default may be hundreds of thousands of slots.
 * linked with the stats objects
 *
 * slow: it is linked with each map of the build.
 */
#include "runner/impl.h"
#include "runner/trial/trial.h"
#include "tests/unit/find_map.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#include <math.h>

/* The largest set of empty shards has 86 KB. A table for KEYS has 16 MB or
   more. */
enum { MOST_BYTES = 1 << 20, KEYS = 1 << 20 };

static double bytes(void)
{
	struct wanted_stat wanted = { "bytes", (double)NAN };

	rm_allocations_emit(take_wanted, &wanted);
	return wanted.value;
}

/* Returns the bytes of a map without keys; or NAN if the map cannot be created
   here. */
static double bytes_of_empty(const struct rm_impl *impl)
{
	struct rm_sizing sizing = { .keys = KEYS, .threads = 1, .seed = 7 };
	const double before = bytes();
	unsigned shape = 0;
	double made;

	while (!impl->drive[shape])
		shape++;
	sizing.shape = rm_shapes[shape];
	void *map = impl->ops->create(&sizing);

	made = bytes() - before;
	if (!map)
		return (double)NAN;
	impl->ops->destroy(map);
	return made;
}

static void starts_small(const struct rm_impl *impl)
{
	char fact[100];
	double made;

	snprintf(fact, sizeof(fact), "%s: not presized it starts small",
	        impl->id);
	if (impl->caps & RM_CAP_FIXED_SIZE) {
		SKIP(fact, "it is created for its size");
		return;
	}
	made = bytes_of_empty(impl);
	if (isnan(made))
		SKIP(fact, "it cannot be created here");
	else if (!CHECK(made < MOST_BYTES, fact))
		printf("# %.0f bytes without a key\n", made);
}

static void starts_small_if_map(const struct rm_impl *impl)
{
	if (rm_impl_is_map(impl))
		starts_small(impl);
}

int main(void)
{
	if (isnan(bytes())) { /* a sanitizer has its own malloc */
		SKIP("maps start small", "no allocations are counted here");
		return DONE();
	}
	each_map(starts_small_if_map);
	return DONE();
}
