/* SPDX-License-Identifier: Apache-2.0 */
/* pairs_keys.c - keys and values of the check `pairs`, and messages about wrong
 * ones. See pairs_round.h. */
#include "verify/check/model.h"
#include "verify/check/pairs_round.h"
#include "verify/check/quarantine.h"

#include <stdio.h>
#include <string.h>

static struct rm_key neighbour(bool str, uint32_t number, char *bytes)
{
	enum { LENGTH = 17 };
	/* bits that are equal within 256 keys */
	const uint32_t rounds = number / 256;
	struct rm_key key = { .word = 0x5a5a000000U + number };

	memset(bytes, 'n', LENGTH);
	memcpy(bytes + 8, &rounds, sizeof(rounds));
	bytes[LENGTH - 1] = (char)number;
	if (str)
		key = (struct rm_key){ .bytes = bytes, .length = LENGTH };
	return key;
}

static struct rm_key huge(uint32_t number, char *bytes)
{
	const size_t at = RM_PAIRS_HUGE_BYTES - sizeof(number);

	memset(bytes, 'h', at);
	memcpy(bytes + at, &number, sizeof(number));
	return (struct rm_key){ .bytes = bytes, .length = RM_PAIRS_HUGE_BYTES };
}

/* Selects an edge key: the least, the greatest, the empty key ...; one of 32
 * keys is the long string. */
static size_t edge_of(uint32_t number)
{
	enum { EDGES = 32, LONG = 509 };

	return number % EDGES == EDGES - 1 ? LONG : number % EDGES;
}

static struct rm_key key_of(
        const struct rm_peer *peer, struct rm_pairs *pairs, unsigned i)
{
	const uint64_t seed = peer->peers->c->seed;
	const uint32_t number = pairs->focus.first + i;
	char *bytes = pairs->bytes[i];
	struct rm_key key;

	switch (pairs->focus.key_class) {
	case RM_CLASS_EDGES:
		return rm_keyset_key(RM_KEYS_EDGES, peer->shape,
		        edge_of(number), seed, bytes);
	case RM_CLASS_NEIGHBOURS:
		return neighbour(peer->shape.str, number, bytes);
	case RM_CLASS_COLLIDING:
		key = rm_keyset_key(RM_KEYS_CHAIN, peer->shape,
		        2 * (number % 1024), seed, bytes);
		key.word = peer->shape.str
		                   ? 0
		                   : rm_keyset_chain(2 * (number % 1024), seed);
		return key;
	case RM_CLASS_HUGE:
		return huge(number, bytes);
	default:
		return rm_keyset_key(
		        RM_KEYS_RANKS, peer->shape, number, seed, bytes);
	}
}

void rm_pairs_make_keys(const struct rm_peer *peer, struct rm_pairs *pairs)
{
	for (unsigned i = 0; i < RM_PAIRS_HOT; i++)
		pairs->keys[i] = key_of(peer, pairs, i);
}

struct rm_value rm_pairs_value(
        const struct rm_pairs_actor *actor, unsigned key, uint64_t random)
{
	const struct rm_pairs_focus *focus = &actor->pairs->focus;
	struct rm_value value;

	if (!focus->plain)
		return rm_peer_value(actor->peer, focus->first + key);
	memset(&value, random % 2 ? 0xff : 0, sizeof(value));
	return value;
}

/* True if all words are 0, or all are all ones. */
static bool is_plain(struct rm_shape shape, const struct rm_value *value)
{
	const unsigned words = shape.value_bytes / 8;

	for (unsigned i = 0; i < words; i++)
		if (value->word[i] != value->word[0])
			return false;
	return !value->word[0] || !~value->word[0];
}

void rm_pairs_verify(struct rm_peer *peer, const struct rm_value *value,
        unsigned key, const char *operation)
{
	const struct rm_pairs *pairs = peer->peers->context;
	char text[80];

	if (pairs->focus.plain ? is_plain(peer->shape, value)
	                       : !rm_value_errors(peer->shape, value,
	                                 pairs->focus.first + key))
		return;
	rm_keyset_print(peer->shape, pairs->keys[key], text, sizeof(text));
	rm_peer_fail(peer,
	        "%s of key %s returned %s: word 0 is 0x%llx; %s with %s on %s "
	        "keys",
	        operation, text,
	        rm_value_is_poison(peer->shape, value)
	                ? "freed memory"
	                : "a value that was never written for it",
	        (unsigned long long)value->word[0],
	        rm_pair_kind_name(pairs->focus.kinds[0]),
	        rm_pair_kind_name(pairs->focus.kinds[1]),
	        rm_pair_class_name(pairs->focus.key_class));
}

void rm_pairs_fail_balance(
        struct rm_peer *peer, unsigned key, bool there, int64_t held)
{
	const struct rm_pairs *pairs = peer->peers->context;
	char text[80], each[100] = "";
	size_t used = 0;

	rm_keyset_print(peer->shape, pairs->keys[key], text, sizeof(text));
	for (unsigned i = 0; i < peer->peers->threads && used < 80; i++)
		used += (size_t)snprintf(each + used, sizeof(each) - used,
		        " %lld", (long long)pairs->balance[i].per_key[key]);
	rm_peer_fail(peer,
	        "key %s is %s, but inserts - removes = %lld (per "
	        "thread:%s); %s with %s on %s keys",
	        text, there ? "there" : "not there", (long long)held, each,
	        rm_pair_kind_name(pairs->focus.kinds[0]),
	        rm_pair_kind_name(pairs->focus.kinds[1]),
	        rm_pair_class_name(pairs->focus.key_class));
}
