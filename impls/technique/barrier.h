/* SPDX-License-Identifier: Apache-2.0 */
/*
 * barrier.h - tests whether a store also orders the load that follows. Two
 * threads each store to their own word and then load the word of the other. If
 * both see the old value, a store was still in its store buffer during the
 * following load. Article S0, 2.3: a compare-and-set on x86 is a locked
 * exchange, which implies a barrier between store and load.
 *
 * The loop is audit:WORDS. An iteration is a round over WORDS words, each on
 * its own cache line. Both threads go through them in step, so that they often
 * overlap. Threads work in pairs; a thread without a partner is idle.
 *
 * This is a template: the includer defines barrier_write(word, was, now), with
 * release order at least.
 */
#ifndef RM_TECHNIQUE_BARRIER_H
#define RM_TECHNIQUE_BARRIER_H

#include "impls/technique/technique.h"

#include <sched.h>

enum {
	BARRIER_WORDS = 100, /* default of audit:WORDS */
	BARRIER_STRIDE = 2 * RM_CACHE_LINE / 8,
	BARRIER_SPINS = 1000,
};

struct barrier;

struct barrier_thread {
	_Alignas(2 * RM_CACHE_LINE) struct barrier *barrier;
	_Atomic uint64_t round;     /* rounds completed */
	_Atomic uint64_t *word;     /* only every BARRIER_STRIDE-th word is
	                               used */
	uint8_t *saw_old[2];        /* results of the last two rounds, used in
	                               turn */
	_Atomic uint64_t met, both; /* written by this thread only */
};

struct barrier {
	uint64_t words;
	size_t threads;
	struct barrier_thread *thread;
};

/* Waits until the other thread completes `round`. Returns false if the window
   ends. */
static bool barrier_wait(struct rm_worker *worker,
        const struct barrier_thread *other, uint64_t round)
{
	/* acquire: pairs with the release in barrier_round() */
	for (unsigned spins = 1; atomic_load_explicit(&other->round,
	                                 memory_order_acquire) < round;
	        spins++) {
		if (rm_stopped(worker))
			return false;
		if (spins % BARRIER_SPINS == 0)
			sched_yield(); /* the other thread may need this CPU */
	}
	return true;
}

/* Runs one round. Returns false if the window ends. */
static bool barrier_round(struct rm_worker *worker, struct barrier_thread *self,
        const struct barrier_thread *other)
{
	/* relaxed: written by this thread */
	const uint64_t was =
	        atomic_load_explicit(&self->round, memory_order_relaxed);
	const uint64_t words = self->barrier->words;
	uint8_t *saw_old = self->saw_old[was % 2];
	uint64_t both = 0;

	for (uint64_t i = 0; i < words; i++) {
		barrier_write(&self->word[i * BARRIER_STRIDE], was, was + 1);
		/* relaxed: its order is what the test examines */
		saw_old[i] =
		        atomic_load_explicit(&other->word[i * BARRIER_STRIDE],
		                memory_order_relaxed) <= was;
	}
	/* release: publishes the results of this round */
	atomic_store_explicit(&self->round, was + 1, memory_order_release);
	if (!barrier_wait(worker, other, was + 1))
		return false;
	if (worker->slot % 2)
		return true;
	for (uint64_t i = 0; i < words; i++)
		both += saw_old[i] && other->saw_old[was % 2][i];
	rm_stat_own(&self->met, words);
	rm_stat_own(&self->both, both);
	return true;
}

static void barrier_loop(struct rm_worker *worker)
{
	struct barrier_thread *self = worker->thread;
	const unsigned partner = worker->slot ^ 1U;

	if (partner >= worker->threads)
		return;
	while (technique_turn(worker) &&
	        barrier_round(worker, self, &self->barrier->thread[partner]))
		;
}

static void barrier_destroy(void *opaque)
{
	struct barrier *barrier = opaque;

	for (size_t i = 0; barrier->thread && i < barrier->threads; i++) {
		free(barrier->thread[i].word);
		free(barrier->thread[i].saw_old[0]);
		free(barrier->thread[i].saw_old[1]);
	}
	free(barrier->thread);
	free(barrier);
}

static void *barrier_create(const struct rm_sizing *sizing)
{
	struct barrier *barrier = technique_new(sizeof(*barrier));
	bool complete;

	if (!barrier)
		return NULL;
	barrier->words = technique_arg(sizing, 0, BARRIER_WORDS);
	barrier->threads = sizing->threads;
	barrier->thread =
	        technique_new(sizing->threads * sizeof(*barrier->thread));
	complete = barrier->thread != NULL;
	for (size_t i = 0; complete && i < sizing->threads; i++) {
		struct barrier_thread *self = &barrier->thread[i];

		self->barrier = barrier;
		self->word = technique_new(
		        barrier->words * BARRIER_STRIDE * sizeof(uint64_t));
		self->saw_old[0] = technique_new(barrier->words);
		self->saw_old[1] = technique_new(barrier->words);
		complete = self->word && self->saw_old[0] && self->saw_old[1];
	}
	if (complete)
		return barrier;
	barrier_destroy(barrier);
	return NULL;
}

static void *barrier_join(void *opaque, size_t slot)
{
	struct barrier *barrier = opaque;

	return &barrier->thread[slot];
}

static void barrier_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct barrier *barrier = opaque;
	uint64_t met = 0, both = 0;

	for (size_t i = 0; i < barrier->threads; i++) {
		met += rm_stat_read(&barrier->thread[i].met);
		both += rm_stat_read(&barrier->thread[i].both);
	}
	emit(context, "words_met", "1", (double)met);
	emit(context, "both_saw_old", "1", (double)both);
}

/* Checks that each round wrote every word. */
static bool barrier_check(void *opaque, char *why, size_t size)
{
	struct barrier *barrier = opaque;

	for (size_t i = 0; i < barrier->threads; i++) {
		struct barrier_thread *self = &barrier->thread[i];

		for (uint64_t w = 0; w < barrier->words; w++)
			if (rm_stat_read(&self->word[w * BARRIER_STRIDE]) <
			        rm_stat_read(&self->round)) {
				snprintf(why, size, "a write is lost");
				return false;
			}
	}
	return true;
}

TECHNIQUE_TABLES(barrier, barrier_destroy, barrier_join, "audit", barrier_loop)

#endif /* RM_TECHNIQUE_BARRIER_H */
