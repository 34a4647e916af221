/* SPDX-License-Identifier: Apache-2.0 */
/* own_writes.c - each key has one writer, so that order can be checked.
 *
 * The owner must read its last write, immediately afterwards and at the end.
 * Other threads must never read a value older than one they have read. This
 * finds a lost replacement by upsert, which sums of keys cannot. */
#include "verify/check/internal.h"

enum { KEYS = 32, SEQUENCE_BITS = 20 };

struct shared_keys {
	uint64_t ops; /* operations of each thread */
	unsigned writers;
	uint64_t *last_words; /* by rank: word 0 of the last value, or 0 */
	bool in_place;
};

/* Returns a value with a sequence of 32 bits, whose 12 high bits are in the
 * writer field. */
static struct rm_value own_value(struct rm_peer *peer, uint64_t rank)
{
	uint64_t sequence = ++peer->sequence;

	return rm_value_of(
	        rank, (unsigned)(sequence >> SEQUENCE_BITS), sequence);
}

static uint64_t sequence_of(uint64_t word)
{
	return word >> (64 - SEQUENCE_BITS) | (word >> 32 & 0xfff)
	                                              << SEQUENCE_BITS;
}

/* Returns a random key of this owner; ranks are dealt to owners in turn. */
static uint64_t own_rank(const struct shared_keys *shared_keys,
        const struct rm_peer *peer, uint64_t random)
{
	const uint64_t each = KEYS / shared_keys->writers;

	return random % each * shared_keys->writers + peer->slot;
}

static void write_own(
        struct rm_peer *peer, struct shared_keys *shared_keys, uint64_t rank)
{
	struct rm_key key = rm_peer_key(peer, rank);
	struct rm_value value = own_value(peer, rank);
	bool expected = shared_keys->last_words[rank] != 0;
	bool was_there = rm_map_upsert(
	        peer->ops, peer->thread, peer->shape, key, &value);

	if (was_there != expected)
		rm_peer_fail(peer, "upsert of own rank %llu returned %s",
		        (unsigned long long)rank,
		        was_there ? "present after its remove"
		                  : "absent after its insert");
	shared_keys->last_words[rank] = value.word[0];
}

static void remove_own(
        struct rm_peer *peer, struct shared_keys *shared_keys, uint64_t rank)
{
	bool expected = shared_keys->last_words[rank] != 0;
	bool was_there = rm_peer_remove(peer, rank);

	if (was_there != expected)
		rm_peer_fail(peer, "remove of own rank %llu returned %s",
		        (unsigned long long)rank,
		        was_there ? "present after its remove"
		                  : "absent after its insert");
	shared_keys->last_words[rank] = 0;
}

static void read_own(
        struct rm_peer *peer, struct shared_keys *shared_keys, uint64_t rank)
{
	struct rm_value value;
	bool was_there = rm_peer_lookup(peer, rank, &value);

	if (was_there != (shared_keys->last_words[rank] != 0))
		rm_peer_fail(peer, "own rank %llu is %s after its own write",
		        (unsigned long long)rank,
		        was_there ? "there" : "not there");
	else if (was_there && value.word[0] != shared_keys->last_words[rank])
		rm_peer_fail(peer,
		        "own rank %llu does not hold the last value written: "
		        "a write was lost",
		        (unsigned long long)rank);
}

/* Values of a rank have one writer and count up. If a reader sees an older
 * value after a newer one, the order is impossible. */
static void read_any(struct rm_peer *peer,
        const struct shared_keys *shared_keys, uint64_t *seen, uint64_t rank)
{
	struct rm_value value;

	if (!rm_peer_lookup(peer, rank, &value)) {
		if (shared_keys->in_place)
			rm_peer_fail(peer, "lookup missed rank %llu",
			        (unsigned long long)rank);
		return;
	}
	rm_peer_verify(peer, &value, rank, "lookup");
	uint64_t sequence = sequence_of(value.word[0]);

	if (sequence < seen[rank])
		rm_peer_fail(peer,
		        "lookup of rank %llu went back: value %llu "
		        "after value %llu",
		        (unsigned long long)rank, (unsigned long long)sequence,
		        (unsigned long long)seen[rank]);
	seen[rank] = sequence;
}

static void run_thread(struct rm_peer *peer)
{
	struct shared_keys *shared_keys = peer->peers->context;
	const bool may_write = peer->slot < shared_keys->writers;
	uint64_t seen[KEYS] = { 0 }; /* the last sequence read */

	peer->sequence = KEYS; /* write_all_ranks() used the smaller numbers */
	for (uint64_t n = 0; n < shared_keys->ops && rm_peer_tick_in_time(peer);
	        n++) {
		uint64_t x = rm_next(&peer->rng);
		uint64_t rank = own_rank(shared_keys, peer, x >> 32);

		if (!may_write || x % 4 < 2) {
			read_any(peer, shared_keys, seen, (x >> 32) % KEYS);
			continue;
		}
		if (x % 4 == 2 && !shared_keys->in_place &&
		        shared_keys->last_words[rank])
			remove_own(peer, shared_keys, rank);
		else
			write_own(peer, shared_keys, rank);
		read_own(peer, shared_keys, rank);
	}
}

/* Writes all ranks before other threads read. */
static void write_all_ranks(struct rm_peer *peer)
{
	for (uint64_t rank = 0; rank < KEYS; rank++)
		write_own(peer, peer->peers->context, rank);
}

static void check_all_ranks(struct rm_peer *peer)
{
	for (uint64_t rank = 0; rank < KEYS; rank++)
		read_own(peer, peer->peers->context, rank);
}

static int run_threads(const struct rm_check_case *c, bool presize,
        bool in_place, struct rm_error *error)
{
	const unsigned threads = rm_case_threads(c, in_place);
	uint64_t last_words[KEYS] = { 0 };
	struct shared_keys shared_keys = { .ops = rm_case_ops(c) / threads / 4 +
		                                  1,
		.writers = rm_case_writers(c, in_place),
		.last_words = last_words,
		.in_place = in_place };
	const struct rm_case_phase phases[] = { { 1, write_all_ranks },
		{ threads, run_thread }, { 1, check_all_ranks }, { 0 } };

	if (shared_keys.writers > KEYS)
		shared_keys.writers = KEYS;
	/* one write per operation at most, and numbers have 32 bits */
	if (shared_keys.ops > UINT32_MAX - KEYS)
		shared_keys.ops = UINT32_MAX - KEYS;
	return rm_case_play(c, KEYS, presize, phases, &shared_keys, error);
}

int rm_check_owner(const struct rm_check_case *c, struct rm_error *error)
{
	for (int i = 0; i < 4; i++)
		if (run_threads(c, i & 1, i & 2, error))
			return -1;
	return 0;
}
