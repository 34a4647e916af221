/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_lengths.c - maps whose scans promise a point in time return an exact
 * length.
 *
 * A writer repeatedly removes the oldest key and inserts a new one. So the map
 * always has all of its keys, or all but one. A length that is summed up during
 * writes may miss more keys, or count both.
 *
 * slow: it is linked with each map of the build.
 */
#include "runner/impl.h"
#include "runner/keys.h"
#include "tests/unit/find_map.h"
#include "tests/unit/tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { KEYS = 2000, LENGTHS = 30000, SEED = 7 };

struct count {
	const struct rm_impl *impl;
	void *map;
	atomic_bool begun, done;
};

static struct rm_key key_of(uint64_t rank)
{
	return (struct rm_key){ .word = rm_scatter(rank) };
}

static void put(const struct rm_map_ops *ops, void *thread, uint64_t rank)
{
	const struct rm_value value = { { rank } };

	rm_map_upsert(ops, thread, RM_U64X8, key_of(rank), &value);
}

static void *write_work(void *context)
{
	struct count *count = context;
	const struct rm_map_ops *ops = count->impl->ops;
	void *thread = ops->join(count->map, 0);

	for (uint64_t i = 0; !atomic_load(&count->done); i++) {
		rm_map_remove(ops, thread, RM_U64X8, key_of(i));
		put(ops, thread, i + KEYS);
		ops->quiesce(thread);
		if (i == KEYS)
			atomic_store(&count->begun, true);
	}
	ops->leave(thread);
	return NULL;
}

/* Returns how often length() returned a length that the map never had. */
static unsigned wrong_lengths(struct count *count)
{
	const struct rm_map_ops *ops = count->impl->ops;
	void *thread = ops->join(count->map, 1);
	unsigned wrong = 0;

	while (!atomic_load(&count->begun))
		ops->quiesce(thread);
	for (unsigned i = 0; i < LENGTHS; i++) {
		const size_t length = ops->length(thread);

		wrong += length != KEYS && length != KEYS - 1;
		ops->quiesce(thread);
	}
	ops->leave(thread);
	return wrong;
}

static void length_check(const struct rm_impl *impl)
{
	const struct rm_sizing sizing = { .keys = KEYS,
		.presize = true,
		.threads = 2,
		.shape = RM_U64X8,
		.seed = SEED };
	struct count count = { .impl = impl,
		.map = impl->ops->create(&sizing) };
	void *thread = impl->ops->join(count.map, 0);
	unsigned wrong;
	pthread_t id;

	for (uint64_t rank = 0; rank < KEYS; rank++)
		put(impl->ops, thread, rank);
	impl->ops->leave(thread);
	pthread_create(&id, NULL, write_work, &count);
	wrong = wrong_lengths(&count);
	atomic_store(&count.done, true);
	pthread_join(id, NULL);
	impl->ops->destroy(count.map);
	if (wrong)
		printf("# %u of %u lengths\n", wrong, (unsigned)LENGTHS);
	CHECK(wrong == 0, impl->id);
}

/* True for a complete map that two threads may use and that promises an exact
   length. */
static bool promises(const struct rm_impl *impl)
{
	return rm_impl_is_map(impl) && impl->ops->length && !impl->misuse &&
	       !strcmp(impl->guarantees, "point-in-time") &&
	       !(impl->caps & (RM_CAP_NO_STATE | RM_CAP_UNSAFE |
	                              RM_CAP_UNSAFE_INSERT));
}

static unsigned checked;

static void check_if_promised(const struct rm_impl *impl)
{
	if (promises(impl) && impl->drive[0]) {
		length_check(impl);
		checked++;
	}
}

int main(void)
{
	each_map(check_if_promised);
	CHECK(checked > 0, "some maps promise an exact length");
	return DONE();
}
