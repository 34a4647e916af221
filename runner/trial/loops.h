/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loops.h - loops that run on every map through its table of operations.
 *
 * A call through a pointer costs about a nanosecond: nothing beside a scan, an
 * insert into a growing map, or a session's close; too much for a look-up,
 * whose loops are inlined (runner/driver.h).
 */
#ifndef RM_TRIAL_LOOPS_H
#define RM_TRIAL_LOOPS_H

#include "runner/base/histogram.h"
#include "runner/map.h"
#include "runner/plan/cell.h"

struct rm_member;
struct rm_team;

/* What these loops note of one phase. One writer: the thread. */
struct rm_loop_notes {
	struct rm_histogram *times; /* of single scans, closes; or NULL */
	uint64_t visited;           /* scans: entries; litmus: rounds where both
	                               saw an old value */
	uint64_t opened, closed;    /* sessions, of both phases */
	_Atomic uint64_t round;     /* litmus: rounds ended, of both phases */
	bool saw_old[2];            /* ... in the last two */
};

struct rm_trial_loop {
	/* One thread's share, until the window's end. */
	void (*run)(struct rm_member *member);
	/* Statistics of the window, after it. */
	void (*report)(
	        const struct rm_team *team, rm_stat_fn *emit, void *context);
};

/* The generic loop of this kind, or NULL: inlined, or the subject's own. */
const struct rm_trial_loop *rm_trial_loop_find(enum rm_loop_kind kind);

/* Forgets what one phase noted; frees at the end. */
void rm_loop_notes_clear(struct rm_loop_notes *notes);

/* Notes one duration; without memory it is not noted. */
void rm_loop_note(struct rm_loop_notes *notes, uint64_t ns);

/* Emits NAME_count, _p50_ns, _p99_ns, _max_ns of all threads' times. */
void rm_loop_emit_times(const struct rm_team *team, const char *name,
        rm_stat_fn *emit, void *context);

extern const struct rm_trial_loop rm_loop_scan, rm_loop_fill, rm_loop_lifecycle,
        rm_loop_litmus;

#endif /* RM_TRIAL_LOOPS_H */
