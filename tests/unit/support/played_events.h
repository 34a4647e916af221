/* SPDX-License-Identifier: Apache-2.0 */
/* played_events.h - replaces runner/trial/events.c and records the last
   events. */
#ifndef RM_TEST_PLAYED_EVENTS_H
#define RM_TEST_PLAYED_EVENTS_H

#include "runner/event.h"

/* The last event of each kind, and the number of events of that kind. */
static struct {
	uint64_t count, start_ns, argument;
} events[RM_EVENTS];
static uint64_t event_clock = 1;

uint64_t rm_event_clock(void)
{
	return event_clock++;
}

void rm_event_span(enum rm_event event, uint64_t start_ns, uint64_t argument)
{
	events[event].count++;
	events[event].start_ns = start_ns;
	events[event].argument = argument;
}

#endif /* RM_TEST_PLAYED_EVENTS_H */
