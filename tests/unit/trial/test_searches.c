/* SPDX-License-Identifier: Apache-2.0 */
/* The counts of key searches in Go's map and sync.Map (hashes, walks, probes
   and compares) follow from the layout. It is linked with the stats objects. */
#include "impls/gomap/gomap_ops.h"
#include "runner/impl.h"
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"

#include <pthread.h>

enum { KEYS = 8 };

static uint64_t before[RM_SEARCHES];

/* Resets the counts, so that fresh() counts from here. */
static void begin(void)
{
	for (int i = 0; i < RM_SEARCHES; i++)
		before[i] = rm_searches ? rm_stat_read(&rm_searches[i]) : 0;
}

static uint64_t fresh(enum rm_search_counter counter)
{
	return rm_stat_read(&rm_searches[counter]) - before[counter];
}

static struct rm_key key_of(uint64_t word)
{
	return (struct rm_key){ .word = word };
}

/* Puts eight keys into one bucket, in order of insertion. */
static void one_bucket(void)
{
	struct gomap *map = gomap_create(0, RM_U64X8, 1);
	struct rm_value value = { { 7 } };
	bool exact = true;

	for (uint64_t i = 0; i < KEYS; i++)
		gomap_exchange(map, RM_U64X8, key_of(i), &value, NULL);
	for (uint64_t i = 0; i < KEYS; i++) {
		begin();
		exact &= gomap_lookup(map, RM_U64X8, key_of(i), &value);
		exact &= fresh(RM_KEY_HASHES) == 1 &&
		         fresh(RM_CHAIN_WALKS) == 1 &&
		         fresh(RM_SLOT_PROBES) == i + 1 &&
		         fresh(RM_KEY_COMPARES) >= 1 &&
		         fresh(RM_KEY_COMPARES) <= i + 1;
	}
	CHECK(exact, "a hit in slot i costs a hash, a walk and i + 1 probes");
	begin();
	for (uint64_t i = 0; i < 1000; i++)
		exact &= !gomap_lookup(map, RM_U64X8, key_of(1000 + i), &value);
	CHECK(exact && fresh(RM_SLOT_PROBES) == 1000 * KEYS,
	        "a miss in a full bucket probes all slots");
	/* with 8 of 251 tophashes, 32 of 1000 misses compare a key on
	   average */
	CHECK(fresh(RM_KEY_COMPARES) < 100,
	        "a miss compares a key only if eight bits of the hash agree");
	gomap_remove(map, RM_U64X8, key_of(KEYS - 1), NULL);
	begin();
	gomap_lookup(map, RM_U64X8, key_of(1000), &value);
	CHECK(fresh(RM_SLOT_PROBES) == KEYS,
	        "the empty slot that ends the chain is probed, too");
	gomap_destroy(map);
}

/* Inserts until the map has `count` keys. Returns the number of alarms of
   article S3. */
static uint64_t alarms(struct gomap *map, uint64_t count)
{
	const struct rm_value value = { { 7 } };
	const uint64_t rung = gomap_get(map->extra->third_conflicts);

	for (uint64_t i = gomap_count(map); i < count; i++)
		gomap_exchange(map, RM_U64X8, key_of(i), &value, NULL);
	return gomap_get(map->extra->third_conflicts) - rung;
}

/* An insert raises an alarm each time it gives a chain its third key. Keys
   that growth moves raise no alarm. */
static void third_conflicts(void)
{
	struct gomap *map = gomap_create(0, RM_U64X8, 1);
	struct gomap *presized = gomap_create(100000, RM_U64X8, 1);
	const struct rm_value value = { { 7 } };
	uint64_t grown, full;

	CHECK(alarms(map, 2) == 0, "two keys in one bucket raise no alarm");
	CHECK(alarms(map, 3) == 1, "the third key raises an alarm");
	CHECK(alarms(map, KEYS) == 0, "further keys raise no alarm");
	gomap_exchange(map, RM_U64X8, key_of(0), &value, NULL);
	CHECK(alarms(map, KEYS) == 0, "a new value raises no alarm");
	for (uint64_t i = 2; i < KEYS; i++)
		gomap_remove(map, RM_U64X8, key_of(i), NULL);
	CHECK(alarms(map, 3) == 1,
	        "a bucket raises an alarm again after it was emptied");
	full = alarms(presized, 100000);
	CHECK(full > 15200 && full < 15700,
	        "a presized map of 100,000 keys raises one alarm in 94 % of "
	        "its 16,384 chains");
	grown = alarms(map, 100000);
	printf("# %llu alarms in a presized map, %llu in a growing one\n",
	        (unsigned long long)full, (unsigned long long)grown);
	CHECK(grown < full, "keys moved by growth raise no alarm");
	gomap_destroy(map);
	gomap_destroy(presized);
}

/* A look-up of a key in the read map walks only that map. A look-up of another
   key walks the read map twice, without and with the lock, and then dirty. */
static void two_maps(void)
{
	const struct rm_impl *impl = rm_impl_find("syncmap");
	const struct rm_sizing sizing = {
		.keys = KEYS, .threads = 1, .shape = RM_U64X8
	};
	void *map = impl->ops->create(&sizing);
	void *thread = impl->ops->join(map, 0);
	struct rm_value value = { { 7 } };

	for (int i = 0; i < 2; i++)
		rm_map_upsert(impl->ops, thread, RM_U64X8, key_of((uint64_t)i),
		        &value);
	begin();
	impl->ops->lookup(thread, RM_U64X8, key_of(0), &value);
	/* the read map is empty, so there is nothing to hash or walk */
	CHECK(fresh(RM_CHAIN_WALKS) == 1 && fresh(RM_KEY_HASHES) == 1,
	        "with an empty read map a key in dirty costs one walk");
	impl->ops->lookup(thread, RM_U64X8, key_of(1), &value);
	begin();
	impl->ops->lookup(thread, RM_U64X8, key_of(1), &value);
	CHECK(fresh(RM_CHAIN_WALKS) == 1 && fresh(RM_KEY_HASHES) == 1,
	        "a hit in the read map costs one walk, not two");
	rm_map_upsert(impl->ops, thread, RM_U64X8, key_of(2), &value);
	begin();
	impl->ops->lookup(thread, RM_U64X8, key_of(2), &value);
	CHECK(fresh(RM_CHAIN_WALKS) == 3 && fresh(RM_KEY_HASHES) == 3,
	        "a key only in dirty costs three walks");
	impl->ops->leave(thread);
	impl->ops->destroy(map);
}

static void pick(void *context, const char *name, const char *unit, double v)
{
	double *found = context;

	(void)unit;
	if (!strcmp(name, "key_hashes"))
		*found = v;
}

static void *hash_one(void *context)
{
	struct rm_value value;

	gomap_lookup(context, RM_U64X8, key_of(1), &value);
	return NULL;
}

/* The counts include threads that have ended. */
static void all_threads(void)
{
	struct gomap *map = gomap_create(0, RM_U64X8, 1);
	struct rm_value value = { { 7 } };
	double sum = -1, more = -1;

	gomap_exchange(map, RM_U64X8, key_of(1), &value, NULL);
	rm_searches_emit(pick, &sum);
	for (int i = 0; i < 100; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, hash_one, map))
			abort();
		pthread_join(thread, NULL);
	}
	rm_searches_emit(pick, &more);
	CHECK(sum > 0 && more == sum + 100,
	        "each thread counts separately, and the sum covers all");
	gomap_destroy(map);
}

int main(void)
{
	double none = -1;

	rm_searches_emit(pick, &none);
	CHECK(none == -1,
	        "before a map counts there is no statistic, rather than 0");
	one_bucket();
	third_conflicts();
	two_maps();
	all_threads();
	return DONE();
}
