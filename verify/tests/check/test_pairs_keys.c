/* SPDX-License-Identifier: Apache-2.0 */
/* test_pairs_keys.c - the shared keys of the check `pairs` (pairs_round.h):
 * each class has the keys that its name promises, and consecutive rounds have
 * different keys. */
#include "impls/support/hash.h"
#include "tests/unit/tap.h"
#include "verify/check/pairs_round.h"

#include <string.h>

enum { SEED = 21 };

static struct rm_pairs pairs, other;
static const struct rm_check_case c = { .seed = SEED };
static struct rm_peers peers = { .c = &c, .threads = 1 };

/* Computes the keys of round n. */
static const struct rm_key *make(struct rm_pairs *target,
        enum rm_pair_class key_class, struct rm_shape shape, uint32_t n)
{
	const struct rm_peer peer = { .peers = &peers, .shape = shape };

	memset(target->bytes, 'x', sizeof(target->bytes));
	target->focus.key_class = key_class;
	target->focus.first = n * RM_PAIRS_HOT;
	rm_pairs_make_keys(&peer, target);
	return target->keys;
}

static bool same(struct rm_shape shape, struct rm_key a, struct rm_key b)
{
	if (!shape.str)
		return a.word == b.word;
	return a.length == b.length && !memcmp(a.bytes, b.bytes, a.length);
}

/* Returns true if all keys of these rounds differ. */
static bool differ(
        enum rm_pair_class key_class, struct rm_shape shape, uint32_t rounds)
{
	bool all = true;

	for (uint32_t n = 0; n < rounds; n++) {
		make(&pairs, key_class, shape, n);
		for (unsigned i = 0; i < RM_PAIRS_HOT; i++)
			for (unsigned k = 0; k < i; k++)
				all &= !same(
				        shape, pairs.keys[i], pairs.keys[k]);
		for (uint32_t before = 0; before < n; before += 3) {
			make(&other, key_class, shape, before);
			for (unsigned i = 0; i < RM_PAIRS_HOT; i++)
				all &= !same(shape, pairs.keys[i],
				        other.keys[RM_PAIRS_HOT - 1 - i]);
		}
	}
	return all;
}

/* Length of the longest string of these rounds. */
static size_t longest(enum rm_pair_class key_class, uint32_t rounds)
{
	size_t most = 0;

	for (uint32_t n = 0; n < rounds; n++) {
		make(&pairs, key_class, RM_STR16X8, n);
		for (unsigned i = 0; i < RM_PAIRS_HOT; i++)
			if (pairs.keys[i].length > most)
				most = pairs.keys[i].length;
	}
	return most;
}

static void no_two_are_the_same(void)
{
	CHECK(differ(RM_CLASS_SCATTERED, RM_U64X8, 16) &&
	                differ(RM_CLASS_SCATTERED, RM_STR16X8, 16),
	        "all scattered keys differ, also between rounds");
	CHECK(differ(RM_CLASS_EDGES, RM_U64X8, 8) &&
	                differ(RM_CLASS_EDGES, RM_STR16X8, 8),
	        "all edge keys of eight rounds differ");
	CHECK(longest(RM_CLASS_EDGES, 8) == 5000,
	        "the longest edge of a string has 5,000 bytes");
	CHECK(differ(RM_CLASS_NEIGHBOURS, RM_U64X8, 16) &&
	                differ(RM_CLASS_NEIGHBOURS, RM_STR16X8, 16),
	        "all neighbour keys of consecutive rounds differ");
	make(&pairs, RM_CLASS_NEIGHBOURS, RM_STR16X8, 1);
	make(&other, RM_CLASS_NEIGHBOURS, RM_STR16X8, 1 + 256 / RM_PAIRS_HOT);
	CHECK(!same(RM_STR16X8, pairs.keys[0], other.keys[0]),
	        "neighbour keys differ even if their last bytes are equal");
	CHECK(differ(RM_CLASS_COLLIDING, RM_U64X8, 8) &&
	                differ(RM_CLASS_COLLIDING, RM_STR16X8, 16),
	        "all colliding keys differ, also between rounds");
	CHECK(differ(RM_CLASS_HUGE, RM_STR16X8, 16),
	        "all huge strings differ, also between rounds");
}

static void classes_are_what_they_are_named(void)
{
	const struct rm_key *key = make(&pairs, RM_CLASS_EDGES, RM_U64X8, 0);

	CHECK(key[0].word == 0 && key[1].word == UINT64_MAX,
	        "the least and the greatest word are edges");
	key = make(&pairs, RM_CLASS_EDGES, RM_STR16X8, 0);
	CHECK(key[0].length == 0 && key[1].length == 1,
	        "strings of 0 and 1 bytes are edges");
	key = make(&pairs, RM_CLASS_NEIGHBOURS, RM_U64X8, 5);
	CHECK(key[1].word == key[0].word + 1 && key[3].word == key[0].word + 3,
	        "neighbours are consecutive words");
	key = make(&pairs, RM_CLASS_NEIGHBOURS, RM_STR16X8, 5);
	CHECK(key[0].length == 17 && key[3].length == 17 &&
	                !memcmp(key[0].bytes, key[3].bytes, 16) &&
	                key[0].bytes[16] != key[3].bytes[16],
	        "neighbour strings have 17 bytes and differ only in the last");
	key = make(&pairs, RM_CLASS_HUGE, RM_STR16X8, 5);
	CHECK(key[0].length == 65535 && key[3].length == 65535,
	        "huge strings have 65,535 bytes");
}

static void hashes_collide(void)
{
	const struct rm_key *key =
	        make(&pairs, RM_CLASS_COLLIDING, RM_U64X8, 3);
	bool share = true;

	for (unsigned i = 0; i < RM_PAIRS_HOT; i++)
		share &= rm_hash(RM_U64X8, key[i], SEED) % 256 == 0;
	CHECK(share, "colliding words share eight hash bits for the "
	             "map's seed");
	key = make(&pairs, RM_CLASS_COLLIDING, RM_STR16X8, 2);
	CHECK(rm_hash(RM_STR16X8, key[0], SEED) ==
	                rm_hash(RM_STR16X8, key[2], SEED),
	        "colliding strings share the whole hash");
}

/* The message lists the balance of each thread and the kinds of the round. */
static void a_balance_that_is_off(void)
{
	static struct rm_pairs_balance balance[2] = { { { 0, 5, 0, 0 } },
		{ { 0, -2, 0, 0 } } };
	struct rm_error error = { "" };
	struct rm_peer peer = { .peers = &peers, .shape = RM_U64X8, .slot = 1 };

	make(&pairs, RM_CLASS_NEIGHBOURS, RM_U64X8, 0);
	pairs.keys[1].word = 0xabc;
	pairs.balance = balance;
	pairs.focus.kinds[0] = RM_PAIR_SCAN;
	pairs.focus.kinds[1] = RM_PAIR_CLEAR;
	peers.threads = 2;
	peers.context = &pairs;
	peers.error = &error;
	pthread_mutex_init(&peers.lock, NULL);
	rm_pairs_fail_balance(&peer, 1, true, 3);
	CHECK(!strcmp(error.text,
	              "thread 1: key 0xabc is there, but inserts - removes = "
	              "3 (per thread: 5 -2); scan with clear on "
	              "neighbours keys"),
	        "a key that is present with a wrong balance is reported");
	error.text[0] = 0;
	rm_pairs_fail_balance(&peer, 2, false, 0);
	CHECK(strstr(error.text, " is not there, but ") &&
	                strstr(error.text, "(per thread: 0 0)"),
	        "a key that is absent with a wrong balance is reported");
}

int main(void)
{
	no_two_are_the_same();
	classes_are_what_they_are_named();
	hashes_collide();
	a_balance_that_is_off();
	return DONE();
}
