/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair.h - two words that different threads use: the loop `pair`.
 *
 * Threads with even slots use word 0, the others word 1; no thread uses both.
 * In rr all threads read. In rw even slots read and odd slots add. In ww all
 * threads add by a locked addition, like two counters of two threads.
 *
 * This is a template: the includer defines PAIR_PAD, the number of bytes
 * between the words.
 */
#ifndef RM_TECHNIQUE_PAIR_H
#define RM_TECHNIQUE_PAIR_H

#include "impls/technique/technique.h"

#include <assert.h>
#include <inttypes.h>

enum { PAIR_RR, PAIR_RW, PAIR_WW, PAIR_BATCH = 64 };

/* Distance of the words in bytes. */
enum { PAIR_DISTANCE = sizeof(uint64_t) + PAIR_PAD };
static_assert(PAIR_DISTANCE == 8 || PAIR_DISTANCE == 64,
        "adjacent, or separated by 56 bytes");

struct pair;

struct pair_thread {
	_Alignas(2 * RM_CACHE_LINE) struct pair *pair;
	_Atomic uint64_t *word;
	_Atomic uint64_t added, read; /* number of additions to the word; sum of
	                                 the values that were read */
	bool odd;
};

struct pair {
	_Alignas(2 * RM_CACHE_LINE) unsigned char words[2 * RM_CACHE_LINE];
	uint64_t mode;
	size_t threads;
	struct pair_thread *thread;
};

static _Atomic uint64_t *pair_word(struct pair *pair, unsigned i)
{
	return (_Atomic uint64_t *)(void *)(pair->words +
	                                    (size_t)i * PAIR_DISTANCE);
}

static __attribute__((noinline)) void pair_read(struct rm_worker *worker)
{
	struct pair_thread *self = worker->thread;
	_Atomic uint64_t *word = self->word;
	uint64_t sum = 0;

	while (technique_turn(worker)) {
		for (unsigned i = 0; i < PAIR_BATCH; i++)
			/* relaxed: the word orders nothing */
			sum += atomic_load_explicit(word, memory_order_relaxed);
		worker->counts.iterations += PAIR_BATCH - 1;
	}
	rm_stat_own(&self->read, sum);
}

static __attribute__((noinline)) void pair_add(struct rm_worker *worker)
{
	struct pair_thread *self = worker->thread;
	_Atomic uint64_t *word = self->word;
	uint64_t added = 0;

	while (technique_turn(worker)) {
		for (unsigned i = 0; i < PAIR_BATCH; i++)
			/* relaxed: the counter orders nothing */
			atomic_fetch_add_explicit(
			        word, 1, memory_order_relaxed);
		added += PAIR_BATCH;
		worker->counts.iterations += PAIR_BATCH - 1;
	}
	rm_stat_own(&self->added, added);
}

static void pair_loop(struct rm_worker *worker)
{
	const struct pair_thread *self = worker->thread;
	const uint64_t mode = self->pair->mode;

	if (mode == PAIR_WW || (mode == PAIR_RW && self->odd))
		pair_add(worker);
	else
		pair_read(worker);
}

static void pair_destroy(void *opaque)
{
	struct pair *pair = opaque;

	free(pair->thread);
	free(pair);
}

static void *pair_create(const struct rm_sizing *sizing)
{
	struct pair *pair = technique_new(sizeof(*pair));

	if (!pair)
		return NULL;
	pair->mode = technique_arg(sizing, 0, PAIR_WW);
	pair->threads = sizing->threads;
	pair->thread = technique_new(sizing->threads * sizeof(*pair->thread));
	if (pair->thread)
		return pair;
	pair_destroy(pair);
	return NULL;
}

static void *pair_join(void *opaque, size_t slot)
{
	struct pair *pair = opaque;
	struct pair_thread *self = &pair->thread[slot];

	self->pair = pair;
	self->odd = slot % 2;
	self->word = pair_word(pair, slot % 2);
	return self;
}

static void pair_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct pair *pair = opaque;
	const uintptr_t first = (uintptr_t)pair_word(pair, 0);
	const uintptr_t second = (uintptr_t)pair_word(pair, 1);

	emit(context, "distance", "bytes", (double)(second - first));
	emit(context, "lines", "1",
	        first / RM_CACHE_LINE == second / RM_CACHE_LINE ? 1 : 2);
}

/* Checks that no addition was lost. */
static bool pair_check(void *opaque, char *why, size_t size)
{
	struct pair *pair = opaque;
	uint64_t added[2] = { 0, 0 };

	for (size_t i = 0; i < pair->threads; i++)
		added[i % 2] += rm_stat_read(&pair->thread[i].added);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t holds = rm_stat_read(pair_word(pair, i));

		if (holds == added[i])
			continue;
		snprintf(why, size,
		        "word %u holds %" PRIu64 ", expected %" PRIu64, i,
		        holds, added[i]);
		return false;
	}
	return true;
}

TECHNIQUE_TABLES(pair, pair_destroy, pair_join, "pair", pair_loop)

#endif /* RM_TECHNIQUE_PAIR_H */
