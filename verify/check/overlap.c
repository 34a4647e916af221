/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlap.c - which operations of others overlapped one of a thread: each says
 * what it is about in a word of its own, and looks at those of a few others
 * before and after an operation. See pairs_round.h.
 */
#include "verify/check/pairs_round.h"

#include <string.h>

/* Relaxed, all: numbers that order nothing, nor may they. */
static uint64_t doing(const struct rm_pairs_actor *actor, unsigned slot)
{
	return atomic_load_explicit(
	        &actor->pairs->doing[slot].word, memory_order_relaxed);
}

void rm_pairs_say(const struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, bool busy)
{
	atomic_store_explicit(&actor->pairs->doing[actor->peer->slot].word,
	        actor->number << 16 | key << 8 | (uint64_t)kind << 1 | busy,
	        memory_order_relaxed);
}

unsigned rm_pairs_look(const struct rm_pairs_actor *actor,
        struct rm_pairs_sight *sights, uint64_t random)
{
	const unsigned others = actor->peer->peers->threads - 1;
	const unsigned count =
	        others < RM_PAIRS_LOOKED_AT ? others : RM_PAIRS_LOOKED_AT;

	for (unsigned i = 0; i < count; i++) {
		sights[i].slot = (actor->peer->slot + 1 +
		                         (unsigned)(random + i) % others) %
		                 (others + 1);
		sights[i].word = doing(actor, sights[i].slot);
	}
	return count;
}

static void count(struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, uint64_t word)
{
	const enum rm_pair_kind other = (enum rm_pair_kind)(word >> 1 & 0x7f);
	const unsigned other_key = word >> 8 & 0xff;

	if (key != RM_PAIRS_ANY_KEY && other_key != RM_PAIRS_ANY_KEY &&
	        key != other_key)
		return;
	actor->met[kind][other]++;
}

/* A thread that was busy when this operation began, or is at another one when
   it has ended, was inside an operation meanwhile. */
void rm_pairs_judge(struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, const struct rm_pairs_sight *sights, unsigned seen)
{
	for (unsigned i = 0; i < seen; i++) {
		const uint64_t before = sights[i].word;
		const uint64_t now = doing(actor, sights[i].slot);

		if (before & 1)
			count(actor, kind, key, before);
		if (now >> 16 != before >> 16)
			count(actor, kind, key, now);
	}
}

void rm_pairs_round_ends(struct rm_pairs_actor *actor)
{
	/* what was left went with the last clear */
	if (!rm_pairs_strict(actor))
		actor->own = 0;
	for (unsigned a = 0; a < RM_PAIR_KINDS; a++)
		for (unsigned b = 0; b < RM_PAIR_KINDS; b++)
			if (actor->met[a][b])
				rm_coverage_add(&rm_witness()->coverage,
				        actor->pairs->focus.key_class, a, b,
				        actor->met[a][b]);
	memset(actor->met, 0, sizeof(actor->met));
	memset(actor->known, 0, sizeof(actor->known));
}
