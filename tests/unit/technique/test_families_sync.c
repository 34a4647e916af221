/* SPDX-License-Identifier: Apache-2.0 */
/* test_families_sync.c - tests a sync.Map as a store of families.h: inserting
   and removing a key, the census, and freed memory. */
#include "tests/unit/support/counted_heap.h"
/* included after it, so that its allocations are counted */
#include "impls/technique/families_sync.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

static const struct rm_sizing sizing = {
	.keys = 100, .threads = 2, .shape = { true, 8 }
};

static struct rm_key key_of(const char *text)
{
	return (struct rm_key){ .bytes = text, .length = strlen(text) };
}

static bool upsert(void *handle, const char *text, uint64_t number)
{
	const struct rm_value value = { { number } };

	return family_upsert(handle, key_of(text), &value);
}

static uint64_t entries_of(struct family_map *one)
{
	struct gomap_census census = { .entries = 1000 };

	family_census(one, &census);
	return census.entries - 1000;
}

static double stat_of(struct family_map *one, const char *name)
{
	struct wanted_stat wanted = { name, -1 };

	family_stats(one, take_wanted, &wanted);
	return wanted.value;
}

static void a_key_comes_and_goes(void *handle)
{
	struct rm_value value = { { 0 } };

	CHECK(!upsert(handle, "auth:1", 7) && upsert(handle, "auth:1", 8),
	        "an upsert inserts a key once");
	CHECK(family_lookup(handle, key_of("auth:1"), &value) &&
	                value.word[0] == 8 &&
	                !family_lookup(handle, key_of("auth:2"), &value),
	        "a lookup reads the last value");
	CHECK(family_remove(handle, key_of("auth:1")) &&
	                !family_remove(handle, key_of("auth:1")) &&
	                !family_lookup(handle, key_of("auth:1"), &value),
	        "a remove removes a key once");
}

/* As many misses as dirty has entries promote it. The next new key creates
   another dirty with all keys. */
static void census_counts_all_keys(struct family_map *one, void *handle)
{
	struct rm_value value;

	upsert(handle, "cache:1", 1);
	upsert(handle, "cache:2", 2);
	CHECK(entries_of(one) == 2 && family_count(one) == 2,
	        "the census counts keys that only dirty has");
	for (int i = 0; i < 10 && stat_of(one, "dirty_entries") > 0; i++)
		family_lookup(handle, key_of("cache:1"), &value);
	CHECK(stat_of(one, "dirty_entries") == 0 && entries_of(one) == 2 &&
	                family_count(one) == 2,
	        "the census counts keys after a promotion");
	upsert(handle, "cache:3", 3);
	CHECK(stat_of(one, "dirty_entries") == 3 && entries_of(one) == 3 &&
	                family_count(one) == 3,
	        "the census counts keys after another new key");
	CHECK(!family_lookup(handle, key_of("cache:4"), &value),
	        "the census releases the lock");
}

enum { WRITES = 4000 };

/* Returns how many more blocks are allocated after many writes of one key. If
   `other` is not NULL, it also quiesces. */
static long count_unfreed(void *handle, void *other)
{
	const long held = heap_held;

	for (uint64_t i = 0; i < WRITES; i++) {
		upsert(handle, "metric:1", i);
		family_quiesce(handle);
		if (other)
			family_quiesce(other);
	}
	return heap_held - held;
}

static void quiesce_reaches_the_map(struct family_map *one, void *handle)
{
	void *other = family_join(one, 1);

	CHECK(other && other != handle, "each thread has its own handle");
	family_park(other);
	CHECK(count_unfreed(handle, NULL) < WRITES / 2,
	        "replaced values are freed while the other thread is parked");
	family_unpark(other);
	CHECK(count_unfreed(handle, NULL) > WRITES / 2,
	        "replaced values are kept while the other thread may read "
	        "them");
	CHECK(count_unfreed(handle, other) < -WRITES / 4,
	        "replaced values are freed once the other thread quiesces");
	family_leave(other);
	CHECK(count_unfreed(handle, NULL) < WRITES / 2,
	        "a thread that has left does not delay reclamation");
	family_leave(handle);
	CHECK(family_count(one) == 4, "four keys are counted");
	other = family_join(one, 1);
	CHECK(count_unfreed(other, NULL) < WRITES / 2,
	        "a thread that has counted does not delay reclamation");
	family_leave(other);
}

int main(void)
{
	struct family_map one, none = { NULL };
	void *handle;

	heap_is_full = true;
	CHECK(!family_create(&none, &sizing), "without memory, create fails");
	family_destroy(&none);
	heap_is_full = false;
	CHECK(family_create(&one, &sizing), "a map is created");
	handle = family_join(&one, 0);
	a_key_comes_and_goes(handle);
	census_counts_all_keys(&one, handle);
	quiesce_reaches_the_map(&one, handle);
	family_destroy(&one);
	CHECK(heap_held == 0, "all memory is freed");
	return DONE();
}
