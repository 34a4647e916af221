/* SPDX-License-Identifier: Apache-2.0 */
/* model_step.c - one operation on the map and on the model. */
#include "runner/check/model.h"

#include "runner/base/rng.h"

#include <stdlib.h>
#include <string.h>

/* What an out parameter holds before a call that must not touch it. */
static const struct rm_value untouched = { { 0x5555555555555555U,
	0x6666666666666666U, 0x7777777777777777U } };

/* `got` after a call that said was_there: the model's value, or untouched. */
static int agree(struct rm_model *model, size_t i, const char *operation,
        bool was_there, const struct rm_value *got)
{
	const bool expected = model->present[i];

	model->done++;
	if (was_there != expected)
		return rm_model_fail(model, i, operation,
		        expected ? "said absent, but the key is there"
		                 : "said present, but the key is absent");
	if (!got)
		return 0;
	if (!expected && !rm_model_same(model, got, &untouched))
		return rm_model_fail(model, i, operation,
		        "stored a value although the key is absent");
	if (expected && !rm_model_same(model, got, &model->value[i]))
		return rm_model_fail(model, i, operation,
		        "gave a value that is not the last one written");
	return 0;
}

int rm_model_lookup(struct rm_model *model, size_t i)
{
	struct rm_value got = untouched;
	bool was_there = model->ops->lookup(
	        model->thread, model->c->shape, rm_model_key(model, i), &got);

	return agree(model, i, "lookup", was_there, &got);
}

int rm_model_upsert(struct rm_model *model, size_t i)
{
	struct rm_value value = rm_model_value(model);
	bool was_there = model->ops->upsert(
	        model->thread, model->c->shape, rm_model_key(model, i), &value);
	int code = agree(model, i, "upsert", was_there, NULL);

	rm_model_put(model, i, &value);
	return code;
}

int rm_model_remove(struct rm_model *model, size_t i)
{
	bool was_there = model->ops->remove(
	        model->thread, model->c->shape, rm_model_key(model, i));
	int code = agree(model, i, "remove", was_there, NULL);

	rm_model_drop(model, i);
	return code;
}

static int step_exchange(struct rm_model *model, size_t i)
{
	struct rm_value value = rm_model_value(model), old = untouched;
	bool was_there = model->ops->exchange(model->thread, model->c->shape,
	        rm_model_key(model, i), &value, &old);
	int code = agree(model, i, "exchange", was_there, &old);

	rm_model_put(model, i, &value);
	return code;
}

static int step_take(struct rm_model *model, size_t i)
{
	struct rm_value old = untouched;
	bool was_there = model->ops->take(
	        model->thread, model->c->shape, rm_model_key(model, i), &old);
	int code = agree(model, i, "take", was_there, &old);

	rm_model_drop(model, i);
	return code;
}

static int step_insert_if_absent(struct rm_model *model, size_t i)
{
	struct rm_value value = rm_model_value(model), present = untouched;
	bool was_there = model->ops->insert_if_absent(model->thread,
	        model->c->shape, rm_model_key(model, i), &value, &present);
	int code = agree(model, i, "insert_if_absent", was_there,
	        was_there ? &present : NULL);

	if (!model->present[i])
		rm_model_put(model, i, &value);
	return code;
}

/* Half of the time with the value that is there. */
static int step_compare_swap(struct rm_model *model, size_t i)
{
	struct rm_value value = rm_model_value(model);
	struct rm_value expected = rm_model_value(model);
	bool right, did;

	if (rm_next(&model->rng) % 2)
		expected = model->value[i];
	right = model->present[i] &&
	        rm_model_same(model, &expected, &model->value[i]);
	did = model->ops->compare_swap(model->thread, model->c->shape,
	        rm_model_key(model, i), &expected, &value);
	model->done++;
	if (right)
		rm_model_put(model, i, &value);
	if (did == right)
		return 0;
	return rm_model_fail(model, i, "compare_swap",
	        right ? "said no, but the expected value is there"
	              : "said yes, but the expected value is not there");
}

/* Half of the time with the value that is there. */
static int step_compare_remove(struct rm_model *model, size_t i)
{
	struct rm_value expected = rm_model_value(model);
	bool right, did;

	if (rm_next(&model->rng) % 2)
		expected = model->value[i];
	right = model->present[i] &&
	        rm_model_same(model, &expected, &model->value[i]);
	did = model->ops->compare_remove(model->thread, model->c->shape,
	        rm_model_key(model, i), &expected);
	model->done++;
	if (right)
		rm_model_drop(model, i);
	if (did == right)
		return 0;
	return rm_model_fail(model, i, "compare_remove",
	        right ? "said no, but the expected value is there"
	              : "said yes, but the expected value is not there");
}

/* What step_update()'s callback saw and shall do. */
struct change {
	struct rm_value value, seen;
	bool was_there, write;
	unsigned calls;
};

static bool change(
        void *context, const struct rm_value *old, struct rm_value *value)
{
	struct change *what = context;

	/* a map that retries may call again; the last call counts */
	what->calls++;
	what->was_there = old != NULL;
	what->seen = old ? *old : untouched;
	if (what->write)
		*value = what->value;
	return what->write;
}

static int step_update(struct rm_model *model, size_t i)
{
	struct change what = { .value = rm_model_value(model),
		.write = rm_next(&model->rng) % 4 != 0 };
	bool was_there = model->ops->update(model->thread, model->c->shape,
	        rm_model_key(model, i), change, &what);
	int code = agree(model, i, "update", was_there, NULL);

	if (!what.calls)
		return rm_model_fail(
		        model, i, "update", "never called the function");
	if (!code)
		code = agree(model, i, "update's old value", what.was_there,
		        &what.seen);
	if (what.write)
		rm_model_put(model, i, &what.value);
	return code;
}

/* Rare operations: they cost as much as all keys. */
static int step_rare(struct rm_model *model)
{
	const struct rm_map_ops *ops = model->ops;

	switch (rm_next(&model->rng) % 6) {
	case 0:
		return rm_model_scan(model);
	case 1:
		if (!ops->clear)
			return 0;
		ops->clear(model->thread);
		memset(model->present, 0, model->keys * sizeof(bool));
		model->count = 0;
		return rm_model_scan(model);
	case 2:
		if (ops->length && ops->length(model->thread) != model->count)
			return rm_model_fail(
			        model, 0, "length", "is not the keys held");
		return 0;
	case 3:
		if (ops->park) {
			ops->park(model->thread);
			ops->unpark(model->thread);
		}
		return 0;
	default:
		return rm_case_invariants(model->c, model->map, model->error);
	}
}

static int step_insert(struct rm_model *model, size_t i)
{
	const struct rm_map_ops *ops = model->ops;

	switch (rm_next(&model->rng) % 4) {
	case 0:
		return ops->exchange ? step_exchange(model, i) : 0;
	case 1:
		return ops->insert_if_absent ? step_insert_if_absent(model, i)
		                             : 0;
	case 2:
		return ops->update ? step_update(model, i) : 0;
	default:
		return rm_model_upsert(model, i);
	}
}

int rm_model_step(struct rm_model *model, unsigned inserts)
{
	uint64_t x = rm_next(&model->rng);
	size_t i = rm_below(x, model->keys + 1);

	if (x % 64 == 0)
		model->ops->quiesce(model->thread);
	/* as often as the rest of the work allows */
	if ((x >> 17) % (128 + 4 * model->keys) == 0)
		return step_rare(model);
	if (x & 64 || i >= model->keys)
		return rm_model_lookup(model, i + (x & 128 ? model->keys : 0));
	if ((x >> 8) % 8 < inserts)
		return step_insert(model, i);
	if ((x >> 11) % 8 == 0 && model->ops->compare_swap)
		return step_compare_swap(model, i);
	if ((x >> 15) % 4 == 0 && model->ops->compare_remove)
		return step_compare_remove(model, i);
	if ((x >> 14) % 2 && model->ops->take)
		return step_take(model, i);
	return rm_model_remove(model, i);
}
