/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - access to the recorded events of runner/event.h. Private to trial.
 *
 * Each thread takes one of a fixed number of rings at its first event, so
 * recording neither allocates nor waits. A full ring overwrites its oldest
 * event. A thread that finds no free ring loses all its events. Both losses are
 * counted. A ring has separate parts for evacuations, for waits for locks and
 * for all other events, so that frequent events do not overwrite rare ones.
 * Sums of spans (rm_events_emit) are never lost: threads without a ring share
 * one set of sums.
 */
#ifndef RM_TRIAL_EVENTS_H
#define RM_TRIAL_EVENTS_H

#include "runner/map.h"

enum {
	RM_EVENT_RINGS = 128,
	RM_EVENT_RING_LENGTH = 4096, /* events in each of the three parts of a
	                                ring */
	RM_EVENT_MAIN = -1,          /* number of the trial's main thread */
	RM_EVENT_FOREIGN = 4096,     /* first number of threads that a map or a
	                            library started; above all slots */
};

enum rm_event_kind { RM_EVENT_IS_SPAN, RM_EVENT_OPENS, RM_EVENT_CLOSES };

struct rm_event_record {
	uint64_t start_ns, end_ns; /* from rm_now_ns(); equal if it is not a
	                              span */
	uint64_t argument;
	uint64_t sequence; /* per thread, in order of end times */
	uintptr_t object;  /* for the begin and end of a state: address of the
	                     object */
	enum rm_event event;
	enum rm_event_kind kind;
};

/* The latest events of one thread. */
struct rm_event_lane {
	int lane; /* slot of a trial thread, RM_EVENT_MAIN, or RM_EVENT_FOREIGN
	             and above for other threads */
	size_t count;
};

/* Sets the number of the calling thread: its slot, or RM_EVENT_MAIN. */
void rm_events_set_lane(int lane);

/* rm_events_lanes() returns the number of lanes (threads that recorded an
   event) so far; rm_events_lane_at() describes lane `i`, and returns false if
   it has no event. */
unsigned rm_events_lanes(void);
bool rm_events_lane_at(unsigned i, struct rm_event_lane *lane);
/* Returns event `at` of lane `i`, 0 <= at < count, in no particular order. Call
   it after all threads have stopped recording; before that, the event may be
   torn. */
struct rm_event_record rm_events_at(unsigned i, size_t at);

/* Number of lost events: those overwritten, and those of threads without a
   ring. */
uint64_t rm_events_lost(void);
/* Number of waits for locks among the overwritten events. */
uint64_t rm_events_waits_lost(void);

/* Name of a kind of event for statistics and traces ("grow", "lock_wait", ...),
   which never changes. */
const char *rm_event_name(enum rm_event event);
/* Meaning of the event's argument, e.g. "entries". */
const char *rm_event_argument(enum rm_event event);

/* Begins the window: clears the longest span of each kind. */
void rm_events_begin_window(void);

/* Number and total time of the spans of this kind that have ended; 0 in builds
   without hooks. Any thread. */
void rm_events_sum(enum rm_event event, uint64_t *count, uint64_t *ns);

/*
 * Emits for each kind of span `pause_NAME` (count), `pause_NAME_ns` (total) and
 * `pause_NAME_max_ns` (longest of the window), then `events_lost`. Emits
 * nothing in builds without hooks. Any thread.
 */
void rm_events_emit(rm_stat_fn *emit, void *context);

#endif /* RM_TRIAL_EVENTS_H */
