/* SPDX-License-Identifier: Apache-2.0 */
/* conflicts.c - records which accesses conflict (conflicts.h): two lanes access one word,
   and at least one writes. */
#include "verify/explore/conflicts.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 256 };

/* Return bit sets of operations: the first contains this operation and later
 * ones, the second only this one. */
static uint32_t from(int operation)
{
	return operation < 0 ? UINT32_MAX : UINT32_MAX << operation;
}

static uint32_t only(int operation)
{
	return operation < 0 ? UINT32_MAX : 1U << operation;
}

/* Returns the slot of a word, or the free slot for it. */
static struct rm_explore_word_accesses *place_of(
        const struct rm_explore_conflicts *conflicts, uintptr_t word)
{
	size_t mask = conflicts->room - 1;
	size_t i = (size_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;

	while (conflicts->entry[i].word && conflicts->entry[i].word != word)
		i = (i + 1) & mask;
	return &conflicts->entry[i];
}

static bool make_room(struct rm_explore_conflicts *conflicts)
{
	struct rm_explore_conflicts larger = *conflicts;

	if (2 * conflicts->count < conflicts->room)
		return true;
	larger.room = conflicts->room ? 2 * conflicts->room : ROOM_FIRST;
	larger.entry = calloc(larger.room, sizeof(*larger.entry));
	if (!larger.entry)
		return false;
	for (size_t i = 0; i < conflicts->room; i++)
		if (conflicts->entry[i].word)
			*place_of(&larger, conflicts->entry[i].word) =
			        conflicts->entry[i];
	free(conflicts->entry);
	*conflicts = larger;
	return true;
}

/* Returns the entry of the word, or NULL if memory is exhausted. */
static struct rm_explore_word_accesses *entry_of(
        struct rm_explore_conflicts *conflicts, uintptr_t word)
{
	struct rm_explore_word_accesses *entry;

	if (!make_room(conflicts))
		return NULL;
	entry = place_of(conflicts, word);
	conflicts->count += !entry->word;
	entry->word = word;
	return entry;
}

/* Returns true if other lanes write the word, or if they read it and this lane
 * writes it. */
static bool conflicts_with_others(const struct rm_explore_word_accesses *entry,
        unsigned lane, bool writes)
{
	for (unsigned i = 0; i < RM_EXPLORE_CONFLICT_LANES; i++)
		if (i != lane &&
		        (entry->writes[i] || (writes && entry->reads[i])))
			return true;
	return false;
}

static void record_word(struct rm_explore_conflicts *conflicts, uintptr_t word,
        bool writes, unsigned lane, int operation)
{
	struct rm_explore_word_accesses *entry = entry_of(conflicts, word);
	uint32_t *known;

	if (!entry) {
		conflicts->starved = conflicts->hidden = true;
		return;
	}
	known = writes ? &entry->writes[lane] : &entry->reads[lane];
	if (!(only(operation) & ~*known))
		return;
	*known |= only(operation);
	conflicts->has_new |= conflicts_with_others(entry, lane, writes);
}

void rm_explore_record_conflicts(struct rm_explore_conflicts *conflicts,
        const struct rm_explore_stretch *stretch, unsigned lane, int operation)
{
	if (stretch->hidden && !conflicts->hidden)
		conflicts->hidden = conflicts->has_new = true;
	for (unsigned i = 0; i < stretch->words; i++)
		record_word(conflicts, stretch->word[i], stretch->writes, lane,
		        operation);
	for (size_t i = 0; i < stretch->freed_words; i++)
		record_word(
		        conflicts, stretch->freed + i, true, lane, operation);
}

static bool word_conflicts(const struct rm_explore_word_accesses *entry,
        bool writes, uint32_t others,
        const int8_t operation[RM_EXPLORE_CONFLICT_LANES])
{
	for (; others; others &= others - 1) {
		unsigned lane = (unsigned)__builtin_ctz(others);
		uint32_t later = from(operation[lane]);

		if (entry->writes[lane] & later ||
		        (writes && entry->reads[lane] & later))
			return true;
	}
	return false;
}

bool rm_explore_may_conflict(const struct rm_explore_conflicts *conflicts,
        const struct rm_explore_stretch *stretch, uint32_t others,
        const int8_t operation[RM_EXPLORE_CONFLICT_LANES])
{
	if (!stretch->words || stretch->opaque || conflicts->hidden)
		return true;
	for (unsigned i = 0; i < stretch->words; i++)
		if (word_conflicts(place_of(conflicts, stretch->word[i]),
		            stretch->writes, others, operation))
			return true;
	return false;
}

void rm_explore_conflicts_reset(struct rm_explore_conflicts *conflicts)
{
	if (conflicts->count)
		memset(conflicts->entry, 0,
		        conflicts->room * sizeof(*conflicts->entry));
	conflicts->count = 0;
	conflicts->has_new = conflicts->hidden = conflicts->starved = false;
}

void rm_explore_conflicts_clear(struct rm_explore_conflicts *conflicts)
{
	free(conflicts->entry);
	*conflicts = (struct rm_explore_conflicts){ .entry = NULL };
}
