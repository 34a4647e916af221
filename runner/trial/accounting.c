/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounting.c - measure = verify: exact accounting of values.
 *
 * Key sums cannot detect a lost *update*, because the key is still present.
 * Here, every write is an exchange or a take, and there are few keys, so that
 * threads conflict. Each stored value must be returned exactly once or still be
 * in the map: sum(prefill) + sum(written) - sum(returned) = sum(held), modulo
 * 2^64.
 */
#include "runner/trial/internal.h"

#include "runner/base/clock.h"

enum {
	CHUNK = 64,                 /* writes that a thread reserves at once */
	SLOW_LIMIT_NS = 2000000000, /* limit if writes copy all keys */
};

bool rm_account_supported(const struct rm_impl *impl)
{
	return impl->ops->exchange && impl->ops->take;
}

struct turn {
	const struct rm_map_ops *ops;
	struct rm_shape shape;
	struct rm_member *member;
};

static struct rm_key key_of(
        const struct turn *turn, uint64_t rank, struct rm_key_bytes *line)
{
	return rm_trial_key(&turn->member->team->request->cell, rank, line);
}

/* Writes a value. Only exchange returns the replaced value. The values that
   upsert replaces are unknown, so then only the key sums are checked. */
static void write_rank(const struct turn *turn, uint64_t rank)
{
	struct rm_worker *worker = &turn->member->worker;
	struct rm_account *account = &turn->member->account;
	struct rm_key key = key_of(turn, rank, &worker->written);
	struct rm_value old = { { 0 } };
	struct rm_value value =
	        rm_value_of(rank, worker->slot + 1, ++worker->sequence);
	bool was_there;

	if (turn->ops->exchange)
		was_there = turn->ops->exchange(
		        worker->thread, turn->shape, key, &value, &old);
	else
		was_there = rm_map_upsert(
		        turn->ops, worker->thread, turn->shape, key, &value);
	account->written += value.word[0];
	account->writes++;
	account->puts++;
	if (!was_there) {
		worker->counts.inserts++;
		worker->key_sum += rm_rank_mix(rank);
	} else if (turn->ops->exchange) {
		account->returned += old.word[0];
		account->outs++;
		worker->counts.wrong |=
		        rm_value_errors(turn->shape, &old, rank);
	}
}

/* Removes a key. Only take returns the removed value. A missing key is not an
   error, because another thread may have removed it before. */
static void remove_rank(const struct turn *turn, uint64_t rank)
{
	struct rm_worker *worker = &turn->member->worker;
	struct rm_account *account = &turn->member->account;
	struct rm_key key = key_of(turn, rank, &worker->written);
	struct rm_value old = { { 0 } };
	bool was_there;

	if (turn->ops->take)
		was_there =
		        turn->ops->take(worker->thread, turn->shape, key, &old);
	else
		was_there = rm_map_remove(
		        turn->ops, worker->thread, turn->shape, key);
	account->writes++;
	if (!was_there) {
		worker->counts.idle_removes++;
		return;
	}
	worker->counts.removes++;
	worker->key_sum -= rm_rank_mix(rank);
	if (turn->ops->take) {
		account->returned += old.word[0];
		account->outs++;
		worker->counts.wrong |=
		        rm_value_errors(turn->shape, &old, rank);
	}
}

static void check_lookup(const struct turn *turn, uint64_t rank)
{
	struct rm_worker *worker = &turn->member->worker;
	struct rm_key key = key_of(turn, rank, &worker->line);
	struct rm_value value = { { 0 } };

	if (turn->ops->lookup(worker->thread, turn->shape, key, &value))
		worker->counts.wrong |=
		        rm_value_errors(turn->shape, &value, rank);
}

/* Does one write of the cell's kind, and a look-up that races with other
   threads. */
static void take_turn(const struct turn *turn, uint64_t random)
{
	struct rm_worker *worker = &turn->member->worker;
	uint64_t rank = rm_below(random, worker->resident);

	switch (worker->write_kind) {
	case RM_UPDATE:
		write_rank(turn, rank);
		break;
	case RM_CHURN:
		remove_rank(turn, rank);
		write_rank(turn, rank);
		break;
	case RM_FRESH:
		write_rank(turn, rm_fresh_next(worker));
		remove_rank(turn, rm_fresh_oldest(worker));
		rm_fresh_publish(worker);
		break;
	}
	check_lookup(turn, rm_below(rm_next(&worker->rng), worker->resident));
}

/* Reserves up to CHUNK writes of the common quota. Returns false if none are
   left. */
static bool reserve_writes(struct rm_team *team)
{
	/* relaxed: the quota publishes no data; the phase barrier orders the
	   rest */
	uint64_t left =
	        atomic_load_explicit(&team->verify_left, memory_order_relaxed);

	do {
		if (!left)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&team->verify_left,
	        &left, left > CHUNK ? left - CHUNK : 0, memory_order_relaxed,
	        memory_order_relaxed));
	return true;
}

void rm_account_run(struct rm_member *member)
{
	struct rm_team *team = member->team;
	struct turn turn = { team->impl->ops, team->request->cell.shape,
		member };
	uint64_t start_ns = rm_now_ns();
	bool slow = team->impl->caps & RM_CAP_SLOW_WRITES;

	while (reserve_writes(team)) {
		uint64_t until = member->account.writes + CHUNK;

		while (member->account.writes < until)
			take_turn(&turn, rm_next(&member->worker.rng));
		turn.ops->quiesce(member->worker.thread);
		if (slow && rm_now_ns() - start_ns > SLOW_LIMIT_NS) {
			member->account.stopped_early = true;
			break;
		}
	}
	/* makes writes / iterations correct for this measure */
	member->worker.counts.writes = member->account.writes;
	member->worker.counts.iterations = member->account.writes;
}
