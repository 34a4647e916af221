/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - histories in memory, and the growing arrays, comparisons and
 * error messages that all files of this module share.
 */
#include "verify/history/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
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
	if (events && rm_array_grow(&history->events, history->count,
	                      &history->room, events, sizeof(*history->events)))
		return -ENOMEM;
	if (pairs &&
	        rm_array_grow(&history->pairs, history->pair_count,
	                &history->pair_room, pairs, sizeof(*history->pairs)))
		return -ENOMEM;
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

int rm_history_add_initial(
        struct rm_history *history, uint64_t key, uint64_t value)
{
	if (rm_array_grow(&history->initial, history->initial_count,
	            &history->initial_room, 1, sizeof(*history->initial)))
		return -ENOMEM;
	history->initial[history->initial_count++] =
	        (struct rm_history_pair){ key, value };
	return 0;
}

static int add_name(struct rm_history_name **names, size_t *count, size_t *room,
        uint64_t number, const char *text)
{
	if (rm_array_grow(names, *count, room, 1, sizeof(**names)))
		return -ENOMEM;
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
	return (enum rm_history_kind)rm_word_index(
	        kinds, RM_HISTORY_KINDS, word);
}

const char *rm_history_guarantee_name(enum rm_history_guarantee guarantee)
{
	return guarantees[guarantee];
}

int rm_history_guarantee_parse(
        const char *word, enum rm_history_guarantee *guarantee)
{
	unsigned place = rm_word_index(guarantees, GUARANTEES, word);

	if (place == GUARANTEES)
		return -EINVAL;
	*guarantee = (enum rm_history_guarantee)place;
	return 0;
}

int rm_array_grow(void *array_at, size_t count, size_t *room, size_t more,
        size_t entry_bytes)
{
	size_t wanted = *room ? *room : 16;
	void *array;

	/* `array_at` points to a T * of any type T. Reading it as a void *
	   would break C's aliasing rules; copying it does not. */
	memcpy(&array, array_at, sizeof(array));
	if (more > SIZE_MAX / 4 / entry_bytes - count)
		return -ENOMEM;
	if (array && count + more <= *room)
		return 0;
	while (wanted < count + more)
		wanted *= 2;
	array = realloc(array, wanted * entry_bytes);
	if (!array)
		return -ENOMEM;
	memcpy(array_at, &array, sizeof(array));
	*room = wanted;
	return 0;
}

unsigned rm_word_index(
        const char *const *words, unsigned count, const char *word)
{
	unsigned place = 0;

	while (place < count && strcmp(words[place], word))
		place++;
	return place;
}

int rm_span_compare(const void *left, const void *right)
{
	const struct rm_span *a = left, *b = right;

	return a->from < b->from ? -1 : a->from > b->from;
}

int rm_stamped_compare(const void *left, const void *right)
{
	const struct rm_stamped *a = left, *b = right;

	if (a->stamp != b->stamp)
		return a->stamp < b->stamp ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

int rm_text_error(const struct rm_text_place *place, const char *format, ...)
{
	char what[256];
	va_list list;

	va_start(list, format);
	vsnprintf(what, sizeof(what), format, list);
	va_end(list);
	/* quoted input may contain control characters or newlines */
	for (char *c = what; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return rm_error_set(place->error, -EINVAL, "%.200s:%u: %s", place->file,
	        place->line, what);
}
