/* SPDX-License-Identifier: Apache-2.0 */
/* account.c - concurrent checks that compare the sums of all writes with the
 * final content.
 *
 * exchange: each written value is returned exactly once or is present at the
 * end. upsert: the same rule for inserted keys, with the timed operations.
 * There are few keys, so that threads collide. Lookups verify each value. */
#include "verify/check/internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEYS = 24, PREFILLED = KEYS / 2 };

/* Counts of one thread. Only this thread writes them; they are read after all
 * threads have ended. */
struct account {
	/* Per rank: sums of hashed value words; number of writes and removes;
	 * successful inserts minus successful removes. */
	_Alignas(RM_CACHE_LINE) uint64_t written[KEYS], returned[KEYS];
	uint32_t writes[KEYS], removes[KEYS];
	int64_t balance[KEYS];
};

struct ledger {
	/* threads + 1 items; the last one is for the prefill */
	struct account *accounts;
	uint64_t ops; /* operations of each thread */
	unsigned writers;
	bool values;   /* use exchange and take */
	bool in_place; /* true: neither insert nor remove */
};

static uint64_t mix(const struct rm_value *value)
{
	return rm_seed(0x6163, value->word[0]);
}

static void write_key(struct rm_peer *peer, struct account *account,
        bool values, uint64_t rank)
{
	struct rm_key key = rm_peer_key(peer, rank);
	struct rm_value value = rm_peer_value(peer, rank), old = { { 0 } };
	bool was_there;

	if (values)
		was_there = peer->ops->exchange(
		        peer->thread, peer->shape, key, &value, &old);
	else
		was_there = rm_map_upsert(
		        peer->ops, peer->thread, peer->shape, key, &value);
	account->written[rank] += mix(&value);
	account->writes[rank]++;
	account->balance[rank] += !was_there;
	if (!was_there || !values)
		return;
	account->returned[rank] += mix(&old);
	rm_peer_verify(peer, &old, rank, "exchange");
}

static void remove_key(struct rm_peer *peer, struct account *account,
        bool values, uint64_t rank)
{
	struct rm_key key = rm_peer_key(peer, rank);
	struct rm_value old = { { 0 } };
	bool was_there;

	if (values)
		was_there =
		        peer->ops->take(peer->thread, peer->shape, key, &old);
	else
		was_there = rm_map_remove(
		        peer->ops, peer->thread, peer->shape, key);
	account->removes[rank]++;
	account->balance[rank] -= was_there;
	if (!was_there || !values)
		return;
	account->returned[rank] += mix(&old);
	rm_peer_verify(peer, &old, rank, "take");
}

static void lookup_key(struct rm_peer *peer, uint64_t rank, bool always_there)
{
	struct rm_value value;

	if (rm_peer_lookup(peer, rank, &value))
		rm_peer_verify(peer, &value, rank, "lookup");
	else if (always_there)
		rm_peer_fail(peer,
		        "lookup missed rank %llu, which is never removed",
		        (unsigned long long)rank);
}

/* Three of four operations write, because only writes can get lost. If values
 * are compared and the map has no take(), no key is removed: remove() does not
 * return the value, so the sums would not match. */
static void run_operations(struct rm_peer *peer)
{
	const struct ledger *ledger = peer->peers->context;
	struct account *account = ledger->accounts + peer->slot;
	const bool may_write = peer->slot < ledger->writers;
	const bool removes =
	        !ledger->in_place && (peer->ops->take || !ledger->values);

	for (uint64_t n = 0; n < ledger->ops && rm_peer_tick_in_time(peer);
	        n++) {
		uint64_t x = rm_next(&peer->rng);
		uint64_t rank =
		        rm_below(x, ledger->in_place ? PREFILLED : KEYS);

		if (!may_write || x % 4 == 0)
			lookup_key(peer, rank, ledger->in_place);
		else if (removes && x % 4 == 1)
			remove_key(peer, account, ledger->values, rank);
		else
			write_key(peer, account, ledger->values, rank);
	}
}

/* One thread upserts the ranks 0 to PREFILLED - 1. */
static void prefill(struct rm_peer *peer)
{
	const struct ledger *ledger = peer->peers->context;

	for (uint64_t rank = 0; rank < PREFILLED; rank++)
		write_key(peer, ledger->accounts + peer->peers->c->threads,
		        false, rank);
}

/* Formats how often each thread wrote a rank, for a message: "thread 0: 310
 * writes, 98 removes; ...". The prefill is left out. */
static void format_writers(
        const struct rm_peer *peer, uint64_t rank, char *text, size_t size)
{
	const struct ledger *ledger = peer->peers->context;
	const unsigned threads = peer->peers->c->threads;
	size_t used = 0;

	text[0] = 0;
	for (unsigned i = 0; i < threads && used < size; i++) {
		const struct account *account = ledger->accounts + i;

		if (account->writes[rank] || account->removes[rank])
			used += (size_t)snprintf(text + used, size - used,
			        "; thread %u: %u writes, %u removes", i,
			        account->writes[rank], account->removes[rank]);
	}
}

/* Compares the content of one rank with the sums of all threads. Returns false
 * if they differ. */
static bool check_rank(struct rm_peer *peer, uint64_t rank, bool *was_there)
{
	const struct ledger *ledger = peer->peers->context;
	struct rm_value value = { { 0 } };
	uint64_t expected = 0;
	int64_t balance = 0;
	char writers[160];

	*was_there = rm_peer_lookup(peer, rank, &value);
	for (unsigned i = 0; i <= peer->peers->c->threads; i++) {
		const struct account *account = ledger->accounts + i;

		balance += account->balance[rank];
		expected += account->written[rank] - account->returned[rank];
	}
	format_writers(peer, rank, writers, sizeof(writers));
	if (*was_there != balance)
		rm_peer_fail(peer,
		        "rank %llu is present %d times, but inserts - "
		        "removes = %lld: a write was lost or doubled%s",
		        (unsigned long long)rank, *was_there,
		        (long long)balance, writers);
	else if (ledger->values && expected != (*was_there ? mix(&value) : 0))
		rm_peer_fail(peer,
		        "rank %llu is %s: a write was lost, or a value was "
		        "returned twice%s",
		        (unsigned long long)rank,
		        *was_there ? "present, but its value is not the one "
		                     "written and not returned"
		                   : "absent, but the written values "
		                     "differ from the returned ones",
		        writers);
	else if (*was_there)
		rm_peer_verify(peer, &value, rank, "last lookup");
	/* relaxed: only this thread runs */
	return !atomic_load_explicit(
	        &peer->peers->failed, memory_order_relaxed);
}

/* Compares the content with the sums, on one thread. */
static void check_sums(struct rm_peer *peer)
{
	size_t count = 0;

	for (uint64_t rank = 0; rank < KEYS; rank++) {
		bool was_there;

		if (!check_rank(peer, rank, &was_there))
			return;
		count += was_there;
	}
	if (peer->ops->length && peer->ops->length(peer->thread) != count)
		rm_peer_fail(peer, "length() is %zu, but %zu keys are present",
		        peer->ops->length(peer->thread), count);
}

/* In-place rounds replace resident keys only. Maps whose inserts need exclusive
 * access use all threads in these rounds, and one thread in the others. */
static int run_round(const struct rm_check_case *c, bool values, bool presize,
        bool in_place, struct rm_error *error)
{
	const unsigned threads = rm_case_threads(c, in_place);
	struct ledger ledger = { .values = values,
		.in_place = in_place,
		.writers = rm_case_writers(c, in_place),
		.ops = rm_case_ops(c) / threads / 4 + 1 };
	const size_t bytes = (c->threads + 1) * sizeof(*ledger.accounts);
	const struct rm_case_phase phases[] = { { 1, prefill },
		{ threads, run_operations }, { 1, check_sums }, { 0 } };
	int code;

	ledger.accounts = aligned_alloc(RM_CACHE_LINE, bytes);
	if (!ledger.accounts)
		return rm_error_set(error, -1, "out of memory");
	memset(ledger.accounts, 0, bytes);
	code = rm_case_play(c, KEYS, presize, phases, &ledger, error);
	free(ledger.accounts);
	return code;
}

static int run_rounds(
        const struct rm_check_case *c, bool values, struct rm_error *error)
{
	for (int i = 0; i < 4; i++)
		if (run_round(c, values, i & 1, i & 2, error))
			return -1;
	return 0;
}

int rm_check_exchange(const struct rm_check_case *c, struct rm_error *error)
{
	return run_rounds(c, true, error);
}

int rm_check_upsert(const struct rm_check_case *c, struct rm_error *error)
{
	return run_rounds(c, false, error);
}
