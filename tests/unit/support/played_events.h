/* SPDX-License-Identifier: Apache-2.0 */
/* played_events.h - stands in for runner/trial/events.c: what was told last. */
#ifndef RM_TEST_PLAYED_EVENTS_H
#define RM_TEST_PLAYED_EVENTS_H

#include "runner/event.h"

/* The last event of each kind, and how many there were. */
static struct {
	uint64_t count, start_ns, argument;
} told[RM_EVENTS];
static uint64_t event_clock = 1;

uint64_t rm_event_clock(void)
{
	return event_clock++;
}

void rm_event_span(enum rm_event event, uint64_t start_ns, uint64_t argument)
{
	told[event].count++;
	told[event].start_ns = start_ns;
	told[event].argument = argument;
}

#endif /* RM_TEST_PLAYED_EVENTS_H */
