/* SPDX-License-Identifier: Apache-2.0 */
/* test_shard_seg_grow.c - the segmented map that grows: what another thread
   does while a segment is replaced. */
enum { SEG_GROWS = 1, SEG_FEW_BINS = 4, SEG_ENCODES = 0 };
#include "impls/shard/seg_more.h"
#include "tests/unit/map_race.h"

enum { KEYS = 300 };

static void *clear_work(void *opaque)
{
	struct seg_map *map = opaque;
	void *thread = epoch_join(map->epoch, 1, map);

	seg_clear(thread);
	epoch_leave(thread);
	return NULL;
}

/* The growth of one segment, step by step: clear() comes to its frozen bins,
   and goes on when they have moved. */
static void clear_follows_a_segment_that_grows(void)
{
	const struct rm_sizing sizing = {
		.keys = KEYS, .threads = 2, .shape = RM_U64X8, .seed = 3
	};
	struct seg_map *map = seg_create(&sizing);
	void *thread = epoch_join(map->epoch, 0, map);
	const struct rm_value value = { { 1 } };
	struct seg_segment *segment = &map->segment[5];
	struct seg_table *old, *table;
	pthread_t id;
	char why[200];

	for (uint64_t i = 0; i < KEYS; i++)
		seg_exchange(thread, RM_U64X8, (struct rm_key){ .word = i },
		        &value, NULL);
	CHECK(seg_length(thread) == KEYS && atomic_load(&segment->count) > 0,
	        "there is something to clear, in that segment, too");
	old = atomic_load(&segment->table);
	table = seg_table_new(2 * old->mask + 1);
	seg_freeze(seg_bins_of(map, segment));
	atomic_store(&segment->lock_waits, 0);
	pthread_create(&id, NULL, clear_work, map);
	while (!rm_stat_read(&segment->lock_waits))
		sched_yield();
	seg_copy_all(map, old, table);
	atomic_store(&segment->table, table);
	seg_give_up(thread, old);
	pthread_join(id, NULL);
	CHECK(seg_length(thread) == 0,
	        "clear leaves nothing of a segment that grew meanwhile");
	CHECK(seg_check(map, why, sizeof(why)), "and the counts are right");
	epoch_leave(thread);
	seg_destroy(map);
}

int main(void)
{
	clear_follows_a_segment_that_grows();
	return DONE();
}
