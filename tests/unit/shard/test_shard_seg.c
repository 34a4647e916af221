/* SPDX-License-Identifier: Apache-2.0 */
/* test_shard_seg.c - tests the segmented map with a model and with threads, and
   its properties: fixed capacity, empty bins, chains. */
enum { SEG_GROWS = 0, SEG_FEW_BINS = 0, SEG_ENCODES = 0 };
#include "impls/shard/seg_slow_ops.h"
#include "runner/impl.h"
#include "tests/unit/map_model.h"
#include "tests/unit/map_race.h"

enum { FEW = 5, MANY = 3000 };

static const struct rm_shape wide = { false, 24 };

static struct rm_key word(uint64_t key)
{
	return (struct rm_key){ .word = key };
}

static void *create_map(size_t keys, struct rm_shape shape)
{
	struct rm_sizing sizing = {
		.keys = keys, .threads = 1, .shape = shape, .seed = 3
	};

	return seg_create(&sizing);
}

static bool check_passes(struct seg_map *map)
{
	char why[200] = "";
	bool ok = seg_check(map, why, sizeof(why));

	if (!ok)
		printf("# %s\n", why);
	return ok;
}

/* Inserts many more keys than the map was made for. Only the chains get
   longer. */
static void capacity_is_fixed(void)
{
	struct seg_map *map = create_map(FEW, RM_U64X8);
	void *thread = epoch_join(map->epoch, 0, map);
	const uint64_t mask = map->mask;
	struct rm_value value = { { 0 } };
	bool found = true;

	CHECK(mask == 0, "for five keys, each segment has one bin");
	for (uint64_t i = 0; i < MANY; i++) {
		value.word[0] = i;
		seg_exchange(thread, RM_U64X8, word(i), &value, NULL);
	}
	for (uint64_t i = 0; i < MANY; i++)
		found &= seg_lookup(thread, RM_U64X8, word(i), &value) &&
		         value.word[0] == i;
	CHECK(found && !seg_lookup(thread, RM_U64X8, word(MANY), &value),
	        "chains hold all keys");
	CHECK(map->mask == mask && seg_length(thread) == MANY &&
	                check_passes(map),
	        "the map has not grown");
	for (uint64_t i = 0; i < MANY; i += 2)
		found &= seg_take(thread, RM_U64X8, word(i), NULL);
	for (uint64_t i = 0; i < MANY; i++)
		found &= seg_lookup(thread, RM_U64X8, word(i), &value) == i % 2;
	CHECK(found && check_passes(map),
	        "removals from chains remove only their keys");
	seg_clear(thread);
	CHECK(seg_length(thread) == 0 && check_passes(map),
	        "clear removes all keys");
	epoch_leave(thread);
	seg_destroy(map);
}

/* Tests that the segment is below 64 for every hash, even for the one whose
   signed absolute value is negative. */
static void segments_of_all_hashes(void)
{
	struct seg_map *map = create_map(FEW, RM_U64X8);

	CHECK(seg_segment_of(map, 0) == &map->segment[0] &&
	                seg_segment_of(map, (uint64_t)1 << 63) ==
	                        &map->segment[32] &&
	                seg_segment_of(map, UINT64_MAX) == &map->segment[63],
	        "every hash has a segment, even the most negative one");
	seg_destroy(map);
}

/* Tests that a reader that is at a replaced node still reaches the node's
   successor. */
static void replacing_keeps_successor(void)
{
	struct seg_map *map = create_map(0, wide);
	void *thread = epoch_join(map->epoch, 0, map);
	struct rm_value value = { { 1, 2, 3 } }, other = { { 4, 5, 6 } };
	uint64_t a = 0, b = 1;

	while (rm_hash(wide, word(a), 3) >> SEG_SHIFT !=
	        rm_hash(wide, word(b), 3) >> SEG_SHIFT)
		b++; /* puts both into one bin */
	seg_exchange(thread, wide, word(a), &value, NULL);
	seg_exchange(thread, wide, word(b), &value, NULL);

	seg_bin *bin = seg_bin_of(
	        map, seg_segment_of(map, rm_hash(wide, word(b), 3)), 0);
	struct seg_node *front = seg_head(bin), *behind = seg_next(front);

	seg_exchange(thread, wide, word(b), &other, NULL);
	CHECK(front->key == b && behind->key == a && seg_head(bin) != front &&
	                seg_next(front) == behind &&
	                seg_next(seg_head(bin)) == behind,
	        "a 24-byte value is replaced with its node, in its place");
	CHECK(seg_lookup(thread, wide, word(b), &value) && value.word[2] == 6,
	        "the new value is found");
	CHECK(atomic_load(bin) % 2 == 0, "the bin is unlocked");
	epoch_leave(thread);
	seg_destroy(map);
}

/* Fills one of 64 segments, which has 16 bins. With 12 entries it is three
   quarters full, and the 13th entry exceeds that. */
static void a_segment_grows_above_three_quarters(void)
{
	enum { BINS = 16, FULL = 12 };
	const struct rm_impl *impl = rm_impl_find("shard_seg_grow");
	const struct rm_sizing sizing = {
		.keys = FEW, .threads = 1, .shape = RM_U64X8, .seed = 3
	};
	void *map = impl->ops->create(&sizing);
	void *thread = impl->ops->join(map, 0);
	const struct rm_value value = { { 1 } };
	double before = 0;

	for (uint64_t key = 0, held = 0; held <= FULL; key++) {
		if (rm_hash(RM_U64X8, word(key), 3) >> SEG_SHIFT)
			continue;
		before = race_stat(impl, map, "bins");
		rm_map_upsert(impl->ops, thread, RM_U64X8, word(key), &value);
		held++;
	}
	CHECK(before == 64 * BINS,
	        "with 12 entries in 16 bins the segment does not grow");
	CHECK(race_stat(impl, map, "bins") == 63 * BINS + 2 * BINS,
	        "the 13th entry doubles the bins of its segment only");
	impl->ops->leave(thread);
	impl->ops->destroy(map);
}

int main(void)
{
	const struct rm_impl *impl = rm_impl_find("shard_seg");

	capacity_is_fixed();
	segments_of_all_hashes();
	replacing_keeps_successor();
	a_segment_grows_above_three_quarters();
	model_check(impl, 200000);
	race_check(impl, 30000, false);
	return DONE();
}
