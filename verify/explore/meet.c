/* SPDX-License-Identifier: Apache-2.0 */
/* meet.c - records which accesses conflict (meet.h): two lanes access one word,
   and at least one writes. */
#include "verify/explore/meet.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 256 };

/* Bit sets of operations: this one and later ones; this one only. */
static uint32_t from(int operation)
{
	return operation < 0 ? UINT32_MAX : UINT32_MAX << operation;
}

static uint32_t only(int operation)
{
	return operation < 0 ? UINT32_MAX : 1U << operation;
}

/* The slot of a word, or the free slot for it. */
static struct rm_explore_met *place_of(
        const struct rm_explore_meetings *meetings, uintptr_t word)
{
	size_t mask = meetings->room - 1;
	size_t i = (size_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;

	while (meetings->met[i].word && meetings->met[i].word != word)
		i = (i + 1) & mask;
	return &meetings->met[i];
}

static bool make_room(struct rm_explore_meetings *meetings)
{
	struct rm_explore_meetings larger = *meetings;

	if (2 * meetings->count < meetings->room)
		return true;
	larger.room = meetings->room ? 2 * meetings->room : ROOM_FIRST;
	larger.met = calloc(larger.room, sizeof(*larger.met));
	if (!larger.met)
		return false;
	for (size_t i = 0; i < meetings->room; i++)
		if (meetings->met[i].word)
			*place_of(&larger, meetings->met[i].word) =
			        meetings->met[i];
	free(meetings->met);
	*meetings = larger;
	return true;
}

/* NULL: out of memory. */
static struct rm_explore_met *met_of(
        struct rm_explore_meetings *meetings, uintptr_t word)
{
	struct rm_explore_met *met;

	if (!make_room(meetings))
		return NULL;
	met = place_of(meetings, word);
	meetings->count += !met->word;
	met->word = word;
	return met;
}

/* True if other lanes write the word, or read it and this one writes. */
static bool meets_others(
        const struct rm_explore_met *met, unsigned lane, bool writes)
{
	for (unsigned i = 0; i < RM_EXPLORE_MEET_LANES; i++)
		if (i != lane && (met->writes[i] || (writes && met->reads[i])))
			return true;
	return false;
}

static void meet_word(struct rm_explore_meetings *meetings, uintptr_t word,
        bool writes, unsigned lane, int operation)
{
	struct rm_explore_met *met = met_of(meetings, word);
	uint32_t *known;

	if (!met) {
		meetings->starved = meetings->hidden = true;
		return;
	}
	known = writes ? &met->writes[lane] : &met->reads[lane];
	if (!(only(operation) & ~*known))
		return;
	*known |= only(operation);
	meetings->news |= meets_others(met, lane, writes);
}

void rm_explore_meet(struct rm_explore_meetings *meetings,
        const struct rm_explore_stretch *stretch, unsigned lane, int operation)
{
	if (stretch->hidden && !meetings->hidden)
		meetings->hidden = meetings->news = true;
	for (unsigned i = 0; i < stretch->words; i++)
		meet_word(meetings, stretch->word[i], stretch->writes, lane,
		        operation);
	for (size_t i = 0; i < stretch->freed_words; i++)
		meet_word(meetings, stretch->freed + i, true, lane, operation);
}

static bool word_meets(const struct rm_explore_met *met, bool writes,
        uint32_t others, const int8_t operation[RM_EXPLORE_MEET_LANES])
{
	for (; others; others &= others - 1) {
		unsigned lane = (unsigned)__builtin_ctz(others);
		uint32_t later = from(operation[lane]);

		if (met->writes[lane] & later ||
		        (writes && met->reads[lane] & later))
			return true;
	}
	return false;
}

bool rm_explore_meets(const struct rm_explore_meetings *meetings,
        const struct rm_explore_stretch *stretch, uint32_t others,
        const int8_t operation[RM_EXPLORE_MEET_LANES])
{
	if (!stretch->words || stretch->opaque || meetings->hidden)
		return true;
	for (unsigned i = 0; i < stretch->words; i++)
		if (word_meets(place_of(meetings, stretch->word[i]),
		            stretch->writes, others, operation))
			return true;
	return false;
}

void rm_explore_meetings_reset(struct rm_explore_meetings *meetings)
{
	if (meetings->count)
		memset(meetings->met, 0,
		        meetings->room * sizeof(*meetings->met));
	meetings->count = 0;
	meetings->news = meetings->hidden = meetings->starved = false;
}

void rm_explore_meetings_clear(struct rm_explore_meetings *meetings)
{
	free(meetings->met);
	*meetings = (struct rm_explore_meetings){ .met = NULL };
}
