/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - the events of runner/event.h, as they were kept. Private to trial.
 *
 * Each thread has a ring of its own, taken from a fixed number of rings at
 * its first event; nothing is allocated and nobody waits. A full ring loses
 * its oldest event, a thread that came too late for a ring loses all of its
 * own; both are counted. What each write may cause has a part of the ring to
 * itself: evacuations one, waits for locks another. So they drive out nothing
 * rare, and waits, of which there are as many as the threads' luck makes, no
 * evacuation.
 * What is summed up (rm_events_emit) is never lost: threads without a ring have
 * sums in common.
 */
#ifndef RM_TRIAL_EVENTS_H
#define RM_TRIAL_EVENTS_H

#include "runner/map.h"

enum {
	RM_EVENT_RINGS = 128,
	RM_EVENT_RING_LENGTH = 4096, /* events, of each of the three parts */
	RM_EVENT_MAIN = -1,          /* lane of the trial's main thread */
	RM_EVENT_FOREIGN = 4096,     /* first lane of threads that a map or a
				    library started: above all slots */
};

enum rm_event_kind { RM_EVENT_IS_SPAN, RM_EVENT_OPENS, RM_EVENT_CLOSES };

struct rm_event_record {
	uint64_t start_ns, end_ns; /* of rm_now_ns(); equal unless a span */
	uint64_t argument;
	uint64_t sequence; /* in its thread, in the order of ends */
	uintptr_t object;  /* opens and closes: whose state */
	enum rm_event event;
	enum rm_event_kind kind;
};

/* What one thread did. */
struct rm_event_lane {
	int lane; /* the trial's thread: its slot, or RM_EVENT_MAIN; others
		     from RM_EVENT_FOREIGN on */
	size_t count;
};

/* Names the calling thread: its slot, or RM_EVENT_MAIN. */
void rm_events_lane(int lane);

/* Number of lanes so far; lane `i` of them, false: it has no event. */
unsigned rm_events_lanes(void);
bool rm_events_lane_at(unsigned i, struct rm_event_lane *lane);
/* Event `at` of lane `i`, 0 <= at < count, in no order. While threads record,
   it may be torn: ask when they are done. */
struct rm_event_record rm_events_at(unsigned i, size_t at);

/* Events that are not kept: overwritten, or of threads without a ring. */
uint64_t rm_events_lost(void);
/* Those among them that were overwritten waits for locks. */
uint64_t rm_events_waits_lost(void);

/* "grow", "lock_wait", ... : stable, for statistics and traces. */
const char *rm_event_name(enum rm_event event);
/* What the argument is, e.g. "entries". */
const char *rm_event_argument(enum rm_event event);

/* From here on the longest span of each kind is of the window. */
void rm_events_window(void);

/* How many spans of this kind ended so far, and how long they were together;
   none in builds without hooks. Any thread. */
void rm_events_sum(enum rm_event event, uint64_t *count, uint64_t *ns);

/*
 * Emits for each kind of span `pause_NAME` (how often), `pause_NAME_ns` (in
 * all) and `pause_NAME_max_ns` (since rm_events_window()), and `events_lost`.
 * Emits nothing in builds without hooks. Any thread.
 */
void rm_events_emit(rm_stat_fn *emit, void *context);

#endif /* RM_TRIAL_EVENTS_H */
