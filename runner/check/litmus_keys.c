/* SPDX-License-Identifier: Apache-2.0 */
/*
 * litmus_keys.c - the loops on keys that come and go: LoadAndDelete against
 * Delete (each value has one winner), lookups during growth.
 */
#include "runner/check/litmus.h"

#include <string.h>

enum { PRIZE = 7, GROWN = 1000 /* keys of a map that grows */ };

/* Takes the prize; returns the number of its value, 0 if it was not there,
   UINT32_MAX if remove() does not say which. */
static uint32_t win(struct rm_peer *peer, bool take)
{
	struct rm_key key = rm_peer_key(peer, PRIZE);
	struct rm_value old;

	if (!take)
		return peer->ops->remove(peer->thread, peer->shape, key)
		               ? UINT32_MAX
		               : 0;
	if (!peer->ops->take(peer->thread, peer->shape, key, &old))
		return 0;
	rm_peer_verify(peer, &old, PRIZE, "take");
	return (uint32_t)(old.word[0] >> 44);
}

/*
 * The first thread inserts value i and wants it back, the second grabs what
 * it can. seen[0][i] and seen[1][i]: whether that thread took value i, and
 * reached[]: values put in minus values taken out, per thread.
 */
static void compete(struct rm_peer *peer)
{
	struct rm_litmus *litmus = peer->crowd->context;
	const bool take = peer->ops->take;
	uint32_t *seen = litmus->seen[peer->slot];
	uint64_t balance = 0;

	rm_litmus_part(peer);
	memset(seen, 0, (litmus->rounds + 1) * sizeof(*seen));
	for (uint32_t i = 1; i <= litmus->rounds && rm_litmus_pace(peer, i);
	        i++) {
		if (peer->slot == 0)
			balance += !rm_litmus_write(peer, PRIZE, i);
		uint32_t won = win(peer, take && (peer->slot == 0 || i % 4));

		balance -= won != 0;
		if (won && won <= litmus->rounds)
			seen[won]++;
		else if (won && peer->slot == 0)
			seen[i]++; /* nobody else writes: it was value i */
	}
	/* relaxed: read after both threads were joined */
	atomic_store_explicit(
	        &litmus->reached[peer->slot], balance, memory_order_relaxed);
}

static void count_winners(struct rm_peer *peer)
{
	struct rm_litmus *litmus = peer->crowd->context;
	uint64_t held = rm_litmus_read(peer, PRIZE) != 0, expected = 0;

	for (uint32_t i = 1; i <= litmus->rounds; i++)
		if (litmus->seen[0][i] + litmus->seen[1][i] > 1)
			rm_peer_fail(peer,
			        "take: value %u was taken out %u times", i,
			        litmus->seen[0][i] + litmus->seen[1][i]);
	for (int i = 0; i < 2; i++)
		/* relaxed: both threads have been joined */
		expected += atomic_load_explicit(
		        &litmus->reached[i], memory_order_relaxed);
	if (held != expected)
		rm_peer_fail(peer,
		        "take: inserts - removes = %lld, but the key is %s: "
		        "a remove had two winners or none",
		        (long long)expected, held ? "there" : "not there");
}

int rm_litmus_take(const struct rm_check_case *c, struct rm_litmus *litmus,
        struct rm_error *error)
{
	return rm_litmus_play(
	        c, litmus, PRIZE + 1, compete, count_winners, error);
}

/* Key n of a thread; the ranks of the two interleave. */
static uint64_t rank_of(unsigned slot, uint64_t n)
{
	return n * 2 + slot;
}

static void present(struct rm_peer *peer, unsigned slot, uint64_t n)
{
	if (rm_litmus_read(peer, rank_of(slot, n)) != n + 1)
		rm_peer_fail(peer,
		        "growth: key %llu of thread %u was inserted, and is "
		        "not there",
		        (unsigned long long)n, slot);
}

/* An old key of anybody, and the newest of the other thread. */
static void look_back(struct rm_peer *peer, struct rm_litmus *litmus)
{
	for (unsigned slot = 0; slot < 2; slot++) {
		/* acquire: pairs with the release in insert_and_look() */
		uint64_t reached = atomic_load_explicit(
		        &litmus->reached[slot], memory_order_acquire);

		if (!reached)
			continue;
		present(peer, slot, reached - 1);
		present(peer, slot, rm_next(&peer->rng) % reached);
	}
}

static void insert_and_look(struct rm_peer *peer)
{
	struct rm_litmus *litmus = peer->crowd->context;
	const bool writes = peer->slot == 0 || litmus->second;
	uint64_t n = 0;

	rm_litmus_part(peer);
	for (uint32_t i = 0; i < GROWN && rm_litmus_pace(peer, i); i++) {
		/* the second thread reads as well */
		if (!writes || (peer->slot && i % 2)) {
			look_back(peer, litmus);
			continue;
		}
		if (rm_litmus_write(peer, rank_of(peer->slot, n), n + 1))
			rm_peer_fail(peer, "growth: new key %llu was there",
			        (unsigned long long)n);
		/* release: whoever sees the number finds the keys */
		atomic_store_explicit(&litmus->reached[peer->slot], ++n,
		        memory_order_release);
	}
}

static void all_there(struct rm_peer *peer)
{
	struct rm_litmus *litmus = peer->crowd->context;

	for (unsigned slot = 0; slot < 2; slot++) {
		/* relaxed: both threads have been joined */
		uint64_t reached = atomic_load_explicit(
		        &litmus->reached[slot], memory_order_relaxed);

		for (uint64_t n = 0; n < reached && rm_peer_tick(peer); n++)
			present(peer, slot, n);
	}
}

int rm_litmus_growth(const struct rm_check_case *c, struct rm_litmus *litmus,
        struct rm_error *error)
{
	struct rm_check_case one = *c;
	int code = 0;

	/* many maps: a map grows a few times, whatever its size */
	for (uint32_t done = 0; done < litmus->rounds && !code; done += GROWN) {
		one.seed = rm_seed(c->seed, done);
		for (int i = 0; i < 2; i++)
			/* relaxed: no other thread runs */
			atomic_store_explicit(
			        &litmus->reached[i], 0, memory_order_relaxed);
		code = rm_litmus_play(&one, litmus, (size_t)GROWN * 2,
		        insert_and_look, all_there, error);
	}
	return code;
}
