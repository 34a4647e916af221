/* SPDX-License-Identifier: Apache-2.0 */
/* test_readmap.c - tests the sizes of readmap's tables, and when they are
   freed. */
enum { READMAP_LOAD_EIGHTHS = 11 };
#define EPOCH_GUARDED true
#include "impls/readmap/readmap_ops.h"
#include "tests/unit/tap.h"

enum { KEYS = 1000, ROUNDS = 300 };

static const struct rm_map_ops ops = { READMAP_OPS };

static struct readmap *create_map(bool presize)
{
	const struct rm_sizing sizing = { .keys = KEYS,
		.threads = 2,
		.presize = presize,
		.shape = RM_U64X8,
		.seed = 5 };

	return ops.create(&sizing);
}

static void put(void *thread, uint64_t word)
{
	const struct rm_value value = { { ~word } };

	rm_map_upsert(&ops, thread, RM_U64X8, (struct rm_key){ .word = word },
	        &value);
}

static bool has(void *thread, uint64_t word)
{
	struct rm_value value;

	return ops.lookup(thread, RM_U64X8, (struct rm_key){ .word = word },
	               &value) &&
	       value.word[0] == ~word;
}

static bool check_passes(struct readmap *map)
{
	char why[200] = "";
	const bool ok = ops.check(map, why, sizeof(why));

	if (!ok)
		printf("# %s\n", why);
	return ok;
}

static uint64_t lines_of(struct readmap *map)
{
	return rm_stat_read(&map->lines_now);
}

/* Returns the bytes of the current table and of its chains. */
static size_t bytes_of(struct readmap *map)
{
	struct readmap_table *table = readmap_table_of(readmap_word(map));
	size_t bytes = readmap_table_bytes(table);

	for (struct readmap_chunk *chunk = table->chunk; chunk;
	        chunk = chunk->older)
		bytes += sizeof(*chunk) + chunk->lines * sizeof(chunk->line[0]);
	return bytes;
}

/* Replaces each key ROUNDS times by a new key. Every bucket overflows at some
   time, so the size stays only because of compaction. */
static void fresh_writes_keep_the_size(void)
{
	struct readmap *map = create_map(true);
	void *thread = ops.join(map, 0);
	size_t most = 0, filled;
	bool all = true;

	for (uint64_t i = 0; i < KEYS; i++)
		put(thread, i);
	filled = bytes_of(map);
	for (uint64_t i = 0; i < (uint64_t)KEYS * ROUNDS; i++) {
		put(thread, i + KEYS);
		rm_map_remove(
		        &ops, thread, RM_U64X8, (struct rm_key){ .word = i });
		most = bytes_of(map) > most ? bytes_of(map) : most;
	}
	for (uint64_t i = 0; i < KEYS; i++)
		all &= has(thread, (uint64_t)KEYS * ROUNDS + i);
	CHECK(all && ops.length(thread) == KEYS && check_passes(map),
	        "after each key was replaced 300 times, all are present");
	CHECK(4 * most <= 5 * filled,
	        "the table never took 1.25 times the bytes that it had after "
	        "the fill");
	CHECK(rm_stat_read(&map->resizes) > 0, "tables were compacted");
	ops.leave(thread);
	ops.destroy(map);
}

/* Inserts up to 4,096 keys into a small map. From 1,024 keys on, compares the
   bytes of the current table with the number of keys. */
static void a_key_takes_at_most_100_bytes(void)
{
	struct readmap *map = create_map(false);
	void *thread = ops.join(map, 0);
	double worst = 0;

	for (uint64_t keys = 1; keys <= 4096; keys++) {
		put(thread, keys);
		const double bytes = (double)bytes_of(map) / (double)keys;

		worst = keys >= 1024 && bytes > worst ? bytes : worst;
	}
	printf("# at most %.1f bytes a key\n", worst);
	CHECK(worst <= 100, "a key takes at most 100 bytes, at every size");
	ops.leave(thread);
	ops.destroy(map);
}

static void tables_follow_the_number_of_keys(void)
{
	struct readmap *map = create_map(false);
	void *thread = ops.join(map, 0);
	bool all = true;

	CHECK(lines_of(map) == READMAP_FIRST_LINES,
	        "a map that is not presized starts small");
	for (uint64_t i = 0; i < KEYS; i++)
		put(thread, i);
	for (uint64_t i = 0; i < KEYS; i++)
		all &= has(thread, i);
	CHECK(all && lines_of(map) == 1024 && check_passes(map),
	        "a map that is not presized grows by doubling");
	ops.clear(thread);
	for (uint64_t i = 0; i < KEYS; i++) {
		put(thread, i);
		rm_map_remove(
		        &ops, thread, RM_U64X8, (struct rm_key){ .word = i });
	}
	CHECK(lines_of(map) <= 16 && check_passes(map),
	        "a map shrinks when few keys are left");
	ops.leave(thread);
	ops.destroy(map);
}

/* While a reader is inside its guard, tables that it may have seen are not
   freed. */
static void a_guard_keeps_tables(void)
{
	struct readmap *map = create_map(false);
	struct epoch_record *writer = ops.join(map, 0);
	struct epoch_record *reader = ops.join(map, 1);
	uint64_t held;

	epoch_guard_enter(reader);
	for (uint64_t i = 0; i < KEYS; i++)
		put(writer, i);
	epoch_guard_settle(writer);
	held = atomic_load(&map->epoch->held_bytes);
	CHECK(held >= readmap_table_bytes(
	                      &(struct readmap_table){ .lines = 512 }),
	        "inside of a guard, replaced tables are kept");
	epoch_guard_leave(reader);
	for (uint64_t i = 0; i < KEYS; i++)
		put(writer, i);
	CHECK(atomic_load(&map->epoch->held_bytes) == 0,
	        "after the guard, updates free the replaced tables");
	ops.leave(writer);
	ops.leave(reader);
	ops.destroy(map);
}

int main(void)
{
	a_key_takes_at_most_100_bytes();
	fresh_writes_keep_the_size();
	tables_follow_the_number_of_keys();
	a_guard_keeps_tables();
	return DONE();
}
