/* SPDX-License-Identifier: Apache-2.0 */
/* model_step.c - one operation, or one scan, on the map under test and on the
 * reference array. */
#include "verify/check/model.h"

#include "runner/base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Added to the number of a key that is too long for the map. A set has fewer
   keys, so the sum is unused. */
enum { INSTEAD_OF_LONG = 1 << 20, BATCH = 64 };

int rm_model_fail(struct rm_model *model, size_t i, const char *operation,
        const char *fault)
{
	char text[128];

	rm_keyset_print(
	        model->c->shape, rm_model_key(model, i), text, sizeof(text));
	return rm_error_set(model->error, -1,
	        "%s of key %zu (%s): %s; operation %llu, %zu keys, presize %s, "
	        "%zu held",
	        operation, i, text, fault, (unsigned long long)model->done,
	        model->keys, model->presize ? "yes" : "no", model->count);
}

struct rm_key rm_model_key_in(
        const struct rm_model *model, size_t i, char *buffer)
{
	struct rm_key key = rm_keyset_key(
	        model->set, model->c->shape, i, model->c->seed, buffer);

	if (key.length > UINT16_MAX && model->c->impl->caps & RM_CAP_SHORT_KEYS)
		return rm_keyset_key(model->set, model->c->shape,
		        i + INSTEAD_OF_LONG, model->c->seed, buffer);
	if (model->chain)
		key.word = model->chain[i];
	return key;
}

struct rm_key rm_model_key(struct rm_model *model, size_t i)
{
	return rm_model_key_in(model, i, model->buffer);
}

bool rm_model_same(const struct rm_model *model, const struct rm_value *a,
        const struct rm_value *b)
{
	return !memcmp(a, b, model->c->shape.value_bytes);
}

/* Any value is valid here; 0 and all ones are frequent. */
struct rm_value rm_model_value(struct rm_model *model)
{
	struct rm_value value;

	for (int i = 0; i < RM_VALUE_WORDS; i++) {
		uint64_t x = rm_next(&model->rng);

		value.word[i] = x % 16 == 0 ? 0 : x % 16 == 1 ? UINT64_MAX : x;
	}
	return value;
}

void rm_model_put(
        struct rm_model *model, size_t i, const struct rm_value *value)
{
	model->count += !model->present[i];
	model->present[i] = true;
	model->value[i] = *value;
}

void rm_model_drop(struct rm_model *model, size_t i)
{
	model->count -= model->present[i];
	model->present[i] = false;
}

struct visit {
	struct rm_model *model;
	/* indexed by key number: true if the scan has visited the key */
	bool *seen;
	size_t visits, stop_after;
	bool failed;
};

static bool same_key(
        const struct rm_model *model, struct rm_key a, struct rm_key b)
{
	if (!model->c->shape.str)
		return a.word == b.word;
	return a.length == b.length && !memcmp(a.bytes, b.bytes, a.length);
}

/* Returns the slot of this key in `numbers`, or the free slot for it. */
static uint32_t *find_slot(struct rm_model *model, struct rm_key key)
{
	size_t at = rm_keyset_hash(model->c->shape, key);

	for (;; at++) {
		uint32_t *slot = model->numbers + (at & model->numbers_mask);

		if (!*slot ||
		        same_key(model, rm_model_key(model, *slot - 1), key))
			return slot;
	}
}

int rm_model_number(struct rm_model *model)
{
	char buffer[RM_KEYSET_BYTES]; /* find_slot() uses model->buffer */
	size_t slots = 4;

	while (slots < model->keys * 2 + 2)
		slots *= 2;
	model->numbers = calloc(slots, sizeof(*model->numbers));
	model->numbers_mask = slots - 1;
	if (!model->numbers)
		return rm_error_set(model->error, -1, "out of memory");
	for (size_t i = 0; i < model->keys; i++)
		*find_slot(model, rm_model_key_in(model, i, buffer)) =
		        (uint32_t)i + 1;
	return 0;
}

/* Returns the number of a key, or model->keys if it is unknown. */
static size_t find_number(struct rm_model *model, struct rm_key key)
{
	uint32_t number = *find_slot(model, key);

	return number ? number - 1 : model->keys;
}

/* Checks each entry, so the message names the first wrong key. It stops the
 * scan after a wrong key or after `stop_after` entries. */
static bool visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct visit *v = context;
	struct rm_model *model = v->model;
	const size_t i = find_number(model, key);
	const char *fault = NULL;

	v->visits++;
	if (i == model->keys)
		fault = "visited a key that was never written";
	else if (!model->present[i])
		fault = "visited a key that was removed";
	else if (v->seen[i])
		fault = "visited a key twice";
	else if (!rm_model_same(model, value, &model->value[i]))
		fault = "returned a value other than the last one written";
	if (fault) {
		rm_model_fail(model, i, "scan", fault);
		v->failed = true;
		return false;
	}
	v->seen[i] = true;
	return v->visits != v->stop_after;
}

/* A scan that is stopped must give exactly `stop_after` entries, any of them.
 * Otherwise it must give all entries. */
static int scan_until(struct rm_model *model, size_t stop_after)
{
	struct visit v = { .model = model,
		.seen = calloc(model->keys + 1, sizeof(bool)),
		.stop_after = stop_after };
	const size_t expected = stop_after && stop_after < model->count
	                                ? stop_after
	                                : model->count;

	if (!v.seen)
		return rm_error_set(model->error, -1, "out of memory");
	model->ops->scan(model->thread, model->c->shape, visit, &v);
	for (size_t i = 0; !v.failed && v.visits < expected && i < model->keys;
	        i++)
		if (model->present[i] && !v.seen[i]) {
			rm_model_fail(model, i, "scan", "missed the key");
			v.failed = true;
		}
	if (!v.failed && v.visits != expected) {
		rm_model_fail(model, 0, "scan",
		        "continued after the callback returned false");
		v.failed = true;
	}
	free(v.seen);
	return v.failed ? -1 : 0;
}

int rm_model_scan(struct rm_model *model)
{
	if (!model->ops->scan)
		return 0;
	if (scan_until(model, 0))
		return -1;
	return model->count > 1 ? scan_until(model, model->count / 2) : 0;
}

/* Content of an out parameter that the call must not change. */
static const struct rm_value untouched = { { 0x5555555555555555U,
	0x6666666666666666U, 0x7777777777777777U } };

/* Compares one result with the array. `got`, unless it is NULL, must equal the
 * array's value, or be unchanged if the key is absent. Also calls quiescent(),
 * without which a table that grows after a grace period would never grow. */
static int check_result(struct rm_model *model, size_t i, const char *operation,
        bool was_there, const struct rm_value *got)
{
	const bool expected = model->present[i];

	if (++model->done % BATCH == 0)
		model->ops->quiesce(model->thread);
	rm_witness_count_progress();
	if (was_there != expected)
		return rm_model_fail(model, i, operation,
		        expected ? "returned absent, but the key is present"
		                 : "returned present, but the key is absent");
	if (!got)
		return 0;
	if (!expected && !rm_model_same(model, got, &untouched))
		return rm_model_fail(model, i, operation,
		        "stored a value although the key is absent");
	if (expected && !rm_model_same(model, got, &model->value[i]))
		return rm_model_fail(model, i, operation,
		        "returned a value other than the last one written");
	return 0;
}

int rm_model_lookup(struct rm_model *model, size_t i)
{
	struct rm_value got = untouched;
	bool was_there = model->ops->lookup(
	        model->thread, model->c->shape, rm_model_key(model, i), &got);

	return check_result(model, i, "lookup", was_there, &got);
}

int rm_model_lookup_many(struct rm_model *model, size_t from, unsigned count)
{
	struct rm_key keys[RM_MODEL_MANY] = { { 0 } };
	struct rm_value got[RM_MODEL_MANY];
	uint64_t found;

	for (unsigned k = 0; k < count; k++) {
		keys[k] = rm_model_key_in(model, from + k, model->many[k]);
		got[k] = untouched;
	}
	found = model->ops->lookup_many(
	        model->thread, model->c->shape, keys, count, got);
	for (unsigned k = 0; k < count; k++)
		if (check_result(model, from + k, "lookup_many", found >> k & 1,
		            &got[k]))
			return -1;
	if (found >> (count - 1) > 1)
		return rm_model_fail(model, from, "lookup_many",
		        "found a key that was not in the batch");
	return 0;
}

int rm_model_upsert(struct rm_model *model, size_t i)
{
	struct rm_value value = rm_model_value(model);
	bool was_there = rm_map_upsert(model->ops, model->thread,
	        model->c->shape, rm_model_key(model, i), &value);
	int code = check_result(model, i, "upsert", was_there, NULL);

	rm_model_put(model, i, &value);
	return code;
}

int rm_model_remove(struct rm_model *model, size_t i)
{
	bool was_there = rm_map_remove(model->ops, model->thread,
	        model->c->shape, rm_model_key(model, i));
	int code = check_result(model, i, "remove", was_there, NULL);

	rm_model_drop(model, i);
	return code;
}

static int step_exchange(struct rm_model *model, size_t i)
{
	struct rm_value value = rm_model_value(model), old = untouched;
	bool was_there = model->ops->exchange(model->thread, model->c->shape,
	        rm_model_key(model, i), &value, &old);
	int code = check_result(model, i, "exchange", was_there, &old);

	rm_model_put(model, i, &value);
	return code;
}

static int step_take(struct rm_model *model, size_t i)
{
	struct rm_value old = untouched;
	bool was_there = model->ops->take(
	        model->thread, model->c->shape, rm_model_key(model, i), &old);
	int code = check_result(model, i, "take", was_there, &old);

	rm_model_drop(model, i);
	return code;
}

static int step_insert_if_absent(struct rm_model *model, size_t i)
{
	struct rm_value value = rm_model_value(model), present = untouched;
	bool was_there = model->ops->insert_if_absent(model->thread,
	        model->c->shape, rm_model_key(model, i), &value, &present);
	int code = check_result(model, i, "insert_if_absent", was_there,
	        was_there ? &present : NULL);

	if (!model->present[i])
		rm_model_put(model, i, &value);
	return code;
}

/* Half of the expected values are the last stored value, because a random value
 * almost never matches. Sets *right to whether the comparison must succeed. It
 * must fail for an absent key, even with the last stored value. */
static struct rm_value draw_expected(
        struct rm_model *model, size_t i, bool *must_match)
{
	struct rm_value expected = rm_model_value(model);

	if (rm_next(&model->rng) % 2)
		expected = model->value[i];
	*must_match = model->present[i] &&
	              rm_model_same(model, &expected, &model->value[i]);
	return expected;
}

static int check_outcome(struct rm_model *model, size_t i,
        const char *operation, bool matched, bool must_match)
{
	if (matched == must_match)
		return 0;
	return rm_model_fail(model, i, operation,
	        must_match ? "returned false, but the expected value is present"
	                   : "returned true, but the expected value is not "
	                     "present");
}

static int step_compare_swap(struct rm_model *model, size_t i)
{
	struct rm_value value = rm_model_value(model);
	bool must_match;
	struct rm_value expected = draw_expected(model, i, &must_match);
	bool matched = model->ops->compare_swap(model->thread, model->c->shape,
	        rm_model_key(model, i), &expected, &value);

	model->done++;
	rm_witness_count_progress();
	if (must_match)
		rm_model_put(model, i, &value);
	return check_outcome(model, i, "compare_swap", matched, must_match);
}

static int step_compare_remove(struct rm_model *model, size_t i)
{
	bool must_match;
	struct rm_value expected = draw_expected(model, i, &must_match);
	bool matched = model->ops->compare_remove(model->thread,
	        model->c->shape, rm_model_key(model, i), &expected);

	model->done++;
	rm_witness_count_progress();
	if (must_match)
		rm_model_drop(model, i);
	return check_outcome(model, i, "compare_remove", matched, must_match);
}

/* Input of the callback of update(), and its observations. */
struct update_call {
	struct rm_value value, seen;
	bool was_there, write;
	unsigned calls;
};

static bool update_call(
        void *context, const struct rm_value *old, struct rm_value *value)
{
	struct update_call *call = context;

	/* a map that retries may call it again; the last call counts */
	call->calls++;
	call->was_there = old != NULL;
	call->seen = old ? *old : untouched;
	if (call->write)
		*value = call->value;
	return call->write;
}

static int step_update(struct rm_model *model, size_t i)
{
	struct update_call call = { .value = rm_model_value(model),
		.write = rm_next(&model->rng) % 4 != 0 };
	bool was_there = model->ops->update(model->thread, model->c->shape,
	        rm_model_key(model, i), update_call, &call);
	int code = check_result(model, i, "update", was_there, NULL);

	if (!call.calls)
		return rm_model_fail(
		        model, i, "update", "never called the function");
	if (!code)
		code = check_result(model, i, "update's old value",
		        call.was_there, &call.seen);
	if (call.write)
		rm_model_put(model, i, &call.value);
	return code;
}

/* Runs a rare operation, which costs as much as one operation on every key. */
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
			return rm_model_fail(model, 0, "length",
			        "differs from the number of keys present");
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

	/* rarer for large maps, so that these operations take a constant share
	 * of the time */
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
