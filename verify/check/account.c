/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.c - concurrent checks that count what went in and what came out.
 *
 * exchange: each value that was written is returned exactly once or held at
 * the end. upsert: the same of keys alone, through the timed operations. Few
 * keys, so that threads meet on them; lookups verify each value they get.
 */
#include "verify/check/internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEYS = 24, PREFILLED = KEYS / 2 };

/* What one thread did. One writer; read after all have ended. */
struct account {
	/* Of each rank: mixed words, summed; writes and removes, effective or
	   not; effective inserts - effective removes. */
	_Alignas(RM_CACHE_LINE) uint64_t written[KEYS], returned[KEYS];
	uint32_t puts[KEYS], drops[KEYS];
	int64_t balance[KEYS];
};

struct ledger {
	struct account *accounts; /* [threads + 1], the last is the prefill */
	uint64_t ops;             /* per thread */
	unsigned writers;
	bool values;   /* through exchange and take */
	bool in_place; /* no inserts, no removes */
};

static uint64_t mix(const struct rm_value *value)
{
	return rm_seed(0x6163, value->word[0]);
}

static void put(struct rm_peer *peer, struct account *account, bool values,
        uint64_t rank)
{
	struct rm_key key = rm_peer_key(peer, rank);
	struct rm_value value = rm_peer_value(peer, rank), old = { { 0 } };
	bool was_there;

	if (values)
		was_there = peer->ops->exchange(
		        peer->thread, peer->shape, key, &value, &old);
	else
		was_there = peer->ops->upsert(
		        peer->thread, peer->shape, key, &value);
	account->written[rank] += mix(&value);
	account->puts[rank]++;
	account->balance[rank] += !was_there;
	if (!was_there || !values)
		return;
	account->returned[rank] += mix(&old);
	rm_peer_verify(peer, &old, rank, "exchange");
}

static void drop(struct rm_peer *peer, struct account *account, bool values,
        uint64_t rank)
{
	struct rm_key key = rm_peer_key(peer, rank);
	struct rm_value old = { { 0 } };
	bool was_there;

	if (values)
		was_there =
		        peer->ops->take(peer->thread, peer->shape, key, &old);
	else
		was_there = peer->ops->remove(peer->thread, peer->shape, key);
	account->drops[rank]++;
	account->balance[rank] -= was_there;
	if (!was_there || !values)
		return;
	account->returned[rank] += mix(&old);
	rm_peer_verify(peer, &old, rank, "take");
}

static void look(struct rm_peer *peer, uint64_t rank, bool always_there)
{
	struct rm_value value;

	if (rm_peer_lookup(peer, rank, &value))
		rm_peer_verify(peer, &value, rank, "lookup");
	else if (always_there)
		rm_peer_fail(peer,
		        "lookup missed rank %llu, which is never removed",
		        (unsigned long long)rank);
}

/* Three of four operations write, since it is writes that get lost. With
   values a map without take() is not asked to drop any: remove() does not
   say which value went, and the sums would not add up. */
static void trade(struct rm_peer *peer)
{
	const struct ledger *ledger = peer->peers->context;
	struct account *account = ledger->accounts + peer->slot;
	const bool may_write = peer->slot < ledger->writers;
	const bool drops =
	        !ledger->in_place && (peer->ops->take || !ledger->values);

	for (uint64_t n = 0; n < ledger->ops && rm_peer_another(peer); n++) {
		uint64_t x = rm_next(&peer->rng);
		uint64_t rank =
		        rm_below(x, ledger->in_place ? PREFILLED : KEYS);

		if (!may_write || x % 4 == 0)
			look(peer, rank, ledger->in_place);
		else if (drops && x % 4 == 1)
			drop(peer, account, ledger->values, rank);
		else
			put(peer, account, ledger->values, rank);
	}
}

/* On one thread, with upsert: the ranks 0 .. PREFILLED - 1. */
static void prefill(struct rm_peer *peer)
{
	const struct ledger *ledger = peer->peers->context;

	for (uint64_t rank = 0; rank < PREFILLED; rank++)
		put(peer, ledger->accounts + peer->peers->c->threads, false,
		        rank);
}

/* Which operations of which threads a rank had, for a person: "thread 0: 310
   writes, 98 removes; ..."; the last is the prefill. */
static void list_writers(
        const struct rm_peer *peer, uint64_t rank, char *text, size_t size)
{
	const struct ledger *ledger = peer->peers->context;
	const unsigned threads = peer->peers->c->threads;
	size_t used = 0;

	text[0] = 0;
	for (unsigned i = 0; i < threads && used < size; i++) {
		const struct account *one = ledger->accounts + i;

		if (one->puts[rank] || one->drops[rank])
			used += (size_t)snprintf(text + used, size - used,
			        "; thread %u: %u writes, %u removes", i,
			        one->puts[rank], one->drops[rank]);
	}
}

/* One rank: is it held as often, and with the value, that all threads' counts
   leave? False: it was told. */
static bool audit_rank(struct rm_peer *peer, uint64_t rank, bool *was_there)
{
	const struct ledger *ledger = peer->peers->context;
	struct rm_value value = { { 0 } };
	uint64_t expected = 0;
	int64_t balance = 0;
	char writers[160];

	*was_there = rm_peer_lookup(peer, rank, &value);
	for (unsigned i = 0; i <= peer->peers->c->threads; i++) {
		const struct account *one = ledger->accounts + i;

		balance += one->balance[rank];
		expected += one->written[rank] - one->returned[rank];
	}
	list_writers(peer, rank, writers, sizeof(writers));
	if (*was_there != balance)
		rm_peer_fail(peer,
		        "rank %llu is held %d times, but inserts - removes = "
		        "%lld: a write was lost or doubled%s",
		        (unsigned long long)rank, *was_there,
		        (long long)balance, writers);
	else if (ledger->values && expected != (*was_there ? mix(&value) : 0))
		rm_peer_fail(peer,
		        "rank %llu is %s: a write was lost or a value returned "
		        "twice%s",
		        (unsigned long long)rank,
		        *was_there ? "held, but not with the value that was "
		                     "written and not returned"
		                   : "not held, but values that were written "
		                     "are not those that were returned",
		        writers);
	else if (*was_there)
		rm_peer_verify(peer, &value, rank, "last lookup");
	/* relaxed: only this thread runs */
	return !atomic_load_explicit(
	        &peer->peers->failed, memory_order_relaxed);
}

/* On one thread: what is held against what was counted. */
static void audit(struct rm_peer *peer)
{
	size_t count = 0;

	for (uint64_t rank = 0; rank < KEYS; rank++) {
		bool was_there;

		if (!audit_rank(peer, rank, &was_there))
			return;
		count += was_there;
	}
	if (peer->ops->length && peer->ops->length(peer->thread) != count)
		rm_peer_fail(peer, "length() is %zu, but %zu keys are held",
		        peer->ops->length(peer->thread), count);
}

/* In place only resident keys are replaced: a map that is not safe beside
   inserts has its threads in these rounds, and one thread in the others. */
static int round_of(const struct rm_check_case *c, bool values, bool presize,
        bool in_place, struct rm_error *error)
{
	const unsigned threads = rm_case_threads(c, in_place);
	struct ledger ledger = { .values = values,
		.in_place = in_place,
		.writers = rm_case_writers(c, in_place),
		.ops = rm_case_ops(c) / threads / 4 + 1 };
	const size_t bytes = (c->threads + 1) * sizeof(*ledger.accounts);
	const struct rm_case_phase phases[] = { { 1, prefill },
		{ threads, trade }, { 1, audit }, { 0 } };
	int code;

	ledger.accounts = aligned_alloc(RM_CACHE_LINE, bytes);
	if (!ledger.accounts)
		return rm_error_set(error, -1, "out of memory");
	memset(ledger.accounts, 0, bytes);
	code = rm_case_play(c, KEYS, presize, phases, &ledger, error);
	free(ledger.accounts);
	return code;
}

static int rounds(
        const struct rm_check_case *c, bool values, struct rm_error *error)
{
	for (int i = 0; i < 4; i++)
		if (round_of(c, values, i & 1, i & 2, error))
			return -1;
	return 0;
}

int rm_check_exchange(const struct rm_check_case *c, struct rm_error *error)
{
	return rounds(c, true, error);
}

int rm_check_upsert(const struct rm_check_case *c, struct rm_error *error)
{
	return rounds(c, false, error);
}
