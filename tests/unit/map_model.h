/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map_model.h - compares a map with a trivial model.
 *
 * The model consists of two arrays, indexed by rank. Tests of maps that reclaim
 * memory use it. They run every operation that a map offers.
 */
#ifndef RM_TEST_MAP_MODEL_H
#define RM_TEST_MAP_MODEL_H

#include "runner/base/rng.h"
#include "runner/keys.h"
#include "runner/map.h"
#include "tests/unit/tap.h"

#include <string.h>

enum { MODEL_RANKS = 600 };

struct model {
	const struct rm_map_ops *ops;
	void *map, *thread;
	struct rm_shape shape;
	uint64_t rng;
	unsigned sequence;
	bool present[MODEL_RANKS];
	struct rm_value value[MODEL_RANKS];
	size_t count;
	const char *fault; /* the first operation that disagreed */
};

/* Odd ranks have the keys of the measured loop. Even ranks of string shapes
   have keys of all lengths from 0 to 45. */
static struct rm_key model_key(
        struct rm_shape shape, uint64_t rank, struct rm_key_bytes *line)
{
	struct rm_key key = rm_key_of(shape, rank, line);

	if (!shape.str || rank % 2)
		return key;
	memset(line->bytes, 'x', sizeof(line->bytes));
	snprintf(line->bytes, 16, "%u", (unsigned)rank);
	line->bytes[strlen(line->bytes)] = 'x';
	key.length = rank ? 5 + rank % 41 : 0;
	return key;
}

static bool same_value(struct rm_shape shape, const struct rm_value *a,
        const struct rm_value *b)
{
	return !memcmp(a, b, shape.value_bytes);
}

/* Records the first disagreement. `was` is the result of the map. `got` is the
   value that the map stored, or a value that it must not have changed. */
static void model_agree(struct model *model, const char *what, uint64_t rank,
        bool was, const struct rm_value *got)
{
	static const struct rm_value untouched = { { 7, 7, 7 } };
	const struct rm_value *want =
	        model->present[rank] ? &model->value[rank] : &untouched;

	if (model->fault)
		return;
	if (was != model->present[rank] ||
	        (got && !same_value(model->shape, got, want)))
		model->fault = what;
}

static void model_put(
        struct model *model, uint64_t rank, const struct rm_value *value)
{
	model->count += !model->present[rank];
	model->present[rank] = true;
	model->value[rank] = *value;
}

static void model_drop(struct model *model, uint64_t rank)
{
	model->count -= model->present[rank];
	model->present[rank] = false;
}

static void model_compare_swap(struct model *model, uint64_t rank,
        struct rm_key key, const struct rm_value *value, bool right)
{
	struct rm_value expected = model->value[rank];

	if (!right)
		expected.word[0] ^= 1;
	bool did = model->ops->compare_swap(
	        model->thread, model->shape, key, &expected, value);

	if (did != (right && model->present[rank]) && !model->fault)
		model->fault = "compare_swap";
	if (did)
		model_put(model, rank, value);
}

static void model_compare_remove(
        struct model *model, uint64_t rank, struct rm_key key, bool right)
{
	struct rm_value expected = model->value[rank];

	if (!right)
		expected.word[0] ^= 1;
	bool did = model->ops->compare_remove(
	        model->thread, model->shape, key, &expected);

	if (did != (right && model->present[rank]) && !model->fault)
		model->fault = "compare_remove";
	if (did)
		model_drop(model, rank);
}

static void model_write(struct model *model, unsigned kind, uint64_t rank,
        struct rm_key key, const struct rm_value *value)
{
	const struct rm_map_ops *ops = model->ops;
	struct rm_value got = { { 7, 7, 7 } };
	bool was;

	if (kind == 0) {
		was = rm_map_upsert(
		        ops, model->thread, model->shape, key, value);
		model_agree(model, "upsert", rank, was, NULL);
		model_put(model, rank, value);
	} else if (kind == 1) {
		was = ops->exchange(
		        model->thread, model->shape, key, value, &got);
		model_agree(model, "exchange", rank, was, &got);
		model_put(model, rank, value);
	} else {
		was = ops->insert_if_absent(
		        model->thread, model->shape, key, value, &got);
		model_agree(model, "insert_if_absent", rank, was, &got);
		if (!was)
			model_put(model, rank, value);
	}
}

static void model_remove(
        struct model *model, bool take, uint64_t rank, struct rm_key key)
{
	struct rm_value got = { { 7, 7, 7 } };
	bool was;

	if (take)
		was = model->ops->take(model->thread, model->shape, key, &got);
	else
		was = rm_map_remove(
		        model->ops, model->thread, model->shape, key);
	model_agree(model, "remove or take", rank, was, take ? &got : NULL);
	model_drop(model, rank);
}

struct model_walk {
	struct model *model;
	bool seen[MODEL_RANKS];
	size_t count;
	bool wrong;
};

static bool model_visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct model_walk *walk = context;
	struct model *model = walk->model;
	uint64_t rank = (uint32_t)value->word[0];
	struct rm_key_bytes line;

	if (rank >= MODEL_RANKS || walk->seen[rank] || !model->present[rank] ||
	        !same_value(model->shape, value, &model->value[rank])) {
		walk->wrong = true;
		return true;
	}
	struct rm_key want = model_key(model->shape, rank, &line);

	walk->wrong |= model->shape.str ? key.length != want.length ||
	                                          memcmp(key.bytes, want.bytes,
	                                                  want.length)
	                                : key.word != want.word;
	walk->seen[rank] = true;
	walk->count++;
	return true;
}

/* Runs rare operations on the whole map. */
static void model_whole(struct model *model, unsigned kind)
{
	struct model_walk walk = { .model = model };
	char why[200] = "";

	if (kind == 0) {
		model->ops->scan(
		        model->thread, model->shape, model_visit, &walk);
		if ((walk.wrong || walk.count != model->count) && !model->fault)
			model->fault = "scan";
	} else if (kind == 1) {
		if (model->ops->length(model->thread) != model->count &&
		        !model->fault)
			model->fault = "length";
	} else if (kind == 2 && model->ops->park) {
		model->ops->park(model->thread);
		model->ops->unpark(model->thread);
	} else if (kind == 3) {
		if (model->ops->check &&
		        !model->ops->check(model->map, why, sizeof(why))) {
			printf("# check: %s\n", why);
			model->fault = "check";
		}
	} else if (model->rng % 8 == 0) {
		model->ops->clear(model->thread);
		memset(model->present, 0, sizeof(model->present));
		model->count = 0;
	}
}

/* Runs one random operation on a rank below `ranks`. */
static void model_step(struct model *model, uint64_t ranks)
{
	uint64_t x = rm_next(&model->rng);
	uint64_t rank = rm_below(x, ranks);
	unsigned kind = x & 15;
	struct rm_key_bytes line;
	struct rm_key key = model_key(model->shape, rank, &line);
	struct rm_value value = rm_value_of(rank, 0, ++model->sequence);
	struct rm_value got = { { 7, 7, 7 } };

	if ((x >> 4 & 1023) == 0)
		model_whole(model, kind % 5);
	else if (kind < 3)
		model_write(model, kind, rank, key, &value);
	else if (kind < 5)
		model_remove(model, kind == 3, rank, key);
	else if (kind < 7 && model->ops->compare_swap)
		model_compare_swap(model, rank, key, &value, kind == 5);
	else if (kind == 7 && model->ops->compare_remove)
		model_compare_remove(model, rank, key, x >> 14 & 1);
	else
		model_agree(model, "lookup", rank,
		        model->ops->lookup(
		                model->thread, model->shape, key, &got),
		        &got);
	if ((x >> 16 & 31) == 0)
		model->ops->quiesce(model->thread);
}

/* Runs `steps` operations on one shape. Returns NULL or the first operation
   that disagreed. The number of keys in use changes during the run. */
static const char *model_run(
        const struct rm_impl *impl, struct rm_shape shape, size_t steps)
{
	static struct model model; /* too large for a stack */
	struct rm_sizing sizing = {
		.keys = MODEL_RANKS, .threads = 1, .shape = shape, .seed = 5
	};

	model = (struct model){ .ops = impl->ops, .shape = shape, .rng = 11 };
	model.map = impl->ops->create(&sizing);
	model.thread = impl->ops->join(model.map, 0);
	for (size_t i = 0; i < steps && !model.fault; i++)
		model_step(&model, i / 20000 % 2 ? MODEL_RANKS : 12);
	impl->ops->leave(model.thread);
	impl->ops->destroy(model.map);
	return model.fault;
}

static void model_check(const struct rm_impl *impl, size_t steps)
{
	const struct rm_shape shapes[] = { RM_U64X8, RM_U64X24, RM_STR16X8,
		RM_STR16X24 };
	static const char *const names[] = { "u64x8", "u64x24", "str16x8",
		"str16x24" };

	for (unsigned i = 0; i < RM_SHAPES; i++) {
		char name[200];
		const char *fault = model_run(impl, shapes[i], steps);

		snprintf(name, sizeof(name),
		        "%s %s agrees with the model over %zu operations",
		        impl->id, names[i], steps);
		if (!CHECK(!fault, name))
			printf("# first disagreement: %s\n", fault);
	}
}

#endif /* RM_TEST_MAP_MODEL_H */
