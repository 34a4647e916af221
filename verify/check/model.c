/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - differential test on one thread: every operation that the map
 * offers, compared with an array. */
#include "verify/check/model.h"

#include "runner/base/rng.h"
#include "runner/base/sanitized.h"

#include <stdio.h>
#include <stdlib.h>

/* Sizes next to known growth thresholds: powers of two, their halves, and 13/2
 * keys per bucket as in Go's map. */
static const size_t sizes[] = { 0, 1, 2, 8, 9, 13, 14, 16, 17, 26, 27, 32, 33,
	52, 53, 64, 65, 104, 105, 128, 129, 208, 209, 256, 257, 416, 417, 512,
	513, 832, 833, 1024, 1025, 1664, 1665, 2048, 2049, 3328, 3329, 4097 };

enum {
	SIZES = sizeof(sizes) / sizeof(sizes[0]),
	SLOW_SIZE = 300,
	CHAIN_SIZE = 300, /* longer chains are only slower */
	LONG_SIZE = 200,  /* number of keys in the long sequence of each set */
	ONE_VISIT = 300,
	/* a set of this size contains every kind of edge key */
	EDGES_SIZE = 1100,
	COUNT_SIZE = 65537, /* more keys than a 16-bit counter can count */
	FEW_OPS = 100000
};

/* Looks up the same keys in batches of different lengths. */
static int check_batches(struct rm_model *model)
{
	const size_t all = model->keys * 2 + 2;
	unsigned count;

	for (size_t i = 0; i < all; i += count) {
		count = 1 + (unsigned)(rm_next(&model->rng) % RM_MODEL_MANY);
		if (count > all - i)
			count = (unsigned)(all - i);
		if (rm_model_lookup_many(model, i, count))
			return -1;
	}
	return 0;
}

/* Looks up every key, and the same number of keys that were never inserted. */
static int check_all_keys(struct rm_model *model)
{
	for (size_t i = 0; i < model->keys * 2 + 2; i++)
		if (rm_model_lookup(model, i))
			return -1;
	if (model->ops->lookup_many && check_batches(model))
		return -1;
	if (model->ops->length &&
	        model->ops->length(model->thread) != model->count)
		return rm_error_set(model->error, -1,
		        "length() is %zu, but %zu keys are present; %zu keys, "
		        "presize %s",
		        model->ops->length(model->thread), model->count,
		        model->keys, model->presize ? "yes" : "no");
	if (rm_model_scan(model))
		return -1;
	return rm_case_invariants(model->c, model->map, model->error);
}

/* Grows the map over every threshold, changes it at random, and empties it. The
 * largest map is not changed at random, because that would take too long. */
static int run_phases(struct rm_model *model, uint64_t ops)
{
	/* inserts per 8 writes: the map grows, is steady, shrinks ... */
	static const unsigned weights[] = { 7, 4, 1, 4, 6 };

	for (size_t i = 0; i < model->keys; i++)
		if (rm_model_upsert(model, i) ||
		        rm_model_lookup(model, i / 2) ||
		        rm_model_lookup(model, i + 1))
			return -1;
	if (check_all_keys(model))
		return -1;
	for (size_t p = 0; model->keys < COUNT_SIZE &&
	                   p < sizeof(weights) / sizeof(weights[0]);
	        p++) {
		for (uint64_t n = 0; n < ops / 5; n++)
			if (rm_model_step(model, weights[p]))
				return -1;
		if (check_all_keys(model))
			return -1;
	}
	for (size_t i = 0; i < model->keys; i++)
		if (rm_model_remove(model, i) ||
		        rm_model_lookup(model, model->keys - 1 - i))
			return -1;
	return check_all_keys(model);
}

/* Leaves and joins again, or lets another slot continue. */
static int run_sessions(struct rm_model *model, uint64_t ops)
{
	const unsigned slots[] = { 0, model->c->threads - 1, 0 };
	const size_t visits = model->keys < ONE_VISIT ? 3 : 1;

	for (size_t s = 0; s < visits; s++) {
		int code;

		model->thread = model->ops->join(model->map, slots[s]);
		if (!model->thread)
			return rm_error_set(model->error, -1,
			        "join(%u) returned NULL", slots[s]);
		code = run_phases(model, ops / visits);
		model->ops->quiesce(model->thread);
		model->ops->leave(model->thread);
		if (code)
			return -1;
	}
	return 0;
}

/* Computes the words of a chain once per model. */
static int prepare_chain(struct rm_model *model)
{
	const size_t words = model->keys * 2 + 2;

	if (model->set != RM_KEYS_CHAIN || model->c->shape.str)
		return 0;
	model->chain = calloc(words, sizeof(*model->chain));
	if (!model->chain)
		return rm_error_set(model->error, -1, "out of memory");
	for (size_t i = 0; i < words; i++)
		model->chain[i] = rm_keyset_chain(i, model->c->seed);
	return 0;
}

/* Each map of a check gets other operations, because its seed contains the size
 * times 8 plus a number below 8 for key set and presizing. */
static int check_map(const struct rm_check_case *c, enum rm_keyset set,
        size_t keys, bool presize, uint64_t ops, struct rm_error *error)
{
	struct rm_model model = { .c = c,
		.ops = c->impl->ops,
		.set = set,
		.keys = keys,
		.presize = presize,
		.error = error,
		.rng = rm_seed(c->seed, keys * 8 + set * 2 + presize) };
	int code = -1;

	model.present = calloc(keys * 2 + 2, sizeof(*model.present));
	model.value = calloc(keys * 2 + 2, sizeof(*model.value));
	model.map = rm_case_create(c, keys, presize, error);
	model.many = malloc(RM_MODEL_MANY * sizeof(*model.many));
	if (!model.present || !model.value || !model.many)
		rm_error_set(error, -1, "out of memory");
	else if (model.map && !prepare_chain(&model) &&
	         !rm_model_number(&model))
		code = run_sessions(&model, ops);
	if (model.map)
		model.ops->destroy(model.map);
	free(model.present);
	free(model.value);
	free(model.many);
	free(model.numbers);
	free(model.chain);
	return code;
}

/* The largest sizes take three quarters of the time, even with few operations.
 * Memory errors can occur at thresholds of any size, so sanitizer runs with few
 * operations keep only the largest of the sizes above EDGES_SIZE, without
 * presizing. */
static bool is_skipped(const struct rm_check_case *c, size_t i, bool presize)
{
	return rm_sanitized() && c->ops < FEW_OPS && sizes[i] > EDGES_SIZE &&
	       (presize || i < SIZES - 1);
}

/* Fills one map that is so large that a 16-bit counter of keys wraps. Presized:
 * liburcu's table may stop growing (verify/found/urcu_lfht.md). */
static int check_count(const struct rm_check_case *c, struct rm_error *error)
{
	if (c->impl->caps & RM_CAP_SLOW_WRITES || rm_sanitized())
		return 0;
	return check_map(c, RM_KEYS_RANKS, COUNT_SIZE, true, 0, error);
}

/* Runs a set at every size, presized and not, and then one long sequence. */
static int check_set(const struct rm_check_case *c, enum rm_keyset set,
        struct rm_error *error)
{
	const uint64_t share = rm_case_ops(c) / RM_KEYSETS;
	const size_t largest = c->impl->caps & RM_CAP_SLOW_WRITES ? SLOW_SIZE
	                       : set == RM_KEYS_CHAIN             ? CHAIN_SIZE
	                                                          : SIZE_MAX;

	for (size_t i = 0; i < SIZES && sizes[i] <= largest; i++)
		/* chain keys collide at every table size */
		for (int presize = 0; presize < (set == RM_KEYS_CHAIN ? 1 : 2);
		        presize++)
			if (!is_skipped(c, i, presize) &&
			        check_map(c, set, sizes[i], presize,
			                share / (SIZES * 4) + sizes[i], error))
				return -1;
	return check_map(c, set, LONG_SIZE, false, share / 2, error);
}

int rm_check_model(const struct rm_check_case *c, struct rm_error *error)
{
	struct rm_check_case chain = *c;

	chain.seed = rm_keyset_seed(c->seed);
	for (int set = 0; set < RM_KEYSETS; set++)
		if (check_set(set == RM_KEYS_CHAIN ? &chain : c,
		            (enum rm_keyset)set, error))
			return -1;
	return check_count(c, error);
}
