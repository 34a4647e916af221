/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sent.h - which chunk of a connection is sent next: the loop `range-list`. All
 * threads serve connections of CHUNKS chunks, one after another; each request
 * takes the next number.
 *
 * This is a template: the includer defines struct sent_record, sent_next() and
 * sent_record_bytes(). Every number must be handed out exactly once: the count
 * and the sum of a hash of each number are
 * compared with the values for 0 .. n - 1.
 */
#ifndef RM_TECHNIQUE_SENT_H
#define RM_TECHNIQUE_SENT_H

#include "impls/support/hash.h"
#include "impls/technique/technique.h"

#include <inttypes.h>

struct sent;

struct sent_thread {
	_Alignas(2 * RM_CACHE_LINE) struct sent *sent;
	/* written by this thread only */
	_Atomic uint64_t requests, mix, looked_at;
};

struct sent {
	struct sent_record *record;
	uint64_t chunks; /* chunks of each connection */
	size_t threads;
	struct sent_thread *thread;
};

/* Hashes a number, so that the sum identifies the set of numbers. */
RM_HOT uint64_t sent_mix(uint64_t number)
{
	return rm_multiply_fold(number ^ RM_HASH_A, RM_HASH_B ^ number << 32);
}

static void sent_loop(struct rm_worker *worker)
{
	struct sent_thread *self = worker->thread;

	while (technique_turn(worker)) {
		uint64_t looked_at = 0;
		uint64_t number =
		        sent_next(self->sent->record, self->sent->chunks,
		                worker->counts.iterations, &looked_at);

		rm_stat_own(&self->requests, 1);
		rm_stat_own(&self->mix, sent_mix(number));
		rm_stat_own(&self->looked_at, looked_at);
	}
}

static void sent_destroy(void *opaque)
{
	struct sent *sent = opaque;

	free(sent->record);
	free(sent->thread);
	free(sent);
}

static void *sent_create(const struct rm_sizing *sizing)
{
	struct sent *sent = technique_new(sizeof(*sent));

	if (!sent)
		return NULL;
	sent->chunks = technique_arg(sizing, 0, SENT_CHUNKS);
	sent->threads = sizing->threads;
	sent->record = technique_new(sent_record_bytes(sent->chunks));
	sent->thread = technique_new(sizing->threads * sizeof(*sent->thread));
	if (sent->record && sent->thread)
		return sent;
	sent_destroy(sent);
	return NULL;
}

static void *sent_join(void *opaque, size_t slot)
{
	struct sent *sent = opaque;

	sent->thread[slot].sent = sent;
	return &sent->thread[slot];
}

static void sent_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct sent *sent = opaque;
	uint64_t requests = 0, looked_at = 0;

	for (size_t i = 0; i < sent->threads; i++) {
		requests += rm_stat_read(&sent->thread[i].requests);
		looked_at += rm_stat_read(&sent->thread[i].looked_at);
	}
	emit(context, "requests", "1", (double)requests);
	emit(context, "ranges_looked_at", "1", (double)looked_at);
	emit(context, "record", "bytes",
	        (double)sent_record_bytes(sent->chunks));
}

static bool sent_check(void *opaque, char *why, size_t size)
{
	struct sent *sent = opaque;
	uint64_t requests = 0, mix = 0;

	for (size_t i = 0; i < sent->threads; i++) {
		requests += rm_stat_read(&sent->thread[i].requests);
		mix += rm_stat_read(&sent->thread[i].mix);
	}
	for (uint64_t number = 0; number < requests; number++)
		mix -= sent_mix(number);
	if (mix)
		snprintf(why, size,
		        "%" PRIu64 " requests did not get the numbers 0 to "
		        "%" PRIu64 ": some were skipped, some given twice",
		        requests, requests - 1);
	return !mix;
}

TECHNIQUE_TABLES(sent, sent_destroy, sent_join, "range-list", sent_loop)

#endif /* RM_TECHNIQUE_SENT_H */
