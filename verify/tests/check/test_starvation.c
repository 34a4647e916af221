/* SPDX-License-Identifier: Apache-2.0 */
/* test_starvation.c - tests the check `starvation` on a map whose thread 0
 * waits in each operation until thread 1 has completed 1,100. The result does
 * not depend on the speed of the machine. */
#include "impls/support/no_handle.h"
#include "runner/base/clock.h"
#include "tests/unit/tap.h"
#include "verify/check/internal.h"

#include <sched.h>
#include <string.h>

enum { OVERTAKE = 1100, BUSY_NS = 600000 };

static size_t slots[2] = { 0, 1 };
static bool waits; /* thread 0, in this map */

static void *create(const struct rm_sizing *sizing)
{
	(void)sizing;
	return slots;
}

static void *join(void *map, size_t slot)
{
	return (size_t *)map + slot;
}

static uint64_t ended_by_1(void)
{
	return atomic_load(&rm_witness()->threads[1].ticks);
}

static bool work(const void *thread)
{
	const uint64_t before = ended_by_1(), began_ns = rm_thread_cpu_ns();

	while (waits && thread == slots &&
	        (ended_by_1() < before + OVERTAKE ||
	                rm_thread_cpu_ns() < began_ns + BUSY_NS))
		sched_yield();
	return false;
}

static bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	(void)shape, (void)key, (void)value;
	return work(thread);
}

static bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	(void)shape, (void)key, (void)value;
	return work(thread);
}

static bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	(void)shape, (void)key;
	return work(thread);
}

static const struct rm_map_ops ops = { .create = create,
	.destroy = nothing,
	.join = join,
	.leave = nothing,
	.quiesce = nothing,
	.lookup = lookup,
	.upsert = upsert,
	.remove = remove_key };

static int run(const char *promise, bool thread_0_waits, struct rm_error *error)
{
	const struct rm_impl impl = {
		.ops = &ops, .progress = promise, .guarantees = "none"
	};
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X8,
		.seed = 1,
		.ops = 24,
		.threads = 2 };

	waits = thread_0_waits;
	error->text[0] = '\0';
	return rm_check_starvation(&c, error);
}

int main(void)
{
	struct rm_error error;

	CHECK(run("starvation-free", true, &error) == -1 &&
	                !strncmp(error.text, "starvation: ", 12),
	        "a map that promises that no operation starves fails");
	CHECK(run("wait-free", true, &error) == -1,
	        "a map that promises to be wait-free fails");
	CHECK(!run("blocking", true, &error) &&
	                strstr(error.text, "starvation: "),
	        "for a blocking map the result mentions starvation, but "
	        "passes");
	CHECK(!run("wait-free", false, &error) &&
	                !strstr(error.text, "starvation: "),
	        "a map that does not wait passes");
	return DONE();
}
