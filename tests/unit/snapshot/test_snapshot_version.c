/* SPDX-License-Identifier: Apache-2.0 */
/* test_snapshot_version.c - tests numbered snapshots: each published map
   increments the number, and a lookup reads the number of the map that it
   searches. */
#include "impls/snapshot/snapshot_version.h"
#include "tests/unit/map_model.h"
#include "tests/unit/map_race.h"

extern const struct rm_impl rm_impl_snapshot_version;

static const struct rm_shape shape = { false, 8 };

enum { WRITES = 3000, READERS = 3 };

static struct rm_key key_of(uint64_t word)
{
	return (struct rm_key){ .word = word };
}

static void put(void *thread, uint64_t key, uint64_t word)
{
	const struct rm_value value = { { word } };

	exchange(thread, shape, key_of(key), &value, NULL);
}

/* Returns the number that a lookup of a key, which may be absent, reads. */
static uint64_t version_at(void *thread, uint64_t key, struct rm_value *value)
{
	uint64_t version = 0;

	snapshot_lookup_numbered(thread, shape, key_of(key), value, &version);
	return version;
}

static void entry_at(const struct rm_source *source, size_t i,
        struct rm_key *key, struct rm_value *value)
{
	(void)source;
	*key = key_of(100 + i);
	*value = (struct rm_value){ { i } };
}

static struct snapshot_versions *map_for(size_t threads)
{
	const struct rm_sizing sizing = {
		.keys = 100, .threads = threads, .shape = shape, .seed = 7
	};

	return snapshot_version_create(&sizing);
}

static void numbers_grow_by_one(void)
{
	struct snapshot_versions *map = map_for(1);
	struct epoch_record *thread = snapshot_join(map, 0);
	const struct rm_source source = { .count = 5, .at = entry_at };
	const struct rm_value one = { { 1 } };
	struct rm_value value;
	char why[100] = "";
	bool by_one = true;

	CHECK(version_at(thread, 1, &value) == 1, "the first map has number 1");
	for (uint64_t i = 0; i < 50; i++) {
		put(thread, i % 9, i);
		by_one &= version_at(thread, 1, &value) == 2 + i;
	}
	CHECK(by_one, "each write increments the number");
	CHECK(insert_if_absent(thread, shape, key_of(1), &one, &value) &&
	                !take(thread, shape, key_of(77), NULL) &&
	                version_at(thread, 1, &value) == 51,
	        "a write without effect does not increment the number");
	CHECK(take(thread, shape, key_of(1), NULL) &&
	                version_at(thread, 1, &value) == 52,
	        "a removal counts as a write");
	snapshot_clear(thread);
	CHECK(version_at(thread, 1, &value) == 53, "a clear counts as a write");
	CHECK(snapshot_version_load(thread, shape, &source) == 0 &&
	                version_at(thread, 101, &value) == 54 &&
	                value.word[0] == 1,
	        "a load counts as one write for all entries");
	CHECK(snapshot_version_check(map, why, sizeof(why)) &&
	                race_stat(&rm_impl_snapshot_version, map, "version") ==
	                        54 &&
	                race_stat(&rm_impl_snapshot_version, map,
	                        "versions_backwards") == 0,
	        "the map's own check passes, and the statistic matches");
	snapshot_leave(thread);
	snapshot_version_destroy(map);
}

/* The snapshot that a thread has loaded is not freed before the thread
   announces quiescence. */
static void each_is_allocated_anew(void)
{
	struct snapshot_versions *map = map_for(1);
	struct epoch_record *thread = snapshot_join(map, 0);
	const struct snapshot_numbered *held = snapshot_published(thread),
	                               *next;

	put(thread, 1, 1);
	next = snapshot_published(thread);
	CHECK(next != held && next->map != held->map && held->version == 1 &&
	                gomap_count(held->map) == 0 && next->version == 2 &&
	                gomap_count(next->map) == 1,
	        "number and map of the older snapshot stay unchanged");
	snapshot_leave(thread);
	CHECK(race_stat(&rm_impl_snapshot_version, map, "retired") == 1 &&
	                race_stat(&rm_impl_snapshot_version, map, "freed") == 1,
	        "number and map are freed as one object");
	snapshot_version_destroy(map);
}

static void wrong_numbers_are_caught(void)
{
	struct snapshot_versions *map = map_for(2);
	struct epoch_record *thread = snapshot_join(map, 0);
	struct snapshot_numbered *now;
	struct rm_value value;
	char why[100] = "";

	put(thread, 1, 1);
	now = snapshot_published(thread);
	now->version++;
	CHECK(!snapshot_version_check(map, why, sizeof(why)) &&
	                !strcmp(why, "2 maps were made, but the version is 3"),
	        "a skipped number is detected");
	version_at(thread, 1, &value);
	now->version--;
	CHECK(!snapshot_version_check(map, why, sizeof(why)) &&
	                !strcmp(why, "a reader saw a wrong version"),
	        "a number that was read but never published is detected, too");
	version_at(thread, 1, &value);
	put(thread, 1, 1);
	put(thread, 1, 1);
	version_at(thread, 1, &value);
	CHECK(!snapshot_version_check(map, why, sizeof(why)) &&
	                !strcmp(why, "a reader saw a wrong version") &&
	                race_stat(&rm_impl_snapshot_version, map,
	                        "versions_backwards") == 1,
	        "a decrease of the number is detected, permanently");
	snapshot_leave(thread);
	snapshot_version_destroy(map);
}

/* State of one writer, which writes the number that its map will have, and of
   the readers. */
struct pairs {
	struct snapshot_versions *map;
	_Atomic bool over;
	_Atomic unsigned slots;
	_Atomic uint64_t torn, read;
};

static void *read_pairs(void *opaque)
{
	struct pairs *pairs = opaque;
	struct epoch_record *thread = snapshot_join(
	        pairs->map, 1 + atomic_fetch_add(&pairs->slots, 1));

	while (!atomic_load(&pairs->over)) {
		struct rm_value value = { { 1 } };
		const uint64_t version = version_at(thread, 1, &value);

		atomic_fetch_add(&pairs->torn, version != value.word[0]);
		atomic_fetch_add(&pairs->read, 1);
		snapshot_quiesce(thread);
	}
	snapshot_leave(thread);
	return NULL;
}

static void number_matches_map(void)
{
	struct pairs pairs = { .map = map_for(1 + READERS) };
	struct epoch_record *writer = snapshot_join(pairs.map, 0);
	pthread_t readers[READERS];
	char why[100] = "";

	for (unsigned i = 0; i < READERS; i++)
		if (pthread_create(&readers[i], NULL, read_pairs, &pairs))
			abort();
	for (uint64_t i = 2; i < WRITES || atomic_load(&pairs.read) < 1000;
	        i++) {
		put(writer, 1, i);
		snapshot_quiesce(writer);
	}
	atomic_store(&pairs.over, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	CHECK(atomic_load(&pairs.torn) == 0,
	        "concurrent readers find each map with its own number");
	CHECK(snapshot_version_check(pairs.map, why, sizeof(why)),
	        "concurrent readers never see the number decrease");
	snapshot_leave(writer);
	snapshot_version_destroy(pairs.map);
}

int main(void)
{
	numbers_grow_by_one();
	each_is_allocated_anew();
	wrong_numbers_are_caught();
	number_matches_map();
	model_check(&rm_impl_snapshot_version, 25000);
	race_check(&rm_impl_snapshot_version, 2500, false);
	return DONE();
}
