/* SPDX-License-Identifier: Apache-2.0 */
/* drive.c - checks the measured loops, whose machine code differs from the
 * operations in the table. The sums of a loop must match the content of the
 * map. */
#include "verify/check/internal.h"

#include "runner/driver.h"

#include <stdlib.h>

enum { RESIDENT = 1000, SPAN = 1100, STREAM = 4096 };
enum { STEP = 256 * RM_BATCH }; /* iterations of a thread */

struct drive_run {
	enum rm_write_kind kind;
	/* iterations of each thread, a multiple of RM_BATCH */
	uint64_t iterations;
	const uint32_t *stream;
	const struct rm_skew *skew;
	unsigned writers;
	atomic_bool stop;
	struct rm_fresh *fresh;   /* one per thread */
	uint64_t *fresh_next;     /* one per thread */
	unsigned threads;         /* number of threads in this run */
	struct rm_counts *counts; /* one per thread */
	uint64_t *key_sums;       /* one per thread */
};

static void worker_init(struct rm_worker *worker, struct rm_peer *peer,
        struct drive_run *drive_run)
{
	*worker = (struct rm_worker){ .thread = peer->thread,
		.stop = &drive_run->stop,
		.fresh = drive_run->fresh,
		.fresh_magic = rm_fresh_magic(drive_run->threads),
		.threads = drive_run->threads,
		.stream = drive_run->stream,
		.stream_mask = STREAM - 1,
		.skew = drive_run->skew,
		.position = rm_next(&peer->rng) % STREAM,
		.rng = rm_next(&peer->rng),
		.resident = RESIDENT,
		.span = drive_run->kind == RM_FRESH
		                ? rm_fresh_span(RESIDENT, drive_run->threads)
		                : SPAN,
		.fresh_guard = rm_fresh_guard(RESIDENT, drive_run->threads),
		.write_below =
		        peer->slot < drive_run->writers ? UINT32_MAX / 4 : 0,
		.write_kind = drive_run->kind,
		.slot = peer->slot };
}

/* Runs a fixed number of iterations instead of a fixed time, because the sums
 * must match exactly. It runs the loop in steps and reports progress between
 * steps, since the loop itself does not. A miss is an error only if no key is
 * ever removed. */
static void drive(struct rm_peer *peer)
{
	struct drive_run *drive_run = peer->peers->context;
	struct rm_worker *worker =
	        aligned_alloc(RM_CACHE_LINE, sizeof(*worker));

	if (!worker) {
		rm_peer_fail(peer, "out of memory");
		return;
	}
	worker_init(worker, peer, drive_run);
	do {
		worker->iterations_limit += STEP;
		if (worker->iterations_limit > drive_run->iterations)
			worker->iterations_limit = drive_run->iterations;
		peer->peers->c->impl->drive[rm_shape_index(peer->shape)](
		        worker);
		rm_witness_count_progress();
	} while (worker->counts.iterations < drive_run->iterations);
	if (worker->counts.wrong)
		rm_peer_fail(
		        peer, "the measured loop read a wrong or torn value");
	if (worker->counts.iterations != drive_run->iterations)
		rm_peer_fail(peer,
		        "the measured loop counts %llu iterations, "
		        "not %llu",
		        (unsigned long long)worker->counts.iterations,
		        (unsigned long long)drive_run->iterations);
	if (drive_run->kind == RM_UPDATE && worker->counts.misses_resident)
		rm_peer_fail(peer,
		        "the measured loop missed %llu resident keys",
		        (unsigned long long)worker->counts.misses_resident);
	drive_run->counts[peer->slot] = worker->counts;
	drive_run->key_sums[peer->slot] = worker->key_sum;
	drive_run->fresh_next[peer->slot] = rm_fresh_next(worker);
	free(worker);
}

static void fill(struct rm_peer *peer)
{
	rm_peer_fill(peer, RESIDENT);
}

/* Compares the content of all ranks ever used with the sums of all threads. */
static void check_sums(struct rm_peer *peer)
{
	struct drive_run *drive_run = peer->peers->context;
	uint64_t head = RESIDENT, expected = 0, sum = 0;
	int64_t count = RESIDENT;

	for (uint64_t rank = 0; rank < RESIDENT; rank++)
		expected += rm_rank_mix(rank);
	for (unsigned i = 0; i < peer->peers->c->threads; i++) {
		expected += drive_run->key_sums[i];
		count += (int64_t)drive_run->counts[i].inserts -
		         (int64_t)drive_run->counts[i].removes;
		if (drive_run->fresh_next[i] > head)
			head = drive_run->fresh_next[i];
	}
	for (uint64_t rank = 0; rank < head + SPAN; rank++) {
		struct rm_value value;

		rm_peer_tick(peer);
		if (!rm_peer_lookup(peer, rank, &value))
			continue;
		rm_peer_verify(peer, &value, rank, "lookup");
		sum += rm_rank_mix(rank);
		count--;
	}
	if (count || sum != expected)
		rm_peer_fail(peer,
		        "the measured loop's sums of keys differ from "
		        "the content of the map by %lld keys",
		        (long long)-count);
}

static int run_once(const struct rm_check_case *c, struct drive_run *drive_run,
        bool presize, struct rm_error *error)
{
	const bool in_place = drive_run->kind == RM_UPDATE;
	const unsigned threads = rm_case_threads(c, in_place);
	const struct rm_case_phase phases[] = { { 1, fill }, { threads, drive },
		{ 1, check_sums }, { 0 } };

	drive_run->writers = rm_case_writers(c, in_place);
	drive_run->iterations =
	        (rm_case_ops(c) / threads / 8 / RM_BATCH + 1) * RM_BATCH;
	drive_run->threads = threads;
	rm_fresh_init(drive_run->fresh,
	        drive_run->kind == RM_FRESH ? rm_fresh_guard(RESIDENT, threads)
	                                    : 0,
	        threads);
	memset(drive_run->fresh_next, 0,
	        c->threads * sizeof(*drive_run->fresh_next));
	memset(drive_run->counts, 0, c->threads * sizeof(*drive_run->counts));
	memset(drive_run->key_sums, 0,
	        c->threads * sizeof(*drive_run->key_sums));
	return rm_case_play(c, RESIDENT * 2, presize, phases, drive_run, error);
}

/* Draws a stream of ranks below `present`, and ranges that contain one key or
 * no key with equal probability. */
static void fill_draws(
        uint32_t *stream, struct rm_skew *skew, uint64_t present, uint64_t *rng)
{
	for (size_t i = 0; i < STREAM; i++)
		stream[i] = (uint32_t)(rm_next(rng) % present);
	memset(skew, 0, sizeof(*skew));
	skew->present = present;
	skew->mask = RM_SKEW_RANGES - 1;
	skew->shift = RM_SKEW_BITS / 2;
	for (uint32_t i = 0; i < RM_SKEW_RANGES; i++) {
		skew->split[i] = i;
		skew->start[i + 1] =
		        (uint32_t)((i + 1) * present / RM_SKEW_RANGES);
	}
}

static int run_all(const struct rm_check_case *c, struct drive_run *drive_run,
        uint32_t *stream, struct rm_skew *skew, struct rm_error *error)
{
	static const enum rm_write_kind kinds[] = { RM_UPDATE, RM_CHURN,
		RM_FRESH };
	uint64_t rng = c->seed;

	for (size_t i = 0; i < 9; i++) {
		drive_run->kind = kinds[i / 3];
		drive_run->stream = i % 3 == 1 ? stream : NULL;
		drive_run->skew = i % 3 == 2 ? skew : NULL;
		fill_draws(stream, skew,
		        drive_run->kind == RM_FRESH
		                ? rm_fresh_span(
		                          RESIDENT, rm_case_threads(c, false))
		                : RESIDENT,
		        &rng);
		if (run_once(c, drive_run, i & 1, error))
			return -1;
	}
	return 0;
}

int rm_check_drive(const struct rm_check_case *c, struct rm_error *error)
{
	struct drive_run drive_run = { .counts = calloc(c->threads,
		                               sizeof(*drive_run.counts)),
		.key_sums = calloc(c->threads, sizeof(*drive_run.key_sums)),
		.fresh_next = calloc(c->threads, sizeof(*drive_run.fresh_next)),
		.fresh = aligned_alloc(
		        RM_CACHE_LINE, c->threads * sizeof(*drive_run.fresh)) };
	uint32_t *stream = calloc(STREAM, sizeof(*stream));
	struct rm_skew *skew = aligned_alloc(RM_CACHE_LINE, sizeof(*skew));
	int code = -1;

	if (drive_run.counts && drive_run.key_sums && drive_run.fresh_next &&
	        drive_run.fresh && stream && skew)
		code = run_all(c, &drive_run, stream, skew, error);
	else
		rm_error_set(error, -1, "out of memory");
	free(drive_run.counts);
	free(drive_run.key_sums);
	free(drive_run.fresh_next);
	free(drive_run.fresh);
	free(stream);
	free(skew);
	return code;
}
