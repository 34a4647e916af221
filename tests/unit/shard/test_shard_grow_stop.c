/* SPDX-License-Identifier: Apache-2.0 */
/* test_shard_grow_stop.c - tests the growing shards that stop all threads. */
#include "tests/unit/support/counted_heap.h"
/* included after counted_heap.h, so that its allocations are counted */
enum { GROW_SHARDS = 2, GROW_CAPACITY = 16, GROW_BATCH = 4 };
enum { GROW_STOP = 1, GROW_TIMED = 0 };
#include "impls/shard/shard_grow_ops.h"

static const struct rm_map_ops tiny_ops = { GROW_OPS };

#include "tests/unit/shard/shard_grow_test.h"

static void all_at_once(void)
{
	struct grow_map *map = tiny_map(RM_U64X8, 1);
	uint64_t keys = 0;

	while (race_stat(&tiny, map, "shards_split") == 0)
		put(map, keys++);
	CHECK(race_stat(&tiny, map, "shards") == 2 * GROW_SHARDS &&
	                race_stat(&tiny, map, "keys_moved") == (double)keys &&
	                race_stat(&tiny, map, "keys_moved_by_one_operation") ==
	                        (double)keys,
	        "one write moves every key to twice the shards");
	CHECK(has_exactly(map, keys) && check_passes(map),
	        "all keys are present after the growth");
	for (uint64_t i = keys; i < 2000; i++)
		put(map, i);
	CHECK(has_exactly(map, 2000) && check_passes(map) &&
	                race_stat(&tiny, map, "shards_moving") == 0,
	        "2000 keys are in shards of 16, none of them moving");
	grow_destroy(map);
}

int main(void)
{
	all_at_once();
	tiny_alike();
	model_check(&tiny, 100000);
	tiny_race(40000);
	return DONE();
}
