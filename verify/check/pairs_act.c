/* SPDX-License-Identifier: Apache-2.0 */
/* pairs_act.c - one operation of the check of pairs, and what is held against
   its answer. See pairs_round.h. */
#include "verify/check/pairs_round.h"

#include <stdlib.h>
#include <string.h>

enum {
	OWN_FIRST = 1 << 24, /* rank of the first key of a thread's own */
	LOOK_ONE_IN = 4,     /* operations */
	SCAN_SHARE = 64      /* keys that a scan may cost as much as */
};

void rm_pairs_actor_init(struct rm_pairs_actor *actor, struct rm_peer *peer)
{
	*actor = (struct rm_pairs_actor){ .peer = peer,
		.pairs = peer->peers->context };
}

/* ---- operations on a key that all threads use ---------------------------- */

struct update {
	const struct rm_value *value;
	struct rm_value old;
	bool had; /* at the last call: it may be called again */
};

static bool replace(
        void *context, const struct rm_value *old, struct rm_value *value)
{
	struct update *update = context;

	update->had = old;
	if (old)
		update->old = *old;
	*value = *update->value;
	return true;
}

struct answer {
	struct rm_value old;
	bool there;    /* as the operation said */
	bool gave;     /* old is what was there */
	int64_t added; /* 1: inserted, -1: taken out */
};

static void call_update(const struct rm_peer *peer, struct rm_key key,
        const struct rm_value *value, struct answer *answer)
{
	struct update update = { .value = value };

	answer->there = peer->ops->update(
	        peer->thread, peer->shape, key, replace, &update);
	answer->old = update.old;
	answer->gave = update.had;
	answer->added = !answer->there;
}

/* Those that take out. */
static void call_taking(const struct rm_peer *peer, enum rm_pair_kind kind,
        struct rm_key key, const struct rm_value *expected,
        struct answer *answer)
{
	const struct rm_map_ops *ops = peer->ops;

	if (kind == RM_PAIR_REMOVE)
		answer->there = ops->remove(peer->thread, peer->shape, key);
	else if (kind == RM_PAIR_TAKE)
		answer->there = answer->gave =
		        ops->take(peer->thread, peer->shape, key, &answer->old);
	else
		answer->there = ops->compare_remove(
		        peer->thread, peer->shape, key, expected);
	answer->added = -(int64_t)answer->there;
}

static void call(const struct rm_peer *peer, enum rm_pair_kind kind,
        struct rm_key key, const struct rm_value *value,
        const struct rm_value *expected, struct answer *answer)
{
	const struct rm_map_ops *ops = peer->ops;

	switch (kind) {
	case RM_PAIR_LOOKUP:
		answer->there = answer->gave = ops->lookup(
		        peer->thread, peer->shape, key, &answer->old);
		return;
	case RM_PAIR_UPSERT:
		answer->there =
		        ops->upsert(peer->thread, peer->shape, key, value);
		break;
	case RM_PAIR_EXCHANGE:
		answer->there = answer->gave = ops->exchange(
		        peer->thread, peer->shape, key, value, &answer->old);
		break;
	case RM_PAIR_INSERT_IF_ABSENT:
		answer->there = answer->gave = ops->insert_if_absent(
		        peer->thread, peer->shape, key, value, &answer->old);
		break;
	case RM_PAIR_COMPARE_SWAP:
		ops->compare_swap(
		        peer->thread, peer->shape, key, expected, value);
		return;
	case RM_PAIR_UPDATE:
		call_update(peer, key, value, answer);
		return;
	default:
		call_taking(peer, kind, key, expected, answer);
		return;
	}
	answer->added = !answer->there;
}

static void act_on_key(struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, uint64_t random)
{
	struct rm_peer *peer = actor->peer;
	const struct rm_value value = rm_pairs_value(actor, key, random);
	struct answer answer = { .there = false };

	call(peer, kind, actor->pairs->keys[key], &value, actor->known + key,
	        &answer);
	actor->pairs->balance[peer->slot].of[key] += answer.added;
	if (kind == RM_PAIR_UPDATE && answer.there != answer.gave)
		rm_peer_fail(peer,
		        "update said %s, but gave its function %s value",
		        answer.there ? "there" : "absent",
		        answer.gave ? "a" : "no");
	if (!answer.gave)
		return;
	rm_pairs_verify(peer, &answer.old, key, rm_pair_kind_name(kind));
	actor->known[key] = answer.old;
}

/* ---- operations on keys of the thread's own ------------------------------ */

static uint64_t own_rank(const struct rm_pairs_actor *actor, uint64_t n)
{
	return OWN_FIRST + n * actor->peer->peers->threads + actor->peer->slot;
}

static void fail_own(struct rm_pairs_actor *actor, const char *what, uint64_t n)
{
	if (rm_pairs_strict(actor))
		rm_peer_fail(actor->peer,
		        "%s of rank %llu, which no other thread uses, and of "
		        "which it has put %llu there",
		        what, (unsigned long long)own_rank(actor, n),
		        (unsigned long long)actor->own);
}

/* A key that is there since this thread put it there. */
static void find_own(struct rm_pairs_actor *actor, uint64_t n)
{
	struct rm_value value;

	/* one that may be late owes nothing */
	if (actor->peer->peers->c->impl->caps & RM_CAP_STALE)
		return;
	if (rm_peer_lookup(actor->peer, own_rank(actor, n), &value))
		rm_peer_verify(
		        actor->peer, &value, own_rank(actor, n), "lookup");
	else
		fail_own(actor, "lookup said absent", n);
}

static void grow(struct rm_pairs_actor *actor, uint64_t random)
{
	const uint64_t rank = own_rank(actor, actor->own);

	if (rm_peer_upsert(actor->peer, rank, rm_peer_value(actor->peer, rank)))
		fail_own(actor, "upsert said present", actor->own);
	actor->own++;
	find_own(actor, random % actor->own);
}

static void shrink(struct rm_pairs_actor *actor)
{
	actor->own--;
	if (!rm_peer_remove(actor->peer, own_rank(actor, actor->own)))
		fail_own(actor, "remove said absent", actor->own);
}

struct view {
	const struct rm_pairs_actor *actor;
	struct rm_key_bytes line;
	uint64_t count, sum; /* of keys of one's own */
};

/* The value's tag says whose it may be, the key whether it is. */
static bool visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct view *view = context;
	const struct rm_peer *peer = view->actor->peer;
	const uint64_t rank = (uint32_t)value->word[0];

	if (rank < OWN_FIRST ||
	        (rank - OWN_FIRST) % peer->peers->threads != peer->slot)
		return true;
	view->line = peer->other;
	struct rm_key own = rm_key_of(peer->shape, rank, &view->line);

	if (peer->shape.str ? key.length != own.length ||
	                              memcmp(key.bytes, own.bytes, own.length)
	                    : key.word != own.word)
		return true;
	view->count++;
	view->sum += rm_rank_mix(rank);
	return true;
}

/* Others insert and remove meanwhile, and the map may grow or shrink, but not
   by keys of this thread: it sees each of them once. */
static void scan(struct rm_pairs_actor *actor)
{
	struct rm_peer *peer = actor->peer;
	struct view view = { .actor = actor };
	uint64_t sum = 0;

	peer->ops->scan(peer->thread, peer->shape, visit, &view);
	if (!rm_pairs_strict(actor) ||
	        peer->peers->c->impl->caps & RM_CAP_STALE)
		return;
	for (uint64_t n = 0; n < actor->own; n++)
		sum += rm_rank_mix(own_rank(actor, n));
	if (view.count != actor->own || view.sum != sum)
		rm_peer_fail(peer,
		        "scan gave %llu keys of this thread's own, which no "
		        "other thread touches; it has %llu there%s",
		        (unsigned long long)view.count,
		        (unsigned long long)actor->own,
		        view.count == actor->own ? ", others" : "");
}

static void rejoin(struct rm_peer *peer)
{
	peer->ops->quiesce(peer->thread);
	peer->ops->leave(peer->thread);
	peer->thread = peer->ops->join(peer->peers->map, peer->slot);
	if (peer->thread)
		return;
	rm_peer_fail(peer, "join() returned NULL to a thread that had left");
	rm_peer_end(peer);
	abort(); /* it cannot go on, and the others wait for it */
}

static void act(struct rm_pairs_actor *actor, enum rm_pair_kind kind,
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

/* What cannot be done is not what is counted: there is no room to grow, nothing
   to take away, and a scan of a large map costs as much as many others. */
static enum rm_pair_kind possible(const struct rm_pairs_actor *actor,
        enum rm_pair_kind kind, uint64_t random)
{
	const uint64_t held = actor->own * actor->peer->peers->threads;

	if (kind == RM_PAIR_GROW && actor->own >= actor->pairs->room)
		return RM_PAIR_SHRINK;
	if (kind == RM_PAIR_SHRINK && !actor->own)
		return RM_PAIR_GROW;
	if (kind == RM_PAIR_SCAN && random % (1 + held / SCAN_SHARE))
		return RM_PAIR_LOOKUP;
	return kind;
}

void rm_pairs_act(struct rm_pairs_actor *actor, enum rm_pair_kind kind,
        unsigned key, uint64_t random)
{
	struct rm_pairs_sight sights[RM_PAIRS_LOOKED_AT];
	const bool looks = random % LOOK_ONE_IN == 0;
	unsigned seen = 0;

	kind = possible(actor, kind, random >> 8);
	if (kind >= RM_PAIR_ON_KEY)
		key = RM_PAIRS_ANY_KEY;
	actor->number++;
	rm_pairs_say(actor, kind, key, true);
	if (looks)
		seen = rm_pairs_look(actor, sights, random >> 2 & 63);
	act(actor, kind, key, random >> 8);
	rm_pairs_judge(actor, kind, key, sights, seen);
	rm_pairs_say(actor, kind, key, false);
}
