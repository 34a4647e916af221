/* SPDX-License-Identifier: Apache-2.0 */
/* test_shard_seg_grow.c - tests, for the segmented map that grows, what other
   threads do while a segment is replaced. */
enum { SEG_GROWS = 1, SEG_FEW_BINS = 4, SEG_ENCODES = 0 };
#include "impls/shard/seg_slow_ops.h"
#include "tests/unit/map_race.h"

enum { KEYS = 300, HASHES = 1024 };

static void *clear_work(void *opaque)
{
	struct seg_map *map = opaque;
	void *thread = epoch_join(map->epoch, 1, map);

	seg_clear(thread);
	epoch_leave(thread);
	return NULL;
}

/* Grows one segment step by step. clear() waits at the locked bins and
   continues once they have moved. */
static void clear_continues_in_grown_segment(void)
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
	        "the map and that segment have entries");
	old = atomic_load(&segment->table);
	table = seg_table_new(2 * old->mask + 1);
	seg_freeze(seg_bins_of(map, segment));
	atomic_store(&segment->lock_waits, 0);
	pthread_create(&id, NULL, clear_work, map);
	while (!rm_stat_read(&segment->lock_waits))
		sched_yield();
	seg_copy_all(map, old, table);
	atomic_store(&segment->table, table);
	seg_retire_table(thread, old);
	pthread_join(id, NULL);
	CHECK(seg_length(thread) == 0,
	        "clear empties a segment that grows at the same time");
	CHECK(seg_check(map, why, sizeof(why)),
	        "after the clear the map's check passes");
	epoch_leave(thread);
	seg_destroy(map);
}

/* Walks `steps` bins of a table of mask + 1 bins and counts the hashes of each.
   Returns the next bin, or 0 after the last bin. */
static uint64_t walk(
        uint64_t bin, uint64_t mask, unsigned steps, unsigned seen[HASHES])
{
	for (unsigned i = 0; i < steps; i++) {
		for (uint64_t hash = bin; hash < HASHES; hash += mask + 1)
			seen[hash]++;
		bin = seg_bin_after(bin, mask);
		if (!bin)
			break;
	}
	return bin;
}

/* Doubles the table once or twice at any point. The walk must not meet a key a
   second time, since clear() would then remove a key that was inserted
   again. */
static void each_hash_is_met_once(void)
{
	bool once = true;

	for (unsigned steps = 1; steps < 16; steps++)
		for (unsigned more = 1; more < 24; more++)
			for (unsigned grown = 0; grown < 16; grown++) {
				unsigned seen[HASHES] = { 0 };
				const uint64_t wider = 16U << grown % 4;
				const uint64_t widest = wider << grown / 4;
				uint64_t bin = walk(0, 15, steps, seen);

				bin = walk(bin, wider - 1, more, seen);
				if (bin)
					walk(bin, widest - 1, HASHES, seen);
				for (unsigned i = 0; i < HASHES; i++)
					once = once && seen[i] == 1;
			}
	CHECK(once,
	        "a walk that continues in a larger table meets each hash once");
}

int main(void)
{
	clear_continues_in_grown_segment();
	each_hash_is_met_once();
	return DONE();
}
