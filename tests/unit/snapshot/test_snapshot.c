/* SPDX-License-Identifier: Apache-2.0 */
/* test_snapshot.c - tests copy on write: a scan visits a single state, and load
   is a single step. */
#include "tests/unit/map_model.h"
#include "tests/unit/map_race.h"

extern const struct rm_impl rm_impl_snapshot;

static const struct rm_map_ops *ops;

static const struct rm_shape str = { true, 24 };

static bool upsert_rank(void *thread, uint64_t rank, uint64_t sequence)
{
	struct rm_key_bytes line;
	struct rm_value value = rm_value_of(rank, 1, sequence);

	return rm_map_upsert(
	        ops, thread, str, rm_key_of(str, rank, &line), &value);
}

static void entry_at(const struct rm_source *source, size_t i,
        struct rm_key *key, struct rm_value *value)
{
	/* the buffer is reused, so the bytes are valid until the next call */
	*key = rm_key_of(
	        str, i, (struct rm_key_bytes *)(uintptr_t)source->context);
	*value = rm_value_of(i, 0, 0);
}

struct walk {
	void *thread;
	size_t count, old_values;
};

/* Writes to each key that it visits, and to an absent one. */
static bool rewrite(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct walk *walk = context;
	uint64_t rank = (uint32_t)value->word[0];

	(void)key;
	walk->old_values += value->word[0] >> 44 == 0;
	walk->count++;
	upsert_rank(walk->thread, rank, 1);
	upsert_rank(walk->thread, 5000 + rank, 1);
	return true;
}

static double cloned(void *map)
{
	return race_stat(&rm_impl_snapshot, map, "cloned_entries");
}

static void load_and_scan(void)
{
	struct rm_key_bytes line;
	struct rm_source source = {
		.count = 1000, .at = entry_at, .context = &line
	};
	/* the limit is so low that each write of the scan would have to wait */
	struct rm_sizing sizing = { .keys = 1000,
		.threads = 1,
		.shape = str,
		.retired_limit_bytes = 1 };
	void *map = ops->create(&sizing), *thread = ops->join(map, 0);
	struct walk walk = { .thread = thread };
	char why[200] = "";

	CHECK(ops->load(thread, str, &source) == 0, "load fills the map");
	CHECK(ops->length(thread) == 1000, "load inserts every entry");
	CHECK(cloned(map) == 0, "load takes one step and clones nothing");
	CHECK(upsert_rank(thread, 7, 0) && cloned(map) == 1000,
	        "one write clones every entry");
	ops->scan(thread, str, rewrite, &walk);
	CHECK(walk.count == 1000 && walk.old_values == 1000,
	        "a scan visits the map as it was at its start, despite its own "
	        "writes");
	CHECK(ops->length(thread) == 2000, "the writes of the scan are "
	                                   "present afterwards");
	CHECK(ops->check(map, why, sizeof(why)), "the map's own check passes");
	double retired = race_stat(&rm_impl_snapshot, map, "retired");

	CHECK(rm_map_remove(ops, thread, str, rm_key_of(str, 7, &line)) &&
	                race_stat(&rm_impl_snapshot, map, "retired") ==
	                        retired + 2,
	        "a removal retires the older map and the key's bytes");
	struct rm_key key = rm_key_of(str, 9999, &line);
	double clones = cloned(map);

	CHECK(!rm_map_remove(ops, thread, str, key) && cloned(map) == clones,
	        "removing an absent key clones nothing");
	ops->leave(thread);
	CHECK(race_stat(&rm_impl_snapshot, map, "retired") ==
	                race_stat(&rm_impl_snapshot, map, "freed"),
	        "every older map is freed");
	ops->destroy(map);
}

/* Supplies keys of `length` bytes each, in the order of their index. */
struct lengths {
	size_t length;
	char bytes[64];
};

static void long_entry_at(const struct rm_source *source, size_t i,
        struct rm_key *key, struct rm_value *value)
{
	struct lengths *lengths = (struct lengths *)(uintptr_t)source->context;

	memset(lengths->bytes, 0, sizeof(lengths->bytes));
	memcpy(lengths->bytes, &i, sizeof(i));
	*key = (struct rm_key){ .bytes = lengths->bytes,
		.length = lengths->length };
	*value = rm_value_of(i, 0, 0);
}

/* Returns the bytes that clearing 100 such keys retires. */
static double cleared_bytes(size_t length)
{
	struct lengths lengths = { .length = length };
	struct rm_source source = {
		.count = 100, .at = long_entry_at, .context = &lengths
	};
	struct rm_sizing sizing = { .keys = 100, .threads = 1, .shape = str };
	void *map = ops->create(&sizing), *thread = ops->join(map, 0);

	ops->load(thread, str, &source);
	double before = race_stat(&rm_impl_snapshot, map, "retired_bytes");

	ops->clear(thread);
	double after = race_stat(&rm_impl_snapshot, map, "retired_bytes");

	CHECK(ops->length(thread) == 0, "a clear removes all keys");
	ops->leave(thread);
	ops->destroy(map);
	return after - before;
}

/* Compares maps that differ only in the length of their keys. */
static void a_clear_retires_the_bytes_of_its_keys(void)
{
	double least = cleared_bytes(8);
	bool right = true;

	for (size_t length = 16; length <= 64; length += 8)
		right &= cleared_bytes(length) - least ==
		         100 * (double)(length - 8);
	CHECK(right, "each byte of a longer key is retired with it");
}

int main(void)
{
	ops = rm_impl_snapshot.ops;
	load_and_scan();
	a_clear_retires_the_bytes_of_its_keys();
	model_check(&rm_impl_snapshot, 25000);
	race_check(&rm_impl_snapshot, 2500, false);
	return DONE();
}
