/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - passes atomic accesses to the memory model, and stores the places
 * that were accessed atomically (memory.h).
 *
 * Each place has one access size, as in C11. The models do not define
 * overlapping atomics of different sizes, so these are reported as misuse.
 */
#include "verify/explore/memory.h"

#include <string.h>

enum { PLACES_FIRST = 256, HALF = 8 };

static struct {
	struct rm_explore_place *place; /* items 1 .. count */
	uint32_t count, room;
} places;

const char *const rm_explore_memory_name[RM_EXPLORE_MEMORIES] = { "sc", "tso",
	"c11" };

const struct rm_explore_model *rm_explore_model_of(
        enum rm_explore_memory memory)
{
	static const struct rm_explore_model *const models[] = {
		[RM_EXPLORE_SC] = NULL,
		[RM_EXPLORE_TSO] = &rm_explore_tso,
		[RM_EXPLORE_C11] = &rm_explore_c11,
	};

	return models[memory];
}

bool rm_explore_places_reset(void)
{
	places.count = 0;
	return !rm_explore.model || rm_explore.model->begin();
}

rm_explore_value rm_explore_peek(uintptr_t at, unsigned bytes)
{
	rm_explore_value value = 0;

	memcpy(&value, (const void *)at, bytes);
	return value;
}

void rm_explore_poke(uintptr_t at, unsigned bytes, rm_explore_value value)
{
	memcpy((void *)at, &value, bytes);
}

static _Noreturn void mixed_sizes(const struct rm_explore_place *place,
        const struct rm_explore_atomic *access)
{
	rm_explore_stop(RM_EXPLORE_MISUSE, access->site, place->site,
	        "mixed sizes: %s accesses %u bytes atomically, %u of which "
	        "begin where %s accessed another number of bytes",
	        rm_explore_lane_name(rm_explore.running->id), access->bytes,
	        place->bytes, rm_explore_lane_name(place->lane));
}

static uint32_t add(
        uint32_t *first, uintptr_t at, const struct rm_explore_atomic *access)
{
	const uint32_t more = places.room ? 2 * places.room : PLACES_FIRST;

	if (++places.count >= places.room) {
		places.place = rm_explore_realloc(
		        places.place, more * sizeof(*places.place));
		places.room = more;
	}
	places.place[places.count] = (struct rm_explore_place){ .at = at,
		.bytes = access->bytes,
		.next = *first,
		.site = access->site,
		.lane = rm_explore.running->id };
	*first = places.count;
	if (access->bytes <= HALF)
		rm_explore.model->made(places.count);
	return places.count;
}

/* Returns the place of an access, or of one half of a 16-byte access. */
static uint32_t place_in(
        uint32_t *first, uintptr_t at, const struct rm_explore_atomic *access)
{
	const unsigned bytes = access->bytes < HALF ? access->bytes : HALF;

	for (uint32_t i = *first; i; i = places.place[i].next) {
		const struct rm_explore_place *place = &places.place[i];
		const unsigned its = place->bytes < HALF ? place->bytes : HALF;

		if (place->at == at && place->bytes == access->bytes)
			return i;
		if (at < place->at + its && place->at < at + bytes)
			mixed_sizes(place, access);
	}
	return add(first, at, access);
}

/* Returns the place of an access; 0: the access takes effect as if there were
   no model. */
static uint32_t place_of(const struct rm_explore_atomic *access)
{
	uint32_t *first;

	if (rm_explore.alone)
		return 0;
	first = rm_explore_places_at(access->at);
	if (!first || access->at % 8 + access->bytes > 2 * HALF)
		return 0;
	if (access->bytes <= HALF)
		return place_in(first, access->at, access);
	place_in(first, access->at, access);
	place_in(rm_explore_places_at(access->at + HALF), access->at + HALF,
	        access);
	return 0;
}

/* A write ends the places that it overlaps. An atomic there is then a new
   object, which this write initialises. */
static void end_places(uint32_t *first, uintptr_t address, unsigned bytes)
{
	while (*first) {
		const struct rm_explore_place *place = &places.place[*first];

		if (address < place->at + place->bytes &&
		        place->at < address + bytes)
			*first = place->next;
		else
			first = &places.place[*first].next;
	}
}

void rm_explore_weak_plain(uintptr_t address, unsigned bytes, bool write)
{
	while (bytes) {
		unsigned part = 8 - address % 8;
		uint32_t *first = rm_explore_places_at(address);

		if (part > bytes)
			part = bytes;
		if (first && *first) {
			rm_explore.model->plain(address, part, write);
			if (write)
				end_places(first, address, part);
		}
		address += part;
		bytes -= part;
	}
}

rm_explore_value rm_explore_plain_load(const struct rm_explore_atomic *access)
{
	rm_explore_loaded(access->at, access->bytes, access->order);
	return rm_explore_peek(access->at, access->bytes);
}

rm_explore_value rm_explore_weak_load(const struct rm_explore_atomic *access)
{
	uint32_t place = place_of(access);

	return place ? rm_explore.model->load(access, place)
	             : rm_explore_plain_load(access);
}

void rm_explore_weak_store(
        const struct rm_explore_atomic *access, rm_explore_value value)
{
	uint32_t place = place_of(access);

	if (place) {
		rm_explore.model->store(access, place, value);
		return;
	}
	rm_explore_drain_own();
	rm_explore_stored(access->at, access->bytes, access->order);
	rm_explore_poke(access->at, access->bytes, value);
}

void rm_explore_weak_change(const struct rm_explore_atomic *access)
{
	uint32_t place = place_of(access);

	rm_explore_drain_own();
	if (place)
		rm_explore.model->change(access, place);
	else
		rm_explore_changed(access->at, access->bytes, access->order);
}

bool rm_explore_weak_fails(const struct rm_explore_atomic *access,
        rm_explore_value expected, rm_explore_value *seen)
{
	uint32_t place = place_of(access);

	rm_explore_drain_own();
	if (place)
		return rm_explore.model->fails(access, place, expected, seen);
	*seen = rm_explore_peek(access->at, access->bytes);
	if (*seen == expected)
		return false;
	rm_explore_loaded(access->at, access->bytes, access->order);
	return true;
}

/* A seq_cst fence is a step, since its order relative to fences of other lanes
   matters. Other fences affect only their own lane. */
void rm_explore_weak_fence(int order, const void *site)
{
	if (rm_explore.alone)
		return;
	if (order == __ATOMIC_SEQ_CST) {
		rm_explore_step();
		rm_explore_note(RM_EXPLORE_FENCES, site);
	}
	rm_explore.model->fence(order);
}
