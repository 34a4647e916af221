/* SPDX-License-Identifier: Apache-2.0 */
/* model_scan.c - scan against the model; and bulk prefill. */
#include "runner/check/model.h"

#include <stdlib.h>
#include <string.h>

struct visit {
	struct rm_model *model;
	bool *seen; /* by key number */
	size_t visits, stop_after;
	bool failed;
};

static bool same(const struct rm_model *model, struct rm_key a, struct rm_key b)
{
	if (!model->c->shape.str)
		return a.word == b.word;
	return a.length == b.length && !memcmp(a.bytes, b.bytes, a.length);
}

/* Where the number of this key stands in `numbers`, or the free place. */
static uint32_t *place_of(struct rm_model *model, struct rm_key key)
{
	size_t at = rm_keyset_hash(model->c->shape, key);

	for (;; at++) {
		uint32_t *place = model->numbers + (at & model->numbers_mask);

		if (!*place ||
		        same(model, rm_model_key(model, *place - 1), key))
			return place;
	}
}

int rm_model_number(struct rm_model *model)
{
	char buffer[RM_KEYSET_BYTES]; /* place_of() needs the model's own */
	size_t places = 4;

	while (places < model->keys * 2 + 2)
		places *= 2;
	model->numbers = calloc(places, sizeof(*model->numbers));
	model->numbers_mask = places - 1;
	if (!model->numbers)
		return rm_error_set(model->error, -1, "out of memory");
	for (size_t i = 0; i < model->keys; i++)
		*place_of(model, rm_model_key_in(model, i, buffer)) =
		        (uint32_t)i + 1;
	return 0;
}

/* The number of a key; model->keys if it is none of ours. */
static size_t number_of(struct rm_model *model, struct rm_key key)
{
	uint32_t number = *place_of(model, key);

	return number ? number - 1 : model->keys;
}

static bool visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct visit *v = context;
	struct rm_model *model = v->model;
	const size_t i = number_of(model, key);
	const char *what = NULL;

	v->visits++;
	if (i == model->keys)
		what = "visited a key that was never written";
	else if (!model->present[i])
		what = "visited a key that was removed";
	else if (v->seen[i])
		what = "visited a key twice";
	else if (!rm_model_same(model, value, &model->value[i]))
		what = "gave a value that is not the last one written";
	if (what) {
		rm_model_fail(model, i, "scan", what);
		v->failed = true;
		return false;
	}
	v->seen[i] = true;
	return v->visits != v->stop_after;
}

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
			rm_model_fail(model, i, "scan", "left out the key");
			v.failed = true;
		}
	if (!v.failed && v.visits != expected) {
		rm_model_fail(model, 0, "scan", "went on after false");
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
