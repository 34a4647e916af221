/* SPDX-License-Identifier: Apache-2.0 */
/* Tests a hash that faults during a write. Go's map first checks for another
   writer, then hashes the key, and then sets its flag. So the flag is clear
   after the fault. */
#define GOMAP_KEYS "impls/gomap/gomap_keys_fault.h"
#include "tests/unit/gomap/gomap_fixture.h"

/* An unhashable key. */
static const struct rm_key hashless = { .bytes = NULL, .length = 4 };

/* Returns false if the write faulted. */
static bool inserts(struct gomap *map)
{
	struct rm_value value = value_of(1);
	struct fault_barrier barrier;

	if (sigsetjmp(barrier.jump, 0))
		return false;
	gomap_exchange(map, RM_STR16X8,
	        fault_key(RM_STR16X8, hashless, &barrier), &value, NULL);
	return true;
}

static bool removes(struct gomap *map)
{
	struct fault_barrier barrier;

	if (sigsetjmp(barrier.jump, 0))
		return false;
	gomap_remove(map, RM_STR16X8, fault_key(RM_STR16X8, hashless, &barrier),
	        NULL);
	return true;
}

static void a_fault_leaves_no_flag(void)
{
	struct gomap *map = gomap_create(0, RM_STR16X8, 1);

	put(map, RM_STR16X8, 1);
	CHECK(!inserts(map) && gomap_get(map->flags) == 0,
	        "an insert whose hash faults leaves no flag");
	CHECK(!removes(map) && gomap_get(map->flags) == 0,
	        "a remove whose hash faults leaves no flag");
	CHECK(put(map, RM_STR16X8, 1) && !put(map, RM_STR16X8, 2) &&
	                drop(map, RM_STR16X8, 2) && has(map, RM_STR16X8, 1) &&
	                sound(map),
	        "the map works after the faults");
	gomap_destroy(map);
}

/* Pretends that another thread is in the middle of a write. */
static void the_flag_is_checked_first(void)
{
	struct gomap *map = gomap_create(0, RM_STR16X8, 1);

	put(map, RM_STR16X8, 1);
	gomap_tolerate_conflicts(map);
	gomap_write_begin(map);
	CHECK(!inserts(map) && gomap_get(map->extra->conflicts) == 1,
	        "an insert during a write is detected before it hashes");
	CHECK(!removes(map) && gomap_get(map->extra->conflicts) == 2,
	        "a remove during a write is detected before it hashes");
	gomap_destroy(map);
}

int main(void)
{
	a_fault_leaves_no_flag();
	the_flag_is_checked_first();
	CHECK(blocks_live == 0, "every block was freed, once");
	return DONE();
}
