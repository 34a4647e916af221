/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - records the events of each thread in a ring buffer, and sums their
   durations. */
#include "runner/trial/events.h"

#include "runner/base/clock.h"
#include "runner/base/sanitized.h"

#include <stdio.h>

enum {
	/* With a sanitizer, leak checkers scan all rings when the process
	   exits. For 75 MB of rings, this took a third of a check's time. */
	RING_LENGTH = RM_SANITIZED ? 64 : RM_EVENT_RING_LENGTH,
	/* Timed builds record nothing, but arrays need at least one element. */
	RINGS = RM_STATS_BUILT ? RM_EVENT_RINGS : 1,
	LENGTH = RM_STATS_BUILT ? RING_LENGTH : 1,
};

/* Parts of a ring, so that frequent events do not overwrite rare ones. */
enum part { RARE, MOVES, WAITS, PARTS };

struct sums {
	_Atomic uint64_t count[RM_EVENTS], ns[RM_EVENTS], max_ns[RM_EVENTS];
};

/* Only its own thread writes a ring. Members that other threads read are
   atomic. */
static struct ring {
	_Alignas(RM_CACHE_LINE) _Atomic int lane;
	struct sums sums;
	_Atomic uint64_t written[PARTS];
	struct rm_event_record records[PARTS][LENGTH];
} rings[RINGS];

/* Global, like the rings. */
static _Atomic unsigned rings_taken;
/* Number of lost events of all threads without a ring, and the sums of their
   spans. No span is missing in the sums. */
static _Atomic uint64_t ringless;
static struct sums ringless_sums;
static _Thread_local struct ring *own_ring;

static const struct {
	const char *name, *argument;
} kinds[RM_EVENTS] = {
	[RM_EVENT_GROW] = { "grow", "log2_buckets" },
	[RM_EVENT_EVACUATE] = { "evacuate", "nevacuate_or_keys" },
	[RM_EVENT_GROWTH] = { "growth", "log2_buckets" },
	[RM_EVENT_RESIZE] = { "resize", "slots" },
	[RM_EVENT_PROMOTE] = { "promote", "entries" },
	[RM_EVENT_REBUILD] = { "rebuild", "entries" },
	[RM_EVENT_CLONE] = { "clone", "entries" },
	[RM_EVENT_RECLAIM] = { "reclaim", "objects" },
	[RM_EVENT_GRACE_WAIT] = { "grace_wait", "zero" },
	[RM_EVENT_LOCK_WAIT] = { "lock_wait", "writes" },
	[RM_EVENT_PHASE] = { "phase", "phase" },
};

const char *rm_event_name(enum rm_event event)
{
	return kinds[event].name;
}

const char *rm_event_argument(enum rm_event event)
{
	return kinds[event].argument;
}

/* Returns the calling thread's ring, or NULL if all rings are taken. */
static struct ring *get_ring(void)
{
	if (own_ring)
		return own_ring;
	/* both relaxed: only uniqueness matters */
	if (atomic_load_explicit(&rings_taken, memory_order_relaxed) >= RINGS)
		return NULL;
	unsigned at = atomic_fetch_add_explicit(
	        &rings_taken, 1, memory_order_relaxed);

	if (at >= RINGS)
		return NULL;
	own_ring = &rings[at];
	/* relaxed: the number publishes no data */
	atomic_store_explicit(&own_ring->lane, RM_EVENT_FOREIGN + (int)at,
	        memory_order_relaxed);
	return own_ring;
}

void rm_events_set_lane(int lane)
{
	struct ring *to = RM_STATS_BUILT ? get_ring() : NULL;

	if (to)
		/* relaxed: the number of the lane publishes no data */
		atomic_store_explicit(&to->lane, lane, memory_order_relaxed);
}

/* Returns the number of available events in a part of a ring, at most
   LENGTH. */
static size_t available(unsigned i, enum part part)
{
	/* acquire: pairs with the release in record_event() */
	uint64_t written = atomic_load_explicit(
	        &rings[i].written[part], memory_order_acquire);

	return written < LENGTH ? written : LENGTH;
}

static enum part part_of(enum rm_event event)
{
	return event == RM_EVENT_EVACUATE    ? MOVES
	       : event == RM_EVENT_LOCK_WAIT ? WAITS
	                                     : RARE;
}

static void record_event(struct rm_event_record record)
{
	const enum part part = part_of(record.event);
	struct ring *to = get_ring();

	if (!to) {
		rm_stat_add(&ringless, 1);
		return;
	}
	uint64_t at = rm_stat_read(&to->written[part]);

	for (int other = 0; other < PARTS; other++)
		record.sequence += rm_stat_read(&to->written[other]);
	to->records[part][at % LENGTH] = record;
	/* release: pairs with the acquire in available() */
	atomic_store_explicit(&to->written[part], at + 1, memory_order_release);
}

uint64_t rm_event_clock(void)
{
	return rm_now_ns();
}

/* Adds a span of `ns` to sums that other threads may also change. */
static void sum_up_shared(struct sums *sums, enum rm_event event, uint64_t ns)
{
	uint64_t max_ns = rm_stat_read(&sums->max_ns[event]);

	rm_stat_add(&sums->count[event], 1);
	rm_stat_add(&sums->ns[event], ns);
	while (ns > max_ns &&
	        /* both relaxed: a statistic orders nothing */
	        !atomic_compare_exchange_weak_explicit(&sums->max_ns[event],
	                &max_ns, ns, memory_order_relaxed,
	                memory_order_relaxed))
		;
}

/* Adds a span of `ns` to sums that only the calling thread changes. */
static void sum_up_own(struct sums *sums, enum rm_event event, uint64_t ns)
{
	rm_stat_own(&sums->count[event], 1);
	rm_stat_own(&sums->ns[event], ns);
	if (ns > rm_stat_read(&sums->max_ns[event]))
		/* relaxed: a statistic orders nothing */
		atomic_store_explicit(
		        &sums->max_ns[event], ns, memory_order_relaxed);
}

void rm_event_span(enum rm_event event, uint64_t start_ns, uint64_t argument)
{
	const uint64_t now = rm_now_ns();
	struct ring *to = get_ring();

	record_event((struct rm_event_record){ .start_ns = start_ns,
	        .end_ns = now,
	        .argument = argument,
	        .event = event,
	        .kind = RM_EVENT_IS_SPAN });
	if (to)
		sum_up_own(&to->sums, event, now - start_ns);
	else
		sum_up_shared(&ringless_sums, event, now - start_ns);
}

static void record_state(enum rm_event event, enum rm_event_kind kind,
        const void *object, uint64_t argument)
{
	const uint64_t now = rm_now_ns();

	record_event((struct rm_event_record){ .start_ns = now,
	        .end_ns = now,
	        .argument = argument,
	        .object = (uintptr_t)object,
	        .event = event,
	        .kind = kind });
}

void rm_event_open(enum rm_event event, const void *object, uint64_t argument)
{
	record_state(event, RM_EVENT_OPENS, object, argument);
}

void rm_event_close(enum rm_event event, const void *object)
{
	record_state(event, RM_EVENT_CLOSES, object, 0);
}

unsigned rm_events_lanes(void)
{
	/* relaxed: any recent value suffices */
	unsigned taken =
	        atomic_load_explicit(&rings_taken, memory_order_relaxed);

	return taken < RINGS ? taken : RINGS;
}

bool rm_events_lane_at(unsigned i, struct rm_event_lane *lane)
{
	lane->count = 0;
	for (int part = 0; part < PARTS; part++)
		lane->count += available(i, (enum part)part);
	/* relaxed: the number of the lane publishes no data */
	lane->lane = atomic_load_explicit(&rings[i].lane, memory_order_relaxed);
	return lane->count > 0;
}

struct rm_event_record rm_events_at(unsigned i, size_t at)
{
	enum part part = RARE;

	while (part < WAITS && at >= available(i, part))
		at -= available(i, part++);
	return rings[i].records[part][at];
}

static uint64_t overwritten(enum part part)
{
	uint64_t lost = 0;

	for (unsigned i = 0; i < rm_events_lanes(); i++)
		lost += rm_stat_read(&rings[i].written[part]) -
		        available(i, part);
	return lost;
}

uint64_t rm_events_lost(void)
{
	return rm_stat_read(&ringless) + overwritten(RARE) +
	       overwritten(MOVES) + overwritten(WAITS);
}

uint64_t rm_events_waits_lost(void)
{
	return overwritten(WAITS);
}

/* Returns the sums of lane `i`. If `i` is the number of lanes, returns the sums
   of all threads without a ring. */
static struct sums *sums_at(unsigned i)
{
	return i < rm_events_lanes() ? &rings[i].sums : &ringless_sums;
}

void rm_events_begin_window(void)
{
	for (unsigned i = 0; i <= rm_events_lanes(); i++)
		for (int event = 0; event < RM_EVENTS; event++)
			/* relaxed: a statistic; other threads wait */
			atomic_store_explicit(&sums_at(i)->max_ns[event], 0,
			        memory_order_relaxed);
}

void rm_events_sum(enum rm_event event, uint64_t *count, uint64_t *ns)
{
	*count = *ns = 0;
	for (unsigned i = 0; i <= rm_events_lanes(); i++) {
		*count += rm_stat_read(&sums_at(i)->count[event]);
		*ns += rm_stat_read(&sums_at(i)->ns[event]);
	}
}

static void emit_event(enum rm_event event, rm_stat_fn *emit, void *context)
{
	uint64_t count, ns, max_ns = 0;
	char name[64];

	rm_events_sum(event, &count, &ns);
	for (unsigned i = 0; i <= rm_events_lanes(); i++) {
		uint64_t max = rm_stat_read(&sums_at(i)->max_ns[event]);

		max_ns = max > max_ns ? max : max_ns;
	}
	snprintf(name, sizeof(name), "pause_%s", kinds[event].name);
	emit(context, name, "1", (double)count);
	snprintf(name, sizeof(name), "pause_%s_ns", kinds[event].name);
	emit(context, name, "ns", (double)ns);
	snprintf(name, sizeof(name), "pause_%s_max_ns", kinds[event].name);
	emit(context, name, "ns", (double)max_ns);
}

void rm_events_emit(rm_stat_fn *emit, void *context)
{
	if (!RM_STATS_BUILT)
		return;
	for (int event = 0; event < RM_EVENTS; event++)
		if (event != RM_EVENT_GROWTH && event != RM_EVENT_PHASE)
			emit_event((enum rm_event)event, emit, context);
	emit(context, "events_lost", "1", (double)rm_events_lost());
}
