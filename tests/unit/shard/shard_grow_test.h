/* SPDX-License-Identifier: Apache-2.0 */
/* shard_grow_test.h - tests for all growing sharded maps, with shards so small
   that they grow all the time. The includer provides such a map, counts its
   heap, and defines its operations as `tiny_ops`. */
#ifndef RM_TEST_SHARD_GROW_H
#define RM_TEST_SHARD_GROW_H

#include "runner/impl.h"
#include "tests/unit/map_model.h"
#include "tests/unit/map_race.h"

static const struct rm_impl tiny = { .id = "tiny shards", .ops = &tiny_ops };

static struct grow_map *tiny_map(struct rm_shape shape, size_t threads)
{
	struct rm_sizing sizing = {
		.keys = 64, .threads = threads, .shape = shape, .seed = 3
	};

	return tiny_ops.create(&sizing);
}

static bool check_passes(void *map)
{
	char why[200] = "";
	bool ok = tiny_ops.check(map, why, sizeof(why));

	if (!ok)
		printf("# %s\n", why);
	return ok;
}

static struct rm_key word(uint64_t key)
{
	return (struct rm_key){ .word = key };
}

static void put(void *map, uint64_t key)
{
	struct rm_value value = { { key * 3 } };

	grow_exchange(map, RM_U64X8, word(key), &value, NULL);
}

/* True if exactly the keys below `keys` are present. */
static bool has_exactly(void *map, uint64_t keys)
{
	struct rm_value value;
	bool right = true;

	for (uint64_t i = 0; i < keys; i++)
		right &= grow_lookup(map, RM_U64X8, word(i), &value) &&
		         value.word[0] == i * 3;
	for (uint64_t i = keys; i < keys + 100; i++)
		right &= !grow_lookup(map, RM_U64X8, word(i), &value);
	return right;
}

/* Threads write, remove and read while shards grow. */
static inline void tiny_race(size_t steps)
{
	const struct rm_shape shapes[] = { RM_U64X8, RM_U64X24, RM_STR16X8,
		RM_STR16X24 };
	bool sums = true, checks = true, grew = true;

	for (unsigned i = 0; i < RM_SHAPES; i++) {
		void *map = tiny_map(shapes[i], RACE_THREADS);

		sums &= race_run(&tiny, map, shapes[i], steps, 400);
		checks &= check_passes(map);
		grew &= race_stat(&tiny, map, "shards_split") >= 4;
		tiny_ops.destroy(map);
	}
	CHECK(sums, "threads, growing shards: inserted - removed = present");
	CHECK(checks, "after the races the map's check passes");
	CHECK(grew, "shards were split during the races");
}

/* Tests keys whose routes end in the same bits, so that splitting does not
   separate them. */
static inline void tiny_alike(void)
{
	const long held = heap_held;
	struct grow_map *map = tiny_map(RM_U64X8, 1);
	struct rm_value value = { { 0 } };
	uint64_t keys = 0, last = 0;
	bool found = true;

	for (uint64_t i = 0; keys < 40; i++)
		if ((grow_route(RM_U64X8, word(i)) & 0xfff) == 0) {
			put(map, i);
			keys++;
			last = i;
		}
	for (uint64_t i = 0; i <= last; i++)
		found &= grow_lookup(map, RM_U64X8, word(i), &value) ==
		         ((grow_route(RM_U64X8, word(i)) & 0xfff) == 0);
	CHECK(found && grow_length(map) == keys && check_passes(map),
	        "40 keys whose routes end in the same 12 bits are present");
	CHECK(race_stat(&tiny, map, "routing_entries") <=
	                2 * GROW_SPARSE * race_stat(&tiny, map, "shards"),
	        "the routing table stays small for these keys");
	tiny_ops.destroy(map);
	CHECK(heap_held == held, "all memory of split shards is freed");
}

/* Inserts 200,000 keys into a map of normal size. Returns the largest number of
   keys that one operation moved, and sets `*splits` to the number of splits. */
static inline double most_moved(const char *id, double *splits)
{
	const struct rm_impl *impl = rm_impl_find(id);
	struct rm_sizing sizing = { .threads = 1, .shape = RM_U64X8 };
	void *map = impl->ops->create(&sizing);
	void *thread = impl->ops->join(map, 0);
	struct rm_value value = { { 0 } };
	char why[200] = "";
	double most;

	for (uint64_t i = 0; i < 200000; i++) {
		value.word[0] = i;
		rm_map_upsert(impl->ops, thread, RM_U64X8, word(i), &value);
	}
	most = race_stat(impl, map, "keys_moved_by_one_operation");
	*splits = race_stat(impl, map, "shards_split");
	if (!impl->ops->check(map, why, sizeof(why))) {
		printf("# %s\n", why);
		most = -1;
	}
	impl->ops->leave(thread);
	impl->ops->destroy(map);
	printf("# %s: %.0f keys moved by one operation, %.0f shards split\n",
	        id, most, *splits);
	return most;
}

#endif /* RM_TEST_SHARD_GROW_H */
