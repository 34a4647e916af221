/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_urcu_lfht.c - tests liburcu's table with a model and with threads.
 *
 * This test is not for ThreadSanitizer. The library is not instrumented, so its
 * barriers are unknown and every freed node looks like a race.
 */
#include "runner/impl.h"
#include "tests/unit/map_model.h"
#include "tests/unit/map_race.h"
#include "tests/unit/map_stall.h"

enum { PINNED_LIMIT = 4 << 10, PINNED_WRITES = 1000 };

struct pinned {
	const struct rm_map_ops *ops;
	void *thread;
};

static bool write_much(
        void *context, struct rm_key key, const struct rm_value *value)
{
	const struct pinned *pinned = context;

	for (int i = 0; i < PINNED_WRITES; i++)
		rm_map_upsert(
		        pinned->ops, pinned->thread, RM_U64X8, key, value);
	return false;
}

/* Nodes retired during a scan are freed after it, even above the limit. */
static void scans_stay_online(const struct rm_impl *impl)
{
	const struct rm_sizing sizing = { .keys = 1,
		.threads = 1,
		.retired_limit_bytes = PINNED_LIMIT,
		.shape = RM_U64X8 };
	const struct rm_value value = { { 2 } };
	void *map = impl->ops->create(&sizing);
	struct pinned pinned = { impl->ops, impl->ops->join(map, 0) };

	rm_map_upsert(impl->ops, pinned.thread, RM_U64X8,
	        (struct rm_key){ .word = 1 }, &value);
	impl->ops->scan(pinned.thread, RM_U64X8, write_much, &pinned);
	CHECK(race_stat(impl, map, "retired_bytes") > 2 * PINNED_LIMIT &&
	                race_stat(impl, map, "grace_waits") == 0 &&
	                race_stat(impl, map, "freed") == 0,
	        "a scan whose function writes does not wait");
	write_much(&pinned, (struct rm_key){ .word = 1 }, &value);
	CHECK(race_stat(impl, map, "grace_waits") > 0,
	        "after the scan the writer waits at the limit");
	impl->ops->leave(pinned.thread);
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
	stall_check(impl);
	scans_stay_online(impl);
	return DONE();
}
