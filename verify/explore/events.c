/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - records the trace of a schedule: each visible access with the
   value read or written (world.h). */
#include "verify/explore/heap.h"
#include "verify/explore/world.h"

#include <string.h>

/* Returns the event of the current step, or NULL if the trace is off or full,
   if lane 0 is alone, or if the lane is not traced. */
static struct rm_explore_event *last_event(void)
{
	return rm_explore.trace && !rm_explore.alone &&
	                       !rm_explore.running->untraced &&
	                       rm_explore.trace_count &&
	                       rm_explore.trace_count < rm_explore.trace_room
	               ? &rm_explore.trace[rm_explore.trace_count - 1]
	               : NULL;
}

/* Returns the last event of the running lane; events of draining buffers may
 * follow it. */
static struct rm_explore_event *own_event(void)
{
	struct rm_explore_event *event = last_event();

	while (event && event->kind == RM_EXPLORE_LEAVES)
		event = event > rm_explore.trace ? event - 1 : NULL;
	return event;
}

static void take_value(struct rm_explore_event *event)
{
	memcpy(&event->value, (const void *)event->at, event->bytes);
	event->at = 0;
}

void rm_explore_note(enum rm_explore_kind kind, const void *site)
{
	const struct rm_explore_lane *lane = rm_explore.running;
	struct rm_explore_event *last = own_event();

	if (!rm_explore.trace || rm_explore.alone || lane->untraced ||
	        rm_explore.steps + rm_explore.granted - rm_explore.left <
	                rm_explore.trace_from)
		return;
	if (rm_explore.trace_count == rm_explore.trace_room) {
		rm_explore.trace_lost++;
		return;
	}
	/* The program performs a plain write after its event was recorded, so
	   the value is read at the lane's next access. */
	if (last && last->at)
		take_value(last);
	rm_explore.trace[rm_explore.trace_count++] =
	        (struct rm_explore_event){ .lane = (uint8_t)lane->id,
		        .kind = (uint8_t)kind,
		        .operation = (int16_t)lane->operation,
		        .site = site };
}

/* Memory that the program may not access is skipped. */
void rm_explore_note_place(uintptr_t at, unsigned bytes)
{
	struct rm_explore_event *event = own_event();

	if (!event || (at - rm_explore_heap >= RM_EXPLORE_HEAP_BYTES &&
	                      !rm_sim_space_image((const void *)at)))
		return;
	event->at = at;
	event->bytes = (uint8_t)bytes;
	if (event->kind == RM_EXPLORE_READS)
		take_value(event);
}

void rm_explore_note_part(void)
{
	struct rm_explore_event *event = own_event();

	if (!event)
		return;
	event->at = 0;
	event->bytes = 0;
}

void rm_explore_note_value(uint64_t value, unsigned bytes)
{
	struct rm_explore_event *event = own_event();

	if (!event)
		return;
	event->value = value;
	event->bytes = (uint8_t)(bytes < 8 ? bytes : 8);
}

void rm_explore_note_compared(bool changed)
{
	struct rm_explore_event *event = own_event();

	if (event)
		event->kind = changed ? RM_EXPLORE_STORES : RM_EXPLORE_LOADS;
}

void rm_explore_note_unlocks(void)
{
	struct rm_explore_event *event = own_event();

	if (event)
		event->kind = RM_EXPLORE_UNLOCKS;
}

void rm_explore_note_older(unsigned lane, const void *site)
{
	struct rm_explore_event *event = last_event();

	if (!event)
		return;
	event->looks_back = true;
	event->older_lane = (uint8_t)lane;
	event->older_site = site;
}

void rm_explore_note_waits(void)
{
	struct rm_explore_event *event = own_event();

	if (event)
		event->kind = RM_EXPLORE_WAITS;
}

/* Adds the event to `lane`, although another lane may be running. */
void rm_explore_note_leaves(unsigned lane, const void *site)
{
	struct rm_explore_event *event;

	rm_explore_note(RM_EXPLORE_LEAVES, site);
	event = last_event();
	if (!event)
		return;
	event->lane = (uint8_t)lane;
	event->operation = (int16_t)rm_explore.lane[lane].operation;
}
