/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - records occasional internal work of maps, and waits for locks, in
 * the stats build.
 *
 * An event is a span of one thread (a rehash, a rebuild, a wait) or a state of
 * an object that one thread opens and another may close (a growth shared by
 * many writes). runner/trial/events.c records events per thread without
 * allocating. `readmostly dev timeline` exports the events, and `measure =
 * causes` sums them. In other builds, these macros generate no code and
 * evaluate nothing.
 */
#ifndef RM_EVENT_H
#define RM_EVENT_H

#include <stdint.h>

/* For functions that maps in C and C++ call. */
#ifdef __cplusplus
#define RM_C_BEGIN extern "C" {
#define RM_C_END   }
#else
#define RM_C_BEGIN
#define RM_C_END
#endif

/* Kinds of events. Each comment has the event's argument in parentheses. */
enum rm_event {
	RM_EVENT_GROW,       /* Go's map grew its array (log2 of buckets) */
	RM_EVENT_EVACUATE,   /* a write moved old buckets (nevacuate) */
	RM_EVENT_GROWTH,     /* state: a Go map has two arrays (new log2) */
	RM_EVENT_RESIZE,     /* a table was rehashed (new size; 0: unknown) */
	RM_EVENT_PROMOTE,    /* sync.Map: dirty became read (entries) */
	RM_EVENT_REBUILD,    /* sync.Map: dirty was filled (copied entries) */
	RM_EVENT_CLONE,      /* a snapshot was copied (entries) */
	RM_EVENT_RECLAIM,    /* retired objects were freed (number) */
	RM_EVENT_GRACE_WAIT, /* a writer waited for readers (0) */
	RM_EVENT_LOCK_WAIT,  /* waited for a locked lock (1: to write) */
	RM_EVENT_PHASE,      /* phase of a trial (enum rm_phase) */
	RM_EVENTS,
};

enum rm_lock_side { RM_LOCK_READ, RM_LOCK_WRITE, RM_LOCK_SIDES };

#ifdef RM_STATS
/* Start time of a span. */
#define RM_EVENT_CLOCK() rm_event_clock()
/* Records a span: this thread executed `event` from `start_ns` until now. */
#define RM_EVENT_SPAN(event, start_ns, argument) \
	rm_event_span((event), (start_ns), (argument))
/* Record that `object` (a pointer) enters or leaves the state `event`. */
#define RM_EVENT_OPEN(event, object, argument) \
	rm_event_open((event), (object), (argument))
#define RM_EVENT_CLOSE(event, object) rm_event_close((event), (object))
/* Call RM_LOCK_BEGIN before, and RM_LOCK_END after a lock is acquired. If the
   thread must wait for another thread, call RM_LOCK_WAIT_BEGIN just before the
   wait. */
#define RM_LOCK_BEGIN(side)  rm_lock_begin(side)
#define RM_LOCK_WAIT_BEGIN() rm_lock_wait_begin()
#define RM_LOCK_END()        rm_lock_end()
#else
#define RM_EVENT_CLOCK() ((uint64_t)0)
#define RM_EVENT_SPAN(event, start_ns, argument) \
	((void)sizeof((event) + (start_ns) + (argument)))
#define RM_EVENT_OPEN(event, object, argument) \
	((void)sizeof((event) + sizeof(object) + (argument)))
#define RM_EVENT_CLOSE(event, object) ((void)sizeof((event) + sizeof(object)))
#define RM_LOCK_BEGIN(side)           ((void)sizeof(side))
#define RM_LOCK_WAIT_BEGIN()          ((void)0)
#define RM_LOCK_END()                 ((void)0)
#endif

RM_C_BEGIN
/* Implemented in runner/trial/events.c. Any thread may call these functions.
   Times are from rm_now_ns(). */
uint64_t rm_event_clock(void);
void rm_event_span(enum rm_event event, uint64_t start_ns, uint64_t argument);
void rm_event_open(enum rm_event event, const void *object, uint64_t argument);
void rm_event_close(enum rm_event event, const void *object);

/* Implemented in runner/trial/lock_waits.c. A thread acquires one lock at a
   time. If acquisitions are nested, all waits count for the outer lock. */
void rm_lock_begin(enum rm_lock_side side);
void rm_lock_wait_begin(void);
void rm_lock_end(void);
RM_C_END

#endif /* RM_EVENT_H */
