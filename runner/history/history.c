/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/history.h"
#include "runner/history/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[RM_HISTORY_KINDS] = { "lookup", "upsert",
	"exchange", "remove", "take", "insert_if_absent", "compare_swap",
	"compare_remove", "append", "length", "scan", "clear" };
static const char *const guarantees[] = { "none", "once-if-present",
	"point-in-time" };

enum { GUARANTEES = sizeof(guarantees) / sizeof(guarantees[0]) };

int rm_history_reserve(struct rm_history *history, size_t events, size_t pairs)
{
	void *array;

	if (events) {
		array = rm_array_grown(history->events, history->count,
		        &history->room, events, sizeof(*history->events));
		if (!array)
			return -ENOMEM;
		history->events = array;
	}
	if (pairs) {
		array = rm_array_grown(history->pairs, history->pair_count,
		        &history->pair_room, pairs, sizeof(*history->pairs));
		if (!array)
			return -ENOMEM;
		history->pairs = array;
	}
	return 0;
}

int rm_history_add(struct rm_history *history,
        const struct rm_history_event *event,
        const struct rm_history_pair *yielded)
{
	size_t pairs = event->kind == RM_HISTORY_SCAN ? event->pairs : 0;
	struct rm_history_event *to;

	if (rm_history_reserve(history, 1, pairs))
		return -ENOMEM;
	to = &history->events[history->count++];
	*to = *event;
	to->pairs = pairs;
	to->first_pair = history->pair_count;
	if (pairs)
		memcpy(history->pairs + history->pair_count, yielded,
		        pairs * sizeof(*yielded));
	history->pair_count += pairs;
	return 0;
}

int rm_history_join(struct rm_history *history, const struct rm_history *part)
{
	if (rm_history_reserve(history, part->count, part->pair_count))
		return -ENOMEM;
	for (size_t i = 0; i < part->count; i++) {
		struct rm_history_event event = part->events[i];

		event.first_pair += history->pair_count;
		history->events[history->count++] = event;
	}
	if (part->pair_count)
		memcpy(history->pairs + history->pair_count, part->pairs,
		        part->pair_count * sizeof(*part->pairs));
	history->pair_count += part->pair_count;
	return 0;
}

int rm_history_add_initial(
        struct rm_history *history, uint64_t key, uint64_t value)
{
	void *array = rm_array_grown(history->initial, history->initial_count,
	        &history->initial_room, 1, sizeof(*history->initial));

	if (!array)
		return -ENOMEM;
	history->initial = array;
	history->initial[history->initial_count++] =
	        (struct rm_history_pair){ key, value };
	return 0;
}

static int add_name(struct rm_history_name **names, size_t *count, size_t *room,
        uint64_t number, const char *text)
{
	void *array;

	array = rm_array_grown(*names, *count, room, 1, sizeof(**names));
	if (!array)
		return -ENOMEM;
	*names = array;
	(*names)[*count] = (struct rm_history_name){ number, strdup(text) };
	if (!(*names)[*count].text)
		return -ENOMEM;
	++*count;
	return 0;
}

int rm_history_name_key(
        struct rm_history *history, uint64_t key, const char *text)
{
	return add_name(&history->keys, &history->key_count, &history->key_room,
	        key, text);
}

int rm_history_name_value(
        struct rm_history *history, uint64_t value, const char *text)
{
	return add_name(&history->values, &history->value_count,
	        &history->value_room, value, text);
}

static void free_names(struct rm_history_name *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i].text);
}

void rm_history_reset(struct rm_history *history)
{
	free_names(history->keys, history->key_count);
	free_names(history->values, history->value_count);
	history->count = history->pair_count = history->initial_count = 0;
	history->key_count = history->value_count = 0;
}

void rm_history_clear(struct rm_history *history)
{
	rm_history_reset(history);
	free(history->events);
	free(history->pairs);
	free(history->initial);
	free(history->keys);
	free(history->values);
	*history = (struct rm_history){ .events = NULL };
}

const char *rm_history_kind_name(enum rm_history_kind kind)
{
	return kinds[kind];
}

enum rm_history_kind rm_history_kind_parse(const char *word)
{
	unsigned kind = 0;

	while (kind < RM_HISTORY_KINDS && strcmp(kinds[kind], word))
		kind++;
	return (enum rm_history_kind)kind;
}

const char *rm_history_guarantee_name(enum rm_history_guarantee guarantee)
{
	return guarantees[guarantee];
}

int rm_history_guarantee_parse(
        const char *word, enum rm_history_guarantee *guarantee)
{
	for (unsigned i = 0; i < GUARANTEES; i++) {
		if (strcmp(guarantees[i], word))
			continue;
		*guarantee = (enum rm_history_guarantee)i;
		return 0;
	}
	return -EINVAL;
}
