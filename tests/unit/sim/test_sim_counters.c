/* SPDX-License-Identifier: Apache-2.0 */
/* test_sim_counters.c - watched lines and sites in the results of the simulated
   machine's program: an incomplete list is omitted, and stopping fails. */
#include "tests/unit/support/counted_heap.h"
/* included after the others, so that only its allocations are counted */
#include "runner/sim/model/watch.c"
#include "runner/sim/program/counters.c"

#include "tests/unit/sim/sim_fixture.h"
#include "tests/unit/tap.h"

enum { CORES = 2, WATCHED = 3, LINES = 5 };

/* Replaces runner/sim/guest/. */
static struct rm_sim_world world;
struct rm_sim_world *rm_sim_world = &world;

struct rm_sim *rm_sim_world_model(void)
{
	return world.model;
}

uint64_t rm_sim_space_image(const void *address)
{
	return (uintptr_t)address;
}

/* Makes each core write the lines of the other. If `full`, all allocations
   fail. */
static int window(struct rm_counters *session, bool full)
{
	if (rm_counters_start(session))
		return 1;
	heap_is_full = full;
	for (uint64_t line = 0; line < LINES; line++)
		for (unsigned id = 0; id < CORES; id++)
			sim_do(world.model, id, line * 64, 8, RM_SIM_STORE);
	heap_is_full = false;
	return rm_counters_stop(session);
}

/* True if the result has the lists if and only if `lists` is true. */
static bool answers(const struct rm_counters *session, bool lists)
{
	json_t *result = rm_counters_result(session);
	const json_t *lines = json_object_get(result, "lines");
	const json_t *sites = json_object_get(result, "sites");
	bool right = lists ? json_array_size(lines) == WATCHED &&
	                             json_array_size(sites) == 1
	                   : result && !lines && !sites;

	json_decref(result);
	return right;
}

static void watches(bool full)
{
	struct rm_sim_mach mach = sim_mach("1Ki 2-way lru", "none", "none");
	json_t *request = json_pack(
	        "{s:s, s:i}", "backend", "sim", "watch", (int)WATCHED);
	struct rm_counters *session = NULL;
	struct rm_error error = { "" };

	world.model = sim_start(&mach, CORES, 1 << 16);
	CHECK(!rm_counters_open(request, CORES, NULL, &session, &error),
	        "a session opens");
	CHECK(window(session, full) == (full ? -ENOMEM : 0),
	        full ? "if a line was lost, stopping fails" : "a window stops");
	CHECK(answers(session, !full),
	        full ? "after a lost line the lists are missing, not empty"
	             : "the requested number of hottest lines is reported");
	rm_counters_close(session);
	json_decref(request);
	rm_sim_destroy(world.model);
}

int main(void)
{
	watches(false);
	watches(true);
	return DONE();
}
