/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cleanup.h - a registry of connections that is cleaned by iterating and
 * deleting: the loop `cleanup`.
 *
 * All threads share one registry, a port of sync.Map from a connection's number
 * to its slot. The first thread is the timer: every tenth second it ranges over
 * the registry, closes connections that have been idle for 30 s and deletes
 * them. All other threads are servers, each of which owns a part of the slots.
 * In each second a server opens connections, a 64th of its slots but at least
 * one, and each handler takes a step. Servers continue while the timer sweeps,
 * so connections are opened, touched and closed during a sweep. At the first
 * entry of a sweep the timer waits, for at most 20 ms, until a server has
 * opened another connection, so that every run has connections opened during a
 * sweep. If there is only one thread, it alternates between both roles.
 *
 * An iteration is one second of virtual time, which each thread counts for
 * itself. The timer waits for the servers' clocks. If a sweep is five seconds
 * overdue, servers wait until it begins.
 *
 * Half of the clients stop sending after some seconds, without closing. Their
 * handlers wait for input that will not come. A connection is open for 28 s on
 * average and about 70 s at most, so less than half of the slots are in use. If
 * a handler and the timer close a connection at the same time, the one that
 * marks its slot has closed it.
 *
 * This is a template: the includer defines CLEANUP_CANCELS. If it is 1, the
 * mark is also a signal to the handler, which polls the mark each second while
 * it waits and must end within 30 s. If it is 0, handlers do not poll it, so a
 * handler and its resources outlive the connection.
 */
#ifndef RM_TECHNIQUE_CLEANUP_H
#define RM_TECHNIQUE_CLEANUP_H

#include "impls/syncmap/syncmap.h"
#include "impls/technique/technique.h"
#include "runner/base/rng.h"

#include <inttypes.h>

enum {
	CLEANUP_CONNECTIONS = 1000, /* most handlers that run at a time */
	CLEANUP_IDLE_S = 30,        /* idle time after which the timer closes a
	                        connection */
	CLEANUP_GONE_S = 30, /* time after the close within which the handler
	                        must end */
	CLEANUP_PERIOD_S = 10,
	CLEANUP_LATE_S = 5,      /* longest delay of a sweep */
	CLEANUP_TALK_S = 20,     /* longest time for which a client sends */
	CLEANUP_TURNOVER_S = 64, /* time in which all slots are filled once */
	CLEANUP_RESTS = 200,     /* most sleeps of 0.1 ms in a sweep */
	CLEANUP_SECOND_BITS = 28,
};

/* A connection and its handler. The slot is reused when both have ended. */
struct cleanup_slot {
	/* number of the connection and, in the low bits, the second in which it
	   was closed; 0 if it is open */
	_Atomic uint64_t mark, last_heard_s;
	uint64_t ends_s; /* only its server uses this and the members below */
	bool handled;    /* true while the handler runs */
	bool hangs_up;   /* true if the client closes the connection at the
	                    end */
};

struct cleanup;

struct cleanup_thread {
	_Alignas(2 * RM_CACHE_LINE) struct cleanup *cleanup;
	void *handle;         /* handle of the registry */
	uint64_t first, room; /* slots of this thread */
	uint64_t *free_slot;  /* stack of the numbers of free slots */
	uint64_t free_slots;
	uint64_t number, rng;
	/* written by this thread only */
	_Alignas(2 * RM_CACHE_LINE) _Atomic uint64_t now_s;
	_Atomic uint64_t opened, hung_up, refused, open_max, survivors;
	_Atomic uint64_t opened_within_sweeps;
	_Atomic bool over; /* true once the loop has ended */
};

struct cleanup {
	uint64_t share; /* number of slots of a server */
	size_t threads, first_server;
	struct syncmap *registry;
	struct cleanup_slot *slot;
	struct cleanup_thread *thread;
	/* written by the timer */
	_Alignas(2 * RM_CACHE_LINE) _Atomic uint64_t sweeps, closed;
	_Atomic bool sweeping;
	uint64_t timer_s;
};

/* relaxed, here and below: times, marks and counts, which order nothing */
RM_HOT uint64_t cleanup_get(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

RM_HOT void cleanup_set(_Atomic uint64_t *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_relaxed);
}

RM_HOT uint64_t cleanup_closed_s(uint64_t mark)
{
	return mark % (1U << CLEANUP_SECOND_BITS);
}

RM_HOT struct rm_key cleanup_key(uint64_t mark)
{
	return (struct rm_key){ .word = mark >> CLEANUP_SECOND_BITS };
}

/* Marks an open connection as closed and removes it from the registry. Returns
   false if it is already closed. */
static bool cleanup_close(struct cleanup_thread *self,
        struct cleanup_slot *slot, uint64_t mark, uint64_t now_s)
{
	if (cleanup_closed_s(mark) ||
	        !atomic_compare_exchange_strong_explicit(&slot->mark, &mark,
	                mark + now_s, memory_order_relaxed,
	                memory_order_relaxed))
		return false;
	syncmap_remove(self->handle, RM_U64X8, cleanup_key(mark));
	return true;
}

/* Opens a connection with a unique number in a free slot. Refuses the
   connection if all slots are occupied by handlers that should have ended. */
static void cleanup_open(struct cleanup_thread *self)
{
	const uint64_t x = rm_next(&self->rng);
	const uint64_t now_s = cleanup_get(&self->now_s);

	if (!self->free_slots) {
		rm_stat_own(&self->refused, 1);
		return;
	}
	const uint64_t i = self->free_slot[--self->free_slots];
	struct cleanup_slot *slot = &self->cleanup->slot[i];
	const uint64_t mark = self->number << CLEANUP_SECOND_BITS;
	const struct rm_value value = { { i } };

	self->number += self->cleanup->threads;
	cleanup_set(&slot->last_heard_s, now_s);
	cleanup_set(&slot->mark, mark);
	slot->handled = true;
	slot->hangs_up = x % 2;
	slot->ends_s = now_s + 1 + (x >> 32) % CLEANUP_TALK_S;
	syncmap_upsert(self->handle, RM_U64X8, cleanup_key(mark), &value);
	rm_stat_own(&self->opened, 1);
	if (atomic_load_explicit(
	            &self->cleanup->sweeping, memory_order_relaxed))
		rm_stat_own(&self->opened_within_sweeps, 1);
}

/* Ends the handler and frees its slot. Its connection has left the registry, or
   is leaving it now. */
static void cleanup_end(struct cleanup_thread *self, uint64_t i)
{
	self->cleanup->slot[i].handled = false;
	self->free_slot[self->free_slots++] = i;
}

/* Runs a handler for one second: it reads the client's input, or waits. */
static void cleanup_handle(struct cleanup_thread *self, uint64_t i)
{
	struct cleanup_slot *slot = &self->cleanup->slot[i];
	const uint64_t mark = cleanup_get(&slot->mark);
	const uint64_t now_s = cleanup_get(&self->now_s);

	if (CLEANUP_CANCELS && cleanup_closed_s(mark)) {
		cleanup_end(self, i);
	} else if (now_s < slot->ends_s) {
		cleanup_set(&slot->last_heard_s, now_s);
	} else if (slot->hangs_up) { /* the end of input wakes the handler */
		if (cleanup_close(self, slot, mark, now_s))
			rm_stat_own(&self->hung_up, 1);
		cleanup_end(self, i);
	}
}

/* Runs a server for one second. */
static void cleanup_serve(struct cleanup_thread *self)
{
	const uint64_t each_s = self->room < 2 * CLEANUP_TURNOVER_S
	                                ? self->room > 0
	                                : self->room / CLEANUP_TURNOVER_S;

	rm_stat_own(&self->now_s, 1);
	for (uint64_t i = 0; i < each_s; i++)
		cleanup_open(self);
	for (uint64_t i = self->first; i < self->first + self->room; i++)
		if (self->cleanup->slot[i].handled)
			cleanup_handle(self, i);
	rm_stat_max(&self->open_max, self->room - self->free_slots);
}

RM_HOT bool cleanup_is_over(const struct cleanup_thread *thread)
{
	return atomic_load_explicit(&thread->over, memory_order_relaxed);
}

/* True if a server is still running. */
static bool cleanup_server_runs(const struct cleanup *cleanup)
{
	for (size_t i = 1; i < cleanup->threads; i++)
		if (!cleanup_is_over(&cleanup->thread[i]))
			return true;
	return false;
}

static uint64_t cleanup_opened_in_sweeps(const struct cleanup *cleanup)
{
	uint64_t opened = 0;

	for (size_t i = cleanup->first_server; i < cleanup->threads; i++)
		opened += cleanup_get(&cleanup->thread[i].opened_within_sweeps);
	return opened;
}

/* Called at a sweep's first entry. Waits until a server opens a connection. */
static void cleanup_await_open(struct cleanup *cleanup)
{
	const uint64_t before = cleanup_opened_in_sweeps(cleanup);

	atomic_store_explicit(&cleanup->sweeping, true, memory_order_relaxed);
	for (unsigned i = 0; i < CLEANUP_RESTS &&
	                     cleanup_opened_in_sweeps(cleanup) == before &&
	                     cleanup_server_runs(cleanup);
	        i++)
		technique_sleep();
}

static bool cleanup_inspect_entry(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct cleanup_thread *self = context;
	struct cleanup *cleanup = self->cleanup;
	const uint64_t i = value->word[0];
	struct cleanup_slot *slot = &cleanup->slot[i];
	const struct cleanup_thread *server =
	        &cleanup->thread[cleanup->first_server + i / cleanup->share];

	if (!atomic_load_explicit(&cleanup->sweeping, memory_order_relaxed))
		cleanup_await_open(cleanup);
	const uint64_t mark = cleanup_get(&slot->mark);
	const uint64_t now_s = cleanup_get(&server->now_s);

	if (cleanup_key(mark).word == key.word &&
	        now_s > cleanup_get(&slot->last_heard_s) + CLEANUP_IDLE_S &&
	        cleanup_close(self, slot, mark, now_s))
		rm_stat_own(&cleanup->closed, 1);
	return true;
}

/* Ranges over the registry. Closes and deletes idle connections. */
static void cleanup_sweep(struct cleanup_thread *self)
{
	rm_stat_own(&self->cleanup->sweeps, 1);
	syncmap_scan(self->handle, RM_U64X8, cleanup_inspect_entry, self);
	atomic_store_explicit(
	        &self->cleanup->sweeping, false, memory_order_relaxed);
}

/* Sleeps briefly. Returns false if the window ends. */
static bool cleanup_sleep(struct rm_worker *worker)
{
	struct cleanup_thread *self = worker->thread;

	syncmap_park(self->handle);
	technique_sleep();
	syncmap_unpark(self->handle);
	return !rm_stopped(worker);
}

/* Runs the timer for one second. */
static void cleanup_tick(struct rm_worker *worker)
{
	struct cleanup_thread *self = worker->thread;
	struct cleanup *cleanup = self->cleanup;
	const uint64_t now_s = ++cleanup->timer_s;

	for (size_t i = cleanup->first_server; i < cleanup->threads; i++)
		while (cleanup_get(&cleanup->thread[i].now_s) < now_s &&
		        !cleanup_is_over(&cleanup->thread[i]))
			if (!cleanup_sleep(worker))
				return;
	if (now_s % CLEANUP_PERIOD_S == 0)
		cleanup_sweep(self);
}

/* Runs a server for one second. Waits for the timer if the timer is late. */
static void cleanup_step(struct rm_worker *worker)
{
	struct cleanup_thread *self = worker->thread;
	const struct cleanup *cleanup = self->cleanup;

	while (cleanup_get(&self->now_s) + 1 >=
	                CLEANUP_PERIOD_S * (cleanup_get(&cleanup->sweeps) + 1) +
	                        CLEANUP_LATE_S &&
	        !cleanup_is_over(cleanup->thread))
		if (!cleanup_sleep(worker))
			return;
	cleanup_serve(self);
}

/* Counts handlers that still run although their connection was closed too long
   ago. */
static uint64_t cleanup_survivors(const struct cleanup_thread *self)
{
	const uint64_t now_s = cleanup_get(&self->now_s);
	uint64_t survivors = 0;

	for (uint64_t i = self->first; i < self->first + self->room; i++) {
		const struct cleanup_slot *slot = &self->cleanup->slot[i];
		const uint64_t closed_s =
		        cleanup_closed_s(cleanup_get(&slot->mark));

		survivors += slot->handled && closed_s &&
		             now_s > closed_s + CLEANUP_GONE_S;
	}
	return survivors;
}

static void cleanup_loop(struct rm_worker *worker)
{
	struct cleanup_thread *self = worker->thread;

	atomic_store_explicit(&self->over, false, memory_order_relaxed);
	while (technique_turn(worker)) {
		if (worker->slot >= self->cleanup->first_server)
			cleanup_step(worker);
		if (worker->slot == 0)
			cleanup_tick(worker);
		syncmap_quiesce(self->handle);
	}
	cleanup_set(&self->survivors, cleanup_survivors(self));
	atomic_store_explicit(&self->over, true, memory_order_relaxed);
}

static void cleanup_destroy(void *opaque)
{
	struct cleanup *cleanup = opaque;

	for (size_t i = 0; cleanup->thread && i < cleanup->threads; i++)
		free(cleanup->thread[i].free_slot);
	free(cleanup->thread);
	free(cleanup->slot);
	if (cleanup->registry)
		syncmap_destroy(cleanup->registry);
	free(cleanup);
}

/* Gives a thread its slots, which are all free. The timer gets slots only if it
   is the only thread. Returns false if memory runs out. */
static bool cleanup_give_slots(
        struct cleanup *cleanup, size_t slot, uint64_t connections)
{
	struct cleanup_thread *self = &cleanup->thread[slot];
	const uint64_t before = (slot - cleanup->first_server) * cleanup->share;

	self->cleanup = cleanup;
	self->number = slot + cleanup->threads;
	if (slot < cleanup->first_server || before >= connections)
		return true;
	self->first = before;
	self->room = connections - before < cleanup->share
	                     ? connections - before
	                     : cleanup->share;
	self->free_slot = malloc(self->room * sizeof(*self->free_slot));
	if (!self->free_slot)
		return false;
	while (self->free_slots < self->room) {
		self->free_slot[self->free_slots] =
		        before + self->room - 1 - self->free_slots;
		self->free_slots++;
	}
	return true;
}

static void *cleanup_create(const struct rm_sizing *sizing)
{
	const uint64_t connections =
	        technique_arg(sizing, 0, CLEANUP_CONNECTIONS);
	struct cleanup *cleanup = technique_new(sizeof(*cleanup));
	struct rm_sizing registry = *sizing;
	bool complete;

	if (!cleanup)
		return NULL;
	registry.shape = RM_U64X8;
	cleanup->threads = sizing->threads;
	cleanup->first_server = sizing->threads > 1;
	const size_t servers = cleanup->threads - cleanup->first_server;

	cleanup->share = (connections + servers - 1) / servers;
	cleanup->registry = syncmap_create(&registry);
	cleanup->slot = calloc(connections, sizeof(*cleanup->slot));
	cleanup->thread =
	        technique_new(sizing->threads * sizeof(*cleanup->thread));
	complete = cleanup->registry && cleanup->slot && cleanup->thread;
	for (size_t i = 0; complete && i < sizing->threads; i++) {
		cleanup->thread[i].rng = rm_seed(sizing->seed, i);
		complete = cleanup_give_slots(cleanup, i, connections);
	}
	if (complete)
		return cleanup;
	cleanup_destroy(cleanup);
	return NULL;
}

static void *cleanup_join(void *opaque, size_t slot)
{
	struct cleanup *cleanup = opaque;
	struct cleanup_thread *self = &cleanup->thread[slot];

	self->handle = syncmap_join(cleanup->registry, slot);
	return self->handle ? self : NULL;
}

static void cleanup_leave(void *thread)
{
	syncmap_leave(((struct cleanup_thread *)thread)->handle);
}

static void cleanup_quiesce(void *thread)
{
	syncmap_quiesce(((struct cleanup_thread *)thread)->handle);
}

static void cleanup_park(void *thread)
{
	syncmap_park(((struct cleanup_thread *)thread)->handle);
}

static void cleanup_unpark(void *thread)
{
	syncmap_unpark(((struct cleanup_thread *)thread)->handle);
}

struct cleanup_sums {
	uint64_t opened, hung_up, survivors, refused, open_max;
};

static struct cleanup_sums cleanup_add_up(struct cleanup *cleanup)
{
	struct cleanup_sums sums = { 0 };

	for (size_t i = 0; i < cleanup->threads; i++) {
		struct cleanup_thread *self = &cleanup->thread[i];

		sums.opened += rm_stat_read(&self->opened);
		sums.hung_up += rm_stat_read(&self->hung_up);
		sums.survivors += rm_stat_read(&self->survivors);
		sums.refused += rm_stat_read(&self->refused);
		sums.open_max += rm_stat_read(&self->open_max);
	}
	return sums;
}

static void cleanup_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct cleanup *cleanup = opaque;
	const struct cleanup_sums sums = cleanup_add_up(cleanup);

	emit(context, "opened", "1", (double)sums.opened);
	emit(context, "hung_up", "1", (double)sums.hung_up);
	emit(context, "closed_by_timer", "1",
	        (double)rm_stat_read(&cleanup->closed));
	emit(context, "sweep_count", "1",
	        (double)rm_stat_read(&cleanup->sweeps));
	/* connections that servers opened during sweeps */
	emit(context, "opened_within_sweeps", "1",
	        (double)cleanup_opened_in_sweeps(cleanup));
	emit(context, "handlers_left", "1", (double)sums.survivors);
	emit(context, "refused", "1", (double)sums.refused);
	/* sum of each server's maximum of connections and handlers */
	emit(context, "open_max", "1", (double)sums.open_max);
}

/* Counts the entries of the registry while no thread is joined. */
static uint64_t cleanup_count_entries(struct cleanup *cleanup)
{
	void *handle = syncmap_join(cleanup->registry, 0);
	const uint64_t count = handle ? syncmap_length(handle) : 0;

	if (handle)
		syncmap_leave(handle);
	return count;
}

static bool cleanup_check(void *opaque, char *why, size_t size)
{
	struct cleanup *cleanup = opaque;
	const struct cleanup_sums sums = cleanup_add_up(cleanup);
	const uint64_t expected =
	        sums.opened - sums.hung_up - rm_stat_read(&cleanup->closed);
	const uint64_t entries = cleanup_count_entries(cleanup);

	if (entries != expected) {
		snprintf(why, size,
		        "the registry has %" PRIu64
		        " connections, expected %" PRIu64,
		        entries, expected);
		return false;
	}
	if (sums.survivors)
		snprintf(why, size,
		        "%" PRIu64 " handlers outlived their connection by "
		        "more than %d s; %" PRIu64
		        " connections were refused because no slot was free",
		        sums.survivors, CLEANUP_GONE_S, sums.refused);
	return !sums.survivors;
}

static const struct rm_map_ops cleanup_ops = {
	.create = cleanup_create,
	.destroy = cleanup_destroy,
	.join = cleanup_join,
	.leave = cleanup_leave,
	.quiesce = cleanup_quiesce,
	.park = cleanup_park,
	.unpark = cleanup_unpark,
	.stats = cleanup_stats,
	.check = cleanup_check,
};

static const struct rm_own_loop cleanup_loops[] = {
	{ "cleanup", cleanup_loop },
	{ NULL, NULL },
};

#endif /* RM_TECHNIQUE_CLEANUP_H */
