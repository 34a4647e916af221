/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c - from lines or records to ranks. */
#include "runner/trace/building.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is known of a key: bits of rm_trace_building.states. */
enum { PRESENT = 1, SEEN = 2 };

static int room_for_state(struct rm_trace_building *building, size_t number)
{
	size_t room = building->state_room ? 2 * building->state_room : 4096;
	uint8_t *states;

	if (number < building->state_room)
		return 0;
	states = realloc(building->states, room);
	if (!states)
		return -ENOMEM;
	memset(states + building->state_room, 0, room - building->state_room);
	building->states = states;
	building->state_room = room;
	return 0;
}

static int append(struct rm_trace_building *building, uint32_t entry)
{
	struct rm_trace *trace = building->trace;

	if (trace->count == building->entry_room) {
		size_t room =
		        building->entry_room ? 2 * building->entry_room : 4096;
		uint32_t *entries =
		        realloc(trace->entries, room * sizeof(*trace->entries));

		if (!entries)
			return -ENOMEM;
		trace->entries = entries;
		building->entry_room = room;
	}
	trace->entries[trace->count++] = entry;
	return 0;
}

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
static int rank(struct rm_trace_building *building)
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

/* Fills peak and in_place. */
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

int rm_trace_parse(const char *file, const char *bytes, size_t length,
        struct rm_trace *trace, struct rm_error *error)
{
	struct rm_trace_building building = { .trace = trace };
	bool binary = length && bytes[0] == RM_TRACE_MAGIC[0];
	int failed;

	*trace = (struct rm_trace){ 0 };
	failed = binary ? rm_trace_parse_binary(
	                          file, bytes, length, &building, error)
	                : rm_trace_parse_text(
	                          file, bytes, length, &building, error);
	if (!failed && !trace->count)
		failed = rm_error_set(error, -EINVAL,
		        binary ? "%s: byte 16: no operation, expected at least "
		                 "one"
		               : "%s:1: no operation, expected at least one",
		        file);
	if (!failed)
		failed = rank(&building);
	if (!failed)
		failed = play(trace);
	trace->checksum = (uint32_t)(building.sum >> 32);
	free(building.states);
	if (failed == -ENOMEM)
		rm_error_set(error, failed, "%s: out of memory", file);
	return failed;
}

static int read_all(FILE *in, char **bytes, size_t *length)
{
	size_t room = 1 << 20;

	*length = 0;
	*bytes = malloc(room);
	while (*bytes) {
		*length += fread(*bytes + *length, 1, room - *length, in);
		if (*length < room)
			return ferror(in) ? -errno : 0;
		char *more = realloc(*bytes, room *= 2);

		if (!more)
			break;
		*bytes = more;
	}
	return -ENOMEM;
}

int rm_trace_load(
        const char *file, struct rm_trace *trace, struct rm_error *error)
{
	FILE *in = fopen(file, "rb");
	char *bytes = NULL;
	size_t length = 0;
	int failed = in ? read_all(in, &bytes, &length) : -errno;

	*trace = (struct rm_trace){ 0 };
	if (failed)
		rm_error_set(error, failed, "%s: %s", file, strerror(-failed));
	else
		failed = rm_trace_parse(file, bytes, length, trace, error);
	free(bytes);
	if (in)
		fclose(in);
	return failed;
}

void rm_trace_clear(struct rm_trace *trace)
{
	free(trace->entries);
	rm_dictionary_clear(&trace->dictionary);
	*trace = (struct rm_trace){ 0 };
}
