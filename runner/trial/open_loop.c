/* SPDX-License-Identifier: Apache-2.0 */
/* open_loop.c - schedules the operations of an open loop and records their
   latencies. */
#include "runner/trial/internal.h"

#include "runner/base/clock.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum {
	SPIN_NS = 200000,  /* a shorter wait spins */
	WAKE_NS = 100000,  /* a sleep ends this time before the start; the
	                      thread then spins */
	LATE_NS = 1000000, /* a start with a longer delay counts as late */
	NEAR_NS = 2000,    /* the last part of a wait spins without a pause
	                      instruction */
};

/* True if an operation of the loop can have this result on a correct map. An
   upsert may return either result, since some maps do not know it. */
static bool may_record(
        const struct rm_cell *cell, enum rm_operation operation, bool was_there)
{
	const bool writes = cell->write_share > 0;
	const bool moves = writes && cell->write_kind != RM_UPDATE;

	switch (operation) {
	case RM_LOOKUP:
		return cell->write_share < 1 &&
		       (was_there || cell->miss_share > 0 || moves);
	case RM_UPSERT:
		return writes;
	default:
		return moves && (was_there || cell->threads > 1);
	}
}

/* True for the second operation of a write pair. It starts when the first one
   ends, so it has a service time, but no latency from an intended start. */
static bool is_second(const struct rm_cell *cell, enum rm_operation operation)
{
	return (cell->write_kind == RM_CHURN && operation == RM_UPSERT) ||
	       (cell->write_kind == RM_FRESH && operation == RM_REMOVE);
}

int rm_pace_create(struct rm_pace *pace, const struct rm_cell *cell)
{
	pace->poisson = cell->arrivals == RM_ARRIVALS_POISSON;
	pace->slices = rm_slices_create(cell->rate_per_s / cell->threads *
	                                (double)cell->window_ns / 1e9);
	if (!pace->slices)
		return -ENOMEM;
	for (int i = 0; i < RM_OPERATIONS * 2 * RM_CLOCKS; i++) {
		enum rm_operation operation = i / RM_CLOCKS / 2;
		struct rm_histogram **histogram =
		        &pace->histograms[0][0][0] + i;

		if (!may_record(cell, operation, i / RM_CLOCKS % 2) ||
		        (i % RM_CLOCKS == RM_CLOCK_INTENDED &&
		                is_second(cell, operation)))
			continue;
		*histogram = rm_histogram_create();
		if (!*histogram)
			return -ENOMEM;
	}
	return 0;
}

void rm_pace_clear(struct rm_pace *pace)
{
	for (int i = 0; i < RM_OPERATIONS * 2 * RM_CLOCKS; i++) {
		struct rm_histogram *histogram =
		        (&pace->histograms[0][0][0])[i];

		if (histogram)
			rm_histogram_clear(histogram);
	}
}

void rm_pace_free(struct rm_pace *pace)
{
	for (int i = 0; i < RM_OPERATIONS * 2 * RM_CLOCKS; i++)
		free((&pace->histograms[0][0][0])[i]);
	rm_slices_free(pace->slices);
}

static double next_gap(struct rm_pace *pace)
{
	if (!pace->poisson)
		return pace->gap_ns;
	/* Inverse of the exponential distribution. The logarithm's argument is
	   never 0. */
	return -log1p(-rm_unit(rm_next(&pace->rng))) * pace->gap_ns;
}

void rm_pace_begin(struct rm_pace *pace, uint64_t start_ns, uint64_t window_ns,
        double rate_per_s, unsigned slot, unsigned threads)
{
	rm_pace_clear(pace);
	pace->gap_ns = 1e9 * threads / rate_per_s;
	pace->end_ns = start_ns + window_ns;
	pace->give_up_ns = pace->end_ns + window_ns + 1000000000U;
	pace->late_starts = 0;
	pace->slow_count = 0;
	pace->gave_up = false;
	if (pace->slices)
		rm_slices_begin(pace->slices, start_ns, window_ns);
	pace->start_ns = start_ns;
	pace->due_ns = 0;
	/* constant arrivals of the threads are evenly interleaved */
	pace->due_ns +=
	        pace->poisson ? next_gap(pace) : pace->gap_ns * slot / threads;
}

bool rm_pace_next(struct rm_worker *worker, bool *sleeping)
{
	struct rm_pace *pace = worker->pace;
	uint64_t now = rm_now_ns();

	pace->intended_ns = pace->start_ns + (uint64_t)pace->due_ns;
	pace->due_ns += next_gap(pace);
	if (pace->intended_ns >= pace->end_ns)
		return false;
	if (now > pace->give_up_ns) {
		pace->gave_up = true;
		return false;
	}
	*sleeping = pace->intended_ns > now &&
	            (pace->oversubscribed || pace->intended_ns - now > SPIN_NS);
	return true;
}

/*
 * Spins until the operation is due. Returns the time at which the spin ended.
 * During the last NEAR_NS it spins on rm_ticks() without a pause instruction,
 * since a pause and a clock reading would delay the start by 30 to 70 ns. The
 * end time is computed from the ticks, which saves a clock reading.
 */
static uint64_t spin_until_due(struct rm_pace *pace)
{
	const double rate = pace->ticks_per_ns;

	for (;;) {
		const uint64_t before = rm_ticks();
		const uint64_t now = rm_now_ns();
		const uint64_t apart = rm_ticks() - before;
		uint64_t left_ns, target, at;

		if (now >= pace->intended_ns)
			return now;
		left_ns = pace->intended_ns - now;
		if (left_ns > NEAR_NS)
			rm_cpu_relax();
		if (left_ns > NEAR_NS || rate <= 0)
			continue;
		/* a longer reading was interrupted, so ticks and time do not
		   match */
		if (apart < pace->shortest_apart)
			pace->shortest_apart = apart;
		if (apart > pace->shortest_apart + pace->shortest_apart / 4)
			continue;
		target =
		        before + apart / 2 + (uint64_t)((double)left_ns * rate);
		do
			at = rm_ticks();
		while (at < target);
		return pace->intended_ns +
		       (uint64_t)((double)(at - target) / rate);
	}
}

void rm_pace_wait(struct rm_worker *worker)
{
	struct rm_pace *pace = worker->pace;
	uint64_t now = rm_now_ns();

	if (now < pace->intended_ns) {
		if (pace->oversubscribed)
			rm_sleep_until(pace->intended_ns);
		else if (pace->intended_ns > now + SPIN_NS)
			rm_sleep_until(pace->intended_ns - WAKE_NS);
		now = spin_until_due(pace);
	}
	pace->started_ns = now;
	pace->is_due = true;
	if (now - pace->intended_ns > LATE_NS)
		pace->late_starts++;
}

/* Records a value. Allocates a missing histogram; within the window, only a
   faulty map needs one. */
static void record(struct rm_histogram **histogram, uint64_t value_ns)
{
	if (!*histogram)
		*histogram = rm_histogram_create();
	if (*histogram)
		rm_histogram_record(*histogram, value_ns);
}

static uint64_t length_of(const struct rm_slow *slow)
{
	return slow->end_ns - slow->start_ns;
}

void rm_pace_keep_slow(struct rm_pace *pace, const struct rm_slow *slow)
{
	unsigned at = pace->slow_count;

	if (at == RM_SLOWEST) {
		at--;
		if (length_of(slow) <= length_of(&pace->slowest[at]))
			return;
	} else {
		pace->slow_count++;
	}
	for (; at && length_of(&pace->slowest[at - 1]) < length_of(slow); at--)
		pace->slowest[at] = pace->slowest[at - 1];
	pace->slowest[at] = *slow;
}

void rm_pace_record(
        struct rm_worker *worker, enum rm_operation operation, bool was_there)
{
	struct rm_pace *pace = worker->pace;
	uint64_t now = rm_now_ns();
	struct rm_histogram **pair = pace->histograms[operation][was_there];

	/* ticks and clock differ by a few ns */
	if (now < pace->started_ns)
		now = pace->started_ns;
	if (pace->is_due)
		record(&pair[RM_CLOCK_INTENDED], now - pace->intended_ns);
	record(&pair[RM_CLOCK_SERVICE], now - pace->started_ns);
	if (pace->is_due && pace->slices)
		rm_slices_note(pace->slices, pace->intended_ns,
		        now - pace->intended_ns);
	rm_pace_keep_slow(
	        pace, &(struct rm_slow){ .start_ns = pace->started_ns,
	                      .end_ns = now,
	                      .late_ns = pace->started_ns - pace->intended_ns,
	                      .operation = operation,
	                      .was_there = was_there });
	pace->is_due = false;
	pace->intended_ns = pace->started_ns = now;
}
