/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - when maps did what they do now and then, and how long threads
 * waited for locks: in the stats build only, like the counts of stat.h.
 *
 * An event is a span of one thread (a rehash, a rebuild, a wait) or a state
 * of an object that some thread opens and another may close (a growth that
 * many writes share). runner/trial/events.c keeps them per thread without
 * allocating; `readmostly dev timeline` exports them, and `measure = causes` sums
 * them up. In measured builds these macros leave no code and evaluate
 * nothing.
 */
#ifndef RM_EVENT_H
#define RM_EVENT_H

#include <stdint.h>

/* Maps are C or C++; functions that both call have C's names. */
#ifdef __cplusplus
#define RM_C_BEGIN extern "C" {
#define RM_C_END   }
#else
#define RM_C_BEGIN
#define RM_C_END
#endif

/* In brackets what the argument says. */
enum rm_event {
	RM_EVENT_GROW,       /* Go's map made a new array (log2 of buckets) */
	RM_EVENT_EVACUATE,   /* a write moved old buckets (nevacuate) */
	RM_EVENT_GROWTH,     /* state: a Go map has two arrays (new log2) */
	RM_EVENT_RESIZE,     /* a table was rehashed at once (new slots, or its
			      entries; 0: a library did, and tells neither) */
	RM_EVENT_PROMOTE,    /* sync.Map: dirty became read (entries) */
	RM_EVENT_REBUILD,    /* sync.Map: a new dirty was filled (the
				entries that it kept) */
	RM_EVENT_CLONE,      /* a snapshot was copied (entries) */
	RM_EVENT_RECLAIM,    /* retired objects were freed (how many, or how
				many could not be) */
	RM_EVENT_GRACE_WAIT, /* a writer waited for readers (0) */
	RM_EVENT_LOCK_WAIT,  /* a lock was held by others (1: to write) */
	RM_EVENT_PHASE,      /* of a trial (enum rm_phase) */
	RM_EVENTS,
};

enum rm_lock_side { RM_LOCK_READ, RM_LOCK_WRITE, RM_LOCK_SIDES };

#ifdef RM_STATS
/* Now, for the start of a span. */
#define RM_EVENT_CLOCK() rm_event_clock()
/* This thread did `event` from `start_ns` until now. */
#define RM_EVENT_SPAN(event, start_ns, argument) \
	rm_event_span((event), (start_ns), (argument))
/* `object` (a pointer) enters and leaves the state `event`. */
#define RM_EVENT_OPEN(event, object, argument) \
	rm_event_open((event), (object), (argument))
#define RM_EVENT_CLOSE(event, object) rm_event_close((event), (object))
/* Around taking a lock; in between, before the thread waits for others. */
#define RM_LOCK_BEGIN(side) rm_lock_begin(side)
#define RM_LOCK_WAITS()     rm_lock_waits()
#define RM_LOCK_END()       rm_lock_end()
#else
#define RM_EVENT_CLOCK() ((uint64_t)0)
#define RM_EVENT_SPAN(event, start_ns, argument) \
	((void)sizeof((event) + (start_ns) + (argument)))
#define RM_EVENT_OPEN(event, object, argument) \
	((void)sizeof((event) + sizeof(object) + (argument)))
#define RM_EVENT_CLOSE(event, object) ((void)sizeof((event) + sizeof(object)))
#define RM_LOCK_BEGIN(side)           ((void)sizeof(side))
#define RM_LOCK_WAITS()               ((void)0)
#define RM_LOCK_END()                 ((void)0)
#endif

RM_C_BEGIN
/* runner/trial/events.c. Any thread; times are those of rm_now_ns(). */
uint64_t rm_event_clock(void);
void rm_event_span(enum rm_event event, uint64_t start_ns, uint64_t argument);
void rm_event_open(enum rm_event event, const void *object, uint64_t argument);
void rm_event_close(enum rm_event event, const void *object);

/* runner/trial/lock_waits.c. A thread takes one lock at a time; what it waits
   for inside of another lock's begin and end belongs to the outer one. */
void rm_lock_begin(enum rm_lock_side side);
void rm_lock_waits(void);
void rm_lock_end(void);
RM_C_END

#endif /* RM_EVENT_H */
