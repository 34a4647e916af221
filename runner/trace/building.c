/* SPDX-License-Identifier: Apache-2.0 */
/*
 * building.c - from lines or records, one by one, to a trace of ranks.
 *
 * Which keys are there at the beginning is known only when all has been read,
 * so keys are numbered as they come and become ranks at the end.
 */
#include "runner/trace/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is known of a key: bits of rm_trace_building.states. */
enum { PRESENT = 1, SEEN = 2 };

static int room_for_state(struct rm_trace_building *building, size_t number)
{
	size_t had = building->state_room;
	uint8_t *states = rm_trace_grown(
	        building->states, number + 1, &building->state_room, 1);

	if (!states)
		return -ENOMEM;
	memset(states + had, 0, building->state_room - had);
	building->states = states;
	return 0;
}

static int append(struct rm_trace_building *building, uint32_t entry)
{
	struct rm_trace *trace = building->trace;
	uint32_t *entries = rm_trace_grown(trace->entries, trace->count + 1,
	        &building->entry_room, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	trace->entries = entries;
	trace->entries[trace->count++] = entry;
	return 0;
}

/* One `has` says that the file lists all keys that are there at the beginning,
   so it comes before any operation: without a list a key whose first operation
   is a get or a del was there. */
static int add_has(
        struct rm_trace_building *building, uint8_t *state, const char **why)
{
	if (building->trace->count)
		*why = "has after the first operation, expected all of them "
		       "before";
	else if (*state)
		*why = "has of the same key a second time, expected each once";
	if (*why)
		return -EINVAL;
	building->has = true;
	*state = PRESENT | SEEN;
	return 0;
}

int rm_trace_add(struct rm_trace_building *building, enum rm_trace_word word,
        const char *key, size_t length, const char **why)
{
	struct rm_trace *trace = building->trace;
	uint32_t number;
	uint8_t *state;
	int failed;

	*why = NULL;
	if (trace->dictionary.count == RM_TRACE_KEYS_MAX ||
	        trace->count == UINT32_MAX) {
		*why = "too many keys or operations, expected at most 2^30 "
		       "and 2^32 - 1";
		return -EINVAL;
	}
	failed = rm_dictionary_number(&trace->dictionary, key, length, &number);
	if (!failed)
		failed = room_for_state(building, number);
	if (failed)
		return failed;
	/* of keys, not of numbers: equal in both forms and on every machine */
	building->sum = rm_seed(building->sum + (uint64_t)word,
	        trace->dictionary.keys[number].hash);
	state = &building->states[number];
	if (word == RM_TRACE_HAS)
		return add_has(building, state, why);
	if (!*state)
		*state = word != RM_TRACE_SET && !building->has ? PRESENT | SEEN
		                                                : SEEN;
	trace->gets += word == RM_TRACE_GET;
	trace->sets += word == RM_TRACE_SET;
	trace->dels += word == RM_TRACE_DEL;
	return append(
	        building, rm_replay_entry(number, (enum rm_operation)word));
}

/* Ranks: keys that are there at the beginning come first. */
static int set_ranks(struct rm_trace_building *building)
{
	struct rm_trace *trace = building->trace;
	size_t count = trace->dictionary.count;
	uint32_t *ranks = malloc((count + 1) * sizeof(*ranks)), next = 0;
	int failed;

	if (!ranks)
		return -ENOMEM;
	for (int present = 1; present >= 0; present--) {
		for (size_t i = 0; i < count; i++)
			if ((building->states[i] & PRESENT) == present)
				ranks[i] = next++;
		if (present)
			trace->present = next;
	}
	trace->keys = count;
	for (uint64_t i = 0; i < trace->count; i++) {
		uint32_t entry = trace->entries[i];

		trace->entries[i] =
		        rm_replay_entry(ranks[rm_replay_rank(entry)],
		                rm_replay_operation(entry));
	}
	failed = rm_dictionary_renumber(&trace->dictionary, ranks);
	free(ranks);
	return failed;
}

/* Fills peak and in_place, by which a plan knows how large a map must be, and
   whether one may run it that must not insert beside readers. */
static int play(struct rm_trace *trace)
{
	uint8_t *held = calloc(trace->keys + 1, 1);
	uint64_t now = trace->present;

	if (!held)
		return -ENOMEM;
	memset(held, 1, trace->present);
	trace->peak = now;
	trace->in_place = true;
	for (uint64_t i = 0; i < trace->count; i++) {
		uint32_t entry = trace->entries[i];
		uint8_t *key = &held[rm_replay_rank(entry)];
		bool set = rm_replay_operation(entry) == RM_UPSERT;

		if (rm_replay_operation(entry) == RM_LOOKUP)
			continue;
		trace->in_place &= set && *key;
		now += (uint64_t)set - *key;
		*key = set;
		if (now > trace->peak)
			trace->peak = now;
	}
	free(held);
	return 0;
}

int rm_trace_finish(struct rm_trace_building *building)
{
	int failed = set_ranks(building);

	if (!failed)
		failed = play(building->trace);
	building->trace->checksum = (uint32_t)(building->sum >> 32);
	return failed;
}
