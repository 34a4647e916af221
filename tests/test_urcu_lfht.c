/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_urcu_lfht.c - liburcu's table against a model and against threads.
 *
 * Not for ThreadSanitizer, which knows nothing of liburcu's own barriers: the
 * library is not instrumented, and every node it frees looks like a race.
 */
#include "runner/impl_table.h"
#include "tests/map_model.h"
#include "tests/map_race.h"

enum { LIMIT = 64 << 10, NODES = 20000 };

static void *write_much(void *context)
{
	void *const *const args = context; /* impl, map */
	const struct rm_map_ops *ops = ((const struct rm_impl *)args[0])->ops;
	void *thread = ops->join(args[1], 0);
	struct rm_key key = { .word = 1 };
	struct rm_value value = { { 2 } };

	for (int i = 0; i <= NODES; i++) {
		ops->upsert(thread, RM_U64X8, key, &value);
		ops->quiesce(thread);
	}
	ops->leave(thread);
	return NULL;
}

static void the_limit_holds_writers(const struct rm_impl *impl)
{
	struct rm_sizing sizing = { .keys = 1,
		.threads = 2,
		.retired_limit_bytes = LIMIT,
		.shape = RM_U64X8 };
	void *map = impl->ops->create(&sizing);
	void *reader = impl->ops->join(map, 1);
	void *args[2] = { (void *)(uintptr_t)impl, map };
	pthread_t writer;

	pthread_create(&writer, NULL, write_much, args);
	while (race_stat(impl, map, "grace_waiting") == 0 &&
	        race_stat(impl, map, "retired") < NODES)
		sched_yield();
	CHECK(race_stat(impl, map, "freed") == 0,
	        "a stalled reader makes retired grow");
	CHECK(race_stat(impl, map, "retired_bytes") <= LIMIT * 1.25,
	        "up to the limit, where the writer waits");
	while (race_stat(impl, map, "retired") < NODES) {
		impl->ops->quiesce(reader);
		sched_yield();
	}
	impl->ops->leave(reader);
	pthread_join(writer, NULL);
	CHECK(race_stat(impl, map, "grace_waits") >= 1, "the wait is counted");
	CHECK(race_stat(impl, map, "retired_peak_bytes") <= LIMIT * 1.25,
	        "the peak stays at the limit");
	CHECK(race_stat(impl, map, "freed") == NODES,
	        "the last one that leaves finds everything freed");
	impl->ops->destroy(map);
}

int main(void)
{
	const struct rm_impl *impl = rm_impl_find("urcu_lfht");

	if (!impl) {
		SKIP("urcu_lfht agrees with the model", "liburcu is missing");
		return DONE();
	}
	model_check(impl, 300000);
	race_check(impl, 30000, false);
	the_limit_holds_writers(impl);
	return DONE();
}
