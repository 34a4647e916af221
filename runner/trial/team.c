/* SPDX-License-Identifier: Apache-2.0 */
/* team.c - starts the threads of a trial, and runs its phases on them. */
#include "runner/trial/internal.h"

#include "runner/base/clock.h"
#include "runner/impl.h"
#include "runner/trial/events.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

static void wait_at_barrier(struct rm_member *member)
{
	const struct rm_map_ops *ops = member->team->impl->ops;
	void *thread = member->worker.thread;

	if (thread && ops->park)
		ops->park(thread);
	pthread_barrier_wait(&member->team->barrier);
	if (thread && ops->park)
		ops->unpark(thread);
}

static void *member_main(void *argument)
{
	struct rm_member *member = argument;

	rm_events_set_lane((int)member->worker.slot);
	for (int phase = 0; phase < RM_PHASES; phase++) {
		wait_at_barrier(member);
		if (!member->error.text[0]) {
			member->phase = (enum rm_phase)phase;
			rm_phase_work(member, member->phase);
		}
		wait_at_barrier(member);
	}
	return NULL;
}

static uint64_t clock_rate_of(const struct rm_cell *cell)
{
	uint64_t rate = 1;

	for (int i = 0; i < (int)cell->clock_rate; i++)
		rate *= 10;
	return rate;
}

/* Creates the map. Reads the resident memory just before, so that memory for
   starting libraries and threads is not attributed to the map. */
static void create_map(struct rm_team *team)
{
	const struct rm_cell *cell = &team->request->cell;
	struct rm_sizing sizing = {
		/* fresh: each thread may have inserted one more key than it
		   removed */
		.keys = team->request->trace
		                ? cell->keys
		                : team->resident +
		                          (cell->write_kind == RM_FRESH
		                                          ? cell->threads
		                                          : 0),
		.threads = cell->threads,
		.presize = cell->presize,
		.shape = cell->shape,
		.seed = rm_seed(team->request->seed, 1),
		.loop_args = cell->loop.args,
		.clock_rate = clock_rate_of(cell),
	};

	team->rss_empty_bytes = rm_usage_rss_bytes();
	team->map = team->impl->ops->create(&sizing);
	if (!team->map)
		rm_error_set(&team->error, -ENOMEM,
		        "the map could not be created: out of memory");
}

static bool counts_causes(const struct rm_team *team)
{
	return team->request->cell.measure == RM_MEASURE_CAUSES;
}

/* Records why counters are missing. A timed trial also runs without counters,
   and its result contains the reason. A trial that measures counters is then
   void. */
static void note_counters(struct rm_team *team, const char *action, int status)
{
	if (status && !team->counters_error.text[0])
		rm_error_set(&team->counters_error, status,
		        "counters did not %s: %s", action, strerror(-status));
}

/* Called on the main thread before the members enter the phase. */
static void before_phase(struct rm_team *team, enum rm_phase phase)
{
	if (phase == RM_PHASE_CREATE)
		create_map(team);
	if (phase == RM_PHASE_WINDOW && team->counters)
		note_counters(team, "start", rm_counters_start(team->counters));
	if (phase == RM_PHASE_WINDOW && counts_causes(team)) {
		rm_events_begin_window();
		rm_lock_waits_begin_window();
		team->stats_before = rm_team_stats(team, false);
	}
	if (phase == RM_PHASE_WINDOW)
		team->other_threads_ns[0] = rm_usage_other_threads_ns();
	/* relaxed: the barrier orders it */
	atomic_store_explicit(&team->stop, false, memory_order_relaxed);
}

/* Called on the main thread during the phase. Ends timed phases. */
static void during_phase(struct rm_team *team, enum rm_phase phase)
{
	const struct rm_cell *cell = &team->request->cell;
	uint64_t length_ns = phase == RM_PHASE_WARM_UP  ? cell->warm_up_ns
	                     : phase == RM_PHASE_WINDOW ? cell->window_ns
	                                                : 0;

	if (phase == RM_PHASE_WINDOW && cell->loop.kind == RM_LOOP_PACED)
		rm_slices_watch(team);
	if (!length_ns || cell->loop.kind == RM_LOOP_PACED)
		return;
	rm_sleep_until(rm_now_ns() + length_ns);
	/* relaxed: the flag publishes no data */
	atomic_store_explicit(&team->stop, true, memory_order_relaxed);
}

/* Returns the highest rank of all sessions, plus 1. */
static uint64_t sessions_opened(const struct rm_team *team)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < team->request->cell.threads; i++)
		if (team->members[i].notes.opened > most)
			most = team->members[i].notes.opened;
	return team->resident + most * team->request->cell.threads;
}

/* Assumes that unbound threads are distributed over all CPUs. */
bool rm_team_probes(const struct rm_cell *cell, unsigned slot)
{
	cpu_set_t mask;

	if (cell->measure == RM_MEASURE_SIMULATED)
		return slot == 0;
	if (!cell->cpu_count)
		return sched_getaffinity(0, sizeof(mask), &mask)
		               ? slot == 0
		               : slot < (unsigned)CPU_COUNT(&mask);
	for (unsigned i = 0; i < slot; i++)
		if (cell->cpus[i] == cell->cpus[slot])
			return false;
	return true;
}

static void count_probes(struct rm_team *team)
{
	const struct rm_cell *cell = &team->request->cell;

	for (unsigned i = 0; i < cell->threads; i++)
		team->probes += rm_team_probes(cell, i);
}

/* Returns the highest rank that a thread has inserted, plus 1. */
static uint64_t fresh_universe(const struct rm_team *team)
{
	uint64_t universe = team->resident;

	for (unsigned i = 0; i < team->request->cell.threads; i++) {
		const uint64_t next = rm_fresh_next(&team->members[i].worker);

		universe = next > universe ? next : universe;
	}
	return universe;
}

/* Called on the main thread after all members have left the phase. */
static void after_phase(struct rm_team *team, enum rm_phase phase)
{
	if (phase == RM_PHASE_WINDOW)
		team->other_threads_ns[1] = rm_usage_other_threads_ns();
	if (phase == RM_PHASE_PREFILL)
		team->rss_filled_bytes = rm_usage_rss_bytes();
	for (unsigned i = 0;
	        phase == RM_PHASE_SETTLE && i < team->request->cell.threads;
	        i++)
		team->keys_before += team->members[i].settled;
	if (phase == RM_PHASE_WINDOW && team->counters)
		note_counters(team, "stop", rm_counters_stop(team->counters));
	/* the loop's resources are closed before the result is built */
	if (phase == RM_PHASE_WINDOW &&
	        (counts_causes(team) || rm_team_opens_resources(team)))
		team->stats_after = rm_team_stats(team, true);
	if (phase == RM_PHASE_WINDOW && team->loop == &rm_loop_lifecycle)
		team->universe = sessions_opened(team);
	else if (phase == RM_PHASE_WINDOW &&
	         team->request->cell.write_kind == RM_FRESH)
		team->universe = fresh_universe(team);
}

/* Returns the loop of loop_*.c for this kind. NULL: the loop is inlined, or
   belongs to the map or technique. */
static const struct rm_trial_loop *find_loop(enum rm_loop_kind kind)
{
	switch (kind) {
	case RM_LOOP_SCAN:
		return &rm_loop_scan;
	case RM_LOOP_FILL:
		return &rm_loop_fill;
	case RM_LOOP_RANDOM_FILL:
		return &rm_loop_random_fill;
	case RM_LOOP_ALTERNATE:
		return &rm_loop_alternate;
	case RM_LOOP_LIFECYCLE:
		return &rm_loop_lifecycle;
	case RM_LOOP_LITMUS:
		return &rm_loop_litmus;
	case RM_LOOP_GROW:
		return &rm_loop_grow;
	case RM_LOOP_LAZY:
		return &rm_loop_lazy;
	case RM_LOOP_STALL:
		return &rm_loop_stall;
	default:
		return NULL;
	}
}

/* Sets which ranks look-ups draw, and which ranks may be present at the end. */
static void set_ranks(struct rm_team *team)
{
	const struct rm_cell *cell = &team->request->cell;
	uint64_t n = cell->keys;

	team->resident = n;
	team->span = rm_cell_rank_count(cell);
	team->universe = team->span;
	if (cell->write_kind == RM_FRESH && cell->write_share > 0) {
		team->fresh_guard = rm_fresh_guard(n, cell->threads);
		team->universe = n;
	}
	team->prefilled =
	        team->own_loop || rm_loop_starts_empty(cell->loop.kind) ? 0 : n;
	if (team->request->trace)
		rm_replay_set_ranks(team, team->request->trace);
	atomic_init(&team->turns, 0);
	atomic_init(&team->verify_left, cell->verify_ops);
	atomic_init(&team->stop, false);
}

/* Returns false if memory runs out. */
static bool create_skew(struct rm_team *team)
{
	const struct rm_cell *cell = &team->request->cell;

	if (!rm_skew_applies(cell))
		return true;
	team->skew = aligned_alloc(RM_CACHE_LINE, sizeof(*team->skew));
	if (team->skew)
		rm_skew_init(team->skew, cell, team->resident, team->span,
		        rm_seed(team->request->seed, RM_SEED_KEYS));
	return team->skew;
}

static int start_threads(struct rm_team *team, unsigned *started)
{
	pthread_attr_t attributes;
	int status = pthread_attr_init(&attributes);

	/* otherwise 1000 threads would reserve 8 GB of address space */
	pthread_attr_setstacksize(&attributes, 512 << 10);
	for (*started = 0; !status && *started < team->request->cell.threads;
	        ++*started) {
		struct rm_member *member = &team->members[*started];

		member->team = team;
		member->worker.slot = *started;
		status = pthread_create(
		        &member->pthread, &attributes, member_main, member);
		if (status)
			break;
	}
	pthread_attr_destroy(&attributes);
	return -status;
}

static void run_phases(struct rm_team *team)
{
	for (int phase = 0; phase < RM_PHASES; phase++) {
		uint64_t start_ns;

		before_phase(team, phase);
		start_ns = rm_now_ns();
		pthread_barrier_wait(&team->barrier);
		during_phase(team, phase);
		pthread_barrier_wait(&team->barrier);
		team->phase_ns[phase] = rm_now_ns() - start_ns;
		RM_EVENT_SPAN(RM_EVENT_PHASE, start_ns, phase);
		after_phase(team, phase);
	}
}

static bool create_members(struct rm_team *team, unsigned threads)
{
	team->members =
	        aligned_alloc(RM_CACHE_LINE, threads * sizeof(*team->members));
	team->fresh =
	        aligned_alloc(RM_CACHE_LINE, threads * sizeof(*team->fresh));
	if (!team->members || !team->fresh)
		return false;
	memset(team->members, 0, threads * sizeof(*team->members));
	if (team->request->cell.renewals) {
		const size_t size = threads * sizeof(*team->renewals);

		team->renewals = aligned_alloc(RM_CACHE_LINE, size);
		if (!team->renewals)
			return false;
		memset(team->renewals, 0, size);
	}
	rm_fresh_init(team->fresh, team->fresh_guard, threads);
	return true;
}

int rm_team_run(struct rm_team *team, const struct rm_request *request,
        const struct rm_impl *impl)
{
	unsigned threads = request->cell.threads, started;
	int status;

	memset(team, 0, sizeof(*team));
	team->request = request;
	team->impl = impl;
	team->own_loop =
	        rm_impl_own_loop(impl, rm_loop_name(request->cell.loop.kind));
	if (!team->own_loop)
		team->loop = find_loop(request->cell.loop.kind);
	rm_pages_begin(&request->cell);
	set_ranks(team);
	count_probes(team);
	rm_events_set_lane(RM_EVENT_MAIN);
	status = rm_lock_waits_configure(&team->error);
	if (status)
		return status;
	rm_usage_measure_clock(&team->clock_cost_ns, &team->clock_step_ns);
	if (request->cell.loop.kind == RM_LOOP_PACED)
		team->ticks_per_ns = rm_ticks_per_ns();
	if (!create_members(team, threads) || !create_skew(team))
		return rm_error_set(&team->error, -ENOMEM, "out of memory");
	if (rm_counters_open(request->counters, threads,
	            request->cell.cpu_count ? request->cell.cpus : NULL,
	            &team->counters, &team->counters_error))
		team->counters = NULL;
	pthread_barrier_init(&team->barrier, NULL, threads + 1);
	status = start_threads(team, &started);
	if (status)
		/* the started threads wait forever, but the process ends
		   soon */
		return rm_error_set(&team->error, status,
		        "thread %u of %u could not be started: %s", started,
		        threads, strerror(-status));
	run_phases(team);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(team->members[i].pthread, NULL);
	return 0;
}

void rm_team_clear(struct rm_team *team)
{
	unsigned threads = team->request->cell.threads;

	for (unsigned i = 0; team->members && i < threads; i++) {
		rm_pace_free(&team->members[i].pace);
		rm_loop_notes_free(&team->members[i].notes);
		free((void *)team->members[i].worker.stream);
	}
	if (team->map)
		team->impl->ops->destroy(team->map);
	rm_counters_close(team->counters);
	json_decref(team->stats_before);
	json_decref(team->stats_after);
	free(team->slice_sums);
	free(team->renewals);
	free(team->fresh);
	free(team->skew);
	free(team->members);
	team->renewals = NULL;
	team->fresh = NULL;
	team->skew = NULL;
	team->members = NULL;
	team->map = NULL;
}
