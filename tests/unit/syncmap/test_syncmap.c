/* SPDX-License-Identifier: Apache-2.0 */
/* test_syncmap.c - checks the rules of sync.Map step by step: when a miss
   promotes, what a rebuild omits, which entries are revived, which operations
   take no lock. Each test drives one map with one handle and reads its
   state. */
#include "tests/unit/syncmap/syncmap_bench.h"

static void misses_promote(bool str)
{
	struct bench b = bench_open(str);

	CHECK(load(&b, 0) == 0 && b.map->all_misses == 0,
	        "an empty map that is not amended counts no miss");
	for (uint64_t rank = 0; rank < 5; rank++)
		store(&b, rank, rank + 1);
	CHECK(header_of(&b)->amended && gomap_count(b.map->dirty) == 5 &&
	                gomap_count(header_of(&b)->map) == 0,
	        "new keys go to dirty");
	for (int miss = 0; miss < 4; miss++) /* lookups of absent keys count,
	                                        too */
		load(&b, miss % 2 ? 77 : 1);
	CHECK(b.map->misses == 4 && b.map->dirty && !b.map->promotions,
	        "fewer misses than dirty has entries do not promote");
	CHECK(load(&b, 2) == 3 && b.map->promotions == 1,
	        "misses == len(dirty) promotes");
	CHECK(!b.map->dirty && !header_of(&b)->amended && !b.map->misses &&
	                gomap_count(header_of(&b)->map) == 5,
	        "with as many misses, dirty becomes the read map");
	load(&b, 1);
	load(&b, 77);
	CHECK(b.map->all_misses == 5, "after the promotion nothing is a miss");
	bench_close(&b, "invariants hold after a promotion");
}

static void stores_never_promote(void)
{
	struct bench b = bench_open(false);
	struct gomap *dirty;

	store(&b, 0, 1);
	dirty = b.map->dirty;
	for (uint64_t rank = 1; rank < 10000; rank++)
		store(&b, rank, rank);
	for (uint64_t rank = 0; rank < 10000; rank++)
		store(&b, rank, 1);
	CHECK(b.map->all_misses == 0 && b.map->promotions == 0,
	        "a store-only run counts no miss and promotes nothing");
	CHECK(b.map->dirty == dirty && b.map->rebuilds == 1 &&
	                b.map->kept_entries == 0,
	        "a store-only run builds dirty once, copying nothing");
	bench_close(&b, "invariants hold after a store-only run");
}

static void removed_entries_are_expunged(bool str)
{
	struct bench b = bench_open(str);

	fill(&b, 3);
	CHECK(drop(&b, 0) && drop(&b, 1), "promoted keys can be removed");
	struct syncmap_entry *zero = entry_in(&b, header_of(&b)->map, 0);
	struct syncmap_entry *one = entry_in(&b, header_of(&b)->map, 1);

	CHECK(zero && syncmap_cell_of(zero) == SYNCMAP_NIL,
	        "entries of removed keys stay, empty");
	store(&b, 9, 9); /* a new key, so dirty is built */
	CHECK(syncmap_cell_of(zero) == SYNCMAP_EXPUNGED &&
	                syncmap_cell_of(one) == SYNCMAP_EXPUNGED,
	        "a rebuild expunges empty entries");
	CHECK(gomap_count(b.map->dirty) == 2 && b.map->kept_entries == 1 &&
	                !entry_in(&b, b.map->dirty, 0),
	        "a rebuild omits expunged entries from dirty");
	CHECK(load(&b, 0) == 0 && b.map->misses == 0,
	        "an expunged key is absent, without a miss");
	CHECK(!drop(&b, 0), "an expunged key cannot be removed again");
	CHECK(!store(&b, 0, 5) && b.map->revivals == 1 && load(&b, 0) == 5,
	        "a store revives an expunged key, as a new key");
	CHECK(entry_in(&b, b.map->dirty, 0) == zero &&
	                entry_in(&b, header_of(&b)->map, 0) == zero,
	        "the revived key has the same entry, which is now also in "
	        "dirty");
	CHECK(syncmap_length(b.thread) == 3, "length counts values only");
	range(&b);
	CHECK(load(&b, 0) == 5 && load(&b, 1) == 0 && load(&b, 9) == 9 &&
	                !entry_in(&b, header_of(&b)->map, 1),
	        "a promotion keeps revived and drops expunged entries");
	CHECK(!b.map->expunged, "a promotion retires the list of expunged "
	                        "entries");
	bench_close(&b, "invariants hold after expunging and reviving");
}

static void removals_in_dirty_are_misses(void)
{
	struct bench b = bench_open(true);

	fill(&b, 2);
	store(&b, 5, 5);
	store(&b, 6, 6);
	CHECK(drop(&b, 5) && b.map->misses == 1 &&
	                !entry_in(&b, b.map->dirty, 5),
	        "removing a key only in dirty is a miss");
	CHECK(!drop(&b, 5) && b.map->misses == 2,
	        "removing an absent key is a miss, too");
	CHECK(drop(&b, 6) && b.map->promotions == 2,
	        "a removal that makes misses == len(dirty) promotes");
	CHECK(load(&b, 0) == 1 && load(&b, 1) == 2 && load(&b, 6) == 0,
	        "a removal of an absent key loses nothing");
	bench_close(&b, "invariants hold after removals in dirty");
}

static void updates_take_no_lock(void)
{
	struct bench b = bench_open(false);
	struct rm_value got, value = { { 8 } };
	struct rm_key_bytes line;
	struct rm_key key = rm_key_of(b.shape, 1, &line);

	fill(&b, 4);
	syncmap_lock(&b.map->lock); /* an operation that takes the lock would
	                               now hang */
	CHECK(store(&b, 1, 7) && load(&b, 1) == 7,
	        "a promoted key is stored and loaded without the mutex");
	CHECK(drop(&b, 1) && !store(&b, 1, 7),
	        "a promoted key is removed and stored again without the mutex");
	CHECK(syncmap_insert_if_absent(b.thread, b.shape, key, &value, &got) &&
	                got.word[0] == 7,
	        "LoadOrStore returns the present value");
	CHECK(!syncmap_compare_swap(b.thread, b.shape, key, &value, &value) &&
	                syncmap_compare_swap(
	                        b.thread, b.shape, key, &got, &value) &&
	                load(&b, 1) == 8,
	        "CompareAndSwap swaps only if the value is the expected one");
	CHECK(range(&b) == 4 && load(&b, 99) == 0,
	        "Range and absent keys take no mutex, if not amended");
	syncmap_unlock(&b.map->lock);
	bench_close(&b, "invariants hold after updates");
}

static void range_promotes(void)
{
	struct bench b = bench_open(false);

	for (uint64_t rank = 0; rank < 100; rank++)
		store(&b, rank, 1);
	CHECK(range(&b) == 100 && b.map->promotions == 1 &&
	                !header_of(&b)->amended && b.map->all_misses == 0,
	        "Range promotes at once, regardless of misses");
	CHECK(range(&b) == 100 && b.map->promotions == 1,
	        "a second Range promotes nothing");
	bench_close(&b, "invariants hold after Range");
}

static void misses_of_other_operations(void)
{
	struct bench b = bench_open(false);
	struct rm_value got, value = { { 8 } };
	struct rm_key_bytes line;
	struct rm_key key = rm_key_of(b.shape, 1, &line);

	for (uint64_t rank = 0; rank < 10; rank++)
		store(&b, rank, 1);
	syncmap_insert_if_absent(b.thread, b.shape, key, &value, &got);
	CHECK(b.map->misses == 1, "LoadOrStore of a key in dirty is a miss");
	syncmap_compare_swap(b.thread, b.shape, key, &got, &value);
	/* the lookup counts as another miss */
	CHECK(b.map->misses == 2 && load(&b, 1) == 8,
	        "CompareAndSwap of a key in dirty is a miss");
	key = rm_key_of(b.shape, 50, &line);
	syncmap_compare_swap(b.thread, b.shape, key, &got, &value);
	CHECK(b.map->misses == 3,
	        "CompareAndSwap of an absent key is not a miss");
	syncmap_insert_if_absent(b.thread, b.shape, key, &value, &got);
	CHECK(b.map->misses == 3 && load(&b, 50) == 8,
	        "LoadOrStore of a new key is not a miss");
	bench_close(&b, "invariants hold after LoadOrStore");
}

static bool compare_drop(struct bench *b, uint64_t rank, uint64_t word)
{
	struct rm_value expected = { { word, word, word } };
	struct rm_key_bytes line;

	return syncmap_compare_remove(b->thread, b->shape,
	        rm_key_of(b->shape, rank, &line), &expected);
}

static void compare_and_delete(bool str)
{
	struct bench b = bench_open(str);
	struct syncmap_figures state;

	fill(&b, 3);
	syncmap_lock(&b.map->lock);
	CHECK(!compare_drop(&b, 1, 99) && load(&b, 1) == 2 &&
	                compare_drop(&b, 1, 2) && load(&b, 1) == 0 &&
	                !compare_drop(&b, 1, 2) && !compare_drop(&b, 77, 1),
	        "CompareAndDelete of promoted keys takes no lock");
	syncmap_unlock(&b.map->lock);
	state = syncmap_figures(b.map);
	CHECK(state.read_keys == 3 && state.nil == 1 && !state.expunged,
	        "CompareAndDelete leaves an entry without a value");
	store(&b, 10, 10);
	store(&b, 11, 11);
	CHECK(!compare_drop(&b, 10, 1) && compare_drop(&b, 10, 10) &&
	                !compare_drop(&b, 77, 1),
	        "CompareAndDelete also compares in dirty");
	state = syncmap_figures(b.map);
	CHECK(state.misses == 3, "for CompareAndDelete even an absent key "
	                         "counts as a miss");
	CHECK(state.dirty_keys == 4 && state.dirty_only_nil == 1 &&
	                state.expunged == 1 && state.nil == 0,
	        "the entry stays in dirty without a value");
	CHECK(load(&b, 11) == 11 && syncmap_figures(b.map).nil == 1,
	        "an entry without a value is promoted");
	store(&b, 12, 12);
	state = syncmap_figures(b.map);
	CHECK(state.expunged == 1 && state.dirty_keys == 4,
	        "the next rebuild expunges an entry without a value");
	CHECK(!store(&b, 10, 5) && load(&b, 10) == 5, "a store revives the "
	                                              "expunged entry");
	bench_close(&b, "invariants hold after CompareAndDelete");
}

/* Go 1.23: Clear does not touch an empty map and resets misses. */
static void clear_of_nothing(void)
{
	struct bench b = bench_open(false);
	struct syncmap_header *header = header_of(&b);

	syncmap_lock(&b.map->lock);
	syncmap_clear(b.thread);
	syncmap_unlock(&b.map->lock);
	CHECK(header_of(&b) == header,
	        "Clear neither changes nor locks an empty map");
	store(&b, 1, 1);
	store(&b, 2, 2);
	load(&b, 3);
	syncmap_clear(b.thread);
	struct syncmap_figures state = syncmap_figures(b.map);

	CHECK(!state.amended && !state.read_keys && !state.dirty_keys &&
	                !state.misses && state.all_misses == 1,
	        "Clear resets the misses");
	fill(&b, 2);
	drop(&b, 0);
	drop(&b, 1);
	syncmap_clear(b.thread);
	CHECK(!syncmap_figures(b.map).read_keys,
	        "Clear also drops removed keys");
	bench_close(&b, "invariants hold after Clear of nothing");
}

static void clear_empties(bool amended)
{
	struct bench b = bench_open(true);

	fill(&b, 50);
	drop(&b, 3);
	if (amended)
		store(&b, 100, 1);
	syncmap_clear(b.thread);
	CHECK(range(&b) == 0 && syncmap_length(b.thread) == 0 && !b.map->dirty,
	        amended ? "Clear empties an amended map"
	                : "Clear empties a promoted map");
	store(&b, 3, 4);
	CHECK(load(&b, 3) == 4 && range(&b) == 1, "the map works after Clear");
	bench_close(&b, "invariants hold after Clear");
}

int main(void)
{
	misses_promote(false);
	misses_promote(true);
	stores_never_promote();
	removed_entries_are_expunged(false);
	removed_entries_are_expunged(true);
	removals_in_dirty_are_misses();
	updates_take_no_lock();
	range_promotes();
	misses_of_other_operations();
	compare_and_delete(false);
	compare_and_delete(true);
	clear_of_nothing();
	clear_empties(false);
	clear_empties(true);
	return DONE();
}
