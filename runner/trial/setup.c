/* SPDX-License-Identifier: Apache-2.0 */
/* setup.c - the first phase of a trial: placement, the worker's factors, keys. */
#include "runner/trial/team.h"

#include "runner/trial/stream.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>

/* Seeds of independent streams; the map's own is 1 (team.c). */
enum { SEED_OPERATIONS = 100, SEED_KEYS = 100000, SEED_ARRIVALS = 200000 };

static const struct rm_cell *cell_of(const struct rm_member *member)
{
	return &member->team->request->cell;
}

/* Binds this thread to one CPU and reads back what it got. */
static int pin(unsigned cpu, struct rm_error *error)
{
	size_t bytes = CPU_ALLOC_SIZE(cpu + 1);
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	int status = 0;

	if (!set)
		return rm_error_set(error, -ENOMEM, "out of memory");
	CPU_ZERO_S(bytes, set);
	CPU_SET_S(cpu, bytes, set);
	if (sched_setaffinity(0, bytes, set))
		status = rm_error_set(error, -errno,
		        "thread could not be placed on CPU %u: %s", cpu,
		        strerror(errno));
	else if (sched_getcpu() != (int)cpu)
		status = rm_error_set(error, -EXDEV,
		        "thread placed on CPU %u runs on CPU %d", cpu,
		        sched_getcpu());
	CPU_FREE(set);
	return status;
}

static bool needs_stream(const struct rm_cell *cell)
{
	return cell->dist != RM_DIST_UNIFORM && !cell->trace[0] &&
	       cell->measure != RM_MEASURE_VERIFY;
}

/* Probability that an iteration writes: pairs count as two operations. */
static double write_decisions(const struct rm_cell *cell)
{
	double w = cell->write_share;

	return cell->write_kind == RM_UPDATE ? w : w / (2 - w);
}

static void set_worker(struct rm_member *member)
{
	const struct rm_cell *cell = cell_of(member);
	struct rm_team *team = member->team;
	struct rm_worker *worker = &member->worker;
	uint64_t seed = team->request->seed;
	double below = write_decisions(cell) * 0x1p32;

	worker->stop = &team->stop;
	worker->head = &team->head;
	worker->rng = rm_seed(seed, SEED_OPERATIONS + worker->slot);
	worker->resident = team->resident;
	worker->span = team->span;
	worker->fresh_guard = team->fresh_guard;
	worker->write_kind = cell->write_kind;
	worker->threads = cell->threads;
	worker->loop_args = cell->loop.args;
	worker->write_below =
	        below >= 0xffffffffU ? 0xffffffffU : (uint32_t)below;
	member->pace.rng = rm_seed(seed, SEED_ARRIVALS + worker->slot);
	member->pace.poisson = cell->arrivals == RM_ARRIVALS_POISSON;
	if (cell->loop.kind == RM_LOOP_PACED)
		worker->pace = &member->pace;
}

/* Whether another thread has this one's CPU, so that spinning would harm. */
static bool shares_cpu(const struct rm_cell *cell, unsigned slot)
{
	cpu_set_t mask;

	for (unsigned i = 0; i < cell->cpu_count; i++)
		if (i != slot && cell->cpus[i] == cell->cpus[slot])
			return true;
	return !cell->cpu_count && !sched_getaffinity(0, sizeof(mask), &mask) &&
	       cell->threads > (unsigned)CPU_COUNT(&mask);
}

void rm_phase_setup(struct rm_member *member)
{
	const struct rm_cell *cell = cell_of(member);
	struct rm_worker *worker = &member->worker;

	/* sleeps of the open loop end when they should */
	prctl(PR_SET_TIMERSLACK, 1UL);
	if (cell->cpu_count && pin(cell->cpus[worker->slot], &member->error))
		return;
	set_worker(member);
	member->pace.oversubscribed = shares_cpu(cell, worker->slot);
	if (cell->trace[0])
		rm_replay_setup(member);
	if (!needs_stream(cell))
		return;
	worker->stream = rm_stream_create(cell, worker->slot, worker->resident,
	        worker->span, rm_seed(member->team->request->seed, SEED_KEYS),
	        &worker->stream_mask);
	worker->stream_mask--;
	if (!worker->stream)
		rm_error_set(&member->error, -ENOMEM,
		        "out of memory for the key stream");
}
