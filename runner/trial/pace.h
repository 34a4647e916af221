/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace.h - the open loop's schedule and clocks.
 *
 * Arrivals are intended starts, fixed beforehand by rate and seed; a late
 * operation is timed from its *intended* start, so that a stall shows in
 * every arrival it delayed (Tene: coordinated omission). The service time,
 * from the actual start, is kept beside it.
 */
#ifndef RM_PACE_H
#define RM_PACE_H

#include "runner/base/histogram.h"
#include "runner/driver.h"

enum rm_pace_clock { RM_CLOCK_INTENDED, RM_CLOCK_SERVICE, RM_CLOCKS };

enum { RM_SLOWEST = 16 };

/* One of the longest operations of a window. */
struct rm_slow {
	uint64_t start_ns, end_ns; /* of rm_now_ns() */
	uint64_t late_ns;          /* it started so long after it should */
	enum rm_operation operation;
	bool was_there;
};

/* One thread's schedule. One writer: its thread. */
struct rm_pace {
	bool poisson;         /* else constant gaps */
	bool oversubscribed;  /* never spin: others need the CPU */
	double gap_ns;        /* mean gap between this thread's arrivals */
	double due_ns;        /* next intended start, fractions kept */
	uint64_t end_ns;      /* the window's end */
	uint64_t give_up_ns;  /* a backlog older than this ends the window */
	uint64_t intended_ns; /* of the running operation */
	uint64_t started_ns;  /* its actual start */
	uint64_t late_starts; /* operations started over 1 ms late */
	bool gave_up;         /* the rate could not be kept */
	uint64_t rng;
	struct rm_slow slowest[RM_SLOWEST]; /* longest first */
	unsigned slow_count;
	/* [operation][was there][clock]; NULL until used */
	struct rm_histogram *histograms[RM_OPERATIONS][2][RM_CLOCKS];
};

/*
 * Begins a window of `window_ns` at `start_ns`: clears late starts and
 * histograms. Thread `slot` of `threads` gets its share of `rate_per_s`.
 */
void rm_pace_begin(struct rm_pace *pace, uint64_t start_ns, uint64_t window_ns,
        double rate_per_s, unsigned slot, unsigned threads);

/* Keeps the operation if it is among the RM_SLOWEST longest so far; also for
   loops without a schedule that read the clock anyway. Its thread. */
void rm_pace_keep_slow(struct rm_pace *pace, const struct rm_slow *slow);

void rm_pace_clear(struct rm_pace *pace);

#endif /* RM_PACE_H */
