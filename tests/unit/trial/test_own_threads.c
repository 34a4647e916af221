/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that the CPU time of a map's own threads is recorded, and not
   attributed to other programs. */
#include "tests/unit/trial/array_map.h"

#include <pthread.h>

static pthread_t spinner;
static atomic_bool ends;
static uint64_t spun_ns; /* total CPU time of the thread that the map creates */

static void *spin(void *unused)
{
	while (!atomic_load(&ends))
		;
	spun_ns = rm_thread_cpu_ns();
	return unused;
}

static void *create_spinner(const struct rm_sizing *sizing)
{
	atomic_store(&ends, false);
	if (pthread_create(&spinner, NULL, spin, NULL))
		abort();
	return create(sizing);
}

static void join_spinner(void *map)
{
	atomic_store(&ends, true);
	pthread_join(spinner, NULL);
	destroy(map);
}

static struct rm_map_ops spinning_ops;

/* Returns the member "environment" of a trial of 150 ms. */
static json_t *environment_of(const struct rm_impl *map)
{
	struct rm_request request = small_request("array");
	json_t *result, *environment;

	request.cell.window_ops = 0;
	request.cell.window_ns = 150000000;
	result = run_on(&request, map);
	if (!is(result, "ok", ""))
		abort();
	environment = json_incref(json_object_get(result, "environment"));
	json_decref(result);
	return environment;
}

static void a_thread_of_the_map_is_recorded(void)
{
	struct rm_impl spinning = impl;
	json_t *environment;

	spinning_ops = ops;
	spinning_ops.create = create_spinner;
	spinning_ops.destroy = join_spinner;
	spinning.ops = &spinning_ops;
	spinning.caps = RM_CAP_BACKGROUND;
	environment = environment_of(&spinning);
	double own_ns = number_of(environment, "own_threads_cpu_ns");

	printf("# %.1f ms in the window, %.1f ms in total\n", own_ns / 1e6,
	        (double)spun_ns / 1e6);
	CHECK(json_is_true(json_object_get(environment, "own_threads")),
	        "a map with threads of its own is marked in the result");
	/* members use a little CPU time outside their windows */
	CHECK(own_ns > 1e6 && own_ns < (double)spun_ns + 5e6,
	        "the CPU time of these threads in the window is recorded");
	json_decref(environment);
}

static void a_map_without_threads_has_none(void)
{
	json_t *environment = environment_of(&impl);

	CHECK(json_is_false(json_object_get(environment, "own_threads")) &&
	                number_of(environment, "own_threads_cpu_ns") == 0,
	        "a map without threads of its own has CPU time 0");
	json_decref(environment);
}

int main(void)
{
	a_thread_of_the_map_is_recorded();
	a_map_without_threads_has_none();
	return DONE();
}
