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

/* The number of a key, found by asking: the keys of a set are not sorted. */
static size_t number_of(struct rm_model *model, struct rm_key key)
{
	for (size_t i = 0; i < model->keys; i++) {
		struct rm_key other = rm_model_key(model, i);

		if (!model->c->shape.str && other.word == key.word)
			return i;
		if (model->c->shape.str && other.length == key.length &&
		        !memcmp(other.bytes, key.bytes, key.length))
			return i;
	}
	return model->keys;
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
	enum { TOO_MANY = 600 }; /* number_of() makes a scan O(n^2) */

	if (!model->ops->scan || model->keys > TOO_MANY)
		return 0;
	if (scan_until(model, 0))
		return -1;
	return model->count > 1 ? scan_until(model, model->count / 2) : 0;
}
