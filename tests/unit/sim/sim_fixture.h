/* SPDX-License-Identifier: Apache-2.0 */
/* sim_fixture.h - small simulated machines for the tests of the model. */
#ifndef RM_SIM_FIXTURE_H
#define RM_SIM_FIXTURE_H

#include "runner/base/rng.h"
#include "runner/sim/model/mach.h"
#include "runner/sim/model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Costs whose sums all differ, so that a wrong cost is detected. */
#define SIM_TINY_COSTS                                                       \
	"base = 1\nl1d-hit = 2\nl2-hit = 10\nllc-hit = 100\nmemory = 1000\n" \
	"transfer = 200\nupgrade = 50\nhold = 30\nhold-read = 7\nrmw = 16\n" \
	"fence = 20\nrelax = 40\nfutex = 500\nwake = 3000\nquantum = 20\n"   \
	"mhz = 1000\nrmw-loads = no\n"

/* Makes a machine from its levels, or ends the test program. */
static inline struct rm_sim_mach sim_mach(
        const char *l1d, const char *l2, const char *llc)
{
	struct rm_error error = { "" };
	struct rm_sim_mach mach;
	char text[1024];

	snprintf(text, sizeof(text), "l1d = %s\nl2 = %s\nllc = %s\n%s", l1d, l2,
	        llc, SIM_TINY_COSTS);
	if (rm_sim_mach_parse("tiny.conf", text, strlen(text), &mach, &error)) {
		printf("Bail out! %s\n", error.text);
		exit(1);
	}
	return mach;
}

static inline struct rm_sim *sim_make(
        const struct rm_sim_mach *mach, unsigned cores, uint64_t bytes)
{
	struct rm_error error = { "" };
	struct rm_sim *sim = NULL;

	if (rm_sim_create(mach, cores, bytes, &sim, &error)) {
		printf("Bail out! %s\n", error.text);
		exit(1);
	}
	return sim;
}

/* Like sim_make(), with all cores ready at time 1. */
static inline struct rm_sim *sim_start(
        const struct rm_sim_mach *mach, unsigned cores, uint64_t bytes)
{
	struct rm_sim *sim = sim_make(mach, cores, bytes);

	for (unsigned id = 0; id < cores; id++)
		rm_sim_spawn(sim, id, 1);
	return sim;
}

/* Calls rm_sim_access() with a constant for each kind. */
static inline bool sim_access(struct rm_sim_core *core, uint64_t offset,
        unsigned size, enum rm_sim_kind kind)
{
	uint32_t line = (uint32_t)(offset / RM_SIM_LINE_BYTES);
	uint64_t bytes = rm_sim_bytes(offset, size);

	switch (kind) {
	case RM_SIM_LOAD:
		return rm_sim_access(core, line, bytes, RM_SIM_LOAD, NULL);
	case RM_SIM_STORE:
		return rm_sim_access(core, line, bytes, RM_SIM_STORE, NULL);
	case RM_SIM_ATOMIC_LOAD:
		return rm_sim_access(
		        core, line, bytes, RM_SIM_ATOMIC_LOAD, NULL);
	case RM_SIM_ATOMIC_STORE:
		return rm_sim_access(
		        core, line, bytes, RM_SIM_ATOMIC_STORE, NULL);
	default:
		return rm_sim_access(core, line, bytes, RM_SIM_RMW, NULL);
	}
}

/* Runs the machine until core `id` runs at `time` or later. Earlier cores spend
   time until then. */
static inline struct rm_sim_core *sim_run_at(
        struct rm_sim *sim, unsigned id, uint64_t time)
{
	struct rm_sim_core *core = rm_sim_core(sim, id), *now;

	for (;;) {
		now = rm_sim_turn(sim);
		if (now == core && core->now >= time)
			return core;
		if (now->now < time)
			rm_sim_spend(now, time - now->now);
		else
			rm_sim_spend(now, 1);
	}
}

/* Makes an access by core `id`, regardless of the schedule. */
static inline void sim_do(struct rm_sim *sim, unsigned id, uint64_t offset,
        unsigned size, enum rm_sim_kind kind)
{
	struct rm_sim_core *core = rm_sim_core(sim, id);

	do
		sim_run_at(sim, id, core->now);
	while (!sim_access(core, offset, size, kind));
}

#endif /* RM_SIM_FIXTURE_H */
