/* SPDX-License-Identifier: Apache-2.0 */
/* recorder.c - records operations. It is a separate translation unit, so that
 * the compiler cannot move code of a check between the stamps. */
#include "verify/check/recorder.h"

#include "verify/batch.h"

#include <errno.h>
#include <stdlib.h>

/* one operation in this many is stepped, since a step costs about a
 * microsecond */
enum { ARM_ONE_IN = 36 };

int rm_recorder_init(struct rm_history_recorder *recorder,
        struct rm_stamps *stamps, size_t events, size_t pairs)
{
	*recorder = (struct rm_history_recorder){ .stamps = stamps,
		.events = malloc(events * sizeof(*recorder->events)),
		.pairs = malloc(pairs * sizeof(*recorder->pairs)),
		.event_max = events,
		.pair_max = pairs };
	if (!recorder->events || !recorder->pairs) {
		rm_recorder_free(recorder);
		return -ENOMEM;
	}
	/* memory is touched, so that no page fault occurs between two
	 * operations */
	memset(recorder->events, 1, events * sizeof(*recorder->events));
	memset(recorder->pairs, 1, pairs * sizeof(*recorder->pairs));
	return 0;
}

void rm_recorder_free(struct rm_history_recorder *recorder)
{
	free(recorder->events);
	free(recorder->pairs);
	*recorder = (struct rm_history_recorder){ 0 };
}

/* Reconstructs the value that starts with this word. */
static struct rm_value value_from_word(uint64_t word)
{
	return rm_value_of(
	        (uint32_t)word, (unsigned)(word >> 32 & 0xfff), word >> 44);
}

/* Stores an entry of a scan in the thread's pairs. */
static bool store_scanned(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct rm_history_recorder *recorder = context;
	struct rm_peer *peer = recorder->peer;
	uint64_t rank = key.word & UINT32_MAX; /* see rm_scatter() */

	if (peer->shape.str)
		memcpy(&rank, key.bytes + 8, sizeof(rank));
	rm_peer_verify(peer, value, rank, "scan");
	if (recorder->pair_count == recorder->pair_max) {
		rm_peer_fail(peer,
		        "scan gives more entries than the recorder can store");
		return false;
	}
	recorder->pairs[recorder->pair_count++] =
	        (struct rm_history_pair){ .key = rank,
		        .value = value->word[0] };
	return true;
}

/* update() may call it more than once; the last call counts. */
static bool replace(
        void *context, const struct rm_value *old, struct rm_value *value)
{
	struct rm_call *call = context;

	if (old)
		call->result = *old;
	*value = call->value;
	return true;
}

bool rm_call_on_key(struct rm_peer *peer, unsigned kind, struct rm_call *call)
{
	const struct rm_map_ops *ops = peer->ops;
	const struct rm_shape shape = peer->shape;

	switch (kind) {
	case RM_HISTORY_LOOKUP:
		return rm_look_up(ops, peer->looks++ & 1, peer->thread, shape,
		        call->key, &call->result);
	case RM_HISTORY_UPSERT:
		return rm_map_upsert(
		        ops, peer->thread, shape, call->key, &call->value);
	case RM_RECORD_UPDATE:
		return ops->update(
		        peer->thread, shape, call->key, replace, call);
	case RM_HISTORY_EXCHANGE:
		return ops->exchange(peer->thread, shape, call->key,
		        &call->value, &call->result);
	case RM_HISTORY_REMOVE:
		return rm_map_remove(ops, peer->thread, shape, call->key);
	case RM_HISTORY_TAKE:
		return ops->take(peer->thread, shape, call->key, &call->result);
	case RM_HISTORY_INSERT_IF_ABSENT:
		return ops->insert_if_absent(peer->thread, shape, call->key,
		        &call->value, &call->result);
	case RM_HISTORY_COMPARE_REMOVE:
		return ops->compare_remove(
		        peer->thread, shape, call->key, &call->expected);
	default:
		return ops->compare_swap(peer->thread, shape, call->key,
		        &call->expected, &call->value);
	}
}

/* Arms some operations with a random number of steps: equally many operations
 * stop within the first 8 steps, the next 8, the next 16, and so on. */
static bool arm_sometimes(struct rm_history_recorder *recorder)
{
	uint64_t x = rm_next(&recorder->peer->rng);

	if (!recorder->steps || x % ARM_ONE_IN)
		return false;
	rm_step_arm(8 + (unsigned)((x >> 8) % (8U << (x >> 40) % 6)),
	        1 + (unsigned)((x >> 48) % 4));
	return true;
}

/* Only the call is between the two stamps. With other work between them,
 * operations that did not overlap would seem to overlap, and impossible
 * histories would look possible. */
static void perform(struct rm_history_recorder *recorder, unsigned kind,
        struct rm_history_event *event, struct rm_call *call)
{
	struct rm_peer *peer = recorder->peer;
	const bool armed = arm_sometimes(recorder);

	event->invoked = rm_stamp(recorder->stamps);
	switch (kind) {
	case RM_HISTORY_LENGTH:
		event->result = peer->ops->length(peer->thread);
		break;
	case RM_HISTORY_SCAN:
		peer->ops->scan(
		        peer->thread, peer->shape, store_scanned, recorder);
		break;
	case RM_HISTORY_CLEAR:
		peer->ops->clear(peer->thread);
		break;
	default:
		event->there = rm_call_on_key(peer, kind, call);
	}
	event->returned = rm_stamp(recorder->stamps);
	if (armed)
		rm_step_disarm();
}

static bool returns_value(enum rm_history_kind kind)
{
	return kind == RM_HISTORY_LOOKUP || kind == RM_HISTORY_EXCHANGE ||
	       kind == RM_HISTORY_TAKE || kind == RM_HISTORY_INSERT_IF_ABSENT;
}

void rm_record(struct rm_history_recorder *recorder, enum rm_history_kind kind,
        uint64_t rank)
{
	struct rm_peer *peer = recorder->peer;
	uint64_t *known = recorder->known + (rank - recorder->first);
	struct rm_history_event *event = recorder->events + recorder->count;
	struct rm_call call = { .key = rm_peer_key(peer, rank) };
	const unsigned called_kind = kind;

	if (called_kind == RM_RECORD_UPDATE)
		kind = RM_HISTORY_EXCHANGE;
	if (recorder->count == recorder->event_max)
		return;
	if (!rm_history_is_whole_map(kind)) {
		call.expected = value_from_word(*known);
		call.value = rm_peer_value(peer, rank);
	}
	*event = (struct rm_history_event){ .kind = (uint8_t)kind,
		.thread = peer->slot,
		.key = rank,
		.value = call.value.word[0],
		.expected = call.expected.word[0],
		.first_pair = recorder->pair_count };
	perform(recorder, called_kind, event, &call);
	event->pairs = recorder->pair_count - event->first_pair;
	if (event->there && returns_value(kind)) {
		rm_peer_verify(
		        peer, &call.result, rank, rm_history_kind_name(kind));
		*known = event->result = call.result.word[0];
	}
	recorder->count++;
}
