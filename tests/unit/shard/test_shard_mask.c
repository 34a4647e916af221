/* SPDX-License-Identifier: Apache-2.0 */
/* test_shard_mask.c - tests shards selected by the lowest bits of FNV-1a. Each
   key must be in the shard that the articles' `hash & (N - 1)` selects, and
   with shard_array_mask.h the mask must be that in the map. */
#include "impls/support/fnv.h"
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 32, SHARD_ALIGN = 128 };

RM_HOT uint64_t shard_hash(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_key(shape, key);
}

#define SHARD_ARRAY "impls/shard/shard_array_mask.h"
#include "impls/gomap/gomap_guarded.h"
#include "runner/impl.h"
#include "runner/keys.h"
#include "tests/unit/tap.h"

#include <string.h>

enum { KEYS = 5000, MOST_SHARDS = 64 };

static const struct rm_sizing sizing = {
	.shape = { true, 8 }, .keys = KEYS, .threads = 1, .seed = 1
};

/* Inserts all keys. Counts how many each shard should have. */
static void fill(const struct rm_map_ops *table, void *map, unsigned shards,
        unsigned long long *wanted)
{
	void *thread = table->join(map, 0);
	const struct rm_value value = { { 1 } };
	struct rm_key_bytes line;

	for (uint64_t rank = 0; rank < KEYS; rank++) {
		struct rm_key key = rm_key_of(RM_STR16X8, rank, &line);

		rm_map_upsert(table, thread, RM_STR16X8, key, &value);
		wanted[rm_fnv1a_key(RM_STR16X8, key) % shards]++;
	}
	table->leave(thread);
}

/* Counts the shards for which the dump of the map has the right line, such as
   "shard 7: count 123". */
static unsigned count_shards(const struct rm_map_ops *table, void *map,
        const unsigned long long *wanted)
{
	FILE *shown = tmpfile();
	unsigned right = 0, shard;
	unsigned long long count;
	char line[400];

	if (!shown)
		return 0;
	table->dump(map, fileno(shown));
	rewind(shown);
	while (fgets(line, sizeof(line), shown))
		if (sscanf(line, "shard %u: count %llu,", &shard, &count) == 2)
			right += shard < MOST_SHARDS && wanted[shard] == count;
	fclose(shown);
	return right;
}

static void keys_are_in_masked_shard(const char *id, unsigned shards)
{
	const struct rm_map_ops *table = rm_impl_find(id)->ops;
	unsigned long long wanted[MOST_SHARDS] = { 0 };
	void *map = table->create(&sizing);
	char fact[100], why[100];

	fill(table, map, shards, wanted);
	snprintf(fact, sizeof(fact), "%s: hash & %u is each key's shard", id,
	        shards - 1);
	CHECK(count_shards(table, map, wanted) == shards &&
	                table->check(map, why, sizeof(why)),
	        fact);
	table->destroy(map);
}

/* A folded hash selects other shards. This shows that the facts above are not
   true by chance. */
static void folding_selects_others(void)
{
	const struct rm_map_ops *table = rm_impl_find("shard_rw_64")->ops;
	unsigned long long wanted[MOST_SHARDS] = { 0 };
	void *map = table->create(&sizing);

	fill(table, map, 64, wanted);
	CHECK(count_shards(table, map, wanted) < 16,
	        "with a folded hash, few of 64 shards have the same count");
	table->destroy(map);
}

static void the_mask_is_a_member(void)
{
	struct map *map = create(&sizing);
	struct rm_key_bytes line;
	bool as_stored = map->mask == 31;

	for (size_t mask = 31;; mask /= 2) {
		map->mask = mask;
		for (uint64_t rank = 0; rank < 100; rank++) {
			struct rm_key key = rm_key_of(RM_STR16X8, rank, &line);

			as_stored &= shard_of(map, RM_STR16X8, key) ==
			             &map->shard[rm_fnv1a_key(RM_STR16X8, key) &
			                         mask];
		}
		if (!mask)
			break;
	}
	CHECK(as_stored, "the mask in the map selects the shard");
	destroy(map);
}

int main(void)
{
	keys_are_in_masked_shard("shard_rw_32_mask", 32);
	keys_are_in_masked_shard("shard_rw_32_field", 32);
	keys_are_in_masked_shard("shard_rw_64_mask", 64);
	folding_selects_others();
	the_mask_is_a_member();
	return DONE();
}
