/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_stall.c - stall:TIME. The first thread repeatedly stops for TIME inside
 * a read section. The others run the loop mix. A stop counts as one operation.
 *
 * The read section is a scan that stops at its first entry, since every map
 * with scans has one. It holds the same resources as a preempted reader: a
 * lock, an epoch, a pinned header, or nothing.
 */
#include "runner/base/clock.h"
#include "runner/trial/internal.h"

#include <sched.h>

/* Interval at which a stopped reader reads the resident memory. */
enum { SAMPLE_NS = 1000000 };

struct stop {
	const struct rm_worker *worker;
	struct rm_loop_notes *notes;
	uint64_t length_ns;
};

static void note_memory(struct rm_loop_notes *notes)
{
	uint64_t bytes = rm_usage_rss_bytes();

	if (!notes->rss_first_bytes)
		notes->rss_first_bytes = bytes;
	if (bytes > notes->rss_peak_bytes)
		notes->rss_peak_bytes = bytes;
}

/* Stops at the first entry until TIME has passed or the window is over. */
static bool stop_at_entry(
        void *context, struct rm_key key, const struct rm_value *value)
{
	const struct stop *stop = context;
	uint64_t start_ns = rm_now_ns(), now_ns = start_ns;

	(void)key, (void)value;
	note_memory(stop->notes);
	/* relaxed: the flag publishes no data */
	atomic_store_explicit(
	        &stop->notes->stopped, true, memory_order_relaxed);
	while (now_ns - start_ns < stop->length_ns &&
	        !rm_stopped(stop->worker)) {
		uint64_t left_ns = stop->length_ns - (now_ns - start_ns);

		note_memory(stop->notes);
		rm_sleep_until(
		        now_ns + (left_ns < SAMPLE_NS ? left_ns : SAMPLE_NS));
		now_ns = rm_now_ns();
	}
	note_memory(stop->notes);
	rm_loop_note(stop->notes, now_ns - start_ns);
	return false;
}

static void stop_repeatedly(struct rm_member *member)
{
	const struct rm_cell *cell = &member->team->request->cell;
	const struct rm_map_ops *ops = member->team->impl->ops;
	struct rm_worker *worker = &member->worker;
	struct stop stop = { worker, &member->notes, cell->loop.args[0] };

	do {
		ops->scan(worker->thread, cell->shape, stop_at_entry, &stop);
		worker->counts.iterations++;
		ops->quiesce(worker->thread);
	} while (!rm_stopped(worker) &&
	         worker->counts.iterations < worker->iterations_limit);
}

/* Waits until the reader first stops, since earlier operations would run
   without a stalled reader. */
static void await_reader(const struct rm_member *member)
{
	const struct rm_loop_notes *reader = &member->team->members[0].notes;

	/* relaxed: the flag publishes no data */
	while (!atomic_load_explicit(&reader->stopped, memory_order_relaxed) &&
	        !rm_stopped(&member->worker))
		sched_yield();
}

static void run(struct rm_member *member)
{
	const struct rm_team *team = member->team;

	if (member->worker.slot == 0) {
		stop_repeatedly(member);
		return;
	}
	await_reader(member);
	team->impl->drive[rm_shape_index(team->request->cell.shape)](
	        &member->worker);
}

/* Emits how much resident memory grew while the reader was stopped. This memory
   could not be freed. */
static void report(const struct rm_team *team, rm_stat_fn *emit, void *context)
{
	const struct rm_loop_notes *notes = &team->members[0].notes;

	rm_loop_emit_times(team, "stall", emit, context);
	emit(context, "stall_retained_bytes", "bytes",
	        (double)(notes->rss_peak_bytes - notes->rss_first_bytes));
}

const struct rm_trial_loop rm_loop_stall = {
	.times = 1U << RM_TIME_STEP, .run = run, .report = report
};
