/* SPDX-License-Identifier: Apache-2.0 */
/* Tests keys that do not equal themselves in Go's map of float64: which
   operations find them, and where growth moves them. test_equal_floats compares
   this with Go. */
#define GOMAP_KEYS "tests/unit/gomap/gomap_keys_float.h"
#include "tests/unit/gomap/gomap_fixture.h"

enum { MANY = 6000 };

static const struct rm_key nan_key = { .word = 0x7ff8000000000001 };

static bool store(struct gomap *map, struct rm_key key, uint64_t n)
{
	const struct rm_value value = { { n } };

	return gomap_exchange(map, RM_U64X8, key, &value, NULL);
}

/* Returns a map whose values 0 .. last - 1 have NaN keys. */
static struct gomap *filled(uint64_t last)
{
	struct gomap *map = gomap_create(0, RM_U64X8, 1);

	for (uint64_t n = 0; n < last; n++)
		store(map, nan_key, n);
	return map;
}

/* Returns the number of values below MANY that an iteration visits, or MANY + 1
   if it visits a value twice or an unknown value. */
static size_t visited(struct gomap *map)
{
	static bool met[MANY];
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;
	size_t count = 0;
	bool right = true;

	memset(met, 0, sizeof(met));
	gomap_iterate_begin(map, &it);
	while (gomap_iterate_next(&it, RM_U64X8, &key, &value)) {
		right &= value.word[0] < MANY && !met[value.word[0]];
		met[value.word[0] % MANY] = true;
		count++;
	}
	gomap_iterate_end(&it);
	return right ? count : MANY + 1;
}

/* Returns the number of entries in the longest chain. */
static unsigned longest(struct gomap *map)
{
	unsigned most = 0;

	for (uint64_t i = 0; i <= gomap_mask(gomap_get(map->log2_buckets));
	        i++) {
		unsigned entries = gomap_chain_entries(
		        gomap_at(gomap_get(map->buckets), RM_U64X8, i),
		        RM_U64X8);

		most = entries > most ? entries : most;
	}
	return most;
}

static void only_an_iteration_finds_them(void)
{
	struct gomap *map = gomap_create(0, RM_U64X8, 1);
	struct rm_value value;
	bool found = false;

	for (uint64_t n = 0; n < MANY; n++) {
		found |= store(map, nan_key, n);
		found |= gomap_lookup(map, RM_U64X8, nan_key, &value);
		found |= gomap_remove(map, RM_U64X8, nan_key, NULL);
	}
	CHECK(!found && gomap_count(map) == MANY,
	        "each insert of NaN adds an entry, which is neither "
	        "found nor removed");
	CHECK(visited(map) == MANY, "an iteration visits each NaN entry once");
	CHECK(longest(map) < 40,
	        "hashes of NaN are drawn, so chains stay short");
	CHECK(sound(map), "all invariants hold");
	gomap_clear(map, RM_U64X8);
	CHECK(gomap_count(map) == 0 && visited(map) == 0 && sound(map),
	        "clear removes all NaN entries");
	gomap_destroy(map);
}

/* An entry removed before its visit is not visited. This iteration continues in
   the array from before the growth. No lookup could detect that the key was
   removed. */
static void an_iteration_in_an_outgrown_array_sees_a_clear(void)
{
	struct gomap *map = filled(100);
	uint64_t before = gomap_get(map->log2_buckets), n = 100;
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;
	bool first, more;

	gomap_iterate_begin(map, &it);
	first = gomap_iterate_next(&it, RM_U64X8, &key, &value);
	while (gomap_get(map->log2_buckets) == before ||
	        gomap_get(map->oldbuckets))
		store(map, nan_key, n++);
	gomap_clear(map, RM_U64X8);
	more = gomap_iterate_next(&it, RM_U64X8, &key, &value);
	gomap_iterate_end(&it);
	CHECK(first && !more && gomap_count(map) == 0 && sound(map),
	        "an iteration in an outgrown array does not visit entries "
	        "that clear removed");
	gomap_destroy(map);
}

/* The place of an entry: chain and tophash. */
struct spot {
	uint64_t chain;
	uint8_t top;
	bool old; /* true if in the old array and not moved */
};

static void find_spots(struct gomap *map, struct gomap_bucket *buckets,
        uint64_t mask, bool old, struct spot *spots)
{
	for (uint64_t i = 0; i <= mask; i++)
		for (struct gomap_bucket *b = gomap_at(buckets, RM_U64X8, i); b;
		        b = gomap_next(b, RM_U64X8))
			for (size_t slot = 0; slot < GOMAP_SLOTS; slot++) {
				uint8_t top = gomap_get(b->tophash[slot]);

				if (top < GOMAP_LIVE)
					continue;
				spots[gomap_get(*gomap_slot_value(b, RM_U64X8,
				        slot))] = (struct spot){ i, top, old };
			}
	(void)map;
}

static void find_all(struct gomap *map, struct spot *spots)
{
	find_spots(map, gomap_get(map->buckets),
	        gomap_mask(gomap_get(map->log2_buckets)), false, spots);
	if (gomap_get(map->oldbuckets))
		find_spots(map, gomap_get(map->oldbuckets), gomap_old_mask(map),
		        true, spots);
}

/* Completes a growth, with or without an iterator. Counts the moved entries
   whose half depends on the lowest bit of their tophash, and those that got a
   new tophash. */
static unsigned complete_growth(
        bool with_iterator, unsigned *by_bit, unsigned *redrawn)
{
	static struct spot before[MANY], after[MANY];
	struct gomap *map = gomap_create(0, RM_U64X8, 1);
	struct gomap_iterator it;
	uint64_t entries = 0;
	unsigned moved = 0;

	while (gomap_get(map->log2_buckets) < 8 || !gomap_get(map->oldbuckets))
		store(map, nan_key, entries++);
	if (with_iterator)
		gomap_iterate_begin(map, &it);
	find_all(map, before);
	for (uint64_t n = entries; gomap_get(map->oldbuckets); n++)
		store(map, nan_key, n);
	find_all(map, after);
	*by_bit = *redrawn = 0;
	for (uint64_t n = 0; n < entries; n++) {
		if (!before[n].old)
			continue;
		moved++;
		*by_bit += after[n].chain ==
		           before[n].chain + 128 * (before[n].top & 1U);
		*redrawn += after[n].top != before[n].top;
	}
	if (with_iterator)
		gomap_iterate_end(&it);
	gomap_destroy(map);
	return moved;
}

static void growth_halves_them(void)
{
	unsigned by_bit, redrawn,
	        moved = complete_growth(true, &by_bit, &redrawn);

	printf("# %u moved with an iterator, %u with a new tophash\n", moved,
	        redrawn);
	CHECK(moved > 500 && by_bit == moved,
	        "with an iterator the lowest bit of the tophash decides "
	        "which half an entry moves to");
	CHECK(redrawn > moved * 9 / 10, "with an iterator a new tophash is "
	                                "drawn");
	moved = complete_growth(false, &by_bit, &redrawn);
	printf("# %u moved without an iterator, %u by that bit\n", moved,
	        by_bit);
	CHECK(moved > 500 && by_bit > moved / 3 && by_bit < moved * 2 / 3,
	        "without an iterator a drawn hash decides the half");
	CHECK(redrawn == 0, "without an iterator the tophash stays");
}

/* Starts an iterator at each step of a growth. The growth then continues. */
static void an_iteration_begun_in_a_growth(void)
{
	bool right = true;
	unsigned begun = 0;

	for (uint64_t fill = 417; right && fill < 480; fill++) {
		struct gomap *map = filled(fill);
		struct gomap_iterator it;
		struct rm_value value;
		struct rm_key key;
		unsigned visits[480] = { 0 };

		begun += gomap_get(map->oldbuckets) != NULL;
		gomap_iterate_begin(map, &it);
		while (gomap_iterate_next(&it, RM_U64X8, &key, &value)) {
			if (value.word[0] < fill)
				visits[value.word[0]]++;
			store(map, nan_key, 1000);
		}
		gomap_iterate_end(&it);
		for (uint64_t n = 0; n < fill; n++)
			right &= visits[n] == 1;
		right &= sound(map);
		gomap_destroy(map);
	}
	CHECK(begun > 20, "iterations begin in growths");
	CHECK(right, "such iterations visit each initial entry once, while "
	             "the map keeps growing");
}

/* Tests 0 and -0, which are two words, and numbers close to NaN. */
static void numbers_equal_themselves(void)
{
	static const uint64_t numbers[] = { 0x7ff0000000000000,
		0xfff0000000000000, 0x7fefffffffffffff, 1, 0x8000000000000001 };
	const struct rm_key zero = { .word = 0 },
	                    minus = { .word = (uint64_t)1 << 63 };
	struct gomap *map = gomap_create(0, RM_U64X8, 1);
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;
	bool found = true;

	for (unsigned i = 0; i < 5; i++) {
		key = (struct rm_key){ .word = numbers[i] };
		found &= !store(map, key, i) && store(map, key, i) &&
		         gomap_lookup(map, RM_U64X8, key, &value) &&
		         gomap_remove(map, RM_U64X8, key, NULL);
	}
	CHECK(found && gomap_count(map) == 0,
	        "infinities, the largest and the smallest number equal "
	        "themselves");
	store(map, zero, 1);
	CHECK(store(map, minus, 2) && gomap_count(map) == 1 &&
	                gomap_lookup(map, RM_U64X8, zero, &value) &&
	                value.word[0] == 2,
	        "the zeros are one key");
	gomap_iterate_begin(map, &it);
	CHECK(gomap_iterate_next(&it, RM_U64X8, &key, &value) &&
	                key.word == minus.word,
	        "the zero is stored as it was written last");
	gomap_iterate_end(&it);
	gomap_destroy(map);
}

int main(void)
{
	only_an_iteration_finds_them();
	an_iteration_in_an_outgrown_array_sees_a_clear();
	growth_halves_them();
	an_iteration_begun_in_a_growth();
	numbers_equal_themselves();
	CHECK(blocks_live == 0, "every block was freed, once");
	return DONE();
}
