/* SPDX-License-Identifier: Apache-2.0 */
/*
 * building.c - builds a trace of ranks from lines or records.
 *
 * Which keys are present initially is only known at the end of the input. Keys
 * are therefore numbered in order of arrival, and become ranks at the end.
 */
#include "runner/trace/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* State of a key, as bits in rm_trace_builder.states. */
enum { PRESENT = 1, SEEN = 2 };

static int grow_states(struct rm_trace_builder *building, size_t number)
{
	size_t old_room = building->state_room;
	uint8_t *states = rm_trace_grow(
	        building->states, number + 1, &building->state_room, 1);

	if (!states)
		return -ENOMEM;
	memset(states + old_room, 0, building->state_room - old_room);
	building->states = states;
	return 0;
}

static int append(struct rm_trace_builder *building, uint32_t entry)
{
	struct rm_trace *trace = building->trace;
	uint32_t *entries = rm_trace_grow(trace->entries, trace->count + 1,
	        &building->entry_room, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	trace->entries = entries;
	trace->entries[trace->count++] = entry;
	return 0;
}

/* Adds a `has` line. A file with such a line must list all keys that are
   present initially, before all operations. Without such lines, a key is
   present initially if its first operation is a get or a del. */
static int add_has(
        struct rm_trace_builder *building, uint8_t *state, const char **why)
{
	if (building->trace->count)
		*why = "a has line after the first operation, expected before "
		       "it";
	else if (*state)
		*why = "a second has line for the same key, expected one";
	if (*why)
		return -EINVAL;
	building->lists_initial = true;
	*state = PRESENT | SEEN;
	return 0;
}

/* Appends the value of a set, or RM_TRACE_NO_VALUE. */
static int append_value(
        struct rm_trace_builder *building, const struct rm_trace_line *line)
{
	struct rm_trace *trace = building->trace;
	uint32_t *written = rm_trace_grow(trace->written, trace->sets + 1,
	        &building->written_room, sizeof(*written));
	uint32_t number = RM_TRACE_NO_VALUE;
	int failed = 0;

	if (!written)
		return -ENOMEM;
	trace->written = written;
	if (line->value)
		failed = rm_dictionary_number(&trace->values, line->value,
		        line->value_length, &number);
	if (failed)
		return failed;
	trace->written[trace->sets] = number;
	return 0;
}

static const char *limit_fault(
        const struct rm_trace *trace, const struct rm_trace_line *line)
{
	if (trace->dictionary.count == RM_TRACE_KEYS_MAX ||
	        trace->count == UINT32_MAX)
		return "too many keys or operations, expected at most 2^30 "
		       "and 2^32 - 1";
	if (memchr(line->key, '\n', line->length))
		return "a key with a newline, expected any other byte";
	return NULL;
}

/* Stores the key's number, and allocates its state. */
static int number_of(struct rm_trace_builder *building,
        const struct rm_trace_line *line, uint32_t *number)
{
	struct rm_dictionary *keys = &building->trace->dictionary;
	int failed =
	        rm_dictionary_number(keys, line->key, line->length, number);

	return failed ? failed : grow_states(building, *number);
}

int rm_trace_add(struct rm_trace_builder *building,
        const struct rm_trace_line *line, const char **why)
{
	struct rm_trace *trace = building->trace;
	const enum rm_trace_word word = line->word;
	uint32_t number;
	uint8_t *state;
	int failed;

	*why = limit_fault(trace, line);
	if (*why)
		return -EINVAL;
	failed = number_of(building, line, &number);
	if (failed)
		return failed;
	state = &building->states[number];
	if (word == RM_TRACE_HAS)
		return add_has(building, state, why);
	if (!*state)
		*state = word != RM_TRACE_SET && !building->lists_initial
		                 ? PRESENT | SEEN
		                 : SEEN;
	if (word == RM_TRACE_SET)
		failed = append_value(building, line);
	if (failed)
		return failed;
	trace->gets += word == RM_TRACE_GET;
	trace->sets += word == RM_TRACE_SET;
	trace->dels += word == RM_TRACE_DEL;
	return append(
	        building, rm_replay_entry(number, (enum rm_operation)word));
}

/* Assigns ranks. Keys that are present initially have the lowest ranks. */
static int set_ranks(struct rm_trace_builder *building)
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

/* Sets `peak` and `in_place`. A plan uses them for the size of the map, and to
   skip maps that must not insert while other threads read. */
static int simulate(struct rm_trace *trace)
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

static uint64_t add_line(uint64_t sum, enum rm_trace_word word,
        const struct rm_dictionary_key *key)
{
	return rm_seed(sum + (uint64_t)word, key->hash);
}

/* Returns the hash of the trace. It includes the bytes of keys instead of their
   numbers, and all keys that are present initially, listed or not. So it is the
   same for both forms of a trace, after rewriting, and on every machine. */
static uint32_t checksum_of(const struct rm_trace *trace)
{
	const struct rm_dictionary_key *keys = trace->dictionary.keys;
	uint64_t sum = 0, sets = 0;

	for (uint64_t rank = 0; rank < trace->present; rank++)
		sum = add_line(sum, RM_TRACE_HAS, &keys[rank]);
	for (uint64_t i = 0; i < trace->count; i++) {
		uint32_t entry = trace->entries[i], number = RM_TRACE_NO_VALUE;

		sum = add_line(sum,
		        (enum rm_trace_word)rm_replay_operation(entry),
		        &keys[rm_replay_rank(entry)]);
		if (rm_replay_operation(entry) == RM_UPSERT)
			number = trace->written[sets++];
		if (number != RM_TRACE_NO_VALUE)
			sum = rm_seed(sum, trace->values.keys[number].hash);
	}
	return (uint32_t)(sum >> 32);
}

int rm_trace_finish(struct rm_trace_builder *building)
{
	int failed = set_ranks(building);

	if (!failed)
		failed = simulate(building->trace);
	if (!failed)
		building->trace->checksum = checksum_of(building->trace);
	return failed;
}

struct rm_trace_line rm_trace_line_of(
        const struct rm_trace *trace, uint32_t entry, uint64_t *sets)
{
	const struct rm_dictionary_key *key =
	        &trace->dictionary.keys[rm_replay_rank(entry)];
	struct rm_trace_line line = {
		.word = (enum rm_trace_word)rm_replay_operation(entry),
		.key = trace->dictionary.bytes + key->at,
		.length = key->length
	};

	if (line.word == RM_TRACE_SET) {
		uint32_t number = trace->written[(*sets)++];

		if (number != RM_TRACE_NO_VALUE) {
			const struct rm_dictionary_key *value =
			        &trace->values.keys[number];

			line.value = trace->values.bytes + value->at;
			line.value_length = value->length;
		}
	}
	return line;
}
