/* SPDX-License-Identifier: Apache-2.0 */
/* test_syncmap_gc.c - tests sync.Map under a collector: replaced values are
   collected, pauses are counted, and reachable memory is kept. */
#include "runner/impl.h"
#include "tests/unit/map_model.h"
#include "tests/unit/map_race.h"

enum { UPDATES = 8000000, KEYS = 1000, BOX_BYTES = 16 };

static const struct rm_impl *impl;

static void store(void *thread, uint64_t rank, uint64_t sequence)
{
	struct rm_key_bytes line;
	struct rm_value value = rm_value_of(rank, 0, sequence);

	rm_map_upsert(impl->ops, thread, RM_U64X8,
	        rm_key_of(RM_U64X8, rank, &line), &value);
}

static bool holds(void *thread, uint64_t rank)
{
	struct rm_key_bytes line;
	struct rm_value value;

	return impl->ops->lookup(thread, RM_U64X8,
	               rm_key_of(RM_U64X8, rank, &line), &value) &&
	       !rm_value_errors(RM_U64X8, &value, rank);
}

static void collects(void)
{
	struct rm_sizing sizing = { .threads = 2, .shape = RM_U64X8 };
	void *map = impl->ops->create(&sizing);
	void *thread = impl->ops->join(map, 0);
	bool values_right = true;

	for (uint64_t i = 0; i < UPDATES; i++)
		store(thread, i % KEYS, i & 0xfffff);
	for (uint64_t rank = 0; rank < KEYS; rank++)
		values_right &= holds(thread, rank);
	CHECK(values_right, "every key has its value");
	double pauses = race_stat(impl, map, "pauses"),
	       total = race_stat(impl, map, "pause_ns"),
	       longest = race_stat(impl, map, "longest_pause_ns");

	printf("# %g pauses, %g ms, the longest %g ms; heap %g MB\n", pauses,
	        total / 1e6, longest / 1e6,
	        race_stat(impl, map, "heap_bytes") / 1e6);
	CHECK(pauses > 0 && total > 0, "pauses were counted and timed");
	CHECK(longest > 0 && longest <= total && longest * pauses >= total,
	        "longest <= total <= pauses x longest");
	CHECK(race_stat(impl, map, "heap_bytes") <
	                (double)UPDATES * BOX_BYTES / 2,
	        "the heap is smaller than half of all allocations");
	impl->ops->leave(thread);
	impl->ops->destroy(map);
	map = impl->ops->create(&sizing);
	CHECK(race_stat(impl, map, "pauses") == 0 &&
	                race_stat(impl, map, "pause_ns") == 0,
	        "pauses of the next map are counted from 0");
	impl->ops->destroy(map);
}

/* Threads write and remove a few keys. Collections during that must not free
   reachable memory. */
static void threads_meet(void)
{
	const struct rm_shape shapes[] = { RM_U64X8, RM_STR16X24 };
	bool sums = true, checks = true;
	char why[200] = "";

	for (unsigned i = 0; i < 2; i++) {
		struct rm_sizing sizing = { .threads = RACE_THREADS,
			.shape = shapes[i] };
		void *map = impl->ops->create(&sizing);

		sums &= race_run(impl, map, shapes[i], 50000, 48);
		checks &= impl->ops->check(map, why, sizeof(why));
		impl->ops->destroy(map);
	}
	CHECK(sums, "written - returned = held");
	if (!CHECK(checks, "invariants hold"))
		printf("# %s\n", why);
}

int main(void)
{
	impl = rm_impl_find("syncmap_gc");
	if (!impl) {
		SKIP("sync.Map under a collector", "not in this build");
		return DONE();
	}
	collects();
	threads_meet();
	model_check(impl, 50000);
	return DONE();
}
