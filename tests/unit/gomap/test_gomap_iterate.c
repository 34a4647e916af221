/* SPDX-License-Identifier: Apache-2.0 */
/* Tests iteration over Go's map. An entry that is present all the time is
   visited once, whatever else changes. */
#include "tests/unit/gomap/gomap_fixture.h"

enum { RANKS = 4096, ROUNDS = 150 };

/* The expected entries of an iteration. The value of each rank in the map is
   its version. */
struct scene {
	struct gomap *map;
	struct rm_shape shape;
	uint64_t version[RANKS]; /* 0 if absent */
	unsigned visits[RANKS];
	bool throughout[RANKS]; /* true if present since the iteration began */
	uint64_t rng, sequence;
	bool right;
};

static void set(struct scene *scene, uint64_t n)
{
	struct rm_value value = { { n | ++scene->sequence << 16, 0, 0 } };
	struct key_text text;

	gomap_exchange(scene->map, scene->shape, key_of(scene->shape, n, &text),
	        &value, NULL);
	scene->version[n] = value.word[0];
}

static void unset(struct scene *scene, uint64_t n)
{
	struct key_text text;

	gomap_remove(
	        scene->map, scene->shape, key_of(scene->shape, n, &text), NULL);
	scene->version[n] = 0;
	scene->throughout[n] = false;
}

static void clear(struct scene *scene)
{
	gomap_clear(scene->map, scene->shape);
	memset(scene->version, 0, sizeof(scene->version));
	memset(scene->throughout, 0, sizeof(scene->throughout));
}

static bool key_is(struct rm_shape shape, struct rm_key key, uint64_t n)
{
	struct key_text text;
	struct rm_key wanted = key_of(shape, n, &text);

	if (!shape.str)
		return key.word == wanted.word;
	return key.length == wanted.length &&
	       !memcmp(key.bytes, wanted.bytes, key.length);
}

/* Visits one entry. Returns false at the end. The entry must have its key and
   current value. */
static bool visit(struct scene *scene, struct gomap_iterator *it)
{
	struct rm_key key;
	struct rm_value value;

	if (!gomap_iterate_next(it, scene->shape, &key, &value))
		return false;

	uint64_t n = value.word[0] & 0xffff;

	scene->right &= n < RANKS && scene->version[n] == value.word[0] &&
	                key_is(scene->shape, key, n);
	if (n < RANKS && scene->throughout[n])
		scene->right &= ++scene->visits[n] == 1;
	return true;
}

static void begin(struct scene *scene, struct gomap_iterator *it)
{
	memset(scene->visits, 0, sizeof(scene->visits));
	for (size_t n = 0; n < RANKS; n++)
		scene->throughout[n] = scene->version[n] != 0;
	gomap_iterate_begin(scene->map, it);
}

static void end(struct scene *scene, struct gomap_iterator *it)
{
	gomap_iterate_end(it);
	for (size_t n = 0; n < RANKS; n++)
		scene->right &= !scene->throughout[n] || scene->visits[n] == 1;
}

/* Writes between two visits. The round selects growth, shrinking, churn or
   clearing. */
static void disturb(struct scene *scene, uint64_t round, uint64_t width)
{
	uint64_t writes = rm_next(&scene->rng) % 8;

	for (uint64_t i = 0; i < writes; i++) {
		uint64_t x = rm_next(&scene->rng), n = (x >> 32) % width;

		switch (round % 5) {
		case 0: /* only updates */
			if (scene->version[n])
				set(scene, n);
			break;
		case 1:
			set(scene, (x >> 32) % RANKS);
			break;
		case 2:
			unset(scene, n);
			break;
		case 3:
			if (x % 2)
				unset(scene, n);
			else
				set(scene, n);
			break;
		default:
			if (x % 50 == 0)
				clear(scene);
			else
				set(scene, (x >> 32) % RANKS);
		}
	}
}

/* Runs two nested iterators over a map that changes. */
static void run(struct scene *scene, uint64_t round)
{
	uint64_t width = 1 + rm_next(&scene->rng) % (round % 2 ? 60 : 900);
	uint64_t fill = rm_next(&scene->rng) % (2 * width);
	struct gomap_iterator outer, inner;
	bool nested = false;

	for (uint64_t i = 0; i < fill; i++)
		set(scene, rm_next(&scene->rng) % width);
	begin(scene, &outer);
	while (visit(scene, &outer)) {
		disturb(scene, round, width);
		if (!nested && rm_next(&scene->rng) % 16 == 0) {
			gomap_iterate_begin(scene->map, &inner);
			nested = true;
		}
		if (nested) {
			struct rm_key key;
			struct rm_value value;

			gomap_iterate_next(&inner, scene->shape, &key, &value);
		}
	}
	end(scene, &outer);
	if (nested)
		gomap_iterate_end(&inner);
	scene->right &= sound(scene->map);
	scene->right &= gomap_get(scene->map->extra->iterators) == 0 &&
	                !gomap_get(scene->map->extra->retired_arrays) &&
	                !gomap_get(scene->map->extra->retired_buckets);
}

static void entries_are_visited_once(unsigned s)
{
	static struct scene scene;
	unsigned growths = 0, same_size = 0;

	for (uint64_t round = 0; round < ROUNDS; round++) {
		uint64_t hint = round % 3 ? 0 : round;

		scene = (struct scene){ .shape = shapes[s],
			.map = gomap_create(hint, shapes[s], round),
			.rng = round,
			.right = scene.right || round == 0 };
		for (unsigned run_count = 0; run_count < 3; run_count++)
			run(&scene, round);
		growths += (unsigned)scene.map->extra->growths;
		same_size += (unsigned)scene.map->extra->same_size_growths;
		gomap_destroy(scene.map);
	}
	CHECK_SHAPE(scene.right,
	        "entries present throughout are visited once, with their value",
	        s);
	printf("# %u growths to twice the size, %u to the same\n", growths,
	        same_size);
	CHECK(growths > 500 && blocks_live == 0,
	        "the map grew during iterations, and no memory leaked");
}

/* Adds new keys, and removes each key after 50 others were added. */
static void come_and_go(struct scene *scene, uint64_t *head, uint64_t times)
{
	for (uint64_t end_at = *head + times; *head < end_at; ++*head) {
		set(scene, 100 + *head % 1000);
		unset(scene, 100 + (*head + 950) % 1000);
	}
}

/* Makes a growth to the same size begin and end during an iteration. */
static void same_size_growth_meanwhile(void)
{
	static struct scene scene;
	unsigned same_size = 0;

	for (uint64_t round = 0; round < 200; round += 2) {
		struct gomap_iterator it;
		uint64_t head = 0;

		scene = (struct scene){ .shape = RM_STR16X8,
			.map = gomap_create(100, RM_STR16X8, round),
			.rng = round,
			.right = scene.right || round == 0 };
		/* 50 keys stay; 50 others are replaced until chains are long */
		for (uint64_t n = 0; n < 50; n++)
			set(&scene, n);
		come_and_go(&scene, &head, 100 + round * 5);
		begin(&scene, &it);
		while (visit(&scene, &it))
			come_and_go(&scene, &head, 100);
		end(&scene, &it);
		scene.right &= sound(scene.map);
		same_size += scene.map->extra->same_size_growths;
		gomap_destroy(scene.map);
	}
	printf("# %u growths of the same size\n", same_size);
	CHECK(scene.right,
	        "entries are visited once while chains are compacted");
	CHECK(same_size > 50 && blocks_live == 0,
	        "same-size growths happened, and their memory is freed");
}

/* Counts the entries of an old array that have moved and were not erased. */
static void count_moved(
        const struct gomap_iterator *it, struct rm_shape shape, size_t moved[2])
{
	moved[0] = moved[1] = 0;
	for (uint64_t i = 0; i <= gomap_mask(it->log2_buckets); i++)
		for (struct gomap_bucket *b = gomap_at(it->buckets, shape, i);
		        b; b = gomap_next(b, shape))
			for (size_t slot = 0; slot < GOMAP_SLOTS; slot++) {
				unsigned top = gomap_get(b->tophash[slot]);

				moved[0] += top == GOMAP_MOVED_LOW;
				moved[1] += top == GOMAP_MOVED_HIGH;
			}
}

/* An iteration begins, the map doubles, and all keys are removed. The bytes of
   the keys are freed, so slots that were moved to either half must not point to
   them. */
static void removed_keys_are_erased_from_the_old_array(void)
{
	enum { FULL = 52 }; /* 13/2 keys in each of 8 buckets */
	static struct scene scene;
	struct gomap_iterator it;
	size_t before[2], after[2];

	scene = (struct scene){ .shape = RM_STR16X8,
		.map = gomap_create(0, RM_STR16X8, 1),
		.right = true };
	for (uint64_t n = 0; n < FULL; n++)
		set(&scene, n);
	while (gomap_get(scene.map->oldbuckets)) /* as every write does */
		set(&scene, 0);
	begin(&scene, &it);
	for (uint64_t n = 0; n <= FULL; n++)
		set(&scene, FULL - n);
	count_moved(&it, scene.shape, before);
	for (uint64_t n = 0; n <= FULL; n++)
		unset(&scene, n);
	count_moved(&it, scene.shape, after);
	CHECK(before[0] + before[1] == FULL && before[0] && before[1],
	        "growth leaves marks of both halves for an iterator");
	CHECK(!after[0] && !after[1], "removing the keys erases their marks");
	CHECK(!visit(&scene, &it), "the iterator visits none of the removed "
	                           "keys");
	end(&scene, &it);
	gomap_destroy(scene.map);
}

/* Removes all keys during growth. The first removals erase slots of the array
   that is still being moved. */
static void keys_removed_during_growth_are_erased(void)
{
	enum { FULL = 52 };
	static struct scene scene;
	struct gomap_iterator it;
	size_t moved[2];
	unsigned during = 0;

	scene = (struct scene){ .shape = RM_STR16X8,
		.map = gomap_create(0, RM_STR16X8, 1),
		.right = true };
	for (uint64_t n = 0; n < FULL; n++)
		set(&scene, n);
	while (gomap_get(scene.map->oldbuckets))
		set(&scene, 0);
	begin(&scene, &it);
	set(&scene, FULL); /* starts growth */
	for (uint64_t n = 0; n <= FULL; n++) {
		unset(&scene, n);
		during += gomap_get(scene.map->oldbuckets) != NULL;
	}
	count_moved(&it, scene.shape, moved);
	CHECK(during > 2, "keys are removed while the map grows");
	CHECK(!moved[0] && !moved[1],
	        "removing these keys erases their marks, too");
	CHECK(!visit(&scene, &it), "the iterator visits none of the keys "
	                           "removed during growth");
	end(&scene, &it);
	gomap_destroy(scene.map);
}

static struct gomap *iterated;

/* Begins and ends another reader's iteration while the first one frees
   memory. */
static void iterate_meanwhile(void)
{
	struct gomap_iterator it;

	gomap_iterate_begin(iterated, &it);
	gomap_iterate_end(&it);
}

static void two_last_iterators_free_once(void)
{
	static struct scene scene;
	unsigned chained = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		struct gomap_iterator it;

		scene = (struct scene){ .shape = RM_U64X8,
			.map = gomap_create(0, RM_U64X8, seed) };
		iterated = scene.map;
		begin(&scene, &it);
		for (uint64_t n = 0; n < 104; n++) /* the map doubles */
			set(&scene, n);
		clear(&scene);
		chained += scene.map->extra->retired_buckets &&
		           gomap_next(scene.map->extra->retired_buckets,
		                   scene.shape);
		at_free = iterate_meanwhile;
		end(&scene, &it);
		at_free = NULL;
		gomap_destroy(scene.map);
	}
	CHECK(chained > 0, "some iterators find two overflow buckets to free");
	CHECK(blocks_live == 0,
	        "two last iterators that end together free the memory once");
}

static void order_is_random(void)
{
	struct gomap *map = gomap_create(1000, RM_U64X8, 1);
	struct gomap_iterator it;
	struct rm_key key;
	struct rm_value value;
	unsigned first[1000] = { 0 }, distinct = 0;

	for (uint64_t n = 0; n < 1000; n++) {
		value = value_of(n);
		gomap_exchange(map, RM_U64X8, (struct rm_key){ .word = n },
		        &value, NULL);
	}
	for (unsigned i = 0; i < 1000; i++) {
		gomap_iterate_begin(map, &it);
		gomap_iterate_next(&it, RM_U64X8, &key, &value);
		gomap_iterate_end(&it);
		distinct += first[key.word]++ == 0;
	}
	/* 1000 draws from 1000 entries hit 632 different ones on average, or
	   fewer if their probabilities differ */
	CHECK(distinct > 300, "iterations start at random entries");
	gomap_destroy(map);
}

static void an_empty_map_has_nothing_to_visit(void)
{
	struct gomap *map = gomap_create(0, RM_U64X8, 1);
	struct gomap_iterator it;
	struct rm_key key;
	struct rm_value value;

	gomap_iterate_begin(map, &it);
	CHECK(!gomap_iterate_next(&it, RM_U64X8, &key, &value) &&
	                !gomap_iterate_next(&it, RM_U64X8, &key, &value),
	        "an iteration of an empty map ends at once, repeatedly");
	gomap_iterate_end(&it);
	gomap_destroy(map);
}

int main(void)
{
	for (unsigned s = 0; s < RM_SHAPES; s++)
		entries_are_visited_once(s);
	same_size_growth_meanwhile();
	removed_keys_are_erased_from_the_old_array();
	keys_removed_during_growth_are_erased();
	two_last_iterators_free_once();
	order_is_random();
	an_empty_map_has_nothing_to_visit();
	CHECK(blocks_live == 0, "every block was freed, once");
	return DONE();
}
