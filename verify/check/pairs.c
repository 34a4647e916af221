/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pairs.c - each operation beside each other one, on all kinds of keys, while
 * the map grows and shrinks and threads come and go.
 *
 * A map of some size gets rounds. In each, most of the operations are of two
 * kinds, drawn from the matrix of all pairs, on few keys of one class; the rest
 * are of any kind. Three things are held against the map: values are ones that
 * were written for that key; a thread's own keys, which no other thread
 * touches, are there until it takes them out, and each of its scans sees them
 * once; and after each round every key of all threads is there as often as it
 * was put in more than taken out. What overlapped what is counted (coverage.h).
 */
#include "verify/check/pairs_round.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROUNDS = 8,       /* on one map */
	ROUND_OPS = 16384 /* of all threads; as long as a time slice, about */
};

static bool offers(const struct rm_impl *impl, enum rm_pair_kind kind)
{
	const struct rm_map_ops *ops = impl->ops;
	const bool views = rm_impl_views(impl);

	switch (kind) {
	case RM_PAIR_EXCHANGE:
		return ops->exchange;
	case RM_PAIR_TAKE:
		return ops->take;
	case RM_PAIR_INSERT_IF_ABSENT:
		return ops->insert_if_absent;
	case RM_PAIR_COMPARE_SWAP:
		return ops->compare_swap;
	case RM_PAIR_COMPARE_REMOVE:
		return ops->compare_remove;
	case RM_PAIR_UPDATE:
		return ops->update;
	case RM_PAIR_SCAN:
		return views && ops->scan;
	case RM_PAIR_LENGTH:
		return views && ops->length;
	case RM_PAIR_CLEAR:
		return ops->clear;
	default:
		return true;
	}
}

/* Bits of the kinds that only read, which any thread may do. */
static const uint32_t reads = 1U << RM_PAIR_LOOKUP | 1U << RM_PAIR_SCAN |
                              1U << RM_PAIR_LENGTH | 1U << RM_PAIR_REJOIN;

/* What can be met at all is told first: a pair that is never met is named. */
static void announce(const struct rm_check_case *c, struct rm_pairs *pairs)
{
	struct rm_coverage *coverage = &rm_witness()->coverage;
	const bool alone = c->impl->caps & RM_CAP_SINGLE_WRITER;
	unsigned classes = (1U << RM_CLASSES) - 1;

	pairs->offered = 0;
	for (unsigned kind = 0; kind < RM_PAIR_KINDS; kind++)
		if (offers(c->impl, kind))
			pairs->offered |= 1U << kind;
	/* a map that copies itself for each write would copy megabytes */
	if (!c->shape.str || c->impl->caps & RM_CAP_SLOW_WRITES)
		classes &= ~(1U << RM_CLASS_HUGE);
	/* relaxed: no other thread runs */
	atomic_store_explicit(
	        &coverage->offered, pairs->offered, memory_order_relaxed);
	atomic_store_explicit(&coverage->beside_itself,
	        alone ? reads : (1U << RM_PAIR_KINDS) - 1,
	        memory_order_relaxed);
	atomic_store_explicit(
	        &coverage->classes, classes, memory_order_relaxed);
	pairs->classes = classes;
}

/* The n-th of those that have their bit set, n counted round. */
static unsigned nth_bit(uint32_t bits, unsigned n)
{
	n %= (unsigned)__builtin_popcount(bits);
	for (unsigned i = 0;; i++)
		if (bits >> i & 1 && !n--)
			return i;
}

/* What round n of all rounds is about: every class with every pair, in an order
   that begins elsewhere with each seed. Maps are emptied in rounds of their
   own, since nobody can say then what ought to be there. */
static void choose(struct rm_peer *peer, struct rm_pairs *pairs)
{
	struct rm_pairs_focus *focus = &pairs->focus;
	const uint32_t clears = pairs->offered & 1U << RM_PAIR_CLEAR;
	const uint64_t x = rm_next(&peer->rng);

	focus->key_class = nth_bit(pairs->classes, (unsigned)(x % 64));
	focus->kinds[0] = nth_bit(pairs->offered, (unsigned)(x >> 8) % 64);
	focus->kinds[1] = nth_bit(pairs->offered, (unsigned)(x >> 16) % 64);
	focus->any = pairs->offered & ~clears;
	if ((1U << focus->kinds[0] | 1U << focus->kinds[1]) & clears)
		focus->any |= clears;
	/* each round begins with keys of its own: no value of an old one */
	focus->first = (uint32_t)(pairs->rounds_done & 0xfffff) * RM_PAIRS_HOT;
	focus->plain = (x >> 24) % 4 == 0;
}

/* One thread prepares while nobody else uses the map. */
static void prepare(struct rm_peer *peer)
{
	struct rm_pairs *pairs = peer->peers->context;

	choose(peer, pairs);
	rm_pairs_make_keys(peer, pairs);
	memset(pairs->balance, 0,
	        peer->peers->threads * sizeof(*pairs->balance));
	rm_witness_step("%s beside %s on %s keys, %u threads, room for %u",
	        rm_pair_kind_name(pairs->focus.kinds[0]),
	        rm_pair_kind_name(pairs->focus.kinds[1]),
	        rm_pair_class_name(pairs->focus.key_class),
	        peer->peers->threads, pairs->room * pairs->writers);
	/* relaxed: read behind the barrier, by all alike */
	pairs->over = atomic_load_explicit(
	                      &peer->peers->failed, memory_order_relaxed) ||
	              !rm_case_goes_on(peer->peers->c, pairs->rounds_done++);
}

/* After a round in which nothing was cleared: is each key there as often as it
   ought to be? Then it goes. */
static void audit(struct rm_peer *peer)
{
	struct rm_pairs *pairs = peer->peers->context;
	const bool cleared = pairs->focus.any >> RM_PAIR_CLEAR & 1;

	for (unsigned k = 0; k < RM_PAIRS_HOT; k++) {
		struct rm_value value = { { 0 } };
		int64_t held = 0;
		const bool there = peer->ops->lookup(
		        peer->thread, peer->shape, pairs->keys[k], &value);

		for (unsigned i = 0; i < peer->peers->threads; i++)
			held += pairs->balance[i].of[k];
		if (!cleared && there != held)
			rm_pairs_fail_balance(peer, k, there, held);
		if (there)
			rm_pairs_verify(peer, &value, k, "lookup at the end");
		peer->ops->remove(peer->thread, peer->shape, pairs->keys[k]);
	}
	if (cleared)
		peer->ops->clear(peer->thread);
}

/* In five of eight operations a kind of the focus, else any that the thread may
   do. */
static enum rm_pair_kind draw(
        const struct rm_pairs *pairs, bool writes, uint64_t x)
{
	const struct rm_pairs_focus *focus = &pairs->focus;
	const uint32_t may = writes ? focus->any : focus->any & reads;
	const enum rm_pair_kind wanted = focus->kinds[x >> 3 & 1];

	if (x % 8 < 5 && may >> wanted & 1)
		return wanted;
	return nth_bit(may, (unsigned)(x >> 4) % 64);
}

static void play_round(struct rm_peer *peer, struct rm_pairs_actor *actor)
{
	const struct rm_pairs *pairs = peer->peers->context;
	const bool writes = peer->slot < pairs->writers;
	const unsigned ops = pairs->focus.key_class == RM_CLASS_HUGE
	                             ? pairs->round_ops / 16
	                             : pairs->round_ops;

	for (unsigned n = 0; n < ops; n++) {
		const uint64_t x = rm_next(&peer->rng);

		rm_pairs_act(actor, draw(pairs, writes, x),
		        (unsigned)(x >> 32) % RM_PAIRS_HOT, x >> 40);
		if (!rm_peer_another(peer))
			break;
	}
}

static void play(struct rm_peer *peer)
{
	struct rm_pairs *pairs = peer->peers->context;
	struct rm_pairs_actor actor;

	rm_pairs_actor_init(&actor, peer);
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (peer->slot == 0)
			prepare(peer);
		rm_peer_meet(peer);
		if (pairs->over)
			break;
		play_round(peer, &actor);
		rm_peer_meet(peer);
		if (peer->slot == 0)
			audit(peer);
		rm_pairs_round_ends(&actor);
		rm_peer_meet(peer);
	}
}

static unsigned cpus(void)
{
	cpu_set_t allowed;

	return sched_getaffinity(0, sizeof(allowed), &allowed)
	               ? 1
	               : (unsigned)CPU_COUNT(&allowed);
}

/* From one key to 2^17, each with two threads, with what was asked for, and
   with more than there are CPUs. */
static void choose_map(const struct rm_check_case *c, uint64_t n,
        struct rm_check_case *one, struct rm_pairs *pairs)
{
	const uint64_t x = rm_seed(c->seed, n);
	unsigned crowd = n % 8 == 7 ? 16 : n % 8 == 3 ? 4 : 1;
	uint64_t room = (uint64_t)1 << x % 18;

	*one = *c;
	one->seed = x;
	if (n % 2 == 0)
		one->threads = 2;
	else if (c->threads * crowd <= RM_WITNESS_THREADS)
		one->threads = c->threads * crowd;
	if (c->impl->caps & RM_CAP_SLOW_WRITES && room > 512)
		room = 512;
	/* what cannot be reached in these rounds is not made room for */
	if (room > c->ops)
		room = c->ops;
	pairs->writers = rm_case_writers(one, false);
	pairs->room = (uint32_t)(room / pairs->writers) + 1;
	pairs->round_ops = ROUND_OPS;
	if (c->ops / ROUNDS < ROUND_OPS)
		pairs->round_ops = (unsigned)(c->ops / ROUNDS);
	/* a crowd behind one lock wakes and sleeps with each operation */
	if (one->threads > c->threads)
		pairs->round_ops /= one->threads / c->threads;
	pairs->round_ops = pairs->round_ops / one->threads + 16;
	if (c->impl->caps & RM_CAP_SLOW_WRITES)
		pairs->round_ops = pairs->round_ops / 8 + 8;
	/* one that is larger than the machine the scheduler stops at random
	   points already */
	if (one->threads > c->threads && one->threads > pairs->cpus)
		one->preempt = false;
}

static int one_map(const struct rm_check_case *c, uint64_t n,
        struct rm_pairs *pairs, struct rm_error *error)
{
	struct rm_check_case one;
	int code;

	choose_map(c, n, &one, pairs);
	pairs->balance = aligned_alloc(
	        RM_CACHE_LINE, one.threads * sizeof(*pairs->balance));
	pairs->doing = aligned_alloc(
	        RM_CACHE_LINE, one.threads * sizeof(*pairs->doing));
	if (!pairs->balance || !pairs->doing)
		code = rm_error_set(error, -1, "out of memory");
	else {
		const struct rm_case_phase phases[] = { { one.threads, play },
			{ 0 } };

		memset(pairs->doing, 0, one.threads * sizeof(*pairs->doing));
		code = rm_case_play(&one,
		        RM_PAIRS_HOT + pairs->room * pairs->writers, n & 2,
		        phases, pairs, error);
	}
	free(pairs->balance);
	free(pairs->doing);
	return code;
}

int rm_check_pairs(const struct rm_check_case *c, struct rm_error *error)
{
	struct rm_pairs *pairs = calloc(1, sizeof(*pairs));
	const uint64_t maps = rm_case_ops(c) / (ROUNDS * ROUND_OPS) + 1;
	int code = 0;

	if (!pairs)
		return rm_error_set(error, -1, "out of memory");
	announce(c, pairs);
	pairs->cpus = cpus();
	/* another size first with each seed */
	for (uint64_t n = 0; n < maps && !code && rm_case_goes_on(c, n); n++)
		code = one_map(c, c->seed % 8 + n, pairs, error);
	free(pairs);
	return code;
}
