/* SPDX-License-Identifier: Apache-2.0 */
/* pairs_act.c - one operation of the check `pairs`, and the checks of its
 * result. See pairs_round.h. */
#include "verify/check/pairs_round.h"

#include <stdlib.h>
#include <string.h>

enum {
	OWN_FIRST = 1 << 24, /* rank of the first private key */
	SAMPLE_ONE_IN = 4,   /* operations per sample of overlaps */
	/* private keys up to which a scan is not rarer than other operations */
	SCAN_SHARE = 64
};

void rm_pairs_actor_init(struct rm_pairs_actor *actor, struct rm_peer *peer)
{
	*actor = (struct rm_pairs_actor){ .peer = peer,
		.pairs = peer->peers->context };
}

/* ---- operations on a shared key ----------------------------------------- */

struct update {
	const struct rm_value *value;
	struct rm_value old;
	/* describes the last call, since update() may call back again */
	bool had_old;
};

static bool replace(
        void *context, const struct rm_value *old, struct rm_value *value)
{
	struct update *update = context;

	update->had_old = old;
	if (old)
		update->old = *old;
	*value = *update->value;
	return true;
}

struct call_result {
	struct rm_value old;
	bool was_there; /* whether the operation returned "present" */
	bool has_old;   /* old is the value that was present */
	int64_t added;  /* 1: inserted, -1: removed */
};

static void call_update(const struct rm_peer *peer, struct rm_key key,
        const struct rm_value *value, struct call_result *result)
{
	struct update update = { .value = value };

	result->was_there = peer->ops->update(
	        peer->thread, peer->shape, key, replace, &update);
	result->old = update.old;
	result->has_old = update.had_old;
	result->added = !result->was_there;
}

/* Calls an operation that removes. */
static void call_taking(const struct rm_peer *peer, enum rm_pair_kind kind,
        struct rm_key key, const struct rm_value *expected,
        struct call_result *result)
{
	const struct rm_map_ops *ops = peer->ops;

	if (kind == RM_PAIR_REMOVE)
		result->was_there =
		        rm_map_remove(ops, peer->thread, peer->shape, key);
	else if (kind == RM_PAIR_TAKE)
		result->was_there = result->has_old =
		        ops->take(peer->thread, peer->shape, key, &result->old);
	else
		result->was_there = ops->compare_remove(
		        peer->thread, peer->shape, key, expected);
	result->added = -(int64_t)result->was_there;
}

static void call(const struct rm_peer *peer, enum rm_pair_kind kind,
        struct rm_key key, const struct rm_value *value,
        const struct rm_value *expected, struct call_result *result)
{
	const struct rm_map_ops *ops = peer->ops;

	switch (kind) {
	case RM_PAIR_LOOKUP:
		result->was_there = result->has_old = ops->lookup(
		        peer->thread, peer->shape, key, &result->old);
		return;
	case RM_PAIR_UPSERT:
		result->was_there = rm_map_upsert(
		        ops, peer->thread, peer->shape, key, value);
		break;
	case RM_PAIR_EXCHANGE:
		result->was_there = result->has_old = ops->exchange(
		        peer->thread, peer->shape, key, value, &result->old);
		break;
	case RM_PAIR_INSERT_IF_ABSENT:
		result->was_there = result->has_old = ops->insert_if_absent(
		        peer->thread, peer->shape, key, value, &result->old);
		break;
	case RM_PAIR_COMPARE_SWAP:
		ops->compare_swap(
		        peer->thread, peer->shape, key, expected, value);
		return;
	case RM_PAIR_UPDATE:
		call_update(peer, key, value, result);
		return;
	default:
		call_taking(peer, kind, key, expected, result);
		return;
	}
	result->added = !result->was_there;
}

static void act_on_key(struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, uint64_t random)
{
	struct rm_peer *peer = actor->peer;
	const struct rm_value value = rm_pairs_value(actor, key, random);
	struct call_result result = { .was_there = false };

	call(peer, kind, actor->pairs->keys[key], &value, actor->known + key,
	        &result);
	actor->pairs->balance[peer->slot].per_key[key] += result.added;
	if (kind == RM_PAIR_UPDATE && result.was_there != result.has_old)
		rm_peer_fail(peer,
		        "update returned %s, but passed its callback %s value",
		        result.was_there ? "present" : "absent",
		        result.has_old ? "a" : "no");
	if (!result.has_old)
		return;
	rm_pairs_verify(peer, &result.old, key, rm_pair_kind_name(kind));
	actor->known[key] = result.old;
}

/* ---- operations on private keys ----------------------------------------- */

static uint64_t private_rank(const struct rm_pairs_actor *actor, uint64_t n)
{
	return OWN_FIRST + n * actor->peer->peers->threads + actor->peer->slot;
}

static void fail_private(
        struct rm_pairs_actor *actor, const char *what, uint64_t n)
{
	if (rm_pairs_without_clear(actor))
		rm_peer_fail(actor->peer,
		        "%s of private rank %llu, which no other thread uses; "
		        "this thread has %llu keys present",
		        what, (unsigned long long)private_rank(actor, n),
		        (unsigned long long)actor->own_keys);
}

/* Looks up a private key that is present. */
static void lookup_private(struct rm_pairs_actor *actor, uint64_t n)
{
	struct rm_value value;

	/* not an error for maps whose lookups may return old state */
	if (actor->peer->peers->c->impl->caps & RM_CAP_STALE)
		return;
	if (rm_peer_lookup(actor->peer, private_rank(actor, n), &value))
		rm_peer_verify(
		        actor->peer, &value, private_rank(actor, n), "lookup");
	else
		fail_private(actor, "lookup returned absent", n);
}

static void grow(struct rm_pairs_actor *actor, uint64_t random)
{
	const uint64_t rank = private_rank(actor, actor->own_keys);

	if (rm_peer_upsert(actor->peer, rank, rm_peer_value(actor->peer, rank)))
		fail_private(actor, "upsert returned present", actor->own_keys);
	actor->own_keys++;
	lookup_private(actor, random % actor->own_keys);
}

static void shrink(struct rm_pairs_actor *actor)
{
	actor->own_keys--;
	if (!rm_peer_remove(actor->peer, private_rank(actor, actor->own_keys)))
		fail_private(actor, "remove returned absent", actor->own_keys);
}

struct scan_counts {
	const struct rm_pairs_actor *actor;
	struct rm_key_bytes line;
	uint64_t count, sum; /* number of private keys, sum of their numbers */
};

/* The tag of the value names a rank; the key must belong to this rank. Other
 * keys than private ones are skipped. */
static bool count_private(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct scan_counts *counts = context;
	const struct rm_peer *peer = counts->actor->peer;
	const uint64_t rank = (uint32_t)value->word[0];

	if (rank < OWN_FIRST ||
	        (rank - OWN_FIRST) % peer->peers->threads != peer->slot)
		return true;
	counts->line = peer->other;
	struct rm_key expected = rm_key_of(peer->shape, rank, &counts->line);

	if (peer->shape.str ? key.length != expected.length ||
	                              memcmp(key.bytes, expected.bytes,
	                                      expected.length)
	                    : key.word != expected.word)
		return true;
	counts->count++;
	counts->sum += rm_rank_mix(rank);
	return true;
}

/* While other threads insert and remove, and the map may resize, a scan must
 * give each private key of this thread once. */
static void scan(struct rm_pairs_actor *actor)
{
	struct rm_peer *peer = actor->peer;
	struct scan_counts counts = { .actor = actor };
	uint64_t sum = 0;

	peer->ops->scan(peer->thread, peer->shape, count_private, &counts);
	if (!rm_pairs_without_clear(actor) ||
	        peer->peers->c->impl->caps & RM_CAP_STALE)
		return;
	for (uint64_t n = 0; n < actor->own_keys; n++)
		sum += rm_rank_mix(private_rank(actor, n));
	if (counts.count != actor->own_keys || counts.sum != sum)
		rm_peer_fail(peer,
		        "scan yielded %llu private keys of this thread, which "
		        "no other thread uses; %llu are present%s",
		        (unsigned long long)counts.count,
		        (unsigned long long)actor->own_keys,
		        counts.count == actor->own_keys
		                ? ", but not the same ones"
		                : "");
}

static void rejoin(struct rm_peer *peer)
{
	peer->ops->quiesce(peer->thread);
	peer->ops->leave(peer->thread);
	peer->thread = peer->ops->join(peer->peers->map, peer->slot);
	if (peer->thread)
		return;
	rm_peer_fail(peer, "join() returned NULL to a thread that had left");
	rm_peer_abort_check(peer);
	/* this thread cannot continue, and the others would wait for it */
	abort();
}

static void act_on_map(struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, uint64_t random)
{
	struct rm_peer *peer = actor->peer;

	switch (kind) {
	case RM_PAIR_GROW:
		grow(actor, random);
		return;
	case RM_PAIR_SHRINK:
		shrink(actor);
		return;
	case RM_PAIR_SCAN:
		scan(actor);
		return;
	case RM_PAIR_LENGTH:
		peer->ops->length(peer->thread);
		return;
	case RM_PAIR_CLEAR:
		peer->ops->clear(peer->thread);
		return;
	case RM_PAIR_REJOIN:
		rejoin(peer);
		return;
	default:
		act_on_key(actor, kind, key, random);
	}
}

/* Replaces GROW and SHRINK if the thread has the maximum number of private keys
 * or no private key, so that only executed operations are counted. Scans get
 * rarer with the size of the map, because each costs as much as many
 * operations. */
static enum rm_pair_kind replace_impossible(const struct rm_pairs_actor *actor,
        enum rm_pair_kind kind, uint64_t random)
{
	const uint64_t held = actor->own_keys * actor->peer->peers->threads;

	if (kind == RM_PAIR_GROW && actor->own_keys >= actor->pairs->own_max)
		return RM_PAIR_SHRINK;
	if (kind == RM_PAIR_SHRINK && !actor->own_keys)
		return RM_PAIR_GROW;
	if (kind == RM_PAIR_SCAN && random % (1 + held / SCAN_SHARE))
		return RM_PAIR_LOOKUP;
	return kind;
}

void rm_pairs_act(struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, uint64_t random)
{
	struct rm_pairs_sample sights[RM_PAIRS_SAMPLED];
	const bool is_sampled = random % SAMPLE_ONE_IN == 0;
	unsigned samples_count = 0;

	kind = replace_impossible(actor, kind, random >> 8);
	if (kind >= RM_PAIR_ON_KEY)
		key = RM_PAIRS_ANY_KEY;
	actor->number++;
	rm_pairs_publish(actor, kind, key, true);
	if (is_sampled)
		samples_count =
		        rm_pairs_sample_others(actor, sights, random >> 2 & 63);
	act_on_map(actor, kind, key, random >> 8);
	rm_pairs_count_overlaps(actor, kind, key, sights, samples_count);
	rm_pairs_publish(actor, kind, key, false);
}
