/* SPDX-License-Identifier: Apache-2.0 */
/* phases.c - the work of each member in each phase of a trial. */

#include "runner/base/clock.h"
#include "runner/trace/trace.h"
#include "runner/trial/internal.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

/* Numbers of the seeds of independent streams. The map's seed is number 1
   (team.c). */
enum { SEED_OPERATIONS = 100, SEED_ARRIVALS = 200000 };

static const struct rm_cell *cell_of(const struct rm_member *member)
{
	return &member->team->request->cell;
}

/* Binds this thread to one CPU and checks that it runs there. */
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
		        "thread could not be placed on CPU %u: %s: allow "
		        "sched_setaffinity() for this CPU, or use --set "
		        "placement=none",
		        cpu, strerror(errno));
	else if (sched_getcpu() != (int)cpu)
		status = rm_error_set(error, -EXDEV,
		        "thread placed on CPU %u runs on CPU %d", cpu,
		        sched_getcpu());
	CPU_FREE(set);
	return status;
}

static void set_key_bytes(struct rm_key_bytes *line, const struct rm_cell *cell)
{
	const unsigned bytes = rm_cell_key_bytes(cell);

	rm_key_lengthen(line, bytes);
	rm_key_place(line, bytes, cell->key_differs == RM_DIFFERS_LAST);
}

/* Initialises the worker. Each use of random numbers has its own seed, so that
   a cell with different arrivals executes the same operations. */
static void set_worker(struct rm_member *member)
{
	const struct rm_cell *cell = cell_of(member);
	struct rm_team *team = member->team;
	struct rm_worker *worker = &member->worker;
	uint64_t seed = team->request->seed;

	worker->stop = &team->stop;
	worker->fresh = team->fresh;
	worker->fresh_magic = rm_fresh_magic(cell->threads);
	worker->turns = &team->turns;
	worker->rng = rm_seed(seed, SEED_OPERATIONS + worker->slot);
	worker->skew = team->skew;
	worker->resident = team->resident;
	worker->span = team->span;
	worker->fresh_guard = team->fresh_guard;
	worker->write_kind = cell->write_kind;
	worker->threads = cell->threads;
	worker->loop_args = cell->loop.args;
	worker->timed = cell->measure == RM_MEASURE_LATENCY;
	if (cell->shape.str) {
		set_key_bytes(&worker->line, cell);
		set_key_bytes(&worker->written, cell);
	}
	worker->write_below = rm_cell_write_threshold(cell);
	member->pace.rng = rm_seed(seed, SEED_ARRIVALS + worker->slot);
	if (cell->loop.kind == RM_LOOP_PACED)
		worker->pace = &member->pace;
	member->pace.ticks_per_ns = team->ticks_per_ns;
	member->pace.shortest_apart = UINT64_MAX;
	if ((worker->pace && rm_pace_create(worker->pace, cell)) ||
	        rm_loop_notes_create(member))
		rm_error_set(&member->error, -ENOMEM,
		        "out of memory for the latencies");
}

/* True if a thread shares its CPU. If so, spinning would delay other
   threads. */
static bool shares_cpu(const struct rm_cell *cell, unsigned slot)
{
	cpu_set_t mask;

	return rm_cell_shares_cpu(cell, slot,
	        sched_getaffinity(0, sizeof(mask), &mask)
	                ? UINT32_MAX
	                : (unsigned)CPU_COUNT(&mask));
}

static void setup(struct rm_member *member)
{
	const struct rm_cell *cell = cell_of(member);
	struct rm_worker *worker = &member->worker;

	/* makes the sleeps of open loops precise */
	prctl(PR_SET_TIMERSLACK, 1UL);
	if (cell->cpu_count && pin(cell->cpus[worker->slot], &member->error))
		return;
	set_worker(member);
	member->pace.oversubscribed = shares_cpu(cell, worker->slot);
	if (cell->trace[0])
		rm_replay_setup(member);
	if (!rm_stream_applies(cell))
		return;
	worker->stream = rm_stream_create(cell, worker->slot, worker->resident,
	        worker->span,
	        rm_seed(member->team->request->seed, RM_SEED_KEYS),
	        &worker->stream_mask);
	worker->stream_mask--;
	if (!worker->stream)
		rm_error_set(&member->error, -ENOMEM,
		        "out of memory for the key stream");
}

static void join_map(struct rm_member *member)
{
	struct rm_team *team = member->team;

	if (!team->map)
		return;
	member->worker.thread =
	        team->impl->ops->join(team->map, member->worker.slot);
	if (!member->worker.thread)
		rm_error_set(&member->error, -ENOMEM,
		        "thread could not join the map: out of memory");
}

struct source_context {
	struct rm_shape shape;
	struct rm_key_bytes *line; /* bytes of the current key */
};

static void source_at(const struct rm_source *source, size_t i,
        struct rm_key *key, struct rm_value *value)
{
	const struct source_context *context = source->context;

	*key = rm_key_of(context->shape, i, context->line);
	*value = rm_value_of(i, 0, 0);
}

/* Opens or closes the resources of a map's or technique's own loop, on the
   thread that runs the loop. Restores all counts except `wrong`. */
static bool open_or_close(struct rm_member *member, bool open)
{
	const struct rm_impl *impl = member->team->impl;
	struct rm_worker *worker = &member->worker;
	const struct rm_counts counts = worker->counts;
	bool done = true;

	if (open)
		done = impl->open(worker);
	else
		impl->close(worker);
	const uint64_t wrong = worker->counts.wrong;

	worker->counts = counts;
	worker->counts.wrong |= wrong;
	return done;
}

unsigned rm_team_prefill_threads(const struct rm_team *team)
{
	const unsigned threads = team->request->cell.threads;

	if (!team->prefilled)
		return 0;
	if (team->impl->ops->load ||
	        team->impl->caps & (RM_CAP_SINGLE_WRITER | RM_CAP_UNSAFE))
		return 1;
	return team->prefilled < threads ? (unsigned)team->prefilled : threads;
}

/* Loads the map in bulk on one member, since filling a snapshot map by upserts
   would be O(n^2). */
static void load(struct rm_member *member)
{
	struct source_context context = { cell_of(member)->shape,
		&member->worker.written };
	struct rm_source source = { .count = member->team->prefilled,
		.at = source_at,
		.context = &context };
	int status = member->team->impl->ops->load(
	        member->worker.thread, context.shape, &source);

	if (status)
		rm_error_set(&member->error, status, "prefill: %s",
		        strerror(-status));
}

/* Inserts the resident keys. If a map allows only one writer, one thread fills
   it while the others wait at the barrier. The result contains the number of
   filling threads. Calls quiesce() regularly, since otherwise memory that
   growth retired would stay allocated until the window. */
static void prefill(struct rm_member *member)
{
	const struct rm_impl *impl = member->team->impl;
	struct rm_worker *worker = &member->worker;
	struct rm_shape shape = cell_of(member)->shape;
	unsigned slot = worker->slot;
	unsigned step = rm_team_prefill_threads(member->team);

	if (worker->thread && rm_team_opens_resources(member->team) &&
	        !open_or_close(member, true))
		rm_error_set(&member->error, -ENOMEM,
		        "out of memory for the resources of the loop");
	if (!worker->thread || slot >= step)
		return;
	if (impl->ops->load) {
		load(member);
		return;
	}
	for (uint64_t rank = slot; rank < member->team->prefilled;
	        rank += step) {
		struct rm_key key = rm_key_of(shape, rank, &worker->written);
		struct rm_value value = rm_value_of(rank, 0, 0);

		rm_map_upsert(impl->ops, worker->thread, shape, key, &value);
		if (rank / step % RM_BATCH == 0)
			impl->ops->quiesce(worker->thread);
	}
}

/*
 * Looks up this member's share of the resident ranks once. This verifies the
 * prefill, and brings self-adjusting maps to their steady state (sync.Map
 * promotes n new keys only after n misses). A cell with settle = no skips this
 * phase; only the verify phase can then detect a wrong prefill.
 */
static void settle(struct rm_member *member)
{
	const struct rm_impl *impl = member->team->impl;
	struct rm_worker *worker = &member->worker;
	struct rm_shape shape = cell_of(member)->shape;
	unsigned step = cell_of(member)->threads;

	if (!worker->thread || !rm_team_has_keys(member->team) ||
	        cell_of(member)->settle == RM_SETTLE_NO)
		return;
	for (uint64_t rank = worker->slot; rank < member->team->prefilled;
	        rank += step) {
		struct rm_key key = rm_key_of(shape, rank, &worker->line);
		struct rm_value value = { { 0 } };

		if (impl->ops->lookup(worker->thread, shape, key, &value)) {
			member->settled++;
			worker->counts.wrong |=
			        rm_value_errors(shape, &value, rank);
		}
		if (rank / step % RM_BATCH == 0)
			impl->ops->quiesce(worker->thread);
	}
	if (member->team->renewals)
		rm_renew_keys(member);
}

static void drive(struct rm_member *member, uint64_t window_ns)
{
	const struct rm_cell *cell = cell_of(member);
	const struct rm_team *team = member->team;
	struct rm_recorder *recorder = team->request->recorder;
	struct rm_worker *worker = &member->worker;

	if (worker->pace)
		rm_pace_begin(worker->pace, rm_now_ns(), window_ns,
		        cell->rate_per_s, worker->slot, cell->threads);
	if (team->own_loop)
		team->own_loop(worker);
	else if (team->loop)
		team->loop->run(member);
	else if (recorder)
		rm_recorder_drive(recorder, team->impl, cell->shape, worker);
	else
		team->impl->drive[rm_shape_index(cell->shape)](worker);
}

void rm_keep_slowest(_Atomic double *slowest, double speed)
{
	double kept = atomic_load(slowest);

	while ((kept == 0 || speed < kept) &&
	        !atomic_compare_exchange_weak(slowest, &kept, speed))
		;
}

/* Measures the speed of the CPU, before or after the window, so that its waits
   are not counted in the window. */
static void probe_cpu(struct rm_member *member, int when)
{
	struct rm_team *team = member->team;

	if (rm_team_probes(cell_of(member), member->worker.slot))
		rm_keep_slowest(&team->adds_per_ns[when],
		        rm_usage_measure_adds_per_ns(
		                &team->probes_ready[when], team->probes));
}

static void warm_up(struct rm_member *member)
{
	struct rm_worker *worker = &member->worker;

	if (!worker->thread || cell_of(member)->measure == RM_MEASURE_VERIFY)
		return;
	worker->iterations_limit = UINT64_MAX;
	if (cell_of(member)->warm_up_ns)
		drive(member, cell_of(member)->warm_up_ns);
	member->warm_up = worker->counts;
	memset(&worker->counts, 0, sizeof(worker->counts));
	rm_pace_clear(&member->pace);
	rm_loop_notes_clear(&member->notes);
	worker->measured = true;
	if (member->team->counters) {
		int status = rm_counters_attach(
		        member->team->counters, worker->slot);

		(void)status; /* the result contains the reason */
	}
	probe_cpu(member, 0);
	rm_usage_read_thread_slow(&member->before);
}

/* Returns the number of iterations of a counted window. The loop mix compares
   with it once per batch. Other loops compare after each iteration, because an
   audit may take a second. */
static uint64_t iteration_limit(const struct rm_member *member)
{
	const struct rm_request *request = member->team->request;
	double limit =
	        (double)request->cell.window_ops * (1 + request->control_extra);

	if (member->worker.replay)
		return member->replay_operations;
	if (!request->cell.window_ops)
		return UINT64_MAX;
	return (uint64_t)limit;
}

/* Runs the window. Starts usage, counters and clock in this order, and stops
   them in reverse order, so that the elapsed time excludes their cost. procfs
   is slow, so it is read in the phases before and after the window. */
static void run_window(struct rm_member *member)
{
	struct rm_team *team = member->team;
	struct rm_worker *worker = &member->worker;

	if (!worker->thread)
		return;
	worker->iterations_limit = iteration_limit(member);
	rm_usage_read_thread(&member->before);
	member->cpu_start = sched_getcpu();
	if (team->counters)
		rm_counters_enable(team->counters, worker->slot);
	member->start_ns = rm_now_ns();
	if (cell_of(member)->measure == RM_MEASURE_VERIFY)
		rm_account_run(member);
	else
		drive(member, cell_of(member)->window_ns);
	member->end_ns = rm_now_ns();
	if (team->counters)
		rm_counters_disable(team->counters, worker->slot);
	member->cpu_end = sched_getcpu();
	rm_usage_read_thread(&member->after);
}

/* Looks up all ranks that may be present in this member's share. */
static void verify(struct rm_member *member)
{
	const struct rm_impl *impl = member->team->impl;
	struct rm_worker *worker = &member->worker;
	struct rm_shape shape = cell_of(member)->shape;

	rm_usage_read_thread_slow(&member->after);
	probe_cpu(member, 1);
	if (worker->thread && rm_team_opens_resources(member->team))
		open_or_close(member, false);
	if (!worker->thread || !rm_team_has_keys(member->team))
		return;
	for (uint64_t rank = worker->slot; rank < member->team->universe;
	        rank += cell_of(member)->threads) {
		struct rm_key key =
		        rm_trial_key(cell_of(member), rank, &worker->line);
		struct rm_value value = { { 0 } };

		if (impl->ops->lookup(worker->thread, shape, key, &value)) {
			member->held_keys++;
			member->held_sum += rm_rank_mix(rank);
			member->held_digest +=
			        rm_replay_digest(member->team, rank, &value);
			member->account.held += value.word[0];
			worker->counts.wrong |=
			        rm_value_errors(shape, &value, rank);
		}
		if (rank / cell_of(member)->threads % RM_BATCH == 0)
			impl->ops->quiesce(worker->thread);
	}
}

static void leave(struct rm_member *member)
{
	if (member->worker.thread)
		member->team->impl->ops->leave(member->worker.thread);
	member->worker.thread = NULL;
}

void rm_phase_work(struct rm_member *member, enum rm_phase phase)
{
	static void (*const work[RM_PHASES])(struct rm_member * member) = {
		[RM_PHASE_SETUP] = setup,
		[RM_PHASE_CREATE] = join_map,
		[RM_PHASE_PREFILL] = prefill,
		[RM_PHASE_SETTLE] = settle,
		[RM_PHASE_WARM_UP] = warm_up,
		[RM_PHASE_WINDOW] = run_window,
		[RM_PHASE_VERIFY] = verify,
		[RM_PHASE_LEAVE] = leave,
	};

	work[phase](member);
}

const char *rm_phase_name(enum rm_phase phase)
{
	static const char *const names[RM_PHASES] = { "setup", "create",
		"prefill", "settle", "warm_up", "window", "verify", "leave" };

	return names[phase];
}
