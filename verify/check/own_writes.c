/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_writes.c - each key has one writer, so that order can be checked.
 *
 * The owner reads what it wrote last, at once and at the end; every other
 * thread never reads a value older than one it has read before. This sees a
 * lost replacement through upsert, which sums of keys cannot.
 */
#include "verify/check/internal.h"

enum { KEYS = 32, SEQUENCE_BITS = 20 };

struct hall {
	uint64_t ops; /* per thread */
	unsigned writers;
	uint64_t *last; /* [KEYS]: value word 0 that the owner wrote, or 0 */
	bool in_place;
};

/* The value's sequence in 32 bits: the writer's 12 bits carry the high ones. */
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

/* A key of the owner: ranks are dealt out in turn. */
static uint64_t own_rank(
        const struct hall *hall, const struct rm_peer *peer, uint64_t random)
{
	const uint64_t each = KEYS / hall->writers;

	return random % each * hall->writers + peer->slot;
}

static void write_own(struct rm_peer *peer, struct hall *hall, uint64_t rank)
{
	struct rm_key key = rm_peer_key(peer, rank);
	struct rm_value value = own_value(peer, rank);
	bool expected = hall->last[rank] != 0;
	bool was_there =
	        peer->ops->upsert(peer->thread, peer->shape, key, &value);

	if (was_there != expected)
		rm_peer_fail(peer, "upsert of own rank %llu said %s",
		        (unsigned long long)rank,
		        was_there ? "present after its remove"
		                  : "absent after its insert");
	hall->last[rank] = value.word[0];
}

static void remove_own(struct rm_peer *peer, struct hall *hall, uint64_t rank)
{
	bool expected = hall->last[rank] != 0;
	bool was_there = rm_peer_remove(peer, rank);

	if (was_there != expected)
		rm_peer_fail(peer, "remove of own rank %llu said %s",
		        (unsigned long long)rank,
		        was_there ? "present after its remove"
		                  : "absent after its insert");
	hall->last[rank] = 0;
}

static void read_own(struct rm_peer *peer, struct hall *hall, uint64_t rank)
{
	struct rm_value value;
	bool was_there = rm_peer_lookup(peer, rank, &value);

	if (was_there != (hall->last[rank] != 0))
		rm_peer_fail(peer, "own rank %llu is %s after its own write",
		        (unsigned long long)rank,
		        was_there ? "there" : "not there");
	else if (was_there && value.word[0] != hall->last[rank])
		rm_peer_fail(peer,
		        "own rank %llu does not hold the last value written: "
		        "a write was lost",
		        (unsigned long long)rank);
}

/* Values of a rank have one writer and count up: a reader that sees an older
   one after a newer one has seen an order that no map was ever in. */
static void read_any(struct rm_peer *peer, const struct hall *hall,
        uint64_t *seen, uint64_t rank)
{
	struct rm_value value;

	if (!rm_peer_lookup(peer, rank, &value)) {
		if (hall->in_place)
			rm_peer_fail(peer, "lookup missed rank %llu",
			        (unsigned long long)rank);
		return;
	}
	rm_peer_verify(peer, &value, rank, "lookup");
	uint64_t sequence = sequence_of(value.word[0]);

	if (sequence < seen[rank])
		rm_peer_fail(peer,
		        "lookup of rank %llu went back in time: value %llu "
		        "after value %llu",
		        (unsigned long long)rank, (unsigned long long)sequence,
		        (unsigned long long)seen[rank]);
	seen[rank] = sequence;
}

static void live(struct rm_peer *peer)
{
	struct hall *hall = peer->peers->context;
	const bool may_write = peer->slot < hall->writers;
	uint64_t seen[KEYS] = { 0 }; /* the last sequence read */

	peer->sequence = KEYS; /* after those of begin() */
	for (uint64_t n = 0; n < hall->ops && rm_peer_another(peer); n++) {
		uint64_t x = rm_next(&peer->rng);
		uint64_t rank = own_rank(hall, peer, x >> 32);

		if (!may_write || x % 4 < 2) {
			read_any(peer, hall, seen, (x >> 32) % KEYS);
			continue;
		}
		if (x % 4 == 2 && !hall->in_place && hall->last[rank])
			remove_own(peer, hall, rank);
		else
			write_own(peer, hall, rank);
		read_own(peer, hall, rank);
	}
}

/* All ranks, by the owners' numbers, before others look. */
static void begin(struct rm_peer *peer)
{
	for (uint64_t rank = 0; rank < KEYS; rank++)
		write_own(peer, peer->peers->context, rank);
}

static void end(struct rm_peer *peer)
{
	for (uint64_t rank = 0; rank < KEYS; rank++)
		read_own(peer, peer->peers->context, rank);
}

static int one_hall(const struct rm_check_case *c, bool presize, bool in_place,
        struct rm_error *error)
{
	const unsigned threads = rm_case_threads(c, in_place);
	uint64_t last[KEYS] = { 0 };
	struct hall hall = { .ops = rm_case_ops(c) / threads / 4 + 1,
		.writers = rm_case_writers(c, in_place),
		.last = last,
		.in_place = in_place };
	const struct rm_case_phase phases[] = { { 1, begin }, { threads, live },
		{ 1, end }, { 0 } };

	if (hall.writers > KEYS)
		hall.writers = KEYS;
	/* each writes once at most, and numbers have 32 bits */
	if (hall.ops > UINT32_MAX - KEYS)
		hall.ops = UINT32_MAX - KEYS;
	return rm_case_play(c, KEYS, presize, phases, &hall, error);
}

int rm_check_owner(const struct rm_check_case *c, struct rm_error *error)
{
	for (int i = 0; i < 4; i++)
		if (one_hall(c, i & 1, i & 2, error))
			return -1;
	return 0;
}
