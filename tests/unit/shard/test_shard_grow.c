/* SPDX-License-Identifier: Apache-2.0 */
/* test_shard_grow.c - tests shards that are split one by one, a batch per
   write. */
#include "tests/unit/support/counted_heap.h"
/* included after counted_heap.h, so that its allocations are counted */
enum { GROW_SHARDS = 2, GROW_CAPACITY = 16, GROW_BATCH = 4 };
enum { GROW_STOP = 0, GROW_TIMED = 0 };
#include "impls/shard/shard_grow_ops.h"

static const struct rm_map_ops tiny_ops = { GROW_OPS };

#include "tests/unit/shard/shard_grow_test.h"

/* Tests where a shard's keys go when N doubles (claim S2-29). */
static void two_ways_to_double(void)
{
	const unsigned shards = 32, bits = 5;
	bool low = true, high = true, ids = true;

	for (uint64_t route = 0; route < 1U << 16; route++) {
		uint64_t hash = rm_multiply_fold(route + 1, RM_HASH_A);
		uint64_t before = hash % shards, after = hash % (2 * shards);

		low &= after == before || after == before + shards;
		ids &= after ==
		       grow_child_id(before, bits, grow_side(hash, bits));
		before = hash >> (64 - bits);
		after = hash >> (64 - bits - 1);
		high &= after == 2 * before || after == 2 * before + 1;
	}
	CHECK(low, "hash mod 2N sends shard i to i and i + N");
	CHECK(high, "a prefix of the hash that is one bit longer sends shard i "
	            "to 2i "
	            "and 2i + 1");
	CHECK(ids, "a split shard's children are those of hash mod 2N");
}

/* Returns the first moving shard, or NULL. */
static struct grow_shard *moving(const struct grow_map *map)
{
	for (uint64_t i = 0; i <= map->roots->mask; i++)
		if (grow_root(map->roots, i)->move)
			return grow_root(map->roots, i);
	return NULL;
}

/* Looks a key up in the new map and then in the old one. */
static bool new_then_old(
        struct grow_shard *shard, struct rm_key key, struct rm_value *value)
{
	unsigned side = grow_side(grow_route(RM_U64X8, key), shard->depth);

	return gomap_lookup(shard->child[side]->inner, RM_U64X8, key, value) ||
	       gomap_lookup(shard->inner, RM_U64X8, key, value);
}

/* Splits one shard step by step, with all kinds of writes in between. */
static void one_split(void)
{
	struct grow_map *map = tiny_map(RM_U64X8, 1);
	struct rm_value value = { { 0 } }, other = { { 0 } };
	struct grow_shard *shard;
	bool same = true, right = true;
	uint64_t keys = 0, steps = 0;

	while (!moving(map))
		put(map, keys++);
	shard = moving(map);
	CHECK(gomap_count(shard->inner) == GROW_LIMIT,
	        "a shard starts to move at 3/4 of its capacity");
	CHECK(gomap_count(shard->child[0]->inner) +
	                        gomap_count(shard->child[1]->inner) ==
	                GROW_BATCH,
	        "the same write copies one batch");
	while (shard->move) {
		for (uint64_t i = 0; i < keys + 20; i++) {
			bool was = new_then_old(shard, word(i), &value);

			if ((grow_route(RM_U64X8, word(i)) &
			            map->roots->mask) != shard->id)
				continue;
			same &= was == gomap_lookup(shard->inner, RM_U64X8,
			                       word(i), &other) &&
			        (!was || value.word[0] == other.word[0]);
		}
		for (uint64_t i = 0; shard->move && i < keys; i++)
			if (grow_entry(map, grow_route(RM_U64X8, word(i))) ==
			        shard) {
				uint64_t at = (i + steps) % keys;

				if (steps % 3 == 2)
					grow_take(
					        map, RM_U64X8, word(at), NULL);
				put(map, at);
				break;
			}
		steps++;
		right &= check_passes(map) && has_exactly(map, keys) &&
		         steps < 100;
		if (!right)
			break;
	}
	CHECK(same, "the old map gives the same answers as new, then old");
	CHECK(right, "no key is lost between the batches");
	CHECK(!shard->inner && shard->child[0] && shard->child[1],
	        "after the last batch the old map is dropped");
	CHECK(grow_entry(map, shard->id)->depth == shard->depth + 1 &&
	                grow_entry(map, shard->id + map->roots->mask + 1) ==
	                        shard->child[1],
	        "the routing table leads to the two children");
	CHECK(grow_read(map, shard->id) == shard->child[0],
	        "a lookup then uses a child");
	go_rwmutex_read_unlock(&shard->child[0]->lock);
	grow_destroy(map);
}

/* Tests that a thread with an old routing table finds all keys. */
static void late_reader(void)
{
	struct grow_map *map = tiny_map(RM_U64X8, 1);
	struct grow_directory *first = map->roots;
	struct rm_value value;
	bool found = true;

	for (uint64_t i = 0; i < 2000; i++)
		put(map, i);
	CHECK(race_stat(&tiny, map, "routing_entries") > 128 &&
	                check_passes(map) && has_exactly(map, 2000),
	        "2000 keys are in shards of at most 16");
	struct grow_directory *now = map->directory;

	map->directory = first;
	found = has_exactly(map, 2000);
	put(map, 7);
	found &= grow_take(map, RM_U64X8, word(7), &value) &&
	         grow_length(map) == 1999;
	map->directory = now;
	CHECK(found, "the first routing table still leads to all keys");
	grow_clear(map);
	CHECK(grow_length(map) == 0 && check_passes(map) && has_exactly(map, 0),
	        "clear removes all keys");
	grow_destroy(map);
}

static void clear_while_moving(void)
{
	struct grow_map *map = tiny_map(RM_U64X8, 1);
	uint64_t keys = 0;

	while (!moving(map))
		put(map, keys++);
	grow_clear(map);
	CHECK(moving(map) && grow_length(map) == 0 && check_passes(map),
	        "clear empties old and new map of a moving shard");
	for (uint64_t i = 0; i < 200; i++)
		put(map, i);
	CHECK(has_exactly(map, 200) && check_passes(map),
	        "a cleared moving shard fills again");
	grow_destroy(map);
}

/* Compares pauses by the number of moved keys, which is the same on every
   machine. */
static void no_pause(void)
{
	double splits, stops, step, stop;

	step = most_moved("shard_grow", &splits);
	stop = most_moved("shard_grow_stop", &stops);
	CHECK(splits >= 32 && stops >= 32, "200,000 keys split every shard");
	CHECK(step > 0 && step <= 1000, "no operation moves over 1000 keys");
	CHECK(stop >= 10 * step,
	        "stopping the world moves at least ten times as many");
}

static void presized(void)
{
	const struct rm_impl *impl = rm_impl_find("shard_grow");
	struct rm_sizing sizing = {
		.keys = 300000, .threads = 1, .presize = true, .shape = RM_U64X8
	};
	void *map = impl->ops->create(&sizing);
	struct rm_value value = { { 1 } };

	for (uint64_t i = 0; i < sizing.keys; i++)
		rm_map_upsert(impl->ops, map, RM_U64X8, word(i), &value);
	CHECK(race_stat(impl, map, "keys_moved") == 0,
	        "a presized map moves nothing");
	impl->ops->destroy(map);
}

int main(void)
{
	two_ways_to_double();
	one_split();
	late_reader();
	clear_while_moving();
	tiny_alike();
	model_check(&tiny, 100000);
	tiny_race(40000);
	no_pause();
	presized();
	return DONE();
}
