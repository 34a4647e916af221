/* SPDX-License-Identifier: Apache-2.0 */
/* test_families_sync.c - a sync.Map as a store of families.h: a key's whole
   life, whose chains are told, and that nothing of it is left. */
#include "tests/unit/support/counted_heap.h"
/* after it, so that it is counted */
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
	        "a key is new once");
	CHECK(family_lookup(handle, key_of("auth:1"), &value) &&
	                value.word[0] == 8 &&
	                !family_lookup(handle, key_of("auth:2"), &value),
	        "what was written last is read");
	CHECK(family_remove(handle, key_of("auth:1")) &&
	                !family_remove(handle, key_of("auth:1")) &&
	                !family_lookup(handle, key_of("auth:1"), &value),
	        "it is removed once");
}

/* As many misses as dirty has entries make it the read map; the next new key
   makes another dirty, with all that are there. */
static void its_chains_are_those_of_all_keys(
        struct family_map *one, void *handle)
{
	struct rm_value value;

	upsert(handle, "cache:1", 1);
	upsert(handle, "cache:2", 2);
	CHECK(entries_of(one) == 2 && family_count(one) == 2,
	        "keys that only dirty has are told and counted");
	for (int i = 0; i < 10 && stat_of(one, "dirty_entries") > 0; i++)
		family_lookup(handle, key_of("cache:1"), &value);
	CHECK(stat_of(one, "dirty_entries") == 0 && entries_of(one) == 2 &&
	                family_count(one) == 2,
	        "so are they when dirty has become the read map");
	upsert(handle, "cache:3", 3);
	CHECK(stat_of(one, "dirty_entries") == 3 && entries_of(one) == 3 &&
	                family_count(one) == 3,
	        "and with a new one beside them");
	CHECK(!family_lookup(handle, key_of("cache:4"), &value),
	        "the lock was given back");
}

enum { WRITES = 4000 };

/* How many blocks are held more after so many writes of one key; `other` says
   that it is quiet, too, or is not asked. */
static long kept_by(void *handle, void *other)
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

static void quiet_moments_are_passed_on(struct family_map *one, void *handle)
{
	void *other = family_join(one, 1);

	CHECK(other && other != handle, "each thread has a handle of its own");
	family_park(other);
	CHECK(kept_by(handle, NULL) < WRITES / 2,
	        "values that were replaced are given back while the other "
	        "thread is parked");
	family_unpark(other);
	CHECK(kept_by(handle, NULL) > WRITES / 2,
	        "and kept while it may still look at them");
	CHECK(kept_by(handle, other) < -WRITES / 4,
	        "until it says that it does not");
	family_leave(other);
	CHECK(kept_by(handle, NULL) < WRITES / 2,
	        "who has left holds nothing up");
	family_leave(handle);
	CHECK(family_count(one) == 4, "four keys are there");
	other = family_join(one, 1);
	CHECK(kept_by(other, NULL) < WRITES / 2, "nor does who has counted");
	family_leave(other);
}

int main(void)
{
	struct family_map one, none = { NULL };
	void *handle;

	heap_is_full = true;
	CHECK(!family_create(&none, &sizing), "without memory there is none");
	family_destroy(&none);
	heap_is_full = false;
	CHECK(family_create(&one, &sizing), "a map is made");
	handle = family_join(&one, 0);
	a_key_comes_and_goes(handle);
	its_chains_are_those_of_all_keys(&one, handle);
	quiet_moments_are_passed_on(&one, handle);
	family_destroy(&one);
	CHECK(heap_held == 0, "every block is given back");
	return DONE();
}
