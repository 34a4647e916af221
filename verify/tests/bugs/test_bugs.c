/* SPDX-License-Identifier: Apache-2.0 */
/* test_bugs.c - models of published bugs (verify/corpora/bugs/README.md): each
 * model is a correct map on one thread, unless its bug needs only one thread.
 * Each corrected version is also correct on several threads. With the argument
 * "twins" it tests the corrected versions only, for sanitizers.
 * slow: it compiles 66 maps; `make test` runs twelve of them in corpus.sh. */
#include "runner/base/rng.h"
#include "runner/impl.h"
#include "runner/keys.h"
#include "runner/map.h"
#include "tests/unit/tap.h"

#include <glob.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Some bugs are leaks, so leak detection is off here. `make
 * test-bugs-sanitized` detects leaks of the corrected versions. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

enum { KEYS = 3000, STEPS = 60000, THREADS = 6, RACE_STEPS = 20000 };

/* True if one thread suffices to show the bug. */
static bool fails_alone(const struct rm_impl *impl)
{
	return !strcmp(impl->id, "ck_217") || !strcmp(impl->id, "ck_282");
}

static bool is_twin(const struct rm_impl *impl)
{
	const char *end = strstr(impl->id, "_twin");

	return end && !end[strlen("_twin")];
}

/* 0 and all ones are keys, too. */
static struct rm_key key_of(uint64_t rank)
{
	struct rm_key_bytes line;

	if (rank < 2)
		return (struct rm_key){ .word = -rank };
	return rm_key_of(RM_U64X8, rank, &line);
}

struct model {
	const struct rm_map_ops *ops;
	void *thread;
	struct rm_shape shape;
	bool present[KEYS];
	struct rm_value value[KEYS];
	size_t count;
};

/* Compares the map's result with the model. */
static bool result_matches(const struct model *model, uint64_t rank,
        bool was_there, const struct rm_value *result)
{
	return was_there == model->present[rank] &&
	       (!was_there || !memcmp(result, &model->value[rank],
	                              model->shape.value_bytes));
}

static bool model_step(struct model *model, uint64_t rank, uint64_t x)
{
	const struct rm_map_ops *ops = model->ops;
	const struct rm_value value = rm_value_of(rank, 0, x & 0xffff);
	struct rm_value result = { { 0 } };
	const bool was_present = model->present[rank];
	bool correct, is_present = true;

	switch (x >> 16 & 7) {
	case 0:
	case 1:
		correct = result_matches(model, rank,
		        ops->exchange(model->thread, model->shape, key_of(rank),
		                &value, &result),
		        &result);
		break;
	case 2:
		correct = result_matches(model, rank,
		        ops->take(model->thread, model->shape, key_of(rank),
		                &result),
		        &result);
		is_present = false;
		break;
	case 3:
		if (!ops->insert_if_absent)
			return true;
		correct = result_matches(model, rank,
		        ops->insert_if_absent(model->thread, model->shape,
		                key_of(rank), &value, &result),
		        &result);
		if (was_present)
			return correct;
		break;
	default:
		return result_matches(model, rank,
		        ops->lookup(model->thread, model->shape, key_of(rank),
		                &result),
		        &result);
	}
	model->count += (size_t)is_present - was_present;
	model->present[rank] = is_present;
	model->value[rank] = value;
	return correct;
}

static bool count_entry(
        void *context, struct rm_key key, const struct rm_value *value)
{
	(void)key, (void)value;
	++*(size_t *)context;
	return true;
}

static bool check_whole_map(const struct model *model)
{
	size_t count = 0;

	if (model->ops->scan) {
		model->ops->scan(
		        model->thread, model->shape, count_entry, &count);
		if (count != model->count)
			return false;
	}
	return !model->ops->length ||
	       model->ops->length(model->thread) == model->count;
}

/* Alternates between few and many keys, so that maps grow and shrink. */
static bool run_model(const struct rm_impl *impl, struct rm_shape shape)
{
	static struct model model; /* too large for a stack */
	const struct rm_sizing sizing = {
		.keys = KEYS, .threads = 1, .shape = shape, .seed = 5
	};
	void *map = impl->ops->create(&sizing);
	uint64_t rng = rm_seed(7, 0);
	bool correct = true;

	model = (struct model){ .ops = impl->ops, .shape = shape };
	model.thread = impl->ops->join(map, 0);
	for (size_t i = 0; i < STEPS && correct; i++) {
		const uint64_t x = rm_next(&rng);

		correct = model_step(
		        &model, rm_below(x, i / 10000 % 2 ? KEYS : 12), x);
		if (i % 1000 == 0)
			correct = correct && check_whole_map(&model);
	}
	for (uint64_t rank = 0; rank < KEYS && correct; rank++)
		correct = model_step(&model, rank, 2 << 16);
	correct = correct && check_whole_map(&model);
	impl->ops->leave(model.thread);
	impl->ops->destroy(map);
	return correct;
}

struct worker {
	pthread_t id;
	const struct rm_map_ops *ops;
	struct rm_shape shape;
	void *map;
	unsigned slot;
	uint64_t sum; /* sum of written minus removed values, mod 2^64 */
	bool wrong;
};

static void race_step(struct worker *worker, void *thread, uint64_t x)
{
	const uint64_t rank = rm_below(x, x & 1 ? 6 : 400);
	const struct rm_key key = key_of(rank);
	const struct rm_value value =
	        rm_value_of(rank, worker->slot, x >> 8 & 0xffff);
	struct rm_value old = { { 0 } };
	const unsigned kind = x >> 4 & 15;
	bool was_there;

	if (kind < 3) {
		was_there = worker->ops->exchange(
		        thread, worker->shape, key, &value, &old);
		worker->sum += value.word[0] - (was_there ? old.word[0] : 0);
	} else if (kind < 5) {
		was_there = worker->ops->take(thread, worker->shape, key, &old);
		worker->sum -= was_there ? old.word[0] : 0;
	} else if (kind < 7 && worker->ops->insert_if_absent) {
		was_there = worker->ops->insert_if_absent(
		        thread, worker->shape, key, &value, &old);
		worker->sum += was_there ? 0 : value.word[0];
	} else {
		was_there =
		        worker->ops->lookup(thread, worker->shape, key, &old);
	}
	worker->wrong |=
	        was_there && rm_value_errors(worker->shape, &old, rank);
}

static void *race_work(void *context)
{
	struct worker *worker = context;
	void *thread = worker->ops->join(worker->map, worker->slot);
	uint64_t rng = rm_seed(3, worker->slot);
	size_t entries = 0;

	for (size_t i = 0; i < RACE_STEPS; i++) {
		race_step(worker, thread, rm_next(&rng));
		if (i % 64 == 0 && worker->ops->scan)
			worker->ops->scan(
			        thread, worker->shape, count_entry, &entries);
		if (i % 64 == 0 && worker->ops->length)
			worker->wrong |= worker->ops->length(thread) > 400;
	}
	worker->ops->leave(thread);
	return NULL;
}

/* The sum of written minus removed values must equal the sum of present
 * values. */
static bool run_race(const struct rm_impl *impl, struct rm_shape shape)
{
	const struct rm_sizing sizing = {
		.keys = KEYS, .threads = THREADS, .shape = shape, .seed = 5
	};
	struct worker workers[THREADS];
	void *map = impl->ops->create(&sizing);
	uint64_t sum = 0;
	bool correct = true;

	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){
			.ops = impl->ops, .shape = shape, .map = map, .slot = i
		};
		pthread_create(&workers[i].id, NULL, race_work, &workers[i]);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(workers[i].id, NULL);
		sum += workers[i].sum;
		correct = correct && !workers[i].wrong;
	}
	void *thread = impl->ops->join(map, 0);

	for (uint64_t rank = 0; rank < 400; rank++) {
		struct rm_value value;

		if (impl->ops->lookup(thread, shape, key_of(rank), &value))
			sum -= value.word[0];
	}
	impl->ops->leave(thread);
	impl->ops->destroy(map);
	return correct && !sum;
}

static void check_map(const struct rm_impl *impl, bool wide)
{
	const struct rm_shape shape = wide ? RM_U64X24 : RM_U64X8;
	char name[200];

	if (!(impl->shapes >> rm_shape_index(shape) & 1))
		return;
	snprintf(name, sizeof(name), "%s is %s on one thread, %u bytes",
	        impl->id, fails_alone(impl) ? "wrong" : "correct",
	        shape.value_bytes);
	CHECK(run_model(impl, shape) != fails_alone(impl), name);
	if (!is_twin(impl))
		return;
	snprintf(name, sizeof(name),
	        "%s loses no write on %d threads, %u bytes", impl->id, THREADS,
	        shape.value_bytes);
	CHECK(run_race(impl, shape), name);
}

int main(int argc, char **argv)
{
	const bool twins = argc > 1 && !strcmp(argv[1], "twins");
	glob_t files;

	if (glob("verify/corpora/bugs/*.c", 0, NULL, &files))
		abort();
	for (size_t i = 0; i < files.gl_pathc; i++) {
		char *id = strrchr(files.gl_pathv[i], '/') + 1;

		id[strcspn(id, ".")] = '\0';
		const struct rm_impl *impl = rm_impl_find(id);

		if (!impl || (twins && !is_twin(impl)))
			continue;
		check_map(impl, false);
		check_map(impl, true);
	}
	globfree(&files);
	return DONE();
}
