/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - private header: access to the recorded events of runner/event.h.
 *
 * Each thread takes one of a fixed number of rings at its first event, so
 * recording neither allocates nor waits. A full ring overwrites its oldest
 * event. If all rings are taken, a thread loses all its events. Both losses are
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
	RM_EVENT_RING_LENGTH = 4096, /* per part of a ring */
	RM_EVENT_MAIN = -1,          /* lane of the trial's main thread */
	RM_EVENT_FOREIGN = 4096,     /* first lane of threads that a map or a
	                                library started; above all slots */
};

enum rm_event_kind { RM_EVENT_IS_SPAN, RM_EVENT_OPENS, RM_EVENT_CLOSES };

struct rm_event_record {
	uint64_t start_ns, end_ns; /* from rm_now_ns() */
	uint64_t argument;
	uint64_t sequence; /* number, in order of end times */
	uintptr_t object;  /* for the begin and the end of a state, the address
	                      of its object */
	enum rm_event event;
	enum rm_event_kind kind;
};

/* The latest events of one thread, which is called a lane. */
struct rm_event_lane {
	int lane; /* slot of a trial thread; RM_EVENT_MAIN; RM_EVENT_FOREIGN and
	             above for other threads */
	size_t count;
};

/* Sets the lane of the calling thread: its slot, or RM_EVENT_MAIN. */
void rm_events_set_lane(int lane);

/* rm_events_lanes() returns the number of threads that have recorded an event.
   rm_events_lane_at() describes lane `i`; it returns false if the lane has no
   event. */
unsigned rm_events_lanes(void);
bool rm_events_lane_at(unsigned i, struct rm_event_lane *lane);
/* Returns event `at` of lane `i`, 0 <= at < count, in no particular order. Call
   it after all threads have stopped recording; otherwise the event may be
   torn. */
struct rm_event_record rm_events_at(unsigned i, size_t at);

/* Returns the number of lost events: overwritten events, and events of threads
   without a ring. */
uint64_t rm_events_lost(void);
/* Returns the number of waits for locks among the overwritten events. */
uint64_t rm_events_waits_lost(void);

/* Returns the name of a kind of event for statistics and traces, such as "grow"
   or "lock_wait". The names never change. */
const char *rm_event_name(enum rm_event event);
/* Returns the meaning of the event's argument, e.g. "entries". */
const char *rm_event_argument(enum rm_event event);

/* Begins the window: clears the longest span of each kind. */
void rm_events_begin_window(void);

/* Stores the number and total time of the spans of this kind that have ended; 0
   in builds without hooks. Any thread. */
void rm_events_sum(enum rm_event event, uint64_t *count, uint64_t *ns);

/*
 * Emits for each kind of span `pause_NAME` (count), `pause_NAME_ns` (total) and
 * `pause_NAME_max_ns` (longest of the window), then `events_lost`. Emits
 * nothing in builds without hooks. Any thread.
 */
void rm_events_emit(rm_stat_fn *emit, void *context);

#endif /* RM_TRIAL_EVENTS_H */
