/* SPDX-License-Identifier: Apache-2.0 */
/* pairs_overlap.c - determines which operations of other threads overlapped an
 * operation of this thread. Each thread publishes its current operation in one
 * word. Before and after an operation it reads the words of a few others. See
 * pairs_round.h. */
#include "verify/check/pairs_round.h"

#include <string.h>

/* Relaxed throughout: these words must not order anything. */
static uint64_t read_activity(const struct rm_pairs_actor *actor, unsigned slot)
{
	return atomic_load_explicit(
	        &actor->pairs->activity[slot].word, memory_order_relaxed);
}

void rm_pairs_publish(const struct rm_pairs_actor *actor,
        enum rm_pair_kind kind, unsigned key, bool busy)
{
	atomic_store_explicit(&actor->pairs->activity[actor->peer->slot].word,
	        actor->number << 16 | key << 8 | (uint64_t)kind << 1 | busy,
	        memory_order_relaxed);
}

unsigned rm_pairs_sample_others(const struct rm_pairs_actor *actor,
        struct rm_pairs_sample *sights, uint64_t random)
{
	const unsigned other_threads = actor->peer->peers->threads - 1;
	const unsigned count_pair = other_threads < RM_PAIRS_SAMPLED
	                                    ? other_threads
	                                    : RM_PAIRS_SAMPLED;

	for (unsigned i = 0; i < count_pair; i++) {
		sights[i].slot =
		        (actor->peer->slot + 1 +
		                (unsigned)(random + i) % other_threads) %
		        (other_threads + 1);
		sights[i].word = read_activity(actor, sights[i].slot);
	}
	return count_pair;
}

static void count_pair(struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, uint64_t word)
{
	const enum rm_pair_kind other = (enum rm_pair_kind)(word >> 1 & 0x7f);
	const unsigned other_key = word >> 8 & 0xff;

	if (key != RM_PAIRS_ANY_KEY && other_key != RM_PAIRS_ANY_KEY &&
	        key != other_key)
		return;
	actor->overlapped[kind][other]++;
}

/* An operation of another thread overlapped this one if that thread was busy
 * when this operation began, or if its operation number has changed when this
 * one has ended. */
void rm_pairs_count_overlaps(struct rm_pairs_actor *actor,
        enum rm_pair_kind kind, unsigned key,
        const struct rm_pairs_sample *sights, unsigned seen)
{
	for (unsigned i = 0; i < seen; i++) {
		const uint64_t before = sights[i].word;
		const uint64_t now = read_activity(actor, sights[i].slot);

		if (before & 1)
			count_pair(actor, kind, key, before);
		if (now >> 16 != before >> 16)
			count_pair(actor, kind, key, now);
	}
}

void rm_pairs_finish_round(struct rm_pairs_actor *actor)
{
	/* the last clear has removed the private keys */
	if (!rm_pairs_without_clear(actor))
		actor->own_keys = 0;
	for (unsigned a = 0; a < RM_PAIR_KINDS; a++)
		for (unsigned b = 0; b < RM_PAIR_KINDS; b++)
			if (actor->overlapped[a][b])
				rm_coverage_add(&rm_witness()->coverage,
				        actor->pairs->focus.key_class, a, b,
				        actor->overlapped[a][b]);
	memset(actor->overlapped, 0, sizeof(actor->overlapped));
	memset(actor->known, 0, sizeof(actor->known));
}
