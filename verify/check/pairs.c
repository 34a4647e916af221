/* SPDX-License-Identifier: Apache-2.0 */
/* pairs.c - the check `pairs`: makes every operation overlap every other, on
 * all kinds of keys, while the map grows and shrinks and threads leave and
 * join. Each map is used for several rounds. In a round, most operations are of
 * two kinds, drawn from the matrix of all pairs, on few keys of one class. The
 * check requires: - Each value was written for its key. - Private keys of a
 * thread stay until it removes them, and each of its scans sees them once. -
 * After a round a shared key is present if its inserts exceed its removes.
 * Overlapping pairs are counted (coverage.h). */
#include "verify/check/pairs_round.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROUNDS = 8, /* on one map */
	/* operations of all threads in a round, which take about as long as a
	 * time slice */
	ROUND_OPS = 16384
};

static bool offers(const struct rm_impl *impl, enum rm_pair_kind kind)
{
	const struct rm_map_ops *ops = impl->ops;
	const bool views = rm_impl_guarantees_views(impl);

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

/* Bits of the read-only kinds, which any thread may run. */
static const uint32_t reads = 1U << RM_PAIR_LOOKUP | 1U << RM_PAIR_SCAN |
                              1U << RM_PAIR_LENGTH | 1U << RM_PAIR_REJOIN;

/* Records which pairs are possible, so that pairs that never overlap can be
 * named. */
static void record_possible_pairs(
        const struct rm_check_case *c, struct rm_pairs *pairs)
{
	struct rm_coverage *coverage = &rm_witness()->coverage;
	const bool alone = c->impl->caps & RM_CAP_SINGLE_WRITER;
	unsigned classes = (1U << RM_CLASSES) - 1;

	pairs->offered = 0;
	for (unsigned kind = 0; kind < RM_PAIR_KINDS; kind++)
		if (offers(c->impl, kind))
			pairs->offered |= 1U << kind;
	/* for maps that copy themselves for each write, a write would copy
	 * megabytes */
	if (!c->shape.str || c->impl->caps & RM_CAP_SLOW_WRITES)
		classes &= ~(1U << RM_CLASS_HUGE);
	/* relaxed: no other thread runs */
	atomic_store_explicit(
	        &coverage->offered, pairs->offered, memory_order_relaxed);
	atomic_store_explicit(&coverage->overlaps_any,
	        alone ? reads : (1U << RM_PAIR_KINDS) - 1,
	        memory_order_relaxed);
	atomic_store_explicit(
	        &coverage->classes, classes, memory_order_relaxed);
	pairs->classes = classes;
}

/* Returns the n-th set bit, counted cyclically. */
static unsigned nth_bit(uint32_t bits, unsigned n)
{
	n %= (unsigned)__builtin_popcount(bits);
	for (unsigned i = 0;; i++)
		if (bits >> i & 1 && !n--)
			return i;
}

/* Draws the class of keys and the two kinds of the next round. Only rounds
 * whose kinds include clear may clear, because then the expected content is
 * unknown. */
static void choose_focus(struct rm_peer *peer, struct rm_pairs *pairs)
{
	struct rm_pairs_focus *focus = &pairs->focus;
	const uint32_t clears = pairs->offered & 1U << RM_PAIR_CLEAR;
	const uint64_t x = rm_next(&peer->rng);

	focus->key_class = nth_bit(pairs->classes, (unsigned)(x % 64));
	focus->kinds[0] = nth_bit(pairs->offered, (unsigned)(x >> 8) % 64);
	focus->kinds[1] = nth_bit(pairs->offered, (unsigned)(x >> 16) % 64);
	focus->kinds_allowed = pairs->offered & ~clears;
	if ((1U << focus->kinds[0] | 1U << focus->kinds[1]) & clears)
		focus->kinds_allowed |= clears;
	/* each round uses new value tags, so that a value of an older round is
	 * detected as an error */
	focus->first = (uint32_t)(pairs->rounds_done & 0xfffff) * RM_PAIRS_HOT;
	focus->plain = (x >> 24) % 4 == 0;
}

/* Thread 0 prepares the next round while no other thread uses the map. */
static void prepare(struct rm_peer *peer)
{
	struct rm_pairs *pairs = peer->peers->context;

	choose_focus(peer, pairs);
	rm_pairs_make_keys(peer, pairs);
	memset(pairs->balance, 0,
	        peer->peers->threads * sizeof(*pairs->balance));
	rm_witness_step(
	        "%s with %s on %s keys, %u threads, at most %u private keys",
	        rm_pair_kind_name(pairs->focus.kinds[0]),
	        rm_pair_kind_name(pairs->focus.kinds[1]),
	        rm_pair_class_name(pairs->focus.key_class),
	        peer->peers->threads, pairs->own_max * pairs->writers);
	/* relaxed: the barrier makes it visible to all */
	pairs->over = atomic_load_explicit(
	                      &peer->peers->failed, memory_order_relaxed) ||
	              !rm_case_has_time(peer->peers->c, pairs->rounds_done++);
}

/* After a round: compares each shared key with the sums, unless the map was
 * cleared, and removes it. */
static void check_balance(struct rm_peer *peer)
{
	struct rm_pairs *pairs = peer->peers->context;
	const bool cleared = pairs->focus.kinds_allowed >> RM_PAIR_CLEAR & 1;

	for (unsigned k = 0; k < RM_PAIRS_HOT; k++) {
		struct rm_value value = { { 0 } };
		int64_t held = 0;
		const bool there = peer->ops->lookup(
		        peer->thread, peer->shape, pairs->keys[k], &value);

		for (unsigned i = 0; i < peer->peers->threads; i++)
			held += pairs->balance[i].per_key[k];
		if (!cleared && there != held)
			rm_pairs_fail_balance(peer, k, there, held);
		if (there)
			rm_pairs_verify(peer, &value, k, "lookup at the end");
		rm_map_remove(
		        peer->ops, peer->thread, peer->shape, pairs->keys[k]);
	}
	if (cleared)
		peer->ops->clear(peer->thread);
}

/* Five of eight operations have one of the two kinds of this round, if this
 * thread may run these kinds. */
static enum rm_pair_kind draw_kind(
        const struct rm_pairs *pairs, bool writes, uint64_t x)
{
	const struct rm_pairs_focus *focus = &pairs->focus;
	const uint32_t allowed_kinds =
	        writes ? focus->kinds_allowed : focus->kinds_allowed & reads;
	const enum rm_pair_kind focus_kind = focus->kinds[x >> 3 & 1];

	if (x % 8 < 5 && allowed_kinds >> focus_kind & 1)
		return focus_kind;
	return nth_bit(allowed_kinds, (unsigned)(x >> 4) % 64);
}

static void run_round(struct rm_peer *peer, struct rm_pairs_actor *actor)
{
	const struct rm_pairs *pairs = peer->peers->context;
	const bool writes = peer->slot < pairs->writers;
	const unsigned ops = pairs->focus.key_class == RM_CLASS_HUGE
	                             ? pairs->round_ops / 16
	                             : pairs->round_ops;

	for (unsigned n = 0; n < ops; n++) {
		const uint64_t x = rm_next(&peer->rng);

		rm_pairs_act(actor, draw_kind(pairs, writes, x),
		        (unsigned)(x >> 32) % RM_PAIRS_HOT, x >> 40);
		if (!rm_peer_tick_in_time(peer))
			break;
	}
}

static void run_thread(struct rm_peer *peer)
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
		run_round(peer, &actor);
		rm_peer_meet(peer);
		if (peer->slot == 0)
			check_balance(peer);
		rm_pairs_finish_round(&actor);
		rm_peer_meet(peer);
	}
}

static unsigned count_cpus(void)
{
	cpu_set_t allowed;

	return sched_getaffinity(0, sizeof(allowed), &allowed)
	               ? 1
	               : (unsigned)CPU_COUNT(&allowed);
}

/* Chooses 1 to 2^17 keys. Chooses two threads, c->threads, or more threads than
 * CPUs. */
static void choose_map(const struct rm_check_case *c, uint64_t n,
        struct rm_check_case *map_case, struct rm_pairs *pairs)
{
	const uint64_t x = rm_seed(c->seed, n);
	unsigned threads_factor = n % 8 == 7 ? 16 : n % 8 == 3 ? 4 : 1;
	uint64_t own_max = (uint64_t)1 << x % 18;

	*map_case = *c;
	map_case->seed = x;
	if (n % 2 == 0)
		map_case->threads = 2;
	else if (c->threads * threads_factor <= RM_WITNESS_THREADS)
		map_case->threads = c->threads * threads_factor;
	if (c->impl->caps & RM_CAP_SLOW_WRITES && own_max > 512)
		own_max = 512;
	/* the operations of these rounds cannot insert more keys */
	if (own_max > c->ops)
		own_max = c->ops;
	pairs->writers = rm_case_writers(map_case, false);
	pairs->own_max = (uint32_t)(own_max / pairs->writers) + 1;
	pairs->round_ops = ROUND_OPS;
	if (c->ops / ROUNDS < ROUND_OPS)
		pairs->round_ops = (unsigned)(c->ops / ROUNDS);
	/* if many threads use one lock, each operation sleeps and wakes */
	if (map_case->threads > c->threads)
		pairs->round_ops /= map_case->threads / c->threads;
	pairs->round_ops = pairs->round_ops / map_case->threads + 16;
	if (c->impl->caps & RM_CAP_SLOW_WRITES)
		pairs->round_ops = pairs->round_ops / 8 + 8;
	/* the scheduler already stops oversubscribed threads at random */
	if (map_case->threads > c->threads && map_case->threads > pairs->cpus)
		map_case->preempt = false;
}

static int run_map(const struct rm_check_case *c, uint64_t n,
        struct rm_pairs *pairs, struct rm_error *error)
{
	struct rm_check_case map_case;
	int code;

	choose_map(c, n, &map_case, pairs);
	pairs->balance = aligned_alloc(
	        RM_CACHE_LINE, map_case.threads * sizeof(*pairs->balance));
	pairs->activity = aligned_alloc(
	        RM_CACHE_LINE, map_case.threads * sizeof(*pairs->activity));
	if (!pairs->balance || !pairs->activity)
		code = rm_error_set(error, -1, "out of memory");
	else {
		const struct rm_case_phase phases[] = {
			{ map_case.threads, run_thread }, { 0 }
		};

		memset(pairs->activity, 0,
		        map_case.threads * sizeof(*pairs->activity));
		code = rm_case_play(&map_case,
		        RM_PAIRS_HOT + pairs->own_max * pairs->writers, n & 2,
		        phases, pairs, error);
	}
	free(pairs->balance);
	free(pairs->activity);
	return code;
}

int rm_check_pairs(const struct rm_check_case *c, struct rm_error *error)
{
	struct rm_pairs *pairs = calloc(1, sizeof(*pairs));
	const uint64_t maps = rm_case_ops(c) / (ROUNDS * ROUND_OPS) + 1;
	int code = 0;

	if (!pairs)
		return rm_error_set(error, -1, "out of memory");
	record_possible_pairs(c, pairs);
	pairs->cpus = count_cpus();
	/* the first kind of map depends on the seed */
	for (uint64_t n = 0; n < maps && !code && rm_case_has_time(c, n); n++)
		code = run_map(c, c->seed % 8 + n, pairs, error);
	free(pairs);
	return code;
}
