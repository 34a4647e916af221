/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched.c - selects the running core: the one with the earliest virtual time,
 * then the lowest number.
 *
 * A tournament tree over all cores: core i is leaf cores + i, the parent of
 * node n is n / 2. Each node keeps the two earliest keys below it. One walk to
 * the root thus finds the next core, and the time at which it must let the
 * second core run.
 */
#include "runner/sim/model/internal.h"

#include <assert.h>

#define NEVER UINT64_MAX /* key of a core that waits */

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a < b ? b : a;
}

/* Makes a key. The time is in the upper bits and the core in the lower bits, so
   one comparison also orders equal times. Times of 2^57 and above (e.g.
   RM_SIM_FOREVER) must not occur. */
static uint64_t key_of(uint64_t time, unsigned id)
{
	return time >> 57 ? NEVER : time << 7 | id;
}

static void set_key(struct rm_sim *sim, unsigned id, uint64_t key)
{
	unsigned at = sim->cores + id;
	struct rm_sim_node best = { key, NEVER };

	sim->node[at] = best;
	for (; at > 1; at /= 2) {
		const struct rm_sim_node *other = &sim->node[at ^ 1];
		uint64_t loser = max(best.first, other->first);

		best.second = min(loser, min(best.second, other->second));
		best.first = min(best.first, other->first);
		sim->node[at / 2] = best;
	}
}

void rm_sim_limit(struct rm_sim_core *core, uint64_t due)
{
	struct rm_sim *sim = core->sim;

	due = min(due, sim->bound);
	core->due = due;
	sim->soft = due == NEVER ? NEVER : due + sim->mach.quantum;
	/* while cores are watched, every access must take the slow path */
	core->deadline = sim->watched ? 0 : due;
	core->soft = sim->watched ? 0 : sim->soft;
}

void rm_sim_set_bound(struct rm_sim *sim, uint64_t bound)
{
	sim->bound = bound;
	if (sim->running)
		rm_sim_limit(sim->running, sim->running->due);
}

static void time_out(struct rm_sim *sim, struct rm_sim_core *core)
{
	core->now = max(core->now, sim->until[core->id]);
	core->state = RM_SIM_READY;
	core->timed_out = true;
	sim->waiting--;
}

static struct rm_sim_core *select_next(struct rm_sim *sim)
{
	const struct rm_sim_node *root = &sim->node[1];
	struct rm_sim_core *next;

	if (root->first == NEVER) {
		sim->running = NULL;
		return NULL;
	}
	next = rm_sim_core_at(sim, root->first & 127);
	if (next->state == RM_SIM_WAITING)
		time_out(sim, next);
	next->count[RM_SIM_TURNS] += next != sim->running;
	sim->running = next;
	rm_sim_limit(next, root->second == NEVER ? NEVER : root->second >> 7);
	next->after = root->second & 127;
	if (root->second != NEVER) {
		/* Prefetches the state of the core that most often runs after
		   `next`. With 128 cores, each switch would miss the host's
		   L1d. */
		const char *after =
		        (const char *)rm_sim_core_at(sim, next->after);

		__builtin_prefetch(after);
		__builtin_prefetch(after + 64);
		__builtin_prefetch(after + 128);
	}
	return next;
}

void rm_sim_spawn(struct rm_sim *sim, unsigned id, uint64_t at)
{
	struct rm_sim_core *core = rm_sim_core_at(sim, id);

	assert(id < sim->cores && core->state == RM_SIM_IDLE);
	core->now = max(core->now, at);
	core->state = RM_SIM_READY;
	set_key(sim, id, key_of(core->now, id));
	/* the new core may be earlier than the next one */
	if (sim->running)
		rm_sim_limit(sim->running, min(sim->running->due, core->now));
}

struct rm_sim_core *rm_sim_turn(struct rm_sim *sim)
{
	struct rm_sim_core *core = sim->running;

	if (core)
		set_key(sim, core->id, key_of(core->now, core->id));
	return select_next(sim);
}

struct rm_sim_core *rm_sim_finish(struct rm_sim *sim)
{
	sim->running->state = RM_SIM_IDLE;
	set_key(sim, sim->running->id, NEVER);
	return select_next(sim);
}

struct rm_sim_core *rm_sim_wait(
        struct rm_sim *sim, uint64_t futex, uint64_t until)
{
	struct rm_sim_core *core = sim->running;
	unsigned id = core->id;

	core->state = RM_SIM_WAITING;
	core->timed_out = false;
	core->count[RM_SIM_FUTEX_WAITS]++;
	sim->futex[id] = futex;
	sim->until[id] = until;
	sim->queued[id] = sim->ticket++;
	sim->waiting++;
	set_key(sim, id, key_of(max(until, core->now), id));
	return select_next(sim);
}

/* Returns the core that has waited longest for `futex`, or NULL. */
static struct rm_sim_core *longest(struct rm_sim *sim, uint64_t futex)
{
	struct rm_sim_core *found = NULL;

	for (unsigned id = 0; id < sim->cores; id++) {
		struct rm_sim_core *core;

		if (sim->futex[id] != futex)
			continue;
		core = rm_sim_core_at(sim, id);
		if (core->state == RM_SIM_WAITING &&
		        (!found || sim->queued[id] < sim->queued[found->id]))
			found = core;
	}
	return found;
}

unsigned rm_sim_wake(struct rm_sim *sim, uint64_t futex, unsigned most)
{
	struct rm_sim_core *waker = sim->running;
	uint64_t at = waker->now + sim->cost[RM_SIM_COST_WAKE];
	unsigned woken = 0;

	waker->count[RM_SIM_FUTEX_WAKES]++;
	for (; woken < most && sim->waiting; woken++) {
		struct rm_sim_core *core = longest(sim, futex);

		if (!core)
			break;
		sim->waiting--;
		core->now = max(core->now, at);
		core->state = RM_SIM_READY;
		set_key(sim, core->id, key_of(core->now, core->id));
		rm_sim_limit(waker, min(waker->due, core->now));
	}
	return woken;
}
