/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - performs operations by kind and checks the values that they
 * return. */
#include "verify/explore/call.h"

#include "verify/batch.h"
#include "verify/explore/clocks.h"

#include <string.h>

void rm_explore_set_key(struct rm_explore_call *call, unsigned key)
{
	if (call->keyset == RM_KEYS_RANKS) {
		call->key =
		        rm_key_of(call->shape, call->rank[key], &call->line);
		return;
	}
	call->key = rm_keyset_key(
	        call->keyset, call->shape, key, call->map_seed, call->bytes);
	/* even numbers have equal hashes */
	if (call->keyset == RM_KEYS_CHAIN && !call->shape.str)
		call->key.word = rm_keyset_chain(2 * key, call->map_seed);
}

uint32_t rm_explore_set_filler(struct rm_explore_call *call, uint32_t filler)
{
	const uint32_t rank = RM_EXPLORE_FILLER_RANK + filler;

	call->key = rm_key_of(call->shape, rank, &call->line);
	return rank;
}

static bool is_extreme(uint64_t word)
{
	return !word || word == UINT64_MAX;
}

/* In a real program a value may be a pointer to data of its writer, so the
   writer's earlier work must be ordered before the reader's. */
static void verify_published(const struct rm_explore_call *call, uint64_t word,
        uint64_t key, const char *what)
{
	const unsigned writer = (unsigned)(word >> 32 & 0xfff);

	if (rm_explore.alone || writer == call->lane->id || is_extreme(word) ||
	        rm_explore_happened_before(writer, call->begun[word >> 44]))
		return;
	rm_explore_stop(RM_EXPLORE_RACE, NULL, NULL,
	        "%s: %s returns the value that %s wrote for key %llu, but "
	        "nothing orders the writer's work before the write before "
	        "the reader's work after the return",
	        rm_explore_lane_name(call->lane->id), what,
	        rm_explore_lane_name(writer), (unsigned long long)key);
}

static _Noreturn void stop_torn(const struct rm_explore_call *call,
        uint64_t word, uint64_t key, const char *what)
{
	rm_explore_stop(RM_EXPLORE_TORN, NULL, NULL,
	        "%s: %s returns a value that was never written for key %llu: "
	        "%016llx...",
	        rm_explore_lane_name(call->lane->id), what,
	        (unsigned long long)key, (unsigned long long)word);
}

/* True if the word contains the number of an existing writer and a sequence
 * that was already used. */
static bool has_writer(const struct rm_explore_call *call, uint64_t word)
{
	if (is_extreme(word))
		return *call->extremes & (word ? 2 : 1);
	return (word >> 32 & 0xfff) < RM_EXPLORE_LANES && word >> 44 &&
	       word >> 44 <= *call->sequence;
}

/* Like rm_explore_verify_value(), for a key whose rank is known. */
static void verify(const struct rm_explore_call *call,
        const struct rm_value *value, uint64_t rank, uint64_t key,
        const char *what)
{
	if (rm_value_errors(call->shape, value, rank))
		stop_torn(call, value->word[0], key, what);
	if (!has_writer(call, value->word[0]))
		stop_torn(call, value->word[0], key, what);
	verify_published(call, value->word[0], key, what);
}

void rm_explore_verify_value(const struct rm_explore_call *call,
        const struct rm_value *value, uint64_t key, const char *what)
{
	verify(call, value, key < call->keys ? call->rank[key] : key, key,
	        what);
}

/* Returns the key with this rank. For an unknown rank it returns a number that
   is no key: the rank itself if it is larger than all key numbers, otherwise
   the number of keys. */
static uint64_t key_of(const struct rm_explore_call *call, uint64_t rank)
{
	unsigned key = 0;

	while (key < call->keys && call->rank[key] != rank)
		key++;
	if (key == call->keys && rank > key)
		return rank;
	return key;
}

/* Returns the number of this key, or the number of keys if it is unknown. */
static unsigned number_of(const struct rm_explore_call *call, struct rm_key key)
{
	struct rm_explore_call other = *call;
	unsigned number = 0;

	for (; number < call->keys; number++) {
		rm_explore_set_key(&other, number);
		if (!call->shape.str && other.key.word == key.word)
			break;
		if (call->shape.str && other.key.length == key.length &&
		        !memcmp(other.bytes, key.bytes, key.length))
			break;
	}
	return number;
}

static bool yielded(
        void *context, struct rm_key word, const struct rm_value *value)
{
	const struct rm_explore_call *call = context;
	uint64_t rank = word.word & UINT32_MAX; /* see rm_scatter() */
	uint64_t key;

	if (call->keyset != RM_KEYS_RANKS) {
		key = number_of(call, word);
		rank = key < call->keys ? call->rank[key]
		                        : (uint32_t)value->word[0];
	} else {
		if (call->shape.str)
			memcpy(&rank, word.bytes + 8, sizeof(rank));
		key = key_of(call, rank);
	}
	verify(call, value, rank, key, "scan");
	if (rank - RM_EXPLORE_FILLER_RANK < call->fillers)
		return true;
	if (*call->pairs == call->pairs_most)
		rm_explore_stop(RM_EXPLORE_LIVELOCK, NULL, NULL,
		        "scans yield more and more entries");
	call->pair[(*call->pairs)++] =
	        (struct rm_history_pair){ key, value->word[0] };
	return true;
}

/* The map may call this several times; the result of the last call is used. */
static bool updated(
        void *context, const struct rm_value *old, struct rm_value *value)
{
	struct rm_explore_call *call = context;

	call->was_there = old;
	if (old)
		memcpy(&call->result, old, call->shape.value_bytes);
	memcpy(value, &call->value, call->shape.value_bytes);
	return true;
}

bool rm_explore_perform(struct rm_explore_call *call, unsigned kind)
{
	const struct rm_map_ops *ops = call->ops;
	void *thread = call->thread;
	struct rm_shape shape = call->shape;
	const struct rm_key key = call->key;

	switch (kind) {
	case RM_HISTORY_LOOKUP:
		return rm_look_up(ops, call->looks++ & 1, thread, shape, key,
		        &call->result);
	case RM_HISTORY_UPSERT:
		return rm_map_upsert(ops, thread, shape, key, &call->value);
	case RM_HISTORY_EXCHANGE:
		return ops->exchange(
		        thread, shape, key, &call->value, &call->result);
	case RM_HISTORY_REMOVE:
		return rm_map_remove(ops, thread, shape, key);
	case RM_HISTORY_TAKE:
		return ops->take(thread, shape, key, &call->result);
	case RM_HISTORY_INSERT_IF_ABSENT:
		return ops->insert_if_absent(
		        thread, shape, key, &call->value, &call->result);
	case RM_HISTORY_COMPARE_SWAP:
		return ops->compare_swap(
		        thread, shape, key, &call->expected, &call->value);
	case RM_HISTORY_COMPARE_REMOVE:
		return ops->compare_remove(thread, shape, key, &call->expected);
	case RM_EXPLORE_UPDATE:
		ops->update(thread, shape, key, updated, call);
		return call->was_there;
	case RM_HISTORY_SCAN:
		ops->scan(thread, shape, yielded, call);
		return false;
	case RM_HISTORY_LENGTH:
		call->result.word[0] = ops->length(thread) - call->fillers;
		return false;
	default:
		ops->clear(thread);
		return false;
	}
}

struct rm_value rm_explore_expand_value(uint64_t word)
{
	return rm_value_of(
	        (uint32_t)word, (unsigned)(word >> 32 & 0xfff), word >> 44);
}

bool rm_explore_returns_value(unsigned kind)
{
	return kind == RM_EXPLORE_UPDATE || rm_history_returns_value(kind);
}
