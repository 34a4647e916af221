/* SPDX-License-Identifier: Apache-2.0 */
/* map_stall.h - tests a stalled reader: memory grows to the limit, then writers
   wait. */
#ifndef RM_TEST_MAP_STALL_H
#define RM_TEST_MAP_STALL_H

#include "tests/unit/map_race.h"

#include <stdatomic.h>

enum { STALL_LIMIT = 64 << 10, STALL_WRITES = 20000 };

struct stall {
	const struct rm_impl *impl;
	void *map;
	atomic_bool done; /* true once the writer has left the map */
};

static void *stall_work(void *context)
{
	struct stall *stall = context;
	const struct rm_map_ops *ops = stall->impl->ops;
	void *thread = ops->join(stall->map, 0);
	struct rm_key key = { .word = 1 };
	struct rm_value value = { { 2 } };

	for (int i = 0; i <= STALL_WRITES; i++) {
		rm_map_upsert(ops, thread, RM_U64X8, key, &value);
		ops->quiesce(thread);
	}
	ops->leave(thread);
	atomic_store(&stall->done, true);
	return NULL;
}

/* A reader that never announces quiescence makes the writer wait at the
   limit. */
static void stall_check(const struct rm_impl *impl)
{
	struct rm_sizing sizing = { .keys = 1,
		.threads = 2,
		.retired_limit_bytes = STALL_LIMIT,
		.shape = RM_U64X8 };
	void *map = impl->ops->create(&sizing);
	void *reader = impl->ops->join(map, 1);
	struct stall stall = { .impl = impl, .map = map };
	pthread_t writer;

	pthread_create(&writer, NULL, stall_work, &stall);
	while (race_stat(impl, map, "grace_waiting") == 0 &&
	        !atomic_load(&stall.done))
		sched_yield();
	CHECK(race_stat(impl, map, "freed") == 0,
	        "a stalled reader makes retired memory grow");
	CHECK(race_stat(impl, map, "retired_bytes") <= STALL_LIMIT * 1.25,
	        "retired memory grows up to the limit, at which the writer "
	        "waits");
	while (race_stat(impl, map, "retired") < STALL_WRITES &&
	        !atomic_load(&stall.done)) {
		impl->ops->quiesce(reader);
		sched_yield();
	}
	impl->ops->leave(reader);
	pthread_join(writer, NULL);
	CHECK(race_stat(impl, map, "grace_waits") >= 1, "the wait is counted");
	CHECK(race_stat(impl, map, "retired_peak_bytes") <= STALL_LIMIT * 1.25,
	        "the peak stays at the limit");
	CHECK(race_stat(impl, map, "freed") == race_stat(impl, map, "retired"),
	        "everything is freed when the last thread has left");
	impl->ops->destroy(map);
}

#endif /* RM_TEST_MAP_STALL_H */
