/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cleanup.h - a registry of connections that is cleaned by iterating and
 * deleting: the loop `cleanup`, on a virtual clock of its own.
 *
 * Each thread has a registry: a Go map from id to connection. An iteration is
 * one second of virtual time: connections are opened and their handlers
 * started, a 64th of the registry's room but at least one; every handler does a
 * step; every tenth second a timer looks at all entries, closes connections that
 * were idle for 30 s and deletes them. Half of the clients fall silent without
 * closing, after some seconds. Their handlers wait for input that will not
 * come. A connection is open for 28 s on average and 61 s at most, so that somewhat
 * less than half of the room is in use, for a thousand as for a million.
 *
 * A template: the includer defines CLEANUP_CANCELS. 1: closing sets a flag
 * that the handler polls each second while it waits, and it must be gone within
 * 30 s. 0: nobody tells the handler; it outlives its connection, with all it
 * holds.
 */
#ifndef RM_SUPPORT_CLEANUP_H
#define RM_SUPPORT_CLEANUP_H

#include "impls/gomap/gomap_ops.h"
#include "impls/technique/technique.h"
#include "runner/base/rng.h"

#include <inttypes.h>

enum {
	CLEANUP_CONNECTIONS = 1000, /* handlers that a thread may have */
	CLEANUP_IDLE_S = 30,        /* then the timer closes a connection */
	CLEANUP_GONE_S = 30,        /* then its handler must have ended */
	CLEANUP_PERIOD_S = 10,
	CLEANUP_TALK_S = 20,     /* a client is heard for at most so long */
	CLEANUP_TURNOVER_S = 64, /* the room is filled once in this time */
};

/* A connection and its handler; in one slot, reused when both are gone. */
struct cleanup_slot {
	bool registered; /* in the map */
	bool handled;    /* the handler runs */
	bool cancelled;  /* protected by nothing: one thread */
	bool hangs_up;   /* the client closes at the end */
	uint64_t last_heard_s, ends_s, closed_s;
};

struct cleanup;

struct cleanup_thread {
	_Alignas(2 * RM_CACHE_LINE) struct cleanup *cleanup;
	struct gomap *registry; /* id: index of the slot */
	struct cleanup_slot *slot;
	uint64_t *free_slot; /* a stack of their numbers */
	uint64_t free_slots;
	uint64_t now_s, rng;
	/* one writer */
	_Atomic uint64_t opened, closed, survivors, refused, open_max;
};

struct cleanup {
	uint64_t connections;
	size_t threads;
	struct cleanup_thread *thread;
};

static struct rm_key cleanup_key(uint64_t id)
{
	return (struct rm_key){ .word = id };
}

/* Opens a connection in a free slot; without one it is refused: handlers that
   should be gone have them all. */
static void cleanup_open(struct cleanup_thread *self)
{
	const uint64_t x = rm_next(&self->rng);

	if (!self->free_slots) {
		rm_stat_own(&self->refused, 1);
		return;
	}
	const uint64_t i = self->free_slot[--self->free_slots];

	self->slot[i] = (struct cleanup_slot){ .registered = true,
		.handled = true,
		.hangs_up = x % 2,
		.last_heard_s = self->now_s,
		.ends_s = self->now_s + 1 + (x >> 32) % CLEANUP_TALK_S };
	const struct rm_value value = { { i } };

	gomap_exchange(self->registry, RM_U64X8, cleanup_key(i), &value, NULL);
	rm_stat_own(&self->opened, 1);
}

/* The handler has ended: once its connection is out of the map, which is
   before, the slot is another's. */
static void cleanup_end(struct cleanup_thread *self, uint64_t i)
{
	self->slot[i].handled = false;
	self->free_slot[self->free_slots++] = i;
}

/* One second of a handler: reads what the client sent, or waits. */
static void cleanup_handle(struct cleanup_thread *self, uint64_t i)
{
	struct cleanup_slot *slot = &self->slot[i];

	if (CLEANUP_CANCELS && slot->cancelled) {
		cleanup_end(self, i);
		return;
	}
	if (self->now_s < slot->ends_s) {
		slot->last_heard_s = self->now_s;
	} else if (slot->hangs_up) { /* the end of the input wakes it */
		if (slot->registered)
			gomap_remove(
			        self->registry, RM_U64X8, cleanup_key(i), NULL);
		slot->registered = false;
		cleanup_end(self, i);
	}
}

/* The timer: iterates, closes, deletes. */
static void cleanup_sweep(struct cleanup_thread *self)
{
	struct gomap_iterator it;
	struct rm_key key;
	struct rm_value value;

	gomap_iterate_begin(self->registry, &it);
	while (gomap_iterate_next(&it, RM_U64X8, &key, &value)) {
		struct cleanup_slot *slot = &self->slot[value.word[0]];

		if (self->now_s - slot->last_heard_s <= CLEANUP_IDLE_S)
			continue;
		slot->registered = false;
		slot->cancelled = true;
		slot->closed_s = self->now_s;
		gomap_remove(self->registry, RM_U64X8, key, NULL);
		rm_stat_own(&self->closed, 1);
	}
	gomap_iterate_end(&it);
}

/* Handlers whose connection was closed longer ago than they may need. */
static uint64_t cleanup_survivors(const struct cleanup_thread *self)
{
	uint64_t survivors = 0;

	for (uint64_t i = 0; i < self->cleanup->connections; i++)
		survivors +=
		        self->slot[i].handled && self->slot[i].cancelled &&
		        self->now_s - self->slot[i].closed_s > CLEANUP_GONE_S;
	return survivors;
}

static void cleanup_loop(struct rm_worker *worker)
{
	struct cleanup_thread *self = worker->thread;
	const uint64_t room = self->cleanup->connections;
	const uint64_t each_s =
	        room < 2 * CLEANUP_TURNOVER_S ? 1 : room / CLEANUP_TURNOVER_S;

	while (technique_turn(worker)) {
		self->now_s++;
		for (uint64_t i = 0; i < each_s; i++)
			cleanup_open(self);
		for (uint64_t i = 0; i < self->cleanup->connections; i++)
			if (self->slot[i].handled)
				cleanup_handle(self, i);
		if (self->now_s % CLEANUP_PERIOD_S == 0)
			cleanup_sweep(self);
		if (room - self->free_slots > rm_stat_read(&self->open_max))
			rm_stat_own(&self->open_max,
			        room - self->free_slots -
			                rm_stat_read(&self->open_max));
	}
	/* relaxed: a statistic, one writer */
	atomic_store_explicit(&self->survivors, cleanup_survivors(self),
	        memory_order_relaxed);
}

static void cleanup_destroy(void *opaque)
{
	struct cleanup *cleanup = opaque;

	for (size_t i = 0; cleanup->thread && i < cleanup->threads; i++) {
		gomap_destroy(cleanup->thread[i].registry);
		free(cleanup->thread[i].slot);
		free(cleanup->thread[i].free_slot);
	}
	free(cleanup->thread);
	free(cleanup);
}

static void *cleanup_create(const struct rm_sizing *sizing)
{
	struct cleanup *cleanup = technique_new(sizeof(*cleanup));
	bool complete = cleanup != NULL;

	if (!complete)
		return NULL;
	cleanup->connections = technique_arg(sizing, 0, CLEANUP_CONNECTIONS);
	cleanup->threads = sizing->threads;
	cleanup->thread =
	        technique_new(sizing->threads * sizeof(*cleanup->thread));
	for (size_t i = 0; cleanup->thread && i < sizing->threads; i++) {
		struct cleanup_thread *self = &cleanup->thread[i];

		self->cleanup = cleanup;
		self->rng = rm_seed(sizing->seed, i);
		self->slot = calloc(cleanup->connections, sizeof(*self->slot));
		self->registry = gomap_create(0, RM_U64X8, self->rng);
		self->free_slot =
		        malloc(cleanup->connections * sizeof(*self->free_slot));
		complete &= self->slot && self->registry && self->free_slot;
		while (complete && self->free_slots < cleanup->connections) {
			self->free_slot[self->free_slots] =
			        cleanup->connections - 1 - self->free_slots;
			self->free_slots++;
		}
	}
	if (complete && cleanup->thread)
		return cleanup;
	cleanup_destroy(cleanup);
	return NULL;
}

static void *cleanup_join(void *opaque, size_t slot)
{
	return &((struct cleanup *)opaque)->thread[slot];
}

struct cleanup_sums {
	uint64_t opened, closed, survivors, refused, open_max;
};

static struct cleanup_sums cleanup_add_up(struct cleanup *cleanup)
{
	struct cleanup_sums sums = { 0 };

	for (size_t i = 0; i < cleanup->threads; i++) {
		struct cleanup_thread *self = &cleanup->thread[i];

		sums.opened += rm_stat_read(&self->opened);
		sums.closed += rm_stat_read(&self->closed);
		sums.survivors += rm_stat_read(&self->survivors);
		sums.refused += rm_stat_read(&self->refused);
		sums.open_max += rm_stat_read(&self->open_max);
	}
	return sums;
}

static void cleanup_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	const struct cleanup_sums sums = cleanup_add_up(opaque);

	emit(context, "opened", "1", (double)sums.opened);
	emit(context, "closed_by_timer", "1", (double)sums.closed);
	emit(context, "handlers_left", "1", (double)sums.survivors);
	emit(context, "refused", "1", (double)sums.refused);
	/* connections and handlers at one time, each thread's most */
	emit(context, "open_max", "1", (double)sums.open_max);
}

static bool cleanup_check(void *opaque, char *why, size_t size)
{
	const struct cleanup_sums sums = cleanup_add_up(opaque);

	if (sums.survivors)
		snprintf(why, size,
		        "%" PRIu64 " handlers outlived their connection by "
		        "more than %d s; %" PRIu64
		        " connections were refused for lack of room",
		        sums.survivors, CLEANUP_GONE_S, sums.refused);
	return !sums.survivors;
}

static const struct rm_map_ops cleanup_ops = {
	.create = cleanup_create,
	.destroy = cleanup_destroy,
	.join = cleanup_join,
	.leave = nothing,
	.quiesce = nothing,
	.stats = cleanup_stats,
	.check = cleanup_check,
};

static const struct rm_own_loop cleanup_loops[] = {
	{ "cleanup", cleanup_loop },
	{ NULL, NULL },
};

#endif /* RM_SUPPORT_CLEANUP_H */
