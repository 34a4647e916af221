/* SPDX-License-Identifier: Apache-2.0 */
/* test_families_rw.c - tests a Go map under an RWMutex as a store of
   families.h: each call takes the right lock and releases it. The lock counts
   its calls. */
#include "tests/unit/support/counted_heap.h"
/* included after it, so that its allocations are counted */
#include "runner/map.h"

/* The include guard of guard_go_rw.h, which this file replaces. */
#define RM_SUPPORT_GUARD_GO_RW_H
#include "tests/unit/technique/counting_guard.h"

#include "impls/technique/families_rw.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

static const struct rm_sizing sizing = {
	.keys = 100, .threads = 3, .shape = { true, 8 }
};

static bool took(struct family_map *one, unsigned reads, unsigned writes)
{
	return guard_counts_are(&one->guard, reads, writes);
}

static struct rm_key key_of(const char *text)
{
	return (struct rm_key){ .bytes = text, .length = strlen(text) };
}

static void operations_take_the_lock(void)
{
	struct family_map one;
	const struct rm_value first = { { 7 } }, second = { { 8 } };
	struct rm_value value = { { 0 } };
	void *handle;

	CHECK(family_create(&one, &sizing) && one.guard.threads == 3,
	        "the map and its lock are created");
	handle = family_join(&one, 2);
	CHECK(!family_upsert(handle, key_of("auth:1"), &first) &&
	                took(&one, 0, 1) &&
	                family_upsert(handle, key_of("auth:1"), &second) &&
	                took(&one, 0, 1),
	        "an upsert inserts a key once, under the write lock");
	CHECK(family_lookup(handle, key_of("auth:1"), &value) &&
	                value.word[0] == 8 && took(&one, 1, 0) &&
	                !family_lookup(handle, key_of("auth:2"), &value) &&
	                took(&one, 1, 0),
	        "a lookup reads the last value, under the read lock");
	CHECK(family_count(&one) == 1, "one key is counted");
	CHECK(family_remove(handle, key_of("auth:1")) && took(&one, 0, 1) &&
	                !family_remove(handle, key_of("auth:1")) &&
	                took(&one, 0, 1) && family_count(&one) == 0,
	        "a remove removes a key once, under the write lock");
	family_quiesce(handle);
	family_park(handle);
	family_unpark(handle);
	family_leave(handle);
	CHECK(took(&one, 0, 0), "quiesce, park, unpark and leave take no lock");
	family_destroy(&one);
	CHECK(guards_destroyed == 1, "the lock is destroyed");
}

/* 100 keys need 16 chains, since 8 chains would have more than 6.5 keys
   each. */
static void census_counts_chains(void)
{
	struct family_map one;
	struct gomap_census census = { .entries = 5, .chains = 7 };
	struct wanted_stat growths = { "growths", -1 },
	                   buckets = { "buckets", -1 };
	const struct rm_value value = { { 1 } };
	char text[16];

	family_create(&one, &sizing);
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "cache:%d", i);
		family_upsert(&one, key_of(text), &value);
	}
	(void)took(&one, 0, 0);
	family_census(&one, &census);
	CHECK(census.entries == 105 && census.chains == 7 + 16 &&
	                took(&one, 1, 0),
	        "the census adds entries and chains, under the read lock");
	family_stats(&one, take_wanted, &growths);
	family_stats(&one, take_wanted, &buckets);
	CHECK(growths.value == 0 && buckets.value == 16 && took(&one, 2, 0),
	        "the statistics are those of the map, which was presized and "
	        "never grew");
	family_destroy(&one);
	guard_fails = true;
	CHECK(!family_create(&one, &sizing), "without a lock, create fails");
	family_destroy(&one);
}

int main(void)
{
	operations_take_the_lock();
	census_counts_chains();
	CHECK(heap_held == 0, "all memory is freed");
	return DONE();
}
