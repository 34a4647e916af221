/* SPDX-License-Identifier: Apache-2.0 */
/* Compares Go's map with a trivial model, by random operations and regular
   checks of every invariant, both with enough memory and without. */
#include "tests/unit/gomap/gomap_fixture.h"

enum { RANKS = 3000, OPERATIONS = 400000, CHECK_EACH = 9973 };

/* The expected state: value[n] belongs to rank n, 0 means absent. */
struct model {
	struct gomap *map;
	struct rm_shape shape;
	uint64_t value[RANKS];
	size_t count;
	uint64_t rng, sequence, head;
	bool agrees;
	/* sums over all maps so far */
	unsigned growths, same_size, failed, overflow;
};

static void model_upsert(struct model *model, uint64_t n, struct rm_key key)
{
	struct rm_value value = value_of(++model->sequence), old;
	bool was_there;
	_Atomic uint64_t *words =
	        gomap_assign(model->map, model->shape, key, &was_there);

	if (!words) { /* memory ran out, so nothing has changed; an update never
	                 fails */
		model->agrees &=
		        !was_there && !model->value[n] && allocs_to_fail;
		model->sequence--;
		return;
	}
	model->agrees &= was_there == (model->value[n] != 0);
	if (was_there) {
		gomap_value_load(model->shape, words, &old);
		model->agrees &= value_is(model->shape, &old, model->value[n]);
	}
	gomap_value_store(model->shape, words, &value);
	model->count += !was_there;
	model->value[n] = model->sequence;
}

static void model_remove(struct model *model, uint64_t n, struct rm_key key)
{
	struct rm_value old;
	bool was_there = gomap_remove(model->map, model->shape, key, &old);

	model->agrees &= was_there == (model->value[n] != 0);
	if (was_there)
		model->agrees &= value_is(model->shape, &old, model->value[n]);
	model->count -= was_there;
	model->value[n] = 0;
}

static void model_lookup(struct model *model, uint64_t n, struct rm_key key)
{
	struct rm_value value;
	bool was_there = gomap_lookup(model->map, model->shape, key, &value);

	model->agrees &= was_there == (model->value[n] != 0);
	if (was_there)
		model->agrees &=
		        value_is(model->shape, &value, model->value[n]);
}

/* Checks that an iteration visits exactly the model's entries. */
static void model_iterate(struct model *model)
{
	struct gomap_iterator it;
	struct rm_key key;
	struct rm_value value;
	uint64_t sum = 0, wanted = 0;
	size_t count = 0;

	gomap_iterate_begin(model->map, &it);
	while (gomap_iterate_next(&it, model->shape, &key, &value)) {
		sum += rm_seed(1, value.word[0]);
		count++;
	}
	gomap_iterate_end(&it);
	for (size_t n = 0; n < RANKS; n++)
		if (model->value[n])
			wanted += rm_seed(1, model->value[n]);
	model->agrees &= count == model->count && sum == wanted;
}

static void model_clear(struct model *model)
{
	gomap_clear(model->map, model->shape);
	memset(model->value, 0, sizeof(model->value));
	model->count = 0;
}

/* Adds up the map's statistics and frees the map. */
static void model_end(struct model *model)
{
	const struct gomap_extra *extra = model->map->extra;

	model->growths += (unsigned)extra->growths;
	model->same_size += (unsigned)extra->same_size_growths;
	model->failed += (unsigned)extra->failed_growths;
	model->overflow += (unsigned)extra->overflow_buckets;
	gomap_destroy(model->map);
}

/* Continues with a new, empty map. */
static void model_restart(struct model *model)
{
	unsigned fail = allocs_to_fail;

	model_end(model);
	allocs_to_fail = 0;
	model->map = gomap_create(0, model->shape, model->rng);
	allocs_to_fail = fail;
	memset(model->value, 0, sizeof(model->value));
	model->count = 0;
}

/* Adds new keys and removes old ones, so that 100 are present. Near the load
   limit of 104, chains get longer and sparser until they are compacted. */
static void step_fresh(struct model *model)
{
	uint64_t rank = model->head++ % RANKS;
	uint64_t old = (rank + RANKS - 100) % RANKS;
	struct key_text text;

	model_upsert(model, rank, key_of(model->shape, rank, &text));
	model_remove(model, old, key_of(model->shape, old, &text));
}

/* Makes many operations on few ranks, which fill, churn or empty the map. */
static void step_mixed(struct model *model, uint64_t phase)
{
	uint64_t x = rm_next(&model->rng);
	uint64_t width =
	        phase % 7 == 6 ? 10 : 100 + phase * 311 % (RANKS - 100);
	uint64_t n = (x >> 32) % width;
	unsigned removes = phase % 3 == 0 ? 10 : phase % 3 == 1 ? 40 : 60;
	unsigned choice = x % 100;
	struct key_text text;
	struct rm_key key;

	if (phase % 2)
		n = RANKS - 1 - n;
	key = key_of(model->shape, n, &text);
	if (choice < removes)
		model_remove(model, n, key);
	else if (choice < 75)
		model_upsert(model, n, key);
	else
		model_lookup(model, n, key);
}

/* Runs phases of 16384 operations; every fifth phase starts over with new
   keys. */
static void step(struct model *model, uint64_t i)
{
	uint64_t phase = i >> 14;

	if (phase % 5 == 4 && i % 16384 == 0)
		model_restart(model);
	if (phase % 5 == 4)
		step_fresh(model);
	else
		step_mixed(model, phase);
	if (i % 99991 == 99990)
		model_clear(model);
}

static void run(unsigned s, uint64_t seed, unsigned fail_per_mille)
{
	static struct model model;
	bool all_sound = true;
	char fact[160];

	model = (struct model){ .shape = shapes[s],
		.map = gomap_create(0, shapes[s], seed),
		.rng = seed,
		.agrees = true };
	allocs_to_fail = fail_per_mille;
	for (uint64_t i = 0; i < OPERATIONS; i++) {
		step(&model, i);
		if (i % CHECK_EACH == 0) {
			all_sound &= sound(model.map);
			model_iterate(&model);
			model.agrees &= gomap_count(model.map) == model.count;
		}
	}
	allocs_to_fail = 0;
	snprintf(fact, sizeof(fact),
	        "%s: %d operations agree with the model, %u of 1000 "
	        "allocations fail",
	        shape_names[s], OPERATIONS, fail_per_mille);
	CHECK(model.agrees, fact);
	CHECK(all_sound && sound(model.map), "every invariant held");
	model_end(&model);
	printf("# growths %u, same size %u, failed %u, overflow %u\n",
	        model.growths, model.same_size, model.failed, model.overflow);
	CHECK(model.growths > 20 && model.same_size > 5 && model.overflow > 500,
	        "the maps grew, compacted chains and overflowed during the "
	        "test");
	if (fail_per_mille)
		CHECK(model.failed > 10,
		        "growth was postponed for lack of memory");
}

/* Tests keys of every length 0 .. 129 that are prefixes of each other. */
static void strings_of_every_length(void)
{
	struct gomap *map = gomap_create(0, RM_STR16X8, 11);
	char bytes[160];
	bool right = true;

	for (int zero = 0; zero < 2; zero++)
		for (size_t length = 0; length < 130; length++) {
			struct rm_key key = { .bytes = bytes,
				.length = length };
			struct rm_value value = value_of(length);
			struct rm_value old;

			memset(bytes, zero ? 0 : 'a', sizeof(bytes));
			right &= gomap_exchange(map, RM_STR16X8, key, &value,
			                 &old) == (zero && length == 0);
			/* the map has its own copy */
			memset(bytes, 'z', sizeof(bytes));
		}
	right &= gomap_count(map) == 259;
	for (size_t length = 0; length < 130; length++) {
		struct rm_key key = { .bytes = bytes, .length = length };
		struct rm_value value;

		memset(bytes, 'a', sizeof(bytes));
		right &= gomap_lookup(map, RM_STR16X8, key, &value) &&
		         value.word[0] == length;
		bytes[length ? length - 1 : 0] = 'b';
		right &= length == 0 ||
		         !gomap_lookup(map, RM_STR16X8, key, &value);
	}
	CHECK(right && sound(map), "strings of 0 .. 129 bytes are "
	                           "distinguished, even by zero bytes");

	struct rm_key empty = { .bytes = NULL, .length = 0 };
	struct rm_value value;

	CHECK(gomap_lookup(map, RM_STR16X8, empty, &value) &&
	                gomap_remove(map, RM_STR16X8, empty, &value) &&
	                !gomap_lookup(map, RM_STR16X8, empty, &value),
	        "the empty string needs no bytes");
	gomap_destroy(map);
}

static void borrowed_keys_are_the_callers(void)
{
	struct gomap *map = gomap_create(100, RM_STR16X8, 2);
	static struct key_text texts[100];
	long before = blocks_live;
	bool same = true;

	gomap_borrow_keys(map);
	for (uint64_t n = 0; n < 100; n++) {
		struct rm_key key = key_of(RM_STR16X8, n, &texts[n]);
		struct rm_value value = value_of(n);

		gomap_exchange(map, RM_STR16X8, key, &value, NULL);
	}

	struct gomap_iterator it;
	struct rm_key key;
	struct rm_value value;

	gomap_iterate_begin(map, &it);
	while (gomap_iterate_next(&it, RM_STR16X8, &key, &value))
		same &= key.bytes == texts[value.word[0]].bytes;
	gomap_iterate_end(&it);
	CHECK(same && blocks_live - before < 4,
	        "keys that belong to the caller are not copied");
	gomap_destroy(map);
}

int main(void)
{
	for (unsigned s = 0; s < RM_SHAPES; s++) {
		run(s, 100 + s, 0);
		run(s, 200 + s, 300);
	}
	strings_of_every_length();
	borrowed_keys_are_the_callers();
	CHECK(blocks_live == 0, "every block was freed, once");
	return DONE();
}
